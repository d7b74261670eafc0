"""Everybody counted otherwise: rows whose people are the whole's, with weights that bring the wave to another wave's mix.

Such a row tells no count that the whole does not, but one more weighted percentage of each of its answers. So it is looked at when all
else is decided, together with all of it: it is printed only where the whole is, no finer, and gives way wherever anything would be
told with it. No other row does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from royst.protect.audit import Tally, repair
from royst.protect.block import WITHHELD_LEVEL, Block, merge
from royst.protect.candidate import FINE
from royst.protect.left import Left, Looks, Otherwise, Parts
from royst.protect.rules import RuleSet
from royst.protect.suppress import unit_of
from royst.protect.weights import (
    ALONE,
    NO_STEP,
    WAYS,
    WAYS_TO_PRINT,
    Precision,
    errors_of,
    log_figures,
    log_tables,
    shares_of,
    uneven,
)

Weights = NDArray[np.float64]
TINY = 1e-12


@dataclass(frozen=True)
class Told:
    """How a row is printed: the number of its ``level``, the ``step`` of its percentages, and whether ``bare`` of standard errors."""

    level: int
    step: float
    bare: bool


def finest_asked(measures: set[str], names: list[str]) -> int:
    """The level of the finest of these measures, among levels of these ``names``."""
    return 0 if measures & set(FINE) or len(names) == 1 else 1 if names[0] == "answers" else 0


def with_row(block: Block, name: str, weight: Weights, step: float) -> Block:
    """The block with one more row at its end: the people of its whole, counted by ``weight`` (atoms,), printed to ``step``."""
    every = sparse.csr_array(np.ones((1, len(block.atoms))))
    return replace(
        block,
        rows=(*block.rows, name),
        members=sparse.csr_array(sparse.vstack([block.members, every], format="csr")),
        candidate=np.append(block.candidate, True),
        cost=np.append(block.cost, 0.0),
        step=np.append(block.step, step),
        otherwise={**block.otherwise, len(block.rows): weight},
    )


def beside(
    block: Block, rules: RuleSet, level: NDArray[np.int64], printed: Precision, whole: int, weight: Weights, everyone: Weights, finest: int, *,
    worlds: list[Weights],
) -> tuple[Told | None, Tally]:  # fmt: skip
    """How the whole's people may be told counted by ``weight`` too, where ``level`` and ``printed`` stand; None where they may not.

    ``whole``: the number of the whole's row; ``everyone`` (units,): what all people of each unit count so; ``finest``: the level of the finest figures that are asked for; ``worlds``: those that agree
    with all else, as the audit found them. The audit looks through every unit's eyes too, since such a row told units facts of others that nothing else did.
    """
    alike = (block.atoms @ weight) ** 2 / (block.atoms @ weight**2)
    if level[whole] == WITHHELD_LEVEL or alike < rules.effective.value:
        return None, Tally()
    depth = max(int(level[whole]), finest)
    for told in _ways(block, printed, whole, depth):
        room = _has_room(block, int(level[whole]), printed, whole, weight, told) and _splits(block, rules, whole, weight, told)
        also = Otherwise(weight, everyone, Looks(told.step, True, not told.bare))
        if not (room and _left_open(block, rules, level, printed, whole, also, told.level)):
            continue
        more = with_row(block, "more", weight, told.step)
        out = np.append(level, WITHHELD_LEVEL)
        kept, tally = repair(more, rules, np.append(level, told.level), out=out, units=True, worlds=_within(more, worlds, told.level))
        if kept[-1] == told.level and not tally.recoverable:
            return told, Tally()
    return None, Tally()


def _within(block: Block, worlds: list[Weights], depth: int) -> list[Weights]:
    """As much of each world as leaves the last row's percentages as they are printed: a part of a world is one too."""
    found = []
    for change in worlds:
        moved, part = block.otherwise[len(block.rows) - 1] @ change, 1.0
        for codes, window in zip(block.levels[depth:], block.windows[depth:]):
            by = merge(moved[None, :], codes)[0]
            room = np.where(by > 0, window.most[-1] - window.told[-1], window.told[-1] - window.least[-1])
            part = min(part, float(np.min(room / np.maximum(np.abs(by), TINY))))
        if depth == 0 and block.mean_window is not None and block.scores is not None:
            mean, window = float(moved @ block.scores), block.mean_window
            ends = window.most[-1, 0] - window.told[-1, 0], window.told[-1, 0] - window.least[-1, 0]
            part = min(part, float(ends[0] if mean > 0 else ends[1]) / max(abs(mean), TINY))
        found.append(change * part)
    return found


def _ways(block: Block, printed: Precision, whole: int, depth: int) -> Iterator[Told]:
    """From the finest: no finer than the whole is told, which without weights has tenths."""
    weighted = bool(uneven(block)[whole]) and np.isfinite(printed.step[whole])
    for step, bare, _ in WAYS_TO_PRINT:
        if (not weighted or step >= printed.step[whole]) and (bare or not printed.bare[whole]):
            yield Told(depth, step, bare)


