"""``royst estimate``: every planned estimate of a wave, unprotected. What is decided where: items and bands by the study, numbers by ``estimation``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

import royst
from royst.answers import groups, store
from royst.errors import wrong
from royst.estimation.estimate import Result
from royst.estimation.measures import Measure
from royst.evaluation.facts import INTERVAL, measured
from royst.release import ESTIMATES, NOT_ESTIMABLE
from royst.study import folder as study_folder
from royst.study.folder import Study
from royst.study.instrument import Item
from royst.weighting.design import design_weights, stratum_fractions

Progress = Callable[[str], None]

WEIGHT, STRATUM, PSU, UNIT, FPC = "_weight", "_stratum", "_psu", "_unit", "_fpc"


@dataclass(frozen=True)
class Wave:
    """One wave made ready: ``people`` has one row per answer: items, one column per group, ``_weight``, ``_psu``, ``_unit``, ``_stratum``.

    ``singletons``: strata with one PSU. ``items``: those that are estimated.
    """

    name: str
    people: pl.DataFrame
    items: tuple[Item, ...]
    design: royst.Design
    singletons: tuple[str, ...]
    sampled: bool


def prepare(study: Study, wave: str) -> Wave:
    """Answers, groups, weights and strata of one wave. Raises ``InputError`` where the wave has no answers."""
    answers = store.read(study, wave)
    if answers.frame.height == 0:
        raise wrong("empty-wave", f"wave {wave} has no answers", f"bring them in with: royst import {study.folder.root} --wave {wave} FILE", file=study.folder.answers(wave))
    rules = study.file.design
    people = pl.concat([answers.frame, groups.groups(study, wave, answers.frame)], how="horizontal")
    unit = pl.col(rules.unit) if rules.unit in people.columns else pl.lit(None, dtype=pl.String)
    psu = study.psu_column
    people = people.with_columns(
        unit.alias(UNIT),
        (pl.col(psu).cast(pl.String) if psu else pl.int_range(pl.len()).cast(pl.String)).alias(PSU),
    )
    people = _with_strata(study, wave, people)
    people = people.with_columns(_weights(study, wave, people).alias(WEIGHT))
    lonely = people.group_by(STRATUM).agg(pl.col(PSU).n_unique()).filter(pl.col(PSU) == 1)[STRATUM] if rules.strata else pl.Series([], dtype=pl.String)
    if _corrected(study, wave):
        people = _with_fractions(study, wave, people)
    design = planned_design(study, wave).replace(psu=[PSU], singleton=rules.singleton if len(lonely) else "fail")
    return Wave(wave, people, tuple(measured(study.instruments[wave], study)), design, tuple(sorted(lonely)), rules.sampled and wave in study.samples)


def planned_design(study: Study, wave: str) -> royst.Design:
    """The design over the columns that ``prepare`` makes, as the study says it, whoever answered; without units every row is its own."""
    rules = study.file.design
    return royst.Design(
        strata=[STRATUM] if rules.strata else None, psu=[PSU] if study.psu_column else None, weight=WEIGHT,
        fpc=[FPC] if _corrected(study, wave) else None, singleton=rules.singleton,
    )  # fmt: skip


def _corrected(study: Study, wave: str) -> bool:
    return study.file.design.fpc == "units" and wave in study.samples


def _with_strata(study: Study, wave: str, people: pl.DataFrame) -> pl.DataFrame:
    column = study.file.design.strata
    if column is None:
        return people.with_columns(pl.lit("all").alias(STRATUM))
    sample = study.samples[wave].select(pl.col("unit").alias(UNIT), pl.col(column).alias(STRATUM)).unique(UNIT, keep="first", maintain_order=True)
    return people.join(sample, on=UNIT, how="left", maintain_order="left")


def _with_fractions(study: Study, wave: str, people: pl.DataFrame) -> pl.DataFrame:
    stratum = pl.col(study.file.design.strata) if study.file.design.strata else pl.lit("all")
    fractions = stratum_fractions(study.samples[wave].select("unit", stratum.alias("stratum"), "inclusion"))
    return people.join(fractions.rename({"unit": UNIT, "fraction": FPC}), on=UNIT, how="left", maintain_order="left")


def _weights(study: Study, wave: str, people: pl.DataFrame) -> pl.Series:
    """A weight for each answer by the study's basis; see ``weighting.design``."""
    rules = study.file.design
    if rules.weight_basis == "as_came":
        return pl.Series([1.0] * people.height)
    if rules.weight_basis == "given" and rules.weight:
        return people[rules.weight].cast(pl.Float64)
    if rules.weight_basis == "reported":
        raise wrong("no-ledger", "weights from the hand-out ledger need its counts", "bring the ledger in, or choose another weight_basis", file=study.folder.study_toml)
    frame = study.frame_of(wave)
    if frame is None:
        raise wrong("no-users", "weights from known numbers of users need them", "give frame.csv a column users, or choose another weight_basis", file=study.folder.frame)
    return design_weights(people[UNIT], study.samples[wave].select("unit", "inclusion"), frame.select("unit", "users"))


