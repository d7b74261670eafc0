"""``royst check``: what the plan names must be there, and each fault says which line of which file."""

from __future__ import annotations

import polars as pl
import pytest

from royst.errors import InputError
from royst.evaluation import bring, check
from royst.study import folder, places


def faults(root):
    with pytest.raises(InputError) as stop:
        folder.read(root)
    return stop.value.faults


PLAN = [
    ('items = ["satisfied", "waiting"]', 'items = ["satisfied", "happy"]', "unknown-item", "themes.all.items"),
    ('stor = ["4", "5"]', 'stor = ["4", "6"]', "unknown-answer", "scales.degree.bands.stor"),
    ('stor = ["4", "5"]', 'stor = ["3", "4", "5"]', "bands-overlap", "scales.degree.bands.noen"),
    ('stor = ["4", "5"]', 'stor = ["4", "5", "9"]', "band-not-relevant", "scales.degree.bands.stor"),
    ('stor = ["4", "5"]', "stor = []", "empty-band", "scales.degree.bands.stor"),
    ('not_relevant = ["9"]', 'not_relevant = ["8"]', "unknown-answer", "scales.degree.not_relevant"),
    ('not_relevant = ["9"]', 'not_relevant = ["9"]\nscores = { 1 = 0.0, 5 = 100.0 }', "missing-score", "scales.degree.scores"),
    ("[bands.stor]", "[bands.good]", "unknown-band", "bands.good"),
    ("[items.waiting]", "[items.wait]", "unknown-item", "items.wait"),
    ('column = "gender"', 'column = "sex"', "unknown-item", "groups.sex.column"),
    ('column = "gender"', 'column = "helped"', "group-of-many", "groups.sex.column"),
    ('values = ["w"]', 'values = ["x"]', "unknown-value", "groups.sex.categories.woman.values"),
    ('values = ["w"]', 'values = ["m"]', "categories-overlap", "groups.sex.categories.woman"),
    ('values = ["w"] }', "low = 1 }", "not-a-number", "groups.sex.categories.woman"),
    ('column = "region"', 'column = "county"', "unknown-column-of-frame.csv", "groups.part.column"),
    ('values = ["s"]', 'values = ["sør"]', "unknown-value", "groups.part.categories.south.values"),
    ("[groups.sex]", '[groups."s=x"]', "group-id", 'groups."s=x"'),
    ("[groups.sex]", "[groups._sex]", "group-id", "groups._sex"),
    ("categories.man", 'categories."a b"', "category-id", 'groups.sex.categories."a b"'),
    ("[groups.sex]", "[groups.gender]", "name-taken", "groups.gender"),
    ('item = "satisfied"\ncategory = "stor"\nfirst', 'item = "age"\ncategory = "stor"\nfirst', "unknown-band", "comparisons[1].category"),
    ('category = "stor"\nfirst = "2021"', 'category = "great"\nfirst = "2021"', "unknown-band", "comparisons[1].category"),
    ('first = "2021"\nsecond = "2019"', 'first = "2019"\nsecond = "2021"', "waves-in-order", "comparisons[1].first"),
    ('second = "2019"', 'second = "2017"', "unknown-wave", "comparisons[1].second"),
    ('second = "2019"', 'second = "2019"\nfamily = "goals"', "unknown-family", "comparisons[1].family"),
    ('kind = "waves"', 'kind = "groups"\nwave = "2019"\ngroup = "sexes"', "unknown-group", "comparisons[1].group"),
    ('kind = "waves"', 'kind = "groups"\nwave = "2019"\ngroup = "sex"', "unknown-category", "comparisons[1].first"),
    ('kind = "waves"', 'kind = "wave"', "unknown-value", "comparisons[1].kind"),
    ('kind = "share"', 'kind = "comparison"\ncomparison = "fall"', "unknown-comparison", "findings[1].comparison"),
    ('kind = "share"', 'kind = "source"\nsource = "none"', "unknown-source", "findings[1].source"),
    ('kind = "share"', 'kind = "share"\ndomain = "sex=boy"', "unknown-category", "findings[1].domain"),
    ('kind = "share"', 'kind = "share"\ntheme = "none"', "unknown-theme", "findings[1].theme"),
    ('findings = ["happy"]', 'findings = ["sad"]', "unknown-finding", "releases.2020-06.findings"),
    ('date = "2020-06-22"', 'date = "22.06.2020"', "not-a-date", "releases.2020-06.date"),
    ('wave = "2019"\nfindings', 'wave = "2018"\nfindings', "unknown-wave", "releases.2020-06.wave"),
    ('wave = "2019"\nfindings', 'wave = "2019"\nearlier = ["2021"]\nfindings', "waves-in-order", "releases.2020-06.earlier"),
    ('[releases."2020-06"]', '[releases."../june"]', "unsafe-release", 'releases."../june"'),
    ("[waves.2021]", '[waves."../2021"]', "unsafe-name", 'waves."../2021"'),
    ('id = "small"', 'id = "a/b"', "unsafe-name", "id"),
    ('unit = "unit"', 'units = "unit"', "unknown-key", "design.units"),
    ('unit = "unit"', 'unit = ""', "no-unit", "design.unit"),
    ('unit = "unit"', 'unit = "unit"\nweight_basis = "given"', "no-weight", "design.weight_basis"),
    ('languages = ["nb", "en"]', 'languages = ["nb", "sv"]', "unknown-value", "languages[2]"),
    ('label = { nb = "2019", en = "2019" }', 'label = "2019"', "wrong-kind", "waves.2019.label"),
    ('wave = "2019"', "wave = 2019", "wrong-kind", 'releases.2020-06.wave'),
    ('label = { nb = "2019", en = "2019" }', 'label = { no = "2019", nb = "2019", en = "2019" }', "unknown-language", "waves.2019.label"),
    ('label = { nb = "Alt", en = "All" }\n', "", "missing-key", "themes.all.label"),
    ("[waves.2021]", '[carry]\nwave = "2019"\nkey = "nobody"\nitems = ["gender"]\n[waves.2021]', "carry-key", "carry.key"),
    ("[waves.2021]", '[carry]\nwave = "2019"\nkey = "id"\nitems = ["sex"]\n[waves.2021]', "unknown-item", "carry.items"),
    ("[waves.2021]", "[plan]\nmargin = -1.0\n[waves.2021]", "out-of-range", "plan.margin"),
    ("[waves.2021]", '[plan]\nheadline = "joy"\n[waves.2021]', "unknown-item", "plan.headline"),
    ("[waves.2021]", '[[goals]]\nid = "g"\nlabel = { nb = "a", en = "b" }\ncomparisons = ["x"]\n[waves.2021]', "unknown-comparison", "goals[1].comparisons"),
    ("[waves.2021]", '[[sources]]\nid = "s"\nfile = "s.csv"\nlabel = { nb = "a", en = "b" }\nitem = "satisfied"\ncategory = "stor"\nwave = "2019"\n[waves.2021]', "missing-file", "sources[1].file"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "code", "column"), PLAN, ids=[f"{code}-{column}" for _, _, code, column in PLAN]
)
def test_a_fault_of_the_plan_is_told_with_its_line(small, old, new, code, column):
    found = faults(small.edit(old, new).write())
    told = {(fault.code, fault.column): fault for fault in found}
    assert (code, column) in told, [str(fault) for fault in found]
    fault = told[code, column]
    assert fault.file == "study.toml" and fault.todo
    lines = small.toml.splitlines()
    assert fault.row is not None and fault.row <= len(lines)
    last = column.split(".")[-1].split("[")[0]
    if code not in ("missing-key",) and '"' not in column:
        assert last in lines[fault.row - 1], (fault.row, lines[fault.row - 1])


