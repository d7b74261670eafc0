"""Units against the expected range: how many stand where for the public, and each unit's own verdict for its report.

All of it is made of what the units' own reports print. A range that rested on units too small to be printed, or a count of
their verdicts, would tell their answers: the centre and the width of the range are equations in every unit's figure.
"""

from __future__ import annotations

import polars as pl

import royst
from royst.estimation import units as estimation
from royst.estimation.measures import Measure
from royst.evaluation.estimate import UNIT, Wave
from royst.evaluation.reports import Report
from royst.protect.rules import RuleSet
from royst.release import PUBLISHED, REPORT_UNITS, UNITS, WITHHELD
from royst.study.folder import Study


def tables(study: Study, wave: Wave, reports: list[Report], rules: RuleSet, estimates: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Rows of ``release.UNITS`` and ``release.REPORT_UNITS`` from protected ``estimates``; none for a study without unit reports."""
    own = {report.domain: report for report in reports if report.facts.kind == "unit"}
    asked = {measure.items[0]: measure for measure in _asked(study, wave)} if own else {}
    best = estimates.filter((pl.col("measure") == "band") & (pl.col("population") == "all") & pl.col("item").is_in(list(asked)))
    first = {item: measure.bands[0][0] for item, measure in asked.items()}
    best = best.filter(pl.col("category") == pl.col("item").replace_strict(first, default=None, return_dtype=pl.String))
    printed = best.filter((pl.col("status") == PUBLISHED) & pl.col("domain").is_in(list(own)))
    compared = _compared(study, wave, rules, list(asked.values()), {domain: report.units[0] for domain, report in own.items()}, printed)
    return {"units": _counts(best.filter(pl.col("domain") == "all"), compared), "report_units": _verdicts(best, compared, own)}


def _asked(study: Study, wave: Wave) -> list[Measure]:
    asked = []
    for item in wave.items:
        background = item.name in study.file.items and study.file.items[item.name].role != "item"
        if item.scale is not None and item.scale.bands and not background:
            best, names = next(iter(item.scale.bands.items()))
            asked.append(royst.band(item.name, {best: list(names)}, not_relevant=list(item.scale.not_relevant)))
    return asked


def _compared(study: Study, wave: Wave, rules: RuleSet, asked: list[Measure], units: dict[str, str], printed: pl.DataFrame) -> pl.DataFrame:
    """Each printed unit's figure and verdict on the best band of each item (``estimation.units``), among the printed units alone; each answer counts one, as in their reports."""
    if not printed.height:
        return pl.DataFrame(schema=estimation.SCHEMA)
    level = study.file.plan.level
    shown = {item: [units[domain] for domain in part["domain"]] for (item,), part in printed.group_by("item")}
    people = wave.people.filter(pl.col(UNIT).is_not_null()).with_columns(
        pl.when(pl.col(UNIT).is_in(shown.get(item, []))).then(pl.col(item)).alias(item) for item in (measure.items[0] for measure in asked)
    )
    found = estimation.compare(people, UNIT, asked, fewest_answers=rules.unit_report.value, alpha=1 - level, level=level)
    return found.filter(pl.col("measure") == "band")


def _counts(whole: pl.DataFrame, compared: pl.DataFrame) -> pl.DataFrame:
    """How many units stand where, item by item: of those that answered, the ones that print nothing cannot be told."""
    told = compared.group_by("item").agg((pl.col("outcome") == verdict).sum().alias(verdict) for verdict in estimation.OUTCOMES[:-1])
    rows = whole.select("wave", "item", "measure", "category", "status", pl.col("n_units").alias("units")).join(told, on="item", how="left", maintain_order="left")
    shown = pl.col("status") == PUBLISHED
    verdicts = [pl.when(shown).then(pl.col(verdict).fill_null(0)).alias(verdict) for verdict in estimation.OUTCOMES[:-1]]
    rows = rows.with_columns(pl.when(shown).then(pl.col("units")).alias("units"), *verdicts)
    rows = rows.with_columns((pl.col("units") - pl.sum_horizontal(estimation.OUTCOMES[:-1])).alias("cannot_tell"))
    return rows.select(pl.col(column).cast(kind) for column, kind in UNITS.items())


def _verdicts(best: pl.DataFrame, compared: pl.DataFrame, own: dict[str, Report]) -> pl.DataFrame:
    """A row for each unit's report and item; empty where the report does not print the figure."""
    named = {domain: report.facts.id for domain, report in own.items()}
    units = {domain: report.units[0] for domain, report in own.items()}
    rows = best.filter(pl.col("domain").is_in(list(own))).select(
        "wave", "item", "measure", "category",
        pl.col("domain").replace_strict(named, default=None, return_dtype=pl.String).alias("report"),
        pl.col("domain").replace_strict(units, default=None, return_dtype=pl.String).alias("unit"),
    )  # fmt: skip
    rows = rows.join(compared.drop("measure", "category"), on=["item", "unit"], how="left", maintain_order="left")
    status = pl.when(pl.col("outcome").is_null()).then(pl.lit(WITHHELD)).otherwise(pl.lit(PUBLISHED))
    rows = rows.with_columns(pl.col("outcome").alias("verdict"), status.alias("status"))
    return rows.select(pl.col(column).cast(kind) for column, kind in REPORT_UNITS.items())
