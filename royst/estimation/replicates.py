"""Replicate weights as multipliers of unit totals: a replicate estimate is a product of matrices, never a new pass.

Jackknife JK1 and JKn, balanced repeated replication and Fay's variant, and the Rao–Wu bootstrap (Wolter 2007; Judkins
1990; Rao and Wu 1988; Rao, Wu and Yue 1992), as R's ``as.svrepdesign``. The jackknife and the bootstrap count the first
stage's finite-population correction; half-samples leave it out, as R does. Half-samples are balanced over a power of two,
R's over the least number it knows: totals have the same error, ratios one that differs a little.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy.linalg import hadamard

from royst.errors import wrong
from royst.estimation.intervals import interval
from royst.estimation.result import KEY, Result
from royst.estimation.variance import Structure, structure_of
from royst.totals.pseudorandom import draws
from royst.totals.request import Request, unique_variables
from royst.totals.table import Floats, Ints, Totals


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
        return self.df_among(np.arange(len(self.multipliers)))

    def df_among(self, units: Ints) -> int:
        """df of a domain that these units are in: R's ``degf(subset(design, ...))``."""
        return int(np.linalg.matrix_rank(self.multipliers[units], tol=1e-5)) - 1


def replicates(form: Structure, kind: str, *, rho: float = 0.3, count: int = 500, seed: object = 1) -> Replicates:
    """Replicates of a design: ``JK1`` (no strata), ``JKn``, ``BRR``, ``Fay`` (with ``rho``) or ``bootstrap``."""
    if not isinstance(rho, int | float) or not 0 <= rho < 1:
        raise wrong("fay-rho", f"rho={rho!r} is outside [0, 1).", "Use 0.3, or 0 for BRR.")
    if not isinstance(count, int | np.integer) or count < 2:
        raise wrong("replicate-count", f"count={count!r} is too few.", "Ask for at least 2 replicates; some hundreds are usual.")
    stage = form.stages[0].index
    units = len(stage.stratum)
    remaining = 1.0 - form.fraction
    if kind == "JK1":
        if len(stage.size) > 1:
            raise wrong("jk1-strata", "JK1 is for designs without strata.", 'Use "JKn".')
        n = units
        if n < 2:
            raise wrong("jk1-lonely", "JK1 needs at least two units.", "A single unit has no error of its own.")
        multipliers = np.full((n, n), n / (n - 1.0))
        np.fill_diagonal(multipliers, 0.0)
        return Replicates(kind, multipliers, (n - 1.0) / n * float(remaining[0]), np.ones(n))
    if kind == "JKn":
        return _jkn(form, remaining)
    if kind in {"BRR", "Fay"}:
        return _brr(form, kind, rho if kind == "Fay" else 0.0)
    if kind == "bootstrap":
        return Replicates(kind, rao_wu(form, count, seed), 1.0 / (count - 1), np.ones(count))
    raise wrong("replicate-kind", f"{kind!r} is not known.", "Use JK1, JKn, BRR, Fay or bootstrap.")


def _jkn(form: Structure, remaining: Floats) -> Replicates:
    stage = form.stages[0].index
    if (stage.size == 1).any():
        raise wrong("jkn-lonely", "JKn needs at least two units in each stratum.", 'Use singleton="collapse".')
    same = stage.stratum[:, None] == stage.stratum[None, :]
    size = stage.size[stage.stratum]
    multipliers = np.where(same, (size / (size - 1))[None, :], 1.0)
    np.fill_diagonal(multipliers, 0.0)
    return Replicates("JKn", multipliers, 1.0, (size - 1) / size * remaining)


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
    """Multipliers (units × count) of the Rao–Wu bootstrap: n_h − 1 units drawn in each stratum with SHA-256's numbers.

    Where sampling fractions f are known, multipliers move √(1 − f) of the way from 1 (Rao and Wu 1988, section 4).
    """
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
    return np.asarray(1.0 + np.sqrt(1.0 - form.fraction)[:, None] * (multipliers - 1.0))


SCHEMA = {
    "measure": pl.String, "item": pl.String, "category": pl.String, "domain": pl.String, "estimate": pl.Float64,
    "se": pl.Float64, "df": pl.Float64, "low": pl.Float64, "high": pl.Float64, "method": pl.String,
}  # fmt: skip


