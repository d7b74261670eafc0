"""Everybody counted in two ways, against enumerating every whole table that both rows would be printed alike with."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from royst.protect import left, onemix, weights
from royst.protect.audit import repair
from royst.protect.block import WITHHELD_LEVEL, Block
from royst.protect.rules import RuleSet, rule_set
from royst.protect.weights import Precision

sys.path.insert(0, str(Path(__file__).parents[1] / "attacks"))
import simulate

RULES = rule_set("user-survey-10")
CELLS = 3


def design(seed: str, units: int, least: int = 4, most: int = 7) -> tuple[Block, np.ndarray]:
    """One printed row of units of different weight, two answers, each unit a row that must not be learnt; and what each unit's people count
    with another mix of three kinds of units."""
    size = least + (simulate.draws(f"{seed}/size", units) * (most - least + 1)).astype(int)
    given = np.round(size * (0.2 + 0.6 * simulate.draws(f"{seed}/given", units))).astype(int)
    block = Block(
        seed, ("all/all", *(f"guarded/K{u}" for u in range(units))), sparse.csr_array(np.vstack([np.ones(units), np.eye(units)])),
        np.stack([given, size - given], 1), (np.arange(2),), np.array([True] + [False] * units), np.ones(units + 1), np.arange(units),
        0.5 + 2 * simulate.draws(f"{seed}/weight", units),
    )  # fmt: skip
    assert block.weight is not None
    return block, block.weight * (0.6 + 0.8 * simulate.draws(f"{seed}/mix", CELLS))[np.arange(units) % CELLS]


def tables(block: Block) -> np.ndarray:
    """Every split of the people who gave the first answer over the units, (tables × units)."""
    grid = np.indices(tuple(block.atoms + 1)).reshape(len(block.atoms), -1).T
    return grid[grid.sum(1) == block.counts[:, 0].sum()]


def figures(block: Block, splits: np.ndarray, weight: np.ndarray, cell: np.ndarray, step: float, bare: bool) -> np.ndarray:
    """Percentage, standard error and interval; of a cell whose total is held its mean is taken out of the scores."""
    whole = weight @ block.atoms
    share = splits @ weight / whole
    score = weight * (splits - share[:, None] * block.atoms) / whole
    for one in np.unique(cell[cell >= 0]):
        mine = weight * block.atoms * (cell == one)
        score = score - score[:, cell == one].sum(1, keepdims=True) * mine / mine.sum()
    units = len(block.atoms)
    error = np.sqrt(units / (units - 1) * (score**2).sum(1))
    columns = [share] if bare else [share, error, share - 2 * error, share + 2 * error]
    return np.round(100 * np.stack(columns, 1) / step)


def told(block: Block, other: np.ndarray, first: tuple[float, bool], second: tuple[float, bool]) -> list[int]:
    """Units of which a sensitive count follows from both rows."""
    splits = np.vstack([block.counts[:, 0], tables(block)])
    none, kinds = np.full(len(block.atoms), -1), np.arange(len(block.atoms)) % CELLS
    printed = np.hstack([figures(block, splits, block.weight, none, *first), figures(block, splits, other, kinds, *second)])
    alike = splits[(printed == printed[0]).all(1)]
    facts = RULES.sensitive_cells(block.atoms, block.counts)[:, 0]
    return [u for u in np.flatnonzero(facts) if RULES.recoverable(int(block.atoms[u]), float(alike[:, u].min()), float(alike[:, u].max()))]


WHOLE_PER_CENTS = (1.0, True)
"""Step, and without standard errors."""


def looked_at(block: Block, other: np.ndarray, rules: RuleSet = RULES) -> onemix.Told | None:
    """How the other count may be told beside everybody's in whole per cents without a standard error."""
    rows = len(block.rows)
    step, bare = WHOLE_PER_CENTS
    found = Precision(np.where(block.candidate, step, np.inf), np.full(rows, bare), np.zeros(rows, np.int64), np.ones(rows, bool))
    block, worlds = replace(block, step=found.step), []
    level, _ = repair(block, rules, np.where(block.candidate, 0, WITHHELD_LEVEL), worlds=worlds)
    assert level[0] == 0
    everyone = np.bincount(block.holder, other * block.atoms)
    return onemix.beside(block, rules, level, found, 0, other, everyone, 0, worlds=worlds)[0]


@pytest.fixture
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """No room is asked for on the average, so that rows of so few people that every split can be tried are printed: what is left is the look at true splits."""
    monkeypatch.setattr(onemix, "WAYS_TO_PRINT", tuple((step, bare, -9.0) for step, bare, _ in weights.WAYS_TO_PRINT))
    monkeypatch.setattr(onemix, "ALONE", -9.0)
    monkeypatch.setattr(onemix, "WAYS", 1)
    monkeypatch.setattr(left, "ROOM", -9.0)


def test_both_rows_together_tell_no_unit(little_room: None) -> None:
    """Where a row of one mix is printed beside everybody's, no unit follows; in tenths some would."""
    printed = leaky = 0
    for seed in range(40):
        block, other = design(f"mix{seed}", 6)
        row = looked_at(block, other)
        leaky += bool(told(block, other, WHOLE_PER_CENTS, (0.1, True)))
        if row is not None:
            printed += 1
            assert (row.step, row.bare) == WHOLE_PER_CENTS  # no finer than everybody's
            assert told(block, other, WHOLE_PER_CENTS, (row.step, row.bare)) == []
    assert printed >= 10
    assert leaky >= 10


def test_a_unit_that_only_the_other_count_tells_is_not_told(little_room: None) -> None:
    """With one unit counted a thousand times more, the other percentage is that unit's own: also where no effective number of answers is asked for."""
    tried, loose = 0, replace(RULES, effective=replace(RULES.effective, value=0))
    for seed in range(20):
        block, other = design(f"mix{seed}", 6)
        if looked_at(block, other) is None:
            continue
        other[0] *= 1000
        assert told(block, other, WHOLE_PER_CENTS, WHOLE_PER_CENTS) == [0]
        assert looked_at(block, other, loose) is None
        tried += 1
    assert tried >= 5


def test_few_effective_answers_are_not_told(little_room: None) -> None:
    """Where the other count makes many answers few (Kish), it is withheld."""
    block, other = design("mix0", 6)
    assert looked_at(block, other) is not None
    alike = (block.atoms @ other) ** 2 / (block.atoms @ other**2)
    above = replace(RULES, effective=replace(RULES.effective, value=int(alike) + 1))
    assert looked_at(block, other, above) is None
