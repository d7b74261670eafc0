"""Public figures: shares and index points to 0.1, means to 0.01. What is rounded here is all that leaves."""

from __future__ import annotations

import polars as pl

FRACTIONS = ("share", "band", "not_relevant")
"""Measures that are fractions inside and per cent outside."""

FIGURES = (
    "estimate", "se", "low", "high", "unweighted", "estimate_1", "estimate_2", "low90", "high90", "margin",
    "centre", "expected_low", "expected_high", "room", "importance",
)  # fmt: skip
"""Columns on the measure's own scale."""

OTHERS = {"df": 1, "p": 4, "p_adjusted": 4, "reliability": 2}
"""Other numbers, and their decimals."""

KEPT = ("margin", "unweighted")
"""Figures that lose no decimal: the plan's own, and the plain ones, which say the counts that the audit takes to be known."""


def rounded(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame as the public may see it: fractions in per cent, every figure with its decimals. Nulls stay, and so do all other columns.

    Where ``decimals`` is one fewer than usual (one of a percentage, two of a mean), so are those of the row's figures; p-values then
    have two, and design effects are left out. A design effect has one decimal and the effective number follows from it, because
    both tell the standard error. A frame without a column ``measure`` holds per cent already. Half is rounded away from zero; no
    figure becomes a negative zero.
    """
    fraction = pl.col("measure").is_in(FRACTIONS) if "measure" in frame.columns else pl.lit(False)
    mean = pl.col("measure") == "mean" if "measure" in frame.columns else pl.lit(False)
    usual = pl.when(mean).then(2).otherwise(1)
    fewer = (pl.col("decimals") < usual).fill_null(False) if "decimals" in frame.columns else pl.lit(False)
    columns = []
    for column in frame.columns:
        value = pl.col(column)
        if column in FIGURES:
            value = pl.when(fraction).then(value * 100).otherwise(value)
            loses = pl.lit(False) if column in KEPT else fewer
            exact = [(pl.when(mean).then(_to(value, 2)).otherwise(_to(value, 1))), pl.when(mean).then(_to(value, 1)).otherwise(_to(value, 0))]
            columns.append(pl.when(loses).then(exact[1]).otherwise(exact[0]).alias(column))
        elif column in OTHERS:
            digits = pl.when(fewer).then(_to(value, 2)).otherwise(_to(value, 4)) if column in ("p", "p_adjusted") else _to(value, OTHERS[column])
            columns.append(digits.alias(column))
    effect = pl.when(~fewer).then(_to(pl.col("deff"), 1)) if "deff" in frame.columns else pl.lit(None)
    if "deff" in frame.columns:
        columns.append(effect.alias("deff"))
    if {"deff", "n", "n_eff"} <= set(frame.columns):
        columns.append(pl.when((effect > 0) & pl.col("n_eff").is_not_null()).then(_to(pl.col("n") / effect, 0)).alias("n_eff"))
    return frame.with_columns(columns)


def _to(value: pl.Expr, digits: int) -> pl.Expr:
    """Rounded to decimals after twelve significant digits are kept, so that 0.125 × 100 does not fall on the wrong side."""
    near = value.round_sig_figs(12).round(digits, mode="half_away_from_zero")
    return pl.when(near == 0).then(0.0).otherwise(near)
