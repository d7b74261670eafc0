"""The whole programme, with alike atoms merged and kept alive through withdrawals, against one written out atom by atom."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog

from royst.protect.block import WITHHELD_LEVEL, Block, from_groups
from royst.protect.polytope import Polytope, kinds
from royst.totals.pseudorandom import uniforms

BANDS = ([0, 0, 1], [0, 0, 0])
STEP = 5.0


def drawn(seed: int) -> Block:
    """Some 40 people of three groups, three answers and a band of two; weights by unit, whose percentages are told in steps of five."""
    size = 40
    unit, group, half, answer = (
        [f"{one}{int(u * width)}" for u in uniforms(size, "polytope", seed, one)]
        for one, width in (("u", 4), ("g", 3), ("h", 2), ("", 3))
    )
    block = from_groups(
        "drawn", {"u": unit, "g": group, "h": half}, answer, ["0", "1", "2"], [(), ("u",), ("g",), ("h",)], [("u", "g"), ("u", "h")],
        bands=BANDS[:1], holder="u",
    )  # fmt: skip
    weight = 1.0 + uniforms(4, "weights", seed)[block.holder]
    return replace(block, weight=weight, step=np.full(len(block.rows), STEP), scores=np.array([0.0, 50.0, 100.0]))


def ends(block: Block, level: np.ndarray, row: int, answers: list[int]) -> tuple[float, float]:
    """Least and most of a count over all tables (atoms × answers) that agree with what is printed: each condition by itself."""
    members, atoms = block.members.toarray(), len(block.atoms)
    equal, equals, below, most = [], [], [], []

    def cost(weights: np.ndarray, counted: list[float]) -> np.ndarray:
        return np.outer(weights, counted).ravel()

    for atom in range(atoms):
        equal.append(cost(np.arange(atoms) == atom, [1, 1, 1]))
        equals.append(block.atoms[atom])
    for printed in np.flatnonzero(level != WITHHELD_LEVEL):
        parts = [[[1, 0, 0], [0, 1, 0], [0, 0, 1]], [[1, 1, 0], [0, 0, 1]]]
        for part in parts[level[printed]]:
            equal.append(cost(members[printed], part))
            equals.append(float((members[printed] @ block.counts) @ part))
        weights = members[printed] * block.weight
        whole, scores = float(weights @ block.atoms), [0, 0.5, 1]
        steps = [(part, STEP) for finer in parts[level[printed] :] for part in finer]
        for part, step in [*steps, *([(scores, STEP / 10)] if level[printed] == 0 else [])]:
            told = 100 * float((weights @ block.counts) @ part) / whole
            figure = np.round(told / step) * step
            below += [cost(weights, part), -cost(weights, part)]
            most += [max(figure + step / 2, told) * whole / 100, -min(figure - step / 2, told) * whole / 100]
    wanted = cost(members[row], [1.0 if k in answers else 0.0 for k in range(3)])
    bounds = [(0, n) for n in np.repeat(block.atoms, 3)]
    found = [linprog(sign * wanted, below or None, most or None, equal, equals, bounds) for sign in (1, -1)]
    assert all(one.status == 0 for one in found)
    return found[0].fun, -found[1].fun


def told(model: Polytope, block: Block, row: int, answers: list[int]) -> tuple[float, float]:
    """The same from the merged programme."""
    cost = np.outer(block.members[[row]].toarray()[0], [1.0 if k in answers else 0.0 for k in range(3)])
    found = [model.furthest(sign * cost) for sign in (1, -1)]
    assert all(one is not None for one in found)
    for table in found:  # a table of everybody, like any other
        assert (block.counts + table >= -1e-6).all() and np.abs(table.sum(1)).max() < 1e-6
    truth = float((cost * block.counts).sum())
    least, most = (truth + float((cost * table).sum()) for table in found)
    return least, most


@pytest.mark.parametrize("seed", range(12))
def test_merged_and_kept_alive_it_gives_the_intervals_of_one_written_out(seed: int) -> None:
    block = drawn(seed)
    guarded = np.flatnonzero(~block.candidate)[seed % 3 :: 3]
    level = np.where(block.candidate, 0, WITHHELD_LEVEL)
    model = Polytope(block, level, guarded)
    assert len(np.unique(kinds(block, np.flatnonzero(level == 0)))) <= len(block.atoms)
    narrow = 0
    steps = uniforms(6, "steps", seed)
    for step in range(4):
        for row in guarded[:3]:
            for answers in ([0], [2]):
                by_hand, merged = ends(block, level, row, answers), told(model, block, row, answers)
                assert merged == pytest.approx(by_hand, abs=1e-5), (step, block.rows[row], answers)
                narrow += merged[1] - merged[0] < block.n[row] - 0.5
        printed = np.flatnonzero(level != WITHHELD_LEVEL)
        chosen = printed[int(steps[step] * len(printed))]
        level = level.copy()
        level[chosen] = 1 if level[chosen] == 0 and steps[step + 1] < 0.6 else WITHHELD_LEVEL
        model.update(level)
    assert narrow, "what is printed says something"


def test_atoms_are_of_one_kind_where_no_row_and_no_weight_tells_them_apart() -> None:
    block = drawn(3)
    everyone, by_unit = (
        np.flatnonzero([row == "all" for row in block.rows]),
        np.flatnonzero([row.startswith("u=") and ";" not in row for row in block.rows]),
    )
    plain = replace(block, weight=None)
    assert len(np.unique(kinds(plain, everyone))) == 1
    assert len(np.unique(kinds(plain, by_unit))) == len(np.unique(kinds(block, everyone))) == 4
    every = np.arange(len(block.rows))
    alike = kinds(plain, every)
    inside = plain.members.toarray()
    for kind in np.unique(alike):
        assert (inside[:, alike == kind].std(1) == 0).all()
