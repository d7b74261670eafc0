"""What weighted percentages tell besides counts.

Whoever knows each unit's weight and a row's counts learns from its weighted percentage how the people who gave an answer
are split over the units: with few people only one split may give the printed figure. So the printed figures are
conditions of the audit, all rows together (``worlds``, ``audit``); and because an attacker counts whole people, a row is printed
only where many other whole splits agree with it (``finest``). Its standard errors, intervals and mean are not linear: a row has
room for them where its people can be split over its units in far more ways than its figures can look (``precision``);
where a tenth of a point says too much, whole per cents are printed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from royst.protect.block import Block, merge
from royst.protect.rules import RuleSet
from royst.protect.suppress import unit_of

STEPS = (0.1, 1.0)
"""Weighted shares, their standard errors and their intervals are printed to tenths of a point, or in whole ones."""
WHOLE = "all/all"
NO_STEP = np.inf
"""The step of rows that print no weighted figure, or none that differs from the plain one."""
ROOM = 3.0
"""Tables that must agree with a printed row whose people count alike, as a power of ten, on the average over what its figures could be."""
WAYS_TO_PRINT = ((STEPS[0], False, 10.0), (STEPS[1], False, 15.0), (STEPS[1], True, 12.0))
"""The same of weighted rows, from the finest: the step, whether without standard errors, and the room it asks for. The first is for
the whole alone.

Weighted rows overlap, and the audit holds them together: with less room it has to withdraw more rows than coarser figures cost.
"""
ALONE = 2.5
"""The same of one answer alone."""
EFFECT = 0.1
"""The step of design effects."""
PARTS = 5
"""In how many answers the people of a mean of numbers are counted."""
WAYS = 30
"""Other splits that must agree with a printed figure, for each unit whose part in it is a fact to protect."""


def uneven(block: Block) -> NDArray[np.bool_]:
    """Rows whose people differ in weight. Shape (rows,)."""
    if block.weight is None:
        return np.zeros(len(block.rows), bool)
    per_row = block.weight[block.members.indices]
    starts = block.members.indptr[:-1]
    return np.maximum.reduceat(per_row, starts) - np.minimum.reduceat(per_row, starts) > 1e-9


@dataclass(frozen=True)
class Precision:
    """How each row's weighted figures may be printed: arrays (rows,).

    ``step``: of ``STEPS``, ``NO_STEP`` where nothing weighted is printed; ``bare``: without standard errors, intervals and
    design effects;
    ``floor``: the finest level with room, ``len(block.levels)`` for none; ``errors``: rows whose standard errors tell something.
    """

    step: NDArray[np.float64]
    bare: NDArray[np.bool_]
    floor: NDArray[np.int64]
    errors: NDArray[np.bool_]


def precision(block: Block, weighted: NDArray[np.bool_], errors: NDArray[np.bool_] | None = None) -> Precision:
    """How rows may be printed: in tenths, in whole per cents, in whole per cents without standard errors; and only then at a
    coarser level. ``weighted``: rows (rows,) whose weighted figures differ from the plain ones; ``errors``: rows whose
    standard errors are not those of a simple random sample, which follow from the counts. Rows of even weights tell
    nothing without standard errors, and then keep their tenths.

    The tables of (unit, answer) with the row's own margins are counted by Good's formula (Good 1976, "On the application of
    symmetric Dirichlet distributions and their mixtures to contingency tables", Annals of Statistics 4; Diaconis and Efron
    1985), and so are the different figures that one row can print: all of its answers together, and where standard errors
    are printed each answer by itself, because few people are soon told apart. What decides is the number of people by
    unit and the row's own counts, which are printed with it; never how the answers are split over the units, which is what
    must not be learnt.
    """
    rows, deep = len(block.rows), len(block.levels)
    differs = uneven(block) & weighted
    erring = np.zeros(rows, bool) if errors is None else errors & (unit_of(block) < 0)
    found = Precision(np.full(rows, NO_STEP), np.zeros(rows, bool), np.zeros(rows, np.int64), erring)
    even = tuple((step, bare, ROOM) for step, bare, _ in WAYS_TO_PRINT)
    for row in map(int, np.flatnonzero(block.candidate & (differs | erring))):
        size, weight = _parts(block, row)
        plain = not differs[row]
        ways = even if plain else WAYS_TO_PRINT if block.rows[row] == WHOLE else WAYS_TO_PRINT[1:]
        for depth, (step, bare, least) in product(range(deep), ways):
            if (plain and bare) or _has_room(block, row, depth, size, weight, step, bare, least):
                found.step[row], found.bare[row], found.floor[row] = NO_STEP if plain and bare else step, bare, depth
                break
        else:
            found.step[row], found.bare[row], found.floor[row] = STEPS[1], True, deep
    return found


def _has_room(
    block: Block,
    row: int,
    depth: int,
    size: NDArray[np.float64],
    weight: NDArray[np.float64],
    step: float,
    bare: bool,
    least: float,
) -> bool:
    """Whether the row's people can be split over its units in far more ways (``least``, as a power of ten) than its figures can look."""
    shares, errors = shares_of(block, row, depth), [] if bare else errors_of(block, row, depth)
    if log_tables(size, _counts(block, row, depth)) - log_figures(shares, errors, size, weight, step) < least:
        return False
    n = int(size.sum())
    alone = ((share, np.array([round(share * n), n - round(share * n)])) for share in errors)
    return all(log_tables(size, c) - log_figures([share], [share], size, weight, step) >= ALONE for share, c in alone)


