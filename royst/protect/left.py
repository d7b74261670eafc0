"""What weighted figures tell of the units that are left beside printed reports.

Most units of a row have reports of their own. Whoever takes these out of a row's weighted percentage and standard error looks at
few people, whom one split over the units left may explain. So a row is printed only as finely as it leaves them open: tenths and
standard errors on the average, which numbers of people decide alone (``Left.open_on_average``), and everything in truth, as a
repair like the audit's, by looking for other splits that would be printed alike (``Left.told``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from royst.protect.block import WITHHELD_LEVEL, Block, merge
from royst.protect.facts import leaves
from royst.protect.rules import RuleSet
from royst.protect.suppress import telltale, unit_of
from royst.protect.weights import EFFECT, NO_STEP, STEPS, Precision, log_figures, log_tables

ROOM = 1.5
"""Tables of one answer in the units left that must agree with what is printed, as a power of ten, on the average."""
AMPLE = 5.0
"""Tables, beyond what figures can look like, as a power of ten: with so many no unit's count is told, and none is looked for."""
LOOKS = 0.3
"""Figures that can look in two ways or fewer, as a power of ten, are left to the look at true splits."""
MOST = 300_000
"""Most splits of one answer, at a time, that are all gone through; where there are more, only ``WALKS`` from the true one are tried."""
WALKS = 3000
"""Walks of one to three moves from the true split that are tried for each answer, and again for each unit that they leave closed."""
FIRST = 300
"""Of these, so many are tried first: mostly they open all that the rest would."""
TRIES = 20
"""Walks that counts leave and none of which is printed like the true split: then a unit counts as told."""
SPARED = 10
"""A row of so many times some units' people keeps its figures where withholding these units' rows leaves its people open."""
COARSER = 0.25
"""What it costs to print a unit's answers more coarsely, of what it costs to withhold them."""
OFFERED = 12
"""Units' rows that are tried for it at each level, the cheapest first."""
MANY = 100
"""Parts of which every pair is looked at."""


