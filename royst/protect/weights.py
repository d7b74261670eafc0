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
        for depth in reversed(range(deep)):  # a row printed finely prints its coarser percentages too
            told, least, most = (part[row] for part in every[depth])
            if not all(
                _open(
                    block,
                    rules,
                    row,
                    depth,
                    category,
                    least[category] - told[category],
                    most[category] - told[category],
                )
                for category in range(len(told))
            ):
                found[row] = depth + 1
                break
    return found


def _open(block: Block, rules: RuleSet, row: int, depth: int, category: int, down: float, up: float) -> bool:
    """Whether for every guarded unit enough splits near the true one, by one or two exchanges between two units each, give
    a weighted total between ``down`` and ``up`` of the true one."""
    size, weight, count = parts(block, row, depth, category)
    guarded = np.flatnonzero(rules.sensitive_cells(size, np.stack([count, size - count], 1))[:, 0])
    if not len(guarded):
        return True
    more, less, people = (
        a.ravel() for a in np.meshgrid(np.arange(len(size)), np.arange(len(size)), [1, 2], indexing="ij")
    )
    able = (more != less) & (count[more] + people <= size[more]) & (count[less] >= people)
    more, less, people = more[able], less[able], people[able]
    gain = people * (weight[more] - weight[less])
    order = np.argsort(gain, kind="stable")
    gain, more, less, people = gain[order], more[order], less[order], people[order]
    alone = (gain >= down) & (gain <= up)
    first = np.searchsorted(gain, down - gain)
    last = np.searchsorted(gain, up - gain, side="right")
    around = (last - first).astype(float)
    plenty = np.bincount(more, around, len(size)) + np.bincount(less, around, len(size))
    if len(size) >= 12:  # most pairs of exchanges lie between four different units
        guarded = guarded[plenty[guarded] < 10 * WAYS]
    for unit in guarded:
        change = people * (more == unit) - people * (less == unit)
        opens = change != 0  # one exchange opens small domains; where more people must move, exchanges add up
        ways = int(alone[opens].sum())
        for k in np.flatnonzero(opens):
            if ways >= WAYS:
                break
            near = slice(first[k], last[k])
            apart = (
                (more[near] != more[k]) & (more[near] != less[k]) & (less[near] != more[k]) & (less[near] != less[k])
            )
            ways += int(apart.sum())
        if ways < WAYS:
            return False
    return True


def parts(block: Block, row: int, depth: int, category: int) -> tuple[NDArray, NDArray, NDArray]:
    """A row's people by holder and weight: how many, their weight, and how many gave the category."""
    inside = block.members.indices[slice(*block.members.indptr[row : row + 2])]
    weight = block.weight[inside] if block.weight is not None else np.ones(len(inside))
    given = block.counts[inside][:, block.levels[depth] == category].sum(1)
    key = np.stack([block.holder[inside].astype(float), np.round(weight, 9)], 1)
    kinds, at = np.unique(key, axis=0, return_inverse=True)
    at = at.ravel()
    size = np.bincount(at, block.atoms[inside], len(kinds)).astype(np.int64)
    return size, kinds[:, 1], np.bincount(at, given, len(kinds)).astype(np.int64)
