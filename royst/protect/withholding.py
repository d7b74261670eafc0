"""What may be printed, laid over the frames that ask to be: numbers emptied, and everything that stands on them."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from royst.protect.audit import Tally
from royst.protect.candidate import EVERYONE, FINE, ROW, Candidate
from royst.protect.history import Ledger
from royst.protect.rounding import rounded

PUBLISHED, WITHHELD = "published", "withheld"
KEYS = {
    "id", "kind", "report", "population", "item", "measure", "category", "wave", "domain", "wave_1", "domain_1", "wave_2",
    "domain_2", "family", "correction", "method", "margin", "status",
}  # fmt: skip
"""Columns that a withheld row keeps; every other one is emptied."""
PLAIN = 1e-9
"""Weighted and plain figures that differ by less are the same."""
ERRORS = ("se", "df", "low", "high", "low90", "high90", "deff", "n_eff", "p", "p_adjusted")
"""What tells a standard error."""

Key = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Decided:
    """Rows of an item that may be printed: their keys, their levels' names, how finely; and the audit's tally.

    ``fewer``: decimals less than usual; ``bare``: where standard errors and intervals fall away.
    """

    keys: list[Key]
    levels: list[str]
    fewer: list[int]
    bare: list[bool]
    tally: Tally


@dataclass
class Printed:
    """What may be printed: (wave, population, item, domain, kind) to the level's name. ``kind``: answers or not_relevant.

    ``fewer``: how many decimals less than usual their weighted figures have; ``bare``: rows without a sampling error.
    """

    level: dict[Key, str] = field(default_factory=dict)
    fewer: dict[Key, int] = field(default_factory=dict)
    bare: set[Key] = field(default_factory=set)

    def add(self, part: Decided) -> None:
        self.level.update(zip(part.keys, part.levels))
        self.fewer.update(zip(part.keys, part.fewer))
        self.bare.update(key for key, bare in zip(part.keys, part.bare) if bare)

    def less(self, wave: str, population: str, item: str, domain: str, measure: str) -> tuple[int, bool]:
        """``fewer`` and ``bare`` of the row that a cell stands in."""
        key = (wave, population, item, domain, "not_relevant" if measure == "not_relevant" else "answers")
        return self.fewer.get(key, 0), key in self.bare

    def cell(
        self, wave: str, population: str, item: str, domain: str, measure: str, category: str, best: str | None
    ) -> bool:
        kind = "not_relevant" if measure == "not_relevant" else "answers"
        level = self.level.get((wave, population, item, domain, kind))
        if level is None or (measure in FINE and level != "answers"):
            return False
        return level != "two" or category == best


def withheld_estimates(candidate: Candidate, printed: Printed) -> pl.DataFrame:
    best = {
        (wave, item): next(iter(scale.bands), None)
        for wave, people in candidate.people.items()
        for item, scale in people.scales.items()
    }
    frame = candidate.estimates
    ok = [
        printed.cell(wave, population, item, domain, measure, category, best.get((wave, item)))
        for wave, population, item, domain, measure, category in frame.select(*ROW, "measure", "category").rows()
    ]
    less = [printed.less(*row) if told else (0, False) for row, told in zip(frame.select(*ROW, "measure").rows(), ok)]
    withheld = _withhold(frame.with_columns(pl.lit(None).alias("decimals")), pl.Series(ok, dtype=pl.Boolean))
    fewer = pl.Series([few for few, _ in less], dtype=pl.Int64)
    erring = pl.Series([not bare for _, bare in less], dtype=pl.Boolean)
    told = pl.when(pl.Series(ok, dtype=pl.Boolean)).then(usual() - fewer)
    errors = [column for column in ERRORS if column in frame.columns]
    return withheld.with_columns(
        told.alias("decimals"), *(pl.when(erring).then(pl.col(column)).alias(column) for column in errors)
    )


def usual() -> pl.Expr:
    """Decimals of a figure: two of a mean, one of all else."""
    return pl.when(pl.col("measure") == "mean").then(2).otherwise(1)


def _withhold(frame: pl.DataFrame, ok: pl.Series) -> pl.DataFrame:
    """Empty every number of the rows that are not ok, and tell which they are. A status told before (not estimable) stays."""
    status = frame["status"] if "status" in frame.columns else pl.Series([None] * frame.height, dtype=pl.String)
    told = status.is_not_null() & ~status.is_in([PUBLISHED, WITHHELD, ""])
    frame = frame.with_columns(
        pl.when(ok).then(pl.col(column)).otherwise(None).alias(column) for column in frame.columns if column not in KEYS
    )
    said = pl.Series("status", [PUBLISHED if o else WITHHELD for o in ok], dtype=pl.String)
    return frame.with_columns(pl.when(told & ok).then(status).otherwise(said).alias("status"))


def withheld_changes(candidate: Candidate, estimates: pl.DataFrame, ledger: Ledger) -> pl.DataFrame | None:
    """A difference is printed where both of its estimates are, in this release or in an earlier one; a side that is out
    already must have the figures that are out, since new ones beside them tell who has withdrawn, and what they answered.

    A line of another population (the panel) needs estimates of its own: all answers less the panel's are other people's,
    and only as rows of the audit is it known what they tell.
    """
    frame = candidate.changes
    if frame is None:
        return None
    out = set(estimates.filter(pl.col("status") == PUBLISHED).select(*ROW, "measure", "category").rows())
    before = ledger.published()
    figures: dict[tuple, tuple] = {}
    printed: list[list[float | None]] = []
    decimals = _decimals(frame, estimates, before, candidate)
    if before is not None:
        figures = {row[:-2]: row[-2:] for row in before.select(*ROW, "measure", "category", "n", "estimate").rows()}
        sides = (
            frame.with_columns(pl.col(f"estimate_{side}").alias("estimate"), decimals[f"side_{side}"].alias("decimals"))
            for side in (1, 2)
        )
        printed = [rounded(side)["estimate"].to_list() for side in sides]
    out |= set(figures)
    bare = _bare(estimates) | (_bare(before) if before is not None else set())
    name = candidate.continues

    def told(place: int, row: dict, side: int) -> bool:
        wave, domain = row[f"wave_{side}"], row[f"domain_{side}"] or "all"
        if wave is None:
            return True
        rest = (name.get((wave, row["item"]), row["item"]), domain, row["measure"], row["category"])
        key = (wave, _who(candidate, row["population"], wave), *rest)
        if key in figures and not _same_figures(figures[key], (row[f"n_{side}"], printed[side - 1][place])):
            return False
        return key in out and not (key in bare and row.get("se") is not None)

    ok = [told(k, r, 1) and (r["kind"] == "source" or told(k, r, 2)) for k, r in enumerate(frame.iter_rows(named=True))]
    withheld = _withhold(frame.with_columns(pl.lit(None).alias("decimals")), pl.Series(ok, dtype=pl.Boolean))
    fewest = pl.min_horizontal(decimals["side_1"], decimals["side_2"])
    return withheld.with_columns(pl.when(pl.Series(ok, dtype=pl.Boolean)).then(fewest).alias("decimals"))


def _who(candidate: Candidate, population: str, wave: str) -> str:
    """Whose estimate a side is: of one mix, the wave whose mix it is has everybody's."""
    mixes = {name for people in candidate.people.values() for name in people.mixes}
    mine = candidate.people[wave].mixes if wave in candidate.people else ()
    return EVERYONE if population in mixes and population not in mine else population


