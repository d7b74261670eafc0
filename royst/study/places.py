"""Where in ``study.toml`` a key stands, so that a fault can name the line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

Path = tuple[str | int, ...]

_KEY = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_DOTTED = re.compile(rf"\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*")
_ONE = re.compile(_KEY)


def lines(text: str) -> Mapping[Path, int]:
    """Each table's and key's path to its line, the first line being 1. Entries of an array of tables are counted from 0.

    The text need not be whole: what cannot be read is passed over. Keys inside inline tables have no line of their own.
    """
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    at = 0
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        row = text.count("\n", 0, at) + 1
        line = text[at:end].lstrip()
        if line.startswith("["):
            table = _header(line, counts)
            found.setdefault(table, row)
        elif (match := _DOTTED.match(text, at, end)) and text.startswith("=", match.end()):
            found.setdefault((*table, *_parts(match[1])), row)
            end = _value_end(text, match.end() + 1)
        at = end + 1
    return found


def line_of(places: Mapping[Path, int], path: Sequence[str | int]) -> int | None:
    """The line of the longest part of ``path`` that has one."""
    for length in range(len(path), 0, -1):
        row = places.get(tuple(path[:length]))
        if row is not None:
            return row
    return None


def dotted(path: Sequence[str | int]) -> str:
    """A path as people write it: ``releases."2020-06".findings``; entries of an array of tables as ``[2]``, counted from 1."""
    parts = ""
    for part in path:
        if isinstance(part, int):
            parts += f"[{part + 1}]"
        else:
            parts += ("." if parts else "") + (
                part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else json.dumps(part, ensure_ascii=False)
            )
    return parts


def _parts(dotted_key: str) -> Path:
    return tuple(_plain(part) for part in _ONE.findall(dotted_key))


def _plain(part: str) -> str:
    if part.startswith('"'):
        try:
            return str(json.loads(part))
        except ValueError:
            return part.strip('"')
    return part.strip("'")


def _header(line: str, counts: dict[Path, int]) -> Path:
    """The path of a header; names of arrays of tables get the number of their latest entry behind them."""
    many = line.startswith("[[")
    match = _DOTTED.match(line, 2 if many else 1)
    names = _parts(match[1]) if match else ()
    path: Path = ()
    for position, name in enumerate(names):
        path = (*path, name)
        if many and position == len(names) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _value_end(text: str, at: int) -> int:
    """Where the value that starts at ``at`` ends: the first line break outside strings, arrays and inline tables."""
    depth = 0
    while at < len(text):
        here = text[at]
        if here in "\"'":
            quote = here * 3 if text.startswith(here * 3, at) else here
            at = _string_end(text, at + len(quote), quote)
            continue
        if here == "#":
            at = text.find("\n", at)
            if at < 0:
                return len(text)
            continue
        depth += (here in "[{") - (here in "]}")
        if here == "\n" and depth <= 0:
            return at
        at += 1
    return at


def _string_end(text: str, at: int, quote: str) -> int:
    while at < len(text):
        if text[at] == "\\" and quote[0] == '"':
            at += 2
        elif text.startswith(quote, at):
            return at + len(quote)
        elif text[at] == "\n" and len(quote) == 1:
            return at
        else:
            at += 1
    return at
