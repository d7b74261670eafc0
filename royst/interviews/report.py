"""What one sub-study asks to publish: texts and counts, and who stands behind them, for protection to judge. None of it is public as it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from royst.interviews.codebook import Codebook
from royst.interviews.coreq import Point, coreq
from royst.interviews.quotes import Forward, put_forward
from royst.interviews.substudy import Substudy
from royst.interviews.theme import Theme, analysed, codes_of, spoken


@dataclass(frozen=True)
class SubstudyReport:
    """A sub-study before protection. ``people``: every participant whose consent stands to the traits of a label; ``spoken``: theme to how many of them speak of it.

    ``points``: COREQ by language. ``quotes`` name their participants.
    """

    substudy: Substudy
    themes: tuple[Theme, ...]
    people: Mapping[str, tuple[tuple[str, str], ...]]
    spoken: Mapping[str, int]
    points: Mapping[str, tuple[Point, ...]]
    quotes: tuple[Forward, ...]

    @property
    def places(self) -> frozenset[str]:
        """Attributes that are places, which no label may tell."""
        return frozenset(name for name, part in self.substudy.file.attributes.items() if part.kind == "place")


def substudy_report(
    substudy: Substudy, codebook: Codebook, themes: Sequence[Theme], report: str, languages: Sequence[str]
) -> SubstudyReport:
    """All that the report of a sub-study needs, for the release named ``report``. Counts only participants whose consent stands. Changes nothing."""
    people = [p.id for p in substudy.participants if substudy.stands(p.id)]
    passages = spoken(substudy.store, analysed(substudy.store), codebook, people)
    ordered = tuple(in_order(themes))
    return SubstudyReport(
        substudy,
        ordered,
        {id: substudy.label_values(id) for id in people},
        {theme.id: len(passages.who(codes_of(theme, codebook))) for theme in ordered},
        {language: coreq(substudy, codebook, ordered, language) for language in languages},
        put_forward(substudy, report, languages, [theme.id for theme in ordered]),
    )


def in_order(themes: Sequence[Theme], parent: str | None = None) -> Iterator[Theme]:
    """The themes as a reader meets them: each followed by those below it."""
    for theme in themes:
        if theme.parent == parent:
            yield theme
            yield from in_order(themes, theme.id)