def test_broken_toml_is_told_with_its_line(small):
    (fault,) = faults(small.edit('id = "small"', "id = small").write())
    assert (fault.code, fault.row) == ("broken-toml", 2)


def test_a_broken_line_over_time_is_told(small):
    for row in small.surveys["2021"]:
        if row[1] == "satisfied":
            row[7] = ""
    assert [fault.code for fault in faults(small.write())] == ["broken-line"]


def test_continuing_an_item_that_was_not_asked_is_told(small):
    small.surveys["2021"][4][7] = "happy"
    found = {(fault.code, fault.file, fault.row, fault.column) for fault in faults(small.write())}
    assert ("unknown-item", "waves/2021/questionnaire.xlsx", 5, "royst_same_as") in found


def test_continuing_an_item_with_another_scale_is_told(small):
    small.surveys["2021"][4][0] = "select_one sex"
    assert "changed-scale" in {fault.code for fault in faults(small.write())}


def test_a_scale_without_a_mirror_cannot_be_reversed(small):
    small.edit('not_relevant = ["9"]', 'not_relevant = ["9"]\nscores = { 1 = 0.0, 2 = 1.0, 3 = 2.0, 4 = 3.0, 5 = 9.0 }')
    assert {fault.code for fault in faults(small.write())} == {"no-mirror"}


