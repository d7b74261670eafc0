"""Which column of a file holds which item: by its own name, by the names that exports of ODK Central and KoboToolbox give it, or by the name that ``royst init`` made of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

import polars as pl

from royst.answers.readers import Table
from royst.answers.store import schema
from royst.errors import Faults
from royst.study.folder import Study
from royst.study.instrument import Item

TRUE, FALSE = {"1", "true"}, {"0", "false"}


@dataclass(frozen=True)
class Matched:
    """``columns``: stored column to the file's. ``split``: item with several answers to (choice to the file's column), where the file has one column a choice.
    ``unknown``: columns of the file that are no item's, kept out. ``renamed``: those found under an export's longer name, or under one that a questionnaire cannot have."""

    columns: Mapping[str, str]
    split: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)


def match(study: Study, wave: str, table: Table) -> Matched:
    """Find every column of the store. Raises ``InputError`` naming every one that is missing or stands twice."""
    faults = Faults()
    there = table.frame.columns
    items = {item.name: item for item in study.instruments[wave].answered}
    found: dict[str, str] = {}
    split: dict[str, dict[str, str]] = {}
    renamed: dict[str, str] = {}
    for name in schema(study, wave):
        if name in there:
            found[name] = name
            continue
        longer = [column for column in there if _last_part(column, name)] or [column for column in there if form_name(column) == name]
        if len(longer) == 1:
            found[name] = renamed[name] = longer[0]
        elif longer:
            faults.add(
                "repeated-column",
                f"{name!r} stands in {len(longer)} columns: {', '.join(longer)}",
                "keep one of them",
                file=table.name,
                row=1,
            )
        elif name in items and (choices := _split(items[name], there)):
            split[name] = choices
        elif name in items and items[name].calculation:
            found[name] = ""
        else:
            near = get_close_matches(name, there, 1)
            what = "item" if name in items else "column of [design]"
            todo = (
                f"the file has {near[0]!r}: rename it if it is the same"
                if near
                else "add the column, empty where nobody answered, or take the item out of the questionnaire"
            )
            faults.add(
                "missing-column",
                f"the file has no column for the {what} {name!r}",
                todo,
                file=table.name,
                row=1,
                column=name,
            )
    faults.stop()
    used = {*found.values(), *(column for choices in split.values() for column in choices.values())}
    spare = {column for item in items.values() if item.kind == "many" for column in _split(item, there).values()}
    notes = {item.name for item in study.instruments[wave].items if item.kind == "note"}
    unknown = tuple(column for column in there if column not in used | spare and column not in notes)
    return Matched(found, split, unknown, renamed)


def joined(table: Table, choices: Mapping[str, str]) -> tuple[pl.Series, list[tuple[int, str, str]]]:
    """One column a choice as one text of chosen names, null where all are empty; and the cells that are neither yes nor no: (row, column, found)."""
    rows: list[str | None] = []
    odd: list[tuple[int, str, str]] = []
    cells = {choice: table.frame[column].to_list() for choice, column in choices.items()}
    for row in range(table.frame.height):
        chosen, answered = [], False
        for choice, column in choices.items():
            cell = cells[choice][row]
            said = cell.strip().lower() if cell is not None else None
            if said is None:
                continue
            answered = True
            if said in TRUE:
                chosen.append(choice)
            elif said not in FALSE:
                odd.append((row, column, cell))
        rows.append(" ".join(chosen) or None if answered else None)
    return pl.Series(rows, dtype=pl.String), odd


def form_name(column: str) -> str:
    """A column's name as XLSForm can have it, Norwegian letters by their nearest; itself wherever that does."""
    name = column if re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]*", column) else re.sub(r"[^A-Za-z0-9_.-]+", "_", ascii_letters(column)).strip("_")
    return name if re.match(r"[A-Za-z]", name) else f"v_{name}"


def ascii_letters(text: str) -> str:
    """The text without signs beyond ASCII, letters by their nearest."""
    plain = unicodedata.normalize("NFKD", text.translate(str.maketrans("æøåÆØÅ", "aoaAOA")))
    return plain.encode("ascii", "ignore").decode()


def _last_part(column: str, name: str) -> bool:
    """``group/item`` of KoboToolbox and ``group-item`` of ODK Central."""
    return column.endswith((f"/{name}", f"-{name}"))


def _split(item: Item, there: list[str]) -> dict[str, str]:
    """Choice to column where each choice of an item has one: ``item/choice``, with or without groups before."""
    if item.kind != "many" or item.scale is None:
        return {}
    found = {}
    for choice in item.scale.names:
        ends = [
            column
            for column in there
            if column == f"{item.name}/{choice}" or _last_part(column, f"{item.name}/{choice}")
        ]
        if len(ends) == 1:
            found[choice] = ends[0]
    return found if len(found) == len(item.scale.names) else {}
