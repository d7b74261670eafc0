"""Other worlds: answers that differ from the true ones and agree with everything printed.

A fact is safe as soon as one world is found in which it is false, so most facts need no linear programme of their own.
A world is made by exchanging two answers among people: ``v`` (atoms,) people more gave the one answer and as many fewer
the other, so that every printed sum stays as it is. Each exchange is one small linear programme that pulls at many facts
at once (HiGHS; Huangfu and Hall 2018).
"""

from __future__ import annotations

import hashlib
from itertools import combinations

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from royst.protect.block import Block, merge

SAME = 1e-7
PRIMAL = 4
"""HiGHS's number for the primal simplex method."""
BY_ROWS = 1
"""HiGHS's number for pricing row by row, which suits programmes with many more columns than rows."""


def solver() -> highspy.Highs:
    """A silent, single-threaded HiGHS that keeps its basis from one objective to the next."""
    highs = highspy.Highs()
    highs.silent()
    highs.setOptionValue("threads", 1)
    highs.setOptionValue("random_seed", 1)
    highs.setOptionValue("presolve", "off")
    highs.setOptionValue("simplex_strategy", PRIMAL)  # the truth is a corner to start from, and so is each optimum for the next
    highs.setOptionValue("simplex_price_strategy", BY_ROWS)
    return highs


def programme(
    matrix: sparse.csr_array,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    least: NDArray[np.float64],
    most: NDArray[np.float64],
) -> highspy.Highs:
    """A linear programme ``low <= matrix @ x <= high``, ``least <= x <= most`` with no objective yet."""
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = matrix.shape
    model.col_cost_ = np.zeros(matrix.shape[1])
    model.col_lower_, model.col_upper_ = least, most
    model.row_lower_, model.row_upper_ = low, high
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = matrix.indptr.astype(np.int32)
    model.a_matrix_.index_ = matrix.indices.astype(np.int32)
    model.a_matrix_.value_ = matrix.data.astype(float)
    highs = solver()
    highs.passModel(model)
    return highs


