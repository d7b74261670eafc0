"""``study.toml`` into its sections, every fault with its line."""

from __future__ import annotations

import re
import tomllib
import types
from collections.abc import Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from royst.errors import Faults
from royst.study import agreement
from royst.study import places as toml_places
from royst.study.design import Languages
from royst.study.places import dotted, line_of
from royst.study.plan import StudyFile
from royst.study.units import unsafe

NAME = "study.toml"
FORMAT = 1
LANGUAGES = ("nb", "nn", "en")

Places = Mapping[toml_places.Path, int]


def read(path: Path, faults: Faults) -> tuple[StudyFile | None, Places]:
    """The sections, or None where ``faults`` say why not; and the line of each key."""
    text = _text(path, faults)
    if text is None:
        return None, {}
    places = toml_places.lines(text)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = re.search(r"\(at line (\d+)", str(error))
        todo = "mend the line; texts stand in quotation marks, and a table is named once"
        faults.add(
            "broken-toml", f"the file is not TOML: {error}", todo, file=NAME, row=int(match[1]) if match else None
        )
        return None, places
    if not _right_format(content, places, faults):
        return None, places
    try:
        file = StudyFile.model_validate(content)
    except ValidationError as error:
        for one in error.errors():
            _fault(one, places, faults)
        return None, places
    _check_design(file, places, faults)
    _check_names(file, places, faults)
    agreement.check(file, places, faults)
    _check_languages(file, places, faults)
    return file, places


def _text(path: Path, faults: Faults) -> str | None:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        todo = "name a study folder; `royst init` makes one from a file, `royst demo` an example"
        faults.add(
            "missing-file",
            f"{path.parent} is no study folder: it has no study.toml"
            if path.parent.is_dir()
            else f"there is no folder {path.parent}",
            todo,
            file=NAME,
        )
    except PermissionError:
        faults.add("file-not-readable", "you may not read this file", "give yourself read permission to it", file=NAME)
    except UnicodeDecodeError as error:
        faults.add("unknown-encoding", f"the file is not UTF-8 (byte {error.start})", "save it as UTF-8", file=NAME)
    except NotADirectoryError:
        faults.add("missing-file", f"{path.parent} is a file", "name the study folder", file=NAME)
    return None


def _right_format(content: Mapping[str, Any], places: Places, faults: Faults) -> bool:
    found = content.get("format")
    if found == FORMAT and isinstance(found, int) and not isinstance(found, bool):
        return True
    if found is None:
        faults.add(
            "study-format",
            "the file does not say its format",
            f"write format = {FORMAT} as its first line",
            file=NAME,
            row=1,
            column="format",
        )
    elif isinstance(found, int) and found > FORMAT:
        found_said = f"the study has format {found}; this Røyst reads format {FORMAT}"
        faults.add(
            "study-format",
            found_said,
            "install a newer Røyst",
            file=NAME,
            row=line_of(places, ("format",)),
            column="format",
        )
    else:
        found_said = f"the study's format is {found!r}; this Røyst reads format {FORMAT}"
        faults.add(
            "study-format",
            found_said,
            "run `royst migrate` on the folder, or mend the number",
            file=NAME,
            row=line_of(places, ("format",)),
            column="format",
        )
    return False


def _fault(error: Any, places: Places, faults: Faults) -> None:
    """One of pydantic's errors in words for the person who writes the file."""
    path = tuple(error["loc"])
    kind, given = error["type"], error.get("input")
    if kind == "extra_forbidden":
        known = sorted(_fields(path[:-1]))
        near = get_close_matches(str(path[-1]), known, 1)
        code, found = "unknown-key", f"there is no key {path[-1]!r} here"
        todo = f"did you mean {near[0]!r}?" if near else f"the keys are: {', '.join(known)}"
    elif kind == "missing":
        code, found, todo = (
            "missing-key",
            f"the key {path[-1]!r} is missing",
            f"add it under {dotted(path[:-1]) or 'the top of the file'}",
        )
    elif kind == "literal_error":
        code, found, todo = "unknown-value", f"the value is {given!r}", f"use one of {error['ctx']['expected']}"
    elif kind in ("dict_type", "model_type", "model_attributes_type") and not isinstance(given, dict):
        todo = (
            'texts are given by language: { nb = "…", en = "…" }' if isinstance(given, str) else "write it as a table"
        )
        code, found = "wrong-kind", f"the value is {given!r}, and a table is needed"
    elif kind == "list_type":
        code, found, todo = "wrong-kind", f"the value is {given!r:.80}, and a list is needed", 'write it in brackets: ["…", "…"]'
    elif kind == "string_type":
        code, found = "wrong-kind", f"the value is {given!s:.80}, and a text is needed"
        todo = f'write it in quotation marks: "{given}"' if isinstance(given, int | float | date) and not isinstance(given, bool) else 'write it in quotation marks: "…"'
    else:
        code, found, todo = (
            "wrong-value",
            f"the value {given!r:.80} does not do",
            str(error["msg"]).removeprefix("Value error, "),
        )
    faults.add(code, found, todo, file=NAME, row=line_of(places, path), column=dotted(path))


