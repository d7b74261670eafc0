"""All tables of one item that agree with everything printed of it, as one linear programme.

The unknowns are counts of (kind, answer): a kind is all atoms that weigh the same and lie in the same printed rows and the
same rows asked about, since nothing printed or asked tells such atoms apart. That halves the programme, or better.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from royst.protect.block import Block
from royst.protect.worlds import Model, programme, solve

PEOPLE = -2
"""The depth of the conditions that say how many people a kind has: they always bind."""

Condition = tuple[NDArray[np.int64], sparse.csr_array, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
"""Rows, their members among the kinds, what each answer counts, and the ends."""


def kinds(block: Block, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The number of each atom's kind: atoms of one kind weigh the same and are in the same of ``rows``. Shape (atoms,)."""
    inside = np.packbits(block.members[rows].toarray().T > 0, axis=1)
    weight = np.ones(len(block.atoms)) if block.weight is None else block.weight
    weights = np.stack([weight, *block.otherwise.values()], 1).astype(float)
    alike = np.concatenate([inside, weights.view(np.uint8)], 1)
    return np.unique(alike, axis=0, return_inverse=True)[1].ravel()


class Polytope(Model):
    """The programme of a block printed at ``level``; ``asked``: the rows whose counts it may be asked for.

    Its columns say how far each count lies above the truth, where somebody gave another answer, and how far below, where anybody gave
    this one: so the truth is a corner, all columns zero, and the simplex method starts there.
    """

    def __init__(self, block: Block, level: NDArray[np.int64], asked: NDArray[np.int64]):
        self.block, self.level = block, level.copy()
        self._kind = kinds(block, np.union1d(np.flatnonzero(level >= 0), asked))
        self._one = np.unique(self._kind, return_index=True)[1]
        counts = np.zeros((len(self._one), block.counts.shape[1]))
        np.add.at(counts, self._kind, block.counts.astype(float))
        self._truth, people = counts, counts.sum(1)
        self._share = block.atoms / np.maximum(people, 1.0)[self._kind]
        above = (people[:, None] - counts).ravel()
        self._up, self._down = np.flatnonzero(above > 0), np.flatnonzero(counts.ravel() > 0)
        none, each = np.full(len(people), -1), sparse.csr_array(sparse.eye_array(len(people)))
        everyone = (none, each, np.ones(counts.shape[1]), people, people)
        matrix, rows, low, high = self._stacked([everyone, *self._conditions(np.flatnonzero(level >= 0))])
        most = np.concatenate([above[self._up], counts.ravel()[self._down]])
        super().__init__(rows, low, high, programme(matrix, low, high, np.zeros(len(most)), most))
        self._depth = np.where(rows < 0, PEOPLE, level[rows])

    def furthest(self, cost: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """The table (atoms × answers) that makes ``cost`` smallest, told as its difference from the truth. ``cost`` is the same for
        atoms of one kind; each kind's answers are spread evenly over its atoms."""
        by_kind = cost[self._one].ravel()
        found = solve(self.highs, np.concatenate([by_kind[self._up], -by_kind[self._down]]))
        if found is None:
            return None
        table = self._truth.ravel().copy()
        table[self._up] += found[: len(self._up)]
        table[self._down] -= found[len(self._up) :]
        return table.reshape(self._truth.shape)[self._kind] * self._share[:, None] - self.block.counts

    def binds(self, level: NDArray[np.int64]) -> NDArray[np.bool_]:
        """A condition holds as long as its row is printed at the level that it was made for."""
        return (self._depth == PEOPLE) | (level[self.rows] == self._depth)

    def update(self, level: NDArray[np.int64]) -> None:
        """Let go of what rows told that are withheld now, or coarser; the latter tell what they still print."""
        changed = np.flatnonzero(level != self.level)
        self.level = level.copy()
        if (level[changed] >= 0).any():
            self._add(changed[level[changed] >= 0])
        super().update(level)

    def _add(self, rows: NDArray[np.int64]) -> None:
        matrix, rows, low, high = self._stacked(list(self._conditions(rows)))
        self.highs.addRows(
            len(low), low, high, matrix.nnz, matrix.indptr[:-1].astype(np.int32), matrix.indices.astype(np.int32), matrix.data.astype(float)
        )
        self.rows = np.concatenate([self.rows, rows])
        self.low, self.high = np.concatenate([self.low, low]), np.concatenate([self.high, high])
        self._depth = np.concatenate([self._depth, self.level[rows]])
        self._bound = np.concatenate([self._bound, np.ones(len(rows), bool)])

    def _conditions(self, rows: NDArray[np.int64]) -> Iterator[Condition]:
        """What the rows tell at the levels they are printed at: counts, weighted percentages, weighted means."""
        block, level = self.block, self.level
        for printed, codes in enumerate(block.levels):
            here = rows[level[rows] == printed]
            table = block.table(printed)[here].astype(float)
            for category in range(table.shape[1] - 1 if len(here) else 0):  # the last one follows from the others
                yield here, self._members(block.members, here), codes == category, table[:, category], table[:, category]
        weighted = rows[np.isfinite(block.step[rows])]
        for depth, (codes, window) in enumerate(zip(block.levels, block.windows)):
            here = weighted[level[weighted] <= depth]
            for category in range(int(codes.max()) + 1 if len(here) else 0):
                ends = window.least[here, category], window.most[here, category]
                yield here, self._members(block.weighted, here), codes == category, *ends
        means, here = block.mean_window, weighted[level[weighted] == 0]
        if means is not None and block.scores is not None and len(here):
            yield here, self._members(block.weighted, here), block.scores, means.least[here, 0], means.most[here, 0]

    def _members(self, members: sparse.csr_array, rows: NDArray[np.int64]) -> sparse.csr_array:
        return members[rows][:, self._one]

    def _stacked(self, conditions: list[Condition]) -> tuple[sparse.csr_array, NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """The conditions as one matrix over (kind, answer), their rows, and how far from the truth they let a table lie."""
        parts = [sparse.kron(members, sparse.csr_array(answers.astype(float)[None, :])) for _, members, answers, _, _ in conditions]
        matrix = sparse.csr_array(sparse.vstack(parts, format="csr"))
        there = matrix @ self._truth.ravel()
        low = np.minimum(np.concatenate([ends for *_, ends, _ in conditions]) - there, 0.0)
        high = np.maximum(np.concatenate([ends for *_, ends in conditions]) - there, 0.0)
        rows = np.concatenate([rows for rows, *_ in conditions]).astype(int)
        matrix = sparse.csc_array(matrix)
        return sparse.csr_array(sparse.hstack([matrix[:, self._up], -matrix[:, self._down]])), rows, low, high