def solve(highs: highspy.Highs, cost: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The point that makes ``cost @ x`` smallest; ``None`` where HiGHS did not reach the optimum."""
    highs.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    return np.asarray(highs.getSolution().col_value)


def signs(seed: str, size: int) -> NDArray[np.float64]:
    """``size`` pseudo-random signs from SHA-256 of a seed: the same on every machine."""
    blocks = (hashlib.sha256(f"{seed}/{k}".encode()).digest() for k in range(-(-size // 256)))
    bits = np.unpackbits(np.frombuffer(b"".join(blocks), np.uint8))[:size]
    return bits.astype(np.float64) * 2.0 - 1.0


class Model:
    """A linear programme over atoms whose rows come and go with the rows that are printed.

    ``rows``: the block's row behind each of the programme's rows (−1: none); ``low`` and ``high``: its ends.
    """

    def __init__(
        self, rows: NDArray[np.int64], low: NDArray[np.float64], high: NDArray[np.float64], highs: highspy.Highs
    ):
        self.rows, self.low, self.high, self.highs = rows, low, high, highs
        self._bound = np.ones(len(rows), bool)

    def binds(self, level: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of the programme's rows hold when the block is printed at ``level``."""
        raise NotImplementedError

    def update(self, level: NDArray[np.int64]) -> None:
        """Free the rows that no longer bind, and bind those that do again."""
        binds = self.binds(level)
        for k in np.flatnonzero(self._bound != binds):
            ends = (self.low[k], self.high[k]) if binds[k] else (-highspy.kHighsInf, highspy.kHighsInf)
            self.highs.changeRowBounds(int(k), *map(float, ends))
        self._bound = binds

    def telling(self) -> set[int]:
        """The block's rows that hold the last optimum where it is."""
        dual = np.abs(np.asarray(self.highs.getSolution().row_dual)) > SAME
        return set(self.rows[dual].tolist()) - {-1}


class Exchange(Model):
    """Exchanges of two answers in a block whose rows are printed at the given levels.

    The programme holds the people who gave one of the two answers. Every printed count stays as it is, and every weighted figure
    within its rounding.
    """

    def __init__(self, block: Block, level: NDArray[np.int64], pair: tuple[int, int]):
        one, other = pair
        self.pair, self._block = pair, block
        self._apart = np.array([codes[one] != codes[other] for codes in block.levels] + [False])
        rows = np.flatnonzero(self._apart[level])
        self._weighed = rows[np.isfinite(block.step[rows])]
        self.atoms = np.flatnonzero((block.counts[:, one] > 0) | (block.counts[:, other] > 0))
        self._number = np.arange(len(self.atoms), dtype=np.int32)
        self._ends = -block.counts[self.atoms, one].astype(float), block.counts[self.atoms, other].astype(float)
        self._all_move = True
        self._level = level
        self._has_room = False
        parts = [block.members[rows], block.weighted[self._weighed]]
        matrix = sparse.csr_array(sparse.vstack(parts, format="csr")[:, self.atoms])
        zero, free = np.zeros(len(rows)), np.full(len(self._weighed), highspy.kHighsInf)
        low, high = np.concatenate([zero, -free]), np.concatenate([zero, free])
        highs = programme(matrix, low, high, *self._ends)
        super().__init__(np.concatenate([rows, self._weighed]), low, high, highs)
        self._plain = len(rows)

    def binds(self, level: NDArray[np.int64]) -> NDArray[np.bool_]:
        bound = self._apart[level[self.rows]]
        bound[self._plain :] = True  # these have ends of their own
        return bound

    def update(self, level: NDArray[np.int64]) -> None:
        super().update(level)
        if level is not self._level:
            self._level, self._has_room = level, False

    def _make_room(self) -> None:
        """How far weighted totals may move from the truth before a printed figure is another one."""
        if self._has_room or not len(self._weighed):
            return
        low, high = self._room()
        which = np.arange(self._plain, self._plain + len(low), dtype=np.int32)
        self.highs.changeRowsBounds(len(low), which, low, high)  # type: ignore[attr-defined]
        self._has_room = True

    def _room(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        (one, other), block, rows = self.pair, self._block, self._weighed
        level, totals = self._level[rows], block.weighted[rows] @ block.counts.astype(float)
        low, high = np.full(len(rows), -np.inf), np.full(len(rows), np.inf)
        for depth, codes in enumerate(block.levels):
            a, b = codes[one], codes[other]
            if a == b:
                continue
            now, window = merge(totals, codes), block.windows[depth]
            here = (level >= 0) & (level <= depth)
            for least, most in (
                (window.least[rows, a] - now[:, a], window.most[rows, a] - now[:, a]),
                (now[:, b] - window.most[rows, b], now[:, b] - window.least[rows, b]),
            ):
                low, high = np.where(here, np.maximum(low, least), low), np.where(here, np.minimum(high, most), high)
        means = block.mean_window
        gain = 0.0 if block.scores is None else block.scores[one] - block.scores[other]
        if means is not None and gain:
            ends = np.stack([means.least[rows, 0], means.most[rows, 0]]) - totals @ block.scores
            ends = np.sort(ends / gain, axis=0)
            low = np.where(level == 0, np.maximum(low, ends[0]), low)
            high = np.where(level == 0, np.minimum(high, ends[1]), high)
        return np.minimum(low, 0.0), np.maximum(high, 0.0)

    def pull(self, cost: NDArray[np.float64], still: NDArray[np.bool_] | None = None) -> NDArray[np.float64] | None:
        """The exchange (atoms of the block,) that makes ``cost @ v`` largest.

        Atoms in ``still`` keep their answers. ``None`` where nothing was found.
        """
        if still is not None or not self._all_move:
            moving = 1.0 if still is None else (~still[self.atoms]).astype(float)
            least, most = self._ends
            self.highs.changeColsBounds(len(self.atoms), self._number, least * moving, most * moving)
            self._all_move = still is None
        self._make_room()
        found = solve(self.highs, -cost[self.atoms])
        if found is None or not (np.abs(found) > SAME).any():
            return None
        change = np.zeros(len(cost))
        change[self.atoms] = np.where(np.abs(found) < SAME, 0.0, found)
        return change


class OneAnswer(Model):
    """One category against all the rest: fewer conditions than the truth meets, so intervals are at least as wide."""

    def __init__(self, block: Block, level: NDArray[np.int64], depth: int, category: int):
        self.depth = depth
        rows = np.flatnonzero((level >= 0) & (level <= depth))
        weighed = rows[np.isfinite(block.step[rows])]
        total, window = block.table(depth)[rows, category].astype(float), block.windows[depth]
        low = np.concatenate([total, window.least[weighed, category]])
        high = np.concatenate([total, window.most[weighed, category]])
        matrix = sparse.csr_array(sparse.vstack([block.members[rows], block.weighted[weighed]], format="csr"))
        nothing, people = np.zeros(len(block.atoms)), block.atoms.astype(float)
        super().__init__(np.concatenate([rows, weighed]), low, high, programme(matrix, low, high, nothing, people))

    def binds(self, level: NDArray[np.int64]) -> NDArray[np.bool_]:
        return (level[self.rows] >= 0) & (level[self.rows] <= self.depth)


def pairs(answers: int) -> list[tuple[int, int]]:
    """Every pair of answers."""
    return list(combinations(range(answers), 2))
