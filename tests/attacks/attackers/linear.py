"""Sums and differences, linear programmes and whole numbers: one question at a time, everything printed of it together."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import highspy
import numpy as np
from scipy import sparse

from attackers.evidence import COUNTED, TINY, Evidence, Item, Rules, Told, Wave

PULLS = 40
SECONDS = 2.0
"""Most time to find out whether whole people can give a number."""


class Condition(NamedTuple):
    """``low <= sum over atoms and answers of amount * scores <= high``; ``row``: 0/1 over atoms."""

    amount: np.ndarray
    scores: np.ndarray
    low: float
    high: float


class Fact(NamedTuple):
    domain: str
    members: np.ndarray
    category: str
    answers: np.ndarray
    n: int


class Block:
    """One question of one wave: its people as atoms (alike in every group, weight and knowledge), and the facts about them."""

    def __init__(self, evidence: Evidence, wave: str, name: str, rows: list[dict[str, str]]):
        self.evidence, self.rules, self.name, self.wave = evidence, evidence.rules, name, wave
        self.who: Wave = evidence.waves[wave]
        self.item: Item = evidence.items[name]
        self.rows = rows
        here = np.flatnonzero(self.who.answered(name))
        known = evidence.known.get(wave, {}).get(name, {})
        mine = [person if str(person) in known else "" for person in here]
        keys = list(zip(*(self.who.columns[g][here] for g in self.who.groups), self.who.weight[here], mine))
        place = {key: k for k, key in enumerate(dict.fromkeys(keys))}
        self.atom = np.array([place[key] for key in keys], int)
        self.first = here[np.unique(self.atom, return_index=True)[1]] if len(here) else here
        self.size = np.bincount(self.atom, minlength=len(place)).astype(float)
        self.weight = self.who.weight[self.first]
        self.known = [(place[key], known[str(key[-1])]) for key in place if key[-1] != ""]

    def members(self, domain: str) -> np.ndarray:
        return self.who.inside(domain)[self.first]

    def counts(self) -> list[Condition]:
        """What unweighted percentages, unweighted means and the attacker's own knowledge say."""
        found = []
        for row in self.rows:
            members, n = self.members(row["domain"]).astype(float), int(row["n"])
            if row["unweighted"] == "":
                continue
            if row["measure"] == "mean":
                half = 0.5 * 10.0**-self.rules.mean_decimals + TINY
                value = float(row["unweighted"])
                found.append(Condition(members, self.item.scores, (value - half) * n, (value + half) * n))
            elif possible := self.rules.counts(row):
                answers = self.item.answers(row["measure"], row["category"])
                found.append(Condition(members, answers, possible[0], possible[-1]))
        for atom, answer in self.known:
            mark = np.zeros(len(self.size))
            mark[atom] = 1
            found.append(Condition(mark, np.array([c == answer for c in self.item.choices], float), 1, 1))
        return found

    def windows(self) -> list[Condition]:
        """What weighted percentages and means say to who knows every weight. Reports of units and pools are not weighted."""
        found = []
        for row in self.rows:
            if row["estimate"] == "" or row["domain"].removeprefix("_").startswith(("unit=", "pool=")):
                continue
            amount = self.members(row["domain"]) * self.evidence.counted(row)[self.first]
            total = float(amount @ self.size)
            if row["measure"] in COUNTED:
                half, share = 0.5 * 10.0 ** -int(row.get("decimals") or self.rules.decimals) + TINY, float(row["estimate"])
                answers = self.item.answers(row["measure"], row["category"])
                found.append(Condition(amount, answers, (share - half) / 100 * total, (share + half) / 100 * total))
            else:
                half, mean = 0.5 * 10.0 ** -int(row.get("decimals") or self.rules.mean_decimals) + TINY, float(row["estimate"])
                found.append(Condition(amount, self.item.scores, (mean - half) * total, (mean + half) * total))
        return found

    def facts(self) -> list[Fact]:
        """Each set of people and answers once. What the attacker knows already is not among them."""
        found, seen = [], set()
        own = {atom for atom, _ in self.known}
        for domain, mask in self.who.targets:
            members = mask[self.first]
            at = np.flatnonzero(members)
            if not len(at) or members.tobytes() in seen or set(at.tolist()) <= own:
                continue
            seen.add(members.tobytes())
            n = round(float(members @ self.size))
            found += [Fact(domain, members, name, answers, n) for name, answers in self.item.facts]
        return found

    def told(self, fact: Fact, low: float, high: float) -> Told:
        return Told(self.wave, self.name, fact.domain, fact.category, fact.n, round(low, 6), round(high, 6))


