"""The three samples of municipalities: stratified, with probability by size, the panel kept, refusals replaced.

Each unit keeps one random number for good. Within a stratum, units stand in the order of that number divided by their chance
(sequential Poisson sampling: Ohlsson 1998, *Journal of Official Statistics* 14, 149–162), so a later and larger sample holds the
earlier one, and who refuses is replaced by the next in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from royst.reference.chance import Floats, normal, uniform
from royst.reference.population import Unit

PLAN: dict[str, dict[str, tuple[int, int]]] = {
    "2017": {"sor-ost": (2, 3), "vest": (2, 3), "midt": (2, 3), "nord": (2, 3)},
    "2019": {"sor-ost": (4, 9), "vest": (4, 8), "midt": (3, 7), "nord": (3, 7)},
    "2021": {"sor-ost": (6, 13), "vest": (5, 11), "midt": (5, 10), "nord": (4, 10)},
}
"""Units to draw by wave and region: small ones, and larger ones."""

ANSWERS = {"2017": 491, "2019": 1336, "2021": 1121}
REFUSES = 0.11


@dataclass(frozen=True)
class Drawn:
    """A row of ``sample.csv``. ``answers``: how many people answered there, 0 where the unit refused."""

    unit: Unit
    stratum: str
    inclusion: float
    status: str
    replaces: str
    panel: bool
    answers: int = 0


def stratum(unit: Unit) -> str:
    return f"{unit.region}/{'small' if unit.size == 'small' else 'larger'}"


def chances(users: Floats, drawn: int, by_size: bool) -> Floats:
    """Inclusion probabilities of a stratum's units: equal, or proportional to the root of their users, never above 1."""
    size = np.sqrt(users) if by_size else np.ones(len(users))
    chance = np.zeros(len(users))
    certain = np.zeros(len(users), bool)
    while True:
        open_ = ~certain
        chance[open_] = (drawn - certain.sum()) * size[open_] / size[open_].sum()
        chance[certain] = 1.0
        if not (chance[open_] > 1).any():
            return np.round(chance, 9)
        certain |= chance >= 1


def draw(seed: str, units: Sequence[Unit], wave: str, before: Sequence[Drawn]) -> list[Drawn]:
    """The sample of one wave: units that took part in the wave ``before`` are invited first, then others in their order."""
    panel = {one.unit.succeeded_by or one.unit.id for one in before if one.status == "took_part"} | {
        one.unit.id for one in before if one.status == "took_part"
    }
    rows: list[Drawn] = []
    for region, (small, larger) in PLAN[wave].items():
        for kind, wanted in (("small", small), ("larger", larger)):
            there = [unit for unit in units if wave in unit.users and stratum(unit) == f"{region}/{kind}"]
            rows += _stratum(seed, wave, there, wanted, kind == "larger", panel)
    return _with_answers(seed, wave, rows)


def _stratum(seed: str, wave: str, there: list[Unit], wanted: int, by_size: bool, panel: set[str]) -> list[Drawn]:
    chance = chances(np.array([float(unit.users[wave]) for unit in there]), wanted, by_size)
    lasting = np.array([min(uniform(seed, "lasting", unit.origins or (unit.id,))) for unit in there])
    queue = sorted(range(len(there)), key=lambda i: (there[i].id not in panel, lasting[i] / chance[i]))
    refuses = uniform(seed, f"refuses {wave}", [unit.id for unit in there]) < REFUSES
    rows: list[Drawn] = []
    waiting: list[str] = []
    for place, i in enumerate(queue):
        if place >= wanted and not waiting:
            break
        replaced = waiting.pop(0) if place >= wanted else ""
        if refuses[i]:
            waiting.append(there[i].id)
        status = "refused" if refuses[i] else "took_part"
        rows.append(Drawn(there[i], stratum(there[i]), float(chance[i]), status, replaced, there[i].id in panel))
    return rows


def _with_answers(seed: str, wave: str, rows: list[Drawn]) -> list[Drawn]:
    """How many answered in each unit: more where there are more users, most uneven, and exactly the wave's number in all."""
    there = [row for row in rows if row.status == "took_part"]
    users = np.array([float(row.unit.users[wave]) for row in there])
    wish = users**0.6 * np.exp(0.45 * normal(seed, f"answers {wave}", [row.unit.id for row in there]))
    most = np.maximum(4, np.floor(0.65 * users))
    low, high = 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if np.clip(wish * middle, 3, most).sum() < ANSWERS[wave] else (low, middle)
    share = np.clip(wish * low, 3, most)
    count = np.floor(share).astype(int)
    short = ANSWERS[wave] - int(count.sum())
    count[np.argsort(count - share, kind="stable")[:short]] += 1
    found = {row.unit.id: int(number) for row, number in zip(there, count)}
    return [Drawn(r.unit, r.stratum, r.inclusion, r.status, r.replaces, r.panel, found.get(r.unit.id, 0)) for r in rows]