FORM = [
    (4, 0, "select_one", "unknown-scale", "type"),
    (4, 0, "select_one degree or_other", "unsupported-type", "type"),
    (4, 0, "rank degree", "unsupported-type", "type"),
    (4, 0, "", "missing-type", "type"),
    (4, 1, "1 a", "item-name", "name"),
    (4, 1, "_weight", "item-name", "name"),
    (4, 1, "gender", "repeated-item", "name"),
    (4, 0, "begin_group", "open-group", "type"),
    (4, 0, "end_group", "open-group", "type"),
    (4, 0, "begin_repeat", "unsupported-type", "type"),
    (4, 4, "today() > 3", "unsupported-rule", "relevant"),
    (4, 4, "../age > 3", "unsupported-rule", "relevant"),
    (4, 4, "${nobody} = 1", "unknown-item", "relevant"),
    (4, 4, "age > 3", "unknown-item", "relevant"),
    (4, 4, ". > 3", "unsupported-rule", "relevant"),
    (4, 4, "${satisfied} = 1", "circular-rule", None),
    (4, 5, "pulldata('a', 'b', 'c', 'd') = 1", "unsupported-rule", "constraint"),
    (4, 2, "Fornøyd, ${nobody}?", "unknown-item", "label"),
]


@pytest.mark.parametrize(
    ("row", "cell", "text", "code", "column"), FORM, ids=[f"{code}-{text}" for _, _, text, code, _ in FORM]
)
def test_a_fault_of_a_questionnaire_is_told_with_its_row(small, row, cell, text, code, column):
    small.surveys["2019"][row][cell] = text
    found = {(fault.code, fault.file, fault.row, fault.column) for fault in faults(small.write())}
    assert (code, "waves/2019/questionnaire.xlsx", row + 1, column) in found, found


def test_labels_that_are_missing_in_a_language_are_warnings(small):
    small.surveys["2019"][4][3] = ""
    small.choices[3][3] = ""
    small.edit('label = { nb = "2019", en = "2019" }', 'label = { nb = "2019" }')
    found = {(fault.file, fault.row, fault.level, fault.found) for fault in folder.read(small.write()).warnings}
    assert ("waves/2019/questionnaire.xlsx", 5, "warning", "'satisfied' has no label in en") in found
    assert ("waves/2019/questionnaire.xlsx", 4, "warning", "'1' has no label in en") in found
    assert any(file == "study.toml" and said == "no text in en" for file, _, _, said in found)


def test_what_could_identify_a_person_is_never_read(small):
    for kind in ("start", "deviceid", "geopoint"):
        small.surveys["2019"].append([kind, kind, kind, kind, "", "", "", ""])
    study = folder.read(small.write())
    assert not {"start", "deviceid", "geopoint"} & {item.name for item in study.instrument("2019").items}
    assert [fault.code for fault in study.warnings].count("identifying-type") == 3


def test_what_pyxform_refuses_is_a_fault_with_the_authors_row(small):
    small.surveys["2019"].insert(1, [""] * 8)
    small.surveys["2019"][5][1] = "a"
    small.choices.insert(4, ["degree", "", "", ""])
    codes = {fault.code for fault in faults(small.write())}
    assert "choice-name" in codes


def test_who_was_alone_is_an_answer_of_the_item(small):
    small.toml += '\n[items.gender]\nrole = "helper"\nalone = "nobody"\n'
    found = {(fault.code, fault.file, fault.column) for fault in faults(small.write())}
    assert ("unknown-choice", "study.toml", "items.gender.alone") in found