def _blocks(evidence: Evidence) -> Iterator[Block]:
    for wave, item, rows in evidence.blocks():
        block = Block(evidence, wave, item, rows)
        if len(block.size):
            yield block


def span(evidence: Evidence) -> Iterator[Told]:
    """Facts that are sums and differences of printed counts, answer by answer."""
    for block in _blocks(evidence):
        by: dict[bytes, list[Condition]] = defaultdict(list)
        for condition in block.counts():
            if condition.low == condition.high and set(condition.scores) <= {0.0, 1.0}:
                by[condition.scores.tobytes()].append(condition)
        wanted: dict[bytes, list[Fact]] = defaultdict(list)
        for fact in block.facts():
            wanted[fact.answers.tobytes()].append(fact)
        for answers, facts in wanted.items():
            if answers not in by:
                continue
            rows = np.array([c.amount for c in by[answers]]).T
            values = np.array([c.low for c in by[answers]])
            targets = np.array([f.members for f in facts], float).T
            solution = np.linalg.lstsq(rows, targets, rcond=None)[0]
            reached = np.abs(rows @ solution - targets).max(0) < 1e-6
            for k in np.flatnonzero(reached):
                value = float(solution[:, k] @ values)
                if block.rules.told(facts[k].n, value, value):
                    yield block.told(facts[k], value, value)


def programme(evidence: Evidence) -> Iterator[Told]:
    """Facts whose interval, given every printed count and mean and that no count is negative, is too narrow."""
    for block in _blocks(evidence):
        yield from intervals(block, block.counts())


def whole_numbers(evidence: Evidence) -> Iterator[Told]:
    """The same where people are whole: for facts that the linear programme leaves a narrow interval."""
    for block in _blocks(evidence):
        yield from intervals(block, block.counts(), whole=True)


def weights(evidence: Evidence) -> Iterator[Told]:
    """The same with the weighted percentages and means of every row, to who knows each unit's weight."""
    for block in _blocks(evidence):
        windows = block.windows()
        if any(np.ptp(c.amount[c.amount > 0]) > TINY for c in windows):
            yield from intervals(block, block.counts() + windows)


def intervals(block: Block, conditions: list[Condition], whole: bool = False) -> Iterator[Told]:
    """The feasible interval of every fact: many at once first, each by itself where that leaves it shut."""
    facts, rules = block.facts(), block.rules
    if not facts:
        return
    members = sparse.csr_array(np.array([f.members for f in facts], float))
    answers = np.array([f.answers for f in facts])
    least, most = np.full(len(facts), np.inf), np.full(len(facts), -np.inf)
    seen_least, seen_most = least.copy(), most.copy()  # in tables of whole people
    programme = _programme(block, conditions)
    model = _solver(programme)
    shape = (len(block.size), len(block.item.choices))

    def solve(cost: np.ndarray) -> np.ndarray | None:
        model.changeColsCost(cost.size, np.arange(cost.size, dtype=np.int32), cost.ravel())
        model.run()
        if model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        point = np.asarray(model.getSolution().col_value).reshape(shape)
        value = ((members @ point) * answers).sum(1)
        np.minimum(least, value, out=least)
        np.maximum(most, value, out=most)
        if np.abs(point - point.round()).max(initial=0) < 1e-6:
            np.minimum(seen_least, value, out=seen_least)
            np.maximum(seen_most, value, out=seen_most)
        return point

    def closed(k: int) -> bool:
        a, b = (seen_least[k], seen_most[k]) if whole else (least[k], most[k])
        return bool(a > b or rules.told(facts[k].n, a, b) or b - a < 1)

    shut = np.ones(len(facts), bool)
    for turn in range(PULLS):
        bits = np.frombuffer(hashlib.shake_256(f"{turn}".encode()).digest(len(facts)), np.uint8) % 2
        if solve(members.T @ (answers * ((bits * 2.0 - 1) * shut)[:, None])) is None:
            raise RuntimeError(f"what is printed of {block.name} in {block.wave} contradicts itself")
        before = shut.sum()
        shut = np.array([closed(k) for k in range(len(facts))])
        if not shut.any() or (turn > 8 and before == shut.sum()):
            break
    for k in np.flatnonzero(shut):
        if not closed(k):  # by what another fact's ends showed
            continue
        cost = np.outer(facts[k].members, facts[k].answers)
        points = [solve(sign * cost) for sign in (1.0, -1.0)]
        if any(point is None for point in points):
            continue
        low, high = sorted(float((cost * point).sum()) for point in points)
        if whole and high - low < 2 and closed(k):
            low, high = _whole(programme, cost, facts[k].n, rules, (low, high), (seen_least[k], seen_most[k]))
        if rules.told(facts[k].n, low, high):
            yield block.told(facts[k], low, high)


