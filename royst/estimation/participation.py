"""Who was not asked, did not answer, or was helped: how far a headline could move.

The handing-out ledger counts, per unit, those offered a questionnaire and what became of them. Bounds assume nothing about
those who did not answer (Manski 1989); sensitivity says how different they must be to move a headline.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from royst.errors import Faults
from royst.estimation.result import Result
from royst.totals.table import Floats

LEDGER = ("unit", "offered", "refused", "not_eligible", "not_asked", "answered")
SCHEMA = {
    "measure": pl.String, "item": pl.String, "category": pl.String, "n": pl.Int64, "estimate": pl.Float64,
    "eligible": pl.Int64, "answered": pl.Int64, "participation": pl.Float64, "low": pl.Float64, "high": pl.Float64,
    "turning": pl.Float64,
}  # fmt: skip


def check_ledger(ledger: pl.DataFrame) -> pl.DataFrame:
    """The ledger with whole, non-negative counts; ``InputError`` names each row that cannot be.

    ``offered`` counts those handed a questionnaire; ``refused`` of them said no; ``not_eligible`` were found outside the
    target group; ``answered`` came back; ``not_asked`` are eligible people that the service did not ask. Columns that are
    left out count 0 (``unit`` and ``answered`` are needed).
    """
    faults = Faults()
    for name in ("unit", "answered"):
        if name not in ledger.columns:
            faults.add(
                "ledger-column", f"The ledger has no column {name!r}.", f"It needs: {', '.join(LEDGER)}.", column=name
            )
    faults.stop()
    counts = [name for name in LEDGER[1:] if name in ledger.columns]
    full = ledger.with_columns(pl.lit(0, pl.Int64).alias(name) for name in LEDGER[1:] if name not in ledger.columns)
    full = full.with_columns(pl.col(name).fill_null(0).cast(pl.Int64) for name in counts).with_row_index("__row")
    for row in full.iter_rows(named=True):
        if any(row[name] < 0 for name in LEDGER[1:]):
            faults.add(
                "ledger-negative", f"{row['unit']} has a negative count.", "Counts are 0 or more.", row=row["__row"] + 2
            )
        elif "offered" in ledger.columns and row["answered"] + row["refused"] > row["offered"]:
            faults.add(
                "ledger-sum",
                f"{row['unit']} has {row['answered']} answered and {row['refused']} refused of {row['offered']} offered.",
                "Mend the count that is wrong.",
                row=row["__row"] + 2,
            )
    faults.stop()
    return full.drop("__row").select(LEDGER)


def participation(ledger: pl.DataFrame) -> pl.DataFrame:
    """The ledger with ``eligible`` (who should have answered) and ``rate`` = answered / eligible, null where none is.

    Eligible are those offered, less the not eligible, and those not asked (AAPOR's RR1 has the same denominator: nobody
    of unknown standing is left out).
    """
    full = check_ledger(ledger)
    eligible = pl.max_horizontal(pl.col("offered") - pl.col("not_eligible"), pl.col("answered")) + pl.col("not_asked")
    return full.with_columns(eligible.alias("eligible")).with_columns(
        pl.when(pl.col("eligible") > 0).then(pl.col("answered") / pl.col("eligible")).alias("rate")
    )


def bounds(result: Result, ledger: pl.DataFrame, *, scale: tuple[float, float] | None = None) -> pl.DataFrame:
    """How low and how high each overall headline could be, whatever those who did not answer think.

    With r the participation, low = r·p + (1 − r)·min and high = r·p + (1 − r)·max, min and max being 0 and 1 for shares
    and ``scale`` for means and indices (an index is 0–100 without it; a mean without a scale is left out). ``turning`` is
    the level among those who did not answer that would bring a share to one half: outside 0–1 no level could.
    """
    counts = participation(ledger)
    eligible, answered = int(counts["eligible"].sum()), int(counts["answered"].sum())
    r = answered / eligible if eligible else float("nan")
    found = []
    for row in result.table.filter(pl.col("domain") == "all").iter_rows(named=True):
        ends = _ends(row["measure"], scale)
        if ends is None or row["estimate"] is None:
            continue
        p = row["estimate"]
        share = row["measure"] in {"share", "band", "not_relevant"}
        turning = (0.5 - r * p) / (1 - r) if share and r < 1 else None
        found.append(
            {
                **{name: row[name] for name in ("measure", "item", "category", "n", "estimate")},
                "eligible": eligible,
                "answered": answered,
                "participation": r,
                "low": r * p + (1 - r) * ends[0],
                "high": r * p + (1 - r) * ends[1],
                "turning": turning,
            }
        )
    return pl.DataFrame(found, schema=SCHEMA).with_columns(pl.col(pl.Float64).fill_nan(None))


def _ends(measure: str, scale: tuple[float, float] | None) -> tuple[float, float] | None:
    if measure in {"share", "band", "not_relevant"}:
        return 0.0, 1.0
    if measure == "index":
        return scale or (0.0, 100.0)
    return scale if measure == "mean" else None


def sensitivity(estimate: float, rate: float, differences: Any) -> pl.DataFrame:
    """The headline if those who did not answer differ by each of ``differences`` (in the estimate's unit) from those who
    did: estimate + (1 − rate)·difference."""
    shift: Floats = np.asarray(differences, dtype=np.float64)
    return pl.DataFrame({"difference": shift, "headline": estimate + (1 - rate) * shift})


def helper(result: Result, by: str, helped: str, alone: str) -> pl.DataFrame:
    """How much a headline leans on those who were helped to answer.

    ``result`` has estimates overall and by ``by`` (who helped). Columns: measure item category estimate, alone (those who
    answered by themselves), difference (helped minus alone) with se df low high p, and ``lean`` = estimate − alone: what
    the headline would lose had all answered like those alone.
    """
    gaps = result.difference(by=by, between=(helped, alone))
    table = result.table
    whole = table.filter(pl.col("domain") == "all").select("measure", "item", "category", "estimate")
    single = table.filter(pl.col("domain") == f"{by}={alone}").select(
        "measure", "item", "category", pl.col("estimate").alias("alone")
    )
    keys = ["measure", "item", "category"]
    gaps = gaps.rename({"estimate": "difference"}).select(*keys, "difference", "se", "df", "low", "high", "p", "status")
    joined = whole.join(single, on=keys, how="inner").join(gaps, on=keys, how="inner")
    return joined.with_columns((pl.col("estimate") - pl.col("alone")).alias("lean"))
