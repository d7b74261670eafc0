"""The public tables: what a spreadsheet shows, what a machine reads, and that the same release gives the same bytes."""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from royst.publish import tables
from royst.publish.frame import book

sys.path.insert(0, str(Path(__file__).parent))
import publish_samples as samples

FORMULA_STARTS = ("=", "+", "-", "@")


def opened(language: str) -> openpyxl.Workbook:
    return openpyxl.load_workbook(BytesIO(tables.workbook(samples.release(), language)))


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_no_label_becomes_a_formula(language: str) -> None:
    cells = [cell for sheet in opened(language) for row in sheet.iter_rows() for cell in row if cell.value is not None]
    dangerous = [cell for cell in cells if isinstance(cell.value, str) and cell.value.startswith(FORMULA_STARTS)]
    assert dangerous
    assert all(cell.data_type == "s" for cell in dangerous)
    assert not [cell for cell in cells if cell.data_type == "f"]


def test_the_workbook_speaks_the_language_and_says_why_a_cell_is_empty() -> None:
    said = book("nb")
    sheet = opened("nb")[said.texts["estimates"]]
    heading = {cell.value: cell.column - 1 for cell in sheet[1]}
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert [row[heading["Status"]] for row in rows] == ["Publisert", "Publisert", "Holdt tilbake"]
    assert rows[2][heading["Resultat"]] is None and rows[2][heading["n (svar)"]] is None
    assert rows[0][heading["Resultat"]] == 61.5 and rows[0][heading["Svar"]] == "=stor"
    assert rows[1][heading["Gruppe"]] == "Kvinner" and rows[0][heading["Tema"]] == "Tema"
    assert sheet.freeze_panes == "A2"


def test_the_notes_come_first_and_say_that_the_numbers_are_synthetic() -> None:
    for language in ("nb", "nn", "en"):
        workbook = opened(language)
        texts = [row[0].value for row in workbook.worksheets[0].iter_rows()]
        assert workbook.sheetnames[0] == book(language).texts["notes"]
        assert book(language).texts["synthetic"] in texts
        assert all(line in texts for line in book(language).about)


def test_the_same_release_gives_the_same_workbook() -> None:
    assert tables.workbook(samples.release(), "nb") == tables.workbook(samples.release(), "nb")


def test_the_csv_holds_the_table_as_the_release_has_it() -> None:
    release = samples.release()
    found = pl.read_csv(tables.csv(release, "estimates"), schema=dict(release.tables["estimates"].schema))
    assert found.select("estimate", "n", "status").equals(release.tables["estimates"].select("estimate", "n", "status"))
    assert b"\r" not in tables.csv(release, "estimates")


def test_what_one_unit_gets_is_never_a_public_table() -> None:
    with pytest.raises(KeyError):
        tables.csv(samples.release(), "report_estimates")
    workbook = opened("nb")
    assert not [cell for sheet in workbook for row in sheet.iter_rows() for cell in row if "unit=1" in str(cell.value)]
