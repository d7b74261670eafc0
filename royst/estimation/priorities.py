"""What matters most for an overall judgement: relative weights and Shapley shares of R², with a bootstrap by unit.

Regression coefficients mislead where items go together; both measures here share out R² (Johnson 2000; Lipovetsky and
Conklin 2001, the same as Lindeman, Merenda and Gold's). National only: units have too few answers for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
import polars as pl

from royst.errors import wrong
from royst.estimation import variance
from royst.estimation.replicates import rao_wu
from royst.totals.design import Design
from royst.totals.engines import engine_for
from royst.totals.request import Coded, Column, Number, Request, Variable
from royst.totals.table import Floats

SHAPLEY_AT_MOST = 15
SCHEMA = {
    "item": pl.String, "n": pl.Int64, "weight": pl.Float64, "share": pl.Float64, "low": pl.Float64, "high": pl.Float64,
    "r2": pl.Float64, "correlation": pl.Float64, "method": pl.String,
}  # fmt: skip


def importance(
    data: Any,
    design: Design,
    outcome: str,
    items: Sequence[str],
    *,
    scores: dict[str, float] | None = None,
    method: str = "johnson",
    replicates: int = 500,
    seed: object = 1,
    level: float = 0.95,
    engine: str = "embedded",
) -> pl.DataFrame:
    """Each item's part of the R² of ``outcome`` on all ``items``, over rows that answered all of them.

    Columns: item n weight (its part of R²) share (of R²) low high (of the share: percentile interval of a Rao–Wu
    bootstrap of first-stage units) r2 correlation method. ``method`` is ``johnson`` or ``shapley``. ``scores`` turns codes
    into values, for every item alike.
    """
    source = engine_for(engine, data)
    columns = [_column(name, scores) for name in (outcome, *items)]
    request = Request(design, tuple(Variable(column) for column in columns), rows=not design.psu)
    products = source.cross_products(request, columns)
    form = variance.structure(products.units, design)
    n = int(products.n.sum())
    whole = _shares(correlations(products.sums.sum(axis=0)), method)
    drawn = np.array(
        [
            _shares(correlations(np.tensordot(multiplier, products.sums, axes=1)), method)[1]
            for multiplier in rao_wu(form, replicates, seed).T
        ]
    )
    weight, share = whole
    known = np.isfinite(drawn).all(axis=1)
    low = high = np.full(len(items), np.nan)
    if np.isfinite(share).all() and known.any():
        low, high = np.quantile(drawn[known], [(1 - level) / 2, (1 + level) / 2], axis=0)
    r = correlations(products.sums.sum(axis=0))[0, 1:]
    return pl.DataFrame(
        {
            "item": list(items),
            "n": [n] * len(items),
            "weight": weight,
            "share": share,
            "low": low,
            "high": high,
            "r2": [float(weight.sum())] * len(items),
            "correlation": r,
            "method": [method] * len(items),
        },
        schema=SCHEMA,
    ).with_columns(pl.col(pl.Float64).fill_nan(None))


def _column(item: str, scores: dict[str, float] | None) -> Column:
    return Number(item) if scores is None else Coded(item, tuple((str(k), float(v)) for k, v in scores.items()))


def correlations(products: Floats) -> Floats:
    """The correlation matrix from weighted cross-products of (1, y₁, y₂, …), NaN where a column does not vary."""
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = products[0, 1:] / products[0, 0]
        squares = products[1:, 1:] / products[0, 0]
        covariance = squares - np.outer(mean, mean)
        spread = np.sqrt(np.where(np.diag(covariance) > 1e-12 * np.diag(squares), np.diag(covariance), 0.0))
        found = covariance / np.outer(spread, spread)
    return np.where(np.isfinite(found), found, np.nan)


def _shares(r: Floats, method: str) -> tuple[Floats, Floats]:
    """(parts of R², shares of it) from the correlations of (outcome, items …)."""
    if not np.isfinite(r).all():
        nothing = np.full(len(r) - 1, np.nan)
        return nothing, nothing
    if method == "johnson":
        parts = relative_weights(r[1:, 1:], r[0, 1:])
    elif method == "shapley":
        parts = shapley(r[1:, 1:], r[0, 1:])
    else:
        raise wrong("importance-method", f"method={method!r} is not known.", "Use johnson or shapley.")
    whole = float(parts.sum())
    return parts, parts / whole if whole > 0 else np.full(len(parts), np.nan)


def relative_weights(between: Floats, with_outcome: Floats) -> Floats:
    """Johnson's relative weights: with Λ = R^½, ε = Λ² (Λ⁻¹ r)²; they add up to R² (Johnson 2000, equations 5–8)."""
    values, vectors = np.linalg.eigh(between)
    root = vectors * np.sqrt(np.maximum(values, 1e-12))
    half = root @ vectors.T
    beta = np.linalg.solve(half, with_outcome)
    return np.asarray((half * half) @ (beta * beta))


def shapley(between: Floats, with_outcome: Floats) -> Floats:
    """Each item's mean rise of R² over all orders of entry; exact, so for at most fifteen items."""
    count = len(with_outcome)
    if count > SHAPLEY_AT_MOST:
        raise wrong(
            "too-many-items", f"Shapley shares of {count} items need 2^{count} regressions.", 'Use method="johnson".'
        )
    fit: dict[tuple[int, ...], float] = {(): 0.0}
    for size in range(1, count + 1):
        for chosen in combinations(range(count), size):
            at = np.ix_(chosen, chosen)
            r = with_outcome[list(chosen)]
            fit[chosen] = float(r @ np.linalg.lstsq(between[at], r, rcond=None)[0])
    found = np.zeros(count)
    for chosen, r2 in fit.items():
        size = len(chosen)
        for one in chosen:
            rest = tuple(k for k in chosen if k != one)
            found[one] += (r2 - fit[rest]) * factorial(size - 1) * factorial(count - size) / factorial(count)
    return found


def improvement(importances: pl.DataFrame, means: pl.DataFrame, low: float, high: float) -> pl.DataFrame:
    """The improvement matrix: each item's importance beside its room, (high − mean)/(high − low).

    ``means`` is a result's table (its ``mean`` or ``index`` rows of everybody). ``quadrant``: ``improve`` (matters more
    than the median item and has more room than the median), ``keep`` (matters, little room), ``watch`` (room, matters
    less), ``fine``; ``gain`` is share × room. Where an item's importance interval spans the median the quadrant is ``cannot_tell``.
    """
    scores = means.filter(pl.col("measure").is_in(["mean", "index"]) & (pl.col("domain") == "all"))
    joined = importances.join(scores.select("item", pl.col("estimate").alias("mean")), on="item", how="left")
    room = ((high - pl.col("mean")) / (high - low)).alias("room")
    joined = joined.with_columns(room).with_columns((pl.col("room") * pl.col("share")).alias("gain"))
    matters, much = pl.col("share") >= pl.col("share").median(), pl.col("room") >= pl.col("room").median()
    unsure = (pl.col("low") < pl.col("share").median()) & (pl.col("high") > pl.col("share").median())
    quadrant = (
        pl.when(pl.col("share").is_null() | pl.col("room").is_null() | unsure)
        .then(pl.lit("cannot_tell"))
        .when(matters & much)
        .then(pl.lit("improve"))
        .when(matters)
        .then(pl.lit("keep"))
        .when(much)
        .then(pl.lit("watch"))
        .otherwise(pl.lit("fine"))
    )
    return joined.with_columns(quadrant.alias("quadrant"))
