"""How another program counted its positions, found by trying: the way in which most selections begin and end at words is the one.

REFI-QDA counts code points, but programs are seen to count UTF-16 units, a line end as two characters (CRLF) or one, and the byte-order mark as
a character. Each way ("dialect") turns a position into a place in the same text; a wrong one cuts words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Literal


@dataclass(frozen=True)
class Dialect:
    """``unit``: what a character above U+FFFF counts (1 code point, 2 UTF-16 units). ``newline``: what a line end counts. ``bom``: whether a mark counts 1.

    ``newline="file"`` counts CRLF as 2 and other line ends as 1, as they stand in the file.
    """

    unit: Literal["code point", "utf-16"] = "code point"
    newline: Literal["one", "two", "file"] = "one"
    bom: bool = False

    def __str__(self) -> str:
        newline = {"one": "line ends as one", "two": "line ends as two", "file": "line ends as in the file"}[
            self.newline
        ]
        return f"{self.unit}s, {newline}" + (", byte-order mark counted" if self.bom else "")


PLAIN = Dialect()
_UNITS: tuple[Literal["code point", "utf-16"], ...] = ("code point", "utf-16")
_NEWLINES: tuple[Literal["one", "two", "file"], ...] = ("one", "two", "file")
DIALECTS = tuple(Dialect(unit, newline, bom) for bom, newline, unit in product((False, True), _NEWLINES, _UNITS))
"""All ways tried, the format's own first: it wins where others fit as well."""


@dataclass(frozen=True)
class Written:
    """A text as its file has it, byte-order mark and CRLF included."""

    raw: str

    @cached_property
    def text(self) -> str:
        """The text with LF line ends and without the mark: what positions are given in."""
        return self.raw.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")

    def places(self, dialect: Dialect) -> dict[int, int]:
        """The program's position to ours, for every position that lies between two characters of the text.

        Inside a surrogate pair there is none; between CR and LF, where they count as two, stands the place before the line end.
        """
        raw = self.raw.removeprefix("\ufeff")
        at = int(dialect.bom and raw != self.raw)
        found: dict[int, int] = {}
        ours = i = 0
        while i < len(raw):
            found[at] = ours
            crlf = raw.startswith("\r\n", i)
            if raw[i] in "\r\n":
                wide = 2 if dialect.newline == "two" or (dialect.newline == "file" and crlf) else 1
                if wide == 2:
                    found[at + 1] = ours
            else:
                wide = 2 if dialect.unit == "utf-16" and ord(raw[i]) > 0xFFFF else 1
            at, ours, i = at + wide, ours + 1, i + (2 if crlf else 1)
        found[at] = ours
        return found


@dataclass(frozen=True)
class Marked:
    """One selection as the file has it: its positions, and its name, which often repeats the words."""

    start: int
    end: int
    name: str | None = None


@dataclass(frozen=True)
class Reading:
    """The dialect found, its score and the best score of one that places any selection elsewhere. ``certain``: it is ahead of all of those."""

    dialect: Dialect
    score: float
    runner_up: float | None

    @property
    def certain(self) -> bool:
        return self.runner_up is None or self.score > self.runner_up


def recognise(texts: Sequence[tuple[Written, Sequence[Marked]]]) -> Reading:
    """The dialect of one program's texts. Ties go to the plainest; ``certain`` is False where a tie would place a selection elsewhere."""
    tried = [(dialect, *_score(dialect, texts)) for dialect in DIALECTS]
    dialect, score, placed = max(tried, key=lambda one: one[1])
    others = [other for _, other, elsewhere in tried if elsewhere != placed]
    return Reading(dialect, score, max(others, default=None))


def _score(
    dialect: Dialect, texts: Iterable[tuple[Written, Sequence[Marked]]]
) -> tuple[float, tuple[tuple[int | None, int | None], ...]]:
    score, placed = 0.0, []
    for written, marks in texts:
        places = written.places(dialect) if marks else {}
        for mark in marks:
            start, end = places.get(mark.start), places.get(mark.end)
            score += sum(_points(written.text, mark, start, end))
            placed.append((start, end))
    return score, tuple(placed)


def _points(text: str, mark: Marked, start: int | None, end: int | None) -> Iterator[float]:
    """A name that repeats the words is worth most; then edges at words; a place outside the text, or selecting nothing, speaks against."""
    for place in (start, end):
        yield -3.0 if place is None else 1.0 if at_word(text, place) else 0.0
    if start is None or end is None:
        return
    words = text[start:end]
    if words.strip() == "" or words != words.strip():
        yield -0.5
    if (
        mark.name
        and len(mark.name.split()) > 1
        and _squeezed(words).startswith(_squeezed(mark.name.rstrip("….")).strip())
    ):
        yield 4.0


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def at_word(text: str, place: int) -> bool:
    """Whether a word begins or ends here, or one of its neighbours is missing."""
    if place in (0, len(text)):
        return True
    return _is_word(text[place - 1]) != _is_word(text[place])


def _is_word(character: str) -> bool:
    return character.isalnum() or character in "_'’\u0301"
