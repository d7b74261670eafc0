"""Ways to split an answer's people over parts, of which some sums are known: all of them, or walks from the true one."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

MANY = 100
"""Parts of which every pair is looked at."""


def walks(
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


def pairs(size: NDArray[np.int64], sums: NDArray[np.int64], truth: NDArray[np.int64]) -> tuple[NDArray, ...]:
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


def every_split(size: NDArray[np.int64], sums: NDArray[np.int64], told: NDArray[np.int64], most: int) -> NDArray[np.int32] | None:
    """Every split over parts of these sizes, (splits × parts), part by part, of which each of ``sums`` (sums × parts) is what is ``told``;
    ``None`` where there are more than ``most`` at a time."""
    found, so_far = np.zeros((1, len(size)), np.int32), np.zeros((1, len(told)), np.int64)
    for k, people in enumerate(map(int, size)):
        if len(found) * (people + 1) > most:
            return None
        here = np.tile(np.arange(people + 1), len(found))
        so_far = np.repeat(so_far, people + 1, 0) + here[:, None] * sums[:, k]
        able = np.flatnonzero(((so_far <= told) & (so_far + sums[:, k + 1 :] @ size[k + 1 :] >= told)).all(1))
        found, so_far = found[able // (people + 1)], so_far[able]
        found[:, k] = here[able]
    return found
