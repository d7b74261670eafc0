"""The simulated survey of 1,336 people: what each method discloses and what it keeps, as its README has them.

Data and figures: ``tests/attacks/data`` (README there).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from royst.protect.audit import Audit, recoverable_facts, repair
from royst.protect.block import WITHHELD_LEVEL, Block, from_groups
from royst.protect.rules import rule_set
from royst.protect.suppress import primary, suppress

DATA = Path(__file__).parents[2] / "attacks" / "data"
RULES = rule_set("user-survey-10")
CROSSED = [(a, b) for a in ("region", "size") for b in ("sex", "age", "lar")] + [("sex", "age"), ("unit", "sex")]
PRINTED = [(), *((g,) for g in ("region", "size", "unit", "sex", "age", "lar")), *CROSSED]


def _guarded() -> list[tuple[str, ...]]:
    kinds = sorted({domain.split(":")[0] for domain in pl.read_csv(DATA / "targets.csv", infer_schema=False)["domain"]})
    return [
        tuple(p for part in kind.split("*") for p in (["region", "size"] if part == "rs" else [part])) for kind in kinds
    ]


@pytest.fixture(scope="module")
def blocks() -> list[Block]:
    people = pl.read_csv(DATA / "microdata.csv", infer_schema=False)
    groups = {g: people[g].to_list() for g in ("muni", "region", "size", "sex", "age", "lar", "unit")}
    return [
        from_groups(q, groups, people[q].to_list(), ["1", "2", "3"], PRINTED, _guarded())
        for q in ("q1", "q2", "q3", "q4")
    ]


def kept(levels: list[np.ndarray]) -> int:
    return sum(int((level != WITHHELD_LEVEL).sum()) for level in levels) * 3


def test_the_cells_are_those_of_the_file(blocks):
    cells = pl.read_csv(DATA / "published_cells.csv")
    assert sum(int(block.candidate.sum()) for block in blocks) * 3 == cells.height == 2676
    assert sum(int(block.table()[block.candidate].sum()) for block in blocks) == cells["count"].sum()


def test_the_facts_are_those_of_the_file(blocks):
    """4,059 targets: those that somebody gave are facts; the others are the zeros, counted apart."""
    targets = pl.read_csv(DATA / "targets.csv", schema_overrides={"answer": pl.String})
    assert (
        sum(len(Audit(block, RULES, np.full(len(block.rows), -1)).wanted) for block in blocks)
        == targets.filter(pl.col("count") > 0).height
    )


def test_whole_rows_keep_1713_cells_and_gaussian_elimination_1542(blocks):
    assert kept([np.where(block.candidate & ~primary(block, RULES), 0, WITHHELD_LEVEL) for block in blocks]) == 1713
    assert kept([suppress(block, RULES) for block in blocks]) == 1542


def test_what_each_method_discloses(blocks):
    ten = [np.where(block.candidate & (block.n >= 10), 0, WITHHELD_LEVEL) for block in blocks]
    rows = [np.where(block.candidate & ~primary(block, RULES), 0, WITHHELD_LEVEL) for block in blocks]
    gauss = [suppress(block, RULES) for block in blocks]
    told = [
        sum(len(recoverable_facts(b, RULES, level)) for b, level in zip(blocks, levels))
        for levels in (ten, rows, gauss)
    ]
    assert told == [456, 105, 1]


def test_nothing_is_disclosed_after_repair_and_at_least_1527_cells_are_kept(blocks):
    repaired = [repair(block, RULES, suppress(block, RULES)) for block in blocks]
    assert sum(tally.recoverable for _, tally in repaired) == 0
    assert kept([level for level, _ in repaired]) >= 1527
    assert [recoverable_facts(block, RULES, level) for block, (level, _) in zip(blocks, repaired)] == [[], [], [], []]
