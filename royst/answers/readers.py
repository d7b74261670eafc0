"""Answers from the files that people have: CSV, Excel, SPSS, Stata, Parquet; exports of ODK Central and KoboToolbox are CSV or Excel.

Every reader gives the same ``Table``: texts as the file has them, whole numbers without decimals, null for an empty cell, and what the file itself says of its
columns (labels, value labels, values that it marks as missing). Nothing is judged here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import polars as pl

from royst.errors import Faults, InputError, wrong
from royst.study import delimited
from royst.study.expression import text


@dataclass(frozen=True)
class Table:
    """A file's rows. ``frame``: all columns as strings. ``rows``: each row's number in the file, the header being row 1 (in SPSS, Stata and Parquet, which have no
    header row, the case's number). ``labels``: variable to its label; ``values``: variable to code to label; ``missing``: variable to
    the codes that the file marks as missing. ``decimal_comma``: numbers may be written 3,5. ``said``: how the file was read, for the report.
    """

    name: str
    frame: pl.DataFrame
    rows: tuple[int, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    missing: Mapping[str, frozenset[str]] = field(default_factory=dict)
    decimal_comma: bool = False
    said: tuple[str, ...] = ()


def read(path: Path) -> Table:
    """Read a file by its ending. Raises ``InputError`` where it is missing, of another kind, damaged, or in an encoding that cannot be read."""
    path = Path(path)
    if not path.exists():
        raise wrong("missing-file", "there is no such file", "check the path", file=path)
    if path.is_dir():
        raise wrong("not-a-file", "this is a folder", "name a file in it", file=path)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise wrong(
            "unknown-file-kind",
            f"files ending in {path.suffix or 'nothing'} are not read",
            f"save it as one of {', '.join(READERS)}",
            file=path,
        )
    try:
        table = reader(path)
    except PermissionError:
        raise wrong(
            "file-not-readable", "you may not read this file", "give yourself read permission to it", file=path
        ) from None
    if table.frame.height == 0:
        raise wrong("empty-file", "the file has no rows of answers", "save it again with its data", file=path.name)
    return table


def _csv(path: Path) -> Table:
    found = delimited.read(path)
    columns = {
        name: [cells[place] if cells[place].strip() else None for cells in found.rows]
        for place, name in enumerate(found.header)
    }
    frame = pl.DataFrame(columns, schema=dict.fromkeys(found.header, pl.String))
    return Table(
        path.name, frame, found.numbers, decimal_comma=found.delimiter in ";\t", said=(f"read as {found.described}",)
    )


def _excel(path: Path) -> Table:
    import zipfile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, EOFError):
        raise wrong("not-a-workbook", "the file is not an Excel workbook", "save it as .xlsx", file=path.name) from None
    try:
        sheet = book.worksheets[0]
        everything = list(enumerate(sheet.iter_rows(values_only=True), start=1))
        records = [(number, cells) for number, cells in everything if any(cell is not None for cell in cells)]
        sheets = len(book.sheetnames)
        said = [f"read the first sheet, {sheet.title}, of {sheets}"] if sheets > 1 else []
    finally:
        book.close()
    if not records:
        raise wrong("empty-file", "the first sheet is empty", "put the answers on the first sheet", file=path.name)
    width = max((place + 1 for place, cell in enumerate(records[0][1]) if cell is not None), default=0)
    header = [str(cell).strip() if cell is not None else "" for cell in records[0][1][:width]]
    faults = Faults()
    delimited.check_header(header, path.name, faults)
    _formulas(path, dict(everything), header, faults)
    wide = {
        number: max(place + 1 for place, cell in enumerate(cells) if cell is not None)
        for number, cells in records[1:]
        if any(cell is not None for cell in cells[width:])
    }
    if not delimited.title_above(width, wide, len(records) - 1, path.name, faults):
        for number in wide:
            found, todo = "the row has cells beyond the last named column", "name every column in the first row"
            faults.add("ragged-row", found, todo, file=path.name, row=number)
    faults.stop()
    columns = {
        name: [_cell(cells[place]) if place < len(cells) else None for _, cells in records[1:]]
        for place, name in enumerate(header)
    }
    frame = pl.DataFrame(columns, schema=dict.fromkeys(header, pl.String))
    comma = _decimal_comma(frame)
    said += [f"numbers in texts have a decimal comma: {', '.join(comma)}"] if comma else []
    numbers = tuple(number for number, _ in records[1:])
    return Table(path.name, frame, numbers, decimal_comma=bool(comma), said=tuple(said))


def _formulas(path: Path, values: Mapping[int, tuple[object, ...]], header: Sequence[str], faults: Faults) -> None:
    """A fault for each column in which formulas stand whose values the file does not hold: read as they are they would be empty cells. ``values``: row to its cells."""
    import zipfile

    from openpyxl import load_workbook

    with zipfile.ZipFile(path) as packed:
        if not any(b"<f" in packed.read(name) for name in packed.namelist() if name.startswith("xl/worksheets/")):
            return
    book = load_workbook(path, read_only=True)
    found: dict[int, list[int]] = {}
    for number, cells in enumerate(book.worksheets[0].iter_rows(values_only=True), start=1):
        for place, cell in enumerate(cells):
            if isinstance(cell, str) and cell.startswith("=") and values[number][place] is None:
                found.setdefault(place, []).append(number)
    book.close()
    for place, rows in found.items():
        column = header[place] if place < len(header) else None
        said = f"{len(rows)} of its cells have a formula, and the file does not hold what it gives"
        faults.add("formula-without-value", said, "open the file in Excel and save it, or paste the values in place of the formulas", file=path.name, row=rows[0], column=column)


def _decimal_comma(frame: pl.DataFrame) -> list[str]:
    """The columns of numbers written 3,5, where the sheet shows that its commas are decimal ones: behind some of them stand one or
    two figures, or more than three, as never in thousands."""
    found = []
    for name in frame.columns:
        cells = [cell.strip() for cell in frame[name].drop_nulls().to_list()]
        if any("," in cell for cell in cells) and all(re.fullmatch(r"[+-]?\d+(,\d+)?", cell) for cell in cells):
            found.append((name, any(re.fullmatch(r"[+-]?\d+,(\d{1,2}|\d{4,})", cell) for cell in cells)))
    return [name for name, _ in found] if any(shown for _, shown in found) else []


def _cell(value: Any) -> str | None:
    """A cell of any kind as text: 3.0 is 3, dates in ISO form, an empty text or a NaN is null."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return None if math.isnan(value) else text(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    said = str(value)
    return said if said.strip() else None


def _spss(path: Path) -> Table:
    import pyreadstat

    return _statistics(path, pyreadstat.read_sav, "SPSS")


def _stata(path: Path) -> Table:
    import pyreadstat

    return _statistics(path, pyreadstat.read_dta, "Stata")


def _statistics(path: Path, read_file: Callable[..., Any], program: str) -> Table:
    import pyreadstat

    try:
        columns, meta = read_file(str(path), user_missing=True, output_format="dict")
    except (pyreadstat.ReadstatError, UnicodeError, ValueError) as error:
        raise _unreadable(path, program, str(error)) from None
    names = list(meta.column_names)
    texts = {
        name: [_cell(value.item() if hasattr(value, "item") else value) for value in columns[name]] for name in names
    }
    height = len(next(iter(texts.values()), []))
    labels = {name: label.strip() for name, label in zip(names, meta.column_labels or []) if label and label.strip()}
    values = {
        name: {_cell(_number(code)) or "": str(said).strip() for code, said in codes.items()}
        for name, codes in meta.variable_value_labels.items()
    }
    missing = {
        name: _ranges(ranges, texts[name], values.get(name, {})) for name, ranges in (meta.missing_ranges or {}).items()
    }
    for name, codes in (meta.missing_user_values or {}).items():
        missing[name] = missing.get(name, frozenset()) | frozenset(str(code) for code in codes)
    frame = pl.DataFrame(texts, schema=dict.fromkeys(names, pl.String))
    encoding = getattr(meta, "file_encoding", None)
    said = (
        (f"read as {program}, its texts as {encoding}",)
        if encoding and encoding.lower().replace("-", "") != "utf8"
        else ()
    )
    return Table(
        path.name,
        frame,
        tuple(range(1, height + 1)),
        labels,
        values,
        {name: codes for name, codes in missing.items() if codes},
        said=said,
    )


def _unreadable(path: Path, program: str, error: str) -> InputError:
    if "encoding" in error.lower() or "codec" in error.lower() or "convert string" in error.lower():
        todo = "open it in the program that made it and save it in Unicode (UTF-8)"
        return wrong(
            "unknown-encoding", f"its texts are not in the encoding that the file says: {error}", todo, file=path.name
        )
    return wrong(
        "damaged-file",
        f"the file cannot be read as {program}: {error}",
        f"save it again from {program}",
        file=path.name,
    )


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _ranges(ranges: Any, found: list[str | None], labelled: Mapping[str, str]) -> frozenset[str]:
    """The codes, in the data or with a label, that fall in ranges of missing values."""
    codes = {code for code in (*found, *labelled) if code is not None}
    return frozenset(code for code in codes if any(_between(code, part["lo"], part["hi"]) for part in ranges))


def _between(code: str, low: Any, high: Any) -> bool:
    try:
        return float(low) <= float(code) <= float(high)
    except ValueError:
        return str(low).rstrip() == code.rstrip() or str(high).rstrip() == code.rstrip()


def _parquet(path: Path) -> Table:
    try:
        found = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError):
        raise wrong("damaged-file", "the file cannot be read as Parquet", "save it again", file=path.name) from None
    nested = [name for name, kind in found.schema.items() if kind.is_nested()]
    if nested:
        raise wrong(
            "nested-column",
            f"columns hold lists or structures: {', '.join(nested)}",
            "give each value a column of its own",
            file=path.name,
        )
    frame = pl.DataFrame(
        [pl.Series(name, [_cell(value) for value in found[name].to_list()], dtype=pl.String) for name in found.columns]
    )
    return Table(path.name, frame, tuple(range(1, found.height + 1)))


READERS: dict[str, Callable[[Path], Table]] = {
    ".csv": _csv, ".tsv": _csv, ".txt": _csv, ".xlsx": _excel, ".xlsm": _excel, ".sav": _spss, ".zsav": _spss, ".dta": _stata,
    ".parquet": _parquet, ".pq": _parquet,
}  # fmt: skip
