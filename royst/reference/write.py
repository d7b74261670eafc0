"""The reference study as a folder: written beside, then moved into place."""

from __future__ import annotations

import csv
import io
import re
import shutil
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import polars as pl

from royst.errors import wrong
from royst.reference import answers, population, questionnaire, sampling
from royst.reference.interviews import write as interviews
from royst.reference.people import people
from royst.study.folder import Folder

COPIED = ("texts", "sources", "pictures")
GATE = re.compile(r"\$\{(\w+)\} = '(\w+)'")


def write(folder: Path, progress: Callable[[str], None] | None = None) -> None:
    """Write the whole reference study into ``folder`` (absent or empty). The same files, to the byte, on every run.

    Raises ``InputError`` where the folder holds anything already.
    """
    say = progress or (lambda text: None)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise wrong("folder-taken", f"{folder} holds something else", "name an empty or a new folder", file=folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = folder.parent / f".{folder.name}.part"
    if beside.exists():
        shutil.rmtree(beside)
    beside.mkdir()
    try:
        _fill(Folder(beside), say)
        if folder.exists():
            folder.rmdir()
        beside.rename(folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _fill(to: Folder, say: Callable[[str], None]) -> None:
    package = resources.files(__package__)
    to.study_toml.write_bytes(package.joinpath("study.toml").read_bytes())
    for name in COPIED:
        _copy(package.joinpath(name), to.root / name)
    asked, targets = _data("questionnaire.toml"), dict(_data("targets.toml"))
    seed = targets["seed"]
    units = population.units(seed)
    _csv(to.frame, frame_rows(units))
    drawn: dict[str, list[sampling.Drawn]] = {}
    before: list[sampling.Drawn] = []
    for wave in population.YEARS:
        before = drawn[wave] = sampling.draw(seed, units, wave, before)
    themes = {item: theme for theme, part in _data("study.toml")["themes"].items() for item in part["items"]}
    who = {wave: people(seed, wave, drawn[wave], targets["background"]) for wave in population.YEARS}
    targets["found_shifts"] = answers.headline_shifts(seed, who[answers.CALIBRATED], themes[answers.HEADLINE], targets)
    for wave in population.YEARS:
        say(f"reference study: {wave}")
        to.wave(wave).mkdir(parents=True)
        questionnaire.write(asked, wave, to.questionnaire(wave))
        _csv(to.sample(wave), sample_rows(drawn[wave]))
        questions = questionnaire.asked(asked, wave)
        gates = {question["name"]: _gate(question["relevant"]) for question in questions if question.get("relevant")}
        table = answers.answers(seed, who[wave], [question["name"] for question in questions], themes, targets, gates)
        _parquet(table, to.answers(wave))
    say("reference study: interviews")
    interviews.write(to.root)


@cache
def _data(name: str) -> Mapping[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath(name).read_text(encoding="utf-8"))


def _gate(relevant: str) -> tuple[str, str]:
    found = GATE.fullmatch(relevant)
    assert found is not None, relevant
    return found[1], found[2]


def _copy(source: Traversable, to: Path) -> None:
    to.mkdir()
    for part in sorted(source.iterdir(), key=lambda part: part.name):
        if part.is_file() and not part.name.startswith("_"):
            (to / part.name).write_bytes(part.read_bytes())


def frame_rows(units: Sequence[population.Unit]) -> list[list[str]]:
    rows = [["frame_year", "unit", "name", "region", "size", "users", "succeeded_by", "inhabitants"]]
    for year in population.YEARS:
        for unit in units:
            if year in unit.users:
                rows.append(
                    [
                        year,
                        unit.id,
                        unit.name,
                        unit.region,
                        unit.size,
                        str(unit.users[year]),
                        unit.succeeded_by,
                        str(unit.inhabitants),
                    ]
                )
    return rows


def sample_rows(drawn: Sequence[sampling.Drawn]) -> list[list[str]]:
    rows = [["unit", "stratum", "inclusion", "status", "replaces", "panel"]]
    for row in drawn:
        rows.append(
            [
                row.unit.id,
                row.stratum,
                f"{row.inclusion:.9f}",
                row.status,
                row.replaces,
                "true" if row.panel else "false",
            ]
        )
    return rows


def _csv(path: Path, rows: Sequence[Sequence[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    path.write_bytes(text.getvalue().encode("utf-8"))


def _parquet(table: pl.DataFrame, path: Path) -> None:
    table.write_parquet(path, compression="zstd", compression_level=3, statistics=False, row_group_size=100_000)