def _fields(path: tuple[Any, ...]) -> set[str]:
    """The keys that the section at ``path`` may have."""
    kind: Any = StudyFile
    for part in path:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = kind.model_fields.get(part)
            kind = _inner(field.annotation) if field else None
        else:
            arguments = get_args(kind)
            kind = _inner(arguments[-1]) if arguments else None
    return set(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else set()


def _inner(kind: Any) -> Any:
    """A type without the None it may be."""
    if get_origin(kind) in (Union, types.UnionType):
        return next(part for part in get_args(kind) if part is not type(None))
    return kind


def _check_design(file: StudyFile, places: Places, faults: Faults) -> None:
    def fault(code: str, found: str, todo: str, path: toml_places.Path) -> None:
        faults.add(code, found, todo, file=NAME, row=line_of(places, path), column=dotted(path))

    design, plan = file.design, file.plan
    if design.sampled and not design.unit:
        fault(
            "no-unit",
            "the study is sampled and names no unit column",
            "name the column of the unit, or say sampled = false",
            ("design", "unit"),
        )
    if design.weight_basis == "given" and not design.weight:
        fault(
            "no-weight",
            'weight_basis is "given" and no weight column is named',
            'write weight = "…"',
            ("design", "weight_basis"),
        )
    if design.weight_basis == "known" and not design.sampled:
        fault(
            "not-sampled",
            'weight_basis is "known" and the study is not sampled',
            'known weights come from frame.csv and sample.csv; use "as_came" or "given"',
            ("design", "weight_basis"),
        )
    if design.strata and not design.sampled:
        fault(
            "not-sampled",
            "strata are a column of sample.csv, and the study is not sampled",
            "remove strata, or say sampled = true",
            ("design", "strata"),
        )
    for key, value, low, high in (("level", plan.level, 0.5, 0.999), ("margin", plan.margin, 0.0, 100.0)):
        if not low < value <= high:
            fault(
                "out-of-range", f"{key} is {value:g}", f"it lies above {low:g} and is at most {high:g}", ("plan", key)
            )
    for key, number in (("min_answers", plan.min_answers), ("min_units", plan.min_units)):
        if number < 1:
            fault("out-of-range", f"{key} is {number}", "it is at least 1", ("plan", key))
    for name, index in file.indices.items():
        if not 0 < index.at_least <= 1:
            fault(
                "out-of-range",
                f"at_least is {index.at_least:g}",
                "it is a part of the items: above 0 and at most 1",
                ("indices", name, "at_least"),
            )
    if not any(wave.role == "published" for wave in file.waves.values()):
        fault("no-wave", "no wave is published", "add a wave, such as [waves.2019]", ("waves",))


def _check_names(file: StudyFile, places: Places, faults: Faults) -> None:
    for path, name in ((("id",), file.id), *((("waves", wave), wave) for wave in file.waves)):
        why = unsafe(name)
        if why:
            faults.add(
                "unsafe-name",
                f"the name {name!r} cannot be used: {why}",
                "it becomes a folder's name: use letters and digits",
                file=NAME,
                row=line_of(places, path),
                column=dotted(path),
            )


def texts(section: Any, path: toml_places.Path = ()) -> Iterator[tuple[toml_places.Path, Mapping[str, str]]]:
    """Every text by language in a section and those below it, with its path."""
    if isinstance(section, BaseModel):
        for name, field in type(section).model_fields.items():
            value = getattr(section, name)
            if field.annotation == Languages:
                yield (*path, name), value
            else:
                yield from texts(value, (*path, name))
    elif isinstance(section, dict):
        for key, value in section.items():
            yield from texts(value, (*path, key))
    elif isinstance(section, list):
        for place, value in enumerate(section):
            yield from texts(value, (*path, place))


def _check_languages(file: StudyFile, places: Places, faults: Faults) -> None:
    for path, said in texts(file):
        row, column = line_of(places, path), dotted(path)
        for language in said:
            if language not in LANGUAGES:
                found = f"there is no language {language!r}"
                faults.add("unknown-language", found, f"use {', '.join(LANGUAGES)}", file=NAME, row=row, column=column)
        missing = [language for language in file.languages if not said.get(language)]
        if said and missing:
            found, todo = f"no text in {', '.join(missing)}", "write it, or people who read that language see another"
            faults.add("missing-label", found, todo, file=NAME, row=row, column=column, level="warning")
