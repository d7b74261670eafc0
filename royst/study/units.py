"""The frame and the samples: which units there are, and which were drawn in each wave. ``frame.csv`` and ``sample.csv``."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable
from pathlib import Path

import polars as pl

from royst.errors import Faults, InputError
from royst.study import delimited

FRAME = ("frame_year", "unit", "name", "region", "size", "users", "succeeded_by")
SAMPLE = ("unit", "stratum", "inclusion", "status")

_RESERVED = {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))}
"""Names that Windows keeps for devices."""


def unsafe(unit: str) -> str | None:
    """Why a unit's id cannot be the name of a folder on any common system; None where it can."""
    if not unit:
        return "it is empty"
    if unit in {".", ".."} or "/" in unit or "\\" in unit:
        return "it would lead out of the study folder"
    if re.search(r'[<>:"|?*\x00-\x1f\x7f]', unit):
        return "it has a sign that folder names cannot have"
    if unit[0] in " -" or unit[-1] in " .":
        return "it starts with a space or hyphen, or ends with a space or full stop"
    if unit.split(".")[0].lower() in _RESERVED:
        return "Windows keeps this name for a device"
    if len(unit.encode("utf-8")) > 100:
        return "it is longer than 100 bytes"
    return None


def read_frame(path: Path, faults: Faults, name: str = "frame.csv") -> pl.DataFrame | None:
    """``frame.csv``: one row per unit and frame year. Columns of ``FRAME`` as strings (``users`` an integer), absent ones null; further columns are
    kept as strings. ``frame_year`` is empty where the file has none. Empty cells are null. None where it cannot be read at all."""
    table = _read(path, name, ("unit",), faults)
    if table is None:
        return None
    if "frame_year" not in table.columns:
        table = table.with_columns(pl.lit("").alias("frame_year"))
    absent = [column for column in FRAME if column not in table.columns]
    table = table.with_columns(pl.lit(None, dtype=pl.String).alias(column) for column in absent)
    rows = table["_row"].to_list()
    _check_ids(table, name, faults)
    _check_repeats(list(zip(table["frame_year"].to_list(), table["unit"].to_list())), rows, name, faults)
    users = [_count(text, row, name, faults, "users", "users") for text, row in zip(table["users"].to_list(), rows)]
    table = table.with_columns(pl.Series("users", users, dtype=pl.Int64))
    _check_history(table, name, faults)
    others = [column for column in table.columns if column not in FRAME and column != "_row"]
    return table.select(*FRAME, *others)


def read_sample(
    path: Path, faults: Faults, *, frame: pl.DataFrame | None, strata: str | None, name: str, frame_year: str
) -> pl.DataFrame | None:
    """``sample.csv`` of one wave: ``unit``, ``stratum`` (empty where the design has none), ``inclusion`` (a probability or null), ``status``; further columns kept, ``offered`` as an integer.

    ``frame`` are the rows of the wave's frame year; units that are not among them are faults.
    """
    table = _read(path, name, ("unit", *((strata,) if strata else ())), faults)
    if table is None:
        return None
    rows = table["_row"].to_list()
    absent = [column for column in ("inclusion", "status") if column not in table.columns]
    table = table.with_columns(pl.lit(None, dtype=pl.String).alias(column) for column in absent)
    stratum = pl.col(strata) if strata else pl.lit("")
    table = table.with_columns(stratum.alias("stratum"))
    _check_ids(table, name, faults)
    _check_repeats([(unit,) for unit in table["unit"].to_list()], rows, name, faults)
    if strata:
        for row, value in zip(rows, table["stratum"].to_list()):
            if value is None:
                faults.add(
                    "missing-stratum",
                    "the unit has no stratum",
                    "give every unit of the sample its stratum",
                    file=name,
                    row=row,
                    column=strata,
                )
    if "offered" in table.columns:
        offered = [_count(text, row, name, faults, "offered", "people who were offered the questionnaire") for text, row in zip(table["offered"].to_list(), rows)]
        table = table.with_columns(pl.Series("offered", offered, dtype=pl.Int64))
    inclusion = [_inclusion(text, row, name, faults) for text, row in zip(table["inclusion"].to_list(), rows)]
    table = table.with_columns(pl.Series("inclusion", inclusion, dtype=pl.Float64))
    if frame is not None:
        known = set(frame["unit"].to_list())
        for row, unit in zip(rows, table["unit"].to_list()):
            if unit is not None and unit not in known:
                said = f" of year {frame_year}" if frame_year else ""
                faults.add(
                    "unit-not-in-frame",
                    f"unit {unit!r} is not in the frame{said}",
                    "mend the id, or add the unit to frame.csv",
                    file=name,
                    row=row,
                    column="unit",
                )
    others = [column for column in table.columns if column not in SAMPLE and column != "_row"]
    return table.select(*SAMPLE, *others)


def took_part(sample: pl.DataFrame) -> pl.DataFrame:
    """The units of a sample that did not refuse and were not left out: whose ``status`` does not say ``refused`` or ``unused``."""
    return sample.filter(~pl.col("status").fill_null("").is_in(["refused", "unused"]))


