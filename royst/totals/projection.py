"""What calibration leaves behind for the variance: final weights, and the projection whose residuals vary.

With A the calibration's columns, w the final and q the regression weights, a statistic's score z = w·u has the residual
e = z − w·A·M·(Aᵀ q u). For poststratification and GREG q is the weight before and M = (AᵀQA)⁺ (Deville and Särndal 1992);
for raking q is 1 and M ten sweeps of margin means, as R's ``svyrecvar`` does. Where a calibrated design is calibrated again
the residuals of the first are those that the second explains, in that order, as in R.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from royst.errors import wrong
from royst.totals.table import Floats, Ints


@dataclass(frozen=True, eq=False)
class Calibration:
    """Bound to the rows it was made from, in their order: ``weights`` per row, ``columns`` A and ``regressors`` q·A (rows ×
    p), ``inverse`` M (p × p)."""

    method: str
    weights: Floats
    columns: sparse.csr_matrix
    regressors: sparse.csr_matrix
    inverse: Floats

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
        )

    def weights_for(self, height: int) -> Floats:
        """The final weights; an ``InputError`` for other data than those that were calibrated."""
        if height != len(self.weights):
            raise wrong(
                "calibrated-elsewhere",
                f"The design was calibrated on {len(self.weights)} rows; these data have {height}.",
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
