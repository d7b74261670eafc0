"""From this wave to the next: margin of error, and how many units and answers a wanted margin takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

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

    The critical value is t with units − 1 degrees of freedom; with ``units_there`` the finite-population
    correction of a simple random sample of units is counted in (Cochran 1977, sections 4.4 and 9.9).
    """
    if margin <= 0 or answers_per_unit < 1:
        raise wrong(
            "plan-size", "The margin must be positive and a unit give at least one answer.", "Mend the numbers."
        )
    spread = sd * sd if sd is not None else (share or 0.0) * (1 - (share or 0.0))
    effect = design_effect(answers_per_unit, icc, weights)

    def enough(units: int) -> bool:
        needed = _t(units - 1, level) ** 2 * spread * effect / (margin * margin) / answers_per_unit
        return units >= (needed if units_there is None else needed / (1 + needed / units_there)) - 1e-9

    units = _fewest(enough, 2)
    answers = math.ceil(units * answers_per_unit)
    return {"units": float(units), "answers": answers, "deff": effect, "t": _t(units - 1, level)}


def next_wave(table: pl.DataFrame, margin: float, *, level: float = 0.95) -> pl.DataFrame:
    """Units and answers that would give each row of a result's table an interval of ±``margin``, asked as this wave was.

    ``InputError`` for a margin that is not positive.

    The standard error falls as 1/√units at this wave's answers per unit, clustering and weights, so that nothing but the row
    is needed; t has as many degrees of freedom fewer than units as now. Columns added: ``margin`` now, ``next_units``,
    ``next_answers``; null where the row has no standard error. A finite-population correction is kept as it is, which asks
    for a few units too many.
    """
    if not margin > 0:
        raise wrong("plan-size", f"margin={margin} is not positive.", "Give it in the estimate's unit, as 0.03.")
    found: list[tuple[int | None, int | None]] = []
    for row in table.iter_rows(named=True):
        units = None if row["status"] != "ok" or not row["se"] else _next_units(row, margin, level)
        found.append((units, None if units is None else math.ceil(units * row["n"] / row["n_units"])))
    names = ("next_units", "next_answers")
    return margin_of_error(table).with_columns(
        pl.Series(name, [pair[k] for pair in found], dtype=pl.Int64) for k, name in enumerate(names)
    )


def _fewest(enough: Callable[[int], bool], low: int) -> int:
    """The least whole number from ``low`` that is enough, where every larger one is too."""
    high = low
    while not enough(high):
        low, high = high + 1, 2 * high
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return high


def _next_units(row: Mapping[str, Any], margin: float, level: float) -> int:
    now, spent = row["n_units"], row["n_units"] - row["df"]
    return _fewest(lambda k: _t(k - spent, level) * row["se"] * math.sqrt(now / k) <= margin, int(spent) + 1)


def _t(df: float, level: float) -> float:
    return float(stats.t.ppf(0.5 + level / 2, df))
