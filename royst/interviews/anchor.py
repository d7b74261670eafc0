"""Where a selection stands after the text was edited.

Two versions are aligned by what they share: the beginning and end, then whole lines, then words, then characters (longest common
blocks, as Ratcliff and Obershelp 1988, the algorithm of Python's ``difflib``). A selection follows its characters.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

State = Literal["same", "changed", "review"]
_TOKENS = re.compile(r"\w+|\s+|[^\w\s]")
_CONTEXT = 32
_MAX_TOKENS = 20_000
_MAX_CHARACTERS = 400


@dataclass(frozen=True)
class Moved:
    """Where a selection went: ``same`` words, ``changed`` inside (most characters are left), or for a person to ``review`` (no place, or too little left)."""

    start: int | None
    end: int | None
    state: State


@dataclass(frozen=True)
class Alignment:
    """What two texts share: ``blocks`` of (place in old, place in new, length), increasing in both."""

    old: str
    new: str
    blocks: tuple[tuple[int, int, int], ...]

    def move(self, start: int, end: int) -> Moved:
        """Where ``old[start:end]`` stands in ``new``. ``same`` only where the words are equal."""
        if not 0 <= start < end <= len(self.old):
            raise ValueError(f"no selection {start}–{end} in a text of {len(self.old)} characters")
        pieces = list(self._within(start, end))
        kept = sum(length for _, _, length in pieces)
        if not kept:
            return self._found(start, end) or Moved(None, None, "review")
        low, high = self._edges(start, end, pieces)
        if self.new[low:high] == self.old[start:end]:
            return Moved(low, high, "same")
        found = self._found(start, end, low)
        if found:
            return found
        length = end - start
        if 2 * kept >= length and high - low <= 2 * length + 20:
            return Moved(low, high, "changed")
        return Moved(None, None, "review")

    def _within(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        first = max(bisect_right(self.blocks, start, key=lambda block: block[0]) - 1, 0)
        for old, new, length in self.blocks[first:]:
            if old >= end:
                return
            low, high = max(old, start), min(old + length, end)
            if low < high:
                yield low, new + low - old, high - low

    def _edges(self, start: int, end: int, pieces: Sequence[tuple[int, int, int]]) -> tuple[int, int]:
        """The image of both edges. A replaced stretch that begins (ends) just at the edge goes with the selection."""
        low, high = pieces[0][1], pieces[-1][1] + pieces[-1][2]
        if pieces[0][0] > start:
            low = next(
                (new + length for old, new, length in self.blocks if old + length == start), 0 if start == 0 else low
            )
        if pieces[-1][0] + pieces[-1][2] < end:
            high = next(
                (new for old, new, _ in self.blocks if old == end), len(self.new) if end == len(self.old) else high
            )
        return low, high

    def _found(self, start: int, end: int, near: int | None = None) -> Moved | None:
        """The same words near where they should be, with the same words before or after them.

        Needed where an edit repeats what stands beside it ("ja, ja"): the alignment then may put the edit inside the selection though it was outside.
        """
        words = self.old[start:end]
        reach = abs(len(self.new) - len(self.old)) + 2 * _CONTEXT
        middle = start if near is None else near
        places, place = [], self.new.find(words, max(0, middle - reach))
        while place != -1 and place <= middle + reach:
            places.append(place)
            place = self.new.find(words, place + 1)
        before, after = self.old[max(0, start - _CONTEXT) : start], self.old[end : end + _CONTEXT]
        whole = [p for p in places if self._context(p, p + len(words), before, after)]
        if not whole:
            return None
        best = min(whole, key=lambda p: (abs(p - middle), p))
        return Moved(best, best + len(words), "same")

    def _context(self, low: int, high: int, before: str, after: str) -> bool:
        """Whether what stood before, or what stood after, stands there still (to the text's end where that is near)."""
        same_before = self.new.endswith(before, 0, low) if len(before) == _CONTEXT else self.new[:low] == before
        return same_before or (self.new.startswith(after, high) if len(after) == _CONTEXT else self.new[high:] == after)


@dataclass(frozen=True)
class Edit:
    """``words`` in the place of ``old[start:end]``."""

    start: int
    end: int
    words: str


@dataclass(frozen=True)
class Replacement:
    """A text in which known stretches were replaced, so that nothing need be guessed. ``edits`` in order, none overlapping."""

    old: str
    edits: tuple[Edit, ...]

    @property
    def new(self) -> str:
        parts, at = [], 0
        for edit in self.edits:
            parts += [self.old[at : edit.start], edit.words]
            at = edit.end
        return "".join([*parts, self.old[at:]])

    def move(self, start: int, end: int) -> Moved:
        """Where the selection stands: an edge inside a replaced stretch goes to the stretch's own. ``review`` only where no words are left."""
        low, high, shift = start, end, 0
        for edit in self.edits:
            grown = len(edit.words) - (edit.end - edit.start)
            if edit.end <= start:
                low += grown
            elif edit.start < start:
                low = edit.start + shift
            if edit.end <= end:
                high += grown
            elif edit.start < end:
                high = edit.start + shift + len(edit.words)
            shift += grown
        return Moved(low, high, "same") if low < high else Moved(None, None, "review")


def align(old: str, new: str) -> Alignment:
    """Align two texts. Linear in their length where one place was edited; the work in between grows with what was changed."""
    shorter = min(len(old), len(new))
    head = _common(old, new, shorter)
    tail = _common(old[::-1], new[::-1], shorter - head)
    blocks = [(0, 0, head)] if head else []
    blocks += _blocks(old[head : len(old) - tail], new[head : len(new) - tail], head, head)
    if tail:
        blocks.append((len(old) - tail, len(new) - tail, tail))
    return Alignment(old, new, tuple(blocks))


def _common(a: str, b: str, limit: int) -> int:
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if a[:middle] == b[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _blocks(old: str, new: str, at_old: int, at_new: int, level: int = 0) -> list[tuple[int, int, int]]:
    if not old or not new or level > 2:
        return []
    a, b = _parts(old, level), _parts(new, level)
    if max(len(a), len(b)) > (_MAX_TOKENS if level < 2 else _MAX_CHARACTERS):
        return []
    places_a, places_b = _places(a, at_old), _places(b, at_new)
    found: list[tuple[int, int, int]] = []
    for kind, a1, a2, b1, b2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append((places_a[a1], places_b[b1], places_a[a2] - places_a[a1]))
        elif kind == "replace":
            found += _blocks("".join(a[a1:a2]), "".join(b[b1:b2]), places_a[a1], places_b[b1], level + 1)
    return found


def _parts(text: str, level: int) -> list[str]:
    return text.splitlines(keepends=True) if level == 0 else _TOKENS.findall(text) if level == 1 else list(text)


def _places(parts: list[str], first: int) -> list[int]:
    places = [first]
    for part in parts:
        places.append(places[-1] + len(part))
    return places
