"""Whether a change may come from who was asked: the same change among all who took part, and among the units that took part both times."""

from __future__ import annotations

from royst.publish import charts, numbers, wavelines
from royst.publish.chapters import paragraph
from royst.publish.document import Block, Heading, Table
from royst.publish.edition import Edition
from royst.publish.rows import Row

PANEL = "panel:"


def twice(edition: Edition, level: int) -> list[Block]:
    """The release's planned changes worked out both ways, a table a pair of waves, and the headline's two lines."""
    found = [row for row in edition.rows.table("changes") if (row["population"] or "").startswith(PANEL) and row["wave_1"] == edition.facts.wave]
    if not any(_known(row) for row in found):
        return []
    words = edition.words
    blocks: list[Block] = [Heading(level, words("change.populations_title"), "took-part-twice"), paragraph(words("change.populations_text", units=edition.units_name))]
    for population in dict.fromkeys(row["population"] for row in found):
        mine = [row for row in found if row["population"] == population]
        chart = _headline(edition, population)
        blocks += [chart] if chart is not None else []
        blocks.append(_table(edition, mine))
    return blocks


def _known(row: Row | None) -> bool:
    return row is not None and row["status"] == "published" and row["estimate"] is not None


def _table(edition: Edition, rows: list[Row]) -> Table:
    words, say = edition.words, edition.say
    lines = []
    for row in rows:
        what = say.short(row["item"])
        if row["measure"] in ("band", "share"):
            what = words("tests.of", item=what, category=say.label(row["item"], row["measure"], row["category"]))
        lines.append((what, _change(edition, edition.rows.change(row["id"])), _change(edition, row)))
    caption = words("tests.waves", caption=words("change.caption_twice"), old=say.wave(rows[0]["wave_2"]), new=say.wave(rows[0]["wave_1"]))
    columns = (words("tests.what"), words("population.all"), words("population.panel"))
    return Table(caption, columns, tuple(lines), frozenset({1, 2}), (words("change.twice_note"), edition.interval_note))


def _change(edition: Edition, row: Row | None) -> str:
    """``+6 (−1 til 13)``; a dash where it is withheld."""
    if row is None or not _known(row):
        return charts.DASH
    decimals = 2 if row["measure"] == "mean" else 0
    interval = numbers.interval(edition.words, row["low"], row["high"], decimals)
    value = numbers.signed(edition.words, row["estimate"], decimals)
    return edition.words("chart.estimate", value=value, interval=interval) if interval else value


def _headline(edition: Edition, population: str) -> Block | None:
    """The headline's line of all, and of those who took part both times."""
    headline = edition.facts.headline
    if not headline or headline not in edition.facts.items:
        return None
    drawn = wavelines.lines(edition, [headline], populations=("all", population))
    if len(drawn) < 2:
        return None
    lines = [wavelines.Line(line.label, line.found, tone) for line, tone in zip(drawn, ("accent", "muted"))]  # type: ignore[arg-type]
    return wavelines.line_chart(edition, lines, edition.words("change.caption_populations", item=edition.say.short(headline)))
