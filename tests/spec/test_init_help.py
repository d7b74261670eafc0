"""The HELP data, as they came: a study folder from a CSV and its labels, then a person's edits, then checks. See docs/own-data.md."""

from __future__ import annotations

import polars as pl
import pytest

from royst.answers import groups, store
from royst.evaluation import bring, check, release
from royst.evaluation.init import init
from royst.study import folder

pytestmark = pytest.mark.real


def test_what_could_not_be_read_of_the_labels_is_said(tmp_path, real_data):
    data = real_data / "help"
    lines = "\n".join(
        init(
            tmp_path / "help", data / "answers.csv", labels=data / "labels.csv", wave_column="TIME", unit_column="ID"
        ).lines
    )
    assert "the values in the label of U8A could not be read" in lines
    assert "without a label, called by their names: U31" in lines
    assert "R1A (929)" in lines, "the labels of R1A name four values, the data have a fifth"


def test_the_edited_study_has_no_faults(help_study):
    report = check.check(help_study)
    assert any("470 answers" in line and "wave 0" in line for line in report.lines)
    assert any("277 answers" in line and "wave 24" in line for line in report.lines)
    assert [warning.code for warning in report.warnings] == ["outside-categories"], (
        "one person's first drug was another"
    )


def test_no_answer_is_lost_on_the_way(help_study, real_data):
    """Every cell of the file stands in the study as it stood there."""
    raw = pl.read_csv(real_data / "help" / "answers.csv", infer_schema=False)
    study = folder.read(help_study)
    for wave in study.waves:
        own = raw.filter(pl.col("TIME") == wave)
        stored = store.read(study, wave, carried=False).frame
        assert stored["ID"].to_list() == own["ID"].to_list()
        for name in raw.columns:
            if name == "TIME":
                continue
            expected = own[name]
            if name not in stored.columns:
                assert expected.null_count() == own.height, name
            elif stored[name].dtype == pl.Float64:
                assert stored[name].to_list() == expected.cast(pl.Float64).to_list(), name
            else:
                assert stored[name].to_list() == expected.to_list(), name


def test_background_follows_each_person_and_homelessness_is_each_months_own(help_study, real_data):
    raw = pl.read_csv(real_data / "help" / "answers.csv", infer_schema=False)
    sex = dict(raw.filter(pl.col("TIME") == "0").select("ID", "A1").iter_rows())
    study = folder.read(help_study)
    answers = store.read(study, "24")
    assert answers.carried == ("A1", "PRIM_SUB")
    assert answers.frame["A1"].to_list() == [sex[person] for person in answers.frame["ID"].to_list()]
    assert answers.frame["HOMELESS"].to_list() == raw.filter(pl.col("TIME") == "24")["HOMELESS"].to_list()
    found = groups.groups(study, "24", answers.frame)
    assert found["sex"].to_list() == [{"1": "man", "2": "woman"}[code] for code in answers.frame["A1"].to_list()]
    assert found["homeless"].null_count() == 5


def test_items_worded_the_other_way_are_mirrored_and_the_rest_is_hidden(help_study):
    study = folder.read(help_study)
    instrument = study.instrument("24")
    assert instrument["U27B"].scale.scores == {"1": 5, "2": 4, "3": 3, "4": 2, "5": 1}
    assert instrument["U27A"].scale.scores == {"1": 1, "2": 2, "3": 3, "4": 4, "5": 5}
    assert study.file.items["PCP_ID"].role == "hidden"
    shown = [
        item.name
        for item in instrument.answered
        if item.name not in study.file.items or study.file.items[item.name].role != "hidden"
    ]
    assert len(shown) == 23
    assert study.line("24", "U39") == dict.fromkeys(("24", "18", "12", "6"), "U39")


def test_answers_can_be_brought_in_again(help_study, real_data):
    before = store.read(folder.read(help_study), "24").frame
    lines = bring.bring(folder.read(help_study), "24", real_data / "help" / "answers.csv").lines
    assert "277 of 277 rows brought into wave 24, in place of the 277 that stood there" in lines
    assert any("rows of other waves" in line and "470 of 0" in line for line in lines)
    assert store.read(folder.read(help_study), "24").frame.equals(before)


def by_person(raw, month, item, score):
    """Each person's contribution to an item's mean in one month (residual over the number of answers, 0 for who left it out), and the mean."""
    answered = {
        person: score(float(code))
        for person, time, code in raw.select("ID", "TIME", item).iter_rows()
        if time == month and code is not None
    }
    mean = sum(answered.values()) / len(answered)
    everyone = raw.filter(pl.col("TIME") == month)["ID"].to_list()
    return {
        person: (answered[person] - mean) / len(answered) if person in answered else 0.0 for person in everyone
    }, mean


def test_the_release_says_what_the_file_says(help_study, real_data):
    """Levels and changes computed straight from the file, the change's standard error from each person's own difference."""
    release.release(help_study, "month-24", lambda text: None)
    raw = pl.read_csv(real_data / "help" / "answers.csv", infer_schema=False)
    tables = help_study / "releases" / "month-24" / "public" / "tables"
    changes = pl.read_csv(tables / "changes.csv", infer_schema=False).filter(
        (pl.col("kind") == "waves") & (pl.col("wave_2") == "6")
    )
    cases = {
        ("U39", "band"): (lambda code: 100.0 * (code <= 2), 0.1),
        ("U22B", "band"): (lambda code: 100.0 * (code >= 5), 0.1),
        ("U28", "band"): (lambda code: 100.0 * (code >= 8), 0.1),
        ("U27A", "mean"): (lambda code: code, 0.01),
        ("U27B", "mean"): (lambda code: 6 - code, 0.01),
    }
    for (item, measure), (score, unit) in cases.items():
        later, mean_later = by_person(raw, "24", item, score)
        earlier, mean_earlier = by_person(raw, "6", item, score)
        people = sorted({*later, *earlier})
        spread = sum((later.get(person, 0.0) - earlier.get(person, 0.0)) ** 2 for person in people) ** 0.5
        (row,) = changes.filter((pl.col("item") == item) & (pl.col("measure") == measure)).to_dicts()
        assert row["status"] == "published", item
        assert float(row["estimate_1"]) == pytest.approx(mean_later, abs=unit / 2 + 1e-9)
        assert float(row["estimate_2"]) == pytest.approx(mean_earlier, abs=unit / 2 + 1e-9)
        assert float(row["estimate"]) == pytest.approx(mean_later - mean_earlier, abs=unit / 2 + 1e-9)
        assert float(row["se"]) == pytest.approx(spread, abs=unit * 0.6)
