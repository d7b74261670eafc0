"""Cells, where sampling units and domains meet, and how several groupings share one pass over the rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from royst.totals.reading import Codes
from royst.totals.rows import Rows, compress
from royst.totals.table import Floats, GroupTotals, Ints

FINE_CELLS = 1 << 16  # groupings are crossed up to this many cells, or as many as there are rows
FEWEST_CELLS = 1 << 13  # but up to this many in any case: a pass costs more than they do


@dataclass(frozen=True)
class Bin:
    """Groupings that share a pass: each row's fine cell, and per grouping the matrix that adds fine cells to cells."""

    fine: Ints
    count: int
    groups: tuple[tuple[int, GroupTotals, sparse.csr_matrix], ...]
    _spread: dict[int, Ints] = field(default_factory=dict)

    def spread(self, width: int) -> Ints:
        """Fine cells times ``width``, kept for the next item with as many values."""
        if width not in self._spread:
            self._spread.clear()
            self._spread[width] = self.fine * width
        return self._spread[width]


@dataclass(frozen=True)
class Block:
    """Fine sums of some variables: ``terms`` says which columns of ``fine`` make each sum, and the matrix from answers'
    values to variables (None: as they are)."""

    places: list[int]
    fine: Floats
    terms: Mapping[str, tuple[slice, Floats | None]]

    def add(self, values: Floats, names: Iterable[str], found: dict[str, list[Floats]]) -> None:
        """Put the named sums of the blocks' variables, made from added-up columns, where they belong."""
        for name in names:
            columns, matrix = self.terms[name]
            part = values[:, columns]
            found[name].append(part if matrix is None else part @ matrix)


def domain_codes(columns: list[Codes], height: int) -> tuple[Ints, list[tuple[str, ...]]]:
    """Each row's domain (0 where a grouping column is missing) and the domains that occur, in the columns' order."""
    if not columns:
        return np.ones(height, np.int64), [()]
    key = np.zeros(height, np.int64)
    missing = np.zeros(height, bool)
    for codes in columns:
        missing |= codes.codes == 0
        key = key * (len(codes.labels) + 1) + codes.codes
    key[missing] = 0
    seen, dense = compress(key)
    labels = []
    for value in seen.tolist():
        parts: list[str] = []
        for codes in reversed(columns):
            value, code = divmod(value, len(codes.labels) + 1)
            parts.append(codes.labels[code - 1] if code else "")
        labels.append(tuple(reversed(parts)))
    if missing.any():
        return dense, labels[1:]
    return dense + 1, labels


def make_bin(
    numbers_: list[int],
    coded: list[tuple[Ints, list[tuple[str, ...]]]],
    groupings: tuple[tuple[str, ...], ...],
    rows: Rows,
) -> Bin:
    key = rows.unit
    for number in numbers_:
        key = key * (len(coded[number][1]) + 1) + coded[number][0]
    seen, fine = compress(key)
    size = np.bincount(fine, minlength=len(seen)).astype(np.float64)
    parts: dict[int, Ints] = {}
    rest = seen
    for number in reversed(numbers_):
        rest, parts[number] = np.divmod(rest, len(coded[number][1]) + 1)
    groups = []
    for number in sorted(numbers_):
        inside = np.flatnonzero(parts[number])
        cell_key = (parts[number][inside] - 1) * len(rows.units) + rest[inside]
        cells, place = compress(cell_key)
        matrix = sparse.csr_matrix((np.ones(len(inside)), (place, inside)), shape=(len(cells), len(seen)))
        domain, unit = np.divmod(cells, len(rows.units))
        group = GroupTotals(groupings[number], tuple(coded[number][1]), domain, unit, matrix @ size, {})
        groups.append((number, group, matrix))
    return Bin(fine, len(seen), tuple(groups))
