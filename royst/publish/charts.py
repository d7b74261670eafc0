"""Charts with all their words: caption, text alternative, table and notes, made from rows of a release.

The figures themselves are drawn elsewhere; here stands what they say. Every function returns None (or no charts) where the release shows nothing to draw.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from royst.publish import numbers
from royst.publish.document import Bar, Chart, Segment, StackedBars, Table, Tone
from royst.publish.edition import Edition
from royst.publish.rows import Row, shown
from royst.release import ScaleFacts
from royst.words import sentence

Look = Callable[[str, str, str], Row | None]
"""Finds the row of (item, measure, category)."""

TONES: dict[int, tuple[Tone, ...]] = {
    1: ("best",),
    2: ("best", "worst"),
    3: ("best", "middle", "worst"),
    4: ("best", "good", "poor", "worst"),
    5: ("best", "good", "middle", "poor", "worst"),
    6: ("best", "good", "good", "poor", "poor", "worst"),
    7: ("best", "good", "good", "middle", "poor", "poor", "worst"),
}
MOST_PARTS = 5
DASH = "–"


@dataclass(frozen=True)
class Part:
    """One part of every bar of a chart: where its rows are, its name and its tone."""

    measure: str
    category: str
    label: str
    tone: Tone


def parts(edition: Edition, item: str) -> list[list[Part]]:
    """How an item's answers may be shown, the finest first: each answer, then each band. Best first in both."""
    scale = edition.rows.scale(item)
    if scale is None:
        return []
    found = []
    answers = ordered(scale)
    whole = len(scale.bands) in TONES and {choice for band in scale.bands.values() for choice in band} >= set(answers)
    if scale.scores and 2 <= len(answers) <= (MOST_PARTS if whole else max(TONES)):
        tones = TONES[len(answers)]
        found.append([_part(edition, item, "share", name, tone) for name, tone in zip(answers, tones)])
    if whole:
        tones = TONES[len(scale.bands)]
        found.append([_part(edition, item, "band", band, tone) for band, tone in zip(scale.bands, tones)])
    return found


def _part(edition: Edition, item: str, measure: str, category: str, tone: Tone) -> Part:
    return Part(measure, category, edition.say.label(item, measure, category), tone)


def ordered(scale: ScaleFacts) -> list[str]:
    """The substantive answers, best first; as the questionnaire has them where they carry no scores."""
    names = [choice.name for choice in scale.choices if choice.name not in scale.not_relevant]
    if not all(name in scale.scores for name in names):
        return names
    return sorted(names, key=lambda name: scale.scores[name], reverse=scale.best == "high")


def same_scale(edition: Edition, items: list[str]) -> list[list[str]]:
    """The items parted so that each chart has one legend: those with the same answers in words, in the order given."""
    by_scale: dict[tuple[str, ...], list[str]] = {}
    for item in items:
        ways = parts(edition, item)
        if ways:
            by_scale.setdefault(tuple(sorted(part.label for part in ways[0])), []).append(item)
    return list(by_scale.values())


@dataclass(frozen=True)
class Source:
    """Where the bars of an item come from, and what stands before its label (``Hele landet``); several sources stand beside each other."""

    look: Look
    name: str = ""


def distributions(edition: Edition, items: list[str], caption: str, sources: list[Source] | None = None) -> list[Chart]:
    """Stacked bars of every item, one chart a scale, the item with the best answers first. ``sources``: the release's own wave unless said."""
    own = sources or [Source(edition.rows.estimate)]
    charts = []
    groups = [
        group for group in same_scale(edition, items) if any(shown_way(edition, item, own[0].look) for item in group)
    ]
    for group in groups:
        label = (
            caption
            if len(groups) == 1
            else edition.words("chart.of_scale", caption=caption, scale=_ends(edition, group[0]))
        )
        charts.append(_distribution(edition, group, label, own))
    return charts


def shown_way(edition: Edition, item: str, look: Look) -> list[Part]:
    """The finest parts of an item that are all shown; empty where none are."""
    return next(
        (way for way in parts(edition, item) if all(shown(look(item, part.measure, part.category)) for part in way)), []
    )


def _ends(edition: Edition, item: str) -> str:
    way = parts(edition, item)[0]
    return edition.words("who.quoted", text=f"{way[0].label} – {way[-1].label}")


