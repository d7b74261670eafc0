"""Weighted linear and logistic regression coefficients, the rounds that both weighting and estimation need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from royst.errors import wrong
from royst.totals.reading import encode, numbers
from royst.totals.table import Floats

ROUNDS = 100
FAR = 30.0
SEPARATED = 1e-7  # a deviance a person that only answers without any doubt leave
SETTLED = 1e-8  # relative change of the deviance, R's glm.control


@dataclass(frozen=True)
class Fit:
    """Coefficients, fitted values per row, the inverse of the weighted information XᵀWX, and each row's ``residual`` r, so
    that r·x are the score equations' terms."""

    coefficients: Floats
    fitted: Floats
    inverse: Floats
    residual: Floats


def fit(x: Floats, y: Floats, weight: Floats, family: str = "linear", mean: float | None = None) -> Fit:
    """Weighted least squares, or the logistic model by iteratively reweighted least squares (McCullagh and Nelder 1989).

    ``InputError`` where columns say the same thing, or where the answers separate perfectly. The logistic rounds start and
    stop where R's ``glm.fit`` does, and the last round's weights stay in what is returned as they do there: the eighth
    digit of a standard error depends on it. ``mean`` is what weights are taken relative to: R's is that of all rows of the
    design, those with missing answers too; left out, that of ``weight``.
    """
    mean = float(weight.mean()) if mean is None else mean
    if family == "linear":
        inverse = _inverse(x, weight / mean) / mean
        beta = inverse @ (x.T @ (weight * y))
        return Fit(beta, x @ beta, inverse, weight * (y - x @ beta))
    w = weight / mean
    mu = (w * y + 0.5) / (w + 1)
    eta = np.log(mu / (1 - mu))
    old = _deviance(y, mu, w)
    slope = mu * (1 - mu)
    for _ in range(ROUNDS):
        spread = slope * slope / (mu * (1 - mu))
        working = eta + (y - mu) / slope
        inverse = _inverse(x, w * spread)
        beta = inverse @ (x.T @ (w * spread * working))
        eta = x @ beta
        mu, slope = _chances(eta)
        new = _deviance(y, mu, w)
        if abs(new - old) < SETTLED * (abs(new) + 0.1):
            if new < SEPARATED * float(w.sum()):
                break
            return Fit(beta, mu, inverse / mean, weight * spread * (y - mu) / slope)
        old = new
    raise wrong(
        "regression-open",
        "The logistic regression does not settle: some column separates the answers perfectly.",
        "Leave the column out, or join its categories.",
    )


def _chances(eta: Floats) -> tuple[Floats, Floats]:
    """Fitted chances and their slopes, held off 0 and 1 beyond log-odds of 30, as R's ``binomial()`` holds them."""
    tiny = np.finfo(np.float64).eps
    odds = np.where(eta < -FAR, tiny, np.where(eta > FAR, 1 / tiny, np.exp(np.clip(eta, -FAR, FAR))))
    mu = odds / (1 + odds)
    return mu, np.where(np.abs(eta) > FAR, tiny, mu / (1 + odds))


def _deviance(y: Floats, mu: Floats, w: Floats) -> float:
    return -2 * float((w * np.where(y > 0, np.log(mu), np.log1p(-mu))).sum())


def _inverse(x: Floats, weight: Floats) -> Floats:
    gram = x.T @ (weight[:, None] * x)
    size = np.sqrt(np.diag(gram))
    scaled = gram / np.outer(size, size) if (size > 0).all() else gram
    if not (size > 0).all() or np.linalg.matrix_rank(scaled, tol=1e-11, hermitian=True) < len(gram):
        raise wrong(
            "regression-singular", "Some columns of the regression follow from others.", "Leave one of them out."
        )
    return np.asarray(np.linalg.inv(scaled) / np.outer(size, size))


def columns_of(terms: Sequence[str], there: Sequence[str]) -> list[str]:
    """The columns that model terms read: a term is a column's name, or names joined by ``:`` (an interaction), as R's.

    ``InputError`` for an interaction of columns that are not terms themselves, where R's coefficients would mean another thing.
    """
    found: dict[str, None] = {}
    for term in terms:
        if not isinstance(term, str):
            raise wrong("not-a-term", f"{term!r} is not a column's name.", "Name the columns of the model.")
        parts = _parts(term, there)
        lacking = [part for part in parts if len(parts) > 1 and part not in terms]
        if lacking:
            raise wrong("interaction-alone", f"{term} is asked without {lacking[0]}.", f"Add {lacking[0]!r} to the terms.")
        found.update(dict.fromkeys(parts))
    return list(found)


def _parts(term: str, there: Sequence[str]) -> list[str]:
    return [term] if term in there else term.split(":")


def complete(frame: pl.DataFrame, columns: Sequence[str]) -> NDArray[np.bool_]:
    """Which rows have a value in all of the columns."""
    found = np.ones(len(frame), bool)
    for name in columns:
        column = frame[name].fill_nan(None) if frame[name].dtype.is_float() else frame[name]
        found &= column.is_not_null().to_numpy()
    return found


def design_matrix(frame: pl.DataFrame, terms: Sequence[str]) -> tuple[Floats, list[str]]:
    """A model matrix with an intercept: numbers as they are, categories as indicators of all but the first, interactions
    (``a:b``) as products of both's columns, as R's ``model.matrix``. Rows with missing values hold NaN."""
    matrix, names = [np.ones(len(frame))], ["(Intercept)"]
    for term in terms:
        found = [(np.ones(len(frame)), "")]
        for part in _parts(term, frame.columns):
            found = [
                (one * other, f"{name}:{label}" if name else label)
                for other, label in _columns(frame[part])
                for one, name in found
            ]
        matrix += [column for column, _ in found]
        names += [name for _, name in found]
    return np.column_stack(matrix), names


def _columns(column: pl.Series) -> list[tuple[Floats, str]]:
    if column.dtype.is_numeric():
        return [(numbers(column), column.name)]
    codes = encode(column)
    there = np.unique(codes.codes[codes.codes > 0]).tolist()  # an Enum declares categories that nobody may be in
    return [
        (np.where(codes.codes == 0, np.nan, (codes.codes == k).astype(np.float64)), f"{column.name}{codes.labels[k - 1]}")
        for k in there[1:]
    ]
