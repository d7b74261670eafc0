"""What the report of a sub-study says, in which order, and what the national report and the site take from it."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from royst import release as leaf
from royst.publish.document import Bullets, Document, Heading, JointDisplay, Paragraph, Quote, Table
from royst.publish.national import national
from royst.publish.pages import pages
from royst.publish.tables import workbook
from royst.publish.talks import talk_report
from royst.release import Release
from royst.words import Words


def headings(document: Document) -> list[tuple[int, str]]:
    return [(block.level, block.text) for block in document.blocks if isinstance(block, Heading)]


def paragraphs(document: Document) -> list[str]:
    return ["".join(part if isinstance(part, str) else part.text for part in block.content) for block in document.blocks if isinstance(block, Paragraph)]


def test_themes_stand_in_their_order_with_those_below_them_and_their_quotes(release: Release) -> None:
    document = talk_report(release, "old", "en")
    assert headings(document) == [
        (2, "In short"), (2, "days (en)"), (3, "alone (en)"), (3, "out (en)"), (2, "silent (en)"), (2, "What people told us, beside what they ticked"),
        (2, "What the researchers recommend"), (2, "How to read the quotes"), (2, "How the interviews were done"),
    ]  # fmt: skip
    places = [block for block in document.blocks if isinstance(block, Heading | Quote)]
    at = next(k for k, block in enumerate(places) if isinstance(block, Heading) and block.text == "alone (en)")
    assert places[at + 1 : at + 3] == [Quote("Words 1 <b>(en)", "65+"), Quote("Words 2 <b>(en)", "65+")]


@pytest.mark.parametrize(
    ("language", "most", "number", "few"),
    [
        ("nb", "Så å si alle de tolv snakker om dette.", "Ni av de tolv snakker om dette.", "Færre enn tre av de tolv snakker om dette."),
        ("nn", "Så å seie alle dei tolv snakkar om dette.", "Ni av dei tolv snakkar om dette.", "Færre enn tre av dei tolv snakkar om dette."),
        ("en", "Nearly all of the twelve speak of this.", "Nine of the twelve speak of this.", "Fewer than three of the twelve speak of this."),
    ],
)  # fmt: skip
def test_how_many_is_said_in_words(release: Release, language: str, most: str, number: str, few: str) -> None:
    said = paragraphs(talk_report(release, "old", language))
    for theme, text in (("days", most), ("alone", number), ("out", few)):
        assert f"About {theme}. {text}" in said
    assert "About silent." in said, "of a theme that nobody speaks of no number is said"


def test_the_joint_display_has_the_survey_beside_the_talk(release: Release) -> None:
    found = [block for block in talk_report(release, "old", "nb").blocks if isinstance(block, JointDisplay)]
    assert len(found) == 1 and [theme for theme, _ in found[0].themes] == ["days (nb)"]
    shown, withheld = found[0].themes[0][1]
    row = release.tables["estimates"].row(by_predicate=None, index=0, named=True)
    assert row["wave"] == "2019"
    assert shown.value.endswith("%") and shown.span is not None and shown.span[1] < shown.span[0] < shown.span[2]
    assert shown.between.startswith("Feilmargin: ") and (shown.talk, shown.verdict) == ("Talk of influence.", "Bekrefter")
    assert (withheld.value, withheld.span, withheld.verdict) == ("", None, "Utvider") and withheld.detail.startswith("For få svar")
    cells = found[0].table().rows
    assert cells[0][0] == "days (nb)" and "(feilmargin: " in cells[0][1] and cells[1][2] == "Talk of gone."


def test_points_that_nobody_has_answered_say_so(release: Release) -> None:
    tables = [block for block in talk_report(release, "old", "nb").blocks if isinstance(block, Table)]
    assert [table.caption for table in tables] == ["One", "Two"]
    assert tables[0].rows == (("1. Point 1", "Yes."), ("2. Point 2", "Ikke oppgitt"))


def test_the_national_report_and_the_site_carry_them(release: Release) -> None:
    document = national(release, "nb")
    assert [text for _, text in headings(document)].count("Det folk fortalte") == 1
    assert sum(isinstance(block, JointDisplay) for block in document.blocks) == 1
    made = pages(release)
    for language in ("nb", "nn", "en"):
        assert made[f"{language}/intervju/index.html"].menu and f"{language}/intervju/old.html" in made
        assert made[f"{language}/intervju/old.html"].synthetic != made[f"{language}/metode.html"].synthetic


def test_a_quote_in_another_language_than_the_page_says_so(release: Release) -> None:
    for language, marked in (("nb", ""), ("nn", "nb"), ("en", "")):
        assert {block.language for block in talk_report(release, "old", language).blocks if isinstance(block, Quote)} == {marked}


def test_a_release_from_before_a_column_came_is_read(release: Release, tmp_path: Path) -> None:
    leaf.write(release, tmp_path)
    path = tmp_path / "tables" / "interview_quotes.csv"
    pl.read_csv(path).drop("spoken").write_csv(path)
    read = leaf.read(tmp_path)
    assert set(read.tables["interview_quotes"]["spoken"]) == {""}
    assert read.tables["interview_quotes"].drop("spoken").equals(release.tables["interview_quotes"].drop("spoken"))
    assert [block.language for block in talk_report(read, "old", "nn").blocks if isinstance(block, Quote)] == ["", ""]
    path.write_text(path.read_text(encoding="utf-8").replace("label", "who", 1), encoding="utf-8")
    with pytest.raises(ValueError, match="who"):
        leaf.read(tmp_path)


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_the_workbook_has_sheets_of_the_talk_as_the_tables_have_it(release: Release, language: str) -> None:
    words = Words(language)
    book = openpyxl.load_workbook(BytesIO(workbook(release, language)))
    sheets = {name: [[cell.value for cell in row] for row in book[words(f"talk.sheet_{name}")]] for name in ("themes", "quotes", "joint", "method", "advice")}
    title = words.of(release.facts.substudies["old"].title)
    for name, of in (("themes", "interview_themes"), ("quotes", "interview_quotes"), ("joint", "interview_joint"), ("method", "interview_points"), ("advice", "interview_advice")):
        table = release.tables[of].filter(language=language)
        assert len(sheets[name]) == 1 + table.height and {row[0] for row in sheets[name][1:]} == {title}
    assert [row[2] for row in sheets["quotes"][1:]] == release.tables["interview_quotes"].filter(language=language)["text"].to_list()
    assert not any("%" in str(row[4]) for row in sheets["themes"][1:]), "how many is never a percentage"
    shown, missing = sheets["joint"][1:]
    row = release.tables["estimates"].filter(wave="2019", item="influence", measure="band", category="stor", domain="all", population="all").row(0, named=True)
    assert shown[3:6] == [row["estimate"], row["low"], row["high"]] and missing[3:6] == [None, None, None]
    notes = [row[0].value for row in book.worksheets[0].iter_rows()]
    assert words("talk.read_count") in notes and (words("talk.sheet_synthetic") in notes) == release.facts.substudies["old"].synthetic


def test_a_release_without_interviews_says_nothing_of_them(make: Callable[..., Release]) -> None:
    release = make(substudies={})
    assert not [path for path in pages(release) if "intervju" in path]
    assert not any(isinstance(block, JointDisplay) for block in national(release, "nb").blocks)
    assert not [name for name in openpyxl.load_workbook(BytesIO(workbook(release, "nb"))).sheetnames if "ntervju" in name]


def test_who_they_are_is_not_told_where_they_are_too_few(make: Callable[..., Release], release: Release) -> None:
    facts = release.facts.substudies["old"].model_dump() | {"participants": None}
    document = talk_report(make(substudies={"old": facts}), "old", "nb")
    assert paragraphs(document)[0].startswith("Noen få har fortalt")
    assert isinstance(next(block for block in document.blocks if isinstance(block, Bullets)), Bullets)
