"""Cells, where sampling units and domains meet, and how several groupings share one pass over the rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from royst.totals.reading import Codes
from royst.totals.rows import Rows, compress, summed
from royst.totals.table import Floats, GroupTotals, Ints

MOST_CELLS = 1 << 17  # groupings are crossed up to this many cells,
ROWS_A_CELL = 4  # or up to as many as have some rows each,
FEWEST_CELLS = 1 << 13  # but up to this many in any case: a pass costs more than they do


@dataclass(frozen=True)
class Bin:
    """Groupings that share a pass: each row's ``fine`` cell of ``count``, and the matrix that adds fine cells to the cells of
    its ``groups``, one grouping after the other; ``starts`` says where each domain's cells start."""

    fine: NDArray[np.int32]
    count: int
    gather: sparse.csr_matrix
    starts: Ints
    groups: tuple[tuple[int, GroupTotals], ...]
    _answers: dict[tuple[int, int], sparse.coo_matrix] = field(default_factory=dict)

    def answers(self, rows: Rows, items: int, width: int) -> sparse.coo_matrix:
        """What each row counts (``Rows.counted``, as often as there are items) by its fine cell and the items' values, which
        are still to be said as ``col``. Kept for the next items alike."""
        kept = self._answers.get((items, width))
        if kept is None:
            fine, each = (part if items == 1 else np.tile(part, items) for part in (self.fine, rows.counted))
            at = fine, np.zeros_like(fine)
            kept = sparse.coo_matrix((each, at), shape=(self.count, items * width))
            self._answers.clear()
            self._answers[items, width] = kept
        return kept

    def split(self, sums: Mapping[str, Floats], added: Mapping[str, Floats]) -> Iterable[tuple[int, GroupTotals]]:
        """Each grouping's number and totals, cut from sums by cell and sums by domain of them all."""
        cell = domain = 0
        for number, group in self.groups:
            cells, domains = slice(cell, cell + len(group.unit)), slice(domain, domain + len(group.domains))
            cell, domain = cells.stop, domains.stop
            own = {name: values[cells] for name, values in sums.items()}
            yield number, replace(group, sums=own, added={name: values[domains] for name, values in added.items()})


def domain_codes(columns: list[Codes], height: int) -> tuple[Ints, list[tuple[str, ...]]]:
    """Each row's domain (0 where a grouping column is missing) and the domains that occur, in the columns' order."""
    if not columns:
        return np.ones(height, np.int64), [()]
    key = columns[0].codes.astype(np.int64)
    missing = key == 0
    for codes in columns[1:]:
        missing |= codes.codes == 0
        key = key * (len(codes.labels) + 1) + codes.codes
    if len(columns) > 1:
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


def most_cells(rows: Rows) -> int:
    """How many cells groupings are crossed to: a pass over the rows costs about what adding up that many cells does."""
    return max(FEWEST_CELLS, min(MOST_CELLS, len(rows.unit) // ROWS_A_CELL), len(rows.units))


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
    size = summed(fine, None, len(seen))
    parts: dict[int, Ints] = {}
    rest = seen
    for number in reversed(numbers_):
        rest, parts[number] = np.divmod(rest, len(coded[number][1]) + 1)
    groups: list[tuple[int, GroupTotals]] = []
    into: list[Ints] = []
    of: list[Ints] = []
    starts: list[Ints] = []
    count = 0
    for number in sorted(numbers_):
        inside = np.flatnonzero(parts[number])
        cell_key = (parts[number][inside] - 1) * len(rows.units) + rest[inside]
        cells, place = compress(cell_key)
        domain, unit = np.divmod(cells, len(rows.units))
        sizes = summed(place, size[inside], len(cells))
        group = GroupTotals(groupings[number], tuple(coded[number][1]), domain, unit, sizes, {})
        groups.append((number, group))
        into.append(place + count)
        of.append(inside)
        starts.append(group.starts + count)
        count += len(cells)
    pairs = np.concatenate(into), np.concatenate(of)
    gather = sparse.csr_matrix((np.ones(len(pairs[0])), pairs), shape=(count, len(seen)))
    return Bin(fine.astype(np.int32), len(seen), gather, np.concatenate(starts), tuple(groups))
