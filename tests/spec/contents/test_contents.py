"""The national report, the pages and the unit reports: everything from the release, nothing withheld, nothing typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from itertools import pairwise

import polars as pl
import pytest

from royst.publish import charts, comparisons, wavelines
from royst.publish.document import (
    Bullets,
    Cards,
    Chart,
    Document,
    DotPlot,
    ExpectedRange,
    Heading,
    LineChart,
    Link,
    Matrix,
    Note,
    Paragraph,
    StackedBars,
    Table,
)
from royst.publish.edition import edition
from royst.publish.national import national
from royst.publish.pages import pages
from royst.publish.unit_report import unit_report
from royst.release import Release
from royst.words import LANGUAGES

RESULT = r"\d+(?:[.,]\d)?[\u00a0 ]?(?:%|prosent\b(?! konfidens)|per cent(?! confidence))"
"""A per cent that is a result: not a confidence level, not the margin in percentage points."""


def texts(part: object) -> Iterator[str]:
    """Every piece of text in a document."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, tuple | list | frozenset):
        for inner in part:
            yield from texts(inner)
    elif is_dataclass(part):
        for field in fields(part):
            yield from texts(getattr(part, field.name))


def drawn(document: Document) -> list[Chart]:
    return [block for block in document.blocks if isinstance(block, Chart)]


def anchors(document: Document) -> list[str]:
    return [block.anchor for block in document.blocks if isinstance(block, Heading)]


def all_documents(release: Release, language: str) -> list[Document]:
    own = [document for path, document in pages(release).items() if path.startswith(f"{language}/")]
    return [
        national(release, language),
        *own,
        *(unit_report(release, report.id, language) for report in release.facts.reports),
    ]


def nothing_shown(release: Release) -> Release:
    """The same release with every estimate, change and verdict withheld."""
    hidden = {}
    for name, table in release.tables.items():
        numbers = [column for column, kind in table.schema.items() if kind == pl.Float64]
        if "status" in table.columns:
            table = table.with_columns(
                pl.lit("withheld").alias("status"), *(pl.lit(None, pl.Float64).alias(column) for column in numbers)
            )
        hidden[name] = table
    hidden["cells"] = hidden["cells"].clear()
    return Release(release.facts.model_copy(update={"texts": {}}), hidden, release.files)


@pytest.mark.parametrize("language", LANGUAGES)
def test_documents_are_whole(release: Release, language: str) -> None:
    for document in all_documents(release, language):
        assert (
            document.language == language
            and document.title
            and document.description
            and document.owner
            and document.synthetic
        )
        assert len(set(anchors(document))) == len(anchors(document)), document.title
        level = 1
        for block in document.blocks:
            if isinstance(block, Heading):
                assert block.level <= level + 1, (document.title, block.text)
                level = block.level
        for text in texts(document):
            assert not re.search(r"\bNone\b|\bnan\b|\{|\}|  ", text), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_chart_says_what_it_shows_and_has_its_table(release: Release, language: str) -> None:
    for document in all_documents(release, language):
        for chart in drawn(document):
            assert chart.caption and len(chart.alt) > 30 and re.search(r"\d|–|ingen|none", chart.alt), chart.caption
            assert chart.table.rows and all(len(row) == len(chart.table.columns) for row in chart.table.rows)


def test_the_report_answers_in_the_order_a_reader_asks(release: Release) -> None:
    found = anchors(national(release, "nb"))
    wanted = [
        "summary",
        "who-answered",
        "theme-overall",
        "theme-influence",
        "means",
        "groups",
        "change",
        "goals",
        "units",
        "priorities",
        "sources",
        "method",
        "all-items",
    ]
    assert [anchor for anchor in found if anchor in wanted] == wanted
    kinds = {type(chart.figure) for chart in drawn(national(release, "nb"))}
    assert kinds == {StackedBars, DotPlot, LineChart, Matrix}


def test_a_sentence_stands_above_every_chart(release: Release) -> None:
    blocks = national(release, "nb").blocks
    for before, block in pairwise(blocks):
        if isinstance(block, Chart):
            assert isinstance(before, Paragraph | Bullets), block.caption