def table(result: Result, how: str | Replicates, rows: Any = None, *, rho: float = 0.3, count: int = 500, seed: object = 1) -> pl.DataFrame:
    """A result's means, shares, ratios and totals with replicate errors and Wald intervals (``rows``: see ``Result.scores``).

    ``how`` is a kind (see ``replicates``) or ``Replicates`` of one's own, such as weights that came with the data, whose
    multipliers are in the order of first-stage units sorted by stratum and unit. Columns: measure item category domain
    estimate se df low high method; df is the rank of the multipliers of units in the domain, less one: R's ``degf`` of the
    subset, which under JKn may be above the linearised one. Rows without a standard error in the result have none here.
    """
    places = result._places(rows)
    form, totals = _totals(result, places)
    reps = how if isinstance(how, Replicates) else replicates(form, how, rho=rho, count=count, seed=seed)
    se = np.sqrt(_variances(result, reps, places, form, totals))
    own = result.table[places]
    known = (own["status"] == "ok").to_numpy()
    df = _domain_dfs(result, reps, places, form, totals)
    low, high = interval("wald", result.estimates[places], np.where(known, se, np.nan), df, own["n"], result.level)
    numbers = {"se": np.where(known, se, np.nan), "df": df, "low": low, "high": high}
    return own.select(*KEY, "estimate").with_columns(
        *(pl.Series(name, values).fill_nan(None) for name, values in numbers.items()), method=pl.lit(reps.kind)
    ).cast(pl.Schema(SCHEMA))  # fmt: skip


def _domain_dfs(result: Result, reps: Replicates, places: list[int], form: Structure, totals: Totals) -> Floats:
    """df of each row's domain; domains in the same units have the same."""
    ranks: dict[bytes, int] = {}
    found = np.zeros(len(places))
    for k, row in enumerate(result.rows[place] for place in places):
        group = totals.groups[row.grouping]
        if row.domain in group.domains:
            units = np.unique(form.psu[group.unit[group.domain == group.domains.index(row.domain)]])
            key = units.tobytes()
            if key not in ranks:
                ranks[key] = reps.df_among(units)
            found[k] = ranks[key]
    return found


def variances(result: Result, reps: Replicates, rows: Any = None) -> Floats:
    """Replicate variances of a result's rows of means, shares, ratios and totals (see ``Result.scores`` for naming rows).

    Each replicate's estimate is that of the reweighted unit totals, with no pass over the answers.
    """
    places = result._places(rows)
    return _variances(result, reps, places, *_totals(result, places))


def _totals(result: Result, places: list[int]) -> tuple[Structure, Totals]:
    if not places:
        raise wrong("no-rows-asked", "There are no rows.", "Name at least one row of result.table.")
    wanted = unique_variables(result.rows[place].statistic.variable for place in places)
    totals = result.source.totals(Request(result.design, wanted, result.groupings, rows=not result.design.psu))
    return structure_of(totals), totals


def _variances(result: Result, reps: Replicates, places: list[int], form: Structure, totals: Totals) -> Floats:
    found = np.empty(len(places))
    units = len(form.stages[0].index.stratum)
    if np.shape(reps.rscales) != reps.multipliers.shape[1:]:
        raise wrong(
            "replicate-scales",
            f"There are {np.size(reps.rscales)} rscales for {reps.multipliers.shape[1]} replicates.",
            "Give one for each replicate.",
        )
    if len(reps.multipliers) != units:
        raise wrong(
            "replicate-units",
            f"The replicates are of {len(reps.multipliers)} units, the design has {units}.",
            "Give one row of multipliers for each first-stage unit, sorted by stratum and unit.",
        )
    for k, place in enumerate(places):
        row = result.rows[place]
        if row.statistic.form == "quantile":
            raise wrong("replicate-quantile", "Quantiles have no replicate errors here.", "Name the other rows in rows=.")
        group = totals.groups[row.grouping]
        if row.domain not in group.domains:
            found[k] = np.nan
            continue
        cells = group.domain == group.domains.index(row.domain)
        column = totals.request.variables.index(row.statistic.variable)
        weights = reps.multipliers[form.psu[group.unit[cells]]]
        y, x = group.sums["wy"][cells, column], group.sums["wx"][cells, column]
        top, whole = y @ weights, y.sum()
        if row.statistic.form != "total":
            with np.errstate(divide="ignore", invalid="ignore"):
                top, whole = top / (x @ weights), whole / x.sum()
        scales = np.where(np.isfinite(top), reps.rscales, 0.0)  # a replicate without the domain says nothing of it
        top = np.where(np.isfinite(top), top, 0.0)
        centre = whole if reps.mse else top[scales > 0].mean() if (scales > 0).any() else np.nan
        found[k] = reps.scale * float((scales * (top - centre) ** 2).sum())
    return found
