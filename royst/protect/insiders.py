"""Readers who know some answers already: a unit that holds its own, a respondent who knows theirs.

What an insider knows is taken out of every row; what is printed of the others then stands there exactly, and is held to the
rules as if it had been printed. A respondent is held to thresholds one lower, because a row of ten people leaves nine to
each of them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from royst.protect.audit import known, recoverable_facts
from royst.protect.block import Block
from royst.protect.rules import RuleSet


def one_lower(rules: RuleSet) -> RuleSet:
    """Thresholds for what one respondent may learn of the others."""
    return replace(
        rules,
        row=replace(rules.row, value=rules.row.value - 1),
        small=replace(rules.small, value=rules.small.value - 1),
    )


def told_to_unit(block: Block, rules: RuleSet, level: NDArray[np.int64], unit: int) -> list[int]:
    """Facts of the others that a unit can work out from everything printed and its own answers."""
    rest = known(block, block.holder == unit)
    return recoverable_facts(rest, rules, np.where(rest.n > 0, level, -1))


def told_to_respondent(block: Block, rules: RuleSet, level: NDArray[np.int64], atom: int, answer: int) -> list[int]:
    """Facts of the others that a person of that atom who gave that answer can work out."""
    counts = block.counts.copy()
    counts[atom, answer] -= 1
    known = np.zeros(counts.shape)
    known[atom, answer] = 1
    rest = replace(block, counts=counts).within(block, block.weighted @ known)
    return recoverable_facts(rest, one_lower(rules), np.where(rest.n > 0, level, -1))
