"""One person's way through a questionnaire: which page comes next, what was said on it, and what of it counts. Pure; nothing is stored here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from royst.evaluation.serve import Fieldwork
from royst.study import routing
from royst.study.expression import Value, parse, references, text
from royst.study.instrument import Item

LONGEST = 2000
"""Signs of a free text."""

_NUMBER = re.compile(r"-?\d{1,9}([.,\u066b]\d{1,6})?", re.ASCII)
_POINT = str.maketrans(",\u066b", "..")


@dataclass(frozen=True)
class Fill:
    """What a draft holds. ``skipped``: items that were passed on purpose. ``code``: the personal access code it was begun by, while it is unfinished.
    ``told``: its writer has seen the private code."""

    answers: Mapping[str, Value] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    at: str = ""
    language: str = ""
    short: bool = False
    unit: str = ""
    code: str = ""
    consent: str = ""
    tablet: bool = False
    told: bool = False

    def content(self) -> dict[str, Any]:
        return {
            "answers": dict(self.answers), "skipped": list(self.skipped), "at": self.at, "language": self.language, "short": self.short,
            "unit": self.unit, "code": self.code, "consent": self.consent, "tablet": self.tablet, "told": self.told,
        }  # fmt: skip


def fill_of(content: Mapping[str, Any]) -> Fill:
    """A draft's content as a ``Fill``."""
    return Fill(
        dict(content["answers"]), tuple(content["skipped"]), content["at"], content["language"], content["short"], content["unit"], content["code"],
        content["consent"], content["tablet"], content["told"],
    )  # fmt: skip


def with_answer(fill: Fill, item: Item, value: Value | None, *, skipped: bool = False) -> Fill:
    """A fill with one answer set, or taken away."""
    answers = {name: old for name, old in fill.answers.items() if name != item.name}
    if value is not None:
        answers[item.name] = value
    passed = [name for name in fill.skipped if name != item.name] + ([item.name] if skipped else [])
    return replace(fill, answers=answers, skipped=tuple(passed))


class Refused(ValueError):
    """An answer that cannot be taken. ``key`` names the words that say why, ``parameters`` fill them."""

    def __init__(self, key: str, **parameters: str):
        super().__init__(key)
        self.key, self.parameters = key, parameters


class Way:
    """The questionnaire of a wave, as people walk through it."""

    def __init__(self, fieldwork: Fieldwork):
        self.fieldwork = fieldwork
        self.instrument = fieldwork.instrument
        short = frozenset(fieldwork.asking.short)
        self._all = fieldwork.asked
        self._short = tuple(item for item in self._all if item.name in short)
        self.place = {item.name: place for place, item in enumerate(self.instrument.items, start=1)}
        self.named = frozenset(
            name
            for item in self.instrument.items
            for said in (item.relevant, item.calculation, item.constraint, item.choice_filter)
            if said
            for name in references(parse(said))
        ) | frozenset(
            name
            for item in self._all
            for said in (*item.label.values(), *(item.hint or {}).values())
            for name in routing.pipes(said)
        )
        """Items whose answers some rule or label looks at."""
        self._grids = dict(_grids(self._all))
        self._requires = any(item.required for item in self._all)
        self._asked = frozenset(item.name for item in self._all)

    def pages(self, fill: Fill) -> tuple[Item, ...]:
        """The items that apply to this person, in order."""
        _, applies = routing.effective(self.instrument, fill.answers)
        return tuple(item for item in (self._short if fill.short else self._all) if applies[item.name])

    def values(self, fill: Fill) -> dict[str, Value]:
        """What rules and labels look at: the answers of items that apply, and what is calculated from them."""
        return routing.effective(self.instrument, fill.answers)[0]

    def grid(self, fill: Fill, item: Item) -> tuple[Item, ...]:
        """The items that stand in one table with an item, itself among them; empty where it stands alone."""
        names = self._grids.get(item.name, frozenset())
        rows = tuple(page for page in self.pages(fill) if page.name in names)
        return rows if len(rows) > 1 and item in rows else ()

    def table_of(self, item: Item) -> str:
        """The name of the table that an item can stand in; empty for none."""
        return item.grid.name if item.grid is not None and item.name in self._grids else ""

    def item(self, place: int) -> Item | None:
        """The item whose page has this number, where it is put to people."""
        if not 1 <= place <= len(self.instrument.items):
            return None
        found = self.instrument.items[place - 1]
        return found if found.name in self._asked else None

    def beside(self, fill: Fill, item: Item, step: int) -> Item | None:
        """The page before (-1) or after (+1) an item; None at the ends. The item itself need not apply any more."""
        pages = self.pages(fill)
        here = self.place[item.name]
        if step > 0:
            return next((page for page in pages if self.place[page.name] > here), None)
        return next((page for page in reversed(pages) if self.place[page.name] < here), None)

    def resume(self, fill: Fill) -> Item | None:
        """Where to go on: the page that was open last, else the first without an answer; None where all pages are done."""
        pages = self.pages(fill)
        for page in pages:
            if page.name == fill.at:
                return page
        values = self.values(fill)
        return next((page for page in pages if page.kind != "note" and page.name not in values and page.name not in fill.skipped), None)

    def left(self, fill: Fill, item: Item) -> int:
        """How many questions come from this page on, itself among them, as things stand."""
        return sum(page.kind != "note" and self.place[page.name] >= self.place[item.name] for page in self.pages(fill))

    def open_required(self, fill: Fill) -> Item | None:
        """The first question that must be answered and has no answer that counts: a later change of another may have made it impossible."""
        if not self._requires:
            return None
        counted = self.counted(fill)
        return next((page for page in self.pages(fill) if page.required and page.kind != "note" and page.name not in counted), None)

    def counted(self, fill: Fill) -> dict[str, Value]:
        """The answers that stand: of items that apply and were put to this person, and that are possible. What rules forbid is dropped."""
        values, _ = routing.effective(self.instrument, fill.answers)
        asked = {item.name for item in (self._short if fill.short else self._all)}
        found: dict[str, Value] = {}
        for item in self.instrument.answered:
            if item.name not in values:
                continue
            if item.calculation or (item.name in asked and routing.impossible(item, values[item.name], values) is None):
                found[item.name] = values[item.name]
        return found


