"""The national report: everything a release says, in the order a reader asks for it."""

from __future__ import annotations

from royst.publish import chapters, comparisons, respondents, spread, talks
from royst.publish.document import Block, Document, Heading
from royst.publish.edition import Edition, edition
from royst.publish.method import method
from royst.release import Release


def national(release: Release, language: str) -> Document:
    """The national report in one language (``nb``, ``nn``, ``en``). Raises ``InputError`` where the study's own prose types a number."""
    held = edition(release, language)
    blocks: list[Block] = [
        *lede(held),
        *chapters.own_text(held, "foreword"),
        *chapters.summary(held),
        *respondents.who_answered(held),
    ]
    for theme in themes_in_order(held):
        blocks += chapters.theme(held, theme)
    blocks += [*chapters.means(held), *talks.chapter(held)]
    for chapter in (
        comparisons.groups,
        comparisons.change,
        comparisons.goals,
        spread.units,
        spread.priorities,
        comparisons.sources,
    ):
        blocks += chapter(held)
    blocks += [*further_texts(held), *method(held), *chapters.all_items(held)]
    title, whole = held.of(release.facts.title), held.of(release.facts.whole_name)
    subtitle = held.words("national.subtitle_of", whole=whole) if whole else held.words("national.subtitle")
    return held.document(title, blocks, description=held.of(release.facts.lede) or title, subtitle=subtitle)


def lede(held: Edition) -> list[Block]:
    text = held.of(held.facts.lede)
    return [chapters.paragraph(text, lead=True)] if text else []


def themes_in_order(held: Edition) -> list[str]:
    """The headline's theme first, the others as the study has them."""
    headline = held.facts.items.get(held.facts.headline or "")
    first = headline.theme if headline is not None else None
    return sorted(held.facts.themes, key=lambda name: name != first)


PLACED = (
    "foreword",
    "interpretation",
    "groups",
    "change",
    "goals",
    "priorities",
    "method",
    "news",
    "quote",
    "programme",
    "privacy",
)
"""Names of texts that have a place of their own; ``theme-<id>`` goes to its chapter."""


def further_texts(held: Edition) -> list[Block]:
    """Texts of the study that no chapter has a place for, each under its own name."""
    blocks: list[Block] = []
    for name in held.facts.texts:
        if name in PLACED or name.startswith(("theme-", "unit")):
            continue
        said = chapters.own_text(held, name)
        if said and not isinstance(said[0], Heading):
            blocks.append(Heading(2, name.replace("-", " ").replace("_", " ").capitalize(), f"text-{name}"))
        blocks += said
    return blocks
