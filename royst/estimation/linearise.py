"""From sums to variances: the scores of ratios and totals by cell, with what calibration explains taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from royst.estimation import variance
from royst.totals.request import Variable
from royst.totals.table import Floats, GroupTotals, Totals

if TYPE_CHECKING:
    from royst.estimation.result import Row, Source


def group_variances(
    form: variance.Structure,
    group: GroupTotals,
    places: list[int],
    value: Floats,
    denominator: Floats,
    is_total: Any,
    source: Source,
    totals: Totals,
) -> Floats:
    """Variances (domains × statistics) by the path that the design allows."""
    at = group.domain
    centre = np.where(is_total, 0.0, np.nan_to_num(value))
    if form.units.element:
        q = {name: group.sums[name][:, places] for name in ("qyy", "qxy", "qxx", "wy", "wx")}
        r, d = centre[at], denominator[at]
        with np.errstate(divide="ignore", invalid="ignore"):
            square = (q["qyy"] - 2 * r * q["qxy"] + r * r * q["qxx"]) / (d * d)
            linear = (q["wy"] - r * q["wx"]) / d
            scale = (q["qyy"] + r * r * q["qxx"]) / (d * d)
        square = np.where(square <= variance.ROUNDING * scale, 0.0, square)
        return variance.element_variances(form, group, square, linear, group.sums["n"][:, places])
    y, x = chosen(group.sums["wy"], places), chosen(group.sums["wx"], places)
    scores = variance.linearised(y, x, centre.T[:, at].T, denominator.T[:, at].T)  # laid in memory as sums are
    calibration = totals.request.design.calibration
    if calibration is None:
        answered = None if variance.keeps_strata(totals.request.design) else chosen(group.sums["n"], places)
        return variance.variances(form, at, group.unit, scores, len(group.domains), answered)
    variables = [totals.request.variables[place] for place in places]
    return _calibrated_variances(form, group, scores, variables, centre, denominator, source, totals)


def chosen(values: Floats, places: list[int]) -> Floats:
    """The columns at ``places``; no copy where they are all columns in their order."""
    return values if places == list(range(values.shape[1])) else values[:, places]


def _calibrated_variances(
    form: variance.Structure,
    group: GroupTotals,
    scores: Floats,
    variables: list[Variable],
    centre: Floats,
    denominator: Floats,
    source: Source,
    totals: Totals,
) -> Floats:
    """Variances of residuals from the calibration's columns, domain by domain: every unit then has a score."""
    found = np.empty((len(group.domains), scores.shape[1]))
    if not group.domains:
        return found
    fitted = source.fitted(totals.request, group, variables, centre, denominator)  # type: ignore[attr-defined]
    everyone = np.arange(len(form.units))
    for d in range(len(group.domains)):
        residual = -fitted[d]
        cells = slice(group.starts[d], group.starts[d + 1] if d + 1 < len(group.domains) else len(group.unit))
        residual[group.unit[cells]] += scores[cells]
        found[d] = variance.variances(form, np.zeros(len(everyone), np.int64), everyone, residual, 1)[0]
    return found


def design_effects(
    form: variance.Structure, sums: dict[str, Floats], value: Floats, spread: Floats, is_total: Any
) -> Floats:
    """Variance over that of a simple random sample of as many answers.

    With expansion weights (all at least 1, not all 1) the comparison is without replacement, as R's ``deff = TRUE``;
    otherwise, where the weights do not say how large the population is, with replacement: ``deff = "replace"``.
    """
    units, n, w = form.units, sums["n"], sums["w"]
    expanding = units.smallest >= 1 and units.w.sum() > units.n.sum() * (1 + 1e-9)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(is_total, 0.0, np.nan_to_num(value))
        residual_mean = np.where(is_total, sums["wy"] / w, (sums["wy"] - share * sums["wx"]) / w)
        square = np.where(is_total, sums["wyy"], sums["wyy"] - 2 * share * sums["wxy"] + share * share * sums["wxx"])
        left = square / w - residual_mean**2
        size = np.where(is_total, sums["wyy"], sums["wyy"] + share * share * sums["wxx"]) / w
        element = np.where(left > variance.ROUNDING * size, left, 0.0) * n / (n - 1)
        simple = element / n * np.where(is_total, w * w, (w / sums["wx"]) ** 2)
        if expanding:
            simple = simple * (w - n) / w
        return np.where((simple > 0) & np.isfinite(simple), spread / simple, np.nan)


def row_scores(
    row: Row, group: GroupTotals, place: int, form: variance.Structure, source: Source, totals: Totals
) -> Floats:
    """One row's score per unit; zeros where its domain has no one, residuals where the design is calibrated."""
    d = group.domains.index(row.domain)
    end = group.starts[d + 1] if d + 1 < len(group.domains) else len(group.unit)
    cells = slice(group.starts[d], end)
    y, x = group.sums["wy"][cells, place], group.sums["wx"][cells, place]
    if row.statistic.form == "total":
        centre, denominator = 0.0, 1.0
    else:
        denominator = float(x.sum())
        centre = float(y.sum()) / denominator if denominator else np.nan
    values = np.zeros(len(form.units))
    np.add.at(values, group.unit[cells], (y - centre * x) / denominator if denominator else np.nan)
    if totals.request.design.calibration is not None:
        shape = (len(group.domains), 1)
        fitted = source.fitted(  # type: ignore[attr-defined]
            totals.request, group, [row.statistic.variable], np.full(shape, centre), np.full(shape, denominator)
        )
        values -= fitted[d][:, 0]
    return values
