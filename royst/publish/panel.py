"""Whether a change may come from who was asked: the same change among all who took part, among the units that took part both times, and with one mix of
region and size in both waves."""

from __future__ import annotations

from royst.publish import charts, numbers, wavelines
from royst.publish.chapters import bullets, paragraph
from royst.publish.document import Block, Heading, Table, Tone
from royst.publish.edition import Edition
from royst.publish.rows import Row

WAYS: dict[str, Tone] = {"all": "accent", "panel": "muted", "mix": "apart"}
"""The ways to work a change out, as populations begin, and the tone of each one's line."""


def several_ways(edition: Edition, level: int) -> list[Block]:
    """The release's planned changes worked out in several ways, a table a pair of waves, and the headline's lines."""
    rows = edition.rows.table("changes")
    found = [row for row in rows if _way(row["population"]) in ("panel", "mix") and row["wave_1"] == edition.facts.wave]
    if not any(_known(row) for row in found):
        return []
    words, say = edition.words, edition.say
    blocks: list[Block] = [Heading(level, words("change.populations_title"), "took-part-twice"), paragraph(words("change.populations_text", units=edition.units_name))]
    for old in dict.fromkeys(row["wave_2"] for row in found):
        mine = [row for row in found if row["wave_2"] == old]
        populations = [one for one in dict.fromkeys(row["population"] for row in mine) if any(_known(row) and row["population"] == one for row in mine)]
        if not populations:
            continue
        blocks += bullets(
            [words(f"change.way_{_way(one)}", units=edition.units_name, new=say.wave(edition.facts.wave), old=say.wave(old)) for one in populations]
        )
        chart = _headline(edition, populations)
        blocks += [chart] if chart is not None else []
        blocks.append(_table(edition, mine, populations))
    return blocks


def _way(population: str | None) -> str:
    return (population or "all").partition(":")[0]


def _known(row: Row | None) -> bool:
    return row is not None and row["status"] == "published" and row["estimate"] is not None


def _table(edition: Edition, rows: list[Row], populations: list[str]) -> Table:
    words, say = edition.words, edition.say
    mixed = next((one for one in populations if _way(one) == "mix"), None)
    lines, usual = [], say.usual(rows)
    for row in {row["id"]: row for row in rows}.values():
        plain = edition.rows.change(row["id"])
        told = [edition.rows.change(row["id"], population) for population in populations]
        due = (_due_to_mix(edition, plain, edition.rows.change(row["id"], mixed)),) if mixed else ()
        lines.append((say.what(row, usual), *(_change(edition, one) for one in (plain, *told)), *due))
    caption = words("tests.waves", caption=words("change.caption_twice"), old=say.wave(rows[0]["wave_2"]), new=say.wave(rows[0]["wave_1"]))
    due_to = (words("change.due_to_mix"),) if mixed else ()
    columns = (words("tests.what"), *(words(f"population.{_way(one)}") for one in ("all", *populations)), *due_to)
    said = (words("tests.usual", band=usual),) if usual else ()
    notes = (*said, words("change.twice_note"), edition.interval_note)
    return Table(caption, columns, tuple(lines), frozenset(range(1, len(columns))), notes)


def _change(edition: Edition, row: Row | None) -> str:
    """``+6 (−1 til 13)``; a dash where it is withheld."""
    if row is None or not _known(row):
        return charts.DASH
    decimals = 2 if row["measure"] == "mean" else 0
    value = numbers.signed(edition.words, row["estimate"], decimals)
    return numbers.with_interval(edition.words, value, row["low"], row["high"], decimals)


def _due_to_mix(edition: Edition, plain: Row | None, mixed: Row | None) -> str:
    """The part of a change that is mix: what the plain one, as it is printed, has beyond the one with one mix."""
    if plain is None or mixed is None or not _known(plain) or not _known(mixed):
        return charts.DASH
    return numbers.signed(edition.words, plain["estimate"] - mixed["estimate"], 0)


def _headline(edition: Edition, populations: list[str]) -> Block | None:
    """The headline's line of all, and in the other ways."""
    headline = edition.facts.headline
    if not headline or headline not in edition.facts.items:
        return None
    drawn = wavelines.lines(edition, [headline], populations=("all", *populations))
    if len(drawn) < 2:
        return None
    toned = [wavelines.Line(line.label, line.found, WAYS[line.way]) for line in drawn]
    return wavelines.line_chart(edition, toned, edition.words("change.caption_populations", item=edition.say.short(headline)))
