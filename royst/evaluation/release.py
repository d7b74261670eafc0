"""``royst release``: estimate, protect, audit, publish. One release, made beside and then moved into place."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from royst import release as leaf
from royst.errors import wrong
from royst.estimation.estimate import Result
from royst.evaluation import (
    comparisons,
    estimate,
    facts,
    keys,
    onemix,
    panel,
    participation,
    priorities,
    publish,
    reports,
    reproduce,
    talks,
    units,
)
from royst.evaluation.estimate import Wave
from royst.interviews.report import SubstudyReport
from royst.protect import history
from royst.protect.candidate import Candidate, People, Scale
from royst.protect.protection import Protected, protect
from royst.protect.rounding import rounded
from royst.protect.rules import RuleSet, chosen, rule_set
from royst.publish import artefacts
from royst.release import Facts, Release
from royst.study import folder as study_folder
from royst.study.filters import filters
from royst.study.folder import Study
from royst.study.plan import ReleaseSection

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Estimated:
    """All that is known before protection: the waves, their results, and the frames that ask to be published."""

    waves: dict[str, Wave]
    results: dict[str, Result]
    reports: list[reports.Report]
    talks: list[SubstudyReport]
    candidate: Candidate


def release(root: Path, name: str, progress: Progress) -> list[str]:
    """Make release ``name`` of the study in ``root``. Returns lines to print.

    Made already from the same inputs, it is left as it is; from others, it is refused. Raises ``InputError``.
    """
    progress("reading the study")
    study = study_folder.read(root)
    declared = study.file.releases
    if name not in declared:
        known = ", ".join(declared) or "none yet"
        raise wrong("no-such-release", f"study.toml has no release {name!r}", f'write [releases."{name}"] with its date and wave in it, or name one of: {known}', file=study.folder.study_toml)
    secret = keys.key(study.folder)
    inputs = _inputs(study, name, secret)
    home = study.folder.release(name)
    if (home / "release" / "facts.json").exists():
        return _again(home, name, inputs)
    whole = history.read(study.folder.history, secret)
    history.complete(whole, study.folder.releases)
    ledger = whole.before(name)
    rules = chosen(study.file.plan.rule_set, study.file.plan.loosened_because)
    estimated = _estimated(study, name, rules, ledger, progress)
    progress("protecting")
    protected = protect(estimated.candidate, rules, ledger, progress)
    made = _release(study, name, estimated, protected, ledger, inputs)
    _put(study, name, made, estimated, protected, ledger, secret, progress)
    return [*_said(made), *publish.where_to_look(home)]


def _inputs(study: Study, name: str, secret: bytes) -> dict[str, str]:
    """Keyed hashes of every file the release rests on: the study's own, and those of the waves it shows and of background waves; of interviews one a sub-study."""
    shown = {*facts.shown_waves(study.file.releases[name]), *(wave for wave in study.waves if wave not in study.published_waves)}
    others = [study.folder.root / "interviews", *(study.folder.wave(wave) for wave in study.waves if wave not in shown)]
    files = [path for path in study.folder.inputs() if not any(path.is_relative_to(other) for other in others)]
    hashes = {study.folder.within(path): keys.keyed_hash(secret, path) for path in files if path.name != study.folder.refused("w").name}
    return {**hashes, **talks.inputs(study, name, secret)}


def _again(home: Path, name: str, inputs: dict[str, str]) -> list[str]:
    """The same inputs: nothing to do. Others: refused, naming the files that differ."""
    before = json.loads((home / "release" / "facts.json").read_text(encoding="utf-8"))["inputs"]
    differ = sorted(path for path in {*before, *inputs} if before.get(path) != inputs.get(path))
    if differ:
        raise wrong(
            "release-taken",
            f"release {name!r} was made from other inputs; different now: {', '.join(differ[:6])}{' …' if len(differ) > 6 else ''}",
            "what is published is never computed again, so it stands as it is; another wave gets a release of its own name in study.toml",
            file=home,
        )
    return [f"release {name} is already made from these inputs; nothing was changed", *publish.where_to_look(home)]