def test_the_bars_hold_the_answers_of_the_release(release: Release) -> None:
    chart = next(chart for chart in drawn(national(release, "nb")) if chart.caption.startswith("Medvirkning: slik"))
    assert isinstance(chart.figure, StackedBars)
    bar = next(bar for bar in chart.figure.bars if bar.label == "Pårørende trekkes inn")
    assert [(segment.value, segment.tone) for segment in bar.segments] == [
        (10.0, "best"), (20.0, "good"), (25.0, "middle"), (25.0, "poor"), (20.0, "worst"), (35.6, "apart"),
    ]  # fmt: skip
    turned = next(bar for bar in chart.figure.bars if bar.label.startswith("Må vente lenge"))
    assert [segment.value for segment in turned.segments] == [25.0, 30.0, 20.0, 15.0, 10.0], (
        "the good answer of an item worded the other way"
    )
    assert turned.segments[0].label == "Ikke i det hele tatt" and turned.segments[0].tone == "best"


def test_where_single_answers_are_withheld_the_bands_are_drawn(release: Release) -> None:
    table = release.tables["estimates"]
    hidden = table.with_columns(
        status=pl.when((pl.col("measure") == "share") & (pl.col("item") == "satisfied"))
        .then(pl.lit("withheld"))
        .otherwise("status")
    )
    held = edition(Release(release.facts, {**release.tables, "estimates": hidden}, {}), "nb")
    [chart] = charts.distributions(held, ["satisfied"], "x")
    assert isinstance(chart.figure, StackedBars)
    assert [(segment.label, segment.value, segment.tone) for segment in chart.figure.bars[0].segments] == [
        ("Stor", 60.0, "best"), ("Noen", 20.0, "middle"), ("Liten", 20.0, "worst"),
    ]  # fmt: skip


def test_a_withheld_row_says_that_it_is_not_shown_and_carries_no_number(release: Release) -> None:
    held = edition(release, "nb")

    def east(item: str, measure: str, category: str) -> dict[str, object] | None:
        return held.rows.estimate(item, measure, category, domain="region=east")

    [chart] = charts.distributions(held, ["kin", "satisfied"], "x", [charts.Source(east)])
    assert isinstance(chart.figure, StackedBars)
    assert (chart.figure.bars[1].segments, chart.figure.bars[1].missing) == ((), "ikke vist")
    assert set(chart.table.rows[1][1:]) == {"–"}
    assert held.words("chart.not_shown_note") in chart.notes and chart.table.notes == (held.words("chart.dash_note"),)


@pytest.mark.parametrize("language", LANGUAGES)
def test_with_everything_withheld_there_is_a_report_and_no_result(release: Release, language: str) -> None:
    empty = nothing_shown(release)
    for document in all_documents(empty, language):
        assert not [chart for chart in drawn(document) if not isinstance(chart.figure, LineChart) and not chart.figure]
        for text in texts(document):
            assert not re.search(RESULT, text), text
    assert anchors(national(empty, language))[:2] == ["summary", "who-answered"]


def test_lines_break_where_a_question_does(release: Release) -> None:
    held = edition(release, "nb")
    assert [line.label for line in wavelines.lines(held, ["satisfied", "influence", "kin"])] == [
        "Fornøyd med tjenestene",
        "Innflytelse på tjenestene",
    ]
    assert wavelines.waves_in_order(held) == ["2017", "2019"]


def test_goals_move_only_on_evidence(release: Release, make: Callable[..., Release]) -> None:
    said = list(texts(national(release, "nb")))
    assert said.count("Ja, det går i riktig retning.") == 2
    unsure = make(goals=[{"id": "g", "label": {"nb": "Mål"}, "comparisons": ["satisfied_change", "little_change"]}])
    assert "Det kan ikke avgjøres. Tallene er for usikre." in list(texts(national(unsure, "nb")))
    none = make(goals=[{"id": "g", "label": {"nb": "Mål"}, "comparisons": ["missing"]}])
    assert "Det er ikke nok svar til å si noe om dette målet." in list(texts(national(none, "nb")))
    first = make(goals=[{"id": "g", "label": {"nb": "Mål"}, "comparisons": ["missing"]}], waves={"2019": {"label": {"nb": "2019"}}})
    assert "Dette er den første målingen, så det er ikke noe å sammenligne med ennå." in list(texts(national(first, "nb")))


