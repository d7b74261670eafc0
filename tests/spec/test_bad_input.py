"""Bad input: each with a clear error, exit code 2, and nothing half-written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import polars as pl
import pyreadstat
import pytest

from royst import cli
from royst.errors import InputError
from royst.evaluation import bring, check, init, migrate
from royst.study import folder


def snapshot(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def refused(capsys, *arguments: object) -> str:
    """The message of a command that the user's input stopped."""
    assert cli.main([str(argument) for argument in arguments]) == 2
    return capsys.readouterr().err


@pytest.fixture
def study(small):
    return small.write()


@pytest.fixture
def importing(small, study, capsys):
    """Import a changed file of answers into 2019; the folder must be untouched when it is refused."""

    def run(text: str | None = None, *, file: Path | None = None) -> str:
        before = snapshot(study)
        said = refused(capsys, "import", study, "--wave", "2019", file or small.answers_file(text=text))
        assert snapshot(study) == before
        return said

    return run


HEADER = "id,unit,gender,age,satisfied,waiting,helped,other\n"


def test_a_missing_file(importing, tmp_path):
    assert "[missing-file]" in importing(file=tmp_path / "none.csv")


def test_a_folder_that_is_no_study(tmp_path, capsys):
    said = refused(capsys, "check", tmp_path)
    assert "no study.toml" in said and "royst init" in said


def test_a_folder_that_is_not_there(tmp_path, capsys):
    assert "there is no folder" in refused(capsys, "check", tmp_path / "none")


def test_an_unknown_scale_in_a_questionnaire(small, capsys):
    small.surveys["2019"][4][0] = "select_one degre"
    said = refused(capsys, "check", small.write())
    assert (
        "waves/2019/questionnaire.xlsx, row 5, column type" in said and "[unknown-scale]" in said and "degree" in said
    )


def test_an_unknown_scale_in_the_plan(small, capsys):
    small.edit("[scales.degree]", "[scales.degre]").edit("[scales.degree.bands]", "[scales.degre.bands]")
    said = refused(capsys, "check", small.write())
    assert "study.toml, row 19, column scales.degre" in said and "did you mean 'degree'?" in said


def test_values_outside_their_scale(importing):
    said = importing(HEADER + "p1,a,m,30,6,1,,\n")
    assert "row 2, column satisfied: '6' is not one of 1, 2, 3, 4, 5, 9" in said


def test_a_unit_that_is_not_in_the_frame(importing):
    said = importing(HEADER + "p1,zz,m,30,5,1,,\n")
    assert "row 2, column unit: 'zz' is not in the frame" in said


def test_duplicate_ids(importing):
    said = importing(HEADER + "p1,a,m,30,5,1,,\np1,b,m,30,5,1,,\n")
    assert "the id stands in row 3 too" in said


@pytest.mark.parametrize(
    ("weight", "reason"),
    [
        ("-1", "the weight is negative"),
        ("", "the answer has no weight"),
        ("heavy", "is not a number"),
        ("NA", "the answer has no weight"),
    ],
)
def test_a_negative_or_missing_weight(small, capsys, weight, reason):
    small.edit('id = "id"', 'id = "id"\nweight = "w"\nweight_basis = "given"')
    root = small.write()
    text = "w," + HEADER + f"{weight},p1,a,m,30,5,1,,\n"
    assert reason in refused(capsys, "import", root, "--wave", "2019", small.answers_file(text=text))


def test_a_sampled_wave_without_its_sample(small, capsys):
    del small.samples["2021"]
    said = refused(capsys, "check", small.write())
    assert "waves/2021/sample.csv" in said and "[missing-sample]" in said and "royst draw" in said


def test_a_wave_that_is_about_to_be_drawn_may_lack_its_sample(small):
    del small.samples["2021"]
    assert set(folder.read(small.write(), without_sample=["2021"]).samples) == {"2019"}


def test_a_stratum_with_one_unit_stops_where_the_plan_says_so(small, capsys):
    small.samples["2019"] = "unit,size,inclusion\na,small,0.5\nc,large,1\nd,large,1\n"
    said = refused(capsys, "check", small.write())
    assert "stratum 'small' has one unit [stratum-with-one-unit]" in said


def test_a_stratum_with_one_unit_is_printed_where_the_plan_lets_it_pass(small, capsys):
    small.samples["2019"] = "unit,size,inclusion\na,small,0.5\nc,large,1\nd,large,1\n"
    small.edit('singleton = "fail"', 'singleton = "adjust"')
    assert cli.main(["check", str(small.write())]) == 0
    said = capsys.readouterr().out
    assert "stratum 'small' has one unit" in said and 'singleton = "adjust"' in said


def test_a_stratum_whose_answers_come_from_one_unit_stops_too(small, study, capsys):
    text = HEADER + "p1,a,m,30,5,1,,\np3,c,m,55,3,3,,\np5,d,,19,1,5,,\n"
    bring.bring(folder.read(study), "2019", small.answers_file(text=text))
    assert "the answers of stratum 'small' come from one unit" in refused(capsys, "check", study)


