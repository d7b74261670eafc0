"""``royst import``: the same answers from every kind of file, and nothing dropped, recoded or guessed in silence."""

from __future__ import annotations

import csv
import io

import openpyxl
import polars as pl
import pyreadstat
import pytest

from royst.answers import groups, labels, readers, store
from royst.errors import InputError
from royst.evaluation import bring
from royst.study import folder

HEADER = ["id", "unit", "gender", "age", "satisfied", "waiting", "helped", "other"]
EXPECTED = {
    "id": ["p1", "p2", "p3", "p4", "p5"],
    "unit": ["a", "a", "b", "c", "d"],
    "gender": ["m", "w", "m", "w", None],
    "age": [30.0, 41.0, 55.5, None, 19.0],
    "satisfied": ["5", "4", "3", "9", "1"],
    "waiting": ["1", "2", "3", None, "5"],
    "helped": [None, "staff kin", "other", None, "staff"],
    "other": [None, None, "en nabo på Ås", None, None],
}
TEXT = "\n".join(
    ",".join("" if EXPECTED[name][row] is None else f"{EXPECTED[name][row]}".removesuffix(".0") for name in HEADER)
    for row in range(5)
)
CSV = ",".join(HEADER) + "\n" + TEXT + "\n"
NUMERIC = ("age", "satisfied", "waiting")


@pytest.fixture
def study(small):
    return folder.read(small.write())


def brought(study, path):
    report = bring.bring(study, "2019", path)
    return store.read(study, "2019").frame.to_dict(as_series=False), report


def columns():
    return {
        name: [float(value) if name in NUMERIC and value is not None else value for value in values]
        for name, values in EXPECTED.items()
    }


def table(**changed):
    return pl.DataFrame(columns() | changed)


def excel(path):
    book = openpyxl.Workbook()
    for row in (HEADER, *table().rows()):
        book.active.append(row)
    book.save(path)


