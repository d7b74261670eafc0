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

OTHERS = {"df": 1, "deff": 2, "n_eff": 0, "p": 4, "p_adjusted": 4, "reliability": 2}
"""Other numbers, and their decimals."""


def rounded(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame as the public may see it: fractions in per cent, every figure with its decimals. Nulls stay, and so do all other columns.

    A frame without a column ``measure`` holds per cent already. Half is rounded away from zero; no figure becomes a negative zero.
    """
    fraction = pl.col("measure").is_in(FRACTIONS) if "measure" in frame.columns else pl.lit(False)
    mean = pl.col("measure") == "mean" if "measure" in frame.columns else pl.lit(False)
    columns = []
    for column in frame.columns:
        value = pl.col(column)
        if column in FIGURES:
            columns.append(pl.when(mean).then(_to(value, 2)).when(fraction).then(_to(value * 100, 1)).otherwise(_to(value, 1)).alias(column))
        elif column in OTHERS:
            columns.append(_to(value, OTHERS[column]).alias(column))
    return frame.with_columns(columns)


def _to(value: pl.Expr, digits: int) -> pl.Expr:
    """Rounded to decimals after twelve significant digits are kept, so that 0.125 × 100 does not fall on the wrong side."""
    near = value.round_sig_figs(12).round(digits, mode="half_away_from_zero")
    return pl.when(near == 0).then(0.0).otherwise(near)
