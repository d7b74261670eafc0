"""What gives way so that weighted figures do not tell the units that are left beside printed reports.

Most units of a row have reports of their own. Whoever takes these out of a row's weighted percentage and standard error looks at
few people, whom one split over the units left may explain. So a row is printed only as finely as it leaves them open: tenths and
standard errors on the average, which numbers of people decide alone (``Left.open_on_average``), and everything in truth, as a
repair like the audit's, by looking for other splits that would be printed alike (``Left.told``).
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from royst.protect.block import WITHHELD_LEVEL, Block
from royst.protect.left import Left, Looks, Parts
from royst.protect.rules import RuleSet
from royst.protect.suppress import telltale, unit_of
from royst.protect.weights import NO_STEP, STEPS, Precision

SPARED = 10
"""A row of so many times some units' people keeps its figures where withholding these units' rows leaves its people open."""
COARSER = 0.25
"""What it costs to print a unit's answers more coarsely, of what it costs to withhold them."""
OFFERED = 12
"""Units' rows that are tried for it at each level, the cheapest first."""


def beside_reports(
    block: Block, rules: RuleSet, level: NDArray[np.int64], found: Precision, out: NDArray[np.int64] | None = None, facts: bool = True
) -> tuple[NDArray[np.int64], Precision]:
    """Levels and precision at which the units left beside printed reports stay open: units' rows are coarser or withheld for a row of
    many more people; else rows lose a decimal, then their standard errors, then answers, and are withheld where nothing else does.

    ``out``: levels at which rows are out already; they stay as they are, and new rows beside them are withheld. ``facts``: whether
    the block holds facts of the audit."""
    beside = _Beside(block, rules, level, found, out, facts)
    for row in beside.several:
        if beside.shown[row]:
            beside.give_way_to(row)
        elif beside.level[row] != WITHHELD_LEVEL and not beside.spared(row):
            beside.coarsen(row)
    return beside.level, replace(found, step=beside.step, bare=beside.bare)


class _Beside:
    """A block's rows as they are to be printed. ``several``: rows of several units whose figures could tell, those that are out first;
    ``shown`` (rows,): those that are out."""

    def __init__(
        self, block: Block, rules: RuleSet, level: NDArray[np.int64], found: Precision, out: NDArray[np.int64] | None, facts: bool
    ):
        self.block, self.rules, self.found, self.facts = block, rules, found, facts
        self.unit, self.depths = unit_of(block), len(block.levels)
        self.level, self.step, self.bare = level.copy(), found.step.copy(), found.bare.copy()
        self.shown = np.zeros(len(block.rows), bool) if out is None else out != WITHHELD_LEVEL
        telling = np.isfinite(found.step) | (found.errors & ~found.bare)
        several = np.flatnonzero(block.candidate & telling & (level != WITHHELD_LEVEL) & (self.unit < 0))
        self.several = [int(row) for row in (*several[self.shown[several]], *several[~self.shown[several]])]
        printed = np.flatnonzero(level != WITHHELD_LEVEL)
        size = np.asarray(block.members.sum(1)).ravel()[printed]
        inside = (block.members[printed] @ block.members[self.several].T).toarray() == size[:, None]
        self._inside = {row: printed[inside[:, place] & (printed != row)] for place, row in enumerate(self.several)}
        self._reasons = [telltale(block, rules, depth) for depth in range(self.depths)]
        self._parts = Parts(block)
        self._left: dict[tuple[object, ...], Left] = {}

    def others(self, row: int) -> NDArray[np.int64]:
        """What is printed of people inside a row."""
        others = self._inside[row]
        return others[self.level[others] != WITHHELD_LEVEL]

    def open_at(self, row: int, depth: int, step: float, bare: bool) -> bool:
        """Whether a row leaves its people open to who looks at answers as coarse as ``depth``, where it is printed so, beside all
        that is printed now."""
        others = self.others(row)
        key = (row, depth, others.tobytes(), self.level[others].tobytes())
        if key not in self._left:
            self._left[key] = Left(self._parts, row, depth, others, self.level, self.unit)
        left, looks = self._left[key], Looks(step, bool(np.isfinite(self.found.step[row])), bool(self.found.errors[row]) and not bare)
        return left.open_on_average(looks) and not (self.facts and left.told(self.rules, looks))

    def open_from(self, row: int, depth: int, step: float, bare: bool) -> bool:
        """Whether it does at ``depth`` and at all that are coarser."""
        return all(self.open_at(row, coarse, step, bare) for coarse in range(depth, self.depths))

    def _as_it_is(self, row: int) -> tuple[float, bool]:
        return float(self.step[row]), bool(self.bare[row])

    def give_way_to(self, row: int) -> None:
        """Withhold what is new beside a row that is out, the cheapest first, until its people are open."""
        new = [other for other in self.others(row) if not self.shown[other]]
        for other in sorted(new, key=lambda other: (self.block.cost[other], other)):
            if self.open_from(row, int(self.level[row]), *self._as_it_is(row)):
                break
            self.level[other] = WITHHELD_LEVEL

    def spared(self, row: int) -> bool:
        """Whether a row keeps its figures as they are, where units' rows inside it are coarser or withheld if need be."""
        before, room = self.level.copy(), float(self.block.n[row]) / SPARED
        for depth in range(int(self.level[row]), self.depths):
            opened = self.open_at(row, depth, *self._as_it_is(row))
            for cost, unit, coarse in [] if opened else self._offered(row, depth, room):
                kept, self.level[unit] = self.level[unit], coarse
                if opened := self.open_at(row, depth, *self._as_it_is(row)):
                    room -= cost
                    break
                self.level[unit] = kept
            if not opened:
                self.level = before
                return False
        return True

    def _offered(self, row: int, depth: int, most: float) -> list[tuple[float, int, int]]:
        """Units' rows inside a row that may be withheld, or coarser than ``depth``: what it costs, the row, its new level."""
        found = []
        for one in map(int, self.others(row)):
            if self.unit[one] >= 0 and not self.shown[one]:
                people = float(self.block.n[one])
                found.append((people, one, WITHHELD_LEVEL))
                if self.level[one] <= depth < self.depths - 1 and not self._reasons[depth + 1][one]:
                    found.append((COARSER * people, one, depth + 1))
        return sorted(option for option in found if option[0] <= most)[:OFFERED]

    def coarsen(self, row: int) -> None:
        """Print a row as finely as its people stay open; withhold it where they do at no level."""
        finest, self.level[row] = int(self.level[row]), WITHHELD_LEVEL
        for depth, (step, bare) in product(range(finest, self.depths), _ways(*self._as_it_is(row))):
            if (depth == finest or not self._reasons[depth][row]) and self.open_from(row, depth, step, bare):
                self.level[row], self.step[row], self.bare[row] = depth, step, bare
                return


def _ways(step: float, bare: bool) -> list[tuple[float, bool]]:
    """How a row may be printed, from what it is: the step of its weighted figures, and whether without standard errors."""
    steps = [one for one in STEPS if one >= step] or [NO_STEP]
    found = [(one, False) for one in steps if not bare]
    return [*found, *((one, True) for one in steps if bare or one == steps[-1])]