@pytest.mark.parametrize(
    ("category", "outcome", "better"),
    [
        ("stor", "higher", "better"),
        ("stor", "lower", "worse"),
        ("liten", "higher", "worse"),
        ("liten", "lower", "better"),
        ("stor", "same", "same"),
    ],
)
def test_more_in_the_worst_band_is_for_the_worse(release: Release, category: str, outcome: str, better: str) -> None:
    row = {"item": "satisfied", "measure": "band", "category": category, "outcome": outcome}
    assert comparisons.direction(edition(release, "nb"), row) == better


# The site


def test_pages_are_the_same_in_every_language(release: Release) -> None:
    found = pages(release)
    by_language = {
        language: {path.removeprefix(f"{language}/") for path in found if path.startswith(f"{language}/")}
        for language in LANGUAGES
    }
    assert by_language["nb"] == by_language["nn"] == by_language["en"]
    assert {
        "index.html",
        "tema/influence.html",
        "grupper.html",
        "endring.html",
        "maal.html",
        "enheter.html",
        "metode.html",
        "personvern.html",
    } <= by_language["nb"]


def test_every_link_leads_to_a_page_or_a_published_file(release: Release) -> None:
    found = pages(release)
    published = ("../reports/", "../tables/", "../findings.json", "mailto:")
    for path, document in found.items():
        links = [
            part.href for block in document.blocks if isinstance(block, Bullets | Paragraph) for part in _links(block)
        ]
        links += [card.href for block in document.blocks if isinstance(block, Cards) for card in block.cards]
        for href in links:
            assert href.partition("#")[0] in found or href.startswith(published), (path, href)
            assert href.startswith(published) or href.split("/")[0] == document.language


def _links(block: Bullets | Paragraph) -> list[Link]:
    contents = block.items if isinstance(block, Bullets) else (block.content,)
    return [part for content in contents for part in content if isinstance(part, Link)]


def test_the_news_page_has_all_that_news_needs(release: Release) -> None:
    page = pages(release)["nb/index.html"]
    said = list(texts(page))
    assert any("på oppdrag fra Direktoratet" in text for text in said)
    assert "To stoler ved et bord" in said and "Senteret" in said
    assert "mailto:post@example.org" in said and "../reports/nb/national.pdf" in said
    assert any(text.startswith("Seks av ti brukere (60 prosent)") for text in said)


def test_no_page_names_a_unit(release: Release) -> None:
    members = {member for report in release.facts.reports for member in report.members}
    for path, document in pages(release).items():
        for text in texts(document):
            assert not any(member in text for member in members), path
    for text in texts(national(release, "nb")):
        assert not any(member in text for member in members)


def test_the_programme_lists_earlier_releases(release: Release) -> None:
    said = " ".join(texts(pages(release)["nb/program.html"]))
    assert "Første runde" in said and "20.\u00a0juni 2018" in said


def test_the_certificate_in_plain_words(make: Callable[..., Release]) -> None:
    told = {
        "attacks": [{"attacker": "outsider"}, {"attacker": "staff"}],
        "facts": 75617,
        "recoverable": 0,
        "releases_before": 1,
    }
    said = " ".join(texts(pages(make(certificate=told))["nb/personvern.html"]))
    assert "75\u00a0617" in said and "Ingen av dem lot seg finne." in said and "En ansatt" in said
    broken = " ".join(texts(pages(make(certificate={**told, "recoverable": 3}))["nb/personvern.html"]))
    assert "Ingen av dem lot seg finne." not in broken and "Av dem lot 3 seg finne." in broken
    earlier = " ".join(texts(pages(make(certificate={**told, "told_by_earlier_releases": 12}))["nb/personvern.html"]))
    assert "Av dem følger 12 av det som er gitt ut før." in earlier and "Ingen av dem lot seg finne." not in earlier
    assert "gitt ut før" not in said
    assert "ikke noe sertifikat" in " ".join(texts(pages(make())["nb/personvern.html"]))


