"""What the number of answers to a follow-up question tells of the question that decided who was asked it.

Everybody behind a follow-up's n gave its filter question an answer that leads there. So the n is a row of the filter
question too, and a fact where nearly all of the filter question's people are behind it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from royst.protect.block import Block
from royst.protect.candidate import WaveRows
from royst.protect.rules import RuleSet
from royst.protect.suppress import secondary

People = NDArray[np.bool_]


def open_rows(
    block: Block,
    rows: WaveRows,
    people: tuple[People, People],
    rules: RuleSet,
    full: NDArray[np.bool_],
    forced: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Which rows of a follow-up question's ``block`` may be printed for all that their n tells of the filter question.

    ``people``: who is behind the follow-up's n, and who answered the filter question, (people,) each; ``full``: (rows of
    the block) where the filter question's own row is printed with all its answers, so that the n tells nothing more;
    ``forced``: rows that are out. No row whose n is a fact can be added up or subtracted, also with the help of the filter
    question's own printed rows, which say how many were asked; nor does one remain when a unit takes its people out.
    """
    place = rows.place()
    own = np.array([place[population, domain] for population, domain in (row.split("/", 1) for row in block.rows)], int)
    follow, source = (rows.members @ who.astype(float) for who in people)
    telling = _told(rules, follow[own], source[own]) & ~full
    shared = full | forced
    whole = secondary(Block(
        block.name, block.rows, block.members, block.counts, block.levels, block.candidate | shared, block.cost, block.holder
    ), telling, forced=shared)  # fmt: skip
    rest = _rest_tells(rows, people, rules)[own] & ~full
    return whole & ~rest | forced


def _rest_tells(rows: WaveRows, people: tuple[People, People], rules: RuleSet) -> NDArray[np.bool_]:
    """Rows whose n tells a fact once some unit takes its own people out. Shape (rows,)."""
    units = int(rows.holder.max(initial=-1)) + 1
    if not units:
        return np.zeros(len(rows.names), bool)
    held = (rows.holder[:, None] == np.arange(units)).astype(float)
    follow, source = (rows.members @ who.astype(float) for who in people)
    mine, its = (np.asarray(rows.members @ (held * who[:, None])) for who in people)
    left, asked = follow[:, None] - mine, source[:, None] - its
    return np.asarray((_told(rules, left, asked) & (mine > 0)).any(1))


def _told(rules: RuleSet, follow: NDArray[np.float64], source: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether so many behind the follow-up's n, of so many who answered the filter question, are a fact of the latter."""
    asked = np.rint(follow).astype(np.int64)
    others = np.maximum(np.rint(source).astype(np.int64) - asked, 0)
    cells = rules.sensitive_cells((asked + others).ravel(), np.stack([asked.ravel(), others.ravel()], 1))
    told: NDArray[np.bool_] = cells[:, 0].reshape(asked.shape)
    return told
