"""One wave's rows, item by item: which may be printed, how finely, and to how many decimals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from royst.errors import Faults
from royst.protect import onemix
from royst.protect.audit import Tally, repair
from royst.protect.beside import beside_reports
from royst.protect.block import WITHHELD_LEVEL, Block
from royst.protect.candidate import (
    Candidate,
    People,
    Scale,
    WaveRows,
    domain_parts,
    item_block,
    wave_rows,
)
from royst.protect.filters import open_rows
from royst.protect.history import Ledger
from royst.protect.onemix import finest_asked, with_row
from royst.protect.out import Out
from royst.protect.rules import RuleSet
from royst.protect.suppress import secondary, suppress
from royst.protect.weights import NO_STEP, STEPS, WHOLE, Precision, finest, precision, uneven
from royst.protect.withholding import PLAIN, Decided, Printed


def _grouping(domain: str) -> tuple[str, ...]:
    return tuple(group for group, _ in domain_parts(domain))


def _erring(part: pl.DataFrame) -> pl.Expr:
    """Rows whose standard errors are not those of a simple random sample of as many answers. Where every answer is a unit of its own
    they are, but for the divisor: they follow from the counts."""
    if not {"se", "deff"} <= set(part.columns):
        return pl.lit(False)
    off = (pl.col("deff") - 1).abs()
    alone = (pl.col("n_units") == pl.col("n")) & (off <= 2 / pl.col("n"))
    return (pl.col("se").is_not_null() & (off > PLAIN) & ~alone).fill_null(False)


class Wave:
    """One wave's rows, item by item."""

    def __init__(self, wave: str, candidate: Candidate, rules: RuleSet, ledger: Ledger, thorough: bool):
        self.wave, self.rules, self.thorough = wave, rules, thorough
        self.people: People = candidate.people[wave]
        estimates = candidate.estimates.filter(pl.col("wave") == wave)
        mixed = pl.col("population").is_in(list(self.people.mixes))
        self.estimates, self.mixed = estimates.filter(~mixed), estimates.filter(mixed)
        asked = self.estimates.select("population", "domain").unique(maintain_order=True).rows()
        items = self.estimates["item"].unique(maintain_order=True).to_list()
        self.items = [item for item in items if item not in self.people.indices]
        self.indices = [item for item in items if item in self.people.indices]
        self.out = Out(ledger, wave, items, self.people.mixes)
        self.rows: WaveRows = wave_rows(wave, self.people, list(dict.fromkeys([*asked, *self.out.places])))
        self.place = self.rows.place()

    @property
    def rounds(self) -> list[list[str]]:
        """The items, those that decide who is asked others before these."""
        found, left = [], self.items
        while left:
            ready = [item for item in left if not set(self.people.asked_when.get(item, ())) & set(left) - {item}] or left
            found.append(ready)
            left = [item for item in left if item not in ready]
        return found

    def decide(self, item: str, printed: Printed) -> list[Decided]:
        """What may be printed of an item, per kind of its rows. ``printed``: what may be of the rounds before.

        Whether somebody answered, or found the question not relevant, is taken to be known (the numbers of answers are
        printed); such rows are suppressed like others, but no fact of the audit.
        """
        part = self.estimates.filter(pl.col("item") == item)
        measures = set(part["measure"]) | self.out.measures(item)  # what is out may be printed finer than what is put forward now
        scale = self.people.scales.get(item)
        if scale is None:
            return [self._numbers(item, part, printed)]
        found = []
        levels = scale.levels(measures - {"not_relevant"}) if measures - {"not_relevant"} else []
        if levels:
            codes = self._answers(item, {choice: k for k, choice in enumerate(scale.choices)})
            wanted = part.filter(pl.col("measure") != "not_relevant")
            found += self._counted(item, "answers", wanted, codes, levels, scale, printed)
        if "not_relevant" in measures and scale.not_relevant:
            number = dict.fromkeys(scale.choices, 0) | dict.fromkeys(scale.not_relevant, 1)
            wanted = part.filter(pl.col("measure") == "not_relevant")
            codes = self._answers(item, number)
            found += self._counted(item, "not_relevant", wanted, codes, [("answers", np.arange(2))], scale, printed)
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
        out = self.out.of(item, kind)
        names = set() if out is None else set(out.select("population", "domain").unique().rows())
        shown = {(population, _grouping(domain)) for population, domain in names}
        closed = out is not None and self.changed
        for population, domain, few in told.rows():
            new = not few and not closed and (population, _grouping(domain)) not in shown
            asked[self.place[population, domain]] = new
        asked[[self.place[name] for name in names]] = True
        return asked

    @cached_property
    def changed(self) -> bool:
        """Whether the people of a wave that is out are no longer those it was published from: somebody withdrew."""
        if self.out.rows is None:
            return False
        return any(self._differs(item, kind) for item in self.items for kind in ("answers", "not_relevant"))

    def _differs(self, item: str, kind: str) -> bool:
        """Whether a number of answers that is out is another one among today's people."""
        out, scale = self.out.of(item, kind), self.people.scales.get(item)
        if out is None or not out.height or "n" not in out.columns:
            return False
        if scale is not None:
            told = dict.fromkeys([*scale.choices, *(scale.not_relevant if kind == "not_relevant" else ())], 1)
            counted = self._answers(item, told) > 0
        elif item in self.people.frame.columns:
            counted = self.people.frame[item].is_not_null().to_numpy()
        else:
            return False
        now = self.rows.members @ counted.astype(float)
        before = out.select("population", "domain", "n").drop_nulls().unique().rows()
        return any(round(now[self.place[population, domain]]) != n for population, domain, n in before)

    def _counted(
        self,
        item: str,
        kind: str,
        part: pl.DataFrame,
        codes: NDArray[np.int64],
        levels: list[tuple[str, NDArray]],
        scale: Scale,
        before: Printed,
    ) -> list[Decided]:
        block = item_block(
            f"{self.wave}/{item}/{kind}", self.rows, self._asked(item, kind, part), codes, [code for _, code in levels]
        )
        names = {name: k for k, name in enumerate(block.rows)}
        self._agrees(block, names, part, item)
        out = self.out.levels(item, kind, names, [name for name, _ in levels])
        block, told = self._printed_to(block, names, item, kind, part, scale)
        fit = self._open(item, block, codes >= 0, out, before) & self._enough(block)
        floor = np.where(fit, told.floor, len(levels))
        worlds: list[NDArray[np.float64]] = []
        if (block.candidate == (out != WITHHELD_LEVEL)).all():  # audited when it was published
            level, tally = out, Tally()
        elif kind == "answers":
            floor = np.maximum(floor, finest(block, self.rules))
            level, tally = self._repaired(block, item, codes, [name for name, _ in levels], suppress(block, self.rules, out, floor), out, worlds)
        else:
            level, tally = suppress(block, self.rules, out, floor), Tally()
        level, told = beside_reports(block, self.rules, level, told, out, kind == "answers")
        printed = np.flatnonzero(level != WITHHELD_LEVEL)
        found = [self._decided(block, item, kind, printed, [levels[level[row]][0] for row in printed], told, tally)]
        if kind == "answers":
            found += self._mixes(replace(block, step=np.where(uneven(block), told.step, NO_STEP)), item, codes, [name for name, _ in levels], level, told, worlds)
        return found

    def _repaired(
        self, block: Block, item: str, codes: NDArray[np.int64], names: list[str], level: NDArray[np.int64], out: NDArray[np.int64],
        worlds: list[NDArray[np.float64]],
    ) -> tuple[NDArray[np.int64], Tally]:  # fmt: skip
        """The levels after the audit, whose ``worlds`` are added; the whole counted otherwise, where it is out, binds it too."""
        rows = len(block.rows)
        for population, depth, step in self.out.mixes(item, names):
            block = with_row(block, f"{population}/all", self._mix(population)[codes >= 0], step)
            level, out = np.append(level, depth), np.append(out, depth)
        level, tally = repair(block, self.rules, level, out=out, units=self.thorough, worlds=worlds)
        return level[:rows], tally

    def _mix(self, population: str) -> NDArray[np.float64]:
        """What each person counts in a population of everybody, counted otherwise. Shape (people,)."""
        return self.people.frame[self.people.mixes[population]].cast(pl.Float64).to_numpy()

    def _mixes(
        self, block: Block, item: str, codes: NDArray[np.int64], names: list[str], level: NDArray[np.int64], told: Precision,
        worlds: list[NDArray[np.float64]],
    ) -> list[Decided]:  # fmt: skip
        """The whole counted otherwise, where nothing that is told otherwise gives way for it. Of a wave that is out it is not told."""
        mine = self.mixed.filter(pl.col("item") == item)
        whole = block.rows.index(WHOLE) if WHOLE in block.rows else None
        found: list[Decided] = []
        if whole is None or self.out:
            return found
        for (population,), part in mine.group_by("population", maintain_order=True):
            self._agrees(block, {f"{population}/all": whole}, part, item)
            depth = finest_asked(set(part["measure"]), names)
            weight = self._mix(str(population))
            everyone = np.bincount(np.maximum(self.rows.holder, 0), weight).astype(float)
            row, tally = onemix.beside(
                block, self.rules, level, told, whole, weight[codes >= 0], everyone, depth, worlds=worlds
            )
            if row is not None:
                key = (self.wave, str(population), item, "all", "answers")
                found.append(Decided([key], [names[row.level]], [int(row.step == STEPS[1])], [row.bare], tally))
                break  # a second one would need a look at both
        return found

    def _enough(self, block: Block) -> NDArray[np.bool_]:
        """Rows without weighted figures, or with as many answers behind these as the rules ask for. Shape (rows,)."""
        return ~np.isfinite(block.step) | (block.effective >= self.rules.effective.value - PLAIN)

    def _open(
        self, item: str, block: Block, counted: NDArray[np.bool_], out: NDArray[np.int64], printed: Printed
    ) -> NDArray[np.bool_]:
        """Rows whose number of answers tells nothing of the items that decided who was asked. Shape (rows,)."""
        found = np.ones(len(block.rows), bool)
        for source in self.people.asked_when.get(item, ()):
            if source == item:
                continue
            scale, full = self.people.scales.get(source), self._in_full(source, printed)
            if scale is not None:
                given = self._answers(source, dict.fromkeys(scale.choices, 1)) > 0
            elif source in self.people.frame.columns:
                given = self.people.frame[source].is_not_null().to_numpy()
            else:
                given = np.ones(self.people.frame.height, bool)
            shown = np.array([row in full for row in block.rows], bool)
            found &= open_rows(block, self.rows, (counted, given), self.rules, shown, out != WITHHELD_LEVEL)
        return found

    def _in_full(self, item: str, printed: Printed) -> set[str]:
        """Rows of an item that are printed with all its answers, now or before."""
        if item not in self.people.scales:
            return set()
        now = {key[1:] for key, level in printed.level.items() if key[0] == self.wave and key[4] == "answers" == level}
        found = {f"{population}/{domain}" for population, name, domain, _ in now if name == item}
        return found | self.out.in_full(item)

    def _decided(
        self, block: Block, item: str, kind: str, rows: NDArray, levels: list[str], told: Precision, tally: Tally
    ) -> Decided:
        places = [block.rows[row].split("/", 1) for row in rows]
        keys = [(self.wave, population, item, domain, kind) for population, domain in places]
        fewer = (told.step[rows] == STEPS[1]).astype(int)
        return Decided(keys, levels, fewer.tolist(), told.bare[rows].tolist(), tally)

    def _printed_to(
        self, block: Block, names: dict[str, int], item: str, kind: str, part: pl.DataFrame, scale: Scale
    ) -> tuple[Block, Precision]:
        """The block with the steps of its weighted figures, and how each row is printed. A row whose figures are the plain ones
        tells no weight; what is out keeps the decimals it has."""
        weighted = pl.lit(True)
        if {"estimate", "unweighted"} <= set(part.columns):
            weighted = ((pl.col("estimate") - pl.col("unweighted")).abs() > PLAIN).fill_null(
                pl.col("estimate").is_not_null()
            )
        rows = part.group_by("population", "domain").agg(weighted.any().alias("weighted"), _erring(part).any().alias("erring"))
        told, erring = (
            np.isin(block.rows, [f"{population}/{domain}" for population, domain in rows.filter(kind).select("population", "domain").rows()])
            for kind in ("weighted", "erring")
        )
        found = precision(block, told, erring)
        differs = uneven(block)
        for population, domain, fewer, plain, bare in self.out.decimals(item, kind):
            row = names.get(f"{population}/{domain}")
            if row is not None:
                found.step[row] = NO_STEP if plain or not differs[row] else STEPS[int(fewer)]
                found.bare[row], found.floor[row] = bare, 0
        out = self.out.of(item, kind)
        means = kind == "answers" and "mean" in {*part["measure"], *([] if out is None else out["measure"])}
        return replace(block, step=np.where(differs, found.step, NO_STEP), scores=scale.values if means else None), found

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

    def _numbers(self, item: str, part: pl.DataFrame, printed: Printed) -> Decided:
        """An item counted in numbers: rows of enough people whose values differ, of which none can be subtracted."""
        frame = self.people.frame
        counted = frame[item].is_not_null().to_numpy() if item in frame.columns else np.ones(frame.height, bool)
        value = None
        if item in frame.columns and frame[item].dtype.is_numeric():
            value = frame[item].cast(pl.Float64).to_numpy()[counted]
        return self._whole(item, part, counted, lambda block: self._all_alike(block, value), printed)

    def index(self, name: str, printed: Printed) -> Decided:
        """Where an index may be printed: where every one of its items is printed in full, so that it tells no sum which
        they do not, and where no row of fewer can be subtracted from it.

        Of people who left some of its items out it does tell a sum: their answers count otherwise in the index than in the items. So
        there are none of them in a row, or enough.
        """
        parts = [item for item in self.people.indices[name] if item in self.people.scales]
        choices = [dict.fromkeys(self.people.scales[item].choices, 1) for item in parts]
        given = np.sum([self._answers(item, ones) > 0 for item, ones in zip(parts, choices)], 0)
        if name in self.people.frame.columns:
            counted = self.people.frame[name].is_not_null().to_numpy()
        else:
            counted = given * 2 >= len(parts)
        partly = ((given > 0) & (given < len(parts))).astype(float)

        def lacking(block: Block) -> NDArray[np.bool_]:
            rows = [row.split("/", 1) for row in block.rows]
            keys = [[(self.wave, population, item, domain, "answers") for item in parts] for population, domain in rows]
            left_out = self.rows.members[[self.place[population, domain] for population, domain in rows]] @ partly
            few = (left_out > 0) & (left_out < self.rules.row.value)
            return few | np.array([any(printed.level.get(key) != "answers" for key in items) for items in keys], bool)

        return self._whole(name, self.estimates.filter(pl.col("item") == name), counted, lacking, printed)

    def _whole(
        self,
        item: str,
        part: pl.DataFrame,
        counted: NDArray[np.bool_],
        unfit: Callable[[Block], NDArray[np.bool_]],
        before: Printed,
    ) -> Decided:
        """The rows that may be printed of what has one figure a row: enough people, not ``unfit``, none to subtract."""
        asked = self._asked(item, "answers", part)
        block = item_block(f"{self.wave}/{item}/numbers", self.rows, asked, np.where(counted, 0, -1), [np.zeros(1, int)])
        names = {name: k for k, name in enumerate(block.rows)}
        out = self.out.levels(item, "answers", names, ["answers"])
        block, told = self._printed_to(block, names, item, "answers", part, Scale(()))
        few = (block.n < self.rules.row.value) | ~self._enough(block) | unfit(block)
        among = (told.floor == 0) & self._open(item, block, counted, out, before)
        kept = secondary(block, few, among=among, forced=out != WITHHELD_LEVEL)
        printed = np.flatnonzero(kept)
        return self._decided(block, item, "answers", printed, ["answers"] * len(printed), told, Tally())

    def _all_alike(self, block: Block, value: NDArray | None) -> NDArray[np.bool_]:
        if value is None:
            return np.zeros(len(block.rows), bool)
        least = np.full(len(block.rows), np.inf)
        most = -least
        row = np.repeat(np.arange(len(block.rows)), np.diff(block.members.indptr))
        np.minimum.at(least, row, value[block.members.indices])
        np.maximum.at(most, row, value[block.members.indices])
        return least >= most


