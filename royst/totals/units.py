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


def check_units(units: Units, design: Design) -> None:
    """Raise every fault that the units show: units in two strata, wrong or varying population sizes."""
    faults = Faults()
    if design.psu and design.strata and not design.nest:
        _check_nesting(units, design, faults)
    for number, index in enumerate(hierarchy(units)):
        if number < len(design.fpc):
            _check_fpc(units, design, number, index, faults)
    faults.stop()


def _check_nesting(units: Units, design: Design, faults: Faults) -> None:
    places: dict[object, set[object]] = {}
    for psu, stratum in zip(units.clusters[0], units.strata[0]):
        places.setdefault(psu, set()).add(stratum)
    both = sorted((str(psu), strata) for psu, strata in places.items() if len(strata) > 1)
    if both:
        psu, strata = both[0]
        faults.add(
            "psu-in-two-strata",
            f"{len(both)} sampling unit(s) lie in more than one stratum; the first is {design.psu[0]}={psu}, in "
            f"{design.strata[0]} {', '.join(sorted(map(str, strata)))}.",
            "Mend the unit's stratum, or say nest=True where ids are used again in each stratum.",
            column=design.psu[0],
        )


def _check_fpc(units: Units, design: Design, number: int, index: StageIndex, faults: Faults) -> None:
    name, values = design.fpc[number], units.fpc[:, number]
    if np.isnan(values).any() or (values <= 0).any():
        faults.add(
            "fpc-value", f"{name} is missing, zero or negative.", "Give each row a population size.", column=name
        )
        return
    if (values > 1).any() and (values < 1).any():
        faults.add(
            "fpc-mixed",
            f"{name} holds both sizes above 1 and fractions below 1.",
            "Use population sizes throughout a stage, or sampling fractions throughout.",
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
