"""Do two categorical items go together? Rao and Scott's corrected χ² (1984), as R's ``svychisq``."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from royst.errors import wrong
from royst.estimation import variance
from royst.estimation.estimate import estimate
from royst.estimation.measures import share
from royst.totals.design import Design
from royst.totals.reading import encode, open_frame, read_columns
from royst.totals.table import Floats

CELL = "royst_cell"


def independence(data: Any, design: Design, rows: str, columns: str) -> dict[str, float]:
    """Test that two items are independent: F (second-order correction), df1, df2, p; chi2 (Pearson's, at n answers) with
    df_chi2 and p_chi2 of the first-order correction; n.

    R: ``svychisq(~rows + columns, design)``, whose default is F, and ``statistic = "Chisq"``. Rows that lack either item
    are left out of the table and stay in the design.
    """
    frame = open_frame(data).collect()
    table = read_columns(frame.lazy(), [rows, columns])
    a, b = encode(table[rows]), encode(table[columns])
    if len(a.labels) < 2 or len(b.labels) < 2:
        raise wrong("one-category", f"{rows} or {columns} has one category only.", "Independence needs two of each.")
    width = len(b.labels)
    cell = np.where((a.codes > 0) & (b.codes > 0), (a.codes.astype(int) - 1) * width + b.codes.astype(int) - 1, -1)
    marked = frame.with_columns(pl.Series(CELL, cell).replace(-1, None))
    cells = list(range(len(a.labels) * width))
    result = estimate(marked, design, share(CELL, cells))
    p, v = result.estimates, result.covariance(list(range(len(cells))))
    form = variance.structure_of(result.source.totals(_all_rows(result)))
    return _rao_scott(p.reshape(-1, width), v, variance.whole_df(form), int(result.table["n"][0]))


def _all_rows(result: Any) -> Any:
    from royst.totals.request import Request

    return Request(result.design, (result.rows[0].statistic.variable,), ((),))


def _rao_scott(p: Floats, v: Floats, nu: float, n: int) -> dict[str, float]:
    height, width = p.shape
    expected = np.outer(p.sum(axis=1), p.sum(axis=0))
    chi2 = n * float(((p - expected) ** 2 / np.where(expected > 0, expected, 1.0)).sum())
    flat = p.ravel()
    contrasts = _interactions(height, width)
    inverse = np.where(flat > 0, 1 / np.where(flat > 0, flat, 1.0), 0.0)
    simple = contrasts.T @ (inverse[:, None] * contrasts) / n
    design = contrasts.T @ (inverse[:, None] * v * inverse[None, :]) @ contrasts
    delta = np.linalg.solve(simple, design)
    trace = float(np.trace(delta))
    d0 = trace**2 / float(np.trace(delta @ delta))
    f = chi2 / trace
    count = delta.shape[0]
    corrected = chi2 / (trace / count)
    return {
        "F": f,
        "df1": d0,
        "df2": d0 * nu,
        "p": float(stats.f.sf(f, d0, d0 * nu)),
        "chi2": chi2,
        "df_chi2": float(count),
        "p_chi2": float(stats.chi2.sf(corrected, count)),
        "n": float(n),
    }


def _interactions(height: int, width: int) -> Floats:
    """Contrasts of the interaction, free of both margins."""

    def centred(size: int) -> Floats:
        return np.eye(size)[:, 1:] - 1.0 / size

    return np.asarray(np.kron(centred(height), centred(width)), np.float64)