def _bare(estimates: pl.DataFrame) -> set[tuple]:
    """Rows whose sampling error is not told, so that no difference may tell it."""
    if "se" not in estimates.columns:
        return set()
    return set(estimates.filter(pl.col("se").is_null()).select(*ROW, "measure", "category").rows())


def _decimals(
    frame: pl.DataFrame, estimates: pl.DataFrame, before: pl.DataFrame | None, candidate: Candidate
) -> pl.DataFrame:
    """Decimals of both estimates of each difference: columns ``side_1`` and ``side_2``."""
    fewer = {
        tuple(row[:-1]): row[-1]
        for out in (before, estimates)
        if out is not None and "decimals" in out.columns
        for row in out.filter(pl.col("decimals").is_not_null()).select(*ROW, "measure", "category", "decimals").rows()
    }
    found: list[tuple[int, ...]] = []
    name = candidate.continues
    for row in frame.iter_rows(named=True):
        usual, who = 2 if row["measure"] == "mean" else 1, row["population"]
        sides = [(row[f"wave_{k}"], row[f"domain_{k}"] or "all") for k in (1, 2)]
        places = [
            (w, _who(candidate, who, w), name.get((w, row["item"]), row["item"]), d, row["measure"], row["category"]) for w, d in sides
        ]
        found.append(tuple(fewer.get(place, usual) for place in places))
    return pl.DataFrame(found, schema={"side_1": pl.Int64, "side_2": pl.Int64}, orient="row")


def _same_figures(out: tuple[int, float | None], now: tuple[int | None, float | None]) -> bool:
    if out[0] != now[0] or (out[1] is None) != (now[1] is None):
        return False
    return out[1] is None or now[1] is None or abs(out[1] - now[1]) < 1e-9


def standing_on(frame: pl.DataFrame | None, estimates: pl.DataFrame) -> pl.DataFrame | None:
    """Rows that each stand on an estimate of the whole."""
    if frame is None:
        return None
    key = [column for column in ("wave", "item", "measure", "category") if column in frame.columns]
    whole = (pl.col("population") == "all") & (pl.col("domain") == "all")
    out = estimates.filter((pl.col("status") == PUBLISHED) & whole)
    if "measure" not in key:
        out = out.filter(pl.col("measure").is_in(FINE) | (pl.col("measure") == "index"))
    told = set(out.select(key).rows())
    return _withhold(frame, pl.Series([row in told for row in frame.select(key).rows()], dtype=pl.Boolean))


def counted_cells(frames: dict[str, pl.DataFrame | None]) -> pl.DataFrame:
    """How many cells there are per kind of table, and how many are published."""
    rows: list[dict[str, object]] = []
    for name, frame in frames.items():
        if frame is None:
            continue
        kind = pl.lit(name)
        if name == "estimates":
            by = pl.col("domain").str.replace_all(r"=[^;]*", "").str.replace_all(";", " × ")
            kind = pl.concat_str(pl.lit("estimates by "), by)
        counted = frame.group_by(kind.alias("table"), maintain_order=True).agg(
            pl.len().cast(pl.Int64).alias("cells"),
            (pl.col("status") != WITHHELD).sum().cast(pl.Int64).alias("published"),
        )
        rows += counted.rows(named=True)
    return pl.DataFrame(rows, schema={"table": pl.String, "cells": pl.Int64, "published": pl.Int64})
