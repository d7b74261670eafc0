"""Figures of the units that took part both times, printed beside everybody's: what is left when one is taken from the other."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import polars as pl
import pytest
from ground import SMALL, attack
from studies import Study

from royst import protect
from royst.protect.rounding import rounded

PANEL, OUTSIDE = "panel:2017:2019", "outside:2017:2019"


def study_of(units_outside: int) -> Study:
    """A wave of nine units of which the smallest did not take part before; a column says who is of the panel."""
    made = Study(dataclasses.replace(SMALL, name="panel"))
    frame = made.people["2019"]
    smallest = frame.group_by("unit").len().sort("len", "unit")["unit"].head(units_outside)
    marked = pl.when(~pl.col("unit").is_in(smallest.to_list())).then(pl.lit("yes"))
    made.people["2019"] = frame.with_columns(marked.alias("panel"), pl.when(marked.is_null()).then(pl.lit("yes")).alias("others"))
    return made


def candidate(study: Study) -> protect.Candidate:
    """With the panel's rows and, never to be printed, those of the others."""
    plain, frame = study.candidate("2019"), study.people["2019"]
    people = dataclasses.replace(plain.people["2019"], populations={PANEL: "panel", OUTSIDE: "others"})
    return dataclasses.replace(plain, estimates=pl.concat([plain.estimates, rows(study, frame, PANEL, "panel"), rows(study, frame, OUTSIDE, "others")]),
                               people={"2019": people}, unprinted=(OUTSIDE,))  # fmt: skip


def rows(study: Study, frame: pl.DataFrame, population: str, column: str) -> pl.DataFrame:
    part = Study(study.shape)
    part.people, part.by = {"2019": frame.filter(pl.col(column).is_not_null())}, [[]]
    return part.estimated("2019")[1].filter(pl.col("domain") == "all").with_columns(population=pl.lit(population))


def as_seen(estimates: pl.DataFrame) -> pl.DataFrame:
    """The attackers know who is of the panel: to them it is a group."""
    inside = pl.col("population") == PANEL
    return rounded(estimates).with_columns(pl.when(inside).then(pl.lit("panel=yes")).otherwise("domain").alias("domain"), population=pl.lit("all"))


@pytest.mark.parametrize("units_outside", [1, 2, 4])
def test_nothing_follows_from_a_protected_panel(tmp_path: Path, units_outside: int) -> None:
    study = study_of(units_outside)
    made = protect.protect(candidate(study), study.rules).estimates
    assert OUTSIDE not in made["population"].unique()
    assert attack(study.write(tmp_path, as_seen(made)), "span", "programme") == []


def test_the_attack_breaks_a_panel_that_is_printed_as_it_is(tmp_path: Path) -> None:
    """So that the test above can fail: the smallest unit is what is left of everybody when the panel is taken away."""
    study = study_of(1)
    plain = protect.protect(study.candidate("2019"), study.rules).estimates
    panel = rows(study, study.people["2019"], PANEL, "panel").with_columns(status=pl.lit("published")).select(plain.columns)
    claimed = attack(study.write(tmp_path, as_seen(pl.concat([plain, panel]))), "span")
    assert any(study.true(fact) for fact in claimed)


def test_a_change_of_a_panel_without_estimates_is_withheld() -> None:
    study = study_of(1)
    row = {"kind": "waves", "item": "q1", "measure": "share", "category": "1", "population": PANEL, "wave_1": "2019", "domain_1": "all", "n_1": 240,
           "wave_2": "2019", "domain_2": "all", "n_2": 240, "estimate": 1.0, "p": 0.5, "status": None}  # fmt: skip
    changes = pl.DataFrame([row, row | {"population": "all"}], schema_overrides={"status": pl.String})
    made = protect.protect(dataclasses.replace(study.candidate("2019"), changes=changes), study.rules).changes
    assert made is not None and made["status"].to_list() == ["withheld", "published"]
