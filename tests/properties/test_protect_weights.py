"""What weighted figures tell, against enumerating every whole-number table."""

from __future__ import annotations

import itertools
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from royst.protect import weights
from royst.protect.beside import beside_reports
from royst.protect.block import WITHHELD_LEVEL, Block
from royst.protect.polytope import Polytope
from royst.protect.rules import rule_set
from royst.protect.splits import every_split
from royst.protect.weights import STEPS, finest, precision

sys.path.insert(0, str(Path(__file__).parents[1] / "attacks"))
import simulate

RULES = rule_set("user-survey-10")


def row_of_units(seed: str, units: int, least: int, most: int, step: float = np.inf) -> Block:
    """One printed row of units of different weight, two answers; each unit is a row that must not be learnt."""
    size = least + (simulate.draws(f"{seed}/size", units) * (most - least + 1)).astype(int)
    given = np.round(size * (0.2 + 0.6 * simulate.draws(f"{seed}/given", units))).astype(int)
    rows = sparse.csr_array(np.vstack([np.ones(units), np.eye(units)]))
    return Block(
        seed,
        ("all", *(f"K{u}" for u in range(units))),
        rows,
        np.stack([given, size - given], 1),
        (np.arange(2),),
        np.array([True] + [False] * units),
        np.ones(units + 1),
        np.arange(units),
        0.5 + 2 * simulate.draws(f"{seed}/weight", units),
        np.array([step] + [np.inf] * units),
    )


def tables(block: Block) -> np.ndarray:
    """Every split of the people who gave the first answer over the units, (tables × units)."""
    size, total = block.atoms, int(block.counts[:, 0].sum())
    splits = np.array(list(itertools.product(*(range(s + 1) for s in size[:-1]))))
    last = total - splits.sum(1)
    ok = (last >= 0) & (last <= size[-1])
    return np.column_stack([splits[ok], last[ok]])


def figures(block: Block, splits: np.ndarray, step: float, bare: bool) -> np.ndarray:
    """What is printed of the row for each split: percentage, standard error (units as drawn, one stratum), and both ends."""
    assert block.weight is not None
    whole = block.weight @ block.atoms
    share = splits @ block.weight / whole
    rest = block.weight * (splits - share[:, None] * block.atoms) / whole
    units = len(block.atoms)
    error = np.sqrt(units / (units - 1) * (rest**2).sum(1))
    columns = [share] if bare else [share, error, share - 2 * error, share + 2 * error]
    return np.round(100 * np.stack(columns, 1) / step)


def agreeing(block: Block, step: float, bare: bool) -> np.ndarray:
    splits = tables(block)
    printed = figures(block, np.vstack([block.counts[:, 0], splits]), step, bare)
    return splits[(printed[1:] == printed[0]).all(1)]


def told(block: Block, splits: np.ndarray) -> list[int]:
    """Units of which a sensitive count follows."""
    facts = RULES.sensitive_cells(block.atoms, block.counts)[:, 0]
    return [
        u
        for u in np.flatnonzero(facts)
        if RULES.recoverable(int(block.atoms[u]), float(splits[:, u].min()), float(splits[:, u].max()))
    ]


@pytest.mark.parametrize("seed", range(12))
def test_a_row_with_room_tells_no_unit_by_its_percentage_standard_error_and_interval(seed, monkeypatch):
    """Even with less room than is asked for; rows of so few people that every split can be tried."""
    monkeypatch.setattr(weights, "WAYS_TO_PRINT", tuple((step, bare, 3.0) for step, bare, _ in weights.WAYS_TO_PRINT))
    block = row_of_units(f"room{seed}", 7 + seed % 2, 4, 7)
    found = precision(block, np.ones(len(block.rows), bool))
    if found.floor[0] == 0:
        assert told(block, agreeing(block, found.step[0], bool(found.bare[0]))) == []


def test_some_of_these_rows_have_room():
    blocks = (row_of_units(f"room{s}", 20, 4, 20) for s in range(4))
    assert all(precision(block, np.ones(len(block.rows), bool)).floor[0] == 0 for block in blocks)


def even(seed: str, units: int, least: int, most: int) -> Block:
    block = row_of_units(seed, units, least, most)
    return replace(block, weight=np.ones(len(block.atoms)))


