"""``royst init``: a study folder from an existing file of answers, with the scales that its own labels name."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from royst.answers import labels as label_files
from royst.answers import readers, waves
from royst.answers.columns import Matched, ascii_letters, form_name
from royst.answers.readers import Table
from royst.answers.variables import MOST_UNLABELLED, answered, looks_like_id, variable
from royst.errors import Faults, wrong
from royst.evaluation.bring import rows as bring_rows
from royst.evaluation.check import Report, counted, typed
from royst.study import draft, folder
from royst.study.draft import Draft, DraftItem, DraftList


def init(
    target: Path,
    source: Path,
    labels: Path | None = None,
    wave_column: str | None = None,
    unit_column: str | None = None,
    weight_column: str | None = None,
    id_column: str | None = None,
    language: str = "en",
) -> Report:
    """Make the study folder ``target`` from the answers in ``source``.

    Value labels come from the file (SPSS, Stata) or from ``labels`` (CSV with columns variable and label). Each distinct set of value labels becomes a choice list; a
    wave's questionnaire has the items that anybody answered in it, with labels in ``language`` (nb, nn or en). Value labels of the unit's column become
    the names of units in ``frame.csv``, those of the wave's column the waves' labels.
    Raises ``InputError``, with nothing written, where the target is taken, a file or column is missing, rows have no wave, or not one row of a wave stands.
    """
    target = Path(target)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise wrong(
            "folder-taken", f"{target} is there and is not empty", "name a folder that is not there yet", file=target
        )
    table = readers.read(Path(source))
    said = [f"{table.name}: {words}" for words in table.said]
    if labels is not None:
        table, more = _labelled(table, Path(labels))
        said += more
    _check_columns(
        table,
        {
            "--wave-column": wave_column, "--unit-column": unit_column, "--weight-column": weight_column, "--id-column": id_column,
        },
    )  # fmt: skip
    parts = waves.waves(table, wave_column)
    keys = {column: column for column in (id_column, unit_column, weight_column) if column}
    reserved = {*keys, *([wave_column] if wave_column else [])}
    found = _items(table, parts, [column for column in table.frame.columns if column not in reserved], reserved)
    said += found.said
    called = table.values.get(wave_column or "", {})
    plan = Draft(
        _identifier(target), " ".join(target.resolve().name.split()) or "study", table.name, language, {wave: called.get(wave, wave) for wave in parts}, found.items,
        found.lists, unit_column, weight_column, id_column, wave_column,
    )  # fmt: skip
    with _whole(target) as place:
        (place / "study.toml").write_text(draft.toml(plan), encoding="utf-8", newline="\n")
        if unit_column:
            said += _frame(table, unit_column, folder.Folder(place).frame)
        for wave in parts:
            path = folder.Folder(place).questionnaire(wave)
            path.parent.mkdir(parents=True)
            draft.questionnaire(plan, wave, path)
        study = folder.read(place)
        for wave, rows in parts.items():
            part = replace(waves.part(table, rows), said=())
            items = {item.name: found.columns[item.name] for item in plan.items if wave in item.waves}
            said += bring_rows(study, wave, part, Matched({**keys, **items})).lines
    said.append(
        f"{target}: {counted(len(plan.items), 'item')}, {counted(len(plan.lists), 'choice list')}, {counted(len(parts), 'wave')}; "
        f"decide what stands behind # in study.toml, then run royst check {typed(target)}"
    )
    return Report(said)


def _labelled(table: Table, path: Path) -> tuple[Table, list[str]]:
    """The table with labels of a labels file; and which of them could not be used."""
    found = label_files.read(path)
    there = set(table.frame.columns)
    said = [
        f"{path.name}: the values in the label of {name} could not be read, so it has none: {label}"
        for name, label in found.unread.items()
    ]
    groups = (
        ("without a label, called by their names", [name for name in found.unlabelled if name in there]),
        (
            "labels of variables that the file lacks",
            [name for name in (*found.labels, *found.unlabelled) if name not in there],
        ),
        (
            "not in the labels file, called by their names",
            [
                name
                for name in table.frame.columns
                if name not in found.labels and name not in found.unlabelled and name not in table.labels
            ],
        ),
    )
    said += [f"{path.name}: {what}: {', '.join(names)}" for what, names in groups if names]
    return replace(table, labels={**table.labels, **found.labels}, values={**table.values, **found.values}), said


def _check_columns(table: Table, named: Mapping[str, str | None]) -> None:
    faults = Faults()
    for option, column in named.items():
        if column is not None and column not in table.frame.columns:
            shown = ", ".join(table.frame.columns[:20]) + (" …" if len(table.frame.columns) > 20 else "")
            faults.add(
                "missing-column",
                f"{option} names {column!r}, which the file lacks",
                f"the file has: {shown}",
                file=table.name,
                row=1,
                column=column,
            )
    faults.stop()


def _frame(table: Table, column: str, path: Path) -> list[str]:
    """``frame.csv`` of the units that the file has names for, and those of its answers that it has none for; nothing where it names none."""
    names = table.values.get(column, {})
    if not any(said != code for code, said in names.items()):
        return []
    there = [code.strip() for code in table.frame[column].drop_nulls().unique(maintain_order=True).to_list()]
    units = dict.fromkeys([*names, *sorted(set(there) - set(names))])
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerows([("unit", "name"), *((unit, names.get(unit) or unit) for unit in units)])
    return [f"the labels of {column} are the names of {len(units)} units in frame.csv; units that are not in it are refused"]


@dataclass(frozen=True)
class _Found:
    """``columns``: item to the file's column."""

    items: tuple[DraftItem, ...]
    lists: tuple[DraftList, ...]
    columns: Mapping[str, str]
    said: list[str]