def _distribution(edition: Edition, items: list[str], caption: str, sources: list[Source]) -> Chart:
    looks = [source.look for source in sources]
    ways = {
        level: sum(_all_shown(edition, item, level, looks) for item in items)
        for level in range(max(len(parts(edition, item)) for item in items))
    }
    level = max(ways, key=lambda depth: (ways[depth], -depth))
    order = sorted(items, key=lambda item: -_best_value(edition, item, looks[0]))
    bars, rows = [], []
    for item in order:
        for source in sources:
            bar, row = _bar(edition, item, level, source, edition.say.short(item), source is sources[0])
            bars.append(bar)
            rows.append(row)
    legend = _legend(edition, parts(edition, order[0])[level], bars)
    words = edition.words
    way = parts(edition, order[0])[level]
    columns = [
        words("chart.question"),
        *(part.label for part in way),
        words("chart.mean"),
        words("chart.not_relevant"),
        words("chart.answers"),
    ]
    turned = any(edition.facts.items[item].reversed for item in order)
    notes = (
        *((words("chart.reversed_note"),) if turned else ()),
        *_put_together(edition, order, way),
        *((words("chart.not_shown_note"),) if any(bar.missing == words("chart.not_shown") for bar in bars) else ()),
    )
    alt = _distribution_alt(edition, order, level, sources)
    return Chart(caption, alt, StackedBars(tuple(bars), legend), table(edition, caption, columns, rows), notes)


def best_bars(edition: Edition, items: list[str], caption: str, sources: list[Source]) -> Chart | None:
    """Only the share in each item's best band, as every source has it, the first source's highest on top."""
    words = edition.words
    bands = {item: band for item in items if (band := edition.rows.best_band(item)) is not None}
    if not bands:
        return None
    best = [{"item": item, "measure": "band", "category": band} for item, band in bands.items()]
    best.sort(key=lambda key: -_best_value(edition, key["item"], sources[0].look))
    usual = edition.say.usual(best)
    bars, rows = [], []
    for key in best:
        for source in sources:
            name = words("chart.of_source", label=edition.say.what(key, usual), source=source.name)
            bar, value, n = _best_bar(edition, source.look(key["item"], "band", key["category"]), name if source is sources[0] else sentence(source.name), usual)
            bars.append(bar)
            rows.append((name, value, n))
    alt = _distribution_alt(edition, [key["item"] for key in best], 0, sources)
    columns = [words("chart.question"), words("chart.best"), words("chart.answers")]
    figure = StackedBars(tuple(bars), ((usual, "best"),), diverging=False)
    return Chart(caption, alt, figure, table(edition, caption, columns, rows))


def _best_bar(edition: Edition, row: Row | None, label: str, degree: str) -> tuple[Bar, str, str]:
    """The bar of one share, with the share and the answers as a table has them."""
    if row is None or not shown(row):
        return Bar(label, (), "", edition.words("chart.not_shown")), DASH, DASH
    value, n = cell(edition, row), row["n"]
    answers = numbers.plain(edition.words, n) if n is not None else DASH
    return Bar(label, (Segment(degree, row["estimate"], "best", value),), edition.answers(n)), value, answers


def _put_together(edition: Edition, items: list[str], way: list[Part]) -> tuple[str, ...]:
    """Where a chart shows each answer and the text speaks of bands: which answers a band's words stand for."""
    item = next((item for item in items if not edition.facts.items[item].reversed), None)
    scale = edition.rows.scale(item) if item is not None else None
    if item is None or scale is None or way[0].measure != "share":
        return ()
    words, said = edition.words, []
    for band, names in scale.bands.items():
        labels = [part.label for part in way if part.category in names]
        if len(labels) > 1:
            answers = words.joined(words("who.quoted", text=label) for label in labels)
            said.append(words("chart.bands_part", degree=edition.say.degree(item, "band", band), answers=answers))
    return (words("chart.bands_note", bands="; ".join(said)),) if said else ()


def table(edition: Edition, caption: str, columns: list[str], rows: Sequence[tuple[str, ...]]) -> Table:
    """A table of numbers: a column without any number is left out, and a note says what a dash means where there is one."""
    kept = [place for place in range(len(columns)) if place == 0 or any(row[place] != DASH for row in rows)]
    lines = tuple(tuple(row[place] for place in kept) for row in rows)
    return Table(caption, tuple(columns[place] for place in kept), lines, frozenset(range(1, len(kept))), dash_note(edition, lines))


