"""What calibration leaves behind for the variance: final weights, and the projection whose residuals vary.

With A the calibration's columns, w the final and q the regression weights, a statistic's score z = w·u has the residual
e = z − w·A·M·(Aᵀ q u). For poststratification and GREG q is the weight before and M = (AᵀQA)⁺ (Deville and Särndal 1992);
for raking q is 1 and M ten sweeps of margin means, as R's ``svyrecvar`` does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from royst.errors import wrong
from royst.totals.table import Floats, Ints


@dataclass(frozen=True, eq=False)
class Calibration:
    """Bound to the rows it was made from, in their order: ``weights`` and ``regression`` per row, ``columns`` rows × p."""

    method: str
    weights: Floats
    columns: sparse.csr_matrix
    inverse: Floats
    regression: Floats
    before: Floats

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
        weight = (self.regression * u)[inside]
        gather = sparse.csr_matrix((weight, (domain[inside], np.flatnonzero(inside))), shape=(domains, len(u)))
        return np.asarray((gather @ self.columns).todense()) @ self.inverse.T