def beside_reports(
    block: Block, rules: RuleSet, level: NDArray[np.int64], found: Precision, out: NDArray[np.int64] | None = None, facts: bool = True
) -> tuple[NDArray[np.int64], Precision]:
    """Levels and precision at which the units left beside printed reports stay open: a unit's row is withheld for a row of many
    more people; else rows lose a decimal, then their standard errors, then answers, and are withheld where nothing else does.
    ``out``: levels at which rows are out already; they stay as they
    are, and new rows beside them are withheld. ``facts``: whether the block holds facts of the audit."""
    unit, size = unit_of(block), np.asarray(block.members.sum(1)).ravel()
    level, step, bare = level.copy(), found.step.copy(), found.bare.copy()
    shown = np.zeros(len(block.rows), bool) if out is None else out != WITHHELD_LEVEL
    telling = np.isfinite(found.step) | (found.errors & ~found.bare)
    several = np.flatnonzero(block.candidate & telling & (level != WITHHELD_LEVEL) & (unit < 0))
    several = np.concatenate([several[shown[several]], several[~shown[several]]])
    printed = np.flatnonzero(level != WITHHELD_LEVEL)
    inside = (block.members[printed] @ block.members[several].T).toarray() == size[printed][:, None]
    reasons = [telltale(block, rules, depth) for depth in range(len(block.levels))]
    parts = Parts(block)
    seen: dict[tuple[object, ...], Left] = {}

    def left(row: int, depth: int, others: NDArray[np.int64]) -> Left:
        beside = others[level[others] <= depth]
        coarser = tuple((int(one), int(level[one])) for one in others if level[one] > depth and unit[one] >= 0)
        key = (row, depth, beside.tobytes(), coarser)
        if key not in seen:
            seen[key] = Left(parts, row, depth, beside, unit, coarser)
        return seen[key]

    def open_at(row: int, depth: int, to: float, without: bool) -> bool:
        """Whether a row leaves its people open to who looks at answers as coarse as ``depth``, where the row is printed so, beside all
        that is printed now."""
        others = printed[inside[:, place] & (printed != row) & (level[printed] != WITHHELD_LEVEL)]
        looks = Looks(to, bool(np.isfinite(found.step[row])), bool(found.errors[row]) and not without)
        one = left(row, depth, others)
        return one.open_on_average(looks) and not (facts and one.told(rules, looks))

    def open_from(row: int, depth: int, to: float, without: bool) -> bool:
        """Whether it does at ``depth`` and at all that are coarser."""
        return all(open_at(row, coarse, to, without) for coarse in range(depth, len(block.levels)))

    def offered(row: int, depth: int, most: float) -> list[tuple[float, int, int]]:
        """Units' rows inside a row that may be withheld, or coarser than ``depth``: what it costs, the row, its new level."""
        found = []
        for one in printed[inside[:, place]]:
            if unit[one] >= 0 and not shown[one] and level[one] != WITHHELD_LEVEL:
                found.append((float(block.n[one]), int(one), WITHHELD_LEVEL))
                if level[one] <= depth < len(block.levels) - 1 and not reasons[depth + 1][one]:
                    found.append((COARSER * float(block.n[one]), int(one), depth + 1))
        return sorted(option for option in found if option[0] <= most)[:OFFERED]

    def spared(row: int) -> bool:
        """Whether a row keeps its figures as they are, where units' rows inside it are coarser or withheld if need be."""
        before, room = level.copy(), block.n[row] / SPARED
        as_now = float(step[row]), bool(bare[row])
        for depth in range(int(level[row]), len(block.levels)):
            opened = open_at(row, depth, *as_now)
            for cost, one, coarse in [] if opened else offered(row, depth, room):
                kept, level[one] = level[one], coarse
                if opened := open_at(row, depth, *as_now):
                    room -= cost
                    break
                level[one] = kept
            if not opened:
                level[:] = before
                return False
        return True

    for place, row in enumerate(map(int, several)):
        if shown[row]:  # what is new beside it has to go
            new = [other for other in printed[inside[:, place]] if not shown[other] and level[other] != WITHHELD_LEVEL]
            for other in sorted(new, key=lambda other: (block.cost[other], other)):
                if open_from(row, int(level[row]), float(step[row]), bool(bare[row])):
                    break
                level[other] = WITHHELD_LEVEL
            continue
        if level[row] == WITHHELD_LEVEL or spared(row):
            continue
        finest, level[row] = int(level[row]), WITHHELD_LEVEL
        for depth, (to, without) in product(range(finest, len(block.levels)), _ways(float(step[row]), bool(bare[row]))):
            if (depth == finest or not reasons[depth][row]) and open_from(row, depth, to, without):
                level[row], step[row], bare[row] = depth, to, without
                break
    return level, replace(found, step=step, bare=bare)


def _ways(step: float, bare: bool) -> list[tuple[float, bool]]:
    """How a row may be printed, from what it is: the step of its weighted figures, and whether without standard errors."""
    steps = [one for one in STEPS if one >= step] or [NO_STEP]
    found = [(one, False) for one in steps if not bare]
    return [*found, *((one, True) for one in steps if bare or one == steps[-1])]


@dataclass(frozen=True)
class Looks:
    """How a row is printed: to which ``step``, and whether with ``weighted`` shares that differ from the plain ones and with
    standard ``errors`` that do not follow from them."""

    step: float
    weighted: bool
    errors: bool

    @property
    def fine(self) -> float:
        """The step of standard errors."""
        return self.step if np.isfinite(self.step) else STEPS[0]


@dataclass(frozen=True, eq=False)
class Otherwise:
    """A row's people counted otherwise: ``weight`` (atoms,) of each; ``everyone`` (units,) of all people of a unit, with an answer or
    without; and how it is printed."""

    weight: NDArray[np.float64]
    everyone: NDArray[np.float64]
    looks: Looks


