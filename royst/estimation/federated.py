"""Estimates from sums that sites send, where answers may not leave: a plan that all share, and what it yields.

One exchange carries everything that is linear in sums by unit: means, shares, bands, indices, totals, ratios, their
standard errors, covariances, differences and changes (where units are clusters), replicates, and units' own figures.
Quantiles, raking, regression and relative weights need further rounds, each a request of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from royst.errors import wrong
from royst.estimation.estimate import as_groupings, estimate_from
from royst.estimation.measures import Measure, statistics
from royst.estimation.result import KEY, Result
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
    about: Mapping[str, Any] | None = None,
    engine: str = "embedded",
) -> Path:
    """Write one site's sums; ``receiver`` seals them, ``fewest`` withholds small cells (see ``totals.files.write``)."""
    return files.write(engine_for(engine, data).totals(agreed.request), path, receiver, fewest, about)


class _Source(files.Pooled):
    """Pooled totals that know the plan's codes."""

    def __init__(self, sent: Sequence[files.Sent], agreed: Plan):
        super().__init__(sent, agreed.request)
        self.levels, self.is_number = agreed.levels, agreed.is_number


def receive(paths: Sequence[Path | str], agreed: Plan, *, key: str | None = None, level: float = 0.95) -> Result:
    """The estimates that pooled answers would give, from the sites' files. ``InputError`` names every file that cannot be used."""
    sent, faults = files.read_all(paths, key)
    faults.stop()
    return pool(sent, agreed, level)


def pool(sent: Sequence[files.Sent], agreed: Plan, level: float = 0.95, *, interval: str | None = None) -> Result:
    """The estimates from files that were read. Groupings in which nobody at all is are left out, and a rule for lonely
    strata counts where there are any, as with pooled answers."""
    source = _Source(sent, agreed)
    there = [list(by) for by, group in zip(agreed.request.groupings, source.totals(agreed.request).groups) if group.domains]
    strata = {(psu, stratum) for psu, stratum in zip(source.units.clusters[0], source.units.strata[0])}
    lonely = agreed.design.psu and 1 in Counter(stratum for _, stratum in strata).values()
    design = agreed.design if lonely or not agreed.design.psu else agreed.design.replace(singleton="fail")
    return estimate_from(source, design, agreed.measures, there, level, interval=interval)


COST = {"cells": pl.Int64, "at_most": pl.Int64, "lost_share": pl.Float64, "se_factor": pl.Float64}
"""Columns of ``cost`` behind a row's key."""


def cost(result: Result) -> pl.DataFrame:
    """What withholding cost, by row of a received result: cells not sent, the answers lost at most, the share of the row's
    answers that this may be, and by how much the standard error may have grown, as √(1 + lost / kept).

    Estimates rest on the cells that were sent; those withheld are small units or rare answers, so that bias is possible
    too and grows with ``lost_share``.
    """
    lost = {place: _lost(result, by) for place, by in enumerate(result.groupings)}
    found = [lost[row.grouping].get((row.statistic.variable, row.domain), (0.0, 0.0)) for row in result.rows]
    cells, most = (pl.Series(name, [one[k] for one in found]) for k, name in enumerate(("cells", "at_most")))
    kept = pl.col("n")
    return result.table.select(*KEY, "n").with_columns(cells, most).select(
        *KEY,
        pl.col("cells", "at_most").cast(pl.Int64),
        pl.when(pl.col("at_most") + kept > 0).then(pl.col("at_most") / (pl.col("at_most") + kept)).otherwise(0.0).alias("lost_share"),
        pl.when(kept > 0).then((1 + pl.col("at_most") / kept).sqrt()).alias("se_factor"),
    )  # fmt: skip


def _lost(result: Result, by: tuple[str, ...]) -> dict[tuple[Any, tuple[str, ...]], tuple[float, float]]:
    """By variable and domain of a grouping: cells not sent, and answers lost at most."""
    source: Any = result.source
    withheld = next((one for one in source.withheld if one.grouping == by), None)
    if withheld is None:
        return {}
    request = source._request
    domains = source.totals(request).groups[request.groupings.index(by)].domains
    return {
        (variable, domain): (float(withheld.cells[d, v]), float(withheld.at_most[d, v]))
        for v, variable in enumerate(request.variables)
        for d, domain in enumerate(domains)
    }
