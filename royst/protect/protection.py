"""The door: what would be said goes in, what may be said comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from royst.errors import Faults
from royst.protect.audit import Tally, repair
from royst.protect.block import WITHHELD_LEVEL, Block
from royst.protect.candidate import (
    CELL,
    EVERYONE,
    FINE,
    Candidate,
    People,
    Scale,
    WaveRows,
    domain_parts,
    item_block,
    wave_rows,
)
from royst.protect.certificate import certificate
from royst.protect.history import Ledger
from royst.protect.rules import RuleSet
from royst.protect.suppress import secondary, suppress
from royst.protect.voices import Told, allowed
from royst.protect.weights import finest
from royst.protect.withholding import Printed, counted_cells, standing_on, withheld_changes, withheld_estimates

PLAIN = 1e-9
"""Weighted and plain figures that differ by less are the same."""
WORKERS = 2
"""Threads; the solver works outside Python's lock."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Protected:
    """The candidate's frames, same rows in the same order, with ``status`` told and withheld numbers emptied.

    ``from_printed``: the tables that the candidate makes of the printed estimates; ``cells``: rows of ``release.CELLS``;
    ``certificate``: what ``certificate.json`` holds; ``talks``: sub-study to what may be told of it.
    """

    estimates: pl.DataFrame
    changes: pl.DataFrame | None
    priorities: pl.DataFrame | None
    from_printed: dict[str, pl.DataFrame]
    cells: pl.DataFrame
    certificate: dict[str, object]
    talks: Mapping[str, Told] = field(default_factory=dict)


def _grouping(domain: str) -> tuple[str, ...]:
    return tuple(group for group, _ in domain_parts(domain))


def protect(
    candidate: Candidate,
    rules: RuleSet,
    ledger: Ledger | None = None,
    progress: Progress = lambda text: None,
    *,
    thorough: bool = False,
) -> Protected:
    """Withhold what must be withheld, audit what is left, and repair until no fact is recoverable.

    Rows of a wave that an earlier release published stay published; the numbers that are out are put back by
    ``Ledger.restore`` after rounding. With ``thorough`` the programmes are solved for every unit's own eyes too.

    Raises ``InputError``: ``table-outside-plan``, ``missing-relation``, ``contradictory-counts``.
    """
    ledger = ledger or Ledger()
    _check(candidate)
    printed, tally = Printed(), Tally()
    for wave in sorted(candidate.estimates["wave"].unique()):
        found = _Wave(wave, candidate, rules, ledger, thorough)
        with ThreadPoolExecutor(WORKERS) as workers:
            for done, decided in enumerate(workers.map(found.decide, found.items), start=1):
                for keys, levels, part in decided:
                    printed.level.update(zip(keys, levels))
                    tally += part
                if done % 10 == 0 or done == len(found.items):
                    progress(f"protecting {wave}: {done} of {len(found.items)} questions")
        for index in found.indices:
            printed.level.update(found.index(index, printed))
    estimates = withheld_estimates(candidate, printed).filter(~pl.col("population").is_in(candidate.unprinted))
    changes = withheld_changes(candidate, estimates, ledger)
    priorities = standing_on(candidate.priorities, estimates)
    more = candidate.from_printed(estimates) if candidate.from_printed else {}
    cells = counted_cells({"estimates": estimates, "changes": changes, "priorities": priorities, **more})
    talks = {talk.name: allowed(talk, rules) for talk in candidate.talks}
    proof = certificate(rules, tally, cells, len(ledger.entries), thorough, list(talks.values()))
    return Protected(estimates, changes, priorities, more, cells, proof, talks)


def _check(candidate: Candidate) -> None:
    faults = Faults()
    estimates = candidate.estimates
    for column in (*CELL, "n", "n_units"):
        if column not in estimates.columns:
            faults.add(
                "missing-relation",
                f"the estimates have no column {column!r}",
                "give every column of the release's table",
            )
    faults.stop()
    for wave in sorted(set(estimates["wave"]) - set(candidate.people)):
        faults.add("missing-relation", f"wave {wave} has estimates but no people", "give the people behind every wave")
    twice = estimates.filter(pl.struct(CELL).is_duplicated()).height
    if twice:
        faults.add(
            "contradictory-counts", f"{twice} estimates share their names with others", "give each estimate once"
        )
    faults.stop()


