"""A release in one language: its rows, its words, its sentences and its findings, and a document's frame from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from royst.publish import numbers
from royst.publish.document import Block, Document
from royst.publish.findings import Finding, findings
from royst.publish.rows import Row, Rows, rows_of, shown
from royst.publish.sentences import Sentences
from royst.release import Facts, Release
from royst.words import Words


@dataclass(frozen=True)
class Edition:
    """What every chapter reads: one release, one language."""

    release: Release
    language: str
    rows: Rows
    words: Words
    say: Sentences
    findings: tuple[Finding, ...] = field(default=())

    @property
    def facts(self) -> Facts:
        return self.rows.facts

    def of(self, text: dict[str, str]) -> str:
        """The study's own text in this language or the nearest."""
        return self.words.of(text)

    def about(self, *, theme: str | None = None, kinds: tuple[str, ...] = ()) -> list[Finding]:
        """Findings of a theme, of some kinds, or both."""
        return [f for f in self.findings if (theme is None or f.theme == theme) and (not kinds or f.kind in kinds)]

    def best(self, item: str, **where: str) -> Row | None:
        """The row of the item's best band, if it can be shown."""
        band = self.rows.best_band(item)
        row = self.rows.estimate(item, "band", band, **where) if band else None
        return row if shown(row) else None

    def talk(self, table: str, substudy: str) -> list[Row]:
        """The rows of a table of interviews, of one sub-study, in this language."""
        return [row for row in self.rows.table(table) if row["substudy"] == substudy and row["language"] == self.language]

    @property
    def units_name(self) -> str:
        """``kommuner``, or ``enheter`` where the study does not say."""
        return self.of(self.facts.units_name) or self.words("who.units_name")

    @property
    def whole_name(self) -> str:
        """``hele landet``, or ``alle`` where the study does not say what all its units together are called."""
        return self.of(self.facts.whole_name) or self.words("national.whole")

    @property
    def interval_note(self) -> str:
        return self.words("chart.interval_note", level=numbers.plain(self.words, 100 * self.facts.method.level))

    def interval_notes(self, told: Iterable[tuple[float | None, float | None]]) -> tuple[str, ...]:
        """What the margin of error is, and why some have none. ``told``: each estimate and where its margin begins."""
        bare = any(estimate is not None and low is None for estimate, low in told)
        return (self.interval_note, self.words("chart.bare_note")) if bare else (self.interval_note,)

    @property
    def weighted_note(self) -> tuple[str, ...]:
        """That the figures are weighted, where they are."""
        return () if self.facts.method.weight_basis == "as_came" else (self.words("chart.weighted_note"),)

    def answers(self, n: int | None) -> str:
        """``n = 1 245``, empty where it is withheld."""
        return "" if n is None else self.words("chart.n", n=numbers.plain(self.words, n))

    def document(
        self,
        title: str,
        blocks: list[Block],
        *,
        description: str = "",
        subtitle: str = "",
        menu: str = "",
        foot: str = "",
        synthetic: str = "",
    ) -> Document:
        """A document with the release's programme, owner, date, and word that it is synthetic where it is, or where ``synthetic`` says so."""
        facts, words = self.facts, self.words
        return Document(
            title=title,
            language=self.language,
            blocks=tuple(blocks),
            kicker=self.of(facts.programme),
            subtitle=subtitle,
            date=numbers.date(words, facts.date),
            owner=self.of(facts.owner),
            description=description or title,
            synthetic=synthetic or (words("synthetic.note") if facts.synthetic else ""),
            menu=menu,
            foot=foot,
        )


def edition(release: Release, language: str) -> Edition:
    """The release in a language, kept with its rows so that hundreds of reports share it."""
    rows = rows_of(release)
    kept = rows.kept.get(language)
    if isinstance(kept, Edition):
        return kept
    words = Words(language)
    made = Edition(release, language, rows, words, Sentences(rows, words), tuple(findings(release, language)))
    rows.kept[language] = made
    return made