def test_an_empty_wave(importing):
    assert "[empty-file]" in importing(HEADER)
    assert "[empty-file]" in importing("")


def test_a_wave_that_the_study_does_not_have(small, study, capsys):
    said = refused(capsys, "import", study, "--wave", "2018", small.answers_file())
    assert "no wave '2018'" in said and "2019, 2021" in said


def sav(path: Path, encoding: bytes, text: bytes) -> Path:
    """An SPSS file whose header says ``encoding`` and whose only name is ``text``."""
    frame = pl.DataFrame(
        {
            "id": ["p1"],
            "unit": ["a"],
            "gender": ["m"],
            "age": [30.0],
            "satisfied": [5.0],
            "waiting": [1.0],
            "helped": [""],
            "other": ["XXXXXXXX"],
        }
    )
    pyreadstat.write_sav(frame, str(path))
    content = path.read_bytes()
    said = (7).to_bytes(4, "little") + (20).to_bytes(4, "little") + (1).to_bytes(4, "little")
    at = content.index(said) + len(said)
    length = int.from_bytes(content[at : at + 4], "little")
    content = content[:at] + len(encoding).to_bytes(4, "little") + encoding + content[at + 4 + length :]
    assert content.count(b"XXXXXXXX") == 1
    path.write_bytes(content.replace(b"XXXXXXXX", text.ljust(8)))
    return path


def test_an_spss_file_in_another_encoding_is_read_by_what_its_header_says(small, study, tmp_path):
    file = sav(tmp_path / "old.sav", b"windows-1252", "Bjørg Å".encode("cp1252"))
    report = bring.bring(folder.read(study), "2019", file)
    assert any("WINDOWS-1252" in line.upper() for line in report.lines)
    from royst.answers import store

    assert store.read(folder.read(study), "2019").frame["other"].to_list() == ["Bjørg Å"]


def test_an_spss_file_whose_texts_are_not_in_its_encoding(importing, tmp_path):
    said = importing(file=sav(tmp_path / "old.sav", b"UTF-8", "Bjørg Å".encode("cp1252")))
    assert "[unknown-encoding]" in said and "UTF-8" in said


def test_damaged_files_of_every_kind(importing, tmp_path):
    for name in ("a.sav", "a.dta", "a.xlsx", "a.parquet"):
        path = tmp_path / name
        path.write_bytes(b"nothing of the kind")
        assert name in importing(file=path), name
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,unit\n\x00\x01")
    assert "[unknown-encoding]" in importing(file=path)
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF")
    assert "[unknown-file-kind]" in importing(file=path)


@pytest.mark.parametrize("unit", ["../../x", "..", "a/b", "a\\b", "con", "a:b", " a", "x" * 200])
def test_a_unit_that_cannot_be_a_folder(small, capsys, unit):
    small.frame += f'2019;"{unit}";Navn;n;small;10\n' if unit != " a" else "2019;-a;Navn;n;small;10\n"
    said = refused(capsys, "check", small.write())
    assert "[unsafe-unit]" in said and "frame.csv, row 10, column unit" in said


def test_a_unit_that_leads_out_of_the_folder_is_refused_without_a_frame_too(small, study, capsys):
    small.edit("sampled", "sampled") if "sampled" in small.toml else small.edit(
        "[design]", "[design]\nsampled = false"
    ).edit('strata = "size"\n', "")
    small.toml = small.toml[: small.toml.index("[groups.part]")] + small.toml[small.toml.index("[[comparisons]]") :]
    root = small.write()
    (root / "frame.csv").unlink()
    said = refused(
        capsys, "import", root, "--wave", "2019", small.answers_file(text=HEADER + "p1,../../x,m,30,5,1,,\n")
    )
    assert "it would lead out of the study folder" in said


def test_a_label_that_is_a_formula(small, capsys, tmp_path):
    root = small.write()
    import openpyxl

    path = root / "waves" / "2019" / "questionnaire.xlsx"
    book = openpyxl.load_workbook(path)
    book["survey"]["C5"] = '=HYPERLINK("http://example.org")'
    book.save(path)
    said = refused(capsys, "check", root)
    assert "waves/2019/questionnaire.xlsx, row 5" in said and "[formula-in-questionnaire]" in said


def test_a_text_that_starts_with_an_equals_sign_stays_a_text(small):
    small.surveys["2019"][4][2] = "=Fornøyd?"
    assert folder.read(small.write()).instrument("2019")["satisfied"].label["nb"] == "=Fornøyd?"


