"""The facts that nobody may learn of a block, and whether a set of worlds leaves them open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from royst.protect.block import Block, merge
from royst.protect.rules import RuleSet

ROUND = 1e-6


@dataclass(frozen=True, eq=False)
class Facts:
    """Sensitive cells: arrays of one length. ``n``, ``count``: people in the domain and people who gave the answer."""

    row: NDArray[np.int64]
    level: NDArray[np.int64]
    category: NDArray[np.int64]
    n: NDArray[np.int64]
    count: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.row)

    def take(self, chosen: NDArray) -> Facts:
        return Facts(self.row[chosen], self.level[chosen], self.category[chosen], self.n[chosen], self.count[chosen])


def facts(block: Block, rules: RuleSet) -> Facts:
    """Every sensitive cell of the block at every level, the same set of people and answers once.

    Domains that are never printed are in it too. Categories of a coarse level that hold one answer only are facts of the
    level of answers already.
    """
    first = _first_of_same(block)
    found = []
    for level, news in enumerate(_news(block)):
        table = block.table(level)
        cells = rules.sensitive_cells(block.n, table) & first[:, None] & news
        row, category = np.nonzero(cells)
        found.append(Facts(row, np.full(len(row), level), category, block.n[row], table[row, category]))
    return Facts(*(np.concatenate([getattr(f, name) for f in found]) for name in Facts.__dataclass_fields__))


def guarded(block: Block) -> int:
    """How many counts could be facts, whatever was answered: of every group of people that the block knows, each answer and each band of
    several. What is decided of a release is told by this number, since how many of them are facts depends on answers.
    """
    groups = int((_first_of_same(block) & (block.n > 0)).sum())
    return groups * sum(int(news.sum()) for news in _news(block))


def _news(block: Block) -> list[NDArray[np.bool_]]:
    """Which categories of each level are not a single category of the finer one. Shape (categories,) each."""
    found = []
    for level, codes in enumerate(block.levels):
        categories = range(int(codes.max()) + 1 if len(codes) else 0)
        finer = block.levels[level - 1] if level else codes
        found.append(np.array([not level or len(np.unique(finer[codes == k])) > 1 for k in categories], bool))
    return found


def _first_of_same(block: Block) -> NDArray[np.bool_]:
    """Marks the first of the rows that hold the same atoms."""
    seen: set[bytes] = set()
    first = np.zeros(len(block.rows), bool)
    members = block.members
    for row in range(len(block.rows)):
        key = np.sort(members.indices[members.indptr[row] : members.indptr[row + 1]]).tobytes()
        first[row] = key not in seen
        seen.add(key)
    return first


def values(block: Block, wanted: Facts, change: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a change of answers (atoms × answers) adds to each fact's count. Shape (facts,)."""
    out = np.empty(len(wanted))
    moved = block.members @ change
    for level, codes in enumerate(block.levels):
        mine = wanted.level == level
        out[mine] = merge(moved, codes)[wanted.row[mine], wanted.category[mine]]
    return out


def leaves(rules: RuleSet, n: NDArray, count: NDArray, change: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether a change takes counts out of what must not be told: the worlds' side of ``RuleSet.recoverable``.

    The true count and ``count + change`` are both possible; so is every whole number between.
    """
    least = np.ceil(np.minimum(count, count + change) - ROUND)
    most = np.floor(np.maximum(count, count + change) + ROUND)
    return ~recoverable(rules, n, least, most)


def recoverable(rules: RuleSet, n: NDArray, least: NDArray, most: NDArray) -> NDArray[np.bool_]:
    """``RuleSet.recoverable`` for whole-number intervals, all at once."""
    small = rules.small.value
    single = (least >= most) & ((most > 0) | rules.zeros)
    return np.where(n < rules.row.value, single, ((least >= 1) & (most <= small)) | (least >= n - small))
