"""Hitting weighted shares: cuts at weighted ranks, effects found by rounds, and the last single answers moved.

Only shares are set here. What a test says of them follows from the design, the people and the units, and is nowhere chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from royst.reference.chance import Floats

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]


def rank(score: Floats, weight: Floats) -> Floats:
    """Each one's place in (0, 1) from the highest score down: the weight before, and half of its own, over the whole."""
    order = np.argsort(-score, kind="stable")
    upto = np.cumsum(weight[order])
    place = np.empty(len(score))
    place[order] = (upto - weight[order] / 2) / upto[-1]
    return place


def cut(score: Floats, weight: Floats, shares: Sequence[float]) -> Ints:
    """Category 0, 1, … of each, the highest scores in category 0, so that the weighted shares are ``shares`` (in any unit)."""
    bounds = np.cumsum(shares)[:-1] / np.sum(shares)
    return np.searchsorted(bounds, rank(score, weight), side="right")


def pick(score: Floats, weight: Floats, pool: Mask, share: float, of: Mask | None = None) -> Mask:
    """Those of ``pool`` with the highest scores, until they are ``share`` per cent of the weight of ``of`` (of the pool itself)."""
    chosen = np.zeros(len(score), bool)
    whole = weight[pool if of is None else of].sum()
    if share <= 0 or not pool.any():
        return chosen
    part = min(1.0, share / 100 * whole / weight[pool].sum())
    chosen[pool] = cut(score[pool], weight[pool], [part, 1 - part]) == 0
    return chosen


def share(hit: Mask, weight: Floats, among: Mask) -> float:
    """Weighted per cent of ``among`` that ``hit``."""
    return float(100 * weight[hit & among].sum() / weight[among].sum())


WINDOW = 40
"""Among how many of those nearest a border the one to move is sought first; twice as many when none of them helps."""


@dataclass(frozen=True)
class Target:
    """The weighted share, per cent, that the best band shall have among some of those who answered."""

    among: Mask
    percent: float


def find_shifts(
    score: Floats, weight: Floats, bands: Sequence[float], targets: Mapping[str, tuple[Target, Target]]
) -> dict[str, float]:
    """How far each group's scores must be moved for its share to differ from the others' as the targets say, all groups at once.

    ``targets``: group to (its own target, that of all others). Rounds of small corrections; 60 of them settle to the last person.
    """
    shifts = dict.fromkeys(targets, 0.0)
    for _ in range(60):
        moved = score.copy()
        for name, (own, _others) in targets.items():
            moved[own.among] += shifts[name]
        hit = cut(moved, weight, bands) == 0
        for name, (own, others) in targets.items():
            wanted = own.percent - others.percent
            got = share(hit, weight, own.among) - share(hit, weight, others.among)
            shifts[name] = round(shifts[name] + 0.012 * (wanted - got), 6)
    return shifts


def finish(score: Floats, weight: Floats, category: Ints, targets: Sequence[Target], near: float = 0.25) -> Ints:
    """Move single answers between category 0 and 1, those nearest the border first, until each target is within ``near`` points.

    Raises ``ValueError`` where they cannot all be met: the sample's own make-up then speaks against the figures.
    """
    category = category.copy()
    border = (score[category == 0].min() + score[category == 1].max()) / 2
    waiting = [int(i) for i in np.argsort(np.abs(score - border), kind="stable") if category[i] <= 1]
    whole = [weight[target.among].sum() for target in targets]
    wanted = np.array([target.percent for target in targets])

    def miss(got: Floats) -> float:
        return float((np.maximum(np.abs(got - wanted) - near, 0) ** 2).sum())

    def moved(i: int) -> Floats:
        sign = -1 if category[i] == 0 else 1
        steps = [sign * 100 * weight[i] / total if target.among[i] else 0.0 for target, total in zip(targets, whole)]
        return np.asarray(got + np.array(steps))

    got = np.array([share(category == 0, weight, target.among) for target in targets])
    within = WINDOW
    while miss(got) > 0 and waiting:
        best = min(waiting[:within], key=lambda i: miss(moved(i)))
        if miss(moved(best)) < miss(got):
            got = moved(best)
            category[best] = 1 - category[best]
            waiting.remove(best)
        elif within < len(waiting):
            within *= 2
        else:
            break
    if miss(got) > 0:
        raise ValueError(f"the figures cannot all be met: wanted {wanted.tolist()}, got {np.round(got, 2).tolist()}")
    return category
