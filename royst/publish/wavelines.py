"""Lines over waves: an item as far back as it continues the same question, or the headline for several populations."""

from __future__ import annotations

from dataclasses import dataclass

from royst.publish import numbers
from royst.publish.charts import DASH
from royst.publish.document import Chart, LineChart, Series, Table, Tone
from royst.publish.edition import Edition
from royst.publish.rows import Row, shown


@dataclass(frozen=True)
class Line:
    """One line over waves: its name, the row of each wave (None where it breaks), and how its population begins."""

    label: str
    found: tuple[Row | None, ...]
    tone: Tone = "accent"
    way: str = "all"


def lines(
    edition: Edition, items: list[str], measure: str = "band", populations: tuple[str, ...] = ("all",)
) -> list[Line]:
    """Lines of items through the waves that they continue (oldest first), or of one item for several populations; only those with two points or more."""
    waves = list(reversed(edition.facts.waves)) if _newest_first(edition) else list(edition.facts.waves)
    found = []
    for item in items:
        category = edition.rows.best_band(item) or "" if measure == "band" else ""
        for population in populations:
            rows = tuple(_in_wave(edition, item, measure, category, wave, population) for wave in waves)
            if sum(row is not None for row in rows) >= 2:
                way = population.partition(":")[0]
                label = edition.say.short(item) if len(populations) == 1 else edition.words(f"population.{way}")
                found.append(Line(label, rows, way=way))
    return found


def _newest_first(edition: Edition) -> bool:
    return next(iter(edition.facts.waves), "") == edition.facts.wave and len(edition.facts.waves) > 1


def waves_in_order(edition: Edition) -> list[str]:
    """The release's waves, oldest first."""
    waves = list(edition.facts.waves)
    return waves[::-1] if _newest_first(edition) else waves


def _in_wave(edition: Edition, item: str, measure: str, category: str, wave: str, population: str) -> Row | None:
    name = edition.rows.name_in(item, wave)
    if population.startswith(f"mix:{wave}:"):
        population = "all"  # the wave whose mix it is
    row = edition.rows.estimate(name, measure, category, wave=wave, population=population) if name else None
    return row if shown(row) else None


def line_chart(edition: Edition, drawn: list[Line], caption: str, *, share: bool = True) -> Chart | None:
    """Lines over waves with their intervals; every value printed."""
    if not drawn:
        return None
    words = edition.words
    waves = waves_in_order(edition)
    series, cells = [], []
    for line in drawn:
        texts = tuple(
            (numbers.cell(words, row["estimate"]) if share else numbers.plain(words, row["estimate"], 1)) if row else ""
            for row in line.found
        )
        points, lows, highs = (
            tuple(row[part] if row else None for row in line.found) for part in ("estimate", "low", "high")
        )
        series.append(Series(line.label, points, lows, highs, texts, line.tone))
        printed = [numbers.with_interval(words, text, row["low"], row["high"]) if row else DASH for text, row in zip(texts, line.found)]
        cells.append((line.label, *printed))
    names = tuple(edition.say.wave(wave) for wave in waves)
    table = Table(
        caption,
        (words("chart.line"), *names),
        tuple(cells),
        frozenset(range(1, len(names) + 1)),
        (edition.interval_note,),
    )
    said = [
        words(
            "alt.line",
            label=one.label,
            values=words.joined(
                words("alt.point", value=text, when=name) for text, name in zip(one.texts, names) if text
            ),
        )
        for one in series
    ]
    notes = edition.interval_notes((row["estimate"], row["low"]) for line in drawn for row in line.found if row)
    axis = words("chart.axis_share" if share else "chart.axis_index")
    return Chart(
        caption,
        words("alt.lines", lines="; ".join(said)),
        LineChart(names, tuple(series), axis),
        table,
        notes,
    )
