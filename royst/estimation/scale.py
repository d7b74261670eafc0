"""How well items make one scale: Cronbach's α, McDonald's ω, item–rest correlations, floor and ceiling.

Where an index is causal (its items make up the concept and need not go together, as services that a person may or may not
have used) none of this applies: say so with ``causal=True`` and the coefficients are left out (Bollen and Lennox 1991).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy.optimize import minimize

from royst.errors import wrong
from royst.totals.design import Design
from royst.totals.engines import engine_for
from royst.totals.request import Coded, Column, Number, Request, Variable
from royst.totals.table import Floats

CAUSAL_NOTE = "The index is causal: its items make up the concept, so that consistency between them is not asked for."


@dataclass(frozen=True)
class Scale:
    """``items`` (Polars): item n mean sd item_rest alpha_without loading floor ceiling; α, ω and n over rows complete in
    all items. α and ω are None where the scale is causal or cannot be fitted."""

    n: int
    alpha: float | None
    omega: float | None
    items: pl.DataFrame
    note: str


def reliability(
    data: Any,
    items: Sequence[str],
    *,
    weight: str | None = None,
    scores: dict[str, float] | None = None,
    low: float = 1.0,
    high: float = 5.0,
    causal: bool = False,
    engine: str = "embedded",
) -> Scale:
    """A scale's consistency from weighted covariances over rows that answered every item.

    α as Cronbach (1951, equation 2); ω total of one factor fitted by maximum likelihood (McDonald 1999; loadings as R's
    ``factanal``). ``floor`` and ``ceiling`` are the shares of complete rows at ``low`` and ``high``.
    """
    if len(items) < 2:
        raise wrong(
            "scale-items", f"A scale needs at least two items; there is {len(items)}.", "Name the scale's items."
        )
    source = engine_for(engine, data)
    columns: list[Column] = [
        Number(item) if scores is None else Coded(item, tuple((str(k), float(v)) for k, v in scores.items()))
        for item in items
    ]
    request = Request(Design(weight=weight), tuple(Variable(column) for column in columns))
    products = source.cross_products(request, columns)
    n, sums = int(products.n.sum()), products.sums.sum(axis=0)
    if n < 2:
        raise wrong("scale-empty", f"{n} row(s) answered every item.", "Look for items that few were asked.")
    mean = sums[0, 1:] / sums[0, 0]
    covariance = (sums[1:, 1:] / sums[0, 0] - np.outer(mean, mean)) * n / (n - 1)
    ends = _ends(source, columns, request, low, high)
    loadings = None if causal else one_factor(covariance)
    table = pl.DataFrame(
        {
            "item": list(items),
            "n": [n] * len(items),
            "mean": mean,
            "sd": np.sqrt(np.diag(covariance)),
            "item_rest": [None if causal else item_rest(covariance, k) for k in range(len(items))],
            "alpha_without": [None if causal else _without(covariance, k) for k in range(len(items))],
            "loading": [None] * len(items) if loadings is None else loadings.tolist(),
            "floor": ends[0],
            "ceiling": ends[1],
        },
        schema_overrides={"item_rest": pl.Float64, "alpha_without": pl.Float64, "loading": pl.Float64},
    )
    if causal:
        return Scale(n, None, None, table, CAUSAL_NOTE)
    return Scale(n, alpha(covariance), None if loadings is None else omega(covariance, loadings), table, "")


def _ends(source: Any, columns: list[Column], request: Request, low: float, high: float) -> tuple[Floats, Floats]:
    values = np.column_stack([source.column(column) for column in columns])
    there = ~np.isnan(values).any(axis=1)
    weight = source.rows(request).weight[there]
    whole = weight.sum()
    return weight @ (values[there] == low) / whole, weight @ (values[there] == high) / whole


def alpha(covariance: Floats) -> float | None:
    """Cronbach's α: k/(k − 1)·(1 − Σσᵢ²/σ²); None where the sum does not vary."""
    count, whole = len(covariance), float(covariance.sum())
    return float(count / (count - 1) * (1 - np.trace(covariance) / whole)) if whole > 0 else None


def _without(covariance: Floats, item: int) -> float | None:
    rest = np.delete(np.delete(covariance, item, 0), item, 1)
    return alpha(rest) if len(rest) > 1 else None


def item_rest(covariance: Floats, item: int) -> float | None:
    """The correlation of an item with the sum of the others."""
    rest = np.delete(np.arange(len(covariance)), item)
    spread = covariance[item, item] * covariance[np.ix_(rest, rest)].sum()
    return float(covariance[item, rest].sum() / np.sqrt(spread)) if spread > 0 else None


def one_factor(covariance: Floats) -> Floats | None:
    """Standardised loadings of one factor by maximum likelihood (Lawley and Maxwell 1971, chapter 4), positive in sum;
    None with fewer than three items or an item that does not vary."""
    spread = np.sqrt(np.diag(covariance))
    if len(covariance) < 3 or (spread <= 0).any():
        return None
    r = covariance / np.outer(spread, spread)

    def misfit(log_unique: Floats) -> tuple[float, Floats]:
        unique = np.exp(log_unique)
        scaled = r / np.sqrt(np.outer(unique, unique))
        values, vectors = np.linalg.eigh(scaled)
        rest = values[:-1]
        value = float((rest - np.log(np.maximum(rest, 1e-300))).sum()) - len(rest)
        load = vectors[:, -1] * np.sqrt(max(values[-1] - 1, 0.0)) * np.sqrt(unique)
        slope = np.diag(np.outer(load, load) + np.diag(unique) - r) / unique
        return value, slope

    start = np.log(np.clip((1 - 0.5 / len(r)) / np.diag(np.linalg.pinv(r)), 0.005, 1.0))
    bounds = [(np.log(0.005), 0.0)] * len(r)
    best = minimize(misfit, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-14, "gtol": 1e-10})
    unique = np.exp(best.x)
    values, vectors = np.linalg.eigh(r / np.sqrt(np.outer(unique, unique)))
    loadings = vectors[:, -1] * np.sqrt(max(values[-1] - 1, 0.0)) * np.sqrt(unique)
    return np.asarray(loadings if loadings.sum() >= 0 else -loadings)


def omega(covariance: Floats, loadings: Floats) -> float:
    """McDonald's ω: (Σλ)²/((Σλ)² + Σψ) of the unstandardised loadings λ and unique variances ψ."""
    spread = np.sqrt(np.diag(covariance))
    common = float((loadings * spread).sum() ** 2)
    return common / (common + float(((1 - loadings**2) * spread**2).sum()))
