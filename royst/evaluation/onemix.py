"""The line of one mix: the newer wave's headline and goals as they would be with the older wave's mix of region and size.

A change may come from where the answers came from. With the older wave's mix in both waves it cannot; the older wave's figures are then
its own, that are out, so only the newer wave's are put forward (direct standardisation; Kitagawa 1955).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

import royst
from royst.estimation import change
from royst.estimation.result import Result
from royst.evaluation import comparisons, estimate, panel
from royst.evaluation.estimate import UNIT, WEIGHT, Wave
from royst.evaluation.panel import KEY, Statistic
from royst.protect.history import Ledger
from royst.study.folder import Study

MIX = "mix"
FAMILY = "mix"
CELL = "_cell"
COUNTED = ("band", "share")
"""Measures that are told so: percentages, which protection looks at as such."""


@dataclass(frozen=True)
class Pair:
    """Two waves. ``population`` names the newer wave's people, counted with the older one's mix."""

    old: str
    new: str

    @property
    def population(self) -> str:
        return f"{MIX}:{self.old}:{self.new}"


@dataclass(frozen=True)
class Line:
    """What is put forward: rows of ``release.ESTIMATES`` of the newer wave, and of ``release.CHANGES``, whose older side is everybody's."""

    pair: Pair
    estimates: pl.DataFrame
    changes: pl.DataFrame


def line(study: Study, new: Wave, old: Wave, results: Mapping[str, Result], changes: pl.DataFrame, ledger: Ledger) -> Line | None:
    """What ``changes`` compares of the headline and the plan's comparisons, with one mix.

    None where the waves cannot be brought to one mix (see ``weights``), where the older wave is out and its answers no longer give what was published of it, or
    where nothing is compared.
    """
    pair = Pair(old.name, new.name)
    asked = {key: name for key, name in panel.compared(study, pair.old, pair.new, changes).items() if key[0] in COUNTED}
    weighed = weights(study, new, old)
    if not asked or weighed is None or not comparisons.Published(ledger.published(), old.name).stands(results[old.name]):
        return None
    cells, totals = weighed
    people = new.people.with_columns(cells)
    items = [item for item in new.items if item.name in {name for _, name, _ in asked}]
    design = royst.calibrate(people, new.design, {CELL: totals}, "poststratify")
    result = royst.estimate(people, design, estimate.statistics(study, items), level=study.file.plan.level, interval=estimate.INTERVAL)
    table = estimate.table(result, new.name, pair.population).join(pl.DataFrame(list(asked), schema=KEY, orient="row"), on=KEY, how="semi", nulls_equal=True)
    table = table.with_columns(pl.lit(None, dtype=table.schema[column]).alias(column) for column in ("deff", "n_eff"))
    return Line(pair, table, _changes(study, pair, asked, result, results[old.name]))


def weights(study: Study, new: Wave, old: Wave) -> tuple[pl.Series, dict[str, float]] | None:
    """The newer wave's cell of each person, and the weight of each cell with the older wave's mix; all weights add up to what they did.

    Cells are region × size; where a region has other sizes in one wave than in the other, its sizes are one cell. None where a region is
    in one of the waves alone, where somebody is in none, and where both waves have the same mix.
    """
    now, then = _places(study, new), _places(study, old)
    return None if now is None or then is None else mix(now, then)


def mix(now: pl.DataFrame, then: pl.DataFrame) -> tuple[pl.Series, dict[str, float]] | None:
    """The same of two frames with the columns region, size and weight, a row a person."""
    regions = set(now["region"])
    if None in regions or regions != set(then["region"]):
        return None
    sizes = [one.group_by("region").agg(pl.col("size").unique().sort()) for one in (now, then)]
    alike = sizes[0].join(sizes[1], on=["region", "size"], how="semi")["region"].to_list()
    cell = pl.when(pl.col("region").is_in(alike)).then(pl.col("region") + "/" + pl.col("size")).otherwise("region").alias(CELL)
    here, there = (dict(one.group_by(cell).agg(pl.col("weight").sum()).sort(CELL).rows()) for one in (now, then))
    size = sum(here.values()) / sum(there.values())
    totals = {name: weight * size for name, weight in there.items()}
    if all(math.isclose(totals[name], weight) for name, weight in here.items()):
        return None
    return now.select(cell).to_series(), totals


def _places(study: Study, wave: Wave) -> pl.DataFrame | None:
    """Region, size and weight of each person's unit; None where the study has no frame of units."""
    frame = study.frame_of(wave.name)
    if frame is None or study.unit_column is None:
        return None
    units = frame.select(pl.col("unit").alias(UNIT), "region", "size").unique(UNIT, keep="first", maintain_order=True)
    return wave.people.select(UNIT, pl.col(WEIGHT).alias("weight")).join(units, on=UNIT, how="left", maintain_order="left")


def _changes(study: Study, pair: Pair, asked: Mapping[Statistic, str], now: Result, then: Result) -> pl.DataFrame:
    names = {item: study.line(pair.new, item).get(pair.old, item) for _, item, _ in asked}
    told = change.change(now, then, rows=[(*key, "all") for key in asked], history=study.heirs(pair.new), items=names)
    return comparisons.lines(study, told, asked, FAMILY, pair.population, pair.new, pair.old)


# ---- what protection must know


def counted(study: Study, wave: Wave, waves: Mapping[str, Wave], pairs: Sequence[Pair], ledger: Ledger) -> pl.DataFrame:
    """What each person of a wave counts in each such population that is put forward or was published before: a column named as it."""
    before = ledger.published()
    out = before.filter(pl.col("wave") == wave.name)["population"].unique().sort().to_list() if before is not None else []
    known = [*pairs, *(Pair(*name.split(":")[1:]) for name in out if name.startswith(f"{MIX}:"))]
    columns = []
    for pair in dict.fromkeys(known):
        if pair.new != wave.name:
            continue
        found = weights(study, wave, waves[pair.old] if pair.old in waves else estimate.prepare(study, pair.old))
        if found is not None:
            columns.append(brought(wave.people[WEIGHT], *found).alias(pair.population))
    return pl.DataFrame(columns)


def brought(weight: pl.Series, cells: pl.Series, totals: Mapping[str, float]) -> pl.Series:
    """Weights (people,) by which each cell has its total."""
    frame = pl.DataFrame([weight.alias("weight"), cells])
    whole = pl.col(CELL).replace_strict(dict(totals), return_dtype=pl.Float64)
    return frame.select(pl.col("weight") / pl.col("weight").sum().over(CELL) * whole).to_series()
