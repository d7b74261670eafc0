"""Units (municipalities, districts) against what is expected of units, without ranking.

A unit is one sampling unit, so it has no variance between units of its own: what is said of it rests on its answers'
spread within it (rows taken as a simple random sample of the unit's users, Kish's effective n for unequal weights).

Expected range: the over-dispersed z-score of the NHS patient survey programme (Spiegelhalter 2005; Care Quality
Commission's statistical notes), on the arcsine scale for shares. Reliability and shrinkage: one-way analysis of variance
with unequal n (Searle 1971; Snijders and Bosker 2012, section 3.3). False discoveries over units are held by Benjamini and
Hochberg (1995).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from royst.errors import wrong
from royst.estimation.change import adjust
from royst.estimation.intervals import interval, quantile_t
from royst.estimation.measures import Measure, Statistic, statistics
from royst.totals.design import Design
from royst.totals.engines import engine_for
from royst.totals.request import Request, unique_variables
from royst.totals.table import Floats, GroupTotals

SCHEMA = {
    "measure": pl.String, "item": pl.String, "category": pl.String, "unit": pl.String, "n": pl.Int64,
    "estimate": pl.Float64, "se": pl.Float64, "low": pl.Float64, "high": pl.Float64, "centre": pl.Float64,
    "z": pl.Float64, "dispersion": pl.Float64, "z_adjusted": pl.Float64,
    "expected_low": pl.Float64, "expected_high": pl.Float64, "p": pl.Float64, "p_adjusted": pl.Float64,
    "icc": pl.Float64, "reliability": pl.Float64,
    "shrunken": pl.Float64, "shrunken_low": pl.Float64, "shrunken_high": pl.Float64, "outcome": pl.String,
}  # fmt: skip
OUTCOMES = ("better", "expected", "lower", "cannot_tell")
FEWEST_UNITS = 5


@dataclass(frozen=True)
class Within:
    """What each unit's answers say by themselves: arrays over units, n_eff being Kish's."""

    unit: tuple[str, ...]
    n: Floats
    n_eff: Floats
    mean: Floats
    within: Floats


@dataclass(frozen=True)
class Range:
    """The expected range: the centre, each unit's z, φ, τ² and over-dispersed z, with limits in the estimate's unit."""

    centre: float
    z: Floats
    phi: float
    tau2: float
    z_adjusted: Floats
    low: Floats
    high: Floats


def compare(
    data: Any,
    unit: str,
    measures: Measure | Sequence[Measure],
    *,
    weight: str | None = None,
    higher_is_better: bool = True,
    alpha: float = 0.05,
    fewest_answers: int = 10,
    least_reliability: float = 0.5,
    level: float = 0.95,
    engine: str = "embedded",
) -> pl.DataFrame:
    """Every unit's estimate, expected range, shrunken estimate, reliability and outcome, for each measure.

    Outcomes: ``better`` or ``lower`` where the over-dispersed z-score is proved with false discoveries held at ``alpha``
    over the units; ``expected`` where it lies inside the expected range and the unit's figure is reliable enough to say so
    (``least_reliability``); else ``cannot_tell`` — also below ``fewest_answers`` answers or with fewer than five units.
    The rows, with n and the range's ends, are the funnel plot's data too. ``InputError`` for measures other than means,
    shares, bands and indices.
    """
    source = engine_for(engine, data)
    asked = [measures] if isinstance(measures, Measure) else list(measures)
    wanted = statistics(asked, source, None)
    other = [one.measure for one in wanted if one.form != "ratio" or one.variable.x is not None]
    if other:
        raise wrong("not-compared", f"Units are not compared by their {other[0]}.", "Ask for means, shares, bands or indices.")
    variables = unique_variables(one.variable for one in wanted)
    totals = source.totals(Request(Design(weight=weight), variables, ((unit,),)))
    frames = []
    for one in wanted:
        within = _within(totals.groups[0], variables.index(one.variable))
        frames.append(_table(one, within, higher_is_better, alpha, fewest_answers, least_reliability, level))
    return pl.concat(frames) if frames else pl.DataFrame(schema=SCHEMA)


def _within(group: GroupTotals, place: int) -> Within:
    n, w, wy, wyy, qxx = (group.by_domain(name)[:, place] for name in ("n", "w", "wy", "wyy", "qxx"))
    there = np.flatnonzero(n > 0)
    n, w, wy, wyy, qxx = (part[there] for part in (n, w, wy, wyy, qxx))
    mean = wy / w
    n_eff = w * w / qxx
    with np.errstate(divide="ignore", invalid="ignore"):
        within = np.where(n > 1, np.maximum(wyy / w - mean * mean, 0.0) * n / (n - 1), np.nan)
    return Within(tuple(group.domains[k][0] for k in there), n, n_eff, mean, within)


def icc(within: Within) -> tuple[float, float, float]:
    """(intra-class correlation, variance between, variance within) by one-way analysis of variance.

    The correlation is held at 0 or more; NaN with fewer than two units or no spread at all.
    """
    m, k = within.n_eff, len(within.n)
    free = within.n - 1
    if k < 2 or free.sum() <= 0:
        return float("nan"), float("nan"), float("nan")
    inside = float(np.nansum(free * within.within) / free.sum())
    grand = float((m * within.mean).sum() / m.sum())
    between_square = float((m * (within.mean - grand) ** 2).sum() / (k - 1))
    m0 = float((m.sum() - (m * m).sum() / m.sum()) / (k - 1))
    between = max((between_square - inside) / m0, 0.0)
    return between / (between + inside) if between + inside > 0 else float("nan"), between, inside


def reliability(n: Any, correlation: float) -> Floats:
    """How much of the spread of units' figures at this n is real: n·ρ / (1 + (n − 1)·ρ) (Spearman–Brown)."""
    size = np.asarray(n, dtype=np.float64)
    return np.asarray(size * correlation / (1 + (size - 1) * correlation))