class _Wave:
    """One wave's rows, item by item."""

    def __init__(self, wave: str, candidate: Candidate, rules: RuleSet, ledger: Ledger, thorough: bool):
        self.wave, self.rules, self.thorough = wave, rules, thorough
        self.people: People = candidate.people[wave]
        estimates = candidate.estimates.filter(pl.col("wave") == wave)
        self.estimates = estimates.with_columns(pl.col("population").replace(dict.fromkeys(EVERYONE, "all")))
        asked = self.estimates.select("population", "domain").unique(maintain_order=True).rows()
        self.out = self._out(ledger)
        before = [] if self.out is None else self.out.select("population", "domain").unique(maintain_order=True).rows()
        self.rows: WaveRows = wave_rows(wave, self.people, list(dict.fromkeys([*asked, *before])))
        self.place = self.rows.place()
        asked_items = self.estimates["item"].unique(maintain_order=True).to_list()
        self.items = [item for item in asked_items if item not in self.people.indices]
        self.indices = [item for item in asked_items if item in self.people.indices]

    def _out(self, ledger: Ledger) -> pl.DataFrame | None:
        frame = ledger.published()
        if frame is None:
            return None
        frame = frame.filter(pl.col("wave") == self.wave)
        frame = frame.with_columns(pl.col("population").replace(dict.fromkeys(EVERYONE, "all")))
        return frame if frame.height else None

    def decide(self, item: str) -> list[tuple[list[tuple[str, str, str, str, str]], list[str], Tally]]:
        """Per kind of an item's rows: the printed rows' keys, their levels' names, and the audit's tally.

        Whether somebody answered, or found the question not relevant, is taken to be known (the numbers of answers are
        printed); such rows are suppressed like others, but no fact of the audit.
        """
        part = self.estimates.filter(pl.col("item") == item)
        measures = set(part["measure"])
        if self.out is not None:  # what is out may be printed finer than what is put forward now
            measures |= set(self.out.filter(pl.col("item") == item)["measure"])
        scale = self.people.scales.get(item)
        if scale is None:
            return [self._numbers(item, part)]
        found = []
        levels = scale.levels(measures - {"not_relevant"}) if measures - {"not_relevant"} else []
        if levels:
            codes = self._answers(item, {choice: k for k, choice in enumerate(scale.choices)})
            wanted = part.filter(pl.col("measure") != "not_relevant")
            found.append(self._counted(item, "answers", wanted, codes, levels, scale))
        if "not_relevant" in measures and scale.not_relevant:
            number = dict.fromkeys(scale.choices, 0) | dict.fromkeys(scale.not_relevant, 1)
            wanted = part.filter(pl.col("measure") == "not_relevant")
            codes = self._answers(item, number)
            found.append(self._counted(item, "not_relevant", wanted, codes, [("answers", np.arange(2))], scale))
        return found

    def _answers(self, item: str, number: dict[str, int]) -> NDArray[np.int64]:
        column = self.people.frame[item].cast(pl.String)
        return column.replace_strict(number, default=-1, return_dtype=pl.Int64).fill_null(-1).to_numpy()

    def _asked(self, item: str, kind: str, part: pl.DataFrame) -> NDArray[np.bool_]:
        """Rows that may be printed: those asked for, and those that are out.

        Rows of several units, but too few, may not: one standard error would tell the units apart. Of a wave that is out,
        only tables may be added that no release has shown, and none once its people have changed.
        """
        asked = np.zeros(len(self.rows.names), bool)
        thin = (pl.col("n_units") > 1) & (pl.col("n_units") < self.rules.units.value)
        told = part.group_by("population", "domain", maintain_order=True).agg(thin.any().fill_null(False).alias("thin"))
        out = self._out_of(item, kind)
        names = set() if out is None else set(out.select("population", "domain").unique().rows())
        shown = {(population, _grouping(domain)) for population, domain in names}
        closed = out is not None and self.changed
        for population, domain, few in told.rows():
            new = not few and not closed and (population, _grouping(domain)) not in shown
            asked[self.place[population, domain]] = new
        asked[[self.place[name] for name in names]] = True
        return asked

    def _out_of(self, item: str, kind: str) -> pl.DataFrame | None:
        if self.out is None:
            return None
        return self.out.filter(
            (pl.col("item") == item) & ((pl.col("measure") == "not_relevant") == (kind == "not_relevant"))
        )

    @cached_property
    def changed(self) -> bool:
        """Whether the people of a wave that is out are no longer those it was published from: somebody withdrew."""
        if self.out is None:
            return False
        key = ["population", "item", "measure", "category", "domain"]
        both = self.out.select(*key, pl.col("n").alias("before")).join(
            self.estimates, on=key, how="inner", nulls_equal=True
        )
        return both.filter(pl.col("n") != pl.col("before")).height > 0

    def _counted(
        self,
        item: str,
        kind: str,
        part: pl.DataFrame,
        codes: NDArray[np.int64],
        levels: list[tuple[str, NDArray]],
        scale: Scale,
    ) -> tuple[list, list[str], Tally]:
        block = item_block(
            f"{self.wave}/{item}/{kind}", self.rows, self._asked(item, kind, part), codes, [code for _, code in levels]
        )
        names = {name: k for k, name in enumerate(block.rows)}
        self._agrees(block, names, part, item)
        out = self._levels_out(block, names, item, kind, [name for name, _ in levels], scale)
        if (block.candidate == (out != WITHHELD_LEVEL)).all():  # audited when it was published
            level, tally = out, Tally()
        else:
            level = suppress(block, self.rules, out, self._floor(block, part) if kind == "answers" else None)
            level, tally = (
                repair(block, self.rules, level, out=out, units=self.thorough)
                if kind == "answers"
                else (level, Tally())
            )
        keys, told = [], []
        for row in np.flatnonzero(level != WITHHELD_LEVEL):
            population, domain = block.rows[row].split("/", 1)
            keys.append((self.wave, population, item, domain, kind))
            told.append(levels[level[row]][0])
        return keys, told, tally

    def _floor(self, block: Block, part: pl.DataFrame) -> NDArray[np.int64]:
        """The finest level that weighted percentages allow. A row whose figures are the plain ones tells no weight."""
        if block.weight is None:
            return np.zeros(len(block.rows), np.int64)
        weighted = pl.lit(True)
        if {"estimate", "unweighted"} <= set(part.columns):
            weighted = ((pl.col("estimate") - pl.col("unweighted")).abs() > PLAIN).fill_null(
                pl.col("estimate").is_not_null()
            )
        rows = part.group_by("population", "domain").agg(weighted.any()).rows()
        told = {f"{population}/{domain}" for population, domain, differs in rows if differs}
        return finest(block, self.rules, np.array([name in told for name in block.rows]))

    def _agrees(self, block: Block, names: dict[str, int], part: pl.DataFrame, item: str) -> None:
        """The estimates' numbers of answers are those of the people."""
        faults = Faults()
        for population, domain, least, most in (
            part.group_by("population", "domain", maintain_order=True)
            .agg(pl.col("n").min().alias("a"), pl.col("n").max().alias("b"))
            .rows()
        ):
            here = names.get(f"{population}/{domain}")
            n = 0 if here is None else int(block.n[here])
            if (least is not None and least != n) or (most is not None and most != n):
                faults.add(
                    "contradictory-counts",
                    f"wave {self.wave}, {item}, {domain} ({population}): {least} answers in the estimates, {n} among the people",
                    "estimate and protect from the same answers",
                )
        faults.stop()

    def _levels_out(
        self, block: Block, names: dict[str, int], item: str, kind: str, levels: list[str], scale: Scale
    ) -> NDArray[np.int64]:
        """The levels at which earlier releases printed the rows."""
        out = np.full(len(block.rows), WITHHELD_LEVEL)
        if self.out is None:
            return out
        mine = self.out.filter(
            (pl.col("item") == item) & ((pl.col("measure") == "not_relevant") == (kind == "not_relevant"))
        )
        for population, domain, measures, categories in (
            mine.group_by("population", "domain").agg(pl.col("measure").unique(), pl.col("category").n_unique()).rows()
        ):
            row = names.get(f"{population}/{domain}")
            if row is None:
                continue
            name = "answers" if set(measures) & {*FINE, "not_relevant"} else "bands" if categories > 1 else "two"
            out[row] = levels.index(name) if name in levels else 0
        return out

    def _numbers(self, item: str, part: pl.DataFrame) -> tuple[list, list[str], Tally]:
        """An item counted in numbers: rows of enough people whose values differ, of which none can be subtracted."""
        frame = self.people.frame
        counted = frame[item].is_not_null().to_numpy() if item in frame.columns else np.ones(frame.height, bool)
        value = None
        if item in frame.columns and frame[item].dtype.is_numeric():
            value = frame[item].cast(pl.Float64).to_numpy()[counted]
        keys = self._whole(item, part, counted, lambda block: self._all_alike(block, value))
        return keys, ["answers"] * len(keys), Tally()

    def index(self, name: str, printed: Printed) -> dict[tuple[str, str, str, str, str], str]:
        """Where an index may be printed: where every one of its items is printed in full, so that it tells no sum which
        they do not, and where no row of fewer can be subtracted from it."""
        parts = [item for item in self.people.indices[name] if item in self.people.scales]
        if name in self.people.frame.columns:
            counted = self.people.frame[name].is_not_null().to_numpy()
        else:
            choices = [dict.fromkeys(self.people.scales[item].choices, 1) for item in parts]
            given = np.stack([self._answers(item, ones) > 0 for item, ones in zip(parts, choices)], 1)
            counted = given.sum(1) * 2 >= given.shape[1]

        def lacking(block: Block) -> NDArray[np.bool_]:
            rows = [row.split("/", 1) for row in block.rows]
            keys = [[(self.wave, population, item, domain, "answers") for item in parts] for population, domain in rows]
            return np.array([any(printed.level.get(key) != "answers" for key in items) for items in keys], bool)

        part = self.estimates.filter(pl.col("item") == name)
        return dict.fromkeys(self._whole(name, part, counted, lacking), "answers")

    def _whole(
        self, item: str, part: pl.DataFrame, counted: NDArray[np.bool_], unfit: Callable[[Block], NDArray[np.bool_]]
    ) -> list[tuple[str, str, str, str, str]]:
        """Keys of the rows that may be printed of what has one figure a row: enough people, not ``unfit``, none to subtract."""
        asked = self._asked(item, "answers", part)
        block = item_block(f"{self.wave}/{item}/numbers", self.rows, asked, np.where(counted, 0, -1), [np.zeros(1, int)])
        names = {name: k for k, name in enumerate(block.rows)}
        out = self._levels_out(block, names, item, "answers", ["answers"], Scale(()))
        few = (block.n < self.rules.row.value) | unfit(block)
        kept = secondary(block, few, forced=out != WITHHELD_LEVEL)
        rows = [block.rows[row].split("/", 1) for row in np.flatnonzero(kept)]
        return [(self.wave, population, item, domain, "answers") for population, domain in rows]

    def _all_alike(self, block: Block, value: NDArray | None) -> NDArray[np.bool_]:
        if value is None:
            return np.zeros(len(block.rows), bool)
        least = np.full(len(block.rows), np.inf)
        most = -least
        row = np.repeat(np.arange(len(block.rows)), np.diff(block.members.indptr))
        np.minimum.at(least, row, value[block.members.indices])
        np.maximum.at(most, row, value[block.members.indices])
        return least >= most