def test_standard_errors_of_even_weights_are_printed_only_where_they_tell_no_unit():
    """All kinds of rows, from units of few people to units of many."""
    printed = leaky = 0
    for seed in range(60):
        block = even(f"even{seed}", 4 + seed % 4, 3 + seed % 5, 6 + seed % 6)
        everything = np.ones(len(block.rows), bool)
        found = precision(block, ~everything, everything)
        assert found.floor[0] == 0
        step = min(found.step[0], STEPS[0]) if found.bare[0] else found.step[0]
        units = told(block, agreeing(block, step, False))
        leaky += bool(units and found.bare[0])
        printed += not found.bare[0]
        assert found.bare[0] or not units
    assert printed > 5
    assert leaky > 5


def test_the_units_left_beside_printed_reports_have_room_of_their_own():
    """Twelve units of which all but three are printed by themselves: the standard error of all would be about these three."""
    block = even("beside", 12, 12, 20)
    everything = np.ones(len(block.rows), bool)
    block = replace(block, candidate=everything)
    found = precision(block, ~everything, everything)
    assert not found.bare[0]
    level = np.zeros(len(block.rows), int)
    level[10:] = WITHHELD_LEVEL
    assert beside_reports(block, RULES, level, found)[1].bare[0]
    assert not beside_reports(block, RULES, np.where(everything & (block.n < 25), WITHHELD_LEVEL, 0), found)[1].bare[0]


def test_every_split_is_gone_through():
    size, sums = np.array([3, 0, 2, 4]), np.array([[1, 1, 0, 0], [1, 1, 1, 1]])
    for part, whole in itertools.product(range(4), range(10)):
        expected = {s for s in itertools.product(*(range(k + 1) for k in size)) if s[0] + s[1] == part and sum(s) == whole}
        found = every_split(size, sums, np.array([part, whole]), 1000)
        assert found is not None and {tuple(s) for s in found} == expected
    assert every_split(size, sums, np.array([1, 5]), 3) is None
    many = every_split(np.array([40_000, 1]), np.ones((1, 2), int), np.array([40_000]), 100_000)
    assert many is not None and many.tolist() == [[39_999, 1], [40_000, 0]]


def beside(seed: str, left: int) -> tuple[Block, np.ndarray]:
    """Twenty units of different weight, of which few people gave the answer and all but some are printed by themselves; the levels."""
    block = row_of_units(seed, 20, 6, 24)
    given = (block.atoms * 0.2 * simulate.draws(f"{seed}/few", 20)).round().astype(int)
    block = replace(block, counts=np.stack([given, block.atoms - given], 1))
    units = np.argsort(simulate.draws(f"{seed}/left", 20), kind="stable")[:left]
    level = np.zeros(len(block.rows), int)
    level[1 + units] = WITHHELD_LEVEL
    return replace(block, candidate=np.ones(len(block.rows), bool)), level


def told_of_the_left(block: Block, level: np.ndarray, step: float, bare: bool) -> list[int]:
    """Units left of which a sensitive count follows from the whole's figures, every split of their people tried."""
    left = np.flatnonzero(level[1:] == WITHHELD_LEVEL)
    truth = block.counts[:, 0]
    some = every_split(block.atoms[left], np.ones((1, len(left)), int), truth[left].sum(keepdims=True), 10**7)
    assert some is not None
    splits = np.tile(truth, (len(some) + 1, 1))
    splits[1:, left] = some
    shown = figures(block, splits, step, bare)
    return [u for u in told(block, splits[1:][(shown[1:] == shown[0]).all(1)]) if u in left]


def test_a_weighted_percentage_alone_tells_no_unit_that_is_left_beside_reports():
    """Twenty units have room for tenths; the few that have no report of their own do not."""
    before, printed = 0, 0
    for seed in range(40):
        block, level = beside(f"left{seed}", 3 + seed % 4)
        found = replace(
            precision(block, np.ones(len(block.rows), bool)),
            step=np.array([STEPS[0]] + [np.inf] * 20), bare=np.ones(21, bool), floor=np.zeros(21, int),
        )  # fmt: skip
        before += bool(told_of_the_left(block, level, STEPS[0], True))
        kept, how = beside_reports(block, RULES, level, found)
        if kept[0] != WITHHELD_LEVEL:
            printed += 1
            assert told_of_the_left(block, level, how.step[0], True) == []
    assert before > 5
    assert printed > 15


def three_answers(seed: str, left: int, coarser: int) -> tuple[Block, np.ndarray]:
    """The same with three answers, of which the first two are few and are printed together for some of the units that are left."""
    block, level = beside(seed, left + coarser)
    few = block.counts[:, 0]
    first = (few * simulate.draws(f"{seed}/first", 20)).round().astype(int)
    counts = np.stack([first, few - first, block.atoms - few], 1)
    level[np.flatnonzero(level == WITHHELD_LEVEL)[:coarser]] = 1
    return replace(block, counts=counts, levels=(np.arange(3), np.array([0, 0, 1]))), level


