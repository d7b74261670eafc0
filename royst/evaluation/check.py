"""``royst check``: every fault of a study at once, and what its answers are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from royst.answers import columns, conform, groups, store
from royst.answers.conform import Conformed, Refusal
from royst.answers.readers import Table
from royst.errors import Fault, Faults, InputError
from royst.evaluation import talks
from royst.interviews import coreq
from royst.protect.rules import chosen
from royst.study import folder
from royst.study.expression import text
from royst.study.folder import Study

SHOWN = 20


@dataclass(frozen=True)
class Report:
    """What a verb did: lines to print, in order, and the warnings among them."""

    lines: list[str]
    warnings: tuple[Fault, ...] = field(default=())


def check(root: Path) -> Report:
    """Read the whole study and its answers. Raises ``InputError`` with every fault; the report says what was found, warnings last."""
    study = folder.read(root)
    faults = Faults(list(study.warnings))
    try:
        chosen(study.file.plan.rule_set, study.file.plan.loosened_because)
    except InputError as stop:
        faults.extend(stop.faults)
    lines = [
        f"{_title(study)}: format {study.file.format}, {len(study.waves)} waves, {', '.join(study.file.languages)}"
    ]
    outside: dict[str, dict[str, dict[str, int]]] = {}
    for wave in study.waves:
        lines += _wave(study, wave, faults, outside)
    _outside(outside, faults)
    for name in study.file.releases:
        lines += _interviews(study, name, faults)
    if faults.errors:
        raise InputError(faults)
    lines += [str(fault) for fault in faults]
    lines.append(f"no faults, {len(faults)} {'warning' if len(faults) == 1 else 'warnings'}")
    return Report(lines, tuple(faults))


def _interviews(study: Study, name: str, faults: Faults) -> list[str]:
    """The sub-studies that a release carries, held against the study."""
    try:
        found = talks.carried(study, name)
    except InputError as stop:
        faults.extend(replace(fault, level="warning") if fault.code == "sealed" else fault for fault in stop.faults)
        return []
    lines = []
    for part in found:
        faults.extend(talks.loose_links(study, part.substudy.store))
        file, missing = part.substudy.file, coreq.missing(part.points[study.file.languages[0]])
        lines.append(f"interviews {file.id} in release {name}: {len(part.people)} participants, {len(part.themes)} themes, {len(part.quotes)} approved quotes")
        if missing:
            said = f"sub-study {file.id}: nothing answers points {', '.join(map(str, missing))} of COREQ"
            faults.add("coreq-missing", said, "write them under [method] and [[researchers]]", file=study.folder.within(part.substudy.store.path("substudy.toml")), level="warning")
    return lines


def _title(study: Study) -> str:
    return next(
        (study.file.title[language] for language in ("en", *study.file.languages) if language in study.file.title),
        study.file.id,
    )


def _outside(found: dict[str, dict[str, dict[str, int]]], faults: Faults) -> None:
    """One warning a group: how many answers of each wave are in no category, and which values they gave."""
    for name, waves in found.items():
        counted = ", ".join(f"{sum(counts.values())} of wave {wave}" for wave, counts in waves.items())
        values = sorted({value for counts in waves.values() for value in counts})
        shown = ", ".join(values[:8]) + (" …" if len(values) > 8 else "")
        said = f"answers that are in no category of group {name!r}: {counted}; their values: {shown}"
        faults.add(
            "outside-categories",
            said,
            "they belong to none; add a category if they should",
            file="study.toml",
            column=f"groups.{name}",
            level="warning",
        )


def _wave(study: Study, wave: str, faults: Faults, outside: dict[str, dict[str, dict[str, int]]]) -> list[str]:
    instrument = study.instruments[wave]
    asked = f"wave {wave}: {len(instrument.answered)} items in {', '.join(instrument.languages)}"
    if not store.exists(study, wave):
        return [f"{asked}; no answers yet"]
    path = study.folder.within(study.folder.answers(wave))
    try:
        answers = store.read(study, wave)
    except InputError as stop:
        faults.extend(stop.faults)
        return [asked]
    if answers.frame.height == 0:
        faults.add("empty-wave", f"wave {wave} has no answers", "bring them in with royst import", file=path)
        return [asked]
    found = again(study, wave, answers.frame)
    for refusal in found.refusals[:SHOWN]:
        faults.add(
            "refused-answer",
            f"{refusal.found!r} {refusal.reason}",
            "bring the answers in again with royst import",
            file=path,
            row=refusal.row,
            column=refusal.column,
        )
    if len(found.refusals) > SHOWN:
        faults.add(
            "refused-answer",
            f"{len(found.refusals) - SHOWN} more answers do not fit",
            "bring them in again with royst import",
            file=path,
        )
    for name, count in found.skipped.items():
        faults.add(
            "answered-though-skipped",
            f"{count} answers to {name!r}, which the questionnaire skips there",
            "they are kept, and left out where only those asked count",
            file=path,
            column=name,
            level="warning",
        )
    for name, counts in groups.outside(study, wave, answers.frame).items():
        outside.setdefault(name, {})[wave] = counts
    _strata(study, wave, answers.frame, path, faults)
    lines = [f"{asked}; {answers.frame.height} answers{_units(study, answers.frame)}"]
    if answers.carried:
        keyed = answers.frame.select(
            pl.any_horizontal(pl.col(name).is_not_null() for name in answers.carried)
        ).to_series()
        lines.append(
            f"  background carried to {int(keyed.sum())} of {answers.frame.height}: {', '.join(answers.carried)}"
        )
    return lines


def _units(study: Study, frame: pl.DataFrame) -> str:
    column = study.psu_column
    return f" from {frame[column].n_unique()} values of {column}" if column else ""


def _strata(study: Study, wave: str, frame: pl.DataFrame, path: str, faults: Faults) -> None:
    """Strata of which the answers come from one primary sampling unit alone."""
    design = study.file.design
    if not design.strata or wave not in study.samples or not study.psu_column or not study.unit_column:
        return
    strata = study.samples[wave].select(pl.col("unit").alias(study.unit_column), "stratum")
    counts = (
        frame.select(list(dict.fromkeys((study.unit_column, study.psu_column))))
        .join(strata, on=study.unit_column)
        .group_by("stratum")
        .agg(pl.col(study.psu_column).n_unique().alias("psus"))
    )
    already = set(study.singletons(wave))
    for stratum in sorted(counts.filter(pl.col("psus") == 1)["stratum"].to_list()):
        if stratum in already:
            continue
        stops = design.singleton == "fail"
        todo = (
            'say how it counts: [design] singleton = "adjust", "average", "certainty" or "collapse"'
            if stops
            else f'it counts as [design] singleton = "{design.singleton}" says'
        )
        faults.add(
            "stratum-with-one-unit",
            f"the answers of stratum {stratum!r} come from one unit",
            todo,
            file=path,
            column=design.strata,
            level="error" if stops else "warning",
        )


def again(study: Study, wave: str, frame: pl.DataFrame) -> Conformed:
    """Stored answers held against the study once more, as if they came in a file."""
    own = store.schema(study, wave)
    texts = pl.DataFrame([_texts(frame[name]) for name in own])
    table = Table(study.folder.within(study.folder.answers(wave)), texts, tuple(range(1, frame.height + 1)))
    return conform.conform(study, wave, table, columns.Matched({name: name for name in own}))


def _texts(column: pl.Series) -> pl.Series:
    if not column.dtype.is_float():
        return column.cast(pl.String)
    values = column.drop_nulls().unique()
    return (
        column.replace_strict(values, [text(value) for value in values.to_list()], default=None, return_dtype=pl.String)
        if len(values)
        else column.cast(pl.String)
    )


def summed(refusals: Iterable[Refusal]) -> list[str]:
    """Refusals counted by column and reason, most frequent first."""
    counts = Counter(
        (
            refusal.column,
            refusal.reason if "the id stands in row" not in refusal.reason else "the id stands in other rows too",
        )
        for refusal in refusals
    )
    return [
        f"{count} × {column}: {reason}"
        for (column, reason), count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
