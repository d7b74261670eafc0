"""``royst init``: a study folder from an existing file of answers, with the scales that its own labels name."""

from __future__ import annotations

import re
import shutil
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from royst.answers import labels as label_files
from royst.answers import readers
from royst.answers.columns import Matched
from royst.answers.readers import Table
from royst.answers.variables import answered, variable
from royst.errors import Faults, wrong
from royst.evaluation.bring import rows as bring_rows
from royst.evaluation.check import Report
from royst.study import draft, folder
from royst.study.draft import Draft, DraftItem, DraftList
from royst.study.units import unsafe


def init(
    target: Path,
    source: Path,
    labels: Path | None = None,
    wave_column: str | None = None,
    unit_column: str | None = None,
    weight_column: str | None = None,
    language: str = "en",
) -> Report:
    """Make the study folder ``target`` from the answers in ``source``.

    Value labels come from the file (SPSS, Stata) or from ``labels`` (CSV with columns variable and label). Each distinct set of value labels becomes a choice list; a
    wave's questionnaire has the items that anybody answered in it, with labels in ``language`` (nb, nn or en).
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
        table, {"--wave-column": wave_column, "--unit-column": unit_column, "--weight-column": weight_column}
    )
    waves = _waves(table, wave_column)
    reserved = {column for column in (wave_column, unit_column, weight_column) if column}
    found = _items(table, waves, [column for column in table.frame.columns if column not in reserved], reserved)
    said += found.said
    plan = Draft(
        _identifier(target), table.name, language, tuple(waves), found.items, found.lists, unit_column, weight_column
    )
    with _whole(target) as place:
        (place / "study.toml").write_text(draft.toml(plan), encoding="utf-8", newline="\n")
        for wave in waves:
            path = folder.Folder(place).questionnaire(wave)
            path.parent.mkdir(parents=True)
            draft.questionnaire(plan, wave, path)
        study = folder.read(place)
        for wave, rows in waves.items():
            part = replace(
                table,
                frame=table.frame.filter(rows),
                rows=tuple(row for row, kept in zip(table.rows, rows.to_list()) if kept),
                said=(),
            )
            keys = {column: column for column in (unit_column, weight_column) if column}
            items = {item.name: found.columns[item.name] for item in plan.items if wave in item.waves}
            said += bring_rows(study, wave, part, Matched({**keys, **items})).lines
    said.append(
        f"{target}: {len(plan.items)} items, {len(plan.lists)} choice lists, {len(waves)} waves; decide what stands behind # in study.toml, then run royst check {target}"
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


def _waves(table: Table, column: str | None) -> dict[str, pl.Series]:
    """Each wave and its rows, in order of time: by number where all names are numbers, else as they first appear."""
    if column is None:
        return {"1": pl.Series([True] * table.frame.height)}
    faults = Faults()
    names = table.frame[column].str.strip_chars()
    missing = [row for row, name in zip(table.rows, names.to_list()) if name is None]
    for row in missing[:20]:
        faults.add(
            "missing-wave",
            "the answer has no wave",
            "fill the cell, or remove the row",
            file=table.name,
            row=row,
            column=column,
        )
    if len(missing) > 20:
        faults.add(
            "missing-wave",
            f"{len(missing) - 20} more answers have no wave",
            "fill the cells",
            file=table.name,
            column=column,
        )
    found = names.drop_nulls().unique(maintain_order=True).to_list()
    for name in found:
        if why := unsafe(name):
            faults.add(
                "unsafe-name",
                f"the wave {name!r} cannot be a folder's name: {why}",
                "rename the wave in the file",
                file=table.name,
                column=column,
            )
    faults.stop()
    if all(re.fullmatch(r"-?\d+(\.\d+)?", name) for name in found):
        found.sort(key=float)
    return {name: (names == name).fill_null(False) for name in found}


@dataclass(frozen=True)
class _Found:
    """``columns``: item to the file's column."""

    items: tuple[DraftItem, ...]
    lists: tuple[DraftList, ...]
    columns: Mapping[str, str]
    said: list[str]


def _items(table: Table, waves: Mapping[str, pl.Series], columns: list[str], reserved: set[str]) -> _Found:
    items: list[DraftItem] = []
    lists: dict[tuple[tuple[tuple[str, str], ...], tuple[str, ...]], str] = {}
    used: dict[str, list[str]] = {}
    renamed: dict[str, str] = {}
    said: list[str] = []
    silent: list[str] = []
    bare: dict[str, list[str]] = {}
    for column in columns:
        there = answered(table, column)
        asked = tuple(wave for wave, rows in waves.items() if (there & rows).any())
        if not asked:
            silent.append(column)
            continue
        found = variable(table, column)
        name = _name(column, set(renamed) | reserved)
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
    if silent:
        said.append(f"nobody answered, left out: {', '.join(silent)}")
    drafted = tuple(
        DraftList(name, dict(choices), apart, tuple(used[name])) for (choices, apart), name in lists.items()
    )
    return _Found(tuple(items), drafted, renamed, said)


def _name(column: str, taken: set[str]) -> str:
    """A column's name as XLSForm can have it; itself wherever that does."""
    plain = _ascii(column)
    name = (
        column
        if re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]*", column)
        else re.sub(r"[^A-Za-z0-9_.-]+", "_", plain).strip("_")
    )
    if not re.match(r"[A-Za-z]", name):
        name = f"v_{name}"
    return _free(name, taken)


def _list_name(said: list[str], taken: set[str]) -> str:
    """A name for a choice list by its ends: ``very_poor_to_excellent``."""
    ends = [
        re.sub(r"[^a-z0-9]+", "_", _ascii(label.lower())).strip("_")[:24].strip("_") for label in (said[0], said[-1])
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


def _ascii(text: str) -> str:
    """The text in the letters that a name may have; Norwegian ones by their nearest."""
    plain = unicodedata.normalize("NFKD", text.translate(str.maketrans("æøåÆØÅ", "aoaAOA")))
    return plain.encode("ascii", "ignore").decode()


def _identifier(target: Path) -> str:
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", target.resolve().name).strip("-")
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
