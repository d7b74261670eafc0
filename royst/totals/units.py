"""The hierarchy of sampled units, from labels to indices, and the faults that only the units can show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from royst.errors import Faults
from royst.totals.design import Design
from royst.totals.table import Floats, Ints, Units


@dataclass(frozen=True)
class StageIndex:
    """One stage: each unit's ``cluster``, each cluster's ``stratum``, each stratum's ``parent`` (a cluster of the stage
    before, 0 at the first), and ``size``, the clusters sampled in each stratum."""

    cluster: Ints
    stratum: Ints
    parent: Ints
    size: Floats


def hierarchy(units: Units) -> tuple[StageIndex, ...]:
    """Indices per stage of units sorted by first-stage stratum, unit, next stage and so on."""
    stages: list[StageIndex] = []
    parent = np.zeros(len(units), np.int64)
    for strata, clusters in zip(units.strata, units.clusters):
        new_stratum = _changes(parent) | _changes(strata)
        stratum_of_unit = np.cumsum(new_stratum) - 1
        new_cluster = new_stratum | _changes(clusters)
        cluster = np.cumsum(new_cluster) - 1
        stratum = stratum_of_unit[new_cluster]
        size = np.bincount(stratum).astype(np.float64)
        if units.element:
            size = units.n.copy()
        stages.append(StageIndex(cluster, stratum, parent[new_stratum], size))
        parent = cluster
    return tuple(stages)


def _changes(values: np.ndarray) -> np.ndarray:
    first = np.ones(len(values), bool)
    first[1:] = values[1:] != values[:-1]
    return first


def check_units(units: Units, design: Design, rows: Ints | None = None) -> None:
    """Raise every fault that the units show: units in two strata, wrong or varying population sizes.

    ``rows`` is the first data row of each unit, where there are rows to point at.
    """
    faults = Faults()
    if design.psu and design.strata and not design.nest:
        _check_nesting(units, design, faults, rows)
    for number, index in enumerate(hierarchy(units)):
        if number < len(design.fpc):
            _check_fpc(units, design, number, index, faults, rows)
    faults.stop()


def _line(rows: Ints | None, unit: Any) -> int | None:
    """A unit's first row as a person counts it, the header being row 1."""
    return None if rows is None else int(rows[unit]) + 2


def _check_nesting(units: Units, design: Design, faults: Faults, rows: Ints | None) -> None:
    places: dict[object, dict[object, int]] = {}
    for place, (psu, stratum) in enumerate(zip(units.clusters[0], units.strata[0])):
        places.setdefault(psu, {}).setdefault(stratum, place)
    both = sorted((str(psu), strata) for psu, strata in places.items() if len(strata) > 1)
    if both:
        psu, strata = both[0]
        faults.add(
            "psu-in-two-strata",
            f"{len(both)} sampling unit(s) lie in more than one stratum; the first is {design.psu[0]}={psu}, in "
            f"{design.strata[0]} {', '.join(sorted(map(str, strata)))}.",
            "Mend the unit's stratum, or say nest=True where ids are used again in each stratum.",
            row=max((_line(rows, place) for place in strata.values()), key=lambda line: line or 0),
            column=design.psu[0],
        )


def _check_fpc(
    units: Units, design: Design, number: int, index: StageIndex, faults: Faults, rows: Ints | None
) -> None:
    name, values = design.fpc[number], units.fpc[:, number]
    wrong = np.isnan(values) | (values <= 0)
    if not (design.weight or design.probs):  # weights follow from it
        wrong |= np.isinf(values)
    if wrong.any():
        faults.add(
            "fpc-value",
            f"{name} is missing, zero or negative, or infinite without weights.",
            "Give each row a population size.",
            row=_line(rows, np.argmax(wrong)),
            column=name,
        )
        return
    if (values > 1).any() and (values < 1).any():
        faults.add(
            "fpc-mixed",
            f"{name} holds both sizes above 1 and fractions below 1.",
            "Use population sizes throughout a stage, or sampling fractions throughout.",
            row=_line(rows, np.argmax(values < 1)),
            column=name,
        )
        return
    first = (
        np.unique(index.stratum[index.cluster], return_index=True)[1] if not units.element else np.arange(len(units))
    )
    stratum_of_unit = index.stratum[index.cluster]
    if design.pps != "brewer" and (values != values[first][stratum_of_unit]).any():
        faults.add(
            "fpc-varies",
            f"{name} differs between rows of one stratum at stage {number + 1}.",
            "A stratum has one population size; for unequal probabilities use pps.",
            row=_line(rows, np.argmax(values != values[first][stratum_of_unit])),
            column=name,
        )
        return
    if design.pps == "brewer" and (values > 1).any():
        faults.add("fpc-pps", f"{name} is above 1.", "With pps, fpc holds inclusion probabilities.", column=name)
    sizes = population_sizes(values[first], index.size[stratum_of_unit[first]])
    small: Any = np.flatnonzero(sizes < index.size * (1 - 1e-12)) if design.pps != "brewer" else []
    if len(small):
        stratum = units.strata[number][first[small[0]]]
        faults.add(
            "fpc-too-small",
            f"{len(small)} stratum/strata have more sampled units than {name} says there are; the first is "
            f"{stratum or 'the whole sample'}: {index.size[small[0]]:g} sampled of {sizes[small[0]]:g}.",
            "Mend the population size, or leave fpc out where it is not known.",
            row=_line(rows, first[small[0]]),
            column=name,
        )


def population_sizes(fpc: Floats, sampled: Floats) -> Floats:
    """Population sizes from a column of sizes (any above 1) or of sampling fractions, as R's ``as.fpc``."""
    if (fpc > 1).any():
        return fpc
    return np.asarray(sampled / fpc)


def weights_from_fpc(units: Units, design: Design) -> Floats:
    """Weights of the units, 1 over the product of the stages' sampling fractions (under pps: inclusion probabilities)."""
    chance = np.ones(len(units))
    for number, index in enumerate(hierarchy(units)):
        if number >= len(design.fpc):
            break
        values, sampled = units.fpc[:, number], index.size[index.stratum[index.cluster]]
        there = sampled / values if design.pps == "brewer" else population_sizes(values, sampled)
        chance *= 1 / (there / sampled)  # in R's order, whose last bit quantiles need
    return 1 / chance
