"""Chapters about the spread: how many units lie outside the expected range, and what matters most for the whole."""

from __future__ import annotations

from statistics import median

from royst.publish import charts, numbers
from royst.publish.chapters import own_text, paragraph
from royst.publish.document import (
    Bar,
    Block,
    Chart,
    Heading,
    Matrix,
    Quadrant,
    Segment,
    StackedBars,
    Strong,
    Table,
    Tone,
)
from royst.publish.edition import Edition
from royst.publish.rows import Row
from royst.publish.sentences import closed

VERDICTS: tuple[tuple[str, Tone], ...] = (
    ("better", "best"), ("expected", "middle"), ("lower", "worst"), ("cannot_tell", "apart"),
)  # fmt: skip


def units(edition: Edition, level: int = 2) -> list[Block]:
    """How many units stand above, within and below the expected range. Never which."""
    words = edition.words
    rows = [
        row
        for row in edition.rows.table("units")
        if row["wave"] == edition.facts.wave and row["status"] == "published" and row["units"]
    ]
    if not rows:
        return []
    name = edition.units_name
    first = next((row for row in rows if row["item"] == edition.facts.headline), rows[0])
    counts = {
        part: numbers.count(words, first[part]) if first[part] else words("number.none")
        for part in ("units", "better", "expected", "lower", "cannot_tell")
    }
    blocks: list[Block] = [
        Heading(level, words("units.title", units=name), "units"),
        paragraph(words("units.text", units=name)),
    ]
    key = "units.counts_none" if first["cannot_tell"] == first["units"] else "units.counts"
    blocks.append(
        paragraph(Strong(closed(words(key, name=name, topic=edition.say.topic(first["item"]), **counts))))
    )
    return [*blocks, _units_chart(edition, rows), paragraph(words("units.how", units=name))]


def _units_chart(edition: Edition, rows: list[Row]) -> Chart:
    """A bar an item: how many units lie above, within and below what was expected; those that cannot be told stand apart."""
    words = edition.words
    caption = words("units.caption", units=edition.units_name)
    labels = {part: words(f"units.{part}") for part, _ in VERDICTS}
    bars: list[Bar] = []
    lines, drawn = [], []
    for row in sorted(rows, key=lambda row: (row["cannot_tell"], -row["better"])):
        segments = tuple(
            Segment(
                labels[part], 100 * row[part] / row["units"], tone, numbers.plain(words, row[part]) if row[part] else ""
            )
            for part, tone in VERDICTS
        )
        if row["cannot_tell"] < row["units"] or not bars:
            bars.append(Bar(edition.say.short(row["item"]), segments))
            drawn.append(row)
        counts = (row[part] for part in (*(part for part, _ in VERDICTS), "units"))
        lines.append((edition.say.short(row["item"]), *(numbers.plain(words, count) for count in counts)))
    columns = (words("chart.question"), *labels.values(), words("units.all"))
    notes = [words("units.note", units=edition.units_name)]
    if len(drawn) < len(rows):
        notes.insert(0, words("units.not_drawn", count=numbers.count(words, len(rows) - len(drawn), neuter=True)))
    times = {part: numbers.plain(words, sum(row[part] for row in drawn)) for part, _ in VERDICTS}
    many = numbers.count(words, len(drawn), neuter=True)
    alt = words("alt.units", count=many, units=edition.units_name, **times)
    figure = StackedBars(tuple(bars), tuple((labels[part], tone) for part, tone in VERDICTS), one_scale=True)
    return Chart(caption, alt, figure, Table(caption, columns, tuple(lines), frozenset(range(1, 6))), tuple(notes))


def priorities(edition: Edition, level: int = 2) -> list[Block]:
    """The improvement matrix: what goes together with the headline, and where there is room."""
    words = edition.words
    rows = [
        row
        for row in edition.rows.table("priorities")
        if row["wave"] == edition.facts.wave
        and row["status"] == "published"
        and row["importance"] is not None
        and row["room"] is not None
    ]
    if len(rows) < 2:
        return []
    points = tuple(Quadrant(edition.say.short(row["item"]), row["room"], row["importance"]) for row in rows)
    across, up = median(point.x for point in points), median(point.y for point in points)
    both = [point for point in sorted(points, key=lambda point: -point.y) if point.x >= across and point.y >= up]
    first = [point.label for point in both]
    named = [words("chart.estimate", value=point.label, interval=numbers.cell(words, point.y)) for point in both]
    caption = words("priorities.caption")
    columns = (
        words("chart.question"),
        words("priorities.importance"),
        words("chart.interval"),
        words("priorities.room"),
    )
    lines = tuple(
        (
            edition.say.short(row["item"]),
            numbers.cell(words, row["importance"]),
            numbers.interval(words, row["low"], row["high"]) or charts.DASH,
            numbers.cell(words, row["room"]),
        )
        for row in sorted(rows, key=lambda row: -row["importance"])
    )
    table = Table(caption, columns, lines, frozenset({1, 2, 3}))
    point = (
        words("priorities.first", items=words.joined(words("who.quoted", text=label) for label in first))
        if first
        else words("priorities.none")
    )
    alt = words(
        "alt.matrix", count=numbers.count(words, len(points), neuter=True), items=words.joined(named) or charts.DASH
    )
    figure = Matrix(
        points, words("priorities.room_axis"), words("priorities.importance_axis"), words("priorities.corner")
    )
    chart = Chart(caption, alt, figure, table, (words("priorities.note"),))
    headline = edition.say.topic(edition.facts.headline) if edition.facts.headline else words("priorities.whole")
    return [
        Heading(level, words("priorities.title"), "priorities"),
        paragraph(words("priorities.text", headline=headline)),
        *own_text(edition, "priorities"),
        paragraph(Strong(closed(point))),
        chart,
    ]
