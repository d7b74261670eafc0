"""Prose that people write: its numbers come from findings, and a typed one is refused with its line."""

from __future__ import annotations

import pytest

from royst.errors import InputError
from royst.publish.document import Bullets, Heading, Paragraph, Strong
from royst.publish.findings import findings
from royst.publish.prose import prose
from royst.release import Release
from royst.words import Words


def written(release: Release, text: str, language: str = "nb") -> list[object]:
    return list(prose(text, findings(release, language), Words(language), file=f"texts/foreword.{language}.md"))


def faults(release: Release, text: str, language: str = "nb") -> list[tuple[str, int | None]]:
    with pytest.raises(InputError) as wrong:
        written(release, text, language)
    return [(fault.code, fault.row) for fault in wrong.value.faults]


def test_a_placeholder_becomes_the_findings_number(release: Release) -> None:
    [block] = written(
        release,
        "Av {n} svar sier {influence} ja, {influence_change} flere; snittet er {mean}, indeksen {activity_change}.",
    )
    assert block == Paragraph(
        ("Av 1336 svar sier 48 prosent ja, sju prosentpoeng flere; snittet er 3,53, indeksen fem poeng.",)
    )


def test_any_other_number_of_a_finding_is_named(release: Release) -> None:
    assert written(release, "{n.units} kommuner, {satisfied} eller {satisfied.noen}.") == [
        Paragraph(("45 kommuner, 60 prosent eller 20.",))
    ]
    assert written(release, "{n.answers} answers", "en") == [Paragraph(("1,336 answers",))]


def test_paragraphs_bullets_headings_and_strong_words(release: Release) -> None:
    blocks = written(release, "## Takk\nTil **alle** som svarte.\n\n- en\n- to\n")
    assert blocks[0] == Heading(3, "Takk", "text-0-takk")
    assert blocks[1] == Paragraph(("Til ", Strong("alle"), " som svarte."))
    assert blocks[2] == Bullets((("en",), ("to",)))


@pytest.mark.parametrize(
    "text",
    [
        "Vi fant at 60 prosent er fornøyd.",
        "Vi fant at 3,5 er snittet.",
        "Seks av ti er fornøyd.",
        "Om lag fire prosent er det ikke.",
        "Nesten halvparten er fornøyd.",
        "I alt 2019 personer svarte.",
    ],
)
def test_a_typed_number_is_a_fault(release: Release, text: str) -> None:
    assert faults(release, f"Først.\n{text}") == [("typed-number", 2)]


def test_years_and_plans_are_no_figures(release: Release) -> None:
    assert written(release, "Planen 2016–2020 ble evaluert i 2019.") == [
        Paragraph(("Planen 2016–2020 ble evaluert i 2019.",))
    ]


def test_all_faults_come_at_once_with_their_lines(release: Release) -> None:
    text = "Det er {nothing}.\n\nOg 17 andre, {n.nothing}."
    assert sorted(faults(release, text)) == [("typed-number", 3), ("unknown-finding", 1), ("unknown-number", 3)]