class Parts:
    """A block's people by part: those of one unit and one weight. ``at`` (atoms,): each atom's part; ``holder``, ``weight`` (parts,).
    ``also``: the same people counted otherwise, which is printed beside; what they count so is ``other`` (parts,)."""

    def __init__(self, block: Block, also: Otherwise | None = None):
        self.block, self.also = block, also
        weight = np.ones(len(block.atoms)) if block.weight is None else np.round(block.weight, 9)
        other = np.zeros(len(block.atoms)) if also is None else np.round(also.weight, 9)
        kinds, at = np.unique(np.stack([block.holder, weight, other], 1), axis=0, return_inverse=True)
        self.at, self.holder, self.weight, self.other = at.ravel(), kinds[:, 0], kinds[:, 1], kinds[:, 2]


class Left:
    """A row's people by part, and whether rows that are printed tell their answers.

    ``beside``: other rows inside the row that are printed, each of one ``unit`` (rows,) or of several; ``coarser``: rows of one unit
    that are printed at a coarser level, and that level. Arrays over the parts that are left: ``size``, ``weight``; ``given`` (parts ×
    categories at ``depth``); ``sums`` (rows of whole parts × parts): how many gave an answer in each is printed too. ``least`` and
    ``most`` (units × categories): how few and how many of a unit's people can have given an answer, by its coarser row.
    """

    def __init__(
        self, parts: Parts, row: int, depth: int, beside: NDArray[np.int64], unit: NDArray[np.int64], coarser: Sequence[tuple[int, int]] = ()
    ):
        block = parts.block
        self.name = f"{block.name}/{block.rows[row]}/{depth}"
        inside = _atoms(block, row)
        told = np.zeros(len(block.atoms), bool)
        for one in beside[unit[beside] >= 0]:
            told[_atoms(block, one)] = True
        kinds, at = np.unique(parts.at[inside] + told[inside] * len(parts.holder), return_inverse=True)  # the parts that are left come first
        here, kinds = kinds < len(parts.holder), kinds % len(parts.holder)
        size = np.bincount(at, block.atoms[inside], len(kinds)).astype(float)
        given = np.zeros((len(kinds), int(block.levels[depth].max()) + 1))
        np.add.at(given, at, merge(block.counts[inside], block.levels[depth]))
        self.all_sizes, self.all_weights, self.all_given = size, parts.weight[kinds], given
        self.size, self.weight, self.given = size[here], self.all_weights[here], given[here].astype(np.int64)
        units, self.holder = np.unique(parts.holder[kinds], return_inverse=True)
        self.most = np.tile(np.bincount(self.holder, size)[:, None], self.given.shape[1])
        self.least = np.zeros_like(self.most)
        for one, level in coarser:
            place = np.searchsorted(units, unit[one])
            self.least[place], self.most[place] = _ends(block, one, depth, level)
        several = [np.bincount(at, np.isin(inside, _atoms(block, one))) for one in beside[unit[beside] < 0]]
        share = np.array(several).reshape(len(several), len(kinds)) / np.bincount(at)
        whole = share[((share == 0) | (share == 1)).all(1)][:, here]
        self.sums = np.unique(whole[whole.any(1)], axis=0).astype(np.int64)
        self.n, self.units = float(size.sum()), len(np.unique(block.holder))
        self.also = None if parts.also is None else (parts.other[kinds], parts.also.looks)
        self.everyone = None if parts.also is None else parts.also.everyone[units.astype(int)]
        self._tables: dict[int, float] = {}

    def open_on_average(self, printed: Looks) -> bool:
        """Whether the splits of each answer over the parts are many more than its figures can look. What decides is printed. The coarsest
        figures have no coarser ones to give way to, and are left to ``told``."""
        last = printed.step == STEPS[-1] and not printed.errors and self.also is None
        if len(self.size) < 2 or self.given.shape[1] < 2 or last:
            return True
        for category, given in enumerate(self.given.T):
            if not 0 < given.sum() < self.size.sum():
                continue
            figures = self._log_figures(printed, category)
            if figures > LOOKS and self._log_tables(category) - figures < ROOM:
                return False
        return True

    def _log_figures(self, printed: Looks, category: int) -> float:
        """In how many ways, as a power of ten, the figures of an answer can look when its people left are split otherwise."""
        share, left = [float(self.all_given[:, category].sum() / self.n)], len(self.size)
        return sum(
            log_figures(
                share if looks.weighted else [], share if looks.errors else [], self.size, weight[:left], looks.fine, (self.n, float(self.all_sizes @ weight))
            )
            for weight, looks in self._counted(printed)
        )

    def _counted(self, printed: Looks) -> list[tuple[NDArray[np.float64], Looks]]:
        """The weights that the people are counted by, (parts,), and how that is printed."""
        return [(self.all_weights, printed), *([self.also] if self.also else [])]

    def _log_tables(self, category: int) -> float:
        """Tables of an answer, as a power of ten, as all groups of parts whose sums are printed leave them; of groups that overlap the larger."""
        if category not in self._tables:
            most = np.minimum(self.size, self.most[self.holder[: len(self.size)], category])
            self._tables[category] = sum(self._in_each_group(self.given[:, category], most))
        return self._tables[category]

    def _in_each_group(self, given: NDArray[np.int64], most: NDArray[np.float64]) -> Iterator[float]:
        groups, rest = [], np.ones(len(self.size), bool)
        for group in self.sums[np.argsort(-self.sums.sum(1), kind="stable")].astype(bool):
            if rest[group].all():
                groups.append(group)
                rest = rest & ~group
        for group in [*groups, rest]:
            count, size = int(given[group].sum()), most[group]
            if count:
                yield log_tables(size, np.array([count, int(size.sum()) - count]))

    def told(self, rules: RuleSet, printed: Looks) -> bool:
        """Whether what is printed of some answer leaves a unit's count no other value than those that must not be learnt: for who
        knows nobody's answers, or those of one other unit that is left."""
        if not (printed.weighted or printed.errors) or len(self.size) < 2:
            return False
        return any(self._told(rules, printed, category) for category in range(self.given.shape[1]))

    def _told(self, rules: RuleSet, printed: Looks, category: int) -> bool:
        size, given = (np.bincount(self.holder, a).astype(np.int64) for a in (self.all_sizes, self.all_given[:, category]))
        left = np.bincount(self.holder[: len(self.size)], minlength=len(size)) > 0
        facts = np.flatnonzero(rules.sensitive_cells(size, np.stack([given, size - given], 1))[:, 0] & left)
        if not len(facts):
            return False
        truth = self.given[:, category]
        if 0 < truth.sum() < self.size.sum() and self._log_tables(category) - self._log_figures(printed, category) >= AMPLE:
            return False
        closed = np.zeros((len(size), len(size) + 1), bool)  # each unit's fact to each unit left, and to who knows none's answers
        closed[np.ix_(facts, np.append(np.flatnonzero(left), len(size)))] = True
        closed[facts, facts] = False
        free = np.zeros(closed.shape, int)  # splits that counts alone leave: what they tell is no matter of this row's weighted figures

        def see(splits: NDArray[np.int64]) -> bool:
            """Whether all facts are open once these splits are looked at too."""
            splits = splits[(splits @ self.sums.T == self.sums @ truth).all(1)]
            change = np.zeros((len(splits), len(size) + 1))
            for part, unit in enumerate(self.holder[: len(truth)]):
                change[:, unit] += splits[:, part] - truth[part]
            counts = given + change[:, :-1]
            able = ((self.least[:, category] <= counts) & (counts <= self.most[:, category])).all(1)
            splits, change = splits[able], change[able]
            alike = self._alike(splits, category, printed)
            for fact in np.flatnonzero(closed.any(1)):
                opens = leaves(rules, size[fact], given[fact], change[:, fact])
                closed[fact] &= (change[opens & alike] != 0).all(0)
                free[fact] += (change[opens] == 0).sum(0)
            return not closed.any()

        seed, moves = f"{self.name}/{category}", _pairs(self.size, self.sums, truth)
        for some in (range(FIRST), range(FIRST, WALKS)):
            if see(_walks(moves, self.size, truth, seed, some)):
                return False
        every = every_split(self.size, np.vstack([self.sums, np.ones_like(truth)]), np.append(self.sums @ truth, truth.sum()), MOST)
        if every is not None:
            see(every)
            return bool((closed & (free > 0)).any())
        for fact in np.flatnonzero(closed.any(1)):
            see(_walks(moves, self.size, truth, f"{seed}/{fact}", range(WALKS), self.holder[: len(truth)] == fact))
            if (closed & (free >= TRIES))[fact].any():
                return True
        return False

    def _alike(self, splits: NDArray[np.int64], category: int, printed: Looks) -> NDArray[np.bool_]:
        """Which splits would be printed like the true one."""
        every = np.tile(self.all_given[:, category], (len(splits) + 1, 1))
        every[1:, : len(self.size)] = splits
        figures = [figure for weight, looks in self._counted(printed) for figure in self._figures(every, weight, looks)]
        shown = np.round(100 * np.stack(figures, 1), 6).round()
        return (shown[1:] == shown[0]).all(1)

    def _figures(self, every: NDArray, weight: NDArray[np.float64], printed: Looks) -> list[NDArray[np.float64]]:
        """What is printed of splits (splits × parts) that are counted by ``weight``, each figure in hundreds of its steps."""
        whole = float(self.all_sizes @ weight)
        share = every @ weight / whole
        figures = [share / printed.fine] if printed.weighted else []
        if printed.errors:
            score = weight * (every - share[:, None] * self.all_sizes) / whole
            units = np.zeros((len(every), int(self.holder.max()) + 1))
            for part, unit in enumerate(self.holder):
                units[:, unit] += score[:, part]
            if self.everyone is not None and weight is not self.all_weights:
                units = self._centred(units, weight, self.everyone)
            variance = self.units / (self.units - 1) * (units**2).sum(1)
            error = np.sqrt(variance)
            figures += [error / printed.fine, (share - 2 * error) / printed.fine, (share + 2 * error) / printed.fine]
            if printed.fine == STEPS[0] and weight is self.all_weights:
                plain = np.maximum(share * (1 - share), 1e-9) / max(self.n - 1, 1)
                figures.append(variance / plain / EFFECT / 100)
        return figures

    def _centred(self, units: NDArray[np.float64], weight: NDArray[np.float64], everyone: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scores of units (splits × units) less what holding the total of their cell takes out: a cell is what was brought to one mix by the
        same factor, ``everyone`` (units,) what all people of a unit count, with an answer or without."""
        factor = np.zeros(len(everyone))
        factor[self.holder] = weight / self.all_weights
        _, cell = np.unique(np.round(factor, 9), return_inverse=True)
        inside = np.eye(int(cell.max()) + 1)[cell]
        return units - (units @ inside / (everyone @ inside)) @ inside.T * everyone


def _ends(block: Block, row: int, depth: int, level: int) -> NDArray[np.int64]:
    """How few and how many people of a row can have given each answer at ``depth``, where it is printed at the coarser ``level``: nobody or
    all who gave it or one of those printed with it; exactly these where it is printed alone. Shape (2, categories)."""
    fine, coarse = block.levels[depth], block.levels[level]
    printed = merge(block.counts[_atoms(block, row)], coarse).sum(0)
    together = [np.unique(coarse[fine == category]) for category in range(int(fine.max()) + 1)]
    alone = [np.unique(fine[np.isin(coarse, codes)]).size == 1 for codes in together]
    most = np.array([printed[codes].sum() for codes in together])
    return np.array([np.where(alone, most, 0), most])


def _atoms(block: Block, row: int) -> NDArray[np.int64]:
    return block.members.indices[slice(*block.members.indptr[row : row + 2])]


def _walks(
    moves: tuple[NDArray, ...], size: NDArray[np.int64], truth: NDArray[np.int64], seed: str, numbers: range, around: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """Splits that one to three ``moves`` of one or two people lead to, each of which leaves the sums as they are: an exchange between two
    parts, or two exchanges that make up for each other. The first is one of the parts ``around``. The same on every machine (SHAKE-256)."""
    more, less, first, among, still = moves
    starts = np.flatnonzero(around[more] | around[less]) if around is not None else np.arange(len(more))
    if not len(starts):
        return np.empty((0, len(size)), np.int64)
    drawn = np.frombuffer(hashlib.shake_256(seed.encode()).digest(numbers.stop * 9 * 4), "<u4").astype(np.int64)
    drawn, number = drawn.reshape(-1, 3, 3)[numbers.start :], np.array(numbers)
    splits, at = np.tile(truth, (len(numbers), 1)), np.arange(len(numbers))
    for turn in range(3):
        pair = drawn[:, turn, 0] % len(more) if turn else starts[drawn[:, turn, 0] % len(starts)]
        other = first[pair] + drawn[:, turn, 1] % among[pair]
        people = (1 + (drawn[:, turn, 2] % 3 == 0)) * (number % 3 >= turn)
        back = people * ~(still[pair] & (drawn[:, turn, 2] % 4 < 2))
        for sign, which, by in ((1, more[pair], people), (-1, less[pair], people), (1, more[other], back), (-1, less[other], back)):
            splits[at, which] += sign * by  # one part of each split at a time
    return splits[((splits >= 0) & (splits <= size)).all(1)]


def _pairs(size: NDArray[np.int64], sums: NDArray[np.int64], truth: NDArray[np.int64]) -> tuple[NDArray, ...]:
    """Pairs of parts between which a person can move: the part that gets one more and the part that gets one less; the first of the
    pairs that make up for it and how many these are; and whether the move by itself leaves the sums as they are. Of many parts only
    some that do."""
    parts = len(size)
    if parts <= MANY:
        more, less = (a.ravel() for a in np.meshgrid(np.arange(parts), np.arange(parts), indexing="ij"))
    else:
        order = np.lexsort(sums) if len(sums) else np.arange(parts)
        at = np.add.outer(np.arange(parts), np.arange(-20, 21)) % parts
        more, less = np.repeat(order, 41), order[at].ravel()
        alike = (sums[:, more] == sums[:, less]).all(0)
        more, less = more[alike], less[alike]
    able = (more != less) & (truth[more] < size[more]) & (truth[less] > 0)
    more, less = more[able], less[able]
    change = np.vstack([sums[:, more] - sums[:, less], np.zeros((1, len(more)), np.int64)])
    kinds, kind = np.unique(change, axis=1, return_inverse=True)
    order = np.argsort(kind.ravel(), kind="stable")
    more, less, kind = more[order], less[order], kind.ravel()[order]
    number = {k.tobytes(): n for n, k in enumerate(np.ascontiguousarray(kinds.T))}
    back = np.array([number.get((-k).tobytes(), -1) for k in np.ascontiguousarray(kinds.T)], int)
    among = np.bincount(kind, minlength=len(back))
    first, still = np.cumsum(among) - among, np.abs(kinds).sum(0) == 0
    made_up = back[kind] >= 0
    place = np.cumsum(made_up) - 1  # among those that are kept: whole kinds are, or are not
    more, less, kind = more[made_up], less[made_up], kind[made_up]
    return more, less, place[first[back[kind]]], among[back[kind]], still[kind]


def every_split(size: NDArray[np.int64], sums: NDArray[np.int64], told: NDArray[np.int64], most: int) -> NDArray[np.int64] | None:
    """Every split over parts of these sizes, (splits × parts), part by part, of which each of ``sums`` (sums × parts) is what is ``told``;
    ``None`` where there are more than ``most`` at a time."""
    found, so_far = np.zeros((1, 0), np.int64), np.zeros((1, len(told)), np.int64)
    for k, people in enumerate(size):
        if len(found) * (people + 1) > most:
            return None
        here = np.tile(np.arange(int(people) + 1), len(found))
        found, so_far = np.repeat(found, int(people) + 1, 0), np.repeat(so_far, int(people) + 1, 0) + here[:, None] * sums[:, k]
        able = ((so_far <= told) & (so_far + sums[:, k + 1 :] @ size[k + 1 :] >= told)).all(1)
        found, so_far = np.column_stack([found, here])[able], so_far[able]
    return found
