"""Delimited text as people save it: its encoding and delimiter are found where they show, and never guessed where they do not."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from royst.errors import Faults, wrong

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True)
class Delimited:
    """``rows`` have one text per name of ``header``; ``numbers`` are their rows in the file, the header being row 1."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...]
    encoding: str
    delimiter: str

    @property
    def described(self) -> str:
        name = {"utf-8-sig": "utf-8"}.get(self.encoding, self.encoding)
        return f"{name}, separated by {DELIMITERS[self.delimiter]}" if len(self.header) > 1 else f"{name}, in one column"


def read(path: Path, name: str | None = None) -> Delimited:
    """Read a file of delimited text with one header row. Empty lines are passed over.

    Encodings: UTF-8 with and without byte-order mark, UTF-16 with one, else Windows-1252. Raises ``InputError`` where the file is missing,
    empty, binary, has an unnamed or repeated column, or rows of another width than the header; every such row is named.
    """
    name = name or path.name
    text, encoding = _decoded(path, name)
    delimiter = _delimiter(text)
    records = list(_records(text, delimiter, name))
    if not records:
        raise wrong("empty-file", "the file has no rows", "save it again with a header row and data", file=name)
    header = tuple(cell.strip() for cell in records[0][1])
    faults = Faults()
    check_header(header, name, faults)
    ragged = {number: len(cells) for number, cells in records[1:] if len(cells) != len(header)}
    if not title_above(len(header), ragged, len(records) - 1, name, faults):
        for number, width in ragged.items():
            found = f"the row has {width} fields, the header has {len(header)}"
            faults.add(
                "ragged-row", found, "look for a delimiter or a quotation mark inside an answer", file=name, row=number
            )
    faults.stop()
    kept = records[1:]
    return Delimited(
        header, tuple(tuple(cells) for _, cells in kept), tuple(number for number, _ in kept), encoding, delimiter
    )


def check_header(header: Sequence[str], name: str, faults: Faults) -> None:
    """Faults of every column of a header that has no name, or another column's."""
    for place, column in enumerate(header):
        if not column:
            found = f"column {place + 1} has no name"
            todo = "name every column in the first row; a title above the names has to go"
            faults.add("unnamed-column", found, todo, file=name, row=1)
        elif column in header[:place]:
            found = f"two columns are named {column!r}"
            faults.add("repeated-column", found, "give each its own name", file=name, row=1, column=column)


def title_above(width: int, ragged: Mapping[int, int], rows: int, name: str, faults: Faults) -> bool:
    """One fault, in place of one a row, where every row is wider than the first: it is no header then. ``ragged``: row to its width."""
    if len(ragged) < 2 or len(ragged) < rows or min(ragged.values()) <= width:
        return False
    found = f"the first row names {width} {'column' if width == 1 else 'columns'}, and every row below has more"
    faults.add("no-header", found, "remove what stands above the row of names, or name every column in it", file=name, row=1)
    return True


def _decoded(path: Path, name: str) -> tuple[str, str]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise wrong("missing-file", "there is no such file", "check the path", file=path) from None
    except IsADirectoryError:
        raise wrong("not-a-file", "this is a folder", "name a file in it", file=path) from None
    except PermissionError:
        raise wrong(
            "file-not-readable", "you may not read this file", "give yourself read permission to it", file=path
        ) from None
    encodings = [encoding for mark, encoding in _MARKS if content.startswith(mark)] or ["utf-8", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, encoding
    raise wrong("unknown-encoding", "the file is neither UTF-8 nor Windows text", "save it as CSV in UTF-8", file=name)


def _delimiter(text: str) -> str:
    """The delimiter that the header has most of, outside quotation marks; a comma where it has none."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    quoted, counts = False, dict.fromkeys(DELIMITERS, 0)
    for sign in first:
        if sign == '"':
            quoted = not quoted
        elif not quoted and sign in counts:
            counts[sign] += 1
    return max(counts, key=lambda sign: counts[sign]) if any(counts.values()) else ","


def _records(text: str, delimiter: str, name: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found: list[tuple[int, list[str]]] = []
    try:
        for number, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                found.append((number, cells))
    except csv.Error as error:
        raise wrong(
            "broken-csv",
            f"the file cannot be read from line {reader.line_num} on: {error}",
            "look for a lone quotation mark",
            file=name,
            row=reader.line_num,
        ) from None
    return found
