"""Which rows of a file belong to which wave, where a column says it."""

from __future__ import annotations

import re
from dataclasses import replace

import polars as pl

from royst.answers.readers import Table
from royst.errors import Faults
from royst.study.units import unsafe

SHOWN = 20
"""Rows without a wave that are told one by one."""


def waves(table: Table, column: str | None) -> dict[str, pl.Series]:
    """Each wave and its rows, in order of time: by number where all names are numbers, else as they first appear. Without a column, all is wave 1.

    Raises ``InputError`` with every row that has no wave and every wave whose name cannot be a folder's.
    """
    if column is None:
        return {"1": pl.Series([True] * table.frame.height)}
    faults = Faults()
    names = table.frame[column].str.strip_chars()
    missing = [row for row, name in zip(table.rows, names.to_list()) if name is None]
    for row in missing[:SHOWN]:
        faults.add(
            "missing-wave",
            "the answer has no wave",
            "fill the cell, or remove the row",
            file=table.name,
            row=row,
            column=column,
        )
    if len(missing) > SHOWN:
        faults.add(
            "missing-wave",
            f"{len(missing) - SHOWN} more answers have no wave",
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


def part(table: Table, rows: pl.Series) -> Table:
    """The table with these of its rows alone, each with its number in the file."""
    kept = tuple(row for row, here in zip(table.rows, rows.to_list()) if here)
    return replace(table, frame=table.frame.filter(rows), rows=kept)
