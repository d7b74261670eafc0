"""What people answered: one general factor, a factor for each theme, an effect of the municipality, and what is the item's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from royst.reference.calibrate import Ints, Mask, Target, cut, find_shifts, finish, pick
from royst.reference.chance import Floats, normal, uniform
from royst.reference.people import People

CALIBRATED = "2019"
HEADLINE = "satisfied"
SHARE_IN_BAND = {"great": (0.36, 0.64), "small": (0.58, 0.42)}
"""How a band is split between its two answers, best answer first."""


def latent(
    seed: str, who: People, item: str, theme: str, part: Mapping[str, Any], model: Mapping[str, float]
) -> Floats:
    """The item's latent value for each person; variance about 1 before the shifts of groups."""
    t = who.traits
    general = part["general"]
    unit, own_unit = model["unit"], model["unit_item"]
    shifts = (
        model["young"] * (t["person_age"] < 30)
        + model["old"] * (t["person_age"] >= 50)
        + model["lar"] * (t["lar_treatment"] == "yes")
        + model["working"] * np.isin(t["income"], ["full_time", "part_time", "education"])
        + model["helped"] * (t["helper"] == "staff")
        + np.array(
            [
                model["sor_ost"] * (row.unit.region == "sor-ost") + model["small"] * (row.unit.size == "small")
                for row in who.units
            ]
        )[who.unit]
    )
    value = (
        np.sqrt(general * (1 - unit)) * normal(seed, "general", who.ids)
        + np.sqrt(general * unit) * of_unit(seed, who, "general", model)[who.unit]
    )
    value = value + np.sqrt(model["theme"]) * normal(seed, f"theme {theme}", who.ids)
    value = value + np.sqrt(own_unit) * of_unit(seed, who, item, model)[who.unit]
    value = value + np.sqrt(max(0.0, 1 - general - model["theme"] - own_unit)) * normal(seed, f"item {item}", who.ids)
    return np.asarray(value + np.sqrt(general / 0.5) * shifts + part.get("young", 0.0) * (t["person_age"] < 30))


def of_unit(seed: str, who: People, stream: str, model: Mapping[str, float]) -> Floats:
    """A municipality's own standing, most of it kept from wave to wave; a merged one takes after the first of those it was made of."""
    kept = model["unit_kept"]
    lasting = normal(seed, f"unit {stream}", [(row.unit.origins or (row.unit.id,))[0] for row in who.units])
    fresh = normal(seed, f"unit {stream} {who.wave}", [row.unit.id for row in who.units])
    return np.asarray(np.sqrt(kept) * lasting + np.sqrt(1 - kept) * fresh)


def not_relevant_for(seed: str, who: People, item: str, why: str) -> Floats:
    """How near a person is to answering that a question is not relevant."""
    t = who.traits
    leaning = {
        "": 0.0,
        "homeless": 2.0 * (t["housing"] == "none"),
        "own_home": 1.0 * (t["housing"] == "own") + 0.5 * (t["housing"] == "private"),
        "pension": 1.2 * np.isin(t["income"], ["disability", "retired"]) + 1.0 * (t["income"] == "full_time"),
        "age": 0.05 * (t["person_age"] - 42.0),
        "no_plan": 1.4 * normal(seed, "has no plan", who.ids),
        "alone": 0.5 * (t["civil"] == "single") + 0.8 * normal(seed, "has no next of kin", who.ids),
        "childless": 3.0 * (t["children"] == "no") + 1.0 * (t["person_age"] >= 50),
    }
    return np.asarray(normal(seed, f"not relevant {item}", who.ids) + leaning[why])


