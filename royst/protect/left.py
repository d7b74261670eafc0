"""What a row's weighted figures tell of the units that are left when those with reports of their own are taken out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from royst.protect.block import Block, merge
from royst.protect.facts import leaves
from royst.protect.rules import RuleSet
from royst.protect.splits import every_split, pairs, walks
from royst.protect.weights import EFFECT, STEPS, log_figures, log_tables

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
FEW = 3.0
"""Splits, as a power of ten, so few that no walks are tried before all are gone through."""
TRIES = 20
"""Walks that counts leave and none of which is printed like the true split: then a unit counts as told."""


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
        self.ends = cache(partial(_ends, block))


class Left:
    """A row's people by part, and whether rows that are printed tell their answers.

    ``others``: rows inside the row that are printed, each of one ``unit`` (rows,) or of several, at its ``level`` (rows,). Arrays over
    the parts that are left: ``size``, ``weight``; ``given`` (parts × categories at ``depth``); ``sums`` (rows of whole parts × parts):
    how many gave an answer in each is printed too; ``bound`` (the same of coarser rows): how many is between ``least`` and ``most``
    (bounds × categories).
    """

    def __init__(
        self, parts: Parts, row: int, depth: int, others: NDArray[np.int64], level: NDArray[np.int64], unit: NDArray[np.int64]
    ):
        block, beside, coarser = parts.block, others[level[others] <= depth], others[level[others] > depth]
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

        def whole(rows: Iterable[int]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
            """The rows' people by part (rows × parts), 1 or 0, and of which rows they are whole parts, some of them left."""
            inner = [np.bincount(at, np.isin(inside, _atoms(block, one))) for one in rows]
            share = np.array(inner).reshape(len(inner), len(kinds)) / np.bincount(at)
            return share.astype(np.int64), ((share == 0) | (share == 1)).all(1) & share[:, here].any(1)

        sums, fit = whole(beside[unit[beside] < 0])
        self.sums = np.unique(sums[fit][:, here], axis=0)
        bound, fit = whole(coarser)
        ends = np.array([parts.ends(one, depth, level[one]) for one in coarser]).reshape(len(coarser), 2, given.shape[1])
        self.bound = bound[fit][:, here]
        self.least, self.most = np.swapaxes(ends[fit], 0, 1) - bound[fit][:, ~here] @ given[~here]
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
            self._tables[category] = sum(self._in_each_group(self.given[:, category], self._most(category)))
        return self._tables[category]

    def _most(self, category: int) -> NDArray[np.float64]:
        """How many people of each part can have given an answer. Shape (parts,)."""
        ends = np.where(self.bound, self.most[:, category, None], np.inf)
        return np.vstack([self.size, ends]).min(0)

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
        likeliest = sorted(range(self.given.shape[1]), key=self._log_tables)  # the answer with the fewest splits tells first, if any does
        return any(self._told(rules, printed, category) for category in likeliest)

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

        def see(splits: NDArray[np.signedinteger]) -> bool:
            """Whether all facts are open once these splits are looked at too."""
            splits = splits.astype(float)
            bound = splits @ self.bound.T
            able = (self.least[:, category] <= bound) & (bound <= self.most[:, category])
            splits = splits[(splits @ self.sums.T == self.sums @ truth).all(1) & able.all(1)]
            change = np.zeros((len(splits), len(size) + 1))
            for part, unit in enumerate(self.holder[: len(truth)]):
                change[:, unit] += splits[:, part] - truth[part]
            alike = self._alike(splits, category, printed)
            for fact in np.flatnonzero(closed.any(1)):
                opens = leaves(rules, size[fact], given[fact], change[:, fact])
                closed[fact] &= (change[opens & alike] != 0).all(0)
                free[fact] += (change[opens] == 0).sum(0)
            return not closed.any()

        seed, moves = f"{self.name}/{category}", pairs(self.size, self.sums, truth)
        for some in (range(FIRST), range(FIRST, WALKS)) if self._log_tables(category) > FEW else ():
            if see(walks(moves, self.size, truth, seed, some)):
                return False
        sums = np.vstack([self.sums, np.ones_like(truth)])
        every = every_split(self._most(category).astype(np.int64), sums, sums @ truth, MOST)
        if every is not None:
            see(every)
            return bool((closed & (free > 0)).any())
        for fact in np.flatnonzero(closed.any(1)):
            see(walks(moves, self.size, truth, f"{seed}/{fact}", range(WALKS), self.holder[: len(truth)] == fact))
            if (closed & (free >= TRIES))[fact].any():
                return True
        return False

    def _alike(self, splits: NDArray, category: int, printed: Looks) -> NDArray[np.bool_]:
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