def expected_range(estimate: Floats, s: Floats, level: float = 0.95, winsor: float = 0.1) -> Range:
    """The expected range of units' figures with errors ``s`` under the centre, on the scale they are given.

    z = (y − θ₀)/s with θ₀ the mean of units, winsorised at ``winsor`` in each tail; φ = Σz²/I; where Iφ ≥ I − 1,
    τ² = (Iφ − (I − 1)) / (Σv − Σv²/Σv) with v = 1/s²; then z = (y − θ₀)/√(s² + τ²).
    """
    count = len(estimate)
    centre = float(np.mean(estimate))
    z = (estimate - centre) / s
    ends = np.quantile(z, [winsor, 1 - winsor])
    phi = float(np.mean(np.clip(z, *ends) ** 2))
    v = 1 / (s * s)
    tau2 = 0.0
    if count * phi >= count - 1:
        tau2 = (count * phi - (count - 1)) / float(v.sum() - (v * v).sum() / v.sum())
    error = np.sqrt(s * s + tau2)
    half = float(stats.norm.ppf(0.5 + level / 2)) * error
    return Range(centre, z, phi, tau2, (estimate - centre) / error, centre - half, centre + half)


def _range_of(one: Statistic, within: Within, inside: float, level: float) -> Range:
    """The range in the estimate's own unit: shares through arcsine √p, whose error is 1/(2√n) whatever p."""
    if one.measure not in {"share", "band", "not_relevant"}:
        return expected_range(within.mean, np.sqrt(inside / within.n_eff), level)
    found = expected_range(np.arcsin(np.sqrt(within.mean)), 0.5 / np.sqrt(within.n_eff), level)
    low, high = (np.sin(np.clip(end, 0.0, np.pi / 2)) ** 2 for end in (found.low, found.high))
    return Range(float(np.sin(found.centre) ** 2), found.z, found.phi, found.tau2, found.z_adjusted, low, high)


def _table(
    one: Statistic,
    within: Within,
    higher_is_better: bool,
    alpha: float,
    fewest_answers: int,
    least_reliability: float,
    level: float,
) -> pl.DataFrame:
    count = len(within.unit)
    correlation, between, inside = icc(within)
    se = np.sqrt(within.within / within.n_eff)
    low, high = interval(one.interval, within.mean, se, within.n - 1, within.n, level)
    nothing = np.full(count, np.nan)
    usable = count >= FEWEST_UNITS and inside > 0
    found = _range_of(one, within, inside, level) if usable else None
    p = 2 * stats.norm.sf(np.abs(found.z_adjusted)) if found else nothing
    enough = within.n >= fewest_answers
    adjusted = adjust(np.where(enough, p, np.nan), "bh")
    sure = reliability(within.n_eff, correlation)
    shrunken, half = _shrunken(within, between, inside, sure, level)
    z = found.z_adjusted if found else nothing
    better = z > 0 if higher_is_better else z < 0
    inside_range = np.abs(z) < stats.norm.ppf(0.5 + level / 2)
    outcome = np.where(
        adjusted < alpha,
        np.where(better, "better", "lower"),
        np.where(enough & inside_range & (sure >= least_reliability), "expected", "cannot_tell"),
    )
    return pl.DataFrame(
        {
            "measure": [one.measure] * count,
            "item": [one.item] * count,
            "category": [one.category] * count,
            "unit": list(within.unit),
            "n": within.n.astype(np.int64),
            "estimate": within.mean,
            "se": se,
            "low": low,
            "high": high,
            "centre": np.full(count, found.centre if found else np.nan),
            "z": found.z if found else nothing,
            "dispersion": np.full(count, found.phi if found else np.nan),
            "z_adjusted": z,
            "expected_low": found.low if found else nothing,
            "expected_high": found.high if found else nothing,
            "p": p,
            "p_adjusted": adjusted,
            "icc": np.full(count, correlation),
            "reliability": sure,
            "shrunken": shrunken,
            "shrunken_low": shrunken - half,
            "shrunken_high": shrunken + half,
            "outcome": outcome.tolist(),
        },
        schema=SCHEMA,
    ).with_columns(pl.col(pl.Float64).fill_nan(None))


def _shrunken(within: Within, between: float, inside: float, sure: Floats, level: float) -> tuple[Floats, Floats]:
    """Empirical-Bayes estimates B·y + (1 − B)·μ and their half-widths, B the reliability (Morris 1983).

    Var = B·σ²/n + (1 − B)²·Var(μ) with μ the precision-weighted mean of units.
    """
    if not np.isfinite(between) or inside <= 0:
        nothing = np.full(len(within.n), np.nan)
        return nothing, nothing
    error = inside / within.n_eff
    precision = 1 / (between + error)
    mean = float((precision * within.mean).sum() / precision.sum())
    b = np.nan_to_num(sure)
    spread = b * error + (1 - b) ** 2 / precision.sum()
    t = quantile_t(np.array([max(len(within.n) - 1.0, 1.0)]), level)[0]
    return mean + b * (within.mean - mean), t * np.sqrt(spread)
