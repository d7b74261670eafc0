"""What a reader of a PDF meets: tables whole on a page, numbers whole on a line, links that lead somewhere."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pikepdf

from royst.publish.document import Document, Heading, JointDisplay, Link, Pair, Paragraph, Table
from royst.publish.docx import word
from royst.publish.pdf import pdf

REPORT = Document("A report", "en", (), kicker="Survey", description="A report.")


def lines(document: Document, folder: Path) -> list[list[str]]:
    """The lines of each page."""
    (folder / "report.pdf").write_bytes(pdf(document))
    said = subprocess.run(["pdftotext", "-layout", "report.pdf", "-"], cwd=folder, capture_output=True, check=True).stdout
    return [page.split("\n") for page in said.decode("utf-8").split("\f")]


def test_a_short_table_stays_whole_on_a_page_with_its_notes(tmp_path: Path) -> None:
    tables = [
        Table(f"Table {k}", ("Question", "2019"), tuple((f"row {k}-{row}", "54%") for row in range(3 + k % 6)), frozenset({1}), (f"note {k}",))
        for k in range(24)
    ]
    pages = lines(replace(REPORT, blocks=(Heading(2, "Tables", "tables"), *tables)), tmp_path)
    where = {line.split("  ")[0].strip(): place for place, page in enumerate(pages) for line in page}
    assert len(pages) > 4
    for k, table in enumerate(tables):
        assert len({where[part] for part in (f"Table {k}", f"note {k}", *(row[0] for row in table.rows))}) == 1, k


def test_a_table_of_long_texts_is_cut_between_rows_and_loses_nothing(tmp_path: Path) -> None:
    rows = tuple((f"point {k}", " ".join(f"word{k}x{n}" for n in range(260))) for k in range(6))
    pages = lines(replace(REPORT, blocks=(Table("Points", ("Point", "Answer"), rows),)), tmp_path)
    said = {word for page in pages for line in page for word in line.split()}
    assert len(pages) > 3 and {word for _, text in rows for word in text.split()} <= said


def test_no_table_begins_with_a_row_alone_and_no_theme_of_a_joint_display_stands_last_on_a_page(tmp_path: Path) -> None:
    """Wherever on the page they begin."""
    rows = tuple((f"row {k}", "54%") for k in range(40))
    themes = tuple((f"theme {k}", (Pair("54%", f"detail {k}", "", None, f"talk {k}", "confirms", "Confirms"),)) for k in range(4))
    tall, joint = Table("Tall", ("Question", "2019"), rows, frozenset({1})), JointDisplay("Joint", ("Theme", "Survey", "Talk", "Together"), themes)
    for above in range(18, 29):
        filling = [Paragraph((f"filling {k}",)) for k in range(above)]
        for block, together in ((tall, ("Tall", "row 0", "row 1")), *((joint, (f"theme {k}", f"detail {k}")) for k in range(4))):
            where = {" ".join(line.split()[:2]): place for place, page in enumerate(lines(replace(REPORT, blocks=(*filling, block)), tmp_path)) for line in page}
            assert len({where[said] for said in together}) == 1, (above, together)


def test_a_figure_with_its_margin_stays_on_a_line(tmp_path: Path) -> None:
    rows = tuple((f"Question {k}", f"5{k}% (47–61)", f"6{k}% (56–64)", f"3{k}% (20–48)") for k in range(9))
    pages = lines(replace(REPORT, blocks=(Table("Over time", ("Line", "2017", "2019", "2021"), rows, frozenset({1, 2, 3})),)), tmp_path)
    said = [line for page in pages for line in page]
    for row in rows:
        assert any(all(cell in line for cell in row) for line in said), row


def test_a_link_to_another_report_leads_to_the_file_of_the_same_kind(tmp_path: Path) -> None:
    link = Link("Read the whole report", "en/intervju/old.html", "interviews-old")
    document = replace(REPORT, blocks=(Paragraph((link,)),))
    with pikepdf.open(BytesIO(pdf(document))) as made:
        targets = [str(note.A.URI) for page in made.pages for note in page.get("/Annots", []) if "/A" in note and "/URI" in note.A]
    assert targets == ["interviews-old.pdf"]
    assert any("Read the whole report (interviews-old.pdf)" in line for page in lines(document, tmp_path) for line in page)
    assert b"interviews-old.docx" in _part(word(document), "word/_rels/document.xml.rels")


def _part(content: bytes, name: str) -> bytes:
    with ZipFile(BytesIO(content)) as opened:
        return opened.read(name)
