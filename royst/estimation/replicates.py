"""Replicate weights as multipliers of unit totals: a replicate estimate is a product of matrices, never a new pass.

Jackknife JK1 and JKn, balanced repeated replication and Fay's variant, and the Rao–Wu bootstrap (Wolter 2007; Judkins
1990; Rao and Wu 1988; Rao, Wu and Yue 1992), as R's ``as.svrepdesign``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import hadamard

from royst.errors import wrong
from royst.estimation.variance import Structure, structure_of
from royst.totals.pseudorandom import draws
from royst.totals.request import Request, unique_variables
from royst.totals.table import Floats


@dataclass(frozen=True)
class Replicates:
    """``multipliers`` (first-stage units × replicates) and V = scale · Σ rscale_r (θ_r − θ̄)² around the whole estimate
    (``mse``) or the replicates' mean; ``df`` as R's ``degf`` (the rank of the multipliers less one)."""

    kind: str
    multipliers: Floats
    scale: float
    rscales: Floats
    mse: bool = False

    @property
    def df(self) -> int:
        return int(np.linalg.matrix_rank(self.multipliers, tol=1e-5)) - 1


def replicates(form: Structure, kind: str, *, rho: float = 0.3, count: int = 500, seed: object = 1) -> Replicates:
    """Replicates of a design: ``JK1`` (no strata), ``JKn``, ``BRR``, ``Fay`` (with ``rho``) or ``bootstrap``."""
    stage = form.stages[0].index
    units = len(stage.stratum)
    fraction = _remaining(form)
    if kind == "JK1":
        if len(stage.size) > 1:
            raise wrong("jk1-strata", "JK1 is for designs without strata.", 'Use "JKn".')
        n = units
        multipliers = np.full((n, n), n / (n - 1.0))
        np.fill_diagonal(multipliers, 0.0)
        return Replicates(kind, multipliers, (n - 1.0) / n * float(fraction[0]), np.ones(n))
    if kind == "JKn":
        return _jkn(form, fraction)
    if kind in {"BRR", "Fay"}:
        return _brr(form, kind, rho if kind == "Fay" else 0.0)
    if kind == "bootstrap":
        return Replicates(kind, rao_wu(form, count, seed), 1.0 / (count - 1), np.ones(count))
    raise wrong("replicate-kind", f"{kind!r} is not known.", "Use JK1, JKn, BRR, Fay or bootstrap.")


def _remaining(form: Structure) -> Floats:
    """1 − n/N of each first-stage stratum."""
    stage = form.stages[0]
    first = np.unique(stage.index.stratum, return_index=True)[1]
    size = stage.index.size
    return np.asarray(stage.coefficient[first] * np.where(size > 1, (size - 1) / size, 1.0))


def _jkn(form: Structure, fraction: Floats) -> Replicates:
    stage = form.stages[0].index
    units = len(stage.stratum)
    if (stage.size == 1).any():
        raise wrong("jkn-lonely", "JKn needs at least two units in each stratum.", 'Use singleton="collapse".')
    same = stage.stratum[:, None] == stage.stratum[None, :]
    size = stage.size[stage.stratum]
    multipliers = np.where(same, (size / (size - 1))[None, :], 1.0)
    np.fill_diagonal(multipliers, 0.0)
    return Replicates("JKn", multipliers, 1.0, (size - 1) / size * fraction[stage.stratum] * np.ones(units))


def _brr(form: Structure, kind: str, rho: float) -> Replicates:
    stage = form.stages[0].index
    if (stage.size != 2).any():
        raise wrong("brr-pairs", f"{kind} needs exactly two units in each stratum.", "Use JKn or bootstrap.")
    strata = len(stage.size)
    order = 4
    while order <= strata:
        order *= 2
    signs = hadamard(order).astype(np.float64)[:, 1 : strata + 1]
    first = np.r_[True, stage.stratum[1:] != stage.stratum[:-1]]
    side = np.where(first, 1.0, -1.0)
    multipliers = 1.0 + (1 - rho) * side[:, None] * signs[:, stage.stratum].T
    return Replicates(kind, multipliers, 1.0 / (order * (1 - rho) ** 2), np.ones(order))


def rao_wu(form: Structure, count: int, seed: object) -> Floats:
    """Multipliers (units × count) of the Rao–Wu bootstrap: n_h − 1 units drawn in each stratum with SHA-256's numbers."""
    stage = form.stages[0].index
    multipliers = np.ones((len(stage.stratum), count))
    for h, size in enumerate(stage.size.astype(int)):
        members = np.flatnonzero(stage.stratum == h)
        if size < 2:
            continue
        drawn = draws(count * (size - 1), size, "rao-wu", seed, h).reshape(count, size - 1)
        times = np.zeros((count, size))
        np.add.at(times, (np.repeat(np.arange(count), size - 1), drawn.ravel()), 1.0)
        multipliers[members] = (times * size / (size - 1)).T
    return multipliers


def variances(result: Any, reps: Replicates, rows: Any = None) -> Floats:
    """Replicate variances of a result's rows of means, shares, ratios and totals (see ``Result.scores`` for naming rows).

    Each replicate's estimate is that of the reweighted unit totals, with no pass over the answers.
    """
    places = result._places(rows)
    chosen = [result.rows[place] for place in places]
    wanted = unique_variables(row.statistic.variable for row in chosen)
    totals = result.source.totals(Request(result.design, wanted, result.groupings, rows=not result.design.psu))
    form = structure_of(totals)
    found = np.empty(len(chosen))
    for k, row in enumerate(chosen):
        group = totals.groups[row.grouping]
        cells = group.domain == group.domains.index(row.domain)
        unit, place = form.psu[group.unit[cells]], wanted.index(row.statistic.variable)
        weights = reps.multipliers[unit]
        top = group.sums["wy"][cells, place] @ weights
        whole = group.sums["wy"][cells, place].sum()
        if row.statistic.form != "total":
            top = top / (group.sums["wx"][cells, place] @ weights)
            whole = whole / group.sums["wx"][cells, place].sum()
        centre = whole if reps.mse else top.mean()
        found[k] = reps.scale * float((reps.rscales * (top - centre) ** 2).sum())
    return found
