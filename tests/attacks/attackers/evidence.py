"""What an attacker has: the published files of every release, who took part, and the public rules.

A folder to attack holds

- ``releases/<name>/public/tables/*.csv``, ``releases/<name>/public/certificate.json`` (optional) and ``releases/<name>/to/<report>/{estimates,units}.csv``: releases, oldest first by
  name; a report's two files hold the figures that its pages print;
- ``people-<wave>.csv``: unit, groups and weight of each person who took part, and per item 1 where they answered it;
- ``study.json``: the questionnaire (``items``: choices, bands, the filter question), indices, thresholds and rounding;
- ``known.json`` (optional): answers that the attacker knows, ``{wave: {item: {person: answer}}}``.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

PUBLISHED = "published"
COUNTED = ("share", "band")
TINY = 1e-9
MIX = "mix:"
"""How populations of everybody with an older wave's mix begin."""


def who(row: Mapping[str, str]) -> str:
    """The population of a row."""
    return row.get("population") or "all"


class Told(NamedTuple):
    """A fact that is told: how many (``low`` to ``high``) of the ``n`` people of a domain gave an answer."""

    wave: str
    item: str
    domain: str
    category: str
    n: int
    low: float
    high: float


@dataclass(frozen=True)
class Rules:
    """The rule set's thresholds, which are public, the decimals of percentages and means, and whether the design has strata."""

    row: int = 10
    small: int = 2
    zeros: bool = False
    decimals: int = 1
    mean_decimals: int = 2
    strata: bool = False

    def told(self, n: int, low: float, high: float) -> bool:
        """Whether an interval tells a fact: below ``row`` people a single number, else no way out of the few or the nearly all."""
        least, most = int(np.ceil(low - 1e-6)), int(np.floor(high + 1e-6))
        if n < self.row:
            return least >= most and (most > 0 or self.zeros)
        return (least >= 1 and most <= self.small) or least >= n - self.small

    def half(self, row: Mapping[str, str]) -> float:
        """Half a step of a row's printed figures; a row may say that it has fewer decimals than others."""
        usual = self.mean_decimals if row["measure"] == "mean" else self.decimals
        return 0.5 * 10.0 ** -int(row.get("decimals") or usual) + TINY

    def counts(self, row: Mapping[str, str]) -> range:
        """The whole numbers whose share of the row's answers is printed as its plain percentage, which loses no decimal; none where that is not printed."""
        if row["unweighted"] == "":
            return range(0)
        percent, n, half = float(row["unweighted"]), int(row["n"]), 0.5 * 10.0**-self.decimals + TINY
        least, most = np.ceil((percent - half) * n / 100), np.floor((percent + half) * n / 100)
        return range(max(0, int(least)), min(n, int(most)) + 1)


@dataclass(frozen=True)
class Item:
    """A question: its answers, the bands of them (best first), and whom it was asked: ``(filter question, answers)``."""

    choices: tuple[str, ...]
    bands: dict[str, tuple[str, ...]]
    asked_when: tuple[str, tuple[str, ...]] | None = None

    def named(self, measure: str, category: str) -> tuple[str, ...]:
        """The choices that a row counts."""
        return (category,) if measure == "share" else tuple(self.bands[category])

    def answers(self, measure: str, category: str) -> np.ndarray:
        """The same as 0/1 over the choices."""
        return np.array([choice in self.named(measure, category) for choice in self.choices], float)

    @property
    def scores(self) -> np.ndarray:
        return np.arange(1.0, len(self.choices) + 1)

    @property
    def facts(self) -> list[tuple[str, np.ndarray]]:
        """Every answer and every band of more than one."""
        bands = [(name, self.answers("band", name)) for name, inside in self.bands.items() if len(inside) > 1]
        return [(choice, self.answers("share", choice)) for choice in self.choices] + bands


class Wave:
    """Who took part in one wave. ``groups``: the columns that domains are made of; an empty value is a value of its own."""

    def __init__(self, path: Path, items: Collection[str]):
        with path.open(encoding="utf-8", newline="") as file:
            people = list(csv.DictReader(file))
        self.size = len(people)
        self.columns = {name: np.array([p[name] for p in people], dtype=object) for name in people[0]}
        self.groups = [name for name in self.columns if name != "weight" and name not in items]
        self.weight = self.columns["weight"].astype(float)
        self.unit = self.columns["unit"]

    def inside(self, domain: str) -> np.ndarray:
        mask = np.ones(self.size, bool)
        for part in [] if domain == "all" else domain.split(";"):
            group, _, value = part.partition("=")
            mask &= self.columns[group.removeprefix("_")] == value
        return mask

    def answered(self, item: str) -> np.ndarray:
        return self.columns[item] == "1"

    @cached_property
    def targets(self) -> list[tuple[str, np.ndarray]]:
        """Whom nobody should learn of: units, people by every group's value or without one, and both crossed."""
        single = [f"{g}={v}" for g in self.groups if g != "pool" for v in sorted(set(self.columns[g]))]
        names = single + [f"{u};{d}" for u in single if u.startswith("unit=") for d in single if not d.startswith("unit=")]
        found: dict[bytes, tuple[str, np.ndarray]] = {}
        for name in names:
            mask = self.inside(name)
            if mask.any():
                found.setdefault(mask.tobytes(), (name, mask))
        return list(found.values())


