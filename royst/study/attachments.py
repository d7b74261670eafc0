"""Files that a study names or holds beside its tables: pictures, other surveys' figures, prose that people signed."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path

from royst.errors import Faults, InputError
from royst.study import delimited, places
from royst.study.paths import Folder
from royst.study.plan import SourceSection, StudyFile

SOURCE = ("id", "value", "citation")
_PLACE = re.compile(r"\{([A-Za-z0-9_\-]+)(?:\.[a-z0-9_]+)?\}")


def check(folder: Folder, file: StudyFile, lines: Mapping[places.Path, int], faults: Faults) -> None:
    """Faults of every such file: missing or outside the folder, a source without its row, prose that names a finding that is not planned."""
    for place, source in enumerate(file.sources):
        path = folder.sources / source.file
        if _there(folder, path, ("sources", place, "file"), lines, faults):
            _check_source(folder, source, path, faults)
    for name, release in file.releases.items():
        if release.picture:
            _there(folder, folder.root / release.picture.file, ("releases", name, "picture", "file"), lines, faults)
    if folder.texts.is_dir():
        _check_texts(folder, file, faults)


def _there(folder: Folder, path: Path, where: places.Path, lines: Mapping[places.Path, int], faults: Faults) -> bool:
    row, column = places.line_of(lines, where), places.dotted(where)
    if not path.resolve().is_relative_to(folder.root.resolve()):
        found, todo = f"the file is outside the study folder: {path.name}", "put it in the study folder"
        faults.add("file-outside", found, todo, file="study.toml", row=row, column=column)
    elif not path.is_file():
        found, todo = f"there is no such file: {path.name}", f"put it at {folder.within(path)}, or mend the name"
        faults.add("missing-file", found, todo, file="study.toml", row=row, column=column)
    else:
        return True
    return False


def _check_source(folder: Folder, source: SourceSection, path: Path, faults: Faults) -> None:
    name = folder.within(path)
    try:
        table = delimited.read(path, name)
    except InputError as stop:
        faults.extend(stop.faults)
        return
    absent = [column for column in SOURCE if column not in table.header]
    for column in absent:
        found, todo = f"there is no column {column!r}", "the file has columns id, value (per cent), n and citation"
        faults.add("missing-column", found, todo, file=name, row=1, column=column)
    if absent:
        return
    at = {column: table.header.index(column) for column in table.header}
    rows = [(number, cells) for number, cells in zip(table.numbers, table.rows) if cells[at["id"]] == source.id]
    if len(rows) != 1:
        found = f"{len(rows)} rows have the id {source.id!r}"
        faults.add("source-row", found, "give the source one row", file=name, column="id")
    for number, cells in rows:
        if not 0 <= _number(cells[at["value"]]) <= 100:
            found = f"the value is {cells[at['value']]!r}"
            faults.add("source-value", found, "write it in per cent, 0 to 100", file=name, row=number, column="value")
        if "n" in at and cells[at["n"]] and not cells[at["n"]].isdigit():
            found = f"n is {cells[at['n']]!r}"
            faults.add("source-value", found, "write a whole number, or nothing", file=name, row=number, column="n")


def _number(said: str) -> float:
    try:
        return float(said)
    except ValueError:
        return math.nan


def _check_texts(folder: Folder, file: StudyFile, faults: Faults) -> None:
    """Each text is ``NAME.LANGUAGE.md`` in UTF-8, names planned findings alone, and stands in every language of the study."""
    known = {finding.id for finding in file.findings}
    languages: dict[str, set[str]] = {}
    for path in sorted(folder.texts.glob("*.md")):
        name = folder.within(path)
        stem, _, language = path.name.removesuffix(".md").rpartition(".")
        if not stem or language not in ("nb", "nn", "en"):
            found, todo = "the name does not say the language", "call it NAME.nb.md, NAME.nn.md or NAME.en.md"
            faults.add("text-name", found, todo, file=name)
            continue
        languages.setdefault(stem, set()).add(language)
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except UnicodeDecodeError:
            faults.add("unknown-encoding", "the text is not UTF-8", "save it as UTF-8", file=name)
            continue
        for row, line in enumerate(lines, start=1):
            for place in _PLACE.finditer(line):
                if place[1] not in known:
                    found = f"the text names {place[0]}, and study.toml plans no such finding"
                    faults.add("unknown-finding", found, "mend the name, or add it to [[findings]]", file=name, row=row)
    for stem, there in languages.items():
        missing = [language for language in file.languages if language not in there]
        if missing:
            found = f"the text {stem!r} is missing in {', '.join(missing)}"
            faults.add("missing-label", found, "write it; else those readers get none", file="texts", level="warning")
