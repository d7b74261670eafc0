"""Which questions decide who is asked another one."""

from __future__ import annotations

from collections.abc import Iterator

from royst.study import expression
from royst.study.expression import Context
from royst.study.instrument import Instrument, Item


def filters(instrument: Instrument) -> dict[str, tuple[str, ...]]:
    """By item that only some are asked: the items whose answers decide it, calculations traced back to what was answered.

    An item whose substantive answers all lead the same way (``${x} != ''``) decides nothing but by having been answered.
    """
    found = {item.name: tuple(dict.fromkeys(_deciding(instrument, item))) for item in instrument.items if item.relevant}
    return {name: items for name, items in found.items() if items}


def _deciding(instrument: Instrument, item: Item) -> Iterator[str]:
    rule = expression.parse(item.relevant)
    names = expression.references(rule)
    for name in names:
        scale = instrument[name].scale
        if len(names) == 1 and scale is not None:
            ways = {expression.truth(expression.evaluate(rule, Context({name: answer}))) for answer in scale.substantive}
            if len(ways) == 1:
                continue
        yield from _answered(instrument, name, {item.name})


def _answered(instrument: Instrument, name: str, seen: set[str]) -> Iterator[str]:
    said = instrument[name].calculation
    if not said:
        yield name
        return
    for part in expression.references(expression.parse(said)):
        if part not in seen:
            yield from _answered(instrument, part, {*seen, name})
