"""The audit: what could an attacker work out from everything printed?

It knows nothing of how rows were chosen. It takes what is printed, the numbers of people (staff know who took part) and
the sensitive facts, and looks for each fact for the interval of counts that agrees with all of it: first in worlds made
by exchanging answers, then, for facts that no world opens, by two linear programmes each (HiGHS).

Attackers. *Staff*: know every n. *Outsider*: knows less, so every interval of staff lies inside the outsider's.
*Respondent*: staff who also know one person's answer. *Unit*: staff who also know all answers of one unit, and subtract
them from its pool, its region or the nation. All of them are taken to read every report, also those sent to one reader.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from royst.protect.block import WITHHELD_LEVEL, Block
from royst.protect.facts import ROUND, Facts, facts, guarded, leaves, recoverable, values
from royst.protect.polytope import Polytope
from royst.protect.rules import RuleSet
from royst.protect.worlds import Exchange, Model, OneAnswer, pairs, signs, solve

PULLS = 400
"""Most exchanges that pull at many facts at once."""
TABLES = 12
"""Most whole tables that pull at many facts at once."""
SHIELDS = 240
"""Most exchanges that leave half of the units as they are."""
PATIENCE = 5
"""How often a pair of answers may open little before it is left alone."""
TRIES = 12
"""How many rows are tried for the one whose withdrawal opens a fact."""
WORTH = 0.05
"""An exchange that opens less than this share of what its answers have closed is not repeated."""


@dataclass(frozen=True)
class Tally:
    """What is told of an audit. Nothing in it follows from answers, unless a fact was told.

    ``guarded``: counts that could be facts, by numbers of people alone. ``told_before``: facts that what is out tells by itself, so that
    nothing that could be withdrawn tells them.
    """

    guarded: int = 0
    recoverable: int = 0
    told_before: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(getattr(self, name) + getattr(other, name) for name in Tally.__dataclass_fields__))


class Audit:
    """One block under audit. ``level`` (rows,) is what is printed; repairing makes it coarser.

    ``wanted``: the facts; ``low`` and ``high``: how far below and above the truth each fact's count was seen.
    """

    def __init__(self, block: Block, rules: RuleSet, level: NDArray[np.int64], wanted: Facts | None = None):
        self.block, self.rules, self.level = block, rules, level.copy()
        self.wanted = facts(block, rules) if wanted is None else wanted
        self.low, self.high = np.zeros(len(self.wanted)), np.zeros(len(self.wanted))
        self._exchanges: dict[tuple[int, int], Exchange] = {}
        self._one: dict[tuple[int, int], OneAnswer] = {}
        self._polytope: Polytope | None = None
        self.worlds: list[NDArray[np.float64]] = []

    @property
    def open(self) -> NDArray[np.bool_]:
        """Facts that some world takes out of what must not be told. Shape (facts,)."""
        w = self.wanted
        least, most = np.ceil(w.count + self.low - ROUND), np.floor(w.count + self.high + ROUND)
        return ~recoverable(self.rules, w.n, least, most)

    def see(self, change: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take note of one more world, told as its difference from the truth (atoms × answers); returns each fact's own."""
        moved = values(self.block, self.wanted, change)
        self.low, self.high = np.minimum(self.low, moved), np.maximum(self.high, moved)
        self.worlds.append(change)
        return moved

    @cached_property
    def gains(self) -> dict[tuple[int, int], NDArray[np.float64]]:
        """By pair of answers: what one more person with the first instead of the second adds to each fact."""
        w, found = self.wanted, {}
        for one, other in pairs(self.block.counts.shape[1]):
            gain = np.zeros(len(w))
            for level, codes in enumerate(self.block.levels):
                mine = w.level == level
                gain[mine] = 1.0 * (codes[one] == w.category[mine]) - 1.0 * (codes[other] == w.category[mine])
            found[one, other] = gain
        return found

    def exchange(self) -> None:
        """Open facts by exchanges that pull at many closed ones in pseudo-random directions."""
        tired: dict[tuple[int, int], int] = {}
        for turn in range(PULLS):
            closed = ~self.open
            waiting = {
                pair: int((closed & (gain != 0)).sum())
                for pair, gain in self.gains.items()
                if tired.get(pair, 0) < PATIENCE
            }
            pair = max(waiting, key=lambda pair: waiting[pair], default=None)
            if pair is None or not waiting[pair]:
                return
            towards = signs(f"{self.block.name}/{pair}/{turn}", len(closed))
            change = self._pull(pair, closed * self.gains[pair] * towards)
            if change is not None:
                self.see(change)
            if waiting[pair] - int((~self.open & (self.gains[pair] != 0)).sum()) <= WORTH * waiting[pair]:
                tired[pair] = tired.get(pair, 0) + 1

    def exchange_around_units(self) -> NDArray[np.bool_]:
        """Open facts to staff and to every unit: a fact is open to a unit by a world in which that unit's answers stay.

        Each exchange leaves the answers of a pseudo-random half of the units as they are. Returns (facts × units): what no
        world opened to which unit; facts of the unit's own people are none.
        """
        block, w = self.block, self.wanted
        units = int(block.holder.max()) + 1
        own = np.zeros((len(block.rows), units))
        for unit in range(units):
            own[:, unit] = block.members @ (block.atoms * (block.holder == unit))
        left = (own[w.row] < w.n[:, None]) & (units > 1)
        tired: dict[tuple[int, int], int] = {}
        for turn in range(SHIELDS):
            waiting = {
                pair: int(left[gain != 0].sum()) for pair, gain in self.gains.items() if tired.get(pair, 0) < PATIENCE
            }
            pair = max(waiting, key=lambda pair: (waiting[pair], pair), default=None)
            if pair is None or not waiting[pair]:
                break
            seed = f"{block.name}/{pair}/units/{turn}"
            kept = signs(f"{seed}/kept", units) > 0
            wanted = left[:, kept].any(1)
            change = self._pull(
                pair, wanted * self.gains[pair] * signs(seed, len(w)), kept[block.holder] & (block.holder >= 0)
            )
            if change is not None:
                moved = self.see(change)
                opened = leaves(self.rules, w.n, w.count, moved)
                changed = (
                    np.bincount(np.maximum(block.holder, 0), np.abs(change).sum(1) * (block.holder >= 0), units) > 0
                )
                left[np.ix_(opened, ~changed)] = False
            enough = int(left[self.gains[pair] != 0].sum()) <= (1 - WORTH) * waiting[pair]
            tired[pair] = 0 if enough else tired.get(pair, 0) + 1
        return left

    def _pull(
        self, pair: tuple[int, int], weight: NDArray[np.float64], still: NDArray[np.bool_] | None = None
    ) -> NDArray[np.float64] | None:
        """The world (its difference from the truth) that an exchange of a pair of answers leads to."""
        if pair not in self._exchanges:
            self._exchanges[pair] = Exchange(self.block, self.level, pair)
        exchange = self._exchanges[pair]
        exchange.update(self.level)
        pull = np.bincount(self.wanted.row, weight, len(self.block.rows))
        found = exchange.pull(self.block.members.T @ pull, still=still)
        if found is None:
            return None
        change = np.zeros(self.block.counts.shape)
        change[:, pair[0]], change[:, pair[1]] = found, -found
        return change

    def tells(self, k: int) -> set[int] | None:
        """The rows that tell fact ``k``; ``None`` where it is open."""
        rows = self._one_answer(k)
        if rows is not None:
            return rows
        return self._whole(k)

    def _one_answer(self, k: int, level: NDArray[np.int64] | None = None) -> set[int] | None:
        """Rows that tell the fact even to who looks at its category alone."""
        w = self.wanted
        key = (int(w.level[k]), int(w.category[k]))
        if key not in self._one:
            self._one[key] = OneAnswer(self.block, self.level, *key)
        model = self._one[key]
        model.update(self.level if level is None else level)
        return self._between(model, self._atoms(k).astype(float), k)

    def withdraw(self, k: int, telling: set[int], out: NDArray[np.int64]) -> bool:
        """Withhold the cheapest row without which fact ``k`` is open, or at least the cheapest of those that tell it; where
        a coarser level does as well, make it coarser. False where every such row is out already."""
        level, depth = self.level, int(self.wanted.level[k])
        rows = [r for r in telling if level[r] != WITHHELD_LEVEL and out[r] == WITHHELD_LEVEL]
        if not rows:
            return False
        rows.sort(key=lambda row: (self.block.cost[row], row))
        chosen = rows[0]
        for row in rows[:TRIES] if self._one_answer(k) is not None else ():
            if self._one_answer(k, self._with(row, WITHHELD_LEVEL)) is None:
                chosen = row
                break
        now = self._with(chosen, WITHHELD_LEVEL)
        for coarser in range(max(depth, int(level[chosen])) + 1, len(self.block.levels)):
            if self._told_apart(chosen, coarser, depth, k):
                continue
            now = self._with(chosen, coarser)
            break
        self.level = now
        return True

    def _with(self, row: int, depth: int) -> NDArray[np.int64]:
        level = self.level.copy()
        level[row] = depth
        return level

    def _told_apart(self, row: int, coarser: int, depth: int, k: int) -> bool:
        """Whether a row at a coarser level still tells the fact's category: nobody gave what it is merged with."""
        codes, fine = self.block.levels[coarser], self.block.levels[depth] == self.wanted.category[k]
        merged = np.isin(codes, codes[fine]) & ~fine
        inside = self.block.members.indices[slice(*self.block.members.indptr[row : row + 2])]
        return not self.block.counts[inside][:, merged].any()

    def look_around(self) -> None:
        """Open facts by whole tables that lie far from the truth for many closed ones at once."""
        for turn in range(TABLES):
            closed = np.flatnonzero(~self.open)
            if len(closed) < 2:
                return
            towards = signs(f"{self.block.name}/tables/{turn // 2}", len(closed)) * (1 - 2 * (turn % 2))
            cost = np.zeros(self.block.counts.shape)
            for sign, k in zip(towards, closed):
                cost += sign * self._cost(int(k))
            change = self.polytope.furthest(cost)
            if change is not None:
                self.see(change)
            if turn % 2 and len(closed) - int((~self.open).sum()) <= WORTH * len(closed):
                return

    @property
    def polytope(self) -> Polytope:
        """All tables that agree with what is printed now."""
        if self._polytope is None:
            self._polytope = Polytope(self.block, self.level, np.unique(self.wanted.row[~self.open]))
        self._polytope.update(self.level)
        return self._polytope

    def _cost(self, k: int) -> NDArray[np.float64]:
        answers = self.block.levels[self.wanted.level[k]] == self.wanted.category[k]
        return np.outer(self._atoms(k), answers).astype(float)

    def _whole(self, k: int) -> set[int] | None:
        """The rows that hold the fact where it is; ``None`` where some table leaves it open."""
        model, cost, rows = self.polytope, self._cost(k), set()
        for sign in (1.0, -1.0):
            change = model.furthest(sign * cost)
            if change is not None:
                self.see(change)
                if self.open[k]:
                    return None
            rows |= model.telling()
        return rows

    def _atoms(self, k: int) -> NDArray[np.bool_]:
        inside = np.zeros(len(self.block.atoms), bool)
        members = self.block.members
        row = self.wanted.row[k]
        inside[members.indices[members.indptr[row] : members.indptr[row + 1]]] = True
        return inside

    def _between(self, model: Model, cost: NDArray[np.float64], k: int) -> set[int] | None:
        """The rows that hold the fact in its interval; ``None`` where the interval leaves it open.

        Where HiGHS reaches no optimum the attacker is taken to know the fact.
        """
        w, rows, ends = self.wanted, set(), []
        for sign in (1.0, -1.0):
            point = solve(model.highs, sign * cost)
            ends.append(float(w.count[k]) if point is None else float(cost @ point))
            rows |= model.telling()
        return rows if self.rules.recoverable(int(w.n[k]), min(ends), max(ends)) else None


