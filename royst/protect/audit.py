"""The audit: what could an attacker work out from everything printed?

It knows nothing of how rows were chosen. It takes what is printed, the numbers of people (staff know who took part) and
the sensitive facts, and looks for each fact for the interval of counts that agrees with all of it: first in worlds made
by exchanging answers, then, for facts that no world opens, by two linear programmes each (HiGHS).

Attackers. *Staff*: know every n. *Outsider*: knows less, so every interval of staff lies inside the outsider's.
*Respondent*: staff who also know one person's answer. *Unit*: staff who also know all answers of one unit, and subtract
them from its pool, its region or the nation. All of them are taken to read every report, also those sent to one reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from royst.protect.block import WITHHELD_LEVEL, Block
from royst.protect.facts import ROUND, Facts, facts, recoverable, values
from royst.protect.rules import RuleSet
from royst.protect.worlds import Exchange, pairs, programme, signs, solve

ROUNDS = 6
"""Rounds of exchanges before linear programmes take over; a round without a new opening ends them."""


@dataclass(frozen=True)
class Tally:
    """What an audit tried and found. ``narrowest``: fewest whole numbers that a fact of a small domain can still take."""

    facts: int = 0
    by_worlds: int = 0
    by_programme: int = 0
    programmes: int = 0
    recoverable: int = 0
    repaired: int = 0
    held: int = 0
    narrowest: float = np.inf

    def __add__(self, other: Tally) -> Tally:
        names = ("facts", "by_worlds", "by_programme", "programmes", "recoverable", "repaired", "held")
        return Tally(*(getattr(self, n) + getattr(other, n) for n in names), min(self.narrowest, other.narrowest))


class Polytope:
    """All tables of (atom, answer) that agree with what is printed, as one linear programme."""

    def __init__(self, block: Block, level: NDArray[np.int64]):
        self.block, self.level = block, level
        atoms, answers = block.counts.shape
        zero = np.zeros((atoms, answers), bool)
        parts, self.row_of, self.total = [], [], []
        for depth, codes in enumerate(block.levels):
            rows = np.flatnonzero(level == depth)
            if not len(rows):
                continue
            table = block.table(depth)[rows]
            for category in range(table.shape[1]):
                for answer in np.flatnonzero(codes == category):
                    empty = np.asarray(block.members[rows[table[:, category] == 0]].sum(0)).ravel() > 0
                    zero[empty, answer] = True
                if category == table.shape[1] - 1:
                    continue
                unit = sparse.csr_array((codes == category).astype(float)[None, :])
                parts.append(sparse.kron(block.members[rows], unit, format="csr"))
                self.row_of.append(rows)
                self.total.append(table[:, category])
        people = sparse.kron(sparse.eye_array(atoms), np.ones((1, answers)), format="csr")
        matrix = sparse.csr_array(sparse.vstack([people, *parts], format="csr"))
        total = np.concatenate([block.atoms, *self.total]).astype(float)
        self.most = np.where(zero, 0, block.atoms[:, None]).astype(float).ravel()
        self.least = np.zeros_like(self.most)
        self.highs = programme(matrix, total, total, self.least, self.most)
        self.row_of = np.concatenate([np.full(atoms, -1), *self.row_of]).astype(int)

    def hold(self, least: NDArray[np.float64], most: NDArray[np.float64]) -> None:
        """Narrow the bounds of (atoms × answers) to what an attacker knows besides."""
        number = np.arange(len(self.most), dtype=np.int32)
        self.highs.changeColsBounds(
            len(number), number, np.maximum(self.least, least.ravel()), np.minimum(self.most, most.ravel())
        )

    def free(self) -> None:
        self.hold(self.least, self.most)

    def reach(self, wanted: Facts, k: int) -> tuple[float, float, list[NDArray], NDArray[np.int64]]:
        """Least and most of a fact, the two worlds' changes, and the rows whose numbers hold it there."""
        block = self.block
        cost = np.zeros(block.counts.shape)
        atoms = block.members.indices[slice(*block.members.indptr[wanted.row[k] : wanted.row[k] + 2])]
        answers = np.flatnonzero(block.levels[wanted.level[k]] == wanted.category[k])
        cost[np.ix_(atoms, answers)] = 1.0
        ends, changes, rows = [], [], set()
        for sign in (1.0, -1.0):
            point = solve(self.highs, sign * cost.ravel())
            if point is None:  # an attacker who reaches no optimum is taken to know the fact
                ends.append(float(wanted.count[k]))
                continue
            ends.append(float(cost.ravel() @ point))
            changes.append(point.reshape(cost.shape) - block.counts)
            dual = np.abs(np.asarray(self.highs.getSolution().row_dual)) > ROUND
            rows |= set(self.row_of[dual].tolist())
        return ends[0], ends[1], changes, np.array(sorted(rows - {-1}), np.int64)


