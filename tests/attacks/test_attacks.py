"""What attackers can work out of releases: nothing; and of releases with a planted leak: the leak."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from attackers import ATTACKS
from ground import BLOCKED, SMALL, attack
from studies import SHAPES, Shape, Study

from royst import protect
from royst.protect import history
from royst.protect.rounding import rounded

HELD = ("span", "programme", "differencing", "ends of indices", "expected range", "counts of units")


def test_attackers_cannot_import_the_program(tmp_path):
    program = tmp_path / "try.py"
    program.write_text("import royst\n", encoding="utf-8")
    run = subprocess.run([sys.executable, "-c", BLOCKED, str(program)], capture_output=True, text=True, check=False)
    assert run.returncode != 0 and "royst" in run.stderr


def test_the_manual_names_the_same_attacks():
    manual = (Path(__file__).parents[2] / "docs" / "protection.md").read_text(encoding="utf-8")
    table = manual.split("| attack | what it does |")[1].split("\n\n")[0]
    assert re.findall(r"^\| ([a-z ]+) \|", table, re.MULTILINE) == list(ATTACKS)


def test_nothing_is_worked_out_of_a_protected_release(tmp_path, small_study, small_release):
    assert attack(small_study.write(tmp_path, small_release), *HELD) == []
    published = small_release.estimates.filter(pl.col("status") == "published").height
    assert published > 0.2 * small_release.estimates.height  # so that withholding everything fails


@pytest.mark.prove
def test_nothing_is_worked_out_in_whole_numbers(tmp_path, small_study, small_release):
    assert attack(small_study.write(tmp_path, small_release), "whole numbers") == []


def published(frame: pl.DataFrame) -> pl.DataFrame:
    return rounded(frame).with_columns(status=pl.lit("published"))


def test_ten_answers_or_no_report_is_broken(tmp_path, small_study):
    """The rule in use elsewhere is not enough; and the attackers see it."""
    frame = published(small_study.candidate("2019").estimates.filter(pl.col("n") >= 10))
    found = attack(small_study.write(tmp_path, frame), "span")
    assert len(found) > 20
    assert all(small_study.true(fact) for fact in found)


# Planted leaks


def sensitive(study: Study, frame: pl.DataFrame) -> list[tuple[str, str]]:
    """(item, domain) of withheld rows that are sensitive themselves: few people, or an answer that few or nearly all gave."""
    whole = published(study.candidate("2019").estimates).filter(pl.col("measure") == "share")
    count = (pl.col("unweighted") * pl.col("n") / 100).round()
    bad = whole.filter((pl.col("n") < 10) | count.is_between(1, 2) | (pl.col("n") - count <= 2))
    withheld = frame.filter((pl.col("status") == "withheld") & (pl.col("measure") == "share"))
    return withheld.join(bad, on=["item", "domain"], how="semi").select("item", "domain").unique(maintain_order=True).rows()


def test_every_withheld_row_that_is_put_back_is_found(tmp_path, small_study, small_release):
    frame = rounded(small_release.estimates)
    whole = published(small_study.candidate("2019").estimates)
    rows = sensitive(small_study, frame)
    assert len(rows) >= 5
    for number, (item, domain) in enumerate(rows[::4][:6]):
        planted = (pl.col("item") == item) & (pl.col("domain") == domain) & (pl.col("measure") == "share")
        leak = pl.concat([frame.filter(~planted), whole.filter(planted)])
        found = attack(small_study.write(tmp_path / str(number), leak), "span")
        assert any(fact["item"] == item for fact in found)
        assert all(small_study.true(fact) for fact in found)


def test_percentages_printed_too_finely_are_found(tmp_path):
    """Weighted percentages of everybody, with more decimals, tell how their people are split over the units."""
    study = Study(Shape("fine", {"2019": (60, 5, 0)}, scales=(5, 5), groups=("sex",), blank=0.0))
    frame = study.estimated("2019")[1].filter(pl.col("domain") == "all").with_columns(status=pl.lit("published"))
    frame = frame.with_columns(se=pl.lit(None, pl.Float64), deff=pl.lit(None, pl.Float64))

    def found(decimals: int) -> list[dict]:
        fraction = pl.col("measure").is_in(["share", "band"])
        fine = [pl.when(fraction).then((100 * pl.col(c)).round(decimals)).otherwise(pl.col(c)).alias(c) for c in ("estimate", "unweighted")]
        return attack(study.write(tmp_path / str(decimals), frame.with_columns(fine), decimals=decimals), "splits")

    some, many = found(1), found(4)
    assert len(many) > max(5, len(some))
    assert all(study.true(fact) for fact in many)


def test_standard_errors_printed_too_finely_are_found(tmp_path):
    """The same with weights that are alike, where only the standard error tells the units apart."""
    study = Study(Shape("spread", {"2019": (60, 5, 0)}, scales=(5, 5), groups=("sex",), blank=0.0, even=True))
    frame = study.estimated("2019")[1].filter((pl.col("domain") == "all") & pl.col("measure").is_in(["share", "band"]))
    frame = frame.with_columns(status=pl.lit("published"), deff=pl.lit(None, pl.Float64))

    def found(decimals: int) -> list[dict]:
        fine = [(100 * pl.col(c)).round(decimals).alias(c) for c in ("estimate", "unweighted", "se")]
        return attack(study.write(tmp_path / str(decimals), frame.with_columns(fine), decimals=decimals), "splits")

    some, many = found(1), found(5)
    assert len(many) > len(some)
    assert all(study.true(fact) for fact in many)


def again(study: Study) -> Study:
    """The same study after its first person has withdrawn."""
    other = Study(SMALL)
    other.people = {"2019": study.people["2019"].slice(1)}
    return other


def test_a_withdrawn_person_is_found_in_figures_made_again(tmp_path, small_study, small_release):
    other = again(small_study)
    made = protect.protect(other.candidate("2019"), other.rules)
    assert attack(small_study.write(tmp_path, small_release, made), "differencing")


def test_a_withdrawn_person_is_not_found_in_a_second_release(tmp_path, small_study, small_release):
    """The ledger keeps the first figures, so one person less changes nothing that can be seen."""
    path = tmp_path / "history.jsonl"
    first = rounded(small_release.estimates)
    history.record(path, name="a", date="2020-06-01", rules="user-survey-10 v1", estimates=first)
    other, ledger = again(small_study), history.read(path)
    made = ledger.restore(rounded(protect.protect(other.candidate("2019"), other.rules, ledger).estimates))
    assert attack(small_study.write(tmp_path / "out", first, made), "differencing") == []
    key = ["item", "measure", "category", "domain"]
    out = first.filter(pl.col("status") == "published").select(*key, "estimate", "n")
    assert made.filter(pl.col("status") == "published").select(*key, "estimate", "n").sort(key).equals(out.sort(key))


def test_a_panel_row_is_found(tmp_path):
    """All but one small unit, beside all: printed, the difference is that unit."""
    study = Study(replace(SMALL, name="panel"))
    frame = study.people["2019"]
    smallest = frame.group_by("unit").len().sort("len", "unit")["unit"][0]
    study.people["2019"] = frame.with_columns(panel=pl.when(pl.col("unit") != smallest).then(pl.lit("both")))
    study.by, study.names = [[], ["panel"]], [*study.names, "panel"]
    rows = published(study.estimated("2019")[1].filter(pl.col("domain").is_in(["all", "panel=both"])))
    found = attack(study.write(tmp_path, rows), "span")
    assert any(f"unit={smallest}" in fact["domain"] or fact["domain"] == "panel=" for fact in found)
    assert all(study.true(fact) for fact in found)
    assert attack(study.write(tmp_path / "all", rows.filter(pl.col("domain") == "all")), "span") == []


# Studies of three waves


@pytest.mark.parametrize("shape", [SHAPES[0], SHAPES[-3]], ids=lambda shape: shape.name)
def test_a_study_of_three_waves_holds(tmp_path, shape):
    study = Study(replace(shape, scales=shape.scales[:3], blank=0.0))
    made = study.released(tmp_path)
    assert all(one.certificate["recoverable"] == one.certificate["told_by_earlier_releases"] == 0 for one in made)
    assert attack(study.write(tmp_path / "out", *made), *HELD) == []