def repair(
    block: Block, rules: RuleSet, level: NDArray[np.int64], *, out: NDArray[np.int64] | None = None, units: bool = False,
    worlds: list[NDArray[np.float64]] | None = None,
) -> tuple[NDArray[np.int64], Tally]:  # fmt: skip
    """Withdraw rows until no fact is recoverable; returns the levels (rows,) and the audit's tally.

    Withdrawing only widens intervals, so a fact that was open stays so and each is looked at once. ``out``: levels at which
    earlier releases printed rows; those cannot be withdrawn, and what they alone tell is counted apart. With
    ``units`` every fact is looked at through the eyes of every unit too, which takes some ten times as long. ``worlds``: known to agree
    with all that is printed, (atoms × answers) differences from the truth; those that are found are added.
    """
    out = np.full(len(block.rows), WITHHELD_LEVEL) if out is None else out
    audit = Audit(block, rules, level)
    for change in worlds or ():
        audit.see(change)
    units = units and len(block.holder) > 0 and bool(block.holder.max() > 0)
    left = audit.exchange_around_units() if units else None
    audit.exchange()
    audit.look_around()
    tally = replace(_mend(audit, np.flatnonzero(~audit.open), out), guarded=guarded(block))
    for unit in np.flatnonzero(left.any(0)) if left is not None else ():
        assert left is not None
        rest = known(block, block.holder == unit)
        wanted = _of_others(audit.wanted.take(left[:, unit]), rest, rules)
        inside = Audit(rest, rules, np.where(rest.n > 0, audit.level, WITHHELD_LEVEL), wanted)
        inside.exchange()
        tally += _mend(inside, np.flatnonzero(~inside.open), out)
        audit.level = np.where(rest.n > 0, inside.level, audit.level)
    if worlds is not None:
        worlds[:] = audit.worlds
    return audit.level, tally


