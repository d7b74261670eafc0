"""The line of those who took part both times: the headline and the goals, among the units that are in both of two waves.

A change may come from who was asked. Among the units of both waves it cannot. Their figures are told beside everybody's, so that subtraction tells of the
others: these are put forward too, as figures to protect, and never published.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

import royst
from royst.estimation import change
from royst.estimation.result import Result
from royst.evaluation import comparisons, estimate
from royst.evaluation.estimate import PSU, Wave
from royst.protect.history import Ledger
from royst.study.folder import Study

IN, OUT = "panel", "outside"
KEY = ["measure", "item", "category"]
FAMILY = "panel"

Statistic = tuple[str, str, str]


@dataclass(frozen=True)
class Pair:
    """Two waves. ``population`` names the units of both in the tables, ``outside`` the others of a wave."""

    old: str
    new: str

    @property
    def population(self) -> str:
        return f"{IN}:{self.old}:{self.new}"

    @property
    def outside(self) -> str:
        return f"{OUT}:{self.old}:{self.new}"


@dataclass(frozen=True)
class Line:
    """What is put forward of a pair: rows of ``release.ESTIMATES`` of both waves, and of ``release.CHANGES``."""

    pair: Pair
    estimates: pl.DataFrame
    changes: pl.DataFrame


def line(study: Study, new: Wave, old: Wave, results: Mapping[str, Result], changes: pl.DataFrame, ledger: Ledger) -> Line | None:
    """The panel's figures of what ``changes`` compares between two waves for the headline and the plan's comparisons.

    None where no unit is in both, where the older wave is out and its answers no longer give what was published, or where nothing is compared.
    """
    pair = Pair(old.name, new.name)
    asked = compared(study, pair.old, pair.new, changes)
    if not asked or study.psu_column is None or not comparisons.Published(ledger.published(), old.name).stands(results[old.name]):
        return None
    marked = {wave.name: _marked(study, wave, pair, {new.name: new, old.name: old}) for wave in (new, old)}
    if not all((frame[pair.population] == "yes").any() for frame in marked.values()):
        return None
    names = {item: study.line(new.name, item).get(old.name, item) for _, item, _ in asked if item not in study.file.indices}
    told = {new.name: list(asked), old.name: [(measure, names.get(item, item), category) for measure, item, category in asked]}
    found, tables = {}, []
    for wave in (new, old):
        result, table = _estimated(study, wave, marked[wave.name], pair, told[wave.name])
        found[wave.name] = result
        tables.append(table)
    return Line(pair, pl.concat(tables), _changes(study, pair, asked, names, found))


def compared(study: Study, old: str, new: str, changes: pl.DataFrame) -> dict[Statistic, str]:
    """What ``changes`` compares of the headline and the plan's comparisons between two waves, with the comparison's id."""
    declared = {part.id for part in study.file.comparisons}
    rows = changes.filter((pl.col("kind") == "waves") & (pl.col("wave_1") == new) & (pl.col("wave_2") == old))
    return {
        (row["measure"], row["item"], row["category"]): row["id"]
        for row in rows.iter_rows(named=True)
        if row["id"] in declared or row["item"] == study.file.plan.headline
    }


def _marked(study: Study, wave: Wave, pair: Pair, waves: Mapping[str, Wave]) -> pl.DataFrame:
    """Columns named as the pair's populations: "yes" for who belongs, null for others. A row per person of the wave."""
    ids = {name: _in_the_new(study, pair, one) for name, one in waves.items()}
    both = set(ids[pair.old]) & set(ids[pair.new])
    inside = pl.col("unit").is_in(list(both))
    yes = pl.lit("yes")
    return pl.DataFrame({"unit": ids[wave.name]}).select(pl.when(inside).then(yes).alias(pair.population), pl.when(~inside).then(yes).alias(pair.outside))


def _in_the_new(study: Study, pair: Pair, wave: Wave) -> pl.Series:
    """Each person's primary unit, as the unit that stands for it in the newer wave."""
    ids, heirs = wave.people[PSU], dict(study.heirs(pair.new))
    return ids.replace_strict(heirs, default=ids, return_dtype=pl.String) if heirs else ids


def _estimated(study: Study, wave: Wave, marked: pl.DataFrame, pair: Pair, asked: Sequence[Statistic]) -> tuple[Result, pl.DataFrame]:
    """The wave's figures of those inside and of those outside, as domains of the whole design."""
    named = {item for _, item, _ in asked}
    parts = {part for name in named if name in study.file.indices for part in study.file.indices[name].items}
    items = [item for item in wave.items if item.name in named | parts]
    measures = [one for one in estimate.statistics(study, items) if (one.name or one.items[0]) in named]
    people = pl.concat([wave.people, marked], how="horizontal")
    by = [[pair.population], [pair.outside]]
    level = study.file.plan.level
    result = royst.estimate(people, wave.design, measures, by=by, level=level, interval=estimate.INTERVAL)
    plain = royst.estimate(people, royst.Design(psu=[PSU]), measures, by=by, level=level, interval="wald")
    table = estimate.table(result, wave.name, "all", plain).join(pl.DataFrame(list(asked), schema=KEY, orient="row"), on=KEY, how="semi", nulls_equal=True)
    return result, table.with_columns(pl.col("domain").str.strip_suffix("=yes").alias("population"), pl.lit("all").alias("domain"))


def _changes(study: Study, pair: Pair, asked: Mapping[Statistic, str], names: Mapping[str, str], found: Mapping[str, Result]) -> pl.DataFrame:
    domain = f"{pair.population}=yes"
    rows = [(*key, domain) for key in asked]
    told = change.change(found[pair.new], found[pair.old], rows=rows, history=study.heirs(pair.new), items=dict(names))
    return comparisons.lines(study, told, asked, FAMILY, pair.population, pair.new, pair.old)


# ---- what protection must know


def populations(study: Study, wave: Wave, waves: Mapping[str, Wave], pairs: Sequence[Pair], ledger: Ledger) -> pl.DataFrame:
    """A column for each population of a wave that is put forward or was published before; see ``_marked``."""
    before = ledger.published()
    out = before.filter(pl.col("wave") == wave.name)["population"].unique().sort().to_list() if before is not None else []
    known = [*pairs, *(Pair(*name.split(":")[1:]) for name in out if name.startswith(f"{IN}:"))]
    mine = [pair for pair in dict.fromkeys(known) if wave.name in (pair.old, pair.new)]
    columns = []
    for pair in mine:
        both = {name: waves[name] if name in waves else estimate.prepare(study, name) for name in (pair.old, pair.new)}
        columns.append(_marked(study, wave, pair, both))
    return pl.concat(columns, how="horizontal") if columns else pl.DataFrame()