def test_the_frame_and_samples_are_checked(small):
    small.frame = small.frame.replace("2019;b;Bervik;s;small;60", "2019;b;Bervik;s;small;many").replace(
        "2019;c", "2019;A"
    )
    small.samples["2019"] = "unit,size,inclusion,offered\na,,0.5,12\nb,small,,\nd,large,nan,some\n"
    small.edit('unit = "unit"', 'unit = "unit"\nweight_basis = "known"')
    found = {(fault.code, fault.file, fault.row, fault.column) for fault in faults(small.write())}
    assert ("not-a-count", "frame.csv", 3, "users") in found
    assert ("not-a-count", "waves/2019/sample.csv", 4, "offered") in found
    assert ("unsafe-unit", "frame.csv", 4, "unit") in found, "units a and A would share a folder on some systems"
    assert ("missing-stratum", "waves/2019/sample.csv", 2, "size") in found
    assert ("inclusion-out-of-range", "waves/2019/sample.csv", 4, "inclusion") in found
    assert ("missing-inclusion", "waves/2019/sample.csv", None, "inclusion") in found


def test_units_have_a_history(small):
    small.frame = "frame_year;unit;name;region;size;users;succeeded_by\n2019;a;A;n;small;1;ab\n2019;b;B;s;small;2;ab\n2019;c;C;n;large;3;\n2019;d;D;s;large;4;\n2021;ab;AB;n;small;3;\n2021;c;C;n;large;3;\n2021;d;D;s;large;4;\n2021;e;E;n;small;1;\n"
    small.samples["2021"] = "unit,size\nab,small\ne,small\nc,large\nd,large\n"
    study = folder.read(small.write())
    assert study.heirs("2021")["a"] == study.heirs("2021")["b"] == "ab"
    assert study.heirs("2019")["a"] == "a" and study.heirs("2019")["b"] == "b", "a merger that came later joins nobody before"
    assert study.heirs("2021")["c"] == "c"
    small.frame = small.frame.replace("2021;ab;AB;n;small;3;", "2021;ab;AB;n;small;3;a")
    assert {fault.code for fault in faults(small.write())} == {"circular-history"}
    small.frame = small.frame.replace("2021;ab;AB;n;small;3;a", "2021;ab;AB;n;small;3;zz")
    assert {fault.code for fault in faults(small.write())} == {"unknown-heir"}


def test_lines_of_a_toml_file_are_found():
    text = '# a\nformat = 1\n\n[a."b c"]\nx = """\n[not.a.table]\ny = 1\n"""\nz = [\n  "w = 3",\n]\n[[d]]\ne.f = 1\n[[d]]\ne.f = { g = 1,\n h = 2 }\n[d.k]\nl = 1\n'
    found = places.lines(text)
    assert found["format",] == 2
    assert found["a", "b c"] == 4 and found["a", "b c", "x"] == 5 and found["a", "b c", "z"] == 9
    assert ("not", "a", "table") not in found and ("a", "b c", "y") not in found
    assert found["d", 0, "e", "f"] == 13 and found["d", 1, "e", "f"] == 15
    assert found["d", 1, "k", "l"] == 18
    assert places.line_of(found, ("d", 1, "e", "f", "g")) == 15
    assert places.dotted(("releases", "2020-06 b", "findings", 1)) == 'releases."2020-06 b".findings[2]'


def test_a_rule_set_that_does_not_exist_is_a_fault_of_check(small):
    small.edit("[waves.2021]", '[plan]\nrule_set = "none"\n[waves.2021]')
    with pytest.raises(InputError) as stop:
        check.check(small.write())
    assert [fault.code for fault in stop.value.faults] == ["unknown-rule-set"]


def test_a_wave_whose_year_the_frame_lacks_is_told(small):
    small.edit("[waves.2021]", '[waves.2021]\nframe_year = "2020"')
    assert [(fault.code, fault.row, fault.column) for fault in faults(small.write())] == [
        ("unknown-frame-year", 17, "waves.2021.frame_year")
    ]


