"""What weighted percentages tell besides counts.

Whoever knows each unit's weight and a row's counts learns from its weighted percentage how the people who gave an answer
are split over the units: with few people only one split may give the printed figure. So the printed figures are
conditions of the audit, and a row is printed only where many other splits agree with it. "Many" leaves room for what the
row's mean, its standard error and its interval tell as well.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from royst.protect.block import Block
from royst.protect.rules import RuleSet

STEP = 0.1
"""Weighted shares are printed to this part of a percentage point."""
WAYS = 30
"""Other splits that must agree with a printed figure, for each unit whose part in it is a fact to protect."""


def uneven(block: Block) -> NDArray[np.bool_]:
    """Rows whose people differ in weight. Shape (rows,)."""
    if block.weight is None:
        return np.zeros(len(block.rows), bool)
    per_row = block.weight[block.members.indices]
    starts = block.members.indptr[:-1]
    return np.maximum.reduceat(per_row, starts) - np.minimum.reduceat(per_row, starts) > 1e-9


def windows(block: Block, depth: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Weighted totals of every row at a level, and the least and most that agree with the printed percentage.

    Three arrays (rows, categories of the level).
    """
    weight = np.ones(len(block.atoms)) if block.weight is None else block.weight
    told = block.members @ merge_float(block.counts * weight[:, None], block.levels[depth])
    whole = told.sum(1, keepdims=True)
    percent = np.round(100 * told / whole / STEP) * STEP
    return told, (percent - STEP / 2) * whole / 100, (percent + STEP / 2) * whole / 100


def merge_float(counts: NDArray[np.float64], level: NDArray[np.int64]) -> NDArray[np.float64]:
    """``block.merge`` for sums."""
    return counts @ (level[:, None] == np.arange(int(level.max()) + 1)).astype(float)


def finest(block: Block, rules: RuleSet, weighted: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """The finest level at which each row's weighted percentages leave the units' parts in them open. Shape (rows,).

    ``weighted``: (rows,) those whose figures are weighted, all by default. ``len(block.levels)`` for rows that may not be
    printed at any level.
    """
    found = np.zeros(len(block.rows), np.int64)
    if block.weight is None:
        return found
    deep = len(block.levels)
    every = [windows(block, depth) for depth in range(deep)]
    for row in np.flatnonzero(uneven(block) & block.candidate & (True if weighted is None else weighted)):
        split = _Split(block, int(row))
        for depth in reversed(range(deep)):  # a row printed finely prints its coarser percentages too
            told, least, most = (part[row] for part in every[depth])
            counts = merge_float(split.counts, block.levels[depth]).astype(np.int64)
            if not all(
                split.open(rules, counts[:, k], least[k] - told[k], most[k] - told[k]) for k in range(len(told))
            ):
                found[row] = depth + 1
                break
    return found


class _Split:
    """A row's people by holder and weight. ``size``: how many; ``counts``: (parts × answers) what they gave."""

    def __init__(self, block: Block, row: int):
        inside = block.members.indices[slice(*block.members.indptr[row : row + 2])]
        weight = block.weight[inside] if block.weight is not None else np.ones(len(inside))
        key = np.stack([block.holder[inside].astype(float), np.round(weight, 9)], 1)
        kinds, at = np.unique(key, axis=0, return_inverse=True)
        self.size = np.bincount(at.ravel(), block.atoms[inside], len(kinds)).astype(np.int64)
        self.counts = np.zeros((len(kinds), block.counts.shape[1]))
        np.add.at(self.counts, at.ravel(), block.counts[inside])
        parts = np.arange(len(kinds))
        more, less, people = (a.ravel() for a in np.meshgrid(parts, parts, [1, 2], indexing="ij"))
        gain = people * (kinds[more, 1] - kinds[less, 1])
        order = np.argsort(gain, kind="stable")
        self._steps = tuple(a[order] for a in (gain, more, less, people))

    def open(self, rules: RuleSet, count: NDArray[np.int64], down: float, up: float) -> bool:
        """Whether for every guarded part enough splits near the true one, by one or two exchanges between two parts each,
        give a weighted total between ``down`` and ``up`` of the true one.

        One exchange opens small domains; where more people must move, exchanges add up.
        """
        size = self.size
        guarded = np.flatnonzero(rules.sensitive_cells(size, np.stack([count, size - count], 1))[:, 0])
        if not len(guarded):
            return True
        gain, more, less, people = self._steps
        able = (more != less) & (count[more] + people <= size[more]) & (count[less] >= people)
        gain, more, less, people = gain[able], more[able], less[able], people[able]
        first, last = np.searchsorted(gain, down - gain), np.searchsorted(gain, up - gain, side="right")
        around = (last - first).astype(float)
        plenty = np.bincount(more, around, len(size)) + np.bincount(less, around, len(size))
        if len(size) >= 12:  # most pairs of exchanges lie between four different parts
            guarded = guarded[plenty[guarded] < 10 * WAYS]
        alone = (gain >= down) & (gain <= up)
        for part in guarded:
            moves = np.flatnonzero((more == part) | (less == part))
            ways = int(alone[moves].sum())
            for k in moves:
                if ways >= WAYS:
                    break
                near = slice(first[k], last[k])
                apart = (
                    (more[near] != more[k])
                    & (more[near] != less[k])
                    & (less[near] != more[k])
                    & (less[near] != less[k])
                )
                ways += int(apart.sum())
            if ways < WAYS:
                return False
        return True
