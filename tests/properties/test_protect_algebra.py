"""What must hold of protection whatever the data: against brute force on small designs, and as algebra."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from royst.protect import pools, rule_set
from royst.protect.audit import recoverable_facts, repair
from royst.protect.block import WITHHELD_LEVEL, Block, from_groups
from royst.protect.facts import facts, recoverable
from royst.protect.suppress import primary, suppress

RULES = rule_set("user-survey-10")


@st.composite
def blocks(draw) -> Block:
    """Four to five atoms of two crossed groups, two answers, everything printed that can be."""
    rows = draw(
        st.lists(
            st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.integers(0, 13), st.integers(0, 4)),
            min_size=3,
            max_size=5,
        )
    )
    people = [(g, h, answer) for g, h, *counts in rows for answer, count in zip("01", counts) for _ in range(count)]
    if not people:
        people = [("a", "x", "0")]
    groups = {"g": [p[0] for p in people], "h": [p[1] for p in people]}
    return from_groups("drawn", groups, [p[2] for p in people], ["0", "1"], [(), ("g",), ("h",)], [("g", "h")])


def intervals_by_brute_force(block: Block, level: np.ndarray) -> list[tuple[int, int]]:
    """Least and most of each fact over every whole-number table that agrees with what is printed."""
    wanted = facts(block, RULES)
    printed = level == 0
    told = block.table()[printed]
    low, high = np.full(len(wanted), 10**6), np.full(len(wanted), -1)
    for zeros in itertools.product(*(range(n + 1) for n in block.atoms)):
        world = np.stack([np.array(zeros), block.atoms - zeros], 1)
        table = np.rint(block.members @ world.astype(float)).astype(int)
        if (table[printed] == told).all():
            value = table[wanted.row, wanted.category]
            low, high = np.minimum(low, value), np.maximum(high, value)
    return list(zip(low.tolist(), high.tolist()))


@settings(max_examples=60, deadline=None)
@given(blocks())
def test_the_audit_finds_what_brute_force_finds_and_repair_leaves_nothing(block):
    wanted = facts(block, RULES)
    for level in (np.where(block.candidate & (block.n >= 10), 0, WITHHELD_LEVEL), suppress(block, RULES)):
        brute = [RULES.recoverable(int(n), a, b) for n, (a, b) in zip(wanted.n, intervals_by_brute_force(block, level))]
        assert set(recoverable_facts(block, RULES, level)) == set(np.flatnonzero(brute))
    level, tally = repair(block, RULES, suppress(block, RULES))
    assert tally.recoverable == 0
    assert not any(
        RULES.recoverable(int(n), a, b) for n, (a, b) in zip(wanted.n, intervals_by_brute_force(block, level))
    )


@settings(max_examples=100, deadline=None)
@given(blocks())
def test_no_sensitive_row_is_a_combination_of_printed_rows(block):
    level = suppress(block, RULES)
    matrix = block.members.toarray()
    printed = matrix[level == 0]
    for row in np.flatnonzero(primary(block, RULES)):
        assert level[row] == WITHHELD_LEVEL
        if len(printed):
            solved, *_ = np.linalg.lstsq(printed.T, matrix[row], rcond=None)
            assert np.abs(printed.T @ solved - matrix[row]).max() > 1e-6


@given(st.integers(1, 40), st.integers(0, 40), st.integers(0, 40))
def test_rules_say_the_same_of_one_interval_and_of_many(n, a, b):
    least, most = min(a, b, n), min(max(a, b), n)
    one = RULES.recoverable(n, least, most)
    many = recoverable(RULES, np.array([n]), np.array([least]), np.array([most]))
    assert one == bool(many[0])


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from("rs"), st.sampled_from("sml")), min_size=1, max_size=60))
def test_every_pool_stays_large_without_any_one_member(units):
    frame = pl.DataFrame(
        {
            "unit": [f"K{k}" for k in range(len(units))],
            "n": [u[0] for u in units],
            "region": [u[1] for u in units],
            "size": [u[2] for u in units],
        }
    )
    told = pools(frame, RULES)
    assert told["unit"].to_list() == frame["unit"].to_list()
    for (pool, kind), members in told.group_by("pool", "kind"):
        if kind == "pool":
            assert members["n"].sum() - members["n"].max() >= 10
            assert (members["n"] < 10).all()
        elif kind == "unit":
            assert members["unit"].to_list() == [pool] and members["n"][0] >= 10
    left = told.filter((pl.col("kind") == "none") & (pl.col("n") > 0))
    assert left.is_empty() or not (told["kind"] == "pool").any()


@settings(max_examples=60, deadline=None)
@given(blocks(), st.integers(0, 2**9 - 1))
def test_what_is_out_stays_at_its_level(block, chosen):
    """A row that earlier releases printed in bands is not put forward with its answers, and never withdrawn."""
    rows = len(block.rows)
    marked = np.array([bool(chosen >> (k % 9) & 1) for k in range(rows)]) & block.candidate
    banded = replace(block, levels=(*block.levels, np.zeros(2, np.int64)))
    for at in (0, 1):
        out = np.where(marked, at, WITHHELD_LEVEL)
        level = suppress(banded, RULES, out)
        assert (level[marked] == at).all()
        again, _ = repair(banded, RULES, level, out=out)
        assert (again[marked] == at).all()