@dataclass
class Audit:
    """One block under audit, printed at ``level`` (rows,). ``open``: facts that some world takes out of the secret."""

    block: Block
    rules: RuleSet
    level: NDArray[np.int64]
    wanted: Facts = field(init=False)

    def __post_init__(self) -> None:
        self.wanted = facts(self.block, self.rules)
        self.low = np.zeros(len(self.wanted))
        self.high = np.zeros(len(self.wanted))
        self.tally = Tally(facts=len(self.wanted))
        self.worlds: list[NDArray[np.float64]] = []

    @property
    def open(self) -> NDArray[np.bool_]:
        w = self.wanted
        least, most = np.ceil(w.count + self.low - ROUND), np.floor(w.count + self.high + ROUND)
        return ~recoverable(self.rules, w.n, least, most)

    def see(self, change: NDArray[np.float64]) -> None:
        """Take note of one more world."""
        moved = values(self.block, self.wanted, change)
        self.low = np.minimum(self.low, moved)
        self.high = np.maximum(self.high, moved)
        self.worlds.append(change)

    def exchange(self) -> None:
        """Open facts by exchanges, pulling at those still closed in pseudo-random directions."""
        answers = self.block.counts.shape[1]
        basis = np.ones(len(self.block.rows), bool)
        made = {pair: Exchange(self.block, self.level, pair, basis) for pair in pairs(answers)}
        for turn in range(ROUNDS):
            before = self.open.sum()
            for pair, exchange in made.items():
                closed = ~self.open
                if not closed.any():
                    return
                cost = self._cost(pair, closed, f"{self.block.name}/{pair}/{turn}")
                still = self._still(turn, pair)
                found = exchange.pull(cost, still)
                if found is not None and found.any():
                    change = np.zeros(self.block.counts.shape)
                    change[:, pair[0]], change[:, pair[1]] = found, -found
                    self.see(change)
            if turn and self.open.sum() == before:
                return

    def _still(self, turn: int, pair: tuple[int, int]) -> NDArray[np.bool_] | None:
        return None

    def _cost(self, pair: tuple[int, int], closed: NDArray[np.bool_], seed: str) -> NDArray[np.float64]:
        w, codes = self.wanted, self.block.levels
        gain = np.zeros(len(w))
        for level, code in enumerate(codes):
            mine = w.level == level
            gain[mine] = (code[pair[0]] == w.category[mine]) * 1.0 - (code[pair[1]] == w.category[mine]) * 1.0
        gain *= closed * signs(seed, len(w))
        pull = np.zeros(len(self.block.rows))
        np.add.at(pull, w.row, gain)
        return self.block.members.T @ pull

    def programmes(self) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """Solve what no world opened; yields each recoverable fact with the rows that tell it."""
        polytope = None
        for k in np.flatnonzero(~self.open):
            if self.open[k]:
                continue
            polytope = polytope or Polytope(self.block, self.level)
            low, high, changes, rows = polytope.reach(self.wanted, k)
            self.tally = replace(self.tally, programmes=self.tally.programmes + 1)
            for change in changes:
                self.see(change)
            if self.rules.recoverable(int(self.wanted.n[k]), low, high):
                yield int(k), rows


def repair(
    block: Block, rules: RuleSet, level: NDArray[np.int64], *, rounds: int = 50
) -> tuple[NDArray[np.int64], Tally]:
    """Withdraw rows until no fact is recoverable; returns the levels (rows,) and the last audit's tally."""
    repaired = 0
    for _ in range(rounds):
        audit = Audit(block, rules, level)
        audit.exchange()
        start = int(audit.open.sum())
        level, found = level.copy(), 0
        for k, rows in audit.programmes():
            found += 1
            withdraw(block, level, audit.wanted, k, rows)
        if not found:
            tally = replace(audit.tally, by_worlds=start, by_programme=len(audit.wanted) - start, repaired=repaired)
            return level, tally
        repaired += found
    raise RuntimeError(f"{block.name}: the audit still finds facts after {rounds} repairs")


def withdraw(block: Block, level: NDArray[np.int64], wanted: Facts, k: int, rows: NDArray[np.int64]) -> None:
    """Make the cheapest of the rows that tell fact ``k`` coarser than the fact, or withhold it. Changes ``level``."""
    printed = rows[(level[rows] != WITHHELD_LEVEL) & (level[rows] <= wanted.level[k])]
    if not len(printed):
        return
    row = printed[np.argmin(block.cost[printed])]
    coarser = int(wanted.level[k]) + 1
    level[row] = coarser if coarser < len(block.levels) else WITHHELD_LEVEL