def _looks(block: Block, printed: Precision, whole: int) -> Looks:
    weighted = bool(uneven(block)[whole]) and bool(np.isfinite(printed.step[whole]))
    return Looks(float(printed.step[whole]) if weighted else NO_STEP, weighted, bool(printed.errors[whole] or weighted) and not bool(printed.bare[whole]))


def _parts(block: Block, weight: Weights) -> tuple[Weights, Weights, Weights, NDArray[np.int64]]:
    """People by holder and both weights: how many (parts,), what each counts, and otherwise; and each atom's part."""
    own = block.weight if block.weight is not None else np.ones(len(block.atoms))
    key = np.stack([block.holder.astype(float), np.round(own, 9), np.round(weight, 9)], 1)
    kinds, at = np.unique(key, axis=0, return_inverse=True)
    return np.bincount(at.ravel(), block.atoms, len(kinds)).astype(float), kinds[:, 1], kinds[:, 2], at.ravel()


def _has_room(block: Block, level: int, printed: Precision, whole: int, weight: Weights, told: Told) -> bool:
    """Whether the people can be split over the units in far more ways than both rows' figures together can look."""
    size, own, other, _ = _parts(block, weight)
    looks = _looks(block, printed, whole)
    least = next(room for step, bare, room in WAYS_TO_PRINT if (step, bare) == (told.step, told.bare))
    mine = shares_of(block, whole, told.level), errors_of(block, whole, told.level)

    def figures(shares: list[float], errors: list[float], more: tuple[list[float], list[float]]) -> float:
        first = log_figures(shares if looks.weighted else [], errors if looks.errors else [], size, own, looks.fine)
        return first + log_figures(more[0], [] if told.bare else more[1], size, other, told.step)

    for depth in {level, told.level}:
        both = figures(shares_of(block, whole, depth), errors_of(block, whole, depth), mine)
        if log_tables(size, block.table(depth)[whole]) - both < least:
            return False
    n = int(size.sum())
    alone = ((share, np.array([round(share * n), n - round(share * n)])) for share in mine[1])
    return all(log_tables(size, counts) - figures([share], [share], ([share], [share])) >= ALONE for share, counts in alone)


def _left_open(block: Block, rules: RuleSet, level: NDArray[np.int64], printed: Precision, whole: int, also: Otherwise, finest: int) -> bool:
    """Whether the units left beside printed reports stay open to both rows' figures together."""
    others = np.flatnonzero(level != WITHHELD_LEVEL)
    others, unit, mine = others[others != whole], unit_of(block), _looks(block, printed, whole)
    parts = Parts(block, also)
    left = (Left(parts, whole, depth, others, level, unit) for depth in range(finest, len(block.levels)))
    return all(one.open_on_average(mine) and not one.told(rules, mine) for one in left)


def _splits(block: Block, rules: RuleSet, whole: int, weight: Weights, told: Told) -> bool:
    """Whether, for each unit's part of an answer that is a fact, enough other splits by one or two exchanges give both printed
    percentages (see ``weights.finest``)."""
    size, own, other, at = _parts(block, weight)
    more = with_row(block, "more", weight, told.step)
    for depth in range(told.level, len(block.levels)):
        given = np.zeros((len(size), int(block.levels[depth].max()) + 1))
        np.add.at(given, at, merge(block.counts, block.levels[depth]))
        window = more.windows[depth]
        for category in range(given.shape[1]):
            ends = [
                (window.least[row, category] - window.told[row, category], window.most[row, category] - window.told[row, category])
                for row in (whole, len(block.rows))
            ]
            if not _open(rules, size.astype(np.int64), given[:, category].astype(np.int64), np.stack([own, other]), np.array(ends)):
                return False
    return True


def _open(rules: RuleSet, size: NDArray[np.int64], given: NDArray[np.int64], weights: Weights, ends: Weights) -> bool:
    """``weights``: (2 × parts); ``ends``: (2 × 2), how far below and above the truth the weighted totals may lie."""
    guarded = np.flatnonzero(rules.sensitive_cells(size, np.stack([given, size - given], 1))[:, 0])
    parts = np.arange(len(size))
    more, less, people = (a.ravel() for a in np.meshgrid(parts, parts, [1, 2], indexing="ij"))
    able = (more != less) & (given[more] + people <= size[more]) & (given[less] >= people)
    more, less, people = more[able], less[able], people[able]
    gain = people * (weights[:, more] - weights[:, less])
    for part in guarded:
        ways = 0
        for k in np.flatnonzero((more == part) | (less == part)):
            if ((gain[:, k] >= ends[:, 0]) & (gain[:, k] <= ends[:, 1])).all():
                ways += 1
            both = gain + gain[:, [k]]
            apart = (more != more[k]) & (more != less[k]) & (less != more[k]) & (less != less[k])
            ways += int((((both >= ends[:, [0]]) & (both <= ends[:, [1]])).all(0) & apart).sum())
            if ways >= WAYS:
                break
        if ways < WAYS:
            return False
    return True
