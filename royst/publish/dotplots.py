"""Estimates with their intervals as dots: one item by every group, and every item's mean."""

from __future__ import annotations

from royst.publish import numbers
from royst.publish.charts import DASH, dash_note
from royst.publish.document import Chart, Dot, DotPlot, Table
from royst.publish.edition import Edition
from royst.publish.rows import LEAST_COMPARED, Row, coarse, shown


def group_dots(edition: Edition, item: str, measure: str, category: str, caption: str) -> Chart | None:
    """One item by every group of the study: estimate and interval, the figure for all as a line."""
    words, rows = edition.words, edition.rows
    dots: list[Dot] = []
    headings: list[tuple[int, str]] = []
    cells: list[tuple[str, ...]] = []
    names: list[str] = []
    for group, facts in edition.facts.groups.items():
        found = [(name, rows.estimate(item, measure, category, domain=f"{group}={name}")) for name in facts.categories]
        if not any(shown(row) for _, row in found):
            continue
        headings.append((len(dots), edition.of(facts.label)))
        for name, row in found:
            dot, line = _dot(edition, edition.say.category(f"{group}={name}"), row)
            dots.append(dot)
            cells.append((edition.of(facts.label), *line))
            names.append(words("chart.of_source", label=edition.of(facts.label), source=dot.label))
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
        *_notes(edition, dots),
        *((words("chart.few_note", n=LEAST_COMPARED),) if any(dot.tone == "muted" for dot in dots) else ()),
        *((words("chart.not_shown_note"),) if any(dot.estimate is None for dot in dots) else ()),
    )
    table = Table(caption, columns, tuple(cells), frozenset({2, 3, 4}), (edition.interval_note, *dash_note(edition, cells)))
    reference = words("chart.everyone", share=numbers.cell(words, everyone)) if everyone is not None else ""
    figure = DotPlot(
        tuple(dots), words("chart.axis_share"), reference=everyone, reference_text=reference, groups=tuple(headings)
    )
    return Chart(caption, _dots_alt(edition, dots, everyone, names), figure, table, notes)


def _dot(edition: Edition, label: str, row: Row | None) -> tuple[Dot, tuple[str, ...]]:
    words = edition.words
    if row is None or not shown(row):
        return Dot(label, None, missing=words("chart.not_shown")), (label, DASH, DASH, DASH)
    value, between = numbers.cell(words, row["estimate"]), numbers.interval(words, row["low"], row["high"])
    few = row["n"] is not None and row["n"] < LEAST_COMPARED
    text = numbers.with_interval(words, value, row["low"], row["high"])
    dot = Dot(label, row["estimate"], row["low"], row["high"], text, "muted" if few else "accent")
    return dot, (label, value, between or DASH, numbers.plain(words, row["n"]) if row["n"] is not None else DASH)


def _notes(edition: Edition, dots: list[Dot]) -> tuple[str, ...]:
    return edition.interval_notes((dot.estimate, dot.low) for dot in dots)


def _dots_alt(edition: Edition, dots: list[Dot], everyone: float | None = None, names: list[str] | None = None) -> str:
    """The highest and the lowest, each by its own name (``names``: with the group's heading in front)."""
    words = edition.words
    said = names or [dot.label for dot in dots]
    known = sorted((dot.estimate, place) for place, dot in enumerate(dots) if dot.estimate is not None)
    low, high = known[0][1], known[-1][1]
    text = words("alt.dots", high=said[high], a=dots[high].text, low=said[low], b=dots[low].text)
    return text + (" " + words("alt.everyone", share=numbers.cell(words, everyone)) if everyone is not None else "")


def best_dots(edition: Edition, items: list[str], caption: str) -> Chart | None:
    """The share in each item's best band, highest first, for items whose whole distribution cannot be shown."""
    words = edition.words
    rows = sorted((row for item in items if (row := edition.best(item)) is not None), key=lambda row: -row["estimate"])
    if not rows:
        return None
    found = [_dot(edition, edition.say.short(row["item"]), row) for row in rows]
    dots = [dot for dot, _ in found]
    columns = (words("chart.question"), words("chart.best"), words("chart.interval"), words("chart.answers"))
    cells = tuple(line for _, line in found)
    table = Table(caption, columns, cells, frozenset({1, 2, 3}), (edition.interval_note, *dash_note(edition, cells)))
    figure = DotPlot(tuple(dots), words("chart.axis_share"))
    return Chart(caption, _dots_alt(edition, dots), figure, table, _notes(edition, dots))


def mean_dots(edition: Edition, items: list[str], caption: str) -> list[Chart]:
    """Means with intervals, best first, one chart a scale."""
    by_scale: dict[tuple[float, float, str], list[Row]] = {}
    for item in items:
        scale, row = edition.rows.scale(item), edition.rows.estimate(item, "mean")
        if scale is not None and scale.scores and row is not None and shown(row):
            ends = min(scale.scores.values()), max(scale.scores.values()), scale.best
            by_scale.setdefault(ends, []).append(row)
    return [_means(edition, rows, caption, start, end, best) for (start, end, best), rows in by_scale.items()]


def _means(edition: Edition, rows: list[Row], caption: str, start: float, end: float, best: str) -> Chart:
    words = edition.words
    dots, cells = [], []
    for row in sorted(rows, key=lambda row: row["estimate"], reverse=best == "high"):
        decimals = 2 if row.get("decimals") is None else row["decimals"]
        label, value = edition.say.short(row["item"]), numbers.plain(words, row["estimate"], decimals)
        between = numbers.interval(words, row["low"], row["high"], decimals) or DASH
        dots.append(Dot(label, row["estimate"], row["low"], row["high"], value))
        cells.append((label, value, between, numbers.plain(words, row["n"]) if row["n"] is not None else DASH))
    axis = words("chart.axis_mean", scale=edition.say.scale_words(rows[0]["item"]))
    columns = (words("chart.question"), words("chart.mean"), words("chart.interval"), words("chart.answers"))
    notes = (
        *_notes(edition, dots),
        *((words("means.low_best"),) if best == "low" else ()),
        *((words("chart.coarse_note"),) if any(coarse(row) for row in rows) else ()),
    )
    table = Table(caption, columns, tuple(cells), frozenset({1, 2, 3}), (*notes, *dash_note(edition, cells)))
    return Chart(caption, _dots_alt(edition, dots), DotPlot(tuple(dots), axis, start, end), table, notes)
