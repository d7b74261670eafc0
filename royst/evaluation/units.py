"""Units against the expected range: how many stand where for the public, and each unit's own verdict for its report."""

from __future__ import annotations

import polars as pl

import royst
from royst.estimation import units as estimation
from royst.estimation.measures import Measure
from royst.evaluation.estimate import UNIT, WEIGHT, Wave
from royst.evaluation.reports import Report
from royst.protect.rules import RuleSet
from royst.release import REPORT_UNITS, UNITS
from royst.study.folder import Study


def compared(study: Study, wave: Wave, rules: RuleSet) -> pl.DataFrame:
    """Every unit's figure and verdict on the best band of each item (``estimation.units``); no rows for a study without units."""
    if study.unit_column is None or study.frame_of(wave.name) is None:
        return pl.DataFrame(schema=estimation.SCHEMA)
    asked = _asked(study, wave)
    if not asked:
        return pl.DataFrame(schema=estimation.SCHEMA)
    people = wave.people.filter(pl.col(UNIT).is_not_null())
    found = estimation.compare(people, UNIT, asked, weight=WEIGHT, fewest_answers=rules.unit_report.value, alpha=1 - study.file.plan.level, level=study.file.plan.level)
    return found.filter(pl.col("measure") == "band")


def _asked(study: Study, wave: Wave) -> list[Measure]:
    asked = []
    for item in wave.items:
        background = item.name in study.file.items and study.file.items[item.name].role != "item"
        if item.scale is not None and item.scale.bands and not background:
            best, names = next(iter(item.scale.bands.items()))
            asked.append(royst.band(item.name, {best: list(names)}, not_relevant=list(item.scale.not_relevant)))
    return asked


def counts(compared: pl.DataFrame, wave: str) -> pl.DataFrame:
    """Rows of ``release.UNITS``: how many units stand where, item by item."""
    if compared.height == 0:
        return pl.DataFrame(schema=UNITS)
    return (
        compared.group_by("item", "measure", "category", maintain_order=True)
        .agg(pl.len().alias("units"), *((pl.col("outcome") == verdict).sum().alias(verdict) for verdict in estimation.OUTCOMES))
        .with_columns(pl.lit(wave).alias("wave"), pl.lit("").alias("status"))
        .select(pl.col(column).cast(kind) for column, kind in UNITS.items())
    )


def verdicts(compared: pl.DataFrame, wave: str, reports: list[Report]) -> pl.DataFrame:
    """Rows of ``release.REPORT_UNITS`` for the units that get a report of their own, with the ``domain`` each stands on."""
    own = {report.units[0]: report for report in reports if report.facts.kind == "unit"}
    schema: dict[str, type[pl.DataType]] = {**REPORT_UNITS, "domain": pl.String}
    if compared.height == 0 or not own:
        return pl.DataFrame(schema=schema)
    told = compared.filter(pl.col("unit").is_in(list(own))).with_columns(
        pl.col("unit").replace_strict({unit: report.facts.id for unit, report in own.items()}, return_dtype=pl.String).alias("report"),
        pl.col("unit").replace_strict({unit: report.domain for unit, report in own.items()}, return_dtype=pl.String).alias("domain"),
        pl.lit(wave).alias("wave"),
        pl.col("outcome").alias("verdict"),
        pl.lit("").alias("status"),
    )
    return told.select(pl.col(column).cast(kind) for column, kind in schema.items())
