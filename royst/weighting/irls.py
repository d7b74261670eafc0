"""Weighted linear and logistic regression coefficients, the rounds that both weighting and estimation need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from royst.errors import wrong
from royst.totals.reading import encode, numbers
from royst.totals.table import Floats

ROUNDS = 100


@dataclass(frozen=True)
class Fit:
    """Coefficients, fitted values per row, and the inverse of the weighted information XᵀWX."""

    coefficients: Floats
    fitted: Floats
    inverse: Floats
    working: Floats


def fit(x: Floats, y: Floats, weight: Floats, family: str = "linear") -> Fit:
    """Weighted least squares, or the logistic model by iteratively reweighted least squares (McCullagh and Nelder 1989).

    ``InputError`` where columns say the same thing, or where the answers separate perfectly.
    """
    scale = weight / weight.mean()
    if family == "linear":
        inverse = _inverse(x, scale)
        beta = inverse @ (x.T @ (scale * y))
        return Fit(beta, x @ beta, inverse / weight.mean(), weight)
    beta = np.zeros(x.shape[1])
    deviance = np.inf
    for _ in range(ROUNDS):
        eta = x @ beta
        mu = 1 / (1 + np.exp(-eta))
        spread = np.maximum(mu * (1 - mu), 1e-300)
        inverse = _inverse(x, scale * spread)
        beta = beta + inverse @ (x.T @ (scale * (y - mu)))
        mu = 1 / (1 + np.exp(-(x @ beta)))
        with np.errstate(divide="ignore", invalid="ignore"):
            new = -2 * float((scale * np.where(y > 0, np.log(mu), np.log1p(-mu))).sum())
        if abs(new - deviance) < 1e-14 * (abs(new) + 0.1):
            spread = mu * (1 - mu)
            return Fit(beta, mu, _inverse(x, scale * spread) / weight.mean(), weight * spread)
        deviance = new
    raise wrong(
        "regression-open",
        "The logistic regression does not settle: some column separates the answers perfectly.",
        "Leave the column out, or join its categories.",
    )


def _inverse(x: Floats, weight: Floats) -> Floats:
    gram = x.T @ (weight[:, None] * x)
    size = np.sqrt(np.diag(gram))
    scaled = gram / np.outer(size, size) if (size > 0).all() else gram
    if not (size > 0).all() or np.linalg.matrix_rank(scaled, tol=1e-11, hermitian=True) < len(gram):
        raise wrong(
            "regression-singular", "Some columns of the regression follow from others.", "Leave one of them out."
        )
    return np.asarray(np.linalg.inv(scaled) / np.outer(size, size))


def design_matrix(frame: pl.DataFrame, columns: Sequence[str]) -> tuple[Floats, list[str]]:
    """A model matrix with an intercept: numbers as they are, categories as indicators of all but the first, as R's
    ``model.matrix``. Rows with missing values hold NaN."""
    parts, names = [np.ones(len(frame))], ["(Intercept)"]
    for name in columns:
        column = frame[name]
        if column.dtype.is_numeric():
            parts.append(numbers(column))
            names.append(name)
            continue
        codes = encode(column)
        for k, level in enumerate(codes.labels[1:], start=2):
            values = (codes.codes == k).astype(np.float64)
            parts.append(np.where(codes.codes == 0, np.nan, values))
            names.append(f"{name}{level}")
    return np.column_stack(parts), names
