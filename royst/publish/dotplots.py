"""Estimates with their intervals as dots: one item by every group, and every item's mean."""

from __future__ import annotations

from royst.publish import numbers
from royst.publish.charts import DASH
from royst.publish.document import Chart, Dot, DotPlot, Table
from royst.publish.edition import Edition
from royst.publish.rows import LEAST_COMPARED, Row, shown


def group_dots(edition: Edition, item: str, measure: str, category: str, caption: str) -> Chart | None:
    """One item by every group of the study: estimate and interval, the figure for all as a line."""
    words, rows = edition.words, edition.rows
    dots: list[Dot] = []
    headings: list[tuple[int, str]] = []
    cells: list[tuple[str, ...]] = []
    for group, facts in edition.facts.groups.items():
        found = [(name, rows.estimate(item, measure, category, domain=f"{group}={name}")) for name in facts.categories]
        if not any(shown(row) for _, row in found):
            continue
        headings.append((len(dots), edition.of(facts.label)))
        for name, row in found:
            dot, line = _dot(edition, edition.say.category(f"{group}={name}"), row)
            dots.append(dot)
            cells.append((edition.of(facts.label), *line))
    if not dots:
        return None
    total = rows.estimate(item, measure, category)
    everyone = total["estimate"] if total is not None and shown(total) else None
    columns = (
        words("chart.group"),
        words("chart.category"),
        words("chart.share"),
        words("chart.interval"),
        words("chart.answers"),
    )
    notes = (
        edition.interval_note,
        *((words("chart.few_note", n=LEAST_COMPARED),) if any(dot.tone == "muted" for dot in dots) else ()),
    )
    table = Table(caption, columns, tuple(cells), frozenset({2, 3, 4}), notes)
    reference = words("chart.everyone", share=numbers.cell(words, everyone)) if everyone is not None else ""
    figure = DotPlot(
        tuple(dots), words("chart.axis_share"), reference=everyone, reference_text=reference, groups=tuple(headings)
    )
    return Chart(caption, _dots_alt(edition, dots, everyone), figure, table, notes)


def _dot(edition: Edition, label: str, row: Row | None) -> tuple[Dot, tuple[str, ...]]:
    words = edition.words
    if row is None or not shown(row):
        return Dot(label, None, missing=words("chart.too_few")), (label, DASH, DASH, DASH)
    value, between = numbers.cell(words, row["estimate"]), numbers.interval(words, row["low"], row["high"])
    few = row["n"] is not None and row["n"] < LEAST_COMPARED
    text = words("chart.estimate", value=value, interval=between) if between else value
    dot = Dot(label, row["estimate"], row["low"], row["high"], text, "muted" if few else "accent")
    return dot, (label, value, between or DASH, numbers.plain(words, row["n"]) if row["n"] is not None else DASH)


def _dots_alt(edition: Edition, dots: list[Dot], everyone: float | None) -> str:
    words = edition.words
    known = [dot for dot in dots if dot.estimate is not None]
    high, low = max(known, key=lambda dot: dot.estimate or 0.0), min(known, key=lambda dot: dot.estimate or 0.0)
    text = words(
        "alt.dots", count=numbers.count(words, len(known)), high=high.label, a=high.text, low=low.label, b=low.text
    )
    return text + (" " + words("alt.everyone", share=numbers.cell(words, everyone)) if everyone is not None else "")


def mean_dots(edition: Edition, items: list[str], caption: str) -> list[Chart]:
    """Means with intervals, highest first, one chart a scale."""
    charts = []
    by_ends: dict[tuple[float, float], list[str]] = {}
    for item in items:
        scale, row = edition.rows.scale(item), edition.rows.estimate(item, "mean")
        if scale is not None and scale.scores and shown(row):
            by_ends.setdefault((min(scale.scores.values()), max(scale.scores.values())), []).append(item)
    for (start, end), group in by_ends.items():
        charts.append(_means(edition, group, caption, start, end))
    return charts


def _means(edition: Edition, items: list[str], caption: str, start: float, end: float) -> Chart:
    words = edition.words
    found = sorted(
        ((item, edition.rows.estimate(item, "mean")) for item in items),
        key=lambda pair: -(pair[1] or {"estimate": 0})["estimate"],
    )
    dots, cells = [], []
    for item, row in found:
        assert row is not None
        value, between = (numbers.plain(words, row["estimate"], 2), numbers.interval(words, row["low"], row["high"], 2))
        dots.append(Dot(edition.say.short(item), row["estimate"], row["low"], row["high"], value))
        cells.append(
            (
                edition.say.short(item),
                value,
                between or DASH,
                numbers.plain(words, row["n"]) if row["n"] is not None else DASH,
            )
        )
    axis = words("chart.axis_mean", scale=edition.say.scale_words(items[0]))
    columns = (words("chart.question"), words("chart.mean"), words("chart.interval"), words("chart.answers"))
    table = Table(caption, columns, tuple(cells), frozenset({1, 2, 3}), (edition.interval_note,))
    high, low = dots[0], dots[-1]
    alt = words(
        "alt.dots", count=numbers.count(words, len(dots)), high=high.label, a=high.text, low=low.label, b=low.text
    )
    return Chart(caption, alt, DotPlot(tuple(dots), axis, start, end), table, (edition.interval_note,))
