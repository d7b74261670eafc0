"""``royst init``: a study folder from a file's own labels, which passes ``royst check`` as it stands."""

from __future__ import annotations

import tomllib

import openpyxl
import polars as pl
import pyreadstat
import pytest

from royst.answers import labels, store
from royst.errors import InputError
from royst.evaluation import bring, estimate, reports
from royst.evaluation.check import check
from royst.evaluation.init import init
from royst.protect.rules import rule_set
from royst.study import folder

DEGREE = {1: "Very poor", 2: "Poor", 3: "Good", 4: "=Excellent"}
YES = {0: "No", 1: "Yes"}
FRAME = pl.DataFrame(
    {
        "year": ["2019", "2019", "2019", "2021", "2021"],
        "place": ["a", "a", "b", "a", "b"],
        "w": [1.0, 2.0, 1.5, 1.0, 1.0],
        "help": [1.0, 4.0, 9.0, 2.0, None],
        "staff": [4.0, None, 3.0, None, None],
        "new": [None, None, None, 1.0, 0.0],
        "age": [30.0, 41.0, 98.0, 22.0, 55.0],
        "score": [1.5, 2.0, None, 3.25, 0.0],
        "words": ["godt", "", "=1+1", "", "ok"],
        "silent": [None, None, None, None, None],
    },
    schema_overrides={"silent": pl.Float64},
)
WORDS = {"help": "How was the help?", "staff": "=Staff", "age": "Age", "new": "Did you get a plan?"}
VALUES = {
    "help": {**DEGREE, 9: "Not relevant"},
    "staff": {**DEGREE, 9: "Not relevant"},
    "new": YES,
    "age": {98: "Does not say"},
}


def spss(path):
    pyreadstat.write_sav(
        FRAME,
        str(path),
        column_labels=WORDS,
        variable_value_labels=VALUES,
        missing_ranges={"help": [9], "staff": [9], "age": [{"lo": 98, "hi": 99}]},
    )


def stata(path):
    pyreadstat.write_dta(
        FRAME, str(path), column_labels=[WORDS.get(name, "") for name in FRAME.columns], variable_value_labels=VALUES
    )


def made(tmp_path, write, name, **options):
    source = tmp_path / name
    write(source)
    report = init(tmp_path / "study", source, **options)
    check(tmp_path / "study")
    return folder.read(tmp_path / "study"), report


ALL = {"wave_column": "year", "unit_column": "place", "weight_column": "w"}


def test_an_spss_file_becomes_a_study(tmp_path):
    study, report = made(tmp_path, spss, "a.sav", **ALL)
    assert study.waves == ("2019", "2021")
    first, second = study.instrument("2019"), study.instrument("2021")
    assert [item.name for item in first.items] == ["help", "staff", "age", "score", "words"]
    assert [item.name for item in second.items] == ["help", "new", "age", "score", "words"]
    assert first["help"].label == {"en": "How was the help?"} and first["staff"].label == {"en": "=Staff"}
    assert first["help"].scale.name == first["staff"].scale.name, "one list for one set of value labels"
    assert [(choice.name, choice.label["en"]) for choice in first["help"].scale.choices] == [
        ("1", "Very poor"),
        ("2", "Poor"),
        ("3", "Good"),
        ("4", "=Excellent"),
        ("9", "Not relevant"),
    ]
    assert first["help"].scale.not_relevant == ("9",), (
        "what the file marks as missing leaves the denominator and stays an answer"
    )
    assert first["age"].kind == "number" and first["score"].kind == "number" and first["words"].kind == "text"
    assert second["help"].same_as == "help" and first["help"].same_as is None and second["new"].same_as is None
    answers = store.read(study, "2019").frame
    assert answers.to_dict(as_series=False) == {
        "place": ["a", "a", "b"], "w": [1.0, 2.0, 1.5], "help": ["1", "4", "9"], "staff": ["4", None, "3"],
        "age": [30.0, 41.0, None], "score": [1.5, 2.0, None], "words": ["godt", None, "=1+1"],
    }  # fmt: skip
    assert "nobody answered, left out: silent" in report.lines
    assert "1 cells of age that the file marks as missing were read as unanswered" in report.lines
    file = tomllib.loads(study.folder.study_toml.read_text(encoding="utf-8"))
    assert file["design"] == {"sampled": False, "unit": "place", "wave": "year", "weight": "w", "weight_basis": "given"}


