"""One more table: whether it may be answered at all.

The decision looks at who took part and at what is out, never at an answer: a refusal that depended on answers would tell
of them. A table that is answered then goes through ``protect`` with the ledger like every release.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from royst.errors import wrong
from royst.protect.candidate import People, domain_parts, item_block, wave_rows
from royst.protect.history import Ledger
from royst.protect.rules import RuleSet
from royst.protect.suppress import inside


@dataclass(frozen=True)
class Decision:
    """``answered``: whether the table is given; ``reason``: why not, said of numbers of people only; ``domains``: the
    domains of the table with enough people."""

    answered: bool
    reason: str
    domains: tuple[str, ...]


def decide(people: People, wave: str, item: str, by: tuple[str, ...], ledger: Ledger, rules: RuleSet) -> Decision:
    """Decide on the table of ``item`` by the groups ``by`` in ``wave``, in full detail.

    Given where at least two of its domains have enough people, and where no domain of too few people could be subtracted
    from all that is out and from it, whatever the answers are. The same question gets the same decision until more is out.
    Raises ``InputError``: ``table-outside-plan`` for an item or group that the study does not have.
    """
    if item not in people.scales or item not in people.frame.columns:
        raise wrong("table-outside-plan", f"wave {wave} has no question {item!r}", "ask for one of its questions")
    for group in by:
        if group not in people.groups:
            raise wrong(
                "table-outside-plan", f"the study has no group {group!r}", f"ask for: {', '.join(people.groups)}"
            )
    choices = list(people.scales[item].choices)
    answered = people.frame[item].is_in(choices).fill_null(False)
    before = [row for row in _out(ledger, wave, item) if row[0] not in people.mixes]
    domains = _domains(people.frame.filter(answered), by)
    asked = list(dict.fromkeys([*(("all", domain) for domain in domains), *before]))
    rows = wave_rows(wave, people, asked)
    block = item_block(
        f"{wave}/{item}",
        rows,
        np.arange(len(rows.names)) < len(asked),
        np.where(answered.to_numpy(), 0, -1),
        [np.zeros(1, int)],
    )
    place = {name: k for k, name in enumerate(block.rows)}
    if any(n != (block.n[place[name]] if name in place else 0) for name, n in _numbers_out(ledger, wave, item) if name.split("/")[0] not in people.mixes):
        return Decision(False, "somebody has withdrawn since the wave was published", ())
    out = np.zeros(len(block.rows), bool)
    for population, domain in before:
        out[place.get(f"{population}/{domain}", 0)] |= f"{population}/{domain}" in place
    enough = [domain for domain in domains if block.n[place[f"all/{domain}"]] >= rules.row.value]
    new = out.copy()
    new[[place[f"all/{domain}"] for domain in enough]] = True
    few = (block.n < rules.row.value) & (block.n > 0)
    if len(enough) < 2:
        return Decision(False, f"fewer than two of its groups have {rules.row.value} answers", tuple(enough))
    if (inside(block, new) & few & ~inside(block, out)).any():
        return Decision(False, "with what is out, a group of too few people could be subtracted", tuple(enough))
    return Decision(True, "", tuple(enough))


def _numbers_out(ledger: Ledger, wave: str, item: str) -> list[tuple[str, int]]:
    """The numbers of answers that are out, by row."""
    frame = _rows_out(ledger, wave, item)
    if frame is None or "n" not in frame.columns:
        return []
    told = frame.select("population", "domain", "n").drop_nulls().unique(maintain_order=True).rows()
    return [(f"{population}/{domain}", n) for population, domain, n in told]


def _rows_out(ledger: Ledger, wave: str, item: str) -> pl.DataFrame | None:
    frame = ledger.published()
    if frame is None:
        return None
    return frame.filter((pl.col("wave") == wave) & (pl.col("item") == item) & (pl.col("measure") != "not_relevant"))


def _out(ledger: Ledger, wave: str, item: str) -> list[tuple[str, str]]:
    rows = _rows_out(ledger, wave, item)
    if rows is None:
        return []
    return rows.select("population", "domain").unique(maintain_order=True).rows()


def _domains(frame: pl.DataFrame, by: tuple[str, ...]) -> list[str]:
    if not by:
        return ["all"]
    values = frame.select(by).drop_nulls().unique().sort(by).rows()
    found = [";".join(f"{group}={value}" for group, value in zip(by, row)) for row in values]
    assert all(len(domain_parts(domain)) == len(by) for domain in found)
    return found
