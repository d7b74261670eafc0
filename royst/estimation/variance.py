"""All variance algebra, once: every design-based variance here is a quadratic form in unit scores.

For a stage with strata h, n_h sampled clusters and score totals z_i, the form is
V = Σ_h Σ_i c_i (z_i − z̄_h)², c_i = p_h · f_i · n_h / (n_h − 1), where f is the finite-population factor and p_h the product
of the earlier stages' sampling fractions. Stages are added (Särndal, Swensson and Wretman 1992, section 4.3; the recursion
of R's ``survey:::multistage``). Linearised statistics differ only in their scores (Binder 1983; Woodruff 1971).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from royst.errors import wrong
from royst.totals.design import Design
from royst.totals.table import Floats, GroupTotals, Ints, Totals, Units
from royst.totals.units import StageIndex, hierarchy, population_sizes

NO_CONTRIBUTION = 1e-7  # R's onestrat takes a stratum with f below this as a census
NOTHING = 1e-13
ROUNDING = 64 * np.finfo(np.float64).eps  # of a sum of squares: what is left of equal scores


@dataclass(frozen=True)
class Stage:
    """One stage's indices (see ``StageIndex``) with each cluster's coefficient c and each stratum's rule.

    ``centred`` is false where a lonely cluster's score counts whole (``adjust``); ``lonely`` marks strata of one cluster
    that the rule ``average`` leaves out and makes up for.
    """

    index: StageIndex
    coefficient: Floats
    centred: np.ndarray
    lonely: np.ndarray

    @property
    def uniform(self) -> bool:
        """Whether every stratum has one coefficient (not so under Brewer's pps)."""
        first = np.unique(self.index.stratum, return_index=True)[1]
        return bool((self.coefficient == self.coefficient[first][self.index.stratum]).all())


@dataclass(frozen=True)
class Structure:
    """A design's units ready for the quadratic form. ``notes`` say what was done with strata of one unit."""

    units: Units
    stages: tuple[Stage, ...]
    average: bool
    notes: tuple[str, ...]

    @property
    def stratum(self) -> Ints:
        """Each unit's first-stage stratum."""
        first = self.stages[0].index
        return first.stratum[first.cluster]

    @property
    def psu(self) -> Ints:
        """Each unit's first-stage cluster."""
        return self.stages[0].index.cluster

    @property
    def census(self) -> bool:
        """Whether every first-stage unit was taken, so that it contributes no variance."""
        return bool((np.abs(self.stages[0].coefficient) < NO_CONTRIBUTION).all())

    @property
    def fraction(self) -> Floats:
        """Each first-stage unit's sampling fraction (its inclusion probability under Brewer's pps); 0 without an fpc."""
        first = self.stages[0]
        size = first.index.size[first.index.stratum]
        return np.asarray(1.0 - first.coefficient * np.where(size > 1, (size - 1) / size, 1.0))


def structure(units: Units, design: Design) -> Structure:
    """The quadratic form of a design; an ``InputError`` where a stratum has one unit and the rule is ``fail``."""
    stages: list[Stage] = []
    notes: list[str] = []
    share_taken = np.ones(len(units))
    for number, index in enumerate(hierarchy(units)):
        population = _populations(units, index, design, number)
        if number == 0 and design.singleton == "collapse":
            index, population, note = _collapsed(index, population)
            notes.extend(note)
        stage, fraction = _stage(units, index, population, share_taken, design, number)
        if stage.lonely.any() and design.singleton != "collapse":
            notes.append(
                f"{int(stage.lonely.sum())} stratum/strata with one unit at stage {number + 1}: {design.singleton}"
            )
        stages.append(stage)
        share_taken = share_taken * fraction
    return Structure(units, tuple(stages), design.singleton == "average", tuple(notes))


def _stage(
    units: Units, index: StageIndex, population: Floats, before: Floats, design: Design, number: int
) -> tuple[Stage, Floats]:
    """A stage, and each unit's sampling fraction n / N of it."""
    sampled = index.size[index.stratum[index.cluster]]
    fraction = sampled / population
    remaining = 1.0 - fraction
    scale = np.where(sampled > 1, sampled / np.maximum(sampled - 1, 1), 1.0)
    coefficient_of_unit = before * remaining * scale
    first = np.unique(index.cluster, return_index=True)[1]
    coefficient = coefficient_of_unit[first]
    census = np.abs(remaining[first]) < NO_CONTRIBUTION
    lonely_cluster = (index.size[index.stratum] == 1) & ~census
    lonely = np.zeros(len(index.size), bool)
    lonely[index.stratum[lonely_cluster]] = True
    if lonely.any() and design.singleton == "fail":
        _refuse_lonely(units, index, lonely, number)
    centred = np.ones(len(lonely), bool)
    if design.singleton == "adjust":
        centred = ~lonely
    coefficient = np.where(census, 0.0, coefficient)
    return Stage(index, coefficient, centred, lonely), fraction


def _populations(units: Units, index: StageIndex, design: Design, number: int) -> Floats:
    """Each unit's stratum size in the population, infinite where no fpc is given."""
    if number >= len(design.fpc):
        return np.full(len(units), np.inf)
    sampled = index.size[index.stratum[index.cluster]]
    fpc = units.fpc[:, number]
    return np.asarray(sampled / fpc) if design.pps == "brewer" else population_sizes(fpc, sampled)


def _refuse_lonely(units: Units, index: StageIndex, lonely: np.ndarray, number: int) -> None:
    names = [
        str(units.strata[number][np.argmax(index.stratum[index.cluster] == h)] or "the whole sample")
        for h in np.flatnonzero(lonely)[:5]
    ]
    raise wrong(
        "lonely-stratum",
        f"{int(lonely.sum())} stratum/strata have only one sampled unit at stage {number + 1}: {', '.join(names)}"
        f"{' …' if lonely.sum() > 5 else ''}. Its variance cannot be estimated.",
        'Say what to do with them: singleton="adjust", "average", "certainty" or "collapse".',
    )


def _collapsed(index: StageIndex, population: Floats) -> tuple[StageIndex, Floats, list[str]]:
    """Join each first-stage stratum of one unit with the next in order, the last with the one before."""
    groups: list[list[int]] = []
    run: list[int] = []
    for h in range(len(index.size)):
        run.append(h)
        if index.size[run].sum() > 1:
            groups.append(run)
            run = []
    if run and groups:
        groups[-1].extend(run)
    elif run:
        groups.append(run)
    target = np.empty(len(index.size), np.int64)
    for group, members in enumerate(groups):
        target[members] = group
    lonely = int((index.size == 1).sum())
    notes = [f"{lonely} stratum/strata with one unit: collapsed with the next in order"] if lonely else []
    first = np.unique(index.stratum[index.cluster], return_index=True)[1]
    joined_population = np.bincount(target, population[first])
    stratum = target[index.stratum]
    size = np.bincount(stratum).astype(np.float64)
    joined = StageIndex(index.cluster, stratum, np.zeros(len(size), np.int64), size)
    return joined, np.asarray(joined_population[stratum[index.cluster]], np.float64), notes


# ---- the form, by domain


def variances(
    form: Structure, domain: Ints, unit: Ints, scores: Floats, domains: int, answered: Floats | None = None
) -> Floats:
    """Variances (domains × columns) of scores given by cell, cells sorted by domain then unit; absent cells are 0.

    ``answered`` (cells × columns) counts answers: a stratum with none is no stratum of the statistic, which the rule
    ``average`` must know (R's ``na.rm = TRUE`` takes the rows out). Left out, every cell has some.
    """
    total = np.zeros((domains, scores.shape[1]))
    for stage in form.stages if len(domain) else ():
        index = stage.index
        if len(index.stratum) == len(form.units):
            cell_domain, cluster, z, there = domain, unit, scores, answered
        else:
            cell_domain, cluster, z = _added(domain, index.cluster[unit], scores)
            there = None if answered is None else _added(domain, index.cluster[unit], answered)[2]
        total += _stage_variance(form, stage, cell_domain, cluster, z, domains, there)
    return total


def _added(domain: Ints, cluster: Ints, scores: Floats) -> tuple[Ints, Ints, Floats]:
    """Scores added up to clusters within domains."""
    if not len(domain):
        return domain, cluster, scores
    starts = np.flatnonzero(np.r_[True, (domain[1:] != domain[:-1]) | (cluster[1:] != cluster[:-1])])
    return domain[starts], cluster[starts], np.add.reduceat(scores, starts, axis=0)


def _stage_variance(
    form: Structure, stage: Stage, domain: Ints, cluster: Ints, z: Floats, domains: int, answered: Floats | None
) -> Floats:
    stratum = stage.index.stratum[cluster]
    starts = np.flatnonzero(np.r_[True, (domain[1:] != domain[:-1]) | (stratum[1:] != stratum[:-1])])
    h, d = stratum[starts], domain[starts]
    there = None
    if answered is not None and form.average:
        there = np.add.reduceat(answered, starts, axis=0)
    linear = np.add.reduceat(z, starts, axis=0)
    if stage.uniform:
        square = np.add.reduceat(z * z, starts, axis=0)
        first = np.unique(stage.index.stratum, return_index=True)[1]
        return _by_stratum(form, stage, d, h, square, linear, stage.coefficient[first][h], domains, there)
    c = stage.coefficient[cluster][:, None]
    mean = linear / stage.index.size[h][:, None]
    whole = np.bincount(stage.index.stratum, stage.coefficient)[h][:, None]
    value = np.add.reduceat(c * z * z, starts, axis=0)
    value -= (2 * mean * np.add.reduceat(c * z, starts, axis=0) - mean * mean * whole) * stage.centred[h][:, None]
    return _summed(form, stage, d, h, value, domains, there)


def _by_stratum(
    form: Structure, stage: Stage, domain: Ints, h: Ints, square: Floats, linear: Floats, c: Floats, domains: int,
    answered: Floats | None,
) -> Floats:  # fmt: skip
    """From Σz² and Σz by domain and stratum to variances: c (Σz² − (Σz)²/n)."""
    centre = np.where(stage.centred[h], 1.0 / stage.index.size[h], 0.0)
    with np.errstate(invalid="ignore"):  # a denominator of 0 gives no score; the table says not estimable
        value = square - linear * linear * centre[:, None]
        value = c[:, None] * np.where(value > ROUNDING * square, value, 0.0)
    return _summed(form, stage, domain, h, value, domains, answered)


def _summed(
    form: Structure, stage: Stage, domain: Ints, h: Ints, value: Floats, domains: int, answered: Floats | None
) -> Floats:
    """Add strata, each parent's sum scaled up for lonely strata under ``average``."""
    if form.average and stage.lonely.any() and len(domain):
        key = domain * (int(stage.index.parent.max()) + 1) + stage.index.parent[h]
        place = np.unique(key, return_inverse=True)[1]
        there = np.ones(value.shape) if answered is None else (answered > 0).astype(np.float64)
        alone = stage.lonely[h][:, None]
        strata, fine = (np.zeros((int(place.max()) + 1, value.shape[1])) for _ in range(2))
        np.add.at(strata, place, there)
        np.add.at(fine, place, np.where(alone, 0.0, there))
        with np.errstate(divide="ignore", invalid="ignore"):
            up = np.where(fine > 0, strata / fine, np.where(strata > 0, np.nan, 0.0))
        value = np.where(alone, 0.0, value) * up[place]
    return _by_domain(domain, value, domains)


def _by_domain(domain: Ints, value: Floats, domains: int) -> Floats:
    """Sums by domain of rows sorted by it; 0 where a domain has none."""
    total = np.zeros((domains, value.shape[1]))
    starts = np.flatnonzero(np.r_[True, domain[1:] != domain[:-1]])
    if len(domain):
        total[domain[starts]] = np.add.reduceat(value, starts, axis=0)
    return total


def element_variances(
    form: Structure, group: GroupTotals, square: Floats, linear: Floats, answered: Floats
) -> Floats:
    """Variances where each row is a unit, from Σz² and Σz by domain and stratum (cells × columns)."""
    stage = form.stages[0]
    return _by_stratum(
        form, stage, group.domain, group.unit, square, linear, stage.coefficient[group.unit], len(group.domains), answered
    )


# ---- the form, whole


def centred_scores(form: Structure, scores: Floats, answered: Any = None) -> list[Floats]:
    """Per stage, √c (z − z̄) of each cluster: V = Σ over stages of the columns' inner products.

    ``answered`` says of each unit whether it has answers, for the rule ``average`` (see ``variances``).
    """
    found = []
    for stage in form.stages:
        index = stage.index
        z = np.zeros((len(index.stratum), scores.shape[1]))
        np.add.at(z, index.cluster, scores)
        mean = np.zeros((len(index.size), scores.shape[1]))
        np.add.at(mean, index.stratum, z)
        mean *= np.where(stage.centred, 1.0 / index.size, 0.0)[:, None]
        c = stage.coefficient
        if form.average and stage.lonely.any():
            there = np.ones(len(index.size))
            if answered is not None:
                there = (np.bincount(index.stratum[index.cluster], answered, len(there)) > 0).astype(np.float64)
            strata = np.bincount(index.parent, there)
            fine = np.bincount(index.parent, there * ~stage.lonely)
            up = np.where(fine > 0, strata / np.maximum(fine, 1), np.nan)[index.parent]
            c = c * np.where(stage.lonely, 0.0, up)[index.stratum]
        found.append(np.sqrt(np.maximum(c, 0.0))[:, None] * (z - mean[index.stratum]))
    return found


def covariance(form: Structure, scores: Floats, answered: Any = None) -> Floats:
    """The covariance matrix (columns × columns) of statistics with these unit scores (units × columns)."""
    return np.asarray(sum(part.T @ part for part in centred_scores(form, scores, answered)))


def keeps_strata(design: Design) -> bool:
    """Whether strata without an answer count under ``average``: R's ``subset`` keeps all rows of a calibrated or pps design."""
    return design.calibration is not None or design.pps is not None


def without_rounding(spread: Any, scale: Any) -> Floats:
    """Variances, 0 where a standard error is below ``NOTHING`` of the estimate: what rounding leaves of equal answers."""
    v, size = np.asarray(spread, np.float64), np.asarray(scale, np.float64)
    return np.where(v > (NOTHING * size) ** 2, v, np.where(np.isnan(v), np.nan, 0.0))


# ---- scores of ratios and totals


def linearised(y: Floats, x: Floats, estimate: Floats, denominator: Floats) -> Floats:
    """Cell scores of the ratio Σwy / Σwx: (wy − R·wx) / Σwx."""
    scores = estimate * x
    with np.errstate(divide="ignore", invalid="ignore"):
        np.subtract(y, scores, out=scores)
        return np.divide(scores, denominator, out=scores)


def degrees_of_freedom(form: Structure, group: GroupTotals) -> Floats:
    """df per domain: first-stage units with a row in the domain minus their strata, R's ``degf(subset(design, ...))``.

    As with R's ``na.rm = TRUE``, an item's missing answers take no unit away. Where every first-stage unit was taken,
    units and strata of the next stage are counted, since the first gives no variance.
    """
    return answering_df(form, group, group.size[:, None])[:, 0]


def answering_df(form: Structure, group: GroupTotals, answered: Floats) -> Floats:
    """Units with an answer minus their strata, per domain × variable: ``degf(subset(design, ... & !is.na(item)))``."""
    stage = 1 if form.census and len(form.stages) > 1 else 0
    if form.units.element:
        strata = np.add.reduceat((answered > 0).astype(np.float64), group.starts, axis=0)
        return np.asarray(np.add.reduceat(answered, group.starts, axis=0) - strata)
    domain, cluster, there = _clusters_there(form, group, answered, stage)
    units = _by_domain(domain, there, len(group.domains))
    d, _, strata = _added(domain, form.stages[stage].index.stratum[cluster], there)
    return units - _by_domain(d, (strata > 0).astype(np.float64), len(group.domains))


def answering_units(form: Structure, group: GroupTotals, answered: Floats, stage: int = 0) -> Floats:
    """Units of a stage with an answer, per domain × variable."""
    if form.units.element:
        return np.asarray(np.add.reduceat(answered, group.starts, axis=0))
    domain, _, there = _clusters_there(form, group, answered, stage)
    return _by_domain(domain, there, len(group.domains))


def _clusters_there(form: Structure, group: GroupTotals, answered: Floats, stage: int) -> tuple[Ints, Ints, Floats]:
    """(domain, cluster, 1 where it has answers) for a stage's clusters."""
    index = form.stages[stage].index
    if len(index.stratum) == len(form.units):
        return group.domain, group.unit, (answered > 0).astype(np.float64)
    domain, cluster, count = _added(group.domain, index.cluster[group.unit], answered)
    return domain, cluster, (count > 0).astype(np.float64)


def whole_df(form: Structure) -> float:
    """The design's degrees of freedom: first-stage units minus strata, R's ``degf(design)``."""
    index = form.stages[0].index
    units = form.units.n.sum() if form.units.element else len(index.stratum)
    return float(units - len(index.size))


def structure_of(totals: Totals) -> Structure:
    """The quadratic form of the design that the totals were asked with."""
    return structure(totals.units, totals.request.design)


def joint_test(d: Floats, spread: Floats, df: float) -> dict[str, float]:
    """Wald's test that all of ``d`` is 0: F = q⁻¹ d'V⁻¹d on q and df (Korn and Graubard 1990, equation 1, without their df).

    ``InputError`` where one of them follows from the others, as the last of an item's shares does from the rest.
    """
    size = np.sqrt(np.diag(spread))
    if not (size > 0).all() or not np.isfinite(spread).all():
        raise wrong("no-joint-test", "An estimate has no standard error, or one of 0.", "Name rows with errors.")
    scaled = spread / np.outer(size, size)
    if np.linalg.matrix_rank(scaled, tol=1e-9, hermitian=True) < len(d):
        raise wrong(
            "rows-follow",
            "Some of the estimates follow from the others, so that they cannot be tested together.",
            "Leave out what the rest decides: the last of an item's shares, or the whole beside its parts.",
        )
    if not df >= 1:
        raise wrong("no-joint-test", "There are no degrees of freedom.", "Name rows with errors.")
    statistic = float(d / size @ np.linalg.solve(scaled, d / size)) / len(d)
    return {"F": statistic, "df1": float(len(d)), "df2": df, "p": float(stats.f.sf(statistic, len(d), df))}
