"""Sums by fine cell, some variables at a time: through counts of an item's values where they are few, else row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from royst.totals.cells import Bin
from royst.totals.reading import Codes
from royst.totals.rows import Rows, summed
from royst.totals.table import Floats

#: Each sum's part (weights, rows, squared weights) and the power of the value that it takes, where x is 1.
TERMS = {"n": (1, 0), "ny": (1, 1), "w": (0, 0), "wy": (0, 1), "wyy": (0, 2), "wx": (0, 0), "wxy": (0, 1), "wxx": (0, 0),
         "qyy": (2, 2), "qxy": (2, 1), "qxx": (2, 0)}  # fmt: skip
COUNTED_AT_ONCE = 1 << 13  # rows (or cells) × items: a few items of a small survey, one of a large one
MULTIPLIED_AT_ONCE = 1 << 11  # cells: what stays near the processor, and too little for BLAS to wake its threads for


class Block(Protocol):
    """Variables at ``places`` whose sums are made together: parts that are added up, and what the sums are of the parts."""

    @property
    def places(self) -> list[int]: ...

    def parts(self, rows: Rows, one: Bin) -> Floats:
        """Fine cells × parts."""
        ...

    def write(self, into: Floats, names: Sequence[str], parts: Floats) -> None:
        """Put the named sums into their places (variables × names × cells), from parts that were added up to cells or domains
        (cells × parts)."""
        ...


@dataclass(frozen=True)
class Alike:
    """Items with as many values and as many variables each, counted together: ``scores`` is items × values (the first is
    missing) × each item's variables, NaN where a value does not count; ``places`` are the variables' in that order.

    The parts are each item's rows by value and their weights (and, with ``squares``, the squares of these).
    """

    items: list[Codes]
    places: list[int]
    scores: Floats
    squares: bool
    _made: dict[tuple[str, ...], Floats] = field(default_factory=dict)

    def parts(self, rows: Rows, one: Bin) -> Floats:
        items, width, _ = self.scores.shape
        answers = copy(one.answers(rows, items, width))
        own = [codes.codes + np.int32(k * width) if k else codes.codes for k, codes in enumerate(self.items)]
        answers.col = np.concatenate(own, dtype=np.int32)
        found = answers.toarray().view(np.float64).reshape(-1, 2)
        if self.squares:
            answers.data = answers.data.real**2
            found = np.column_stack([found, answers.toarray().ravel()])
        return found.reshape(one.count, -1)

    def write(self, into: Floats, names: Sequence[str], parts: Floats) -> None:
        terms = self._terms(tuple(names))
        for start in range(0, len(parts), MULTIPLIED_AT_ONCE):
            some = parts[start : start + MULTIPLIED_AT_ONCE]
            made = terms @ some.T.reshape(len(terms), -1, len(some))
            into[:, :, start : start + len(some)][self.places] = made.reshape(-1, len(names), len(some))

    def _terms(self, names: tuple[str, ...]) -> Floats:
        """What the named sums are of an item's parts: items × (its variables and the names) × parts."""
        if names not in self._made:
            scores = np.swapaxes(self.scores, 1, 2)
            y, x = np.nan_to_num(scores), (~np.isnan(scores)).astype(np.float64)
            terms = np.zeros((*scores.shape[:2], len(names), scores.shape[2], 3 if self.squares else 2))
            for number, name in enumerate(names):
                part, power = TERMS[name]
                terms[:, :, number, :, part] = (x, y, y * y)[power]
            self._made[names] = terms.reshape(len(scores), -1, terms.shape[3] * terms.shape[4])
        return self._made[names]


def alike(scored: Iterable[tuple[Codes, list[int], Floats]], height: int, squares: bool) -> list[Alike]:
    """Items (codes, their variables' places and values × variables scores), the alike ones together while they are small."""
    sorts: dict[tuple[int, ...], list[tuple[Codes, list[int], Floats]]] = {}
    for one in scored:
        sorts.setdefault(one[2].shape, []).append(one)
    at_once = max(1, COUNTED_AT_ONCE // max(height, 1))
    found = []
    for same in sorts.values():
        for start in range(0, len(same), at_once):
            items, places, scores = zip(*same[start : start + at_once])
            found.append(Alike(list(items), [place for own in places for place in own], np.array(scores), squares))
    return found


@dataclass(frozen=True)
class ByRow:
    """One variable, its ``names`` sums row by row; x is 1 where it is None."""

    places: list[int]
    y: Floats
    x: Floats | None
    names: Sequence[str]

    def parts(self, rows: Rows, one: Bin) -> Floats:
        x = np.ones_like(self.y) if self.x is None else self.x
        there = ~(np.isnan(self.y) | np.isnan(x))
        y, x, w = np.where(there, self.y, 0.0), np.where(there, x, 0.0), np.where(there, rows.weight, 0.0)
        terms: dict[str, Callable[[], Floats]] = {
            "n": lambda: there.astype(np.float64),
            "ny": lambda: y,
            "w": lambda: w,
            "wy": lambda: w * y,
            "wx": lambda: w * x,
            "wyy": lambda: w * y * y,
            "wxy": lambda: w * x * y,
            "wxx": lambda: w * x * x,
            "qyy": lambda: (w * y) ** 2,
            "qxy": lambda: w * w * x * y,
            "qxx": lambda: (w * x) ** 2,
        }
        fine = one.fine.astype(np.int64)
        return np.column_stack([summed(fine, terms[name](), one.count) for name in self.names])

    def write(self, into: Floats, names: Sequence[str], parts: Floats) -> None:
        into[self.places] = parts.T[[self.names.index(name) for name in names]]
