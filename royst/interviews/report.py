"""What one sub-study's report is made of, as plain rows: nothing in them leads back to a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from royst.interviews import quotes
from royst.interviews.codebook import Codebook
from royst.interviews.coreq import Point, coreq
from royst.interviews.substudy import Substudy
from royst.interviews.tables import how_many
from royst.interviews.theme import Theme, analysed, codes_of, spoken
from royst.words import Words

_S = pl.String
THEMES: dict[str, type[pl.DataType]] = {
    "report": _S, "substudy": _S, "theme": _S, "parent": _S, "language": _S, "name": _S, "summary": _S, "people": _S,
}  # fmt: skip
"""One row a theme and language. ``people``: how many of the participants speak of it, in words."""
JOINT: dict[str, type[pl.DataType]] = {"report": _S, "substudy": _S, "theme": _S, "item": _S, "stance": _S}
"""One row a theme and item of the questionnaire: ``confirms``, ``widens`` or ``contradicts``. The estimate stands in the release's own table."""


@dataclass(frozen=True)
class SubstudyReport:
    """A sub-study as it may be printed in ``languages``. ``points``: COREQ by language. ``quotes`` has the columns of ``quotes.ROWS``."""

    substudy: str
    synthetic: bool
    title: dict[str, str]
    purpose: dict[str, str]
    population: dict[str, str]
    points: dict[str, tuple[Point, ...]]
    themes: pl.DataFrame
    quotes: pl.DataFrame
    joint: pl.DataFrame
    recommendations: tuple[dict[str, str], ...]


def substudy_report(
    substudy: Substudy, codebook: Codebook, themes: Sequence[Theme], report: str, languages: Sequence[str]
) -> SubstudyReport:
    """All that the report of a sub-study needs, for the release named ``report``. Counts only participants whose consent stands; marks the quotes as released."""
    people = [p.id for p in substudy.participants if substudy.stands(p.id)]
    passages = spoken(substudy.store, analysed(substudy.store), codebook, people)
    file, rows = substudy.file, []
    for theme in themes:
        who = len(passages.who(codes_of(theme, codebook)))
        for language in languages:
            words = Words(language)
            rows.append(
                {
                    "report": report, "substudy": file.id, "theme": theme.id, "parent": theme.parent or "", "language": language, "name": words.of(theme.name),
                    "summary": words.of(theme.summary), "people": how_many(who, len(people), language) if people else "",
                }
            )  # fmt: skip
    joint = [
        {"report": report, "substudy": file.id, "theme": theme.id, "item": item, "stance": stance}
        for theme in themes
        for item, stance in sorted(theme.joint.items())
    ]
    return SubstudyReport(
        file.id,
        file.synthetic,
        file.title,
        file.purpose,
        file.population,
        {language: coreq(substudy, codebook, themes, language) for language in languages},
        pl.DataFrame(rows, schema=THEMES),
        quotes.released(substudy, report, languages, [theme.id for theme in themes]),
        pl.DataFrame(joint, schema=JOINT),
        tuple(file.recommendations),
    )
