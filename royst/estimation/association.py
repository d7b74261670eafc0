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
from royst.totals.design import Design, as_design
from royst.totals.reading import encode, open_frame, read_columns
from royst.totals.table import Floats, Ints

CELL = "royst_cell"


def independence(data: Any, design: Design | None, rows: str, columns: str) -> dict[str, float]:
    """Test that two items are independent: F (second-order correction), df1, df2, p; chi2 (Pearson's, at n answers) with
    df_chi2 and p_chi2 of the first-order correction; n.

    R: ``svychisq(~rows + columns, design)``, whose default is F, and ``statistic = "Chisq"``. Rows that lack either item
    are left out of the table and stay in the design.
    """
    design = as_design(design)
    frame = open_frame(data).collect()
    table = read_columns(frame.lazy(), list(dict.fromkeys((rows, columns))))
    codes = [encode(table[name]).codes.astype(np.int64) for name in (rows, columns)]
    complete = (codes[0] > 0) & (codes[1] > 0)
    (height, a), (width, b) = (_among(one[complete]) for one in codes)
    if height < 2 or width < 2:
        raise wrong(
            "one-category",
            f"{rows} or {columns} has one category only among those who answered both.",
            "Independence needs two of each.",
        )
    cell = np.full(len(frame), -1)
    cell[complete] = a * width + b
    marked = frame.with_columns(pl.Series(CELL, cell).replace(-1, None))
    cells = list(range(height * width))
    result = estimate(marked, design, share(CELL, cells))
    scores, form, answers = result._unit_scores(list(range(len(cells))))
    answered = None if variance.keeps_strata(design) else answers.any(axis=1)
    p, v = result.estimates, variance.covariance(form, scores, answered)
    nu = variance.whole_df(form)
    if not nu >= 1:
        raise wrong("no-error", "The design has no degrees of freedom.", "A test needs two sampling units in a stratum.")
    return _rao_scott(p.reshape(-1, width), v, nu, int(result.table["n"][0]))


def _among(codes: Ints) -> tuple[int, Ints]:
    """How many codes there are, and each row's place among them."""
    seen, place = np.unique(codes, return_inverse=True)
    return len(seen), place.reshape(-1)


def _rao_scott(p: Floats, v: Floats, nu: float, n: int) -> dict[str, float]:
    height, width = p.shape
    expected = np.outer(p.sum(axis=1), p.sum(axis=0))
    chi2 = n * float(((p - expected) ** 2 / np.where(expected > 0, expected, 1.0)).sum())
    flat = p.ravel()
    contrasts = _interactions(height, width)
    inverse = np.where(flat > 0, 1 / np.where(flat > 0, flat, 1.0), 0.0)
    simple = contrasts.T @ (inverse[:, None] * contrasts) / n
    design = contrasts.T @ (inverse[:, None] * v * inverse[None, :]) @ contrasts
    if (flat == 0).any() and np.linalg.matrix_rank(simple, hermitian=True) < len(simple):
        raise wrong("empty-cells", "Too many pairs of answers that nobody gave.", "Join categories until most have someone.")
    delta = np.linalg.solve(simple, design)
    trace = float(np.trace(delta))
    if not trace > 1e-12:
        raise wrong("no-error", "The table has no sampling error.", "A census needs no test: its figures are what they are.")
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
