"""From this wave to the next: margin of error, and how many units and answers a wanted margin takes."""

from __future__ import annotations

import math

import polars as pl
from scipy import stats

from royst.errors import wrong


def margin_of_error(table: pl.DataFrame) -> pl.DataFrame:
    """A result's table with ``margin``: half the interval's width, in the estimate's unit."""
    return table.with_columns(((pl.col("high") - pl.col("low")) / 2).alias("margin"))


def design_effect(answers_per_unit: float, icc: float, weights: float = 1.0) -> float:
    """(1 + (m − 1)·ρ) × Kish's 1 + cv² of the weights (Kish 1987; Gabler, Häder and Lahiri 1999)."""
    return (1 + (answers_per_unit - 1) * icc) * weights


def sample_size(
    margin: float,
    answers_per_unit: float,
    icc: float,
    *,
    share: float | None = 0.5,
    sd: float | None = None,
    weights: float = 1.0,
    level: float = 0.95,
    units_there: int | None = None,
) -> dict[str, float]:
    """Units and answers that give an interval of ±``margin`` for a share (or a mean with standard deviation ``sd``).

    The critical value is t with units − 1 degrees of freedom, found by rounds; with ``units_there`` the finite-population
    correction of a simple random sample of units is counted in (Cochran 1977, sections 4.4 and 9.9).
    """
    if margin <= 0 or answers_per_unit < 1:
        raise wrong(
            "plan-size", "The margin must be positive and a unit give at least one answer.", "Mend the numbers."
        )
    spread = sd * sd if sd is not None else (share or 0.0) * (1 - (share or 0.0))
    effect = design_effect(answers_per_unit, icc, weights)
    units = 2
    for _ in range(200):
        t = float(stats.t.ppf(0.5 + level / 2, max(units - 1, 1)))
        needed = t * t * spread * effect / (margin * margin) / answers_per_unit
        if units_there is not None:
            needed = needed / (1 + needed / units_there)
        rounded = max(2, math.ceil(needed - 1e-9))
        if rounded == units:
            break
        units = rounded if rounded > units else units + (rounded - units) // 2 if rounded < units - 1 else rounded
    return {"units": float(units), "answers": math.ceil(units * answers_per_unit), "deff": effect, "t": t}