def dash_note(edition: Edition, lines: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """What a dash means, where a table has one."""
    return (edition.words("chart.dash_note"),) if any(DASH in row[1:] for row in lines) else ()


def _all_shown(edition: Edition, item: str, level: int, looks: list[Look]) -> bool:
    ways = parts(edition, item)
    return level < len(ways) and all(
        shown(look(item, part.measure, part.category)) for look in looks for part in ways[level]
    )


def _best_value(edition: Edition, item: str, look: Look) -> float:
    band = edition.rows.best_band(item)
    row = look(item, "band", band) if band else None
    if row is None or not shown(row):
        row = look(item, "mean", "")
        scale = edition.rows.scale(item)
        turned = -1.0 if scale is not None and scale.best == "low" else 1.0
        return turned * row["estimate"] if row is not None and shown(row) else float("-inf")
    return float(row["estimate"])


def _bar(
    edition: Edition, item: str, level: int, source: Source, label: str, first: bool
) -> tuple[Bar, tuple[str, ...]]:
    words = edition.words
    ways = parts(edition, item)
    way = ways[min(level, len(ways) - 1)]
    found = [source.look(item, part.measure, part.category) for part in way]
    known = next((row for row in found if row is not None), None)
    name = words("chart.of_source", label=label, source=source.name) if source.name else label
    if edition.facts.items[item].reversed:
        name = words("chart.reversed", label=name)
    shown_as = name if first else sentence(source.name)
    not_relevant = source.look(item, "not_relevant", "")
    apart = cell(edition, not_relevant)
    mean = source.look(item, "mean", "")
    mean_text = edition.say.mean(item, "mean", mean["estimate"]) if mean is not None and shown(mean) else DASH
    if not all(shown(row) for row in found):
        why = words("chart.not_asked" if known is None else "chart.not_shown")
        return Bar(shown_as, (), "", why), (
            name,
            *(DASH for _ in way),
            mean_text,
            apart,
            DASH,
        )
    rows = [row for row in found if row is not None]
    segments = [
        Segment(
            part.label,
            row["estimate"],
            part.tone,
            numbers.cell(words, row["estimate"]) if row["estimate"] >= 0.5 else "",
        )
        for part, row in zip(way, rows)
    ]
    if not_relevant is not None and shown(not_relevant) and not_relevant["estimate"] > 0:
        segments.append(Segment(words("chart.not_relevant"), not_relevant["estimate"], "apart", apart))
    n = numbers.plain(words, rows[0]["n"]) if rows[0]["n"] is not None else DASH
    cells = (name, *(cell(edition, row) for row in rows), mean_text, apart, n)
    return Bar(shown_as, tuple(segments), edition.answers(rows[0]["n"])), cells


def cell(edition: Edition, row: Row | None, decimals: int = 0) -> str:
    """A share as printed in a table; a dash where it is withheld or missing."""
    return numbers.cell(edition.words, row["estimate"], decimals) if row is not None and shown(row) else DASH


def _legend(edition: Edition, way: list[Part], bars: list[Bar]) -> tuple[tuple[str, Tone], ...]:
    names: dict[Tone, list[str]] = {}
    for part in way:
        names.setdefault(part.tone, []).append(part.label)
    legend = [(" / ".join(labels), tone) for tone, labels in names.items()]
    if any(segment.tone == "apart" for bar in bars for segment in bar.segments):
        legend.append((edition.words("chart.not_relevant"), "apart"))
    return tuple(legend)


def _distribution_alt(edition: Edition, order: list[str], level: int, sources: list[Source]) -> str:
    """Each question's best answers, the first source's and those of the others in brackets."""
    words = edition.words
    said = []
    for item in order:
        ways = parts(edition, item)
        part = ways[min(level, len(ways) - 1)][0]
        band = edition.rows.best_band(item)
        found = [s.look(item, "band", band) if band else s.look(item, part.measure, part.category) for s in sources]
        first = found[0]
        if first is None or not shown(first):
            continue
        label = edition.say.degree(item, first["measure"], first["category"])
        share = numbers.percent_digits(words, first["estimate"])
        text = words("alt.item", item=edition.say.short(item), share=share, label=label)
        for source, row in zip(sources[1:], found[1:]):
            if row is not None and shown(row):
                beside = numbers.percent_digits(words, row["estimate"])
                text = words("alt.beside", said=text, source=source.name, share=beside)
        said.append(text)
    return words("alt.bars", items="; ".join(said) or words("chart.not_shown"))
