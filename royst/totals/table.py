"""What an engine returns: sampling units, and sums by unit × domain × variable. No statistics."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from royst.totals.request import Request

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Units:
    """The sampled units at the last stage used, sorted by stratum and unit of the first stage, then of the next.

    ``strata[s]`` and ``clusters[s]`` hold stage s's labels (objects) per unit; an undeclared stratum is "". ``fpc`` is
    units × stages (NaN where none). ``n``, ``w``, ``ww`` are rows, Σw and Σw² of the unit, whatever was answered;
    ``smallest`` the smallest weight. Where ``element`` is true a row here is a *stratum*, and its n rows are the units.
    """

    strata: tuple[NDArray[np.object_], ...]
    clusters: tuple[NDArray[np.object_], ...]
    fpc: Floats
    n: Floats
    w: Floats
    ww: Floats
    smallest: float
    element: bool

    def __len__(self) -> int:
        return len(self.n)

    @property
    def stages(self) -> int:
        return len(self.clusters)


@dataclass(frozen=True)
class GroupTotals:
    """Sums by cell, a cell being a unit and a domain that meet; cells are sorted by domain, then unit.

    ``domains`` are tuples of labels; ``domain`` and ``unit`` index the cells; ``size`` is each cell's rows; ``sums[name]``
    is cells × variables, and ``added[name]`` domains × variables for sums that came by domain alone.
    """

    by: tuple[str, ...]
    domains: tuple[tuple[str, ...], ...]
    domain: Ints
    unit: Ints
    size: Floats
    sums: dict[str, Floats]
    added: dict[str, Floats] = field(default_factory=dict)

    @cached_property
    def starts(self) -> Ints:
        """Where each domain's cells start (every domain has at least one cell)."""
        return np.searchsorted(self.domain, np.arange(len(self.domains)))

    def by_domain(self, name: str) -> Floats:
        """A sum added over units: domains × variables, in the cells' order."""
        if name in self.added:
            return self.added[name]
        values = self.sums[name]
        return np.add.reduceat(values, self.starts, axis=0) if len(self.domains) else values[:0]


@dataclass(frozen=True)
class Totals:
    """The answer to a ``Request``: its units and one table of sums per grouping."""

    request: Request
    units: Units
    groups: tuple[GroupTotals, ...]


@dataclass(frozen=True)
class CrossProducts:
    """Sums of products over a complete set of columns: ``sums`` is units × (1 + p) × (1 + p), ``n`` complete rows."""

    units: Units
    n: Floats
    sums: Floats