def told_of_the_first(block: Block, level: np.ndarray, step: float, knows_coarser: bool = True) -> list[int]:
    """Units whose sensitive count of the first answer follows from the whole's percentage, where coarser rows say how many there are at most."""
    left, truth = np.flatnonzero(level[1:] != 0), block.counts[:, 0]
    most = np.where((level[1:] == 1) & knows_coarser, block.counts[:, :2].sum(1), block.atoms)
    some = every_split(most[left], np.ones((1, len(left)), int), truth[left].sum(keepdims=True), 10**7)
    assert some is not None
    splits = np.tile(truth, (len(some) + 1, 1))
    splits[1:, left] = some
    shown = figures(block, splits, step, True)
    alike = splits[1:][(shown[1:] == shown[0]).all(1)]
    facts = RULES.sensitive_cells(block.atoms, np.stack([truth, block.atoms - truth], 1))[:, 0]

    def follows(splits: np.ndarray, unit: int) -> bool:
        counts = splits[:, unit].astype(float)
        return RULES.recoverable(int(block.atoms[unit]), counts.min(), counts.max())

    return [u for u in left if facts[u] and follows(alike, u) and not follows(splits[1:], u)]


def test_a_units_coarser_row_bounds_what_splits_there_are():
    """Of the answers that are printed together a unit's people cannot have given more than these."""
    before, blind, printed = 0, 0, 0
    for seed, left in itertools.product(range(40), (1, 2)):
        block, level = three_answers(f"coarser{seed}", left, 2 + seed % 2)
        found = replace(
            precision(block, np.ones(len(block.rows), bool)),
            step=np.array([STEPS[0]] + [np.inf] * 20), bare=np.ones(21, bool), floor=np.zeros(21, int),
        )  # fmt: skip
        leaks = bool(told_of_the_first(block, level, STEPS[0]))
        before += leaks
        blind += leaks and not told_of_the_first(block, level, STEPS[0], knows_coarser=False)
        kept, how = beside_reports(block, RULES, level, found)
        if kept[0] == 0:
            printed += 1
            assert told_of_the_first(block, kept, how.step[0]) == []
    assert before > 5
    assert blind > 0
    assert printed > 5


def test_tenths_with_standard_errors_would_tell_units_that_whole_per_cents_do_not():
    """The reason for coarser figures: the same rows in tenths are worked out."""
    blocks = [row_of_units(f"tell{seed}", 4, 3, 9) for seed in range(6)]
    in_tenths = sum(bool(told(block, agreeing(block, STEPS[0], False))) for block in blocks)
    assert in_tenths >= 3


def test_the_precision_of_a_row_does_not_depend_on_how_answers_are_split():
    block = row_of_units("split", 6, 4, 14)
    moved = tables(block)[::97][:20]
    for split in moved:
        other = Block(
            "other", block.rows, block.members, np.stack([split, block.atoms - split], 1), block.levels,
            block.candidate, block.cost, block.holder, block.weight, block.step,
        )  # fmt: skip
        weighted = np.ones(len(block.rows), bool)
        ours, theirs = precision(block, weighted), precision(other, weighted)
        for name in ("step", "bare", "floor"):
            assert getattr(ours, name)[0] == getattr(theirs, name)[0]


def test_the_audit_holds_worlds_to_the_printed_percentage():
    """The interval of each unit by linear programming holds that of every whole table, and is narrower than counts alone leave it."""
    narrower = 0
    for seed in range(4):
        block = row_of_units(f"lp{seed}", 4, 2, 6, step=0.1)
        level = np.where(block.candidate, 0, -1)
        splits = agreeing(block, 0.1, True)
        free = tables(block)
        polytope = Polytope(block, level, np.arange(len(block.rows)))
        for unit in range(4):
            cost = np.zeros(block.counts.shape)
            cost[unit, 0] = 1.0
            ends = []
            for sign in (1.0, -1.0):
                change = polytope.furthest(sign * cost)
                assert change is not None
                ends.append(block.counts[unit, 0] + change[unit, 0])
            assert ends[0] <= splits[:, unit].min() + 1e-6 and ends[1] >= splits[:, unit].max() - 1e-6
            narrower += ends[1] - ends[0] < free[:, unit].max() - free[:, unit].min() - 0.5
    assert narrower


def test_a_row_that_one_split_explains_is_printed_at_no_level():
    block = row_of_units("narrow", 3, 3, 4, step=0.1)
    assert finest(block, RULES)[0] == len(block.levels)