def _counts(block: Block, row: int, depth: int) -> NDArray[np.int64]:
    """A row's counts at a level; where only its people are counted (means of numbers), some equal parts."""
    counts = block.table(depth)[row]
    return counts if len(counts) > 1 else np.diff(np.linspace(0, counts[0], PARTS + 1).astype(np.int64)).astype(np.int64)


def _parts(block: Block, row: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """People and weight of each (holder, weight) of a row."""
    return by_part(block, block.members.indices[slice(*block.members.indptr[row : row + 2])])


def by_part(block: Block, inside: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    weight = block.weight[inside] if block.weight is not None else np.ones(len(inside))
    key = np.stack([block.holder[inside].astype(float), np.round(weight, 9)], 1)
    kinds, at = np.unique(key, axis=0, return_inverse=True)
    return np.bincount(at.ravel(), block.atoms[inside], len(kinds)).astype(float), kinds[:, 1]


def log_tables(size: NDArray[np.float64], count: NDArray[np.int64]) -> float:
    """How many whole-number tables have these margins, as a power of ten (Good's formula)."""
    given = count[count > 0].astype(float)
    rows, columns = len(size), len(given)

    def ways(people: NDArray[np.float64] | float, cells: int) -> float:
        return float(np.sum(gammaln(np.asarray(people) + cells) - gammaln(cells) - gammaln(np.asarray(people) + 1)))

    return (ways(size, columns) + ways(given, rows) - ways(float(size.sum()), rows * columns)) / np.log(10)


def log_figures(
    shares: list[float],
    errors: list[float],
    size: NDArray[np.float64],
    weight: NDArray[np.float64],
    step: float,
    among: tuple[float, float] | None = None,
) -> float:
    """How many different figures a row could print of so many shares and so many standard errors, as a power of ten.

    A figure that varies with standard deviation s over the tables takes some s·√(2πe)/step different values. Percentages vary as
    when the row's people are drawn over its units (twice that, because tables are more uneven than draws), standard errors
    by 1/√(2(units − 1)) of themselves; intervals halve the step of a standard error, and the design effect, which is
    printed where percentages are in tenths, is its square. ``among``: people of the whole row and what they count, where the
    people of ``size`` are a part of it and the others' answers are known.
    """
    n = size.sum()
    everyone, whole = among or (n, size @ weight)
    spread = size @ (weight - size @ weight / n) ** 2 / n
    total = 0.0
    for share in shares:
        moves = 200 * n * np.sqrt(spread * share * (1 - share) / max(n - 1, 1)) / whole
        total += np.log10(max(1.0, np.sqrt(2 * np.pi * np.e) * moves / step))
    varies = n / everyone / np.sqrt(2 * max(len(size) - 1, 1))
    effects = 2 * 2.25 * varies / EFFECT if step == STEPS[0] else 0.0
    for share in errors:
        error = 150 * np.sqrt(share * (1 - share) / everyone) * varies
        total += np.log10(max(1.0, np.sqrt(2 * np.pi * np.e) * (2 * error / step + effects)))
    return total


def shares_of(block: Block, row: int, depth: int) -> list[float]:
    """Percentages of the row that do not follow from its others."""
    counts = block.table(depth)[row]
    if len(counts) == 1:
        return [0.5]
    return sorted(float(c / counts.sum()) for c in counts if c)[:-1]


def errors_of(block: Block, row: int, depth: int) -> list[float]:
    """Shares whose standard errors the row prints, an answer and all others once; and the mean's, as of a half."""
    seen: dict[frozenset[int], float] = {}
    count = block.table(0)[row]
    given = {k for k, c in enumerate(count) if c}
    for codes in block.levels[depth:]:
        for category in range(int(codes.max()) + 1):
            answers = frozenset(k for k in given if codes[k] == category)
            if answers and answers != given:
                seen.setdefault(min(answers, frozenset(given) - answers, key=sorted), count[list(answers)].sum() / count.sum())
    with_mean = [0.5] if depth == 0 and len(given) != 2 else []
    return [*map(float, seen.values()), *with_mean]


def finest(block: Block, rules: RuleSet) -> NDArray[np.int64]:
    """The finest level at which each row's weighted percentages, printed to ``block.step``, leave the units' parts in them
    open. Shape (rows,). ``len(block.levels)`` for rows that may not be printed at any level.
    """
    found = np.zeros(len(block.rows), np.int64)
    if block.weight is None:
        return found
    deep = len(block.levels)
    for row in np.flatnonzero(block.candidate & np.isfinite(block.step)):
        split = _Split(block, int(row))
        for depth in reversed(range(deep)):  # a row printed finely prints its coarser percentages too
            room = block.windows[depth]
            down, up = (end[row] - room.told[row] for end in (room.least, room.most))
            counts = merge(split.counts, block.levels[depth]).astype(np.int64)
            if not all(split.open(rules, counts[:, k], down[k], up[k]) for k in range(len(down))):
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
