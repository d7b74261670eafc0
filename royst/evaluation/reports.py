"""Who gets a report of its own, and the figures in it: each unit with enough answers, and pools of the others."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

import royst
from royst.evaluation.estimate import UNIT, Wave, statistics, table
from royst.protect.pools import pools
from royst.protect.rules import RuleSet
from royst.release import ESTIMATES, ReportFacts
from royst.study.folder import Study
from royst.words import Words, lower_first

POOL = "pool"
OWN = r"(^|;)(_unit|pool)="
"""Domains that belong to one reader's report, never to the public tables."""


@dataclass(frozen=True)
class Report:
    """A report and the domain it is about: ``_unit=K012`` or ``pool=vest-small``."""

    facts: ReportFacts
    domain: str
    units: tuple[str, ...]


def assigned(study: Study, wave: Wave, rules: RuleSet) -> list[Report]:
    """The reports of a wave. A study without units, or without a frame of them, has none."""
    frame = study.frame_of(wave.name)
    if study.unit_column is None or frame is None:
        return []
    counted = wave.people.group_by(UNIT).agg(pl.len().alias("n")).join(frame.select(pl.col("unit").alias(UNIT), "name", "region", "size"), on=UNIT).sort(UNIT)
    alike = (pl.col(column).fill_null("all") for column in ("region", "size"))
    told = pools(counted.select(pl.col(UNIT).alias("unit"), pl.col("n").cast(pl.Int64), *alike), rules)
    names = dict(counted.select(UNIT, "name").rows())
    reports = []
    for (pool, kind), part in told.filter(pl.col("kind") != "none").group_by("pool", "kind", maintain_order=True):
        members = sorted(part["unit"])
        label = {str(language): names[members[0]] for language in study.file.languages} if kind == "unit" else _label(study, counted, members)
        reports.append(
            Report(
                ReportFacts(
                    id=str(pool) if kind == "unit" else f"pool-{pool}", kind="unit" if kind == "unit" else "pool", label=label, wave=wave.name,
                    n=int(part["n"].sum()), members=[names[unit] for unit in members],
                ),
                f"_unit={pool}" if kind == "unit" else f"pool={pool}",
                tuple(members),
            )
        )  # fmt: skip
    return sorted(reports, key=lambda report: (report.facts.kind != "unit", report.facts.id))


def _label(study: Study, counted: pl.DataFrame, members: list[str]) -> dict[str, str]:
    """A pool's name: the labels of its region and size class where the study's groups name them; of units that share neither, that they do not; of units
    whose region nobody knows, that they have few answers."""
    unnamed = "unit.pool_mixed" if counted.filter(pl.col(UNIT).is_in(members))["region"].count() else "unit.pool_few"
    words: dict[str, str] = {}
    for language in study.file.languages:
        named = [_category(study, column, value, language) for column in ("region", "size") for value in _common(counted, members, column)]
        parts = [part for part in named if part]
        words[language] = ", ".join([*parts[:1], *map(lower_first, parts[1:])]) or Words(language)(unnamed)
    return words


def _common(counted: pl.DataFrame, members: list[str], column: str) -> list[str]:
    """The value that all members share in a column; none where they differ."""
    values = counted.filter(pl.col(UNIT).is_in(members))[column].unique().to_list()
    return [value for value in values if value is not None] if len(values) == 1 else []


def _category(study: Study, column: str, value: str, language: str) -> str:
    for group in study.file.groups.values():
        if group.source == "frame" and group.column == column:
            for category in group.categories.values():
                if category.values == [value]:
                    return category.label.get(language, value)
    return value


def estimates(study: Study, wave: Wave, reports: list[Report]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The wave's people with their pool named, and the estimates of every report.

    A unit or a pool is taken as it is: its answers are the sample, each counting one, so that the interval says what these answers
    can bear. Weights within a pool would tell its members apart (``protect.weights``). Rows as in ``release.ESTIMATES``.
    """
    empty = pl.DataFrame(schema=ESTIMATES)
    if not reports:
        return wave.people, empty
    pool = {unit: report.domain.partition("=")[2] for report in reports for unit in report.units if report.facts.kind == "pool"}
    people = wave.people.with_columns(pl.col(UNIT).replace_strict(pool, default=None, return_dtype=pl.String).alias(POOL))
    within = royst.Design()
    wanted = {report.domain for report in reports}
    result = royst.estimate(people, within, statistics(study, wave.items), by=[[UNIT], [POOL]], level=study.file.plan.level, interval="korn-graubard")
    own = table(result, wave.name, "all", result).filter(pl.col("domain").is_in(list(wanted)))
    units = pl.col("domain").replace_strict({report.domain: len(report.units) for report in reports}, return_dtype=pl.Int64)
    return people, own.with_columns(units.alias("n_units"))
