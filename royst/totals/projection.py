"""What calibration leaves behind for the variance: final weights, and the projection whose residuals vary.

With A the calibration's columns, w the final and q the regression weights, a statistic's score z = w·u has the residual
e = z − w·A·M·(Aᵀ q u). For poststratification and GREG q is the weight before and M = (AᵀQA)⁺ (Deville and Särndal 1992);
for raking M is ten sweeps of margin means, as R's ``svyrecvar`` does, and A is weighted by what was left to rake after each
margin, q by its inverse (both 1 where raking has settled). Where a calibrated design is calibrated again
the residuals of the first are those that the second explains, in that order, as in R.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import sparse

from royst.errors import wrong
from royst.totals.table import Floats, Ints


def mark_of(frame: pl.DataFrame) -> str:
    """A fingerprint of columns' values in their order of rows, whatever kinds hold them."""
    texts = frame.select(pl.all().cast(pl.String).fill_null("\x00"))
    return hashlib.sha256(texts.hash_rows(seed=1).to_numpy().tobytes()).hexdigest()


@dataclass(frozen=True, eq=False)
class Calibration:
    """Bound to the rows it was made from, in their order: ``weights`` per row, ``columns`` A and ``regressors`` q·A (rows ×
    p), ``inverse`` M (p × p). ``made_of`` names the columns that the weights follow from, ``mark`` is their ``mark_of``."""

    method: str
    weights: Floats
    columns: sparse.csr_matrix
    regressors: sparse.csr_matrix
    inverse: Floats
    made_of: tuple[str, ...]
    mark: str

    def then(self, after: Calibration) -> Calibration:
        """This calibration and a later one of its weights as one: M is block-triangular, since what the first explains
        is taken out before the second looks."""
        shrunk = sparse.diags(self.weights / after.weights)
        grown = sparse.diags(after.weights / self.weights)
        columns = sparse.csr_matrix(shrunk @ self.columns)
        first, second = len(self.inverse), len(after.inverse)
        inverse = np.zeros((first + second, first + second))
        inverse[:first, :first], inverse[first:, first:] = self.inverse, after.inverse
        between = np.asarray((after.regressors.T @ columns).todense())
        inverse[first:, :first] = -after.inverse @ between @ self.inverse
        return Calibration(
            f"{self.method}, {after.method}",
            after.weights,
            sparse.hstack([columns, after.columns], format="csr"),
            sparse.hstack([grown @ self.regressors, after.regressors], format="csr"),
            inverse,
            after.made_of,
            after.mark,
        )

    def weights_for(self, height: int, read: Callable[[Sequence[str]], pl.DataFrame]) -> Floats:
        """The final weights; an ``InputError`` for other data than those that were calibrated, or another order of them.

        ``read`` gives the data's columns of these names.
        """
        same = height == len(self.weights)
        if not same or mark_of(read(self.made_of)) != self.mark:
            raise wrong(
                "calibrated-elsewhere",
                f"The design was calibrated on {len(self.weights)} rows; these data have {height}."
                if not same
                else f"The design was calibrated on other rows, or another order of them: {', '.join(self.made_of)} differ.",
                "Estimate on the same rows in the same order, or calibrate again.",
            )
        return self.weights

    def unit_columns(self, unit: Ints, count: int) -> Floats:
        """Σ w·A per unit: units × p."""
        gather = sparse.csr_matrix((self.weights, (unit, np.arange(len(unit)))), shape=(count, len(unit)))
        return np.asarray((gather @ self.columns).todense())

    def coefficients(self, u: Floats, domain: Ints, domains: int) -> Floats:
        """M·Aᵀ(q·u) for each domain's rows (domain −1 is none): domains × p."""
        inside = domain >= 0
        gather = sparse.csr_matrix((u[inside], (domain[inside], np.flatnonzero(inside))), shape=(domains, len(u)))
        return np.asarray((gather @ self.regressors).todense()) @ self.inverse.T
