"""Who answered in one wave: their municipality, weight and background, drawn so that the weighted shares are the targets'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from royst.reference.calibrate import Ints, Mask, cut, pick, rank
from royst.reference.chance import Floats, normal, uniform
from royst.reference.sampling import Drawn

Words = NDArray[np.object_]


@dataclass(frozen=True)
class People:
    """All who answered in a wave, in order of id. ``traits``: each background question's true value, answered or not."""

    wave: str
    ids: list[str]
    units: list[Drawn]
    unit: Ints
    weight: Floats
    traits: Mapping[str, NDArray[Any]]
    open: Mapping[str, Mask]
    reluctance: Floats


def people(seed: str, wave: str, drawn: Sequence[Drawn], targets: Mapping[str, Any]) -> People:
    """Everyone who answered, with their background. ``targets`` is ``[background]`` of ``targets.toml``."""
    units = [row for row in drawn if row.status == "took_part"]
    keys = [f"{wave}|{row.unit.id}|{number}" for row in units for number in range(row.answers)]
    places = np.repeat(np.arange(len(units)), [row.answers for row in units])
    order = np.argsort(uniform(seed, "order", keys), kind="stable")
    ids = [f"{wave}-{number:04d}" for number in range(1, len(keys) + 1)]
    unit = places[order]
    weight = np.array([row.unit.users[wave] / row.inclusion / row.answers for row in units])[unit]
    reluctance = np.exp(0.7 * normal(seed, "reluctance", ids))
    open_ = {
        item: uniform(seed, f"open {item}", ids) < rate / 100 * reluctance / 1.28
        for item, rate in targets["missing"].items()
    }
    draw = _Draw(seed, wave, ids, weight, open_, targets)
    traits = draw.age_and_sex()
    traits |= draw.family(traits)
    traits |= draw.living(traits)
    traits |= draw.substances(traits)
    return People(wave, ids, units, unit, weight, traits, open_, reluctance)