@dataclass(frozen=True)
class Published:
    """One release. ``tables``: name to rows; rows of reports have their report's id in ``report``."""

    name: str
    tables: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    certificate: dict[str, object] = field(default_factory=dict)

    @property
    def estimates(self) -> list[dict[str, str]]:
        return [row for row in self.tables.get("estimates", []) if row["status"] == PUBLISHED]


@dataclass(frozen=True)
class Evidence:
    """All of it together."""

    releases: list[Published]
    waves: dict[str, Wave]
    items: dict[str, Item]
    indices: dict[str, tuple[str, ...]]
    rules: Rules
    known: dict[str, dict[str, dict[str, str]]]

    @cached_property
    def rows(self) -> dict[tuple[str, str], list[dict[str, str]]]:
        """Published estimates of everybody by (wave, item), also those counted otherwise; where releases repeat a row, the first one's."""
        first: dict[tuple, dict[str, str]] = {}
        for release in self.releases:
            for row in release.estimates:
                if who(row) == "all" or who(row).startswith(MIX):
                    first.setdefault((*(row[c] for c in ("wave", "item", "measure", "category", "domain")), who(row)), row)
        found: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
        for key, row in first.items():
            found[key[0], key[1]].append(row)
        return dict(found)

    def blocks(self) -> Iterator[tuple[str, str, list[dict[str, str]]]]:
        """Every wave and question of which something is out, with the rows that count answers or score them."""
        for (wave, item), rows in sorted(self.rows.items()):
            if item in self.items:
                yield wave, item, [row for row in rows if row["measure"] in (*COUNTED, "mean")]

    def counted(self, row: Mapping[str, str]) -> np.ndarray:
        """What each person of a row's wave counts in it: their weight, or with the older wave's mix of region and size. Shape (people,)."""
        now = self.waves[row["wave"]]
        if not who(row).startswith(MIX):
            return now.weight
        then = self.waves[who(row).split(":")[1]]
        mine, theirs = (self._mix_cells(wave, (now, then)) for wave in (now, then))
        factor = {c: then.weight[theirs == c].sum() / now.weight[mine == c].sum() for c in set(mine)}
        return now.weight * np.array([factor[c] for c in mine])

    @staticmethod
    def _mix_cells(wave: Wave, both: tuple[Wave, Wave]) -> np.ndarray:
        """Each person's region and size; the region alone where its sizes are not those of the other wave."""
        sizes = [{(r, s) for r, s in zip(one.columns["region"], one.columns["size"])} for one in both]
        differ = {region for region, _ in sizes[0] ^ sizes[1]}
        return np.array([r if r in differ else f"{r}/{s}" for r, s in zip(wave.columns["region"], wave.columns["size"])], dtype=object)

    def pairs(self) -> Iterator[tuple[Published, Published]]:
        yield from pairwise(self.releases)


def read(folder: Path) -> Evidence:
    told = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    known = folder / "known.json"
    items = {
        name: Item(
            tuple(part["choices"]),
            {band: tuple(inside) for band, inside in part["bands"].items()},
            (part["asked_when"][0], tuple(part["asked_when"][1])) if part.get("asked_when") else None,
        )
        for name, part in told["items"].items()
    }
    return Evidence(
        [_release(path) for path in sorted((folder / "releases").iterdir())],
        {path.stem.removeprefix("people-"): Wave(path, {*items, *told.get("indices", {})}) for path in sorted(folder.glob("people-*.csv"))},
        items,
        {name: tuple(parts) for name, parts in told.get("indices", {}).items()},
        Rules(**told["rules"]),
        json.loads(known.read_text(encoding="utf-8")) if known.exists() else {},
    )


def _release(path: Path) -> Published:
    tables: dict[str, list[dict[str, str]]] = defaultdict(list)
    for file in sorted((path / "public" / "tables").glob("*.csv")):
        tables[file.stem] += _table(file)
    for file in sorted((path / "to").glob("*/*.csv")):
        name = {"estimates": "estimates", "units": "report_units"}[file.stem]
        tables[name] += [{**row, "report": file.parent.name} for row in _table(file)]
    proof = path / "public" / "certificate.json"
    return Published(path.name, dict(tables), json.loads(proof.read_text(encoding="utf-8")) if proof.exists() else {})


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