def singletons(sample: pl.DataFrame) -> list[str]:
    """Strata with one unit that took part, sorted."""
    counts = took_part(sample).group_by("stratum").agg(pl.col("unit").n_unique().alias("units"))
    return sorted(counts.filter(pl.col("units") == 1)["stratum"].drop_nulls().to_list())


def heirs(frame: pl.DataFrame, there: Collection[str]) -> dict[str, str]:
    """Each unit to the one among ``there`` that stands for it: ``succeeded_by`` followed no further than to the first that is there."""
    after = {unit: heir for unit, heir in frame.sort("frame_year").select("unit", "succeeded_by").iter_rows() if heir is not None and heir != unit}
    stop = {unit: heir for unit, heir in after.items() if unit not in there}
    return {unit: _last(unit, stop)[0] for unit in dict.fromkeys(frame["unit"].to_list())}


def _last(unit: str, after: dict[str, str]) -> tuple[str, bool]:
    """The end of a unit's line of heirs, and whether the line goes in a circle."""
    seen = {unit}
    while unit in after:
        unit = after[unit]
        if unit in seen:
            return unit, True
        seen.add(unit)
    return unit, False


def _read(path: Path, name: str, needed: Iterable[str], faults: Faults) -> pl.DataFrame | None:
    try:
        found = delimited.read(path, name)
    except InputError as stop:
        faults.extend(stop.faults)
        return None
    absent = [column for column in needed if column not in found.header]
    for column in absent:
        faults.add(
            "missing-column",
            f"there is no column {column!r}",
            f"the file has: {', '.join(found.header)}",
            file=name,
            row=1,
            column=column,
        )
    if absent:
        return None
    if not found.rows:
        faults.add("empty-file", "the file has a header and no rows", "add a row for each unit", file=name)
        return None
    columns = {
        column: [cells[place].strip() or None for cells in found.rows] for place, column in enumerate(found.header)
    }
    return pl.DataFrame(
        {**columns, "_row": list(found.numbers)}, schema={**dict.fromkeys(found.header, pl.String), "_row": pl.Int64}
    )


def _check_ids(table: pl.DataFrame, name: str, faults: Faults) -> None:
    spelt: dict[str, str] = {}
    for row, unit in table.select("_row", "unit").iter_rows():
        why = unsafe(unit or "")
        if why:
            todo = "give the unit an id of letters and digits; its name may be anything and stands in the column name"
            faults.add(
                "unsafe-unit",
                f"the unit id {unit or ''!r} cannot be used: {why}",
                todo,
                file=name,
                row=row,
                column="unit",
            )
        elif spelt.setdefault(unit.casefold(), unit) != unit:
            found = f"unit ids {spelt[unit.casefold()]!r} and {unit!r} differ only in upper and lower case"
            faults.add(
                "unsafe-unit",
                found,
                "some systems would give them one folder; change one of them",
                file=name,
                row=row,
                column="unit",
            )


def _check_repeats(keys: list[tuple[str | None, ...]], rows: list[int], name: str, faults: Faults) -> None:
    first: dict[tuple[str | None, ...], int] = {}
    for key, row in zip(keys, rows):
        if key[-1] is not None and first.setdefault(key, row) != row:
            year = f" in frame year {key[0]}" if len(key) == 2 and key[0] else ""
            faults.add(
                "repeated-unit",
                f"unit {key[-1]!r} stands twice{year}, first in row {first[key]}",
                "keep one of the rows",
                file=name,
                row=row,
                column="unit",
            )


def _count(text: str | None, row: int, name: str, faults: Faults, column: str, of: str) -> int | None:
    if text is None:
        return None
    if re.fullmatch(r"\d+(\.0+)?", text):
        return int(float(text))
    faults.add(
        "not-a-count",
        f"the number of {of} is {text!r}",
        "write a whole number, or leave the cell empty where it is not known",
        file=name,
        row=row,
        column=column,
    )
    return None


def _inclusion(text: str | None, row: int, name: str, faults: Faults) -> float | None:
    if text is None:
        return None
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not 0 < value <= 1:
        faults.add(
            "inclusion-out-of-range",
            f"the inclusion probability is {text!r}",
            "it is greater than 0 and at most 1",
            file=name,
            row=row,
            column="inclusion",
        )
        return None
    return value


def _check_history(table: pl.DataFrame, name: str, faults: Faults) -> None:
    known = set(table["unit"].drop_nulls().to_list())
    heirs = {
        unit: (heir, row)
        for unit, heir, row in table.select("unit", "succeeded_by", "_row").iter_rows()
        if unit and heir and heir != unit
    }
    after = {unit: heir for unit, (heir, _) in heirs.items()}
    for unit, (heir, row) in heirs.items():
        if heir not in known:
            faults.add(
                "unknown-heir",
                f"unit {unit!r} is succeeded by {heir!r}, which is not in the frame",
                "add a row for it, or mend the id",
                file=name,
                row=row,
                column="succeeded_by",
            )
        elif _last(unit, after)[1]:
            faults.add(
                "circular-history",
                f"the line of heirs of unit {unit!r} goes in a circle",
                "a unit is succeeded by a later one",
                file=name,
                row=row,
                column="succeeded_by",
            )
