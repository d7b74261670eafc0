"""What attackers found in true releases: each leak by itself, as small as it can be. A protected release must withstand every one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import polars as pl
import scenarios
import simulate
from ground import SMALL, attack
from studies import SHAPES, Shape, Study

from royst import protect
from royst.protect import history
from royst.protect.rounding import rounded
from royst.release import CHANGES


def released(tmp_path, shape: Shape, *attacks: str) -> list[dict]:
    study = Study(shape)
    made = study.released(tmp_path)
    found = attack(study.write(tmp_path / "out", *made), *attacks)
    assert all(study.true(fact) for fact in found if fact["attack"] != "pattern")
    return found


def protected(tmp_path, made: Callable[[], tuple[Study, list[str]]], name: str) -> list[dict]:
    study, _ = made()
    found = attack(study.write(tmp_path, protect.protect(study.candidate("2019"), study.rules)), name)
    assert all(study.true(fact) for fact in found)
    return found


def test_people_without_a_value_are_not_what_is_left_of_all(tmp_path):
    """All less every sex is those who left it out."""
    assert released(tmp_path, replace(SMALL, waves={"2019": (420, 9, 0)}, blank=0.01), "span") == []


def test_the_expected_range_does_not_tell_units_that_are_not_shown(tmp_path):
    assert released(tmp_path, replace(SHAPES[1], scales=(5, 5, 3)), "expected range") == []


def test_counts_of_units_name_no_unit_that_is_not_shown(tmp_path):
    assert protected(tmp_path, scenarios.better, "counts of units") == []


def test_an_index_at_an_end_does_not_tell_its_questions(tmp_path):
    assert protected(tmp_path, scenarios.at_the_end, "ends of indices") == []


def test_an_index_does_not_tell_what_who_left_a_question_out_gave_to_the_others(tmp_path):
    study = scenarios.left_out()
    assert attack(study.write(tmp_path / "out", protect.protect(study.candidate("2019"), study.rules)), "gaps of indices") == []
    everything = rounded(study.candidate("2019").estimates.with_columns(status=pl.lit("published")))
    found = attack(study.write(tmp_path / "all", everything), "gaps of indices")
    assert {fact["domain"] for fact in found} > {"sex=sex0;q2="} and all(study.true(fact) for fact in found)


def test_a_follow_up_question_does_not_tell_its_filter(tmp_path):
    """So many were asked whether they have the care of their children: so many have children."""
    assert protected(tmp_path, scenarios.follow_up, "filters") == []


def test_the_certificate_is_no_sum_over_answers(tmp_path):
    """How many facts were hidden, how they were found open, and how far open the least of them was, told how two units of a pool had answered."""
    study, units = scenarios.pooled()
    made, known = protect.protect(study.candidate("2019"), study.rules), scenarios.known(study, "K004")
    assert attack(study.write(tmp_path / "out", made, known=known), "certificate") == []
    before = replace(made, certificate={**made.certificate, "facts": 6})  # what it said once
    found = attack(study.write(tmp_path / "before", before, known=known), "certificate")
    assert {fact["domain"] for fact in found} == {f"unit={unit}" for unit in units} and all(study.true(fact) for fact in found)


def test_the_certificate_does_not_change_with_how_answers_are_split(tmp_path):
    """Five ways in which two units of a pool may have answered, whose tables are the same."""
    told = []
    for other in range(5):
        study, _ = scenarios.pooled()
        split = ["2"] * other + ["3"] * (4 - other) + ["2"] * (4 - other) + ["3"] * (2 + other)
        frame = study.people["2019"]
        answers = frame.filter(pl.col("unit") < "K005")["q1"].to_list() + split
        study.people["2019"] = frame.with_columns(q1=pl.Series(answers))
        made = protect.protect(study.candidate("2019"), study.rules)
        told.append((rounded(made.estimates).write_csv(), made.certificate))
    assert all(one == told[0] for one in told)


def test_the_level_of_a_row_gives_no_reason_back(tmp_path):
    assert protected(tmp_path, scenarios.reason, "pattern") == []


def test_weights_do_not_tell_units_apart(tmp_path):
    assert released(tmp_path, replace(SHAPES[1], scales=(5, 5, 3)), "splits", "weights") == []


def test_standard_errors_do_not_tell_units_apart(tmp_path):
    """Weights are alike, so only standard errors and design effects differ."""
    assert released(tmp_path, replace(SHAPES[0], scales=(5, 5, 3)), "splits") == []


def test_a_weighted_percentage_alone_does_not_tell_the_units_left_beside_reports(tmp_path):
    """Seven of twelve units have reports of their own; five people of the other five gave the answer."""
    assert released(tmp_path, replace(SHAPES[5], scales=(5, 5, 3)), "splits") == []


def test_a_withdrawn_person_is_not_found_in_changes(tmp_path):
    """The wave that is out has one person less when the next wave is compared with it."""
    study = Study(replace(SMALL, waves={"2019": (260, 9, 0), "2021": (260, 9, 0)}))
    results: dict = {}
    first = protect.protect(study.candidate("2019", results), study.rules)
    path = tmp_path / "history.jsonl"
    history.record(
        path, name="2019", date="2020-06-01", rules=study.rules.label, estimates=rounded(first.estimates)
    )
    whole = study.people["2019"]
    study.people["2019"] = whole.slice(1)
    results["2019"] = study.estimated("2019")[0]
    second = protect.protect(study.candidate("2021", results), study.rules, history.read(path))
    study.people["2019"] = whole
    assert attack(study.write(tmp_path / "out", first, second), "differencing") == []


def test_a_panel_line_does_not_leave_a_unit(tmp_path):
    """A change of the panel, whose people are all but one unit's, beside all."""
    study = Study(replace(SMALL, name="line", even=True))
    unit = study.people["2019"].group_by("unit").len().filter(pl.col("len") >= 10).sort("len", "unit")["unit"][0]
    best = pl.when(pl.col("unit") == unit).then(pl.lit("5")).otherwise("q1").alias("q1")
    study.people["2019"] = frame = study.people["2019"].with_columns(best)
    panel = frame.filter((pl.col("unit") != unit) & pl.col("q1").is_in(list(simulate.CHOICES)))
    share = panel["q1"].is_in(["4", "5"]).mean()
    line = {"id": "x", "kind": "source", "item": "q1", "measure": "band", "category": "high", "population": "panel", "wave_1": "2019",
            "domain_1": "all", "estimate_1": share, "n_1": panel.height, "estimate_2": 0.5, "estimate": share - 0.5, "status": ""}  # fmt: skip
    asked = study.candidate("2019")
    people = replace(asked.people["2019"], frame=asked.people["2019"].frame.with_columns(panel=pl.when(pl.col("unit") != unit).then(1)),
                     populations={"panel": "panel"})  # fmt: skip
    made = protect.protect(replace(asked, people={"2019": people}, changes=pl.DataFrame([line], schema=CHANGES)), study.rules)
    row = made.changes.row(0, named=True)
    own = made.estimates.filter((pl.col("domain") == f"unit={unit}") & (pl.col("item") == "q1") & (pl.col("category") == "high"))
    assert own["status"].to_list() == ["withheld"]
    assert row["status"] == "withheld"


def test_a_standard_error_as_small_as_can_be_does_not_tell_units_apart(tmp_path):
    """Answers lie so evenly over the units that hardly another split has so small an error, though there are a hundred thousand."""
    study = Study(next(shape for shape in SHAPES if shape.name == "shape-08"))
    made = protect.protect(study.candidate("2017"), study.rules)
    assert attack(study.write(tmp_path / "out", made), "splits") == []
