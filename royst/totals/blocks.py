"""Sums by fine cell, some variables at a time: through counts of an item's values where they are few, else row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from royst.totals.cells import Bin
from royst.totals.reading import Codes
from royst.totals.rows import Rows, summed
from royst.totals.table import Floats

COUNTED_AT_ONCE = 1 << 13  # rows (or cells) × items: a few items of a small survey, one of a large one


@dataclass(frozen=True)
class Block:
    """Sums by fine cell of the variables at ``places``. ``terms`` says which of ``fine`` makes a sum of the variables, and
    through which scores (see ``Alike``; None: as they are)."""

    places: list[int]
    fine: list[Floats]
    terms: Mapping[str, tuple[int, Floats | None]]

    def write(self, name: str, sums: list[Floats], into: Floats) -> None:
        """Put a sum of the block's variables into its places, made from ``fine`` added up to cells or domains."""
        number, scores = self.terms[name]
        values = sums[number]
        if scores is not None:
            items, width, each = scores.shape
            made = np.empty((len(values), items, each))
            by_item = values.reshape(-1, items, width).transpose(1, 0, 2)
            np.matmul(by_item, scores, out=made.transpose(1, 0, 2))
            values = made.reshape(len(values), items * each)
        into[:, self.places] = values


@dataclass(frozen=True)
class Alike:
    """Items with as many values and as many variables each, counted together: ``scores`` is items × values (the first is
    missing) × each item's variables, NaN where a value does not count; ``places`` are the variables' in that order."""

    items: list[Codes]
    places: list[int]
    scores: Floats

    def block(self, rows: Rows, one: Bin, squares: bool) -> Block:
        """Rows and weights (and their squares) counted by fine cell, item and value."""
        width = self.scores.shape[1]
        key = np.empty((len(self.items), len(rows.unit)), np.int64)
        for number, codes in enumerate(self.items):
            np.add(one.spread(width * len(self.items)), codes.codes, out=key[number])
            if number:
                key[number] += number * width
        length = one.count * len(self.items) * width
        fine = [summed(key.ravel(), None, length)]
        for weight in [rows.weight, rows.weight * rows.weight] if squares else [rows.weight]:
            fine.append(summed(key.ravel(), np.broadcast_to(weight, key.shape).ravel(), length))
        x, y = (~np.isnan(self.scores)).astype(np.float64), np.nan_to_num(self.scores)
        n, w, q = range(3)
        terms = {
            "n": (n, x), "ny": (n, y), "w": (w, x), "wy": (w, y), "wyy": (w, y * y), "wx": (w, x), "wxy": (w, y),
            "wxx": (w, x), "qyy": (q, y * y), "qxy": (q, y), "qxx": (q, x),
        }  # fmt: skip
        return Block(self.places, [part.reshape(one.count, -1) for part in fine], terms)


def alike(scored: Iterable[tuple[Codes, list[int], Floats]], height: int) -> list[Alike]:
    """Items (codes, their variables' places and values × variables scores), the alike ones together while they are small."""
    sorts: dict[tuple[int, ...], list[tuple[Codes, list[int], Floats]]] = {}
    for one in scored:
        sorts.setdefault(one[2].shape, []).append(one)
    at_once = max(1, COUNTED_AT_ONCE // max(height, 1))
    found = []
    for same in sorts.values():
        for start in range(0, len(same), at_once):
            items, places, scores = zip(*same[start : start + at_once])
            found.append(Alike(list(items), [place for own in places for place in own], np.array(scores)))
    return found


def by_row(place: int, y: Floats, x: Floats | None, rows: Rows, one: Bin, names: Sequence[str]) -> Block:
    """The named sums of one variable, row by row."""
    x = np.ones_like(y) if x is None else x
    there = ~(np.isnan(y) | np.isnan(x))
    y, x, w = np.where(there, y, 0.0), np.where(there, x, 0.0), np.where(there, rows.weight, 0.0)
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
    fine = [summed(one.fine, terms[name](), one.count)[:, None] for name in names]
    return Block([place], fine, {name: (number, None) for number, name in enumerate(names)})
