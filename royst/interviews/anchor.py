"""Where a selection stands after the text was edited.

Two versions are aligned by what they share: the beginning and end, then words that stand once in each, then longest common blocks of words and of
characters (Ratcliff and Obershelp 1988, the algorithm of Python's ``difflib``). A selection follows its characters.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

State = Literal["same", "changed", "review"]
_TOKENS = re.compile(r"\w+|\s+|[^\w\s]")
_CONTEXT = 32
_TELLING = 4
_GRAMS = (7, 3, 1)
_FEW = 20_000
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
        """Where ``old[start:end]`` stands in ``new``. ``same`` only where the words are equal, blanks and line ends aside."""
        if not 0 <= start < end <= len(self.old):
            raise ValueError(f"no selection {start}–{end} in a text of {len(self.old)} characters")
        pieces = list(self._within(start, end))
        kept = sum(length for _, _, length in pieces)
        if not kept:
            return self._found(start, end) or Moved(None, None, "review")
        low, high = self._edges(start, end, pieces)
        if self.new[low:high].split() == self.old[start:end].split():
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
        """The same words near where they should be, with the same words before or after them; or, of four words or more, anywhere if they stand just once.

        Needed where an edit repeats what stands beside it ("ja, ja"): the alignment then may put the edit inside the selection though it was outside; and
        where a passage was moved.
        """
        words = self.old[start:end]
        if len(words.split()) >= _TELLING and self.old.count(words) == 1 and self.new.count(words) == 1:
            place = self.new.index(words)
            return Moved(place, place + len(words), "same")
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


def _blocks(old: str, new: str, at_old: int, at_new: int) -> list[tuple[int, int, int]]:
    """What two texts share: runs of words first; then, between them, runs of characters where little stands there."""
    a, b = _TOKENS.findall(old), _TOKENS.findall(new)
    places_a, places_b = _places(a), _places(b)
    found: list[tuple[int, int, int]] = []
    for a1, a2, b1, b2, same in _stretches(_blanked(a), _blanked(b)):
        if same:
            # Blanks that differ (a line wrapped anew) stand between shared words, and are themselves not shared.
            shared = [(i, j) for i, j in zip(range(a1, a2), range(b1, b2), strict=True) if a[i] == b[j]]
            found += [(at_old + places_a[i], at_new + places_b[j], len(a[i])) for i, j in shared]
        else:
            i, j = places_a[a1], places_b[b1]
            inside = _characters(old[i : places_a[a2]], new[j : places_b[b2]])
            found += [(at_old + i + x, at_new + j + y, n) for x, y, n in inside]
    return _joined(found)


def _blanked(words: Sequence[str]) -> list[str]:
    return [" " if word.isspace() else word for word in words]


def _joined(blocks: Iterable[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Blocks that touch in both texts, as one."""
    joined: list[tuple[int, int, int]] = []
    for old, new, n in blocks:
        if joined and joined[-1][0] + joined[-1][2] == old and joined[-1][1] + joined[-1][2] == new:
            joined[-1] = (*joined[-1][:2], joined[-1][2] + n)
        else:
            joined.append((old, new, n))
    return joined


def _places(parts: Sequence[str]) -> list[int]:
    places = [0]
    for part in parts:
        places.append(places[-1] + len(part))
    return places


def _characters(old: str, new: str) -> list[tuple[int, int, int]]:
    if not old or not new or max(len(old), len(new)) > _MAX_CHARACTERS:
        return []
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return [(block.a, block.b, block.size) for block in blocks if block.size]


_Stretch = tuple[int, int, int, int, bool]


def _stretches(a: Sequence[str], b: Sequence[str]) -> Iterator[_Stretch]:
    """Two sequences of words as stretches (from and to in each) that are the same, and those between."""
    x = y = 0
    for i, j, n in [*_runs(a, b), (len(a), len(b), 0)]:
        if i > x or j > y:
            yield x, i, y, j, False
        if n:
            yield i, i + n, j, j + n, True
        x, y = i + n, j + n


def _runs(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int, int]]:
    """Runs of the same words, increasing in both: between words that stand once in each (patience, Cohen 2009), and longest blocks where few are left.

    A text that was wrapped anew differs in every line and shares nearly every word: blocks alone would take the square of its length, or worse.
    """
    runs: list[tuple[int, int, int]] = []
    waiting = [(0, len(a), 0, len(b), 0)]
    while waiting:
        a1, a2, b1, b2, level = waiting.pop()
        while a1 < a2 and b1 < b2 and a[a1] == b[b1]:
            runs.append((a1, b1, 1))
            a1, b1 = a1 + 1, b1 + 1
        while a1 < a2 and b1 < b2 and a[a2 - 1] == b[b2 - 1]:
            a2, b2 = a2 - 1, b2 - 1
            runs.append((a2, b2, 1))
        if a1 == a2 or b1 == b2:
            continue
        if (a2 - a1) * (b2 - b1) <= _FEW:
            matcher = SequenceMatcher(None, a[a1:a2], b[b1:b2], autojunk=False)
            runs += [(a1 + m.a, b1 + m.b, m.size) for m in matcher.get_matching_blocks() if m.size]
            continue
        if level == len(_GRAMS):
            continue
        anchors = _once_in_each(a, b, (a1, a2, b1, b2), _GRAMS[level])
        x, y = a1, b1
        for i, j in anchors:
            if i < x or j < y:
                continue
            n = 0
            while i + n < a2 and j + n < b2 and a[i + n] == b[j + n]:
                n += 1
            while i > x and j > y and a[i - 1] == b[j - 1]:
                i, j, n = i - 1, j - 1, n + 1
            waiting.append((x, i, y, j, level + (not anchors)))
            runs.append((i, j, n))
            x, y = i + n, j + n
        waiting.append((x, a2, y, b2, level if anchors else level + 1))
    return sorted(runs)


def _once_in_each(
    a: Sequence[str], b: Sequence[str], within: tuple[int, int, int, int], size: int
) -> list[tuple[int, int]]:
    """Places of runs of ``size`` words that stand just once in each stretch, the most of them that keep their order."""
    a1, a2, b1, b2 = within
    there = _singles(b, b1, b2, size)
    pairs = [(i, there[gram]) for gram, i in _singles(a, a1, a2, size).items() if gram in there]
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for index, (_, j) in enumerate(pairs):
        place = bisect_left(tails, j)
        before.append(ends[place - 1] if place else -1)
        tails[place : place + 1] = [j]
        ends[place : place + 1] = [index]
    kept: list[tuple[int, int]] = []
    at = ends[-1] if ends else -1
    while at >= 0:
        kept.append(pairs[at])
        at = before[at]
    return kept[::-1]


def _singles(words: Sequence[str], low: int, high: int, size: int) -> dict[tuple[str, ...], int]:
    seen: dict[tuple[str, ...], int] = {}
    for i in range(low, high - size + 1):
        gram = tuple(words[i : i + size])
        seen[gram] = -1 if gram in seen else i
    return {gram: i for gram, i in seen.items() if i >= 0}