WRITERS = {
    "utf8.csv": lambda path: path.write_bytes(CSV.encode("utf-8")),
    "bom.csv": lambda path: path.write_bytes(CSV.encode("utf-8-sig")),
    "utf16.csv": lambda path: path.write_bytes(CSV.encode("utf-16")),
    "windows.csv": lambda path: path.write_bytes(CSV.replace("\n", "\r\n").encode("cp1252")),
    "norwegian.csv": lambda path: path.write_bytes(CSV.replace(",", ";").replace("55.5", "55,5").encode("cp1252")),
    "tabs.tsv": lambda path: path.write_bytes(CSV.replace(",", "\t").encode("utf-8")),
    "floats.csv": lambda path: path.write_text(CSV.replace("41,4,2", "41.0,4.0,2.0"), encoding="utf-8"),
    "quoted.csv": lambda path: path.write_text("\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in CSV.splitlines()), encoding="utf-8"),
    "na.csv": lambda path: path.write_text(CSV.replace("w,,9,,", "w,NA,9,NA,NA"), encoding="utf-8"),
    "sheet.xlsx": excel,
    "spss.sav": lambda path: pyreadstat.write_sav(table(), str(path)),
    "packed.zsav": lambda path: pyreadstat.write_sav(table(), str(path), compress=True),
    "stata.dta": lambda path: pyreadstat.write_dta(table(), str(path)),
    "arrow.parquet": lambda path: table().write_parquet(path),
    "texts.parquet": lambda path: table().with_columns(pl.col("gender").cast(pl.Categorical), pl.col("satisfied").cast(pl.Int8)).write_parquet(path),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITERS)
def test_the_same_answers_from_every_kind_of_file(study, tmp_path, name):
    path = tmp_path / name
    WRITERS[name](path)
    found, report = brought(study, path)
    assert found == EXPECTED
    assert "5 of 5 rows brought into wave 2019" in report.lines
    assert not study.folder.refused("2019").exists()


def test_the_same_file_gives_the_same_bytes(study, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(CSV, encoding="utf-8")
    bring.bring(study, "2019", path)
    first = study.folder.answers("2019").read_bytes()
    bring.bring(study, "2019", path)
    assert study.folder.answers("2019").read_bytes() == first


def test_what_was_read_as_unanswered_is_counted(study, tmp_path):
    WRITERS["na.csv"](tmp_path / "na.csv")
    _, report = brought(study, tmp_path / "na.csv")
    assert "1 cells of age that the file marks as missing were read as unanswered" in report.lines
    assert "1 cells of waiting that the file marks as missing were read as unanswered" in report.lines


def test_spss_missing_values_stay_where_the_questionnaire_knows_them(study, tmp_path):
    """9 is an answer of the questionnaire (not relevant); 99 is none, and the file marks both as missing."""
    frame = table(age=[30.0, 999.0, 55.5, None, 19.0], waiting=[99.0, 2.0, 3.0, None, 5.0])
    path = tmp_path / "a.sav"
    pyreadstat.write_sav(
        frame, str(path), missing_ranges={"satisfied": [9], "waiting": [9, 99], "age": [{"lo": 998, "hi": 999}]}
    )
    found, report = brought(study, path)
    assert found["satisfied"] == ["5", "4", "3", "9", "1"]
    assert found["waiting"] == [None, "2", "3", None, "5"]
    assert found["age"] == [30.0, None, 55.5, None, 19.0]
    assert "1 cells of waiting that the file marks as missing were read as unanswered" in report.lines


def test_a_comma_is_no_decimal_mark_where_it_separates(study, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(CSV.replace("55.5", '"55,5"'), encoding="utf-8")
    _, report = brought(study, path)
    assert "1 rows refused whole; each is listed in waves/2019/refused.csv with its reason:" in report.lines
    assert "  1 × age: is not a number" in report.lines


def refusals(study):
    with study.folder.refused("2019").open(encoding="utf-8", newline="") as lines:
        return [tuple(row.values()) for row in csv.DictReader(lines)]


def test_every_refused_row_is_listed_with_its_reasons(study, tmp_path):
    rows = [
        "p1,a,m,30,5,1,,",
        "p2,a,x,17,4,2,staff nobody,",
        "p3,zz,m,55,3,3,other,",
        "p4,c,w,,Stort,,,",
        "p5,d,,19,1,05,staff,",
        "p6,d,,19,1,5,staff,",
        "p6,d,,19,1,5,staff,",
        ",d,,19,1,5,staff,",
        "p8,d,w,121,1,5,staff,",
        "p9,d,w,20,5.0,5,staff,",
    ]
    path = tmp_path / "a.csv"
    path.write_text(",".join(HEADER) + "\n\n" + "\n".join(rows) + "\n", encoding="utf-8")
    found, report = brought(study, path)
    assert found["id"] == ["p1", "p9"] and found["satisfied"] == ["5", "5"]
    assert refusals(study) == [
        ("4", "gender", "x", "is not one of m, w"),
        ("4", "helped", "staff nobody", "is not one of staff, kin, other"),
        ("5", "unit", "zz", "is not in the frame"),
        ("6", "satisfied", "Stort", "is not one of 1, 2, 3, 4, 5, 9"),
        ("7", "waiting", "05", "is not one of 1, 2, 3, 4, 5, 9"),
        ("8", "id", "p6", "the id stands in row 9 too"),
        ("9", "id", "p6", "the id stands in row 8 too"),
        ("10", "id", "", "the answer has no id"),
        ("11", "age", "121", "above 120"),
    ]
    assert "2 of 10 rows brought into wave 2019" in report.lines
    assert "8 rows refused whole; each is listed in waves/2019/refused.csv with its reason:" in report.lines


def test_a_label_is_read_as_its_choice_and_counted(study, tmp_path):
    """A name goes before a label, and a label that two choices share is nobody's."""
    path = tmp_path / "a.csv"
    path.write_text(CSV.replace("41,4,2", "41, stor ,2"), encoding="utf-8")
    found, report = brought(study, path)
    assert found == EXPECTED
    assert "1 cells of satisfied were read by their labels" in report.lines
    assert labels.names([("1", "Yes"), ("2", "No"), ("3", "no"), ("4", "1"), ("5", "4.5")]) == {"yes": "1"}


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["1,5", "2", "0,25"], ("numbers in texts have a decimal comma: q",)),
        (["1,500", "2,250"], ()),
        (["1,5", "etc."], ()),
    ],
)
def test_a_decimal_comma_in_a_sheet_is_taken_where_it_shows(tmp_path, cells, said):
    """1,500 may be one and a half, or fifteen hundred."""
    book = openpyxl.Workbook()
    for cell in ("q", *cells):
        book.active.append([cell])
    book.save(tmp_path / "a.xlsx")
    found = readers.read(tmp_path / "a.xlsx")
    assert found.said == said and found.decimal_comma is bool(said)