def _mend(audit: Audit, closed: NDArray[np.int64], out: NDArray[np.int64]) -> Tally:
    """Look at each of the closed facts, and withdraw rows until it is open."""
    told, before = 0, 0
    for k in closed:
        while not audit.open[k] and (rows := audit.tells(int(k))) is not None:
            if audit.withdraw(int(k), rows, out):
                continue
            printed = [row for row in rows if audit.level[row] != WITHHELD_LEVEL]
            if printed and all(out[row] != WITHHELD_LEVEL for row in printed):
                before += 1
            else:
                told += 1
            break
    return Tally(recoverable=told, told_before=before)


def known(block: Block, atoms: NDArray[np.bool_]) -> Block:
    """The block that is left for somebody who knows the answers of the marked atoms."""
    rest = ~atoms
    left = replace(
        block,
        members=block.members[:, rest].tocsr(),
        counts=block.counts[rest],
        holder=block.holder[rest],
        weight=None if block.weight is None else block.weight[rest],
        otherwise={row: weight[rest] for row, weight in block.otherwise.items()},
    )
    return left.within(block, block.weighted[:, atoms] @ block.counts[atoms].astype(float))


def _of_others(wanted: Facts, rest: Block, rules: RuleSet) -> Facts:
    """The same facts about the people of ``rest``, where they still are any."""
    n = rest.n[wanted.row]
    count = np.array([rest.table(int(d))[r, c] for r, d, c in zip(wanted.row, wanted.level, wanted.category)], np.int64)
    still = rules.sensitive_cells(n, np.stack([count, n - count], 1))[:, 0] if len(n) else np.zeros(0, bool)
    return replace(wanted, n=n, count=count).take(still)


def recoverable_facts(block: Block, rules: RuleSet, level: NDArray[np.int64]) -> list[int]:
    """The numbers (in ``facts``) of what can be worked out from the rows printed at ``level``; repairs nothing."""
    audit = Audit(block, rules, level)
    audit.exchange()
    return [int(k) for k in np.flatnonzero(~audit.open) if not audit.open[k] and audit.tells(int(k)) is not None]
