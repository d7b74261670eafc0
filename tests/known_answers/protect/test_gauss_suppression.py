"""Secondary suppression against a literal transcription of the published algorithm.

Langsrud, Ø. (2024). Secondary Cell Suppression by Gaussian Elimination: An Algorithm Suitable for Handling Issues with
Zeros and Singletons. Privacy in Statistical Databases, LNCS 14915. The transcription eliminates column by column in exact
fractions, as the paper describes, and shares nothing with the program but the design.
"""

from __future__ import annotations

import hashlib
from fractions import Fraction

import numpy as np
import pytest
from scipy import sparse

from royst.protect.block import Block
from royst.protect.suppress import secondary


def gauss_suppression(x: np.ndarray, candidates: list[int], primary: list[int]) -> set[int]:
    """Which candidates are suppressed. ``x``: inner cells × cells; ``candidates``: the one to keep first comes first."""
    columns = {j: [Fraction(int(v)) for v in x[:, j]] for j in {*candidates, *primary}}
    suppressed = set()
    for place, j in enumerate(candidates):
        column = columns[j]
        pivot = next((i for i, v in enumerate(column) if v), None)
        if pivot is None:  # a combination of what is published already
            continue

        def eliminated(other: list[Fraction], column=column, pivot=pivot) -> list[Fraction]:
            factor = other[pivot] / column[pivot]
            return [o - factor * c for o, c in zip(other, column)] if factor else other

        after = {p: eliminated(columns[p]) for p in primary}
        if any(any(columns[p]) and not any(after[p]) for p in primary):
            suppressed.add(j)
            continue
        columns.update(after)
        columns.update({k: eliminated(columns[k]) for k in candidates[place + 1 :]})
    return suppressed


def numbers(seed: str, size: int) -> np.ndarray:
    parts = (hashlib.sha256(f"{seed}/{k}".encode()).digest() for k in range(-(-size // 8)))
    return np.frombuffer(b"".join(parts), "<u4")[:size]


def design(seed: int) -> tuple[Block, np.ndarray]:
    """Rows of a random two- or three-way table with all its margins, and a few overlapping groups; some of them sensitive."""
    a, b, c = 2 + numbers(f"{seed}/shape", 3) % 3
    cells = [(i, j, k) for i in range(a) for j in range(b) for k in range(c)]
    inside = [[True] * len(cells)]
    for keep in ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)):
        for value in sorted({tuple(cell[d] for d in keep) for cell in cells}):
            inside.append([tuple(cell[d] for d in keep) == value for cell in cells])
    inside += (numbers(f"{seed}/groups", 3 * len(cells)).reshape(3, -1) % 2 == 0).tolist()
    x = np.array([row for row in inside if any(row)], float)
    counts = (1 + numbers(f"{seed}/counts", len(cells)) % 20).astype(np.int64)
    rows = tuple(f"r{k}" for k in range(len(x)))
    block = Block(
        "random",
        rows,
        sparse.csr_array(x),
        counts[:, None],
        (np.zeros(1, np.int64),),
        np.ones(len(x), bool),
        x @ counts,
    )
    return block, numbers(f"{seed}/sensitive", len(x)) % 6 == 0


@pytest.mark.parametrize("seed", range(100))
def test_the_same_rows_are_withheld(seed):
    block, sensitive = design(seed)
    order = np.argsort(-block.cost, kind="stable")
    expected = gauss_suppression(
        block.members.toarray().T, [j for j in order if not sensitive[j]], list(np.flatnonzero(sensitive))
    )
    printed = secondary(block, sensitive)
    assert set(np.flatnonzero(~printed & ~sensitive)) == expected


def test_the_designs_are_not_trivial():
    counted = [(lambda b, s: (~secondary(b, s) & ~s).sum())(*design(seed)) for seed in range(100)]
    assert sum(count > 0 for count in counted) > 60