def _estimated(study: Study, name: str, rules: RuleSet, ledger: history.Ledger, progress: Progress) -> Estimated:
    """Estimate what this release shows. A wave of which something is out already is not put forward again: its published rows stand.

    Its answers are read all the same, for the covariance that units in both waves bring to a change.
    """
    section = study.file.releases[name]
    told = talks.carried(study, name)
    waves, results, tables = {}, {}, []
    for wave in facts.shown_waves(section):
        progress(f"estimating {wave}")
        waves[wave] = estimate.prepare(study, wave)
        results[wave] = estimate.estimates(study, waves[wave])
        if wave not in ledger.waves:
            tables.append(estimate.planned(study, estimate.table(results[wave], wave, "all", estimate.unweighted(study, waves[wave]))))
    if section.wave in ledger.waves:
        out = ", ".join(entry.name for entry in ledger.entries if section.wave in entry.waves)
        raise wrong(
            "wave-is-out", f"wave {section.wave} is published already, in {out}", "show it as an earlier wave of another release; its figures are never computed again",
            file=study.folder.study_toml,
        )  # fmt: skip
    own = waves[section.wave]
    assigned = reports.assigned(study, own, rules) if section.unit_reports else []
    own_people, report_table = reports.estimates(study, own, assigned)
    tables.append(report_table)
    progress("comparing")
    sources = facts.sources(study)
    changes = comparisons.comparisons(study, name, results, sources, ledger.published())
    lines = _lines(study, section, waves, results, changes, ledger)
    tables += [line.estimates for line in lines]
    changes = pl.concat([changes, *(line.changes for line in lines)])
    table = pl.concat(tables)
    candidate = Candidate(
        estimates=table,
        people=everybody(study, waves, table["wave"].unique(maintain_order=True).to_list(), {own.name: own_people}, lines, rules, ledger),
        changes=changes,
        priorities=priorities.with_room(priorities.priorities(study, own), table),
        continues=_continues(study, section.wave, waves),
        from_printed=partial(units.tables, study, own, assigned, rules),
        unprinted=tuple(line.pair.outside for line in lines if isinstance(line, panel.Line)),
        talks=tuple(talks.talk(part) for part in told),
    )
    return Estimated(waves, results, assigned, told, candidate)


def _continues(study: Study, wave: str, waves: dict[str, Wave]) -> dict[tuple[str, str], str]:
    return {
        (earlier, item.name): name
        for item in waves[wave].items
        for earlier, name in study.line(wave, item.name).items()
        if earlier in waves
    }


Line = panel.Line | onemix.Line


def _lines(study: Study, section: ReleaseSection, waves: dict[str, Wave], results: dict[str, Result], changes: pl.DataFrame, ledger: history.Ledger) -> list[Line]:
    """The release's own wave and the one before it once more: among those who took part both times, and with one mix of region and size where
    the release asks for it."""
    if not section.earlier:
        return []
    told = waves[section.wave], waves[section.earlier[0]], results, changes, ledger
    lines = [panel.line(study, *told), onemix.line(study, *told) if section.one_mix else None]
    return [line for line in lines if line is not None]


def everybody(
    study: Study, waves: dict[str, Wave], names: list[str], known: dict[str, pl.DataFrame], lines: Sequence[Line], rules: RuleSet, ledger: history.Ledger
) -> dict[str, People]:
    """The people behind every wave of ``names``, of which something is put forward. Of a wave that is out, those of its reports too. ``known``: people whose pools are named."""
    pairs = [line.pair for line in lines if isinstance(line, panel.Line)]
    mixes = [line.pair for line in lines if isinstance(line, onemix.Line)]
    found = {}
    for name in names:
        wave = waves[name]
        people = known.get(name)
        if people is None:
            people = reports.estimates(study, wave, reports.assigned(study, wave, rules))[0] if name in ledger.waves else wave.people
        marked = panel.populations(study, wave, waves, pairs, ledger)
        counted = onemix.counted(study, wave, waves, mixes, ledger)
        found[name] = _people(study, wave, pl.concat([people, marked, counted], how="horizontal"), marked.columns, counted.columns)
    return found


def _people(study: Study, wave: Wave, people: pl.DataFrame, populations: list[str], mixes: list[str]) -> People:
    """Who answered, as protection sees them."""
    numbers = tuple(item.name for item in wave.items if item.scale is None)
    scales = {
        item.name: Scale(item.scale.substantive, {band: tuple(names) for band, names in item.scale.bands.items()}, tuple(item.scale.not_relevant), dict(item.scale.scores))
        for item in wave.items
        if item.scale is not None
    }
    indices = {name: tuple(part for part in index.items if part in scales) for name, index in study.file.indices.items()}
    people = people.with_columns(_answered_index(study, name, parts, scales).alias(name) for name, parts in indices.items() if parts)
    groups = tuple(name for name in study.file.groups if name in people.columns)
    own = tuple(name for name in (estimate.UNIT, reports.POOL) if name in people.columns)
    columns = dict.fromkeys([*groups, *own, *scales, *numbers, *(name for name, parts in indices.items() if parts), estimate.WEIGHT, *populations, *mixes])
    return People(
        frame=people.select(list(columns)), groups=(*groups, *own), scales=scales, unit=estimate.UNIT if estimate.UNIT in people.columns else None,
        weight=estimate.WEIGHT, indices={name: parts for name, parts in indices.items() if parts}, populations={name: name for name in populations}, mixes={name: name for name in mixes},
        asked_when=filters(study.instruments[wave.name]),
    )  # fmt: skip


def _answered_index(study: Study, name: str, parts: tuple[str, ...], scales: dict[str, Scale]) -> pl.Expr:
    """Not null where a person answered enough of an index's items to count in it."""
    answered = pl.sum_horizontal(pl.col(part).is_in(scales[part].choices).fill_null(False).cast(pl.Int64) for part in parts)
    return pl.when(answered >= study.file.indices[name].at_least * len(parts)).then(answered).otherwise(None)