@dataclass(frozen=True)
class _Draw:
    """Background in the order one thing leans on another. Shares count those who answer; who does not, falls where the score puts them."""

    seed: str
    wave: str
    ids: list[str]
    weight: Floats
    open: Mapping[str, Mask]
    targets: Mapping[str, Any]

    def noise(self, stream: str) -> Floats:
        return normal(self.seed, stream, self.ids)

    def answering(self, item: str) -> Mask:
        return ~self.open[item]

    def two(self, item: str, score: Floats, percent: float, yes: str, no: str, among: Mask | None = None) -> Words:
        """``yes`` to the highest scores, exactly ``percent`` of those who answer; of those who do not, about as many."""
        pool = np.ones(len(score), bool) if among is None else among
        chosen = pick(score, self.weight, pool & self.answering(item), percent)
        chosen |= pick(score, self.weight, pool & ~self.answering(item), percent)
        return np.where(chosen, yes, no).astype(object)

    def many(self, item: str, scores: Mapping[str, Floats], shares: Mapping[str, float]) -> Words:
        """Categories given out in turn, each to the highest of its own scores among those who have none yet; the last takes the rest."""
        found = np.full(len(self.ids), list(shares)[-1], object)
        for part in (self.answering(item), ~self.answering(item)):
            free = part.copy()
            for name, percent in list(shares.items())[:-1]:
                chosen = pick(scores[name], self.weight, free, percent, of=part)
                found[chosen] = name
                free &= ~chosen
        return found

    def age_and_sex(self) -> dict[str, NDArray[Any]]:
        upper = [17, *self.targets["age"]["upper"]]
        shares = self.targets["age"]["share"]
        score = self.noise("age")
        age = np.zeros(len(self.ids), np.int64)
        for part in (self.answering("person_age"), ~self.answering("person_age")):
            if not part.any():
                continue
            place = 1 - rank(score[part], self.weight[part])
            band = cut(-score[part], self.weight[part], shares)
            start = np.concatenate([[0.0], np.cumsum(shares)]) / np.sum(shares)
            inside = np.clip((place - start[band]) / (start[band + 1] - start[band]), 0, 0.999999)
            low, high = np.array(upper[:-1])[band], np.array(upper[1:])[band]
            age[part] = low + 1 + np.floor(inside * (high - low)).astype(np.int64)
        sex = self.two(
            "person_sex", self.noise("sex") + 0.01 * (age - 42), self.targets["men"][self.wave], "man", "woman"
        )
        return {"person_age": age, "person_sex": sex}

    def family(self, t: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        woman = t["person_sex"] == "woman"
        children = self.two(
            "children",
            self.noise("children") + 0.05 * (t["person_age"] - 42) + 0.35 * woman,
            self.targets["children"][self.wave],
            "yes",
            "no",
        )
        parent = children == "yes"
        asked = parent & self.answering("children")
        care = self.two(
            "care",
            self.noise("care") + 0.8 * woman - 0.05 * (t["person_age"] - 42),
            self.targets["care"][self.wave],
            "full_or_part",
            "none",
            asked,
        )
        single = self.two(
            "civil",
            self.noise("civil") - 0.4 * woman - 0.6 * (care == "full_or_part"),
            self.targets["single"][self.wave],
            "single",
            "partner",
        )
        return {"children": children, "care": care, "civil": single}

    def living(self, t: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        age, partner = t["person_age"], t["civil"] == "partner"
        income = self.many(
            "income",
            {
                "full_time": self.noise("full-time") + 0.8 * partner - 2.0 * (age > 62),
                "part_time": self.noise("part-time") + 0.4 * partner - 2.0 * (age > 62),
                "education": self.noise("education") - 0.09 * age,
                "retired": self.noise("retired") + 6.0 * (age >= 67) + 2.0 * (age >= 62),
                "disability": self.noise("disability") + 0.07 * age,
                "unemployed": self.noise("unemployed"),
            },
            self.targets["income"][self.wave],
        )
        working = np.isin(income, ["full_time", "part_time"])
        housing = self.many(
            "housing",
            {
                "own": self.noise("own home") + 1.0 * working + 0.8 * partner + 0.02 * age,
                "private": self.noise("rents privately") - 0.01 * age,
                "municipal": self.noise("municipal home") + 0.5 * (income == "disability"),
                "shared": self.noise("supported housing"),
            },
            self.targets["housing"],
        )
        return {"income": income, "housing": housing}

    def substances(self, t: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        age = t["person_age"]
        lar = self.two(
            "lar_treatment",
            self.noise("lar")
            + 0.9 * ((age >= 35) & (age < 62))
            - 0.8 * np.isin(t["income"], ["full_time", "education"]),
            self.targets["lar"][self.wave],
            "yes",
            "no",
        )
        substance = self.many(
            "substance",
            {
                "opioids": self.noise("opioids") + 1.6 * (lar == "yes"),
                "stimulants": self.noise("stimulants") - 0.01 * age,
                "cannabis": self.noise("cannabis") - 0.03 * age,
                "medicines": self.noise("medicines") + 0.4 * (lar == "yes"),
                "alcohol": self.noise("alcohol") + 0.05 * age,
            },
            self.targets["substance"],
        )
        mental = self.many(
            "mental", {"none": self.noise("no problems"), "some": self.noise("some problems")}, self.targets["mental"]
        )
        inpatient = self.two(
            "inpatient",
            self.noise("inpatient") + 0.5 * (lar == "yes"),
            self.targets["inpatient"][self.wave],
            "yes",
            "no",
        )
        helped = {
            "staff": self.targets["helper_staff"][self.wave],
            "other": self.targets["helper_other"][self.wave],
            "none": 0.0,
        }
        helper = self.many(
            "helper",
            {"staff": self.noise("staff helps") + 0.5 * (mental == "serious"), "other": self.noise("another helps")},
            helped,
        )
        return {
            "lar_treatment": lar,
            "substance": substance,
            "mental": mental,
            "inpatient": inpatient,
            "helper": helper,
        }
