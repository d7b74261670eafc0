"""Pages, documents and workbooks hold no more than the tables, and these no digit more than is meant to be printed."""

from __future__ import annotations

import csv
import re
import zipfile
from pathlib import Path

import openpyxl
import pikepdf
import polars as pl
import pytest
from attackers.drawn import dots, finer

from royst.protect.rounding import rounded
from royst.publish import figures
from royst.publish.document import Chart, Dot, DotPlot, Table

RELEASES = ("2018-06", "2020-06", "2021-12")
WITHHELD = "withheld"
NAMES = {"id", "kind", "report", "population", "item", "measure", "category", "wave", "domain", "wave_1", "domain_1", "wave_2",
         "domain_2", "family", "correction", "method", "margin", "status"}  # fmt: skip
"""What a withheld row may hold: names, and the plan's own margin."""
INSIDE = re.compile(r"embeddings/|\.xlsx$|\.bin$|charts/|comments|vbaProject|custom\.xml$")


@pytest.fixture(params=RELEASES)
def release(demo: Path, request: pytest.FixtureRequest) -> Path:
    return demo / "releases" / request.param


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_no_number_has_a_digit_too_many(release):
    """Everything that publishing knows is rounded already."""
    for path in sorted((release / "release" / "tables").glob("*.csv")):
        frame = pl.read_csv(path, infer_schema_length=None)
        frame = frame.with_columns(pl.col(c).cast(pl.Float64) for c in frame.columns if frame[c].null_count() == frame.height)
        if "measure" not in frame.columns:
            continue
        again = rounded(frame.with_columns(measure=pl.when(pl.col("measure") == "mean").then(pl.lit("mean")).otherwise(pl.lit("index"))))
        for column in frame.columns:
            if frame[column].dtype == pl.Float64:
                assert frame[column].equals(again[column]), (path.name, column)


def test_a_withheld_row_holds_names_alone(release):
    for path in [*(release / "public" / "tables").glob("*.csv"), *(release / "release" / "tables").glob("*.csv")]:
        for row in rows(path):
            if row.get("status") == WITHHELD:
                assert not [c for c, value in row.items() if value and c not in NAMES], path.name


def numbers(path: Path) -> set[float]:
    """Every number in the public tables."""
    found = set()
    for file in path.glob("*.csv"):
        for row in rows(file):
            for value in row.values():
                try:
                    found.add(float(value))
                except ValueError:
                    continue
    return found


def test_a_workbook_holds_the_tables_numbers_and_nothing_hidden(release):
    tables = release / "public" / "tables"
    printed = numbers(tables)
    for path in sorted(tables.glob("*.xlsx")):
        book = openpyxl.load_workbook(path)
        assert not book.defined_names and {sheet.sheet_state for sheet in book} == {"visible"}
        for sheet in book:
            hidden = [d for d in [*sheet.row_dimensions.values(), *sheet.column_dimensions.values()] if d.hidden]
            assert not hidden, sheet.title
            cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
            assert not [cell for cell in cells if cell.comment]
            strange = {cell.value for cell in cells if isinstance(cell.value, int | float) and float(cell.value) not in printed}
            assert not strange, (path.name, sheet.title, sorted(strange)[:5])


def test_documents_carry_no_data_beside_their_pages(release):
    for path in sorted(release.rglob("*.docx")) + sorted(release.rglob("*.xlsx")):
        with zipfile.ZipFile(path) as document:
            assert not [name for name in document.namelist() if INSIDE.search(name)], path
    for path in sorted(release.rglob("*.pdf"))[::7]:
        with pikepdf.open(path) as document:
            assert not list(document.attachments)
            assert "/AcroForm" not in document.Root


def pages(release: Path) -> list[Path]:
    """Public pages and reports; they differ by language in their words alone."""
    return sorted((release / "public" / "site" / "en").rglob("*.html")) + sorted((release / "to").glob("*/en/*.html"))


def test_no_coordinate_tells_more_than_a_tenth_of_a_per_cent(release):
    read = 0
    for path in pages(release):
        text = path.read_text(encoding="utf-8")
        read += len(dots(text))
        assert finer(text) == [], path
        assert not re.search(r'(?:cx|cy|x|y|width|height)="\d+\.\d{2,}"', text), path
    assert read > 100


def test_no_text_has_more_decimals_than_its_tables(release):
    """In running text, tables and text alternatives: p-values have three decimals, four beside 0.05 as in the tables, and none more."""
    for path in pages(release):
        text = re.sub(r"<(style|script)\b.*?</\1>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        spoken = re.sub(r"<[^>]+>", " ", text) + " ".join(re.findall(r'(?:aria-label|alt|title)="([^"]*)"', text))
        long = re.findall(r"(?<![\d.])\d+[.,]\d{4,}(?![\d.])", spoken)
        assert not [figure for figure in long if not re.fullmatch(r"0[.,]0(49|50)\d", figure)], path


def test_a_unit_has_a_folder_for_its_number_of_answers_alone(release):
    """The list of folders tells which units have ten answers or more, and how units are pooled: numbers of people, no answers."""
    reports = {row["report"] for row in rows(release / "release" / "tables" / "report_estimates.csv")}
    assert {path.name for path in (release / "to").iterdir()} == reports
    published = {row["report"] for row in rows(release / "release" / "tables" / "report_estimates.csv") if row["status"] == "published"}
    assert published == reports


# Planted


def test_a_coordinate_that_is_drawn_too_finely_is_found():
    values = [41.03, 57.26, 63.34, 38.88, 71.45, 52.17]

    def page(drawn: list[float]) -> str:
        marks = tuple(Dot(f"Group {k}", value, text=f"{value:.0f}%") for k, value in enumerate(drawn))
        return figures.both(Chart("A", "a", DotPlot(marks, "Per cent"), Table("A", ("a",), ())), "en")

    assert finer(page([round(value, 1) for value in values])) == []
    assert len(finer(page(values))) >= 6
    read = sorted(value for value, _ in dots(page(values)))[::2]
    assert all(abs(one - other) < 0.05 for one, other in zip(read, sorted(values)))