def answers(
    seed: str,
    who: People,
    asked: list[str],
    themes: Mapping[str, str],
    targets: Mapping[str, Any],
    routed: Mapping[str, tuple[str, str]],
) -> pl.DataFrame:
    """The wave's answers: ``id``, ``unit``, then the items in the order ``asked``; an open or skipped question is null.

    ``themes``: item to theme. ``routed``: item to the (item, value) that leads to it.
    """
    columns: dict[str, Any] = {"id": who.ids, "unit": [who.units[i].unit.id for i in who.unit]}
    for item in asked:
        if item in who.traits:
            left, values = who.open[item].copy(), who.traits[item].tolist()
        else:
            part = targets["items"][item]
            left = uniform(seed, f"open {item}", who.ids) < part["missing"] / 100 * who.reluctance / 1.28
            values = []
        if item in routed:
            gate, value = routed[item]
            left |= (who.traits[gate] != value) | who.open[gate]
        if item not in who.traits:
            values = _degrees(seed, who, item, themes[item], ~left, targets)
        columns[item] = [None if gone else value for gone, value in zip(left, values)]
    return pl.DataFrame(columns, schema_overrides={"person_age": pl.Int64})


def _degrees(
    seed: str, who: People, item: str, theme: str, there: Mask, targets: Mapping[str, Any]
) -> list[str | None]:
    part = targets["items"][item]
    score = latent(seed, who, item, theme, part, targets["model"])
    aside = pick(not_relevant_for(seed, who, item, part.get("why", "")), who.weight, there, part["not_relevant"])
    counted = there & ~aside
    bands = part[who.wave]
    if item == HEADLINE:
        score = score + _region_and_size(seed, who, targets)
    band = cut(score[counted], who.weight[counted], bands)
    if item == HEADLINE and who.wave == CALIBRATED:
        band = finish(
            score[counted],
            who.weight[counted],
            band,
            [target for pair in _targets(who, counted, targets).values() for target in pair],
        )
    found: list[str | None] = [None] * len(who.ids)
    for i in np.flatnonzero(aside):
        found[i] = "not_relevant"
    degree = _within(score[counted], who.weight[counted], band)
    for i, value in zip(np.flatnonzero(counted), degree):
        found[i] = str(value)
    return found


def _within(score: Floats, weight: Floats, band: Ints) -> Ints:
    """The five answers from three bands."""
    degree = np.full(len(score), 3, np.int64)
    for number, (best, name) in {0: (5, "great"), 2: (2, "small")}.items():
        part = band == number
        if part.any():
            degree[part] = best - cut(score[part], weight[part], SHARE_IN_BAND[name])
    return degree


def _targets(who: People, counted: Mask, targets: Mapping[str, Any]) -> dict[str, tuple[Target, Target]]:
    wanted = targets["region_and_size"]
    east = np.array([row.unit.region == "sor-ost" for row in who.units])[who.unit][counted]
    small = np.array([row.unit.size == "small" for row in who.units])[who.unit][counted]
    return {
        "sor_ost": (Target(east, wanted["sor_ost"]), Target(~east, wanted["other_regions"])),
        "small": (Target(small, wanted["small"]), Target(~small, wanted["larger"])),
    }


def _region_and_size(seed: str, who: People, targets: Mapping[str, Any]) -> Floats:
    shifts = targets["found_shifts"]
    return np.array(
        [
            shifts["sor_ost"] * (row.unit.region == "sor-ost") + shifts["small"] * (row.unit.size == "small")
            for row in who.units
        ]
    )[who.unit]


def headline_shifts(seed: str, who: People, theme: str, targets: Mapping[str, Any]) -> dict[str, float]:
    """What region and size add to satisfaction beside the general factor, found in the calibrated wave and used in all."""
    part = targets["items"][HEADLINE]
    there = uniform(seed, f"open {HEADLINE}", who.ids) >= part["missing"] / 100 * who.reluctance / 1.28
    counted = there & ~pick(not_relevant_for(seed, who, HEADLINE, ""), who.weight, there, part["not_relevant"])
    score = latent(seed, who, HEADLINE, theme, part, targets["model"])
    return find_shifts(score[counted], who.weight[counted], part[who.wave], _targets(who, counted, targets))
