"""Intervals from an estimate, its standard error, its degrees of freedom and its number of answers.

========================  =========================================================================================
wald                      estimate ± t(df)·se; R: ``confint(svymean(...), df = degf(design))``
logit                     the same on the log-odds; R: ``svyciprop(method = "logit")`` (and ``"xlogit"``)
korn-graubard             Clopper–Pearson at n* = p(1−p)/V · (t(n−1)/t(df))², at most n; R: ``svyciprop(method = "beta")``,
                          which does not hold n* at n and has no interval at 0 and 1 (Korn and Graubard 1998)
clopper-pearson           Clopper–Pearson at n* = p(1−p)/V, at most n
========================  =========================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from royst.errors import wrong
from royst.totals.table import Floats

METHODS = ("wald", "logit", "korn-graubard", "clopper-pearson")
FOR_SHARES = ("logit", "korn-graubard", "clopper-pearson")


def check_level(level: Any) -> None:
    """An ``InputError`` where the level is not between 0 and 1."""
    if not isinstance(level, int | float | np.number) or not 0 < level < 1:
        raise wrong("level", f"level={level!r} is not between 0 and 1.", "Use 0.95 for 95 % intervals.")


def interval(
    method: str,
    estimate: ArrayLike,
    se: ArrayLike,
    df: ArrayLike,
    n: ArrayLike,
    level: float = 0.95,
    rows: ArrayLike | None = None,
) -> tuple[Floats, Floats]:
    """(low, high) by the named method, elementwise; NaN where df < 1 or the standard error is NaN.

    ``n`` counts answers; ``rows`` (n where left out) the domain's rows with the missing ones, which R's ``na.rm = TRUE``
    takes for n in t(n−1); under calibration and pps R counts all of the design's rows there.
    """
    p, s, f, m = (np.atleast_1d(np.asarray(value, dtype=np.float64)) for value in (estimate, se, df, n))
    all_rows = m if rows is None else np.atleast_1d(np.asarray(rows, dtype=np.float64))
    with np.errstate(all="ignore"):
        if method == "wald":
            low, high = _wald(p, s, f, level)
        elif method == "logit":
            low, high = _logit(p, s, f, level)
        elif method == "korn-graubard":
            low, high = clopper_pearson(p, effective_n(p, s, f, m, level, all_rows), level)
        elif method == "clopper-pearson":
            low, high = clopper_pearson(p, effective_n(p, s, f, m, level), level)
        else:
            raise wrong("interval-method", f"interval={method!r} is not known.", f"Use one of: {', '.join(METHODS)}.")
    there = (f >= 1) & np.isfinite(s)
    return np.where(there, low, np.nan), np.where(there, high, np.nan)


def quantile_t(df: Floats, level: float) -> Floats:
    """The two-sided critical value of Student's t; the normal's at infinite df, NaN at none."""
    distinct, place = np.unique(np.asarray(df, dtype=np.float64), return_inverse=True)
    with np.errstate(all="ignore"):
        t = np.where(np.isinf(distinct), special.ndtri(0.5 + level / 2), special.stdtrit(distinct, 0.5 + level / 2))
    return np.asarray(np.where(distinct > 0, t, np.nan)[place].reshape(np.shape(df)))


def _wald(p: Floats, se: Floats, df: Floats, level: float) -> tuple[Floats, Floats]:
    half = quantile_t(df, level) * se
    return p - half, p + half


def _logit(p: Floats, se: Floats, df: Floats, level: float) -> tuple[Floats, Floats]:
    """On the log-odds; at 0 and 1, where they are infinite, no interval (NaN)."""
    centre = np.log(p / (1 - p))
    half = quantile_t(df, level) * se / (p * (1 - p))
    inside = (p > 0) & (p < 1)
    low, high = 1 / (1 + np.exp(-(centre - half))), 1 / (1 + np.exp(-(centre + half)))
    return np.where(inside, low, np.nan), np.where(inside, high, np.nan)


def effective_n(p: Floats, se: Floats, df: Floats, n: Floats, level: float, rows: Floats | None = None) -> Floats:
    """n* = p(1−p)/V, times (t(rows−1)/t(df))² where rows are given, never above n; n for p(1−p)/V where V is 0."""
    variance = se * se
    base = np.where(variance > 0, p * (1 - p) / np.where(variance > 0, variance, 1.0), n)
    if rows is not None:
        base = base * (quantile_t(rows - 1, level) / quantile_t(df, level)) ** 2
    return np.minimum(base, n)


def clopper_pearson(p: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    """The exact binomial interval at p·n of n, n any positive number; closed at 0 and 1 (Clopper and Pearson 1934)."""
    alpha = 1 - level
    yes, no = p * n, (1 - p) * n
    with np.errstate(all="ignore"):
        low = np.where(yes > 0, special.betaincinv(np.maximum(yes, 1e-300), no + 1, alpha / 2), 0.0)
        high = np.where(no > 0, special.betaincinv(yes + 1, np.maximum(no, 1e-300), 1 - alpha / 2), 1.0)
    return low, high


def share_se(row: Mapping[str, Any], level: float) -> float:
    """A table row's standard error for use in a test; for a share of 0 or 1, where linearisation gives 0, the width of
    its interval over t(df), so that "all of eight" is never taken as certain."""
    if row["measure"] in {"share", "band", "not_relevant"} and row["se"] == 0 and row["estimate"] in {0.0, 1.0}:
        exact = interval("korn-graubard", row["estimate"], 0.0, row["df"], row["n"], level)
        return float((exact[1] - exact[0])[0] / quantile_t(np.array([row["df"]]), level)[0])
    return float(row["se"])