def test_the_codebook_leaves_out_columns_that_say_nothing(release: Release) -> None:
    tables = [block for block in pages(release)["nb/kodebok.html"].blocks if isinstance(block, Table)]
    assert tables and all(any(row[place] != "–" for row in table.rows) for table in tables for place in range(len(table.columns)))
    assert all(table.caption not in [h.text for h in pages(release)["nb/kodebok.html"].blocks if isinstance(h, Heading)] for table in tables)


def test_a_table_says_why_a_margin_beside_nothing_may_still_tell_nothing(release: Release) -> None:
    """West and north differ by 2 to 10 points, yet the corrected test cannot tell."""
    tables = {block.caption: block for block in pages(release)["nb/grupper.html"].blocks if isinstance(block, Table)}
    told = tables["Sammenligninger mellom grupper"]
    assert any(row[4] == "2–10" and row[-1] == "Kan ikke avgjøres" for row in told.rows)
    assert any(note.startswith("Feilmarginen gjelder hver forskjell for seg.") for note in told.notes)
    assert not any("for seg" in note for note in tables["Våre tall ved siden av andres"].notes)


# Reports to units and pools


def test_a_unit_sees_its_own_answers_beside_the_country(release: Release) -> None:
    report = unit_report(release, "u1", "nb")
    [chart] = [chart for chart in drawn(report) if isinstance(chart.figure, StackedBars)]
    assert isinstance(chart.figure, StackedBars)
    own, country = chart.figure.bars
    assert own.label == "Fornøyd med tjenestene: Skogvik" and [s.value for s in own.segments] == [
        25.0,
        40.0,
        20.0,
        10.0,
        5.0,
    ]
    assert chart.table.rows[1][0] == "Fornøyd med tjenestene: hele landet"
    assert country.label == "Hele landet" and [s.value for s in country.segments] == [
        22.0,
        38.0,
        20.0,
        11.0,
        9.0,
    ]
    [ranges] = [chart.figure for chart in drawn(report) if isinstance(chart.figure, ExpectedRange)]
    assert (ranges.rows[0].verdict, ranges.rows[0].expected_low, ranges.rows[0].expected_high) == (
        "Som forventet",
        48.0,
        72.0,
    )
    assert anchors(report)[-5:] == ["improve-plan", "improve-do", "improve-check", "improve-act", "withheld"]


def test_a_unit_is_told_what_is_withheld(release: Release) -> None:
    report = unit_report(release, "u1", "nb")
    last = report.blocks[-1]
    assert (
        isinstance(last, Bullets)
        and ("Pårørende trekkes inn",) in last.items
        and ("Fornøyd med tjenestene",) not in last.items
    )


def test_a_pool_says_who_is_in_it_and_why(release: Release) -> None:
    said = list(texts(unit_report(release, "p1", "nb")))
    assert unit_report(release, "p1", "nb").title == "Resultater for en gruppe kommuner: Små kommuner i nord"
    assert {"Nesdal", "Fjellbu", "Holmås"} <= set(said)
    assert any(text.startswith("De som står her, hadde for få svar") for text in said)
    notes = [block for block in unit_report(release, "p1", "nb").blocks if isinstance(block, Note)]
    assert notes and "bare 25 svar" in str(notes[0].content[0])


def test_what_is_published_is_counted_table_by_table(release: Release) -> None:
    said = list(texts(pages(release)["nb/metode.html"]))
    assert {"Resultater for alle", "91,7\u00a0%", "Resultater etter: Landsdel", "100,0\u00a0%"} <= set(said)


def test_an_unknown_report_is_an_error(release: Release) -> None:
    with pytest.raises(KeyError):
        unit_report(release, "u999", "nb")
