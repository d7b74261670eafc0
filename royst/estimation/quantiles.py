"""Weighted quantiles with Woodruff's interval, as R's ``svyquantile`` of survey 4 (``qrule = "math"``, ``"mean"``).

The quantile is the smallest value at which the weighted distribution function reaches p (R: ``qrule_math``). The interval
is that of the distribution function at the quantile, ±t(df)·se, turned back through the same function; its length over
2·t(df) is the standard error (Woodruff 1952); df counts the units that answered, as R's by itself does. An end that leaves
[0, 1] has no value, as in R.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from royst.estimation import intervals, linearise, variance
from royst.estimation.result import SCHEMA, domain_name
from royst.totals.design import Design
from royst.totals.request import AtMost, Number, Request, Variable
from royst.totals.table import Floats, GroupTotals, Totals

if TYPE_CHECKING:
    from royst.estimation.measures import Statistic

NO_WIDTH = 1e-12  # a distribution function's error below this is rounding


def weighted_quantile(values: Floats, weights: Floats, p: float) -> float:
    """The quantile of sorted ``values`` by R's rule "math"; NaN where there are none or p is outside [0, 1].

    R's arithmetic is followed to the bit, since at a tie (p·n whole with equal weights) the last bit decides: sums in
    extended precision, weights as one over probabilities, and below the first weight the second value, as
    ``survey:::qs`` has it.
    """
    if len(values) == 0 or not 0 <= p <= 1:
        return float("nan")
    wide = weights.astype(np.longdouble)
    reached, whole = np.cumsum(wide).astype(np.float64), float(wide.sum())
    at = max(int(np.searchsorted(reached, p * whole, side="right")) - 1, 0)
    if p - reached[at] / whole == 0 or at + 1 == len(values):
        return float(values[at])
    return float(values[at + 1])


def tables(
    source: Any, design: Design, statistic: Statistic, groupings: tuple[tuple[str, ...], ...], level: float
) -> tuple[list[tuple[tuple[tuple[str, ...], ...], pl.DataFrame]], tuple[str, ...]]:
    """A quantile's domains and rows, grouping by grouping, and the notes of the design."""
    assert isinstance(statistic.variable.y, Number)
    item, p = statistic.variable.y.item, statistic.probability
    asked = Request(design, (statistic.variable,), groupings)
    distributions = source.distribution(asked, item)
    given = design.weight is not None and design.calibration is None
    names = source.totals(asked)
    found = []
    notes: tuple[str, ...] = ()
    for g, group in enumerate(names.groups):
        parts = [(values, 1 / (1 / weights) if given else weights) for values, weights in distributions[g]]
        cuts = [weighted_quantile(values, weights, p) for values, weights in parts]
        se, form = _reached_se(source, design, item, cuts, groupings[g], p)
        notes = form.notes
        df = variance.answering_df(form, group, group.sums["n"])[:, 0]
        units = variance.answering_units(form, group, group.sums["n"])[:, 0]
        rows: list[dict[str, Any]] = []
        for d, domain in enumerate(group.domains):
            values, weights = parts[d]
            t = float(intervals.quantile_t(df[d : d + 1], level)[0])
            at = _reached(values, weights, cuts[d])
            good = len(values) > 0 and df[d] >= 1 and units[d] > 1 and np.isfinite(se[d])
            half = t * se[d]
            if half < NO_WIDTH:
                low = high = cuts[d]
            else:
                low, high = (weighted_quantile(values, weights, at + side * half) for side in (-1, 1))
            rows.append(
                {
                    "measure": "quantile",
                    "item": statistic.item,
                    "category": statistic.category,
                    "domain": domain_name(group.by, domain),
                    "n": len(values),
                    "n_units": int(units[d]),
                    "estimate": cuts[d],
                    "se": (high - low) / (2 * t) if good else None,
                    "df": float(df[d]),
                    "low": low if good else None,
                    "high": high if good else None,
                    "method": "; ".join(("woodruff", *notes)),
                    "status": "ok" if good else "no_se" if len(values) else "not_estimable",
                }
            )
        frame = pl.DataFrame(rows, schema=SCHEMA).with_columns(pl.col(pl.Float64).fill_nan(None))
        status = pl.when((pl.col("status") == "ok") & pl.col("se").is_null()).then(pl.lit("no_se"))
        found.append((group.domains, frame.with_columns(status.otherwise(pl.col("status")).alias("status"))))
    return found, notes


def _reached(values: Floats, weights: Floats, cut: float) -> float:
    """The share of weight at or below a value."""
    return float(weights[values <= cut].sum() / weights.sum()) if len(values) else float("nan")


def _reached_se(
    source: Any, design: Design, item: str, cuts: list[float], by: tuple[str, ...], p: float
) -> tuple[Floats, variance.Structure]:
    """Standard errors of each domain's distribution function at its own quantile."""
    variables = tuple(dict.fromkeys(Variable(AtMost(item, 0.0 if np.isnan(cut) else cut)) for cut in cuts))
    totals = source.totals(Request(design, variables, (by,)))
    form = variance.structure_of(totals)
    found = np.empty(len(cuts))
    for d, cut in enumerate(cuts):
        place = variables.index(Variable(AtMost(item, 0.0 if np.isnan(cut) else cut)))
        found[d] = _one_se(form, totals, place, d, source)
    return found, form


def _one_se(form: variance.Structure, totals: Totals, place: int, d: int, source: Any) -> float:
    group = _only(totals.groups[0], d)
    value = group.by_domain("wy")[:, [place]] / np.maximum(group.by_domain("wx")[:, [place]], 1e-300)
    denominator = group.by_domain("wx")[:, [place]]
    spread = linearise.group_variances(form, group, [place], value, denominator, np.array([False]), source, totals)
    return float(np.sqrt(max(spread[0, 0], 0.0))) if np.isfinite(spread[0, 0]) else float("nan")


def _only(group: GroupTotals, d: int) -> GroupTotals:
    """A grouping with one of its domains."""
    cells = np.flatnonzero(group.domain == d)
    sums = {name: values[cells] for name, values in group.sums.items()}
    zero = np.zeros(len(cells), np.int64)
    return GroupTotals(group.by, (group.domains[d],), zero, group.unit[cells], group.size[cells], sums)