def _release(study: Study, name: str, estimated: Estimated, protected: Protected, ledger: history.Ledger, inputs: dict[str, str]) -> Release:
    section = study.file.releases[name]
    domains = {report.domain: report.facts.id for report in estimated.reports}
    every = rounded(protected.estimates)
    best = {item.name: next(iter(item.scale.bands)) for item in estimated.waves[section.wave].items if item.scale is not None and item.scale.bands}
    talks.check_stances(estimated.talks, every, section.wave, best)
    public = _with_earlier(every, ledger, facts.shown_waves(section)).filter(~pl.col("domain").str.contains(reports.OWN))
    own = every.filter(pl.col("domain").is_in(list(domains))).with_columns(pl.col("domain").replace_strict(domains, default=None, return_dtype=pl.String).alias("report"))
    singletons = [f"{wave}: {stratum}" for wave, part in estimated.waves.items() for stratum in part.singletons]
    substudies = talks.facts(estimated.talks, rule_set(study.file.plan.rule_set))
    told = facts.facts(study, name, reports=[report.facts for report in estimated.reports], substudies=substudies, singletons=singletons, inputs=inputs)
    changes = comparisons.corrected(study, _there(estimated.candidate.changes), _there(protected.changes))
    tables = {
        "estimates": leaf.table("estimates", public),
        "changes": leaf.table("changes", ledger.restore(rounded(changes), "changes")),
        "units": leaf.table("units", protected.from_printed["units"]),
        "priorities": leaf.table("priorities", rounded(_there(protected.priorities))),
        "participation": leaf.table("participation", participation.participation(study, estimated.waves)),
        "cells": leaf.table("cells", protected.cells.with_columns(pl.col("table").str.replace("by _unit", "by unit", literal=True))),
        "report_estimates": leaf.table("report_estimates", own),
        "report_units": leaf.table("report_units", rounded(protected.from_printed["report_units"])),
        **talks.tables(estimated.talks, protected.talks, study.file.languages),
    }
    return Release(told.model_copy(update={"certificate": protected.certificate}), tables, _files(study, section.picture.file if section.picture else None))


def _there(frame: pl.DataFrame | None) -> pl.DataFrame:
    """A frame that was put forward, and so comes back."""
    if frame is None:
        raise AssertionError("protection lost a table that was put forward")
    return frame


def _with_earlier(own: pl.DataFrame, ledger: history.Ledger, waves: list[str]) -> pl.DataFrame:
    """The release's rows, and behind them those that earlier releases published of the other waves it shows."""
    before = ledger.published()
    if before is None:
        return own
    out = leaf.table("estimates", before.filter(pl.col("wave").is_in(waves)).with_columns(pl.lit(leaf.PUBLISHED).alias("status")))
    return pl.concat([leaf.table("estimates", own), out])


def _files(study: Study, picture: str | None) -> dict[str, bytes]:
    if picture is None:
        return {}
    path = study.folder.root / picture
    if not path.is_file():
        raise wrong("missing-picture", f"the picture {picture!r} is not there", "put the file in the study folder, or take the picture out", file=study.folder.study_toml)
    return {path.name: path.read_bytes()}


def _put(
    study: Study, name: str, made: Release, estimated: Estimated, protected: Protected, ledger: history.Ledger, secret: bytes, progress: Progress
) -> None:
    """Write everything beside, enter it in the ledger, and move it into place: an interrupted run leaves nothing half-written."""
    home = study.folder.release(name)
    beside = home.with_name(f".{name}.making")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        beside.mkdir(parents=True)
        leaf.write(made, beside / "release")
        artefacts.publish(leaf.read(beside / "release"), beside, progress)  # from what is stored, as `royst publish` does
        people = estimated.candidate.people
        populations = {wave: part.frame.select(name for name in [*part.populations, *part.mixes] if not name.startswith(panel.OUT)) for wave, part in people.items()}
        reproduce.write(study, list(estimated.waves.values()), populations, beside / "check")
        with talks.unchanged(study, name, secret, made.facts.inputs):
            talks.mark(estimated.talks, protected.talks, name)
            history.record(
                study.folder.history, name=name, date=made.facts.date, rules=rule_set(study.file.plan.rule_set).label,
                estimates=rounded(protected.estimates), changes=made.tables["changes"], key=secret,
            )  # fmt: skip
            shutil.rmtree(home, ignore_errors=True)
            beside.rename(home)
    except PermissionError as fault:
        raise wrong("not-written", "the release cannot be written here", "give yourself write permission to the study folder", file=fault.filename or home) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _said(made: Release) -> list[str]:
    told: Facts = made.facts
    cells = made.tables["cells"]
    lines = [f"release {told.name}: wave {told.wave}, {len(told.reports)} reports to units and pools"]
    lines += [f"  {row['table']}: {row['published']} of {row['cells']} published" for row in cells.iter_rows(named=True)]
    if told.substudies:
        lines.append(f"  interviews: {', '.join(told.substudies)}; {made.tables['interview_quotes']['quote'].n_unique()} quotes")
    return [*lines, *(f"  stratum with one unit ({told.method.singleton}): {stratum}" for stratum in told.method.singletons)]
