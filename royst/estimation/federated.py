"""Estimates from sums that sites send, where answers may not leave: a plan that all share, and what it yields.

One exchange carries everything that is linear in sums by unit: means, shares, bands, indices, totals, ratios, their
standard errors, covariances, differences and changes (where units are clusters), replicates, and units' own figures.
Quantiles, raking, regression and relative weights need further rounds, each a request of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from royst.errors import wrong
from royst.estimation.estimate import as_groupings, estimate_from
from royst.estimation.measures import Measure, statistics
from royst.estimation.result import KEY, Result, Row, domain_name
from royst.totals import files
from royst.totals.design import Design
from royst.totals.engines import engine_for
from royst.totals.reading import Codes, label
from royst.totals.request import Request, unique_variables


@dataclass(frozen=True)
class Plan:
    """What every site sums, settled before anyone looks: the design, the measures, the groupings, and each coded item's
    answers (``levels``: item → codes), since no site sees them all. Items without levels are numbers."""

    design: Design
    measures: tuple[Measure, ...]
    by: Any
    codes: Mapping[str, Sequence[Any]]

    def levels(self, item: str) -> Codes:
        if item not in self.codes:
            raise wrong("plan-levels", f"The plan does not say which answers {item!r} has.", "Add it to levels.")
        labels = tuple(label(code) for code in self.codes[item])
        return Codes(np.zeros(0, np.uint8), labels, None)

    def is_number(self, item: str) -> bool:
        return item not in self.codes

    @property
    def request(self) -> Request:
        """The request that the plan amounts to; its hash names the plan."""
        wanted = statistics(self.measures, self, None)
        if any(one.form == "quantile" for one in wanted):
            raise wrong("plan-quantile", "Quantiles take more than one exchange.", "Leave them out of the plan.")
        return Request(self.design, unique_variables(one.variable for one in wanted), as_groupings(self.by))


def plan(design: Design, measures: Measure | Sequence[Measure], by: Any, levels: Mapping[str, Sequence[Any]]) -> Plan:
    """A plan that sites and receiver share; see ``Plan``."""
    return Plan(design, (measures,) if isinstance(measures, Measure) else tuple(measures), by, dict(levels))


def send(
    data: Any,
    agreed: Plan,
    path: Path | str,
    *,
    receiver: str | None = None,
    fewest: int | None = None,
    engine: str = "embedded",
) -> Path:
    """Write one site's sums; ``receiver`` seals them, ``fewest`` withholds small cells (see ``totals.files.write``)."""
    return files.write(engine_for(engine, data).totals(agreed.request), path, receiver, fewest)


class _Source(files.Pooled):
    """Pooled totals that know the plan's codes."""

    def __init__(self, paths: Sequence[Path | str], agreed: Plan, key: str | None):
        super().__init__(paths, agreed.request, key)
        self.levels, self.is_number = agreed.levels, agreed.is_number


def receive(paths: Sequence[Path | str], agreed: Plan, *, key: str | None = None, level: float = 0.95) -> Result:
    """The estimates that pooled answers would give, from the sites' files."""
    return estimate_from(_Source(paths, agreed, key), agreed.design, agreed.measures, agreed.by, level)


def cost(result: Result) -> pl.DataFrame:
    """What withholding cost, by row of a received result: cells not sent, the answers lost at most, the share of the row's
    answers that this may be, and by how much the standard error may have grown, as √(1 + lost / kept).

    Estimates rest on the cells that were sent; those withheld are small units or rare answers, so that bias is possible
    too and grows with ``lost_share``.
    """
    withheld = {one.grouping: one for one in getattr(result.source, "withheld", [])}
    rows = [_row_cost(result, place, row, withheld) for place, row in enumerate(result.rows)]
    schema = dict.fromkeys(KEY, pl.String)
    return pl.DataFrame(
        rows,
        schema={**schema, "cells": pl.Int64, "at_most": pl.Int64, "lost_share": pl.Float64, "se_factor": pl.Float64},
    )


def _row_cost(result: Result, place: int, row: Row, withheld: dict[tuple[str, ...], files.Withheld]) -> dict[str, Any]:
    by = result.groupings[row.grouping]
    found: dict[str, Any] = dict(zip(KEY, result.table.select(KEY).row(place)))
    cells = most = 0.0
    if by in withheld:
        source = result.source
        group = source.totals(Request(result.design, (row.statistic.variable,), (by,))).groups[0]
        variable = source._request.variables.index(row.statistic.variable)  # type: ignore[attr-defined]
        domain = [domain_name(by, one) for one in group.domains].index(found["domain"])
        cells, most = (float(part[domain, variable]) for part in (withheld[by].cells, withheld[by].at_most))
    kept = int(result.table["n"][place])
    share = most / (most + kept) if most + kept else 0.0
    return {**found, "cells": int(cells), "at_most": int(most), "lost_share": share,
            "se_factor": float(np.sqrt(1 + most / kept)) if kept else None}  # fmt: skip