def statistics(study: Study, items: Sequence[Item]) -> list[Measure]:
    """What is estimated of each item: answers, bands, mean, not relevant; and the indices."""
    asked: list[Measure] = []
    for item in items:
        if item.scale is None:
            asked.append(royst.mean(item.name))
            continue
        apart = list(item.scale.not_relevant)
        asked.append(royst.share(item.name, list(item.scale.substantive), not_relevant=apart))
        if item.scale.bands:
            asked.append(royst.band(item.name, {band: list(names) for band, names in item.scale.bands.items()}, not_relevant=apart))
        if _role(study, item.name) == "item" and study.file.averaged(item.scale):
            asked.append(royst.mean(item.name, scores=dict(item.scale.scores), not_relevant=apart))
    for name, index in study.file.indices.items():
        parts = {item.name: _to_100(item.scale.scores) for item in items if item.name in index.items and item.scale}
        if parts:
            asked.append(royst.index(list(parts), name=name, scores=parts, at_least=index.at_least))
    return asked


def _to_100(scores: Mapping[str, float]) -> dict[str, float]:
    """A scale's scores from 0 to 100 (PasOpp)."""
    low, high = min(scores.values()), max(scores.values())
    return {choice: 100 * (score - low) / (high - low) for choice, score in scores.items()}


def _role(study: Study, name: str) -> str:
    return study.file.items[name].role if name in study.file.items else "item"


def groupings(study: Study, wave: Wave) -> list[list[str]]:
    """The whole and each group of the plan that somebody of this wave belongs to."""
    return [[], *([name] for name in study.file.groups if wave.people[name].null_count() < wave.people.height)]


def estimates(study: Study, wave: Wave, by: list[list[str]] | None = None, engine: str = "embedded") -> Result:
    """All statistics of a wave over all groupings, in one pass."""
    asked = statistics(study, wave.items)
    return royst.estimate(
        wave.people, wave.design, asked, by=groupings(study, wave) if by is None else by, engine=engine,
        level=study.file.plan.level, interval=INTERVAL,
    )  # fmt: skip


def table(result: Result, wave: str, population: str, unweighted: Result | None = None) -> pl.DataFrame:
    """A result as rows of ``release.ESTIMATES``, fractions and all digits kept. ``status`` is empty until protection says it, but for what cannot be estimated."""
    said = pl.when(pl.col("status") == NOT_ESTIMABLE).then(pl.lit(NOT_ESTIMABLE)).otherwise(pl.lit(""))
    frame = result.table.with_columns(pl.lit(wave).alias("wave"), pl.lit(population).alias("population"), said.alias("status"))
    if unweighted is not None:
        keys = ["measure", "item", "category", "domain"]
        frame = frame.join(unweighted.table.select(*keys, pl.col("estimate").alias("unweighted")), on=keys, how="left", maintain_order="left")
    else:
        frame = frame.with_columns(pl.lit(None, dtype=pl.Float64).alias("unweighted"))
    frame = frame.with_columns(pl.lit(None, dtype=pl.Int64).alias("decimals"))  # protection says them
    return frame.select(pl.col(column).cast(kind) for column, kind in ESTIMATES.items())


def planned(study: Study, frame: pl.DataFrame) -> pl.DataFrame:
    """The rows that the plan publishes: a group that names its items has rows of these alone."""
    kept = pl.lit(True)
    for name, group in study.file.groups.items():
        if group.items:
            kept = kept & (~pl.col("domain").str.starts_with(f"{name}=") | pl.col("item").is_in(group.items))
    return frame.filter(kept)


def unweighted(study: Study, wave: Wave, by: list[list[str]] | None = None) -> Result:
    """The same estimates with each answer counting one; their standard errors are not used."""
    plain = royst.Design(psu=[PSU])
    return royst.estimate(wave.people, plain, statistics(study, wave.items), by=groupings(study, wave) if by is None else by, level=study.file.plan.level, interval="wald")


def write(root: Path, out: Path | None, engine: str, progress: Progress) -> list[str]:
    """Estimates of all published waves, all digits, nothing withheld: for the study's own people. Returns lines to print."""
    study = study_folder.read(root)
    tables = []
    for name in study.published_waves:
        progress(f"estimating {name}")
        wave = prepare(study, name)
        tables.append(table(estimates(study, wave, engine=engine), name, "all"))
    found = pl.concat(tables)
    return [f"{found.height} estimates of {len(tables)} waves. Not for publication: nothing is withheld.", *put(found, out)]


def put(found: pl.DataFrame, out: Path | None) -> list[str]:
    """Estimates written to ``out``, all columns and digits; or the main ones as lines to print."""
    if out is None:
        whole = found.filter((pl.col("domain") == "all") & pl.col("measure").is_in(["band", "index", "mean"]))
        shown = whole.select("wave", "item", "measure", "category", "n", "estimate", "se", "low", "high").with_columns(pl.col(pl.Float64).round(4))
        with pl.Config(tbl_rows=-1, tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True, tbl_cols=-1, tbl_width_chars=140):
            return [str(shown)]
    if out.suffix not in (".csv", ".parquet"):
        raise wrong("unknown-format", f"{out.name} is neither .csv nor .parquet", "give a file that ends in one of them", file=out)
    beside = out.with_name(f".{out.name}.new")
    if out.suffix == ".csv":
        beside.write_bytes(found.with_columns(pl.col(pl.Float64).round_sig_figs(12)).write_csv(line_terminator="\n").encode("utf-8"))
    else:
        found.write_parquet(beside)
    beside.replace(out)
    return [f"written to {out}"]