def _items(table: Table, parts: Mapping[str, pl.Series], columns: list[str], reserved: set[str]) -> _Found:
    items: list[DraftItem] = []
    lists: dict[tuple[tuple[tuple[str, str], ...], tuple[str, ...]], str] = {}
    used: dict[str, list[str]] = {}
    renamed: dict[str, str] = {}
    said: list[str] = []
    silent: list[str] = []
    bare: dict[str, list[str]] = {}
    chosen: list[str] = []
    ids: list[str] = []
    for column in columns:
        there = answered(table, column)
        asked = tuple(wave for wave, rows in parts.items() if (there & rows).any())
        if not asked:
            silent.append(column)
            continue
        found = variable(table, column)
        name = _free(form_name(column), set(renamed) | reserved)
        renamed[name] = column
        kind = found.kind
        if kind == "one":
            key = (tuple(found.choices.items()), found.apart)
            if key not in lists:
                lists[key] = _list_name(list(found.choices.values()), set(lists.values()))
            used.setdefault(lists[key], []).append(name)
            kind = f"select_one {lists[key]}"
            if found.bare:
                bare.setdefault(", ".join(found.bare), []).append(f"{column} ({sum(found.bare.values())})")
        elif kind == "text" and (number := _repeated(table, column)):
            chosen.append(f"{column} ({number})")
        elif kind == "integer" and all(looks_like_id(table.frame[column].filter(rows & there)) for rows in parts.values()):
            ids.append(column)
        items.append(DraftItem(name, kind, found.label, asked))
    said += [
        f"the column {column} is called {name} in the questionnaire"
        for name, column in renamed.items()
        if name != column
    ]
    said += [
        f"values without a label stand as choices called by the value: {codes} of {', '.join(columns)}"
        for codes, columns in bare.items()
    ]
    if chosen:
        said.append(
            f"texts with few values, which are not counted as they stand: {', '.join(chosen)}; where they are answers to choose from, "
            "name them in a labels file (--labels), as: Sex (1=Man, 2=Woman)"
        )
    if ids:
        said.append(f"every answer has a value of its own, as ids have: {', '.join(ids)}; name one with --id-column, or say role = \"hidden\" under [items.NAME]")
    if silent:
        said.append(f"nobody answered, left out: {', '.join(silent)}")
    drafted = tuple(
        DraftList(name, dict(choices), apart, tuple(used[name])) for (choices, apart), name in lists.items()
    )
    return _Found(tuple(items), drafted, renamed, said)


def _repeated(table: Table, column: str) -> int:
    """How many values the texts of a column have, where they are so few that they may be choices; else 0."""
    found = table.frame[column].drop_nulls().str.strip_chars()
    values = found.n_unique()
    return values if 1 < values <= MOST_UNLABELLED and 3 * values <= len(found) else 0


def _list_name(said: list[str], taken: set[str]) -> str:
    """A name for a choice list by its ends: ``very_poor_to_excellent``."""
    ends = [
        re.sub(r"[^a-z0-9]+", "_", ascii_letters(label.lower())).strip("_")[:24].strip("_") for label in (said[0], said[-1])
    ]
    name = (
        "_to_".join(end for end in ends if end) if len(said) > 2 else "_".join(end for end in ends[: len(said)] if end)
    )
    return _free(name if re.match(r"[a-z]", name) else f"scale_{name}".rstrip("_"), taken)


def _free(name: str, taken: set[str]) -> str:
    number, free = 2, name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free


def _identifier(target: Path) -> str:
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", ascii_letters(target.resolve().name)).strip("-")
    return name or "study"


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """A folder beside the target that takes its name when the block ends well and is removed when it fails."""
    place = target.resolve().parent / f".{target.resolve().name}.royst-new"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        yield place
        if target.exists():
            target.rmdir()
        place.rename(target)
    except PermissionError as error:
        raise wrong(
            "no-write-permission",
            f"the folder cannot be written to: {error.filename}",
            "give yourself write permission to it, or name another place",
            file=target,
        ) from None
    except (FileExistsError, NotADirectoryError) as error:
        raise wrong(
            "not-a-folder",
            f"a file stands where a folder is needed: {error.filename}",
            "name another place",
            file=target,
        ) from None
    finally:
        shutil.rmtree(place, ignore_errors=True)