def test_a_stata_file_becomes_the_same_questionnaires(tmp_path):
    study, _ = made(tmp_path, stata, "a.dta", **ALL)
    assert [item.name for item in study.instrument("2019").items] == ["help", "staff", "age", "score", "words"]
    assert study.instrument("2019")["help"].scale.names == ("1", "2", "3", "4", "9")
    assert store.read(study, "2021").frame["new"].to_list() == ["1", "0"]


def test_a_file_without_waves_units_and_weights_is_one_wave_of_answers_as_they_came(tmp_path):
    study, _ = made(tmp_path, lambda path: FRAME.select("help", "score").write_csv(path), "a.csv")
    assert study.waves == ("1",)
    assert study.psu_column is None
    assert store.read(study, "1").frame.columns == ["help", "score"]
    assert study.instrument("1")["help"].kind == "number", "numbers without labels stay numbers"


def test_the_same_file_gives_the_same_bytes(tmp_path):
    spss(tmp_path / "a.sav")
    for name in ("one", "two"):
        init(tmp_path / name / "study", tmp_path / "a.sav", **ALL)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert len(files) == 5
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), file


def test_a_text_that_starts_with_an_equals_sign_is_no_formula_in_the_questionnaire(tmp_path):
    made(tmp_path, spss, "a.sav", **ALL)
    book = openpyxl.load_workbook(tmp_path / "study" / "waves" / "2019" / "questionnaire.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert "=Excellent" in [cell.value for cell in cells] and not [cell for cell in cells if cell.data_type == "f"]


def test_columns_whose_names_no_questionnaire_can_have_get_others_and_it_is_said(tmp_path):
    text = "Ålder i år,1a,ok,ålder_i_år\n30,2,3,4\n"
    study, report = made(tmp_path, lambda path: path.write_text(text, encoding="utf-8"), "a.csv")
    assert [item.name for item in study.instrument("1").items] == ["Alder_i_ar", "v_1a", "ok", "alder_i_ar"]
    assert "the column Ålder i år is called Alder_i_ar in the questionnaire" in report.lines
    assert study.instrument("1")["Alder_i_ar"].label == {"en": "Ålder i år"}
    assert store.read(study, "1").frame.row(0) == (30.0, 2.0, 3.0, 4.0)


def test_ids_with_leading_zeros_are_no_numbers(tmp_path):
    study, _ = made(tmp_path, lambda path: path.write_text("kommune,q\n0301,1\n1103,2\n", encoding="utf-8"), "a.csv")
    assert store.read(study, "1").frame["kommune"].to_list() == ["0301", "1103"]


def test_answers_without_a_wave_are_told_and_nothing_is_made(tmp_path):
    (tmp_path / "a.csv").write_text("year,q\n2019,1\n,2\n", encoding="utf-8")
    with pytest.raises(InputError) as stop:
        init(tmp_path / "study", tmp_path / "a.csv", wave_column="year")
    assert [(fault.code, fault.row) for fault in stop.value.faults] == [("missing-wave", 3)]
    assert not (tmp_path / "study").exists()


def test_rows_without_a_unit_are_refused_and_listed(tmp_path):
    study, report = made(
        tmp_path,
        lambda path: path.write_text("place,q\na,1\n,2\nb,3\n", encoding="utf-8"),
        "a.csv",
        unit_column="place",
    )
    assert store.read(study, "1").frame["place"].to_list() == ["a", "b"]
    assert "2 of 3 rows brought into wave 1" in report.lines
    assert (
        study.folder.refused("1").read_text(encoding="utf-8")
        == "row,column,found,reason\n3,place,,the answer has no unit\n"
    )


def test_values_that_the_labels_do_not_name_are_kept_and_said(tmp_path):
    (tmp_path / "labels.csv").write_text('variable,label\nq,"Trust (1=No, 2=Yes)"\n', encoding="utf-8")
    text = "q\n" + "\n".join("1224") + "\n"
    study, report = made(
        tmp_path,
        lambda path: path.write_text(text.replace("4", "4\n"), encoding="utf-8"),
        "a.csv",
        labels=tmp_path / "labels.csv",
    )
    assert study.instrument("1")["q"].scale.names == ("1", "2", "4")
    assert "values without a label stand as choices called by the value: 4 of q (1)" in report.lines


@pytest.mark.parametrize(
    ("said", "words", "values"),
    [
        ("Rate it (1=Very poor, 2= Poor, 3=Fair)", "Rate it", {"1": "Very poor", "2": "Poor", "3": "Fair"}),
        ("Wait when sick (unscheduled) (1=Short, 2=Long)", "Wait when sick (unscheduled)", {"1": "Short", "2": "Long"}),
        ("Not closed (1=One, 2=Two", "Not closed", {"1": "One", "2": "Two"}),
        (
            "Commas within (1=Yes, often, 2=Yes, at times, 3=No, never)",
            "Commas within",
            {"1": "Yes, often", "2": "Yes, at times", "3": "No, never"},
        ),
        (
            "A full stop between (1=<15, 2=16-30. 3=31-60, 4=More)",
            "A full stop between",
            {"1": "<15", "2": "16-30", "3": "31-60", "4": "More"},
        ),
        ("Numbers as labels (0=None, 1=1, 10=All)", "Numbers as labels", {"0": "None", "1": "1", "10": "All"}),
        ("Letters (M=Male, F=Female)", "Letters", {"M": "Male", "F": "Female"}),
        ("Negative (-1=Missing, 0=No)", "Negative", {"-1": "Missing", "0": "No"}),
        ("Brackets in a label (1=A (of B), 2=C)", "Brackets in a label", {"1": "A (of B)", "2": "C"}),
        ("Choice=cocaine or heroin (0=No, 1=Yes)", "Choice=cocaine or heroin", {"0": "No", "1": "Yes"}),
        ("No values (in years)", "No values (in years)", {}),
        ("A code is missing (=Once)", "A code is missing (=Once)", {}),
        ("One code twice (1=A, 1=B)", "One code twice (1=A, 1=B)", {}),
        ("An empty label (1=, 2=B)", "An empty label (1=, 2=B)", {}),
    ],
)
def test_values_are_read_from_labels_as_people_write_them(said, words, values):
    assert labels.split(said) == (words, values)


def test_labels_that_cannot_be_read_are_told_apart(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text(
        'variable,label\na,"Rate (1=Good, 2=Bad)"\nb,Once (=Only once)\nc,\nd,Age (years)\n', encoding="utf-8"
    )
    found = labels.read(path)
    assert found.values == {"a": {"1": "Good", "2": "Bad"}}
    assert found.unread == {"b": "Once (=Only once)"}
    assert found.unlabelled == ("c",)
    assert found.labels == {"a": "Rate", "b": "Once (=Only once)", "d": "Age (years)"}


def test_a_labels_file_of_another_kind_is_told(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("name,text\na,b\n", encoding="utf-8")
    with pytest.raises(InputError) as stop:
        labels.read(path)
    assert [fault.column for fault in stop.value.faults] == ["variable", "label"]


def test_labels_are_taken_to_be_in_the_language_that_is_named(tmp_path):
    """1. The study and its questionnaire speak it. 2. What reads like "not relevant" is proposed, never decided."""
    degree = {1: "I svært liten grad", 2: "I stor grad", 9: "Ikke relevant"}
    answers = pl.DataFrame({"kommune": ["a", "b", "b"], "hørt": [1.0, 2.0, 9.0]})
    pyreadstat.write_sav(answers, str(tmp_path / "svar.sav"), column_labels=["", "Blir du hørt?"], variable_value_labels={"hørt": degree})
    init(tmp_path / "study", tmp_path / "svar.sav", unit_column="kommune", language="nb")
    text = (tmp_path / "study" / "study.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["languages"] == ["nb"] and '# not_relevant = ["9"]' in text
    scale = next(iter(tomllib.loads(text)["scales"]))
    assert scale == "i_svart_liten_grad_to_ikke_relevant" and "not_relevant" not in tomllib.loads(text)["scales"][scale]
    study = folder.read(tmp_path / "study")
    assert study.instrument(study.waves[0])["hort"].label == {"nb": "Blir du hørt?"}
    assert [(warning.code, warning.column) for warning in check(tmp_path / "study").warnings] == [("odd-score", f"scales.{scale}")], "9 counts as 9 until a person decides"
    path = tmp_path / "study" / "study.toml"
    path.write_text(text.replace("# not_relevant", "not_relevant"), encoding="utf-8")
    assert not check(tmp_path / "study").warnings


STACKED = pl.DataFrame({"nr": [float(n) for n in range(1, 25)], "year": [1.0, 2.0] * 12, "place": [1.0, 2.0, 3.0] * 8, "help": [1.0, 2.0, 3.0, 4.0] * 6})


def stacked(path):
    pyreadstat.write_sav(
        STACKED, str(path),
        variable_value_labels={"help": DEGREE, "year": {1: "Spring", 2: "Autumn"}, "place": {1: "Ås øst", 2: "Bø", 4: "Not asked"}},
    )  # fmt: skip


def test_ids_waves_and_units_are_called_what_the_file_calls_them(tmp_path):
    study, report = made(tmp_path, stacked, "a.sav", wave_column="year", unit_column="place", id_column="nr")
    assert (study.id_column, study.waves) == ("nr", ("1", "2"))
    assert [item.name for item in study.instrument("1").items] == ["help"], "an id is no item"
    assert [study.file.waves[wave].label for wave in study.waves] == [{"en": "Spring"}, {"en": "Autumn"}]
    assert study.frame.select("unit", "name").rows() == [("1", "Ås øst"), ("2", "Bø"), ("4", "Not asked"), ("3", "3")]
    assert any("names of 4 units in frame.csv" in line for line in report.lines)


def test_a_file_of_several_waves_brings_in_the_rows_of_the_wave_that_is_named(tmp_path):
    study, _ = made(tmp_path, stacked, "a.sav", wave_column="year", unit_column="place", id_column="nr")
    before = store.read(study, "2").frame
    lines = bring.bring(study, "2", tmp_path / "a.sav").lines
    assert "a.sav: rows of other waves, left where they are: 12 of 1" in lines
    assert "12 of 12 rows brought into wave 2, in place of the 12 that stood there" in lines
    assert store.read(study, "2").frame.equals(before)
    pyreadstat.write_sav(STACKED.filter(pl.col("year") == 1), str(tmp_path / "first.sav"))
    with pytest.raises(InputError, match="no-rows-of-wave"):
        bring.bring(study, "2", tmp_path / "first.sav")
    assert store.read(study, "2").frame.equals(before)


def test_a_number_that_every_answer_has_alone_is_told_before_its_mean_is_published(tmp_path):
    study, report = made(tmp_path, stacked, "a.sav", wave_column="year")
    assert any(line.startswith("every answer has a value of its own, as ids have: nr;") for line in report.lines)
    assert [(warning.code, warning.column) for warning in check(tmp_path / "study").warnings] == [("looks-like-id", "nr")] * 2
    path = study.folder.study_toml
    path.write_text(path.read_text(encoding="utf-8") + '[items.nr]\nrole = "hidden"\n', encoding="utf-8")
    assert not check(tmp_path / "study").warnings


def answered_in_words(path):
    book = openpyxl.Workbook()
    for row in (["Er du fornøyd?", "Vekt", "Ord"], *([said, weight, "ja"] for said, weight in [("Svært", "0,5"), ("litt", "1,25"), (None, "2"), ("Nei", "1")] * 3)):
        book.active.append(row)
    book.save(path)


def test_answers_in_words_are_told_and_counted_once_their_values_are_named(tmp_path):
    """1. What may be choices is told, without the texts. 2. With a labels file each label is its code. 3. The same file can be brought in again."""
    answered_in_words(tmp_path / "a.xlsx")
    lines = init(tmp_path / "first", tmp_path / "a.xlsx", weight_column="Vekt").lines
    assert any("texts with few values" in line and "Er du fornøyd? (3)" in line and "Svært" not in line for line in lines)
    (tmp_path / "labels.csv").write_text('variable;label\nEr du fornøyd?;"Er du fornøyd? (1=Svært, 2=Litt, 3=Nei)"\n', encoding="utf-8")
    study, report = made(tmp_path, answered_in_words, "b.xlsx", labels=tmp_path / "labels.csv", weight_column="Vekt")
    assert study.instrument("1")["Er_du_fornoyd"].scale.names == ("1", "2", "3")
    frame = store.read(study, "1").frame
    assert frame["Er_du_fornoyd"].to_list()[:4] == ["1", "2", None, "3"] and frame["Vekt"].to_list()[:2] == [0.5, 1.25]
    assert "9 cells of Er du fornøyd? were read by their labels" in report.lines
    assert "b.xlsx: numbers in texts have a decimal comma: Vekt" in report.lines
    again = bring.bring(study, "1", tmp_path / "b.xlsx").lines
    assert "the column Er du fornøyd? was read as Er_du_fornoyd" in again
    assert store.read(study, "1").frame.equals(frame)


def test_what_stands_behind_a_hash_holds_as_it_stands_once_names_are_filled_in(tmp_path):
    """A newcomer takes the # away, writes names and labels, and has a study without faults."""
    study, _ = made(tmp_path, stacked, "a.sav", wave_column="year", unit_column="place", id_column="nr")
    path = study.folder.study_toml
    head, tail = path.read_text(encoding="utf-8").split("# Bands, chapters", 1)
    opened = [line.removeprefix("# ") for line in tail.splitlines()[1:]]
    text = head.replace('# bands = { NAME = ["…"] }', 'bands = { NAME = ["4"] }') + "\n".join(opened)
    path.write_text(text.replace("reversed = true", "").replace('role = "background"', ""), encoding="utf-8")
    report = check(tmp_path / "study")
    assert [warning.code for warning in report.warnings] == ["outside-categories"], "two answers of four are in the group that is proposed"
    assert f"to do: royst release {tmp_path / 'study'} --name 2" in report.lines


def test_the_next_command_can_be_typed_as_it_is_printed(tmp_path):
    FRAME.select("help").write_csv(tmp_path / "a.csv")
    lines = init(tmp_path / "min undersøkelse på Ås", tmp_path / "a.csv", language="nb").lines
    assert lines[-1].endswith(f'then run royst check "{tmp_path / "min undersøkelse på Ås"}"')
    file = tomllib.loads((tmp_path / "min undersøkelse på Ås" / "study.toml").read_text(encoding="utf-8"))
    assert file["title"] == {"nb": "min undersøkelse på Ås"} and file["id"] == "min-undersokelse-pa-As"
    assert any(line.startswith("no release is planned yet") for line in check(tmp_path / "min undersøkelse på Ås").lines)


def test_check_tells_what_a_release_would_leave_out(tmp_path):
    """1. Reports to units that nobody has named. 2. Change over time where no question says that it continues. 3. What is left to do, in order."""
    study, _ = made(tmp_path, lambda path: FRAME.select("place", "help").write_csv(path), "a.csv", unit_column="place")
    path = study.folder.study_toml
    text = path.read_text(encoding="utf-8") + '[waves.2]\n[releases.first]\ndate = "2026-01-02"\nwave = "2"\nearlier = ["1"]\n'
    path.write_text(text, encoding="utf-8")
    second = study.folder.questionnaire("2")
    second.parent.mkdir()
    second.write_bytes(study.folder.questionnaire("1").read_bytes())
    report = check(tmp_path / "study")
    assert [warning.code for warning in report.warnings] == ["no-unit-reports", "no-line-over-time"]
    assert report.lines[-2] == f"to do: royst import {tmp_path / 'study'} --wave 2 FILE; royst release {tmp_path / 'study'} --name first"
    path.write_text(text.replace("[releases.first]", "[releases.first]\nunit_reports = false"), encoding="utf-8")
    assert [warning.code for warning in check(tmp_path / "study").warnings] == ["no-line-over-time"]


def test_units_without_a_region_report_together_under_a_name_that_claims_none(tmp_path):
    """Eight units of six answers, and nobody knows where they lie."""
    answers = pl.DataFrame({"place": [float(k) for k in range(1, 9) for _ in range(6)], "help": [1.0, 2.0, 3.0] * 16})
    names = {k: f"Unit {k}" for k in range(1, 9)}
    study, _ = made(tmp_path, lambda path: pyreadstat.write_sav(answers, str(path), variable_value_labels={"help": DEGREE, "place": names}), "a.sav", unit_column="place")
    (pool,) = reports.assigned(study, estimate.prepare(study, "1"), rule_set(study.file.plan.rule_set))
    assert (pool.facts.label, pool.facts.id) == ({"en": "Units with few answers"}, "pool-all-all")
    assert pool.facts.members == list(names.values())
