"""One difference, whatever is compared: two groups of one wave, or an estimate and another survey's published figure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from royst.estimation import intervals
from royst.estimation.result import Result


@dataclass(frozen=True)
class Difference:
    """First minus second, with the interval at the result's level and the 90 % one. ``se`` and what follows from it are None where unknown."""

    estimate: float
    se: float | None
    df: float | None
    low: float | None
    high: float | None
    low90: float | None
    high90: float | None
    p: float | None


def between_groups(
    result: Result, first: tuple[str, str, str, str], second: tuple[str, str, str, str]
) -> Difference | None:
    """The difference of two rows of one result (keys: measure, item, category, domain); None where one is not estimable.

    The covariance of the two comes from the same units' scores; df is the lesser of the two rows'.
    """
    a, b = (result.table.row(result.find(*key), named=True) for key in (first, second))
    if a["status"] != "ok" or b["status"] != "ok":
        return None
    tested = result.contrast([(first, 1.0), (second, -1.0)])
    return _with_intervals(tested["estimate"], tested["se"], tested["df"], result.level, tested["p"])


def with_source(estimate: float, se: float, df: float, value: float, n: int | None, level: float = 0.95) -> Difference:
    """An estimate minus a figure that another survey published, both as fractions.

    The other's sampling error is that of a simple random sample of ``n``, the least it can be; where ``n`` is unknown it is taken as none.
    """
    other = value * (1 - value) / n if n else 0.0
    both = float(np.sqrt(se * se + other))
    return _with_intervals(estimate - value, both, df, level, None)


def with_published(new: Result, key: tuple[str, str, str, str], value: float, se: float, df: float) -> Difference | None:
    """A row of a result minus an estimate of an earlier wave of which only what was published is used; None where the row is not estimable.

    Without the answers behind it the covariance that units in both waves bring is not known and is left out: where they answer
    alike, as they do, the error is on the safe side. df is the lesser of the two.
    """
    row = new.table.row(new.find(*key), named=True)
    if row["status"] != "ok":
        return None
    both = float(np.hypot(intervals.share_se(row, new.level), se))
    return _with_intervals(row["estimate"] - value, both, min(row["df"], df), new.level, None)


def _with_intervals(estimate: float, se: float, df: float, level: float, p: float | None) -> Difference:
    if not se > 0:
        return Difference(estimate, None, None, None, None, None, None, None)
    half, half90 = (float(intervals.quantile_t(np.array([df]), at)[0]) * se for at in (level, 0.90))
    if p is None:
        p = float(2 * stats.t.sf(abs(estimate) / se, df))
    return Difference(estimate, se, df, estimate - half, estimate + half, estimate - half90, estimate + half90, p)
