"""Secondary suppression against a literal transcription of the published algorithm.

Langsrud, Ø. (2024). Secondary Cell Suppression by Gaussian Elimination: An Algorithm Suitable for Handling Issues with
Zeros and Singletons. Privacy in Statistical Databases, LNCS 14915. The transcription eliminates column by column in exact
fractions, as the paper describes, and shares nothing with the program but the design.

And against Statistics Norway's own function: ``gauss_suppression.json`` holds what ``GaussSuppression`` of the R package SSBtools
withholds of 500 designs. ``gauss_suppression.R`` beside it makes the file; it was made with the function's published lines alone (of the
version whose singleton methods are anySum, subSum and subSpace) in R 4.2.2, since the whole package could not be installed.
"""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from royst.protect.block import Block
from royst.protect.suppress import secondary, secondary_cells

OWN = Path(__file__).with_name("gauss_suppression.json")


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


def any_table(seed: int) -> dict[str, list]:
    """Cells made of any inner cells, some of nothing and some of the same, in any order, a few primary and a few forced."""
    inner, cells, share, some = (2 + numbers(f"{seed}/size", 4) % np.array([7, 14, 6, 5])).tolist()
    x = (numbers(f"{seed}/x", inner * cells).reshape(inner, cells) % 10 < 1 + share).astype(int)
    if seed % 4 == 1:
        x[:, 0] = 0
    if seed % 4 == 2:
        x = np.hstack([x, x[:, :2]])
    order = np.argsort(numbers(f"{seed}/order", x.shape[1]), kind="stable").tolist()
    mixed = np.argsort(numbers(f"{seed}/primary", x.shape[1]), kind="stable").tolist()
    primary = mixed[: max(1, min(some, len(mixed) // 3))]
    forced = mixed[-1:] if seed % 5 == 0 else []
    return {"x": x.tolist(), "candidates": order, "primary": primary, "forced": forced}


def designs() -> list[dict[str, list]]:
    """Two hundred tables with their margins, each in the order of its costs, and three hundred of any cells."""
    found = []
    for seed in range(200):
        block, sensitive = design(seed)
        order = np.argsort(-block.cost, kind="stable").tolist()
        x = block.members.toarray().T.astype(int).tolist()
        found.append({"x": x, "candidates": order, "primary": np.flatnonzero(sensitive).tolist(), "forced": []})
    return found + [any_table(seed) for seed in range(300)]


def test_statistics_norways_own_function_withholds_the_same():
    own = json.loads(OWN.read_text(encoding="utf-8"))
    ours = [sorted(secondary_cells(np.array(one["x"], float), *(one[name] for name in ("candidates", "primary", "forced")))) for one in designs()]
    assert ours == own
    assert sum(map(bool, own)) > 300


if __name__ == "__main__":
    print(json.dumps(designs()))