def test_a_refused_cell_cannot_become_a_formula_in_the_list_of_refusals(small, study):
    text = HEADER + "p1,a,m,30,=1+1,1,,\np2,b,m,30,5,1,,\np3,a,@x,30,5,1,,\np4,a,m,-x,5,1,,\n"
    bring.bring(folder.read(study), "2019", small.answers_file(text=text))
    listed = (study / "waves" / "2019" / "refused.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[2] for line in listed[1:]] == ["'=1+1", "'@x", "'-x"]


def test_names_with_markup_are_texts(small):
    frame = folder.read(small.write()).frame
    assert "Corvik & <b>Sønner</b>" in frame["name"].to_list() and "=Dalvik" in frame["name"].to_list()


WITHOUT_RIGHTS = """
import os, sys
from royst.cli import main
warm, arguments = {warm!r}, {arguments!r}
assert main(warm) == 0  # every module is loaded while it can be read
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
sys.exit(main(arguments))
"""


@pytest.fixture
def open_place():
    """A folder that every user can look into; pytest keeps its own to one user."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        yield Path(place)


@pytest.mark.skipif(os.name != "posix", reason="users of another kind")
@pytest.mark.parametrize("verb", ["import", "init"])
def test_a_folder_without_write_permission(small, open_place, verb):
    """As a user without rights: a process that gives up root, where the tests run as root."""
    small.root = open_place / "study"
    study, answers = small.write(), small.answers_file()
    shutil.copytree(study, open_place / "warm" / "study")
    if verb == "import":
        roots = (study, open_place / "warm" / "study")
        arguments, warm = (["import", str(root), "--wave", "2019", str(answers)] for root in roots)
    else:
        arguments, warm = (
            ["init", str(root / "new"), "--from", str(answers)] for root in (open_place, open_place / "warm")
        )
    before = snapshot(study)
    closed = (study, *study.rglob("*"))
    for path in closed:
        path.chmod(0o555 if path.is_dir() else 0o444)
    open_place.chmod(0o555)
    program = WITHOUT_RIGHTS.format(warm=warm, arguments=arguments)
    try:
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, encoding="utf-8", check=False
        )
    finally:
        open_place.chmod(0o755)
        for path in closed:
            path.chmod(0o755 if path.is_dir() else 0o644)
    assert done.returncode == 2, done.stderr
    assert "[no-write-permission]" in done.stderr
    assert snapshot(study) == before
    assert not (open_place / "new").exists()


def test_an_import_that_is_cut_off_leaves_the_old_answers_and_can_be_run_again(small, study, monkeypatch):
    bring.bring(folder.read(study), "2019", small.answers_file())
    before = snapshot(study)

    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(bring, "_write_refused", cut)
        with pytest.raises(KeyboardInterrupt):
            bring.bring(folder.read(study), "2019", small.answers_file(text=HEADER + "p9,a,m,30,5,1,,\n"))
    assert snapshot(study) == before
    (study / "waves" / "2019" / "answers.parquet.new").write_bytes(b"left by a power cut")
    bring.bring(folder.read(study), "2019", small.answers_file())
    assert snapshot(study) == before


def test_an_init_that_is_cut_off_leaves_nothing_and_can_be_run_again(small, tmp_path, monkeypatch):
    small.root.parent.mkdir(exist_ok=True)
    answers = small.answers_file()

    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(init, "bring_rows", cut)
        with pytest.raises(KeyboardInterrupt):
            init.init(tmp_path / "new", answers)
    assert [path.name for path in tmp_path.iterdir()] == [answers.name]
    init.init(tmp_path / "new", answers)
    check.check(tmp_path / "new")


def test_init_never_writes_into_a_folder_that_holds_something(small, study, capsys):
    before = snapshot(study)
    assert "[folder-taken]" in refused(capsys, "init", study, "--from", small.answers_file())
    assert snapshot(study) == before


def test_init_names_columns_that_are_not_there(small, tmp_path, capsys):
    small.root.parent.mkdir(exist_ok=True)
    said = refused(
        capsys,
        "init",
        tmp_path / "new",
        "--from",
        small.answers_file(),
        "--wave-column",
        "year",
        "--unit-column",
        "place",
    )
    assert "--wave-column names 'year'" in said and "--unit-column names 'place'" in said
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("line", "todo"),
    [
        ("format = 2", "newer Røyst"),
        ("format = 0", "royst migrate"),
        ('format = "one"', "royst migrate"),
        ("", "format = 1"),
    ],
)
def test_another_format(small, capsys, line, todo):
    small.edit("format = 1", line)
    said = refused(capsys, "check", small.write())
    assert "[study-format]" in said and todo in said
    with pytest.raises(InputError):
        migrate.migrate(small.root)


def test_migrating_todays_format_changes_nothing(study):
    before = snapshot(study)
    assert "nothing was changed" in migrate.migrate(study).lines[0]
    assert snapshot(study) == before


def test_every_fault_is_told_at_once(small, capsys):
    small.edit('item = "satisfied"\ncategory = "stor"\nfirst', 'item = "satisfyed"\ncategory = "stor"\nfirst').edit(
        'values = ["w"]', 'values = ["q"]'
    )
    small.surveys["2019"][4][0] = "select_one nothing"
    small.samples["2021"] = SAMPLE_BAD
    small.frame = small.frame.replace("2019;a", "2019;../a")
    said = refused(capsys, "check", small.write())
    for code in (
        "unknown-item",
        "unknown-value",
        "unknown-scale",
        "inclusion-out-of-range",
        "unit-not-in-frame",
        "repeated-unit",
        "unsafe-unit",
    ):
        assert f"[{code}]" in said, code


SAMPLE_BAD = "unit,size,inclusion\na,small,1.5\na,small,0.5\nzz,large,0\nd,large,1\n"
