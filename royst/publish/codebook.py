"""The codebook: every question as it was asked in each wave, its answers, how they are counted, and its name in the tables."""

from __future__ import annotations

from collections.abc import Sequence

from royst.publish.chapters import paragraph, theme_items
from royst.publish.charts import DASH
from royst.publish.document import Block, Document, Heading, Table
from royst.publish.edition import Edition


def codebook(held: Edition) -> Document:
    """Items by theme, then background, indices and answer scales, for those who use the open tables."""
    words = held.words
    blocks: list[Block] = [paragraph(words("codebook.text"), lead=True)]
    placed: set[str] = set()
    for theme, facts in held.facts.themes.items():
        items = [item for item in facts.items if item in held.facts.items]
        placed |= set(items)
        blocks += _items(held, held.of(facts.label), f"items-{theme}", items or theme_items(held, theme))
    for role in ("item", "background", "helper", "index"):
        items = [name for name, item in held.facts.items.items() if item.role == role and name not in placed]
        blocks += _items(held, words(f"codebook.role_{role}"), f"items-{role}", items)
    blocks += _scales(held)
    return held.document(
        words("codebook.title"), blocks, description=words("codebook.text"), foot=words("pages.codebook")
    )


def _items(held: Edition, title: str, anchor: str, items: list[str]) -> list[Block]:
    if not items:
        return []
    words = held.words
    columns = (
        words("codebook.name"),
        words("chart.question"),
        words("codebook.waves"),
        words("codebook.scale"),
        words("codebook.note"),
    )
    lines = []
    for name in items:
        item = held.facts.items[name]
        newest = next(iter(item.question.values()), {})
        asked = held.of(newest) or held.of(item.short)
        waves = words.joined(held.say.wave(wave) for wave in reversed(item.waves)) if item.waves else DASH
        before = [other for other in item.continues.values() if other != name]
        notes = [words("codebook.reversed")] if item.reversed else []
        notes += [words("codebook.continues", name=words.joined(dict.fromkeys(before)))] if before else []
        lines.append((name, asked, waves, (item.scale or DASH).rstrip("~"), " ".join(notes) or DASH))
    return [Heading(2, title, anchor), _table(words("codebook.items_caption", items=title), columns, lines)]


def _scales(held: Edition) -> list[Block]:
    """Each scale's answers with code, score (where questions are scored by it) and band."""
    words = held.words
    scoring = {(item.scale or "").rstrip("~") for item in held.facts.items.values() if item.role == "item"}
    blocks: list[Block] = []
    for name, scale in held.facts.scales.items():
        if name.endswith("~"):
            continue
        band_of = {
            choice: held.say.words.of(held.facts.bands[band].label) if band in held.facts.bands else band
            for band, names in scale.bands.items()
            for choice in names
        }
        lines = [
            (
                choice.name,
                held.of(choice.label),
                DASH if name not in scoring or choice.name not in scale.scores else _score(scale.scores[choice.name]),
                words("chart.not_relevant") if choice.name in scale.not_relevant else band_of.get(choice.name, DASH),
            )
            for choice in scale.choices
        ]
        columns = (words("codebook.code"), words("chart.answer"), words("codebook.score"), words("codebook.band"))
        blocks.append(_table(words("codebook.scale_caption", name=name), columns, lines, words("codebook.score")))
    return [Heading(2, words("codebook.scales"), "scales"), *blocks] if blocks else []


def _table(caption: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]], numeric: str = "") -> Table:
    """A table without the columns that say nothing. ``numeric``: the column of numbers."""
    kept = [place for place in range(len(columns)) if any(row[place] != DASH for row in rows)]
    names = tuple(columns[place] for place in kept)
    lines = tuple(tuple(row[place] for place in kept) for row in rows)
    return Table(caption, names, lines, frozenset(place for place, name in enumerate(names) if name == numeric))


def _score(value: float) -> str:
    return f"{value:g}"
