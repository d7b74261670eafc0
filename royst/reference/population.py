"""The invented country: municipalities with regions, inhabitants and users, and which of them merged before 2021."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from royst.reference.chance import normal, uniform

Size = Literal["small", "medium", "large"]
YEARS = ("2017", "2019", "2021")
UNITS = 424
MERGERS = 12
REGIONS = {"sor-ost": 0.34, "vest": 0.25, "midt": 0.21, "nord": 0.20}

STEMS = [
    "Brom",
    "Skelv",
    "Tryv",
    "Klynn",
    "Fjask",
    "Vebr",
    "Grimt",
    "Drusk",
    "Snev",
    "Holp",
    "Kjarl",
    "Mosk",
    "Prind",
    "Stry",
    "Tverk",
    "Ulst",
    "Yrm",
    "Alsk",
    "Blid",
    "Dvel",
    "Einsk",
    "Frusk",
    "Gnav",
    "Hjulp",
    "Ivask",
    "Jarv",
    "Knisk",
    "Lyft",
    "Mjusk",
    "Nerv",
    "Olsk",
    "Plisk",
    "Rysk",
    "Smed",
    "Trask",
    "Ursk",
    "Vrang",
    "Ylv",
    "Ærsk",
    "Østv",
    "Årsk",
    "Brask",
    "Drev",
    "Flask",
    "Glyv",
    "Hvask",
    "Krisk",
    "Lisk",
    "Mulv",
    "Nysk",
    "Pruv",
    "Rensk",
    "Skruv",
    "Svilp",
    "Tjusk",
    "Vinsk",
    "Kverv",
    "Stulp",
    "Borsk",
    "Felv",
]
ENDINGS = ("avel", "ymar", "osken", "undel", "erma", "iskel", "anfer", "ulme", "ibrin")
"""No municipality of Norway since 2017 has a name that ends like one of these (a test looks them up): so no invented name can be a real one."""


@dataclass(frozen=True)
class Unit:
    """One municipality. ``users``: by frame year, only the years it exists in. ``origins``: the units it was merged from."""

    id: str
    name: str
    region: str
    inhabitants: int
    users: Mapping[str, int]
    succeeded_by: str = ""
    origins: tuple[str, ...] = ()

    @property
    def size(self) -> Size:
        return "small" if self.inhabitants < 5000 else "medium" if self.inhabitants < 20000 else "large"


def names(seed: str, count: int) -> list[str]:
    """``count`` different names of a stem and an ending, in an order that chance decides."""
    every = [stem + ending for stem in STEMS for ending in ENDINGS]
    order = np.argsort(uniform(seed, "name", every), kind="stable")
    return [every[i] for i in order[:count]]


def units(seed: str) -> list[Unit]:
    """All units that exist in any frame year, in order of id; those of a merger come last."""
    ids = [f"u{number:03d}" for number in range(1, UNITS + 1)]
    called = names(seed, UNITS + MERGERS)
    where = np.searchsorted(np.cumsum(list(REGIONS.values())), uniform(seed, "region", ids))
    people = np.clip(np.exp(8.5 + 1.12 * normal(seed, "inhabitants", ids)), 420, 210_000)
    rate = 0.0062 * np.exp(0.22 * normal(seed, "rate", ids)) * np.where(people < 5000, 1.45, 1.0)
    first = people * rate
    growth = {
        year: 1 + 0.04 * step + 0.03 * normal(seed, f"growth {year}", ids) * (step > 0)
        for step, year in enumerate(YEARS)
    }
    found = [
        Unit(
            id=unit,
            name=called[i],
            region=list(REGIONS)[where[i]],
            inhabitants=int(people[i]),
            users={year: max(8, int(first[i] * growth[year][i])) for year in YEARS},
        )
        for i, unit in enumerate(ids)
    ]
    return _merge(seed, found, called[UNITS:])


def _merge(seed: str, before: list[Unit], called: list[str]) -> list[Unit]:
    """Mergers between the frames of 2019 and 2021: two or three units of one region that are not large."""
    after = {unit.id: unit for unit in before}
    ids = [unit.id for unit in before if unit.size != "large"]
    order = [ids[i] for i in np.argsort(uniform(seed, "merger", ids), kind="stable")]
    for number, name in enumerate(called):
        lead = after[next(unit for unit in order if not after[unit].succeeded_by)]
        others = [
            after[unit]
            for unit in order
            if unit != lead.id and after[unit].region == lead.region and not after[unit].succeeded_by
        ]
        group = [lead, *others[: 1 + number % 3 // 2]]
        new = Unit(
            id=f"u{UNITS + 1 + number:03d}",
            name=name,
            region=lead.region,
            inhabitants=sum(unit.inhabitants for unit in group),
            users={"2021": sum(unit.users["2021"] for unit in group)},
            origins=tuple(unit.id for unit in group),
        )
        for unit in group:
            kept = {year: users for year, users in unit.users.items() if year != "2021"}
            after[unit.id] = replace(unit, succeeded_by=new.id, users=kept)
        after[new.id] = new
    return list(after.values())
