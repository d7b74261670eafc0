"""What may be printed, laid over the frames that ask to be: numbers emptied, and everything that stands on them."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from royst.protect.candidate import EVERYONE, FINE, ROW, Candidate
from royst.protect.history import Ledger
from royst.protect.rounding import rounded

PUBLISHED, WITHHELD = "published", "withheld"
KEYS = {
    "id", "kind", "report", "population", "item", "measure", "category", "wave", "domain", "wave_1", "domain_1", "wave_2",
    "domain_2", "family", "correction", "method", "margin", "status",
}  # fmt: skip
"""Columns that a withheld row keeps; every other one is emptied."""


@dataclass
class Printed:
    """What may be printed: (wave, population, item, domain, kind) to the level's name. ``kind``: answers or not_relevant."""

    level: dict[tuple[str, str, str, str, str], str] = field(default_factory=dict)

    def cell(
        self, wave: str, population: str, item: str, domain: str, measure: str, category: str, best: str | None
    ) -> bool:
        kind = "not_relevant" if measure == "not_relevant" else "answers"
        level = self.level.get((wave, _same(population), item, domain, kind))
        if level is None or (measure in FINE and level != "answers"):
            return False
        return level != "two" or category == best


def _same(population: str) -> str:
    return "all" if population in EVERYONE else population


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
    return _withhold(frame, pl.Series(ok, dtype=pl.Boolean))


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
    if before is not None:
        figures = {row[:-2]: row[-2:] for row in before.select(*ROW, "measure", "category", "n", "estimate").rows()}
        sides = (frame.with_columns(pl.col(f"estimate_{side}").alias("estimate")) for side in (1, 2))
        printed = [rounded(side)["estimate"].to_list() for side in sides]
    out |= set(figures)
    name = candidate.continues

    def told(place: int, row: dict, side: int) -> bool:
        wave, domain = row[f"wave_{side}"], row[f"domain_{side}"] or "all"
        if wave is None:
            return True
        rest = (name.get((wave, row["item"]), row["item"]), domain, row["measure"], row["category"])
        key = (wave, row["population"], *rest)
        if key in figures and not _same_figures(figures[key], (row[f"n_{side}"], printed[side - 1][place])):
            return False
        return key in out

    ok = [told(k, r, 1) and (r["kind"] == "source" or told(k, r, 2)) for k, r in enumerate(frame.iter_rows(named=True))]
    return _withhold(frame, pl.Series(ok, dtype=pl.Boolean))


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
