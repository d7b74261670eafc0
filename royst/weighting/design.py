"""Design weights: how many users one answer stands for, from what is known of how units were drawn."""

from __future__ import annotations

import polars as pl

from royst.errors import Faults


def design_weights(units: pl.Series, sample: pl.DataFrame, frame: pl.DataFrame) -> pl.Series:
    """The weight of each answer where units were drawn with known probabilities and their users are counted.

    ``units``: each answer's unit. ``sample``: columns ``unit, inclusion`` (probability). ``frame``: columns ``unit, users``. An answer of unit i
    gets w = (1/πᵢ)·(Mᵢ/mᵢ), with Mᵢ users and mᵢ answers: every unit's answers together stand for its users, and units for the frame (Särndal,
    Swensson and Wretman 1992, section 4.3, with the second stage taken as a simple random sample of the users).
    Raises ``InputError`` for units without a probability or without a number of users.
    """
    answered = units.value_counts(name="answers").rename({units.name: "unit"})
    told = answered.join(sample.unique("unit", keep="first"), on="unit", how="left").join(
        frame.unique("unit", keep="first"), on="unit", how="left"
    )
    faults = Faults()
    for row in told.sort("unit").iter_rows(named=True):
        if row["inclusion"] is None or not row["inclusion"] > 0:
            faults.add(
                "no-inclusion",
                f"unit {row['unit']} has answers but no inclusion probability",
                "give it a row in sample.csv",
                file="sample.csv",
                column="inclusion",
            )
        if row["users"] is None or not row["users"] > 0:
            faults.add(
                "no-users",
                f"unit {row['unit']} has answers but no number of users",
                "give its users in the frame, or choose another weight_basis",
                file="frame.csv",
                column="users",
            )
    faults.stop()
    told = told.with_columns((pl.col("users") / pl.col("answers") / pl.col("inclusion")).alias("weight"))
    return pl.DataFrame({"unit": units}).join(
        told.select("unit", "weight"), on="unit", how="left", maintain_order="left"
    )["weight"]


def stratum_fractions(sample: pl.DataFrame) -> pl.DataFrame:
    """The sampling fraction of each unit's stratum, for a finite-population correction of the first stage.

    ``sample``: columns ``unit, stratum, inclusion``. Under simple random sampling within strata the fraction n/N is the inclusion probability itself,
    so it must be one number in each stratum: ``InputError`` where it is not, since no correction of this kind holds then. Returns ``unit, fraction``.
    """
    spread = sample.group_by("stratum").agg((pl.col("inclusion").max() - pl.col("inclusion").min()).alias("spread")).sort("stratum")
    faults = Faults()
    for row in spread.filter(pl.col("spread") > 1e-9).iter_rows(named=True):
        faults.add(
            "fpc-unequal",
            f"stratum {row['stratum']} has units of different inclusion probabilities",
            'fpc = "units" is for simple random samples within strata; say fpc = "none"',
            file="sample.csv",
            column="inclusion",
        )
    faults.stop()
    return sample.unique("unit", keep="first", maintain_order=True).select("unit", pl.col("inclusion").alias("fraction"))