def _programme(block: Block, conditions: list[Condition]) -> highspy.HighsLp:
    atoms, answers = len(block.size), len(block.item.choices)
    parts = [sparse.kron(sparse.eye_array(atoms), np.ones((1, answers)))]
    parts += [sparse.csr_array(np.outer(c.amount, c.scores).ravel()[None, :]) for c in conditions]
    matrix = sparse.csr_array(sparse.vstack(parts))
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = matrix.shape
    lp.col_cost_ = np.zeros(matrix.shape[1])
    lp.col_lower_, lp.col_upper_ = np.zeros(matrix.shape[1]), np.repeat(block.size, answers)
    lp.row_lower_ = np.concatenate([block.size, [c.low for c in conditions]])
    lp.row_upper_ = np.concatenate([block.size, [c.high for c in conditions]])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = matrix.indptr.astype(np.int32)
    lp.a_matrix_.index_ = matrix.indices.astype(np.int32)
    lp.a_matrix_.value_ = matrix.data
    return lp


def _solver(programme: highspy.HighsLp) -> highspy.Highs:
    model = highspy.Highs()
    model.silent()
    model.setOptionValue("threads", 1)
    model.passModel(programme)
    return model


def _whole(
    programme: highspy.HighsLp, cost: np.ndarray, n: int, rules: Rules, ends: tuple[float, float], seen: tuple[float, float]
) -> tuple[float, float]:
    """The least and the most of the whole numbers between ``ends`` that tables of whole people reach; what was ``seen`` they do.
    No more are tried once they tell nothing."""
    inside = range(int(np.ceil(ends[0] - 1e-6)), int(np.floor(ends[1] + 1e-6)) + 1)
    if not any(rules.told(n, k, k) for k in inside):
        return ends
    reached = [k for k in inside if seen[0] - 1e-6 <= k <= seen[1] + 1e-6]
    for k in inside:
        if reached and not rules.told(n, min(reached), max(reached)):
            break
        if k not in reached and _reaches(programme, cost, k):
            reached.append(k)
    return min(reached, default=ends[0]), max(reached, default=ends[1])


def _reaches(programme: highspy.HighsLp, cost: np.ndarray, value: int) -> bool:
    """Whether a table of whole people makes the fact this number; what is not settled in ``SECONDS`` counts as such."""
    model = _solver(programme)
    number = np.arange(cost.size, dtype=np.int32)
    concerned = np.flatnonzero(cost.ravel()).astype(np.int32)
    model.addRow(value, value, len(concerned), concerned, cost.ravel()[concerned])
    model.changeColsIntegrality(cost.size, number, np.ones(cost.size, np.uint8))
    model.setOptionValue("time_limit", SECONDS)
    model.run()
    return model.getModelStatus() != highspy.HighsModelStatus.kInfeasible
