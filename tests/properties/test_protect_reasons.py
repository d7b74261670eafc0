"""The rules are public: whoever knows them runs them backwards over every table that would have been printed the same way."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations

import numpy as np
import pytest

from royst.protect.block import WITHHELD_LEVEL, from_groups, merge
from royst.protect.rules import RuleSet, rule_set
from royst.protect.suppress import suppress

BANDS = {3: ([0, 1, 1],), 4: ([0, 0, 1, 1],), 5: ([0, 0, 1, 2, 2], [0, 0, 1, 1, 1])}
"""Coarser levels by number of answers."""


def tables(n: int, answers: int):
    for bars in combinations(range(n + answers - 1), answers - 1):
        yield np.diff([-1, *bars, n + answers - 1]) - 1


def outcome(counts: np.ndarray, levels, rules: RuleSet) -> tuple:
    answers = [str(k) for k, c in enumerate(counts) for _ in range(c)]
    names = [str(k) for k in range(len(counts))]
    block = from_groups("q", {"g": ["x"] * len(answers)}, answers, names, [["g"]], bands=levels)
    level = int(suppress(block, rules)[0])
    return (level,) if level == WITHHELD_LEVEL else (level, *block.table(level)[0])


TRIED = [(3, 10, "user-survey-10"), (3, 12, "user-survey-10"), (3, 16, "user-survey-10"), (4, 12, "user-survey-10"),
         (5, 11, "user-survey-10"), (3, 22, "user-survey-20"), (3, 13, "register-5")]  # fmt: skip


@pytest.mark.parametrize(("answers", "n", "name"), TRIED)
def test_no_row_printed_coarsely_tells_the_counts_that_kept_it_so(answers, n, name):
    """Every count of every finer level, among all tables that are printed alike."""
    rules, levels, alike = rule_set(name), BANDS[answers], defaultdict(list)
    for counts in tables(n, answers):
        alike[outcome(counts, levels, rules)].append(counts)
    assert any(level > 0 for level, *_ in alike)
    finer = [np.arange(answers), *map(np.array, levels)]
    for (level, *_), group in alike.items():
        for codes in finer[: max(level, 0)]:
            parts = merge(np.array(group), codes)
            told = [(low, high) for low, high in zip(parts.min(0), parts.max(0)) if rules.recoverable(n, low, high)]
            assert told == []
