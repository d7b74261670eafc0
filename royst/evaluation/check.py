"""``royst check``: every fault of a study at once, and what its answers are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import polars as pl

from royst.answers import columns, conform, groups, store
from royst.answers.conform import Conformed, Refusal
from royst.answers.readers import Table
from royst.answers.variables import looks_like_id
from royst.errors import Fault, Faults, InputError
from royst.evaluation import talks
from royst.evaluation.facts import measured
from royst.interviews import coreq
from royst.protect.rules import chosen
from royst.study import folder
from royst.study.draft import NOT_RELEVANT
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
        f"{_title(study)}: format {study.file.format}, {counted(len(study.waves), 'wave')}, {', '.join(study.file.languages)}"
    ]
    outside: dict[str, dict[str, dict[str, int]]] = {}
    for wave in study.waves:
        lines += _wave(study, wave, faults, outside)
    _outside(outside, faults)
    for name in study.file.releases:
        lines += _interviews(study, name, faults)
    if faults.errors:
        raise InputError(faults)
    _scores(study, faults)
    _unit_reports(study, faults)
    _lines(study, faults)
    lines += [str(fault) for fault in faults]
    lines += _next(study)
    lines.append(f"no faults, {counted(len(faults), 'warning')}")
    return Report(lines, tuple(faults))


def _scores(study: Study, faults: Faults) -> None:
    """Answers that count in means by a number that may be no score: those that seem to say that the question did not concern somebody, and codes far above the rest."""
    scales = {item.scale.name: item.scale for wave in study.published_waves for item in measured(study.instruments[wave], study) if item.scale is not None}
    for name, scale in scales.items():
        if name in study.file.scales and study.file.scales[name].scores:
            continue
        said = {choice.name: next(iter(choice.label.values()), "") for choice in scale.choices if choice.name in scale.substantive}
        scores = sorted(scale.scores.values())
        gap = next((high for low, high in pairwise(scores) if high - low > 1), None)
        odd = [code for code, label in said.items() if label.strip().casefold() in NOT_RELEVANT or (gap is not None and scale.scores[code] >= gap)]
        if odd:
            shown = ", ".join(f"{code} {said[code]} counts as {scale.scores[code]:g}" for code in odd)
            todo = "write it in not_relevant if it says that the question did not concern somebody, or give every answer its number in scores"
            faults.add("odd-score", f"in means of the scale {name!r}, {shown}", todo, file="study.toml", column=f"scales.{name}", level="warning")


def _unit_reports(study: Study, faults: Faults) -> None:
    """Releases that ask for reports to units of a study that does not name its units."""
    asked = [name for name, part in study.file.releases.items() if part.unit_reports]
    if asked and study.unit_column and study.frame is None:
        said = f"the study has no frame.csv, so no unit gets a report of its own in release {', '.join(asked)}"
        faults.add("no-unit-reports", said, "put frame.csv there with the columns unit and name, or say unit_reports = false", file="study.toml", column="releases", level="warning")


def _lines(study: Study, faults: Faults) -> None:
    """Waves of which no question continues an older one, though they ask some under the same names."""
    for place, wave in enumerate(study.waves):
        asked, before = study.instruments[wave].answered, {item.name for other in study.waves[:place] for item in study.instruments[other].answered}
        again = [item.name for item in asked if item.name in before]
        if again and not any(item.same_as for item in asked):
            shown = ", ".join(again[:5]) + (" …" if len(again) > 5 else "")
            said = f"no question continues one of an older wave, though some have their names: {shown}; so there is no change over time"
            todo = "write the older name in the column royst_same_as of each question that is asked as before"
            faults.add("no-line-over-time", said, todo, file=study.folder.within(study.folder.questionnaire(wave)), level="warning")


def _next(study: Study) -> list[str]:
    """What is left to do with a study that has no faults."""
    if not study.file.releases:
        return [f'no release is planned yet: write [releases."{study.waves[-1]}"] with its date and wave in study.toml']
    root, left = typed(study.folder.root), {name: part for name, part in study.file.releases.items() if not study.folder.release(name).exists()}
    waves = dict.fromkeys(wave for part in left.values() for wave in (part.wave, *part.earlier))
    steps = [f"royst import {root} --wave {wave} FILE" for wave in waves if not store.exists(study, wave)]
    steps += [f"royst release {root} --name {name}" for name in left]
    return [f"to do: {'; '.join(steps)}"] if steps else []


def counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def typed(path: Path) -> str:
    """A path as it is typed after a command: in quotation marks where it has spaces."""
    return f'"{path}"' if " " in str(path) else str(path)


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
    _ids(study, wave, answers.frame, path, faults)
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


def _ids(study: Study, wave: str, frame: pl.DataFrame, path: str, faults: Faults) -> None:
    """Numbers that look like ids, whose mean a release would publish."""
    for item in measured(study.instruments[wave], study):
        if study.file.waves[wave].role == "published" and item.kind == "number" and looks_like_id(frame[item.name].drop_nulls()):
            said = f"every answer to {item.name!r} is a whole number of its own, as ids are, and its mean would be published"
            todo = f'say [items.{item.name}] role = "hidden"; or name it as id under [design] and take it out of the questionnaires'
            faults.add("looks-like-id", said, todo, file=path, column=item.name, level="warning")


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
