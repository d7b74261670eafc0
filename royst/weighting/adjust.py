"""Adjustment of weights for non-response, trimming, and what unequal weights cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from royst.errors import Faults, wrong
from royst.totals.reading import check_finite, encode, label, numbers
from royst.totals.table import Floats
from royst.weighting.irls import columns_of, design_matrix, fit


def nonresponse_cells(
    frame: pl.DataFrame, responded: str, cells: str | Sequence[str], weight: str | None = None, fewest: int = 1
) -> Floats:
    """Weights of those who answered, raised so that they stand for all of their cell; 0 for those who did not.

    The weighting-class adjustment (Little and Rubin 2019, section 3.3). ``InputError`` for cells where fewer than
    ``fewest`` answered: join them with others.
    """
    answered = _truth(frame, responded)
    base = np.ones(len(frame)) if weight is None else numbers(frame[weight])
    names = [cells] if isinstance(cells, str) else list(cells)
    coded = [encode(frame[name]) for name in names]
    key = np.zeros(len(frame), np.int64)
    for codes in coded:
        key = key * (len(codes.labels) + 1) + codes.codes
    cell = np.unique(key, return_inverse=True)[1]
    _refuse_thin_cells(frame.select(names), cell, answered, fewest)
    everyone = np.bincount(cell, base)
    those = np.bincount(cell, base * answered)
    return np.where(answered, base * (everyone / those)[cell], 0.0)


def _refuse_thin_cells(names: pl.DataFrame, cell: Any, answered: Any, fewest: int) -> None:
    thin = np.flatnonzero(np.bincount(cell, answered) < max(fewest, 1))
    if len(thin):
        row = names.row(int(np.argmax(cell == thin[0])), named=True)
        shown = ", ".join(f"{name}={'missing' if value is None else label(value)}" for name, value in row.items())
        raise wrong(
            "thin-cell",
            f"{len(thin)} cell(s) have fewer than {max(fewest, 1)} who answered; the first is {shown}.",
            "Join cells until each has answers.",
        )


def nonresponse_propensity(
    frame: pl.DataFrame,
    responded: str,
    covariates: Sequence[str],
    weight: str | None = None,
    classes: int | None = 5,
) -> Floats:
    """Weights divided by the chance of answering, from a weighted logistic regression on ``covariates``.

    With ``classes`` the chances are averaged within as many classes of equal weight, which does not lean on the
    model's extremes (Rosenbaum and Rubin 1983; Haziza and Beaumont 2007); None divides by the chance itself.
    """
    answered = _truth(frame, responded)
    base = np.ones(len(frame)) if weight is None else numbers(frame[weight])
    matrix, _ = design_matrix(frame, covariates)
    _refuse_missing(frame, [*columns_of(covariates, frame.columns), *([weight] if weight else [])])
    chance = fit(matrix, answered.astype(np.float64), base, "logistic").fitted
    if classes is not None:
        order = np.argsort(chance, kind="stable")
        reached = np.cumsum(base[order]) / base.sum()
        group = np.empty(len(base), np.int64)
        group[order] = np.minimum((reached * classes - 1e-9).astype(np.int64), classes - 1)
        group = np.unique(group, return_inverse=True)[1]
        those = np.bincount(group, base * answered)
        chance = (those / np.bincount(group, base))[group]
    if (chance[answered] <= 0).any():
        raise wrong("thin-cell", "Some who answered have no chance of answering.", "Use fewer classes.")
    return np.where(answered, base / np.where(answered, chance, 1.0), 0.0)


def _refuse_missing(frame: pl.DataFrame, names: Sequence[str]) -> None:
    faults = Faults()
    for name in dict.fromkeys(names):
        check_finite(frame[name])
        missing = np.flatnonzero(encode(frame[name]).codes == 0)
        if len(missing):
            faults.add("covariate-missing", f"{name} is missing in {len(missing)} row(s).",
                       "Everyone sampled needs a value: make missing a category of its own.", row=int(missing[0]) + 2, column=name)  # fmt: skip
    faults.stop()


def _truth(frame: pl.DataFrame, name: str) -> Any:
    column = frame[name]
    if not len(column):
        raise wrong("no-rows", "There are no rows.", "Give everyone who was sampled, answered or not.")
    if column.null_count():
        raise wrong("responded-missing", f"{name} is missing in some rows.", "Say for each row whether it answered.",
                    column=name)  # fmt: skip
    return numbers(column) > 0


def trim(
    weights: Any, highest: float | None = None, lowest: float | None = None, times_median: float | None = None
) -> Floats:
    """Weights held between ``lowest`` and ``highest`` (or ``times_median`` × the median), their sum kept.

    What is cut is shared out over the weights that were not, in rounds, as R's ``trimWeights(strict = TRUE)`` does.
    """
    weight = _finite(weights).copy()
    if not len(weight):
        return weight
    top = np.inf if highest is None else highest
    if times_median is not None:
        top = min(top, times_median * float(np.median(weight)))
    low = -np.inf if lowest is None else lowest
    whole = weight.sum()
    if top * len(weight) < whole or low * len(weight) > whole:
        raise wrong(
            "trim-impossible", "No weights between the limits have the sum that these have.", "Widen the limits."
        )
    for _ in range(TRIM_ROUNDS):
        out = (weight > top * (1 + 1e-12)) | (weight < low * (1 - 1e-12))
        if not out.any():
            break
        cut = np.clip(weight, low, top)
        cut[~out] += (weight - cut).sum() / max(int((~out).sum()), 1)
        weight = cut
    return weight


TRIM_ROUNDS = 10_000


@dataclass(frozen=True)
class Diagnostics:
    """What unequal weights cost: ``deff`` = 1 + cv² (Kish 1965, section 11.7), effective n, extremes over the median;
    with weights from before a calibration, the range of the factors g."""

    n: int
    total: float
    deff: float
    n_eff: float
    cv: float
    smallest: float
    largest: float
    largest_over_median: float
    g_smallest: float | None = None
    g_largest: float | None = None


def _finite(weights: Any) -> Floats:
    try:
        found = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError):
        found = np.array([np.nan])
    if found.ndim != 1 or not np.isfinite(found).all():
        raise wrong("weights-numbers", "The weights are not a row of finite numbers.", "Mend those that are missing or infinite.")
    return found


def diagnostics(weights: Any, before: Any = None) -> Diagnostics:
    """Kish's design effect and effective n of weights, and the factors that a calibration put on ``before``."""
    w = _finite(weights)
    if len(w) == 0 or w.sum() <= 0:
        raise wrong("weights-empty", "There are no weights with a positive sum.", "Look at the weights.")
    deff = float(len(w) * (w * w).sum() / w.sum() ** 2)
    earlier = None if before is None else _finite(before)
    if earlier is not None and (len(earlier) != len(w) or (earlier == 0).any()):
        raise wrong("weights-before", "The weights before are not one for each weight, or some are 0.", "Give the weights that were calibrated.")
    g = None if earlier is None else w / earlier
    return Diagnostics(
        len(w),
        float(w.sum()),
        deff,
        len(w) / deff,
        float(np.sqrt(max(deff - 1, 0.0))),
        float(w.min()),
        float(w.max()),
        float(w.max() / np.median(w)),
        None if g is None else float(g.min()),
        None if g is None else float(g.max()),
    )