def test_formulas_whose_values_the_file_does_not_hold_are_no_empty_cells(tmp_path):
    book = openpyxl.Workbook()
    for row in (["id", "=text", "age"], ["p1", "a", 30], ["p2", "b", "=A2+1"], ["p3", "c", "=A3+1"]):
        book.active.append(row)
    book.active["B1"].data_type = "s"  # a name may begin so: a text is no formula
    book.save(tmp_path / "answers.xlsx")
    with pytest.raises(InputError) as stop:
        readers.read(tmp_path / "answers.xlsx")
    assert [(fault.code, fault.row, fault.column) for fault in stop.value.faults] == [("formula-without-value", 3, "age")]


def test_a_title_above_the_names_in_a_sheet_is_one_fault(tmp_path):
    book = openpyxl.Workbook()
    for row in (["Our survey"], ["a", "b"], [1, 2], [None, None], [3, 4]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(InputError) as stop:
        readers.read(tmp_path / "a.xlsx")
    assert [(fault.code, fault.row) for fault in stop.value.faults] == [("no-header", 1)]


def test_the_list_of_refusals_goes_when_nothing_is_refused_any_more(study, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(CSV.replace("p2,a,w", "p2,a,x"), encoding="utf-8")
    bring.bring(study, "2019", path)
    assert study.folder.refused("2019").exists()
    path.write_text(CSV, encoding="utf-8")
    bring.bring(study, "2019", path)
    assert not study.folder.refused("2019").exists()


def test_columns_that_are_missing_are_all_named_and_unknown_ones_are_kept_out(study, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,unit,Gender,age,satisfied,helped,other\np1,a,m,30,5,,\n", encoding="utf-8")
    with pytest.raises(InputError) as stop:
        bring.bring(study, "2019", path)
    assert [(fault.code, fault.column) for fault in stop.value.faults] == [
        ("missing-column", "gender"),
        ("missing-column", "waiting"),
    ]
    assert "the file has 'Gender'" in stop.value.faults[0].todo
    path.write_text(
        "".join(f"{line},{'ip' if place == 0 else '10.0.0.1'}\n" for place, line in enumerate(CSV.splitlines())),
        encoding="utf-8",
    )
    found, report = brought(study, path)
    assert "ip" not in found and "not in the questionnaire, kept out: ip" in report.lines


def test_leading_zeros_that_a_spreadsheet_ate_are_told(small, tmp_path):
    small.frame = small.frame.replace(";a;", ";0301;")
    small.samples = {wave: sample.replace("a,small", "0301,small") for wave, sample in small.samples.items()}
    study = folder.read(small.write())
    path = tmp_path / "a.csv"
    path.write_text(CSV.replace(",a,", ",301,"), encoding="utf-8")
    bring.bring(study, "2019", path)
    assert refusals(study)[0] == ("2", "unit", "301", "is not in the frame; 0301 is: leading zeros may have been lost")


def test_units_that_refused_have_no_answers(small, tmp_path):
    small.samples["2019"] = (
        "unit,size,inclusion,status\na,small,0.5,took_part\nb,small,0.5,took_part\nc,large,1,refused\nd,large,1,\n"
    )
    small.edit('singleton = "fail"', 'singleton = "adjust"')
    study = folder.read(small.write())
    path = tmp_path / "a.csv"
    path.write_text(CSV, encoding="utf-8")
    bring.bring(study, "2019", path)
    assert refusals(study) == [("5", "unit", "c", "is not in this wave's sample, or refused")]


def test_exports_of_odk_central_and_kobotoolbox(study, tmp_path):
    """Group names before item names, and one column a choice beside or in place of the joined one."""
    central = CSV.replace("gender,age,satisfied", "background-gender,background-age,service-satisfied")
    path = tmp_path / "central.csv"
    path.write_text(central, encoding="utf-8")
    found, report = brought(study, path)
    assert found == EXPECTED
    assert "the column background-gender was read as gender" in report.lines

    rows = list(csv.DictReader(io.StringIO(CSV)))
    out = io.StringIO()
    names = [
        "_uuid",
        *(f"group/{name}" if name in ("gender", "age") else name for name in HEADER if name != "helped"),
        *(f"group/helped/{choice}" for choice in ("staff", "kin", "other")),
    ]
    writer = csv.writer(out, delimiter=";")
    writer.writerow(names)
    for row in rows:
        chosen = row["helped"].split()
        split = [("1" if choice in chosen else "0") if chosen else "" for choice in ("staff", "kin", "other")]
        writer.writerow(["u", *(row[name] for name in HEADER if name != "helped"), *split])
    path = tmp_path / "kobo.csv"
    path.write_text(out.getvalue(), encoding="utf-8")
    found, report = brought(study, path)
    assert found == EXPECTED
    assert "the columns group/helped/staff, group/helped/kin, group/helped/other were read as helped" in report.lines
    assert "not in the questionnaire, kept out: _uuid" in report.lines


def test_a_required_answer_and_a_skipped_question(small, tmp_path):
    for row in small.surveys["2019"][1:]:
        if row[1] in ("waiting", "other"):
            row[6] = "yes"
    study = folder.read(small.write())
    path = tmp_path / "a.csv"
    path.write_text(CSV.replace("2,staff kin,", "2,staff kin,somebody"), encoding="utf-8")
    found, report = brought(study, path)
    assert refusals(study) == [("5", "waiting", "", "the questionnaire requires an answer")]
    assert found["other"][1] == "somebody", "an answer to a question that was skipped is kept"
    assert "kept: 1 answers to other, which the questionnaire skips there" in report.lines


def test_excel_cells_are_read_as_people_see_them(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["a", "b", "c", None], [1, 2.5, True], [None, None, None], [3.0, "x", None]):
        sheet.append(row)
    book.create_sheet("more")
    book.save(tmp_path / "a.xlsx")
    found = readers.read(tmp_path / "a.xlsx")
    assert found.frame.rows() == [("1", "2.5", "true"), ("3", "x", None)]
    assert found.rows == (2, 4)
    assert found.said == ("read the first sheet, Sheet, of 2",)


@pytest.mark.parametrize(
    ("text", "code", "row"),
    [
        ("a,a\n1,2\n", "repeated-column", 1),
        ("a,\n1,2\n", "unnamed-column", 1),
        ("a,b\n1,2\n1\n1,2,3\n", "ragged-row", 3),
        ("Our survey\n\na,b\n1,2\n1,2\n", "no-header", 1),
        ('a,b\n1,"2\n', "broken-csv", 2),
        ("\n\n", "empty-file", None),
    ],
)
def test_csv_files_that_cannot_be_read_say_where(tmp_path, text, code, row):
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as stop:
        readers.read(path)
    assert (stop.value.faults[0].code, stop.value.faults[0].row) == (code, row)


def test_groups_come_from_answers_and_frame(small, study, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(CSV, encoding="utf-8")
    bring.bring(study, "2019", path)
    frame = store.read(study, "2019").frame
    assert groups.groups(study, "2019", frame).to_dict(as_series=False) == {
        "sex": ["man", "woman", "man", "woman", None],
        "part": ["north", "north", "south", "south", "north"],
    }
    assert groups.outside(study, "2019", frame) == {}


def test_a_group_of_numbers_is_cut_at_low_and_high_and_the_rest_is_counted(small, tmp_path):
    old = 'column = "gender"\ncategories.man = { label = { nb = "Mann", en = "Man" }, values = ["m"] }\ncategories.woman = { label = { nb = "Kvinne", en = "Woman" }, values = ["w"] }'
    new = 'column = "age"\ncategories.man = { label = { nb = "18-30", en = "18-30" }, low = 18, high = 30 }\ncategories.woman = { label = { nb = "50+", en = "50+" }, low = 50 }'
    study = folder.read(small.edit(old, new).write())
    path = tmp_path / "a.csv"
    path.write_text(CSV, encoding="utf-8")
    bring.bring(study, "2019", path)
    frame = store.read(study, "2019").frame
    assert groups.groups(study, "2019", frame)["sex"].to_list() == ["man", None, "woman", None, "man"]
    assert groups.outside(study, "2019", frame) == {"sex": {"41": 1}}


def test_background_is_carried_by_key_and_a_later_waves_own_answer_stands(small, tmp_path):
    small.edit("[waves.2019]\n", '[carry]\nwave = "2019"\nkey = "id"\nitems = ["gender", "age"]\n[waves.2019]\n')
    small.surveys["2021"] = [row for row in small.surveys["2021"] if row[1] != "gender"]
    study = folder.read(small.write())
    path = tmp_path / "a.csv"
    path.write_text(CSV, encoding="utf-8")
    bring.bring(study, "2019", path)
    later = "id,unit,age,satisfied,waiting,helped,other\np4,a,50,5,1,,\np1,b,,5,1,,\nnew,b,20,5,1,,\n"
    path.write_text(later, encoding="utf-8")
    bring.bring(study, "2021", path)
    answers = store.read(study, "2021")
    assert answers.carried == ("gender",)
    assert answers.frame["gender"].to_list() == ["w", "m", None]
    assert answers.frame["age"].to_list() == [50.0, None, 20.0]
    assert groups.groups(study, "2021", answers.frame)["sex"].to_list() == ["woman", "man", None]
    assert "gender" not in store.read(study, "2021", carried=False).frame.columns