def _grids(items: Sequence[Item]) -> Iterator[tuple[str, frozenset[str]]]:
    """The items that can stand in one table, for each of them: of one group, with one answer each of one scale, and no rule that looks at another of them."""
    of: dict[str, list[Item]] = {}
    for item in items:
        if item.grid is not None:
            of.setdefault(item.grid.name, []).append(item)
    for rows in of.values():
        names = frozenset(item.name for item in rows)
        alike = all(item.kind == "one" and item.scale is not None and rows[0].scale is not None and item.scale.choices == rows[0].scale.choices and not item.choice_filter and not item.constraint for item in rows)
        apart = all(not names & {*(references(parse(item.relevant)) if item.relevant else ()), *(name for said in item.label.values() for name in routing.pipes(said))} for item in rows)
        if alike and apart:
            yield from ((name, names) for name in names)


def understood(way: Way, item: Item, said: Sequence[str], fill: Fill) -> Value | None:
    """What a page's fields say; None where nothing was answered. Raises ``Refused`` for what cannot be.

    The same is held against what the offline page sends, so nothing here trusts its sender.
    """
    if any(len(part) > LONGEST for part in said):
        raise Refused("wrong.long", most=str(LONGEST))
    value = _value(item, [clean for part in said if (clean := _clean(part))])
    if value is None:
        return None
    values = way.values(with_answer(fill, item, value))
    if routing.impossible(item, value, values) is not None:
        if item.low is not None and item.high is not None:
            raise Refused("wrong.range", low=text(item.low), high=text(item.high))
        raise Refused("wrong.rule")
    return value


def _value(item: Item, said: list[str]) -> Value | None:
    if not said or item.kind == "note":
        return None
    if item.scale is not None:
        known = [choice.name for choice in item.scale.choices if choice.name in said]
        if any(part not in known for part in said) or (item.kind == "one" and len(said) > 1):
            raise Refused("wrong.choice")
        return said[0] if item.kind == "one" else " ".join(known)
    if item.kind == "number":
        plain = "".join(str(unicodedata.decimal(sign, sign)) for sign in "".join(said[0].split()))
        if not _NUMBER.fullmatch(plain):
            raise Refused("wrong.number")
        return float(plain.translate(_POINT))
    return said[0]


def _clean(said: str) -> str:
    """A text without control signs and the marks that turn the direction of writing; the joiners that Persian needs stay."""
    return "".join(
        sign
        for sign in said
        if sign in "\n\t\u200c\u200d" or unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    ).strip()


def taken(instrument_items: Mapping[str, Item], said: Any) -> dict[str, Value]:
    """Answers that a device sends, each held against its item; what cannot be is left out. Raises ``ValueError`` where it is no table of answers."""
    if not isinstance(said, dict) or len(said) > len(instrument_items):
        raise ValueError("not a table of answers")
    found = {}
    for name, item in instrument_items.items():
        if name not in said:
            continue
        if item.kind == "one" and item.scale is not None and said[name] in item.scale.names:  # by far the most
            found[name] = said[name]
            continue
        parts = said[name] if isinstance(said[name], list) else [said[name]]
        parts = [
            text(float(part)) if isinstance(part, (int, float)) and not isinstance(part, bool) else part
            for part in parts
        ]
        if not all(isinstance(part, str) for part in parts):
            raise ValueError("an answer is neither text nor number")
        try:
            value = _value(item, [clean for part in parts if len(part) <= LONGEST and (clean := _clean(part))])
        except Refused:
            continue
        if value is not None:
            found[name] = value
    return found