def test_answers_that_were_changed_behind_the_studys_back_are_told(small):
    root = small.write()
    bring.bring(folder.read(root), "2019", small.answers_file())
    path = root / "waves" / "2019" / "answers.parquet"
    stored = pl.read_parquet(path)
    stored.with_columns(
        pl.Series("satisfied", ["5", "7", "3", "9", "1"]), pl.Series("unit", ["a", "a", "b", "c", "../x"])
    ).write_parquet(path)
    with pytest.raises(InputError) as stop:
        check.check(root)
    assert {(fault.code, fault.row, fault.column) for fault in stop.value.faults} >= {
        ("refused-answer", 2, "satisfied"),
        ("refused-answer", 5, "unit"),
    }
    stored.drop("satisfied").write_parquet(path)
    with pytest.raises(InputError) as stop:
        check.check(root)
    assert [(fault.code, fault.column) for fault in stop.value.faults] == [("missing-column", "satisfied")]
    path.write_bytes(b"no parquet")
    with pytest.raises(InputError) as stop:
        check.check(root)
    assert [fault.code for fault in stop.value.faults] == ["not-parquet"]


SOURCE = '[[sources]]\nid = "s"\nfile = "s.csv"\nlabel = { nb = "a", en = "b" }\nitem = "satisfied"\ncategory = "stor"\nwave = "2019"\n[waves.2021]'


@pytest.mark.parametrize(
    ("text", "code", "row", "column"),
    [
        ("id,value,n,citation\ns,53.5,100,Somebody 2020\n", None, None, None),
        ("id,value,n,citation\nt,53.5,100,Somebody 2020\n", "source-row", None, "id"),
        ("id,value,n,citation\ns,much,100,Somebody 2020\n", "source-value", 2, "value"),
        ("id,value,n,citation\ns,53,many,Somebody 2020\n", "source-value", 2, "n"),
        ("id,value,n\ns,53,1\n", "missing-column", 1, "citation"),
    ],
)
def test_another_surveys_figure_has_its_row(small, text, code, row, column):
    root = small.edit("[waves.2021]", SOURCE).write()
    (root / "sources").mkdir()
    (root / "sources" / "s.csv").write_text(text, encoding="utf-8")
    if code is None:
        assert folder.read(root).warnings == ()
    else:
        assert [(f.code, f.file, f.row, f.column) for f in faults(root)] == [(code, "sources/s.csv", row, column)]


def test_a_source_outside_the_folder_is_refused(small):
    root = small.edit("[waves.2021]", SOURCE.replace("s.csv", "../../s.csv")).write()
    (root.parent / "s.csv").write_text("id,value,n,citation\ns,53,1,a\n", encoding="utf-8")
    assert [fault.code for fault in faults(root)] == ["file-outside"]


def test_prose_names_planned_findings_in_every_language(small):
    root = small.write()
    (root / "texts").mkdir()
    (root / "texts" / "foreword.nb.md").write_text("Hei.\n\n{happy} er fornøyd, {sad.n} ikke.\n", encoding="utf-8")
    (root / "texts" / "foreword.en.md").write_bytes("Bjørg".encode("cp1252"))
    (root / "texts" / "afterword.md").write_text("x", encoding="utf-8")
    assert {(fault.code, fault.file, fault.row) for fault in faults(root)} == {
        ("unknown-finding", "texts/foreword.nb.md", 3),
        ("unknown-encoding", "texts/foreword.en.md", None),
        ("text-name", "texts/afterword.md", None),
    }
    (root / "texts" / "foreword.nb.md").write_text("{happy}\n", encoding="utf-8")
    (root / "texts" / "afterword.md").unlink()
    (root / "texts" / "foreword.en.md").unlink()
    assert [warning.found for warning in folder.read(root).warnings] == ["the text 'foreword' is missing in en"]


def test_a_release_rests_on_what_people_decided_and_answered_and_not_on_what_programs_leave(small):
    root = small.write()
    for name in (
        "waves/2019/~$questionnaire.xlsx",
        "waves/2019/answers.parquet.new",
        ".DS_Store",
        "releases/x/y.txt",
        "texts/a.nb.md",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    paths = folder.Folder(root)
    assert [paths.within(path) for path in paths.inputs()] == [
        "frame.csv", "study.toml", "texts/a.nb.md", "waves/2019/questionnaire.xlsx", "waves/2019/sample.csv",
        "waves/2021/questionnaire.xlsx", "waves/2021/sample.csv",
    ]  # fmt: skip
