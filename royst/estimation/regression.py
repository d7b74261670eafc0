"""Linear and logistic regression with design-based covariance, and units compared at one case mix.

Coefficients solve weighted score equations; their covariance is the design's quadratic form in the linearised scores
(Binder 1983), equal to R's ``svyglm`` with ``gaussian()`` and ``quasibinomial()``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from royst.errors import wrong
from royst.estimation import variance
from royst.estimation.intervals import check_level, quantile_t
from royst.estimation.measures import as_scores
from royst.totals.design import Design, as_design
from royst.totals.embedded import Embedded
from royst.totals.reading import check_finite, encode, numbers, open_frame, read_columns
from royst.totals.request import Request
from royst.totals.rows import Rows
from royst.totals.table import Floats
from royst.weighting.irls import columns_of, complete, design_matrix, fit

FAMILIES = ("linear", "logistic")
UNBOUNDED = 100.0  # a model's error of log-odds over a column's whole range that only separated answers give


@dataclass(frozen=True)
class Regression:
    """``table`` (Polars): term estimate se df t p low high; ``covariance`` in its order; ``n`` complete rows."""

    table: pl.DataFrame
    covariance: Floats
    n: int
    df: float
    family: str

    def wald(self, terms: Sequence[str]) -> dict[str, float]:
        """Joint test that the terms' coefficients are 0: F on q and df, as R's ``regTermTest``."""
        names = self.table["term"].to_list()
        unknown = [term for term in terms if term not in names]
        if unknown:
            raise wrong("no-such-term", f"There is no term {unknown[0]!r}.", f"There are: {', '.join(names)}.")
        if not len(terms):
            raise wrong("no-such-term", "No terms are named.", f"There are: {', '.join(names)}.")
        at = [names.index(term) for term in terms]
        b = self.table["estimate"].to_numpy()[at]
        return variance.joint_test(b, self.covariance[np.ix_(at, at)], self.df)


def regress(
    data: Any,
    design: Design | None,
    outcome: str,
    predictors: Sequence[str],
    family: str = "linear",
    *,
    scores: Mapping[str, float] | None = None,
    level: float = 0.95,
) -> Regression:
    """Regress ``outcome`` on ``predictors`` (numbers as they are, categories as indicators of all but the first, ``"a:b"`` the
    interaction of two that are there).

    A logistic outcome is 0/1, true/false or two labels (the second in order is the event); ``scores`` turns an outcome's
    codes into numbers. Rows that lack any of them are left out, the design kept, and so are categories that no row left is
    in. df = units − strata + 1 − coefficients, as R's ``svyglm``.
    """
    if family not in FAMILIES:
        raise wrong("regression-family", f"family={family!r} is not known.", f"Use one of: {', '.join(FAMILIES)}.")
    check_level(level)
    design = as_design(design)
    predictors = [predictors] if isinstance(predictors, str) or predictors is None else list(predictors)
    source = Embedded(data)
    columns = columns_of(predictors, source.columns)
    source.check_columns([*design.columns, outcome, *columns])
    frame = read_columns(open_frame(data), list(dict.fromkeys((outcome, *columns))))
    for column in frame:
        check_finite(column)
    y = _outcome(frame[outcome], family, scores)
    rows = source.rows(Request(design, (), rows=not design.psu))
    there = ~np.isnan(y) & complete(frame, columns)
    x, names = design_matrix(frame.filter(there), predictors)
    if there.sum() <= x.shape[1]:
        raise wrong("regression-empty", f"{int(there.sum())} rows are complete, for {x.shape[1]} coefficients.",
                    "Use fewer predictors, or look for missing values.")  # fmt: skip
    found = fit(x, y[there], rows.weight[there], family, float(rows.weight.mean()))
    if family == "logistic":
        _refuse_separated(names, x, found.inverse * float(rows.weight.mean()))
    influence = np.zeros((len(there), x.shape[1]))
    influence[there] = found.residual[:, None] * x @ found.inverse
    form = variance.structure(rows.units, design)
    answered = None if variance.keeps_strata(design) else np.bincount(rows.unit, there, len(rows.units))
    covariance = variance.covariance(form, unit_sums(influence, rows, design), answered)
    df = _units_less_strata(rows, form, there) + 1.0 - x.shape[1]
    return Regression(
        _table(names, found.coefficients, covariance, df, level), covariance, int(there.sum()), df, family
    )


def _refuse_separated(names: list[str], x: Floats, inverse: Floats) -> None:
    """Where all of a category answer alike its coefficient grows without end, and where R stops it has a small error and a
    p of 0: refused, known by the information that the model has left on it."""
    left = np.sqrt(np.diag(inverse)) * (x.max(axis=0) - x.min(axis=0))
    if left.max() > UNBOUNDED:
        name = names[int(left.argmax())]
        raise wrong(
            "regression-separated",
            f"{name} decides the answer for some: its coefficient has no end.",
            "Leave the column out, or join the category with another.",
            column=name,
        )


def _outcome(column: pl.Series, family: str, scores: Mapping[str, float] | None) -> Floats:
    if scores is not None:
        codes, worth = encode(column), dict(as_scores(scores) or ())
        y = np.array([np.nan, *(worth.get(label, np.nan) for label in codes.labels)], np.float64)[codes.codes]
        if family == "logistic" and ((y < 0) | (y > 1)).any():
            raise wrong("logistic-scores", f"Scores of {column.name} are below 0 or above 1.", "Score the event 1, the rest 0.")
        return np.asarray(y)
    if family == "linear":
        return numbers(column)
    codes = encode(column)
    if len(codes.labels) != 2:
        raise wrong(
            "not-two-answers",
            f"{column.name} has {len(codes.labels)} different answers.",
            "A logistic outcome has two; say with scores= which answers are 1 and which 0.",
            column=column.name,
        )
    return np.asarray(np.array([np.nan, 0.0, 1.0])[codes.codes], np.float64)


def unit_sums(influence: Floats, rows: Rows, design: Design) -> Floats:
    """Row-level scores (rows × columns, weights in them) added up to units, less what calibration explains."""
    count = len(rows.units)
    sums: Floats = np.column_stack([np.bincount(rows.unit, column, count).astype(np.float64) for column in influence.T])
    calibration = design.calibration
    if calibration is None:
        return sums
    everyone = np.zeros(len(rows.unit), np.int64)
    explained = [calibration.coefficients(column / rows.weight, everyone, 1)[0] for column in influence.T]
    return sums - calibration.unit_columns(rows.unit, count) @ np.column_stack(explained)


def _units_less_strata(rows: Rows, form: variance.Structure, there: Any) -> float:
    psu = np.unique(form.psu[rows.unit[there]])
    stage = form.stages[0].index
    return float(len(psu) - len(np.unique(stage.stratum[psu])))


def _table(names: list[str], b: Floats, covariance: Floats, df: float, level: float) -> pl.DataFrame:
    se = np.sqrt(np.diag(covariance))
    with np.errstate(divide="ignore", invalid="ignore"):
        t = b / se
    known = df >= 1
    half = quantile_t(np.array([df]), level)[0] * se if known else np.full(len(b), np.nan)
    p = 2 * stats.t.sf(np.abs(t), df) if known else np.full(len(b), np.nan)
    columns = {
        "term": names,
        "estimate": b,
        "se": se,
        "df": [df] * len(b),
        "t": t,
        "p": p,
        "low": b - half,
        "high": b + half,
    }
    return pl.DataFrame(columns).with_columns(pl.col(pl.Float64).fill_nan(None))


def adjusted_units(
    data: Any, unit: str, outcome: str, covariates: Sequence[str], *, weight: str | None = None
) -> pl.DataFrame:
    """Units' means as they would be at everybody's mix: adjusted = raw − Σ b_k (x̄_k,unit − x̄_k).

    b comes from a linear model with an effect for each unit, so that units' own quality does not leak into it (HCAHPS
    patient-mix adjustment; O'Malley and others 2005). Columns: unit n raw adjusted shift. Rows complete in all columns.
    """
    frame = read_columns(
        open_frame(data), list(dict.fromkeys((unit, outcome, *covariates, *((weight,) if weight else ()))))
    )
    y = numbers(frame[outcome])
    w = np.ones(len(frame)) if weight is None else numbers(frame[weight])
    codes = encode(frame[unit])
    there = ~np.isnan(y) & complete(frame, columns_of(covariates, frame.columns)) & (codes.codes > 0)
    x = design_matrix(frame.filter(there), covariates)[0][:, 1:]
    y, w, place = y[there], w[there], codes.codes[there].astype(np.int64) - 1
    count = len(codes.labels)
    whole = np.bincount(place, w, count)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = np.column_stack([np.bincount(place, w * column, count) / whole for column in (y, *x.T)])
    centred = np.column_stack([y, x]) - means[place]
    b = fit(centred[:, 1:], centred[:, 0], w).coefficients if x.shape[1] else np.zeros(0)
    overall = (w[:, None] * x).sum(axis=0) / w.sum()
    shift = -(means[:, 1:] - overall) @ b
    n = np.bincount(place, minlength=count)
    table = pl.DataFrame(
        {"unit": list(codes.labels), "n": n, "raw": means[:, 0], "adjusted": means[:, 0] + shift, "shift": shift}
    )
    return table.filter(pl.col("n") > 0)
