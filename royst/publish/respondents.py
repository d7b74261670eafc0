"""Who answered: participation wave by wave, their background, and who was helped with the form."""

from __future__ import annotations

from royst.publish import charts, numbers, wavelines
from royst.publish.chapters import bullets, paragraph
from royst.publish.document import Block, Chart, Dot, DotPlot, Heading, Table
from royst.publish.edition import Edition
from royst.publish.rows import shown


def who_answered(edition: Edition, level: int = 2) -> list[Block]:
    """Participation wave by wave, the background of those who answered, and who was helped with the form."""
    words = edition.words
    blocks: list[Block] = [Heading(level, words("who_answered.title"), "who-answered")]
    blocks += [
        paragraph(finding.text)
        for finding in edition.findings
        if finding.kind == "sample" and finding.numbers["estimate"] == finding.numbers["answers"]
    ]
    table = participation(edition)
    if table is not None:
        if words("participation.units_drawn") in table.columns:
            blocks.append(paragraph(words("who_answered.units", units=edition.units_name)))
        blocks.append(table)
    chart = background(edition)
    if chart is not None:
        blocks += [
            Heading(level + 1, words("who_answered.background"), "background"),
            *_background_texts(edition),
            chart,
        ]
    return blocks


def _background_texts(edition: Edition) -> list[Block]:
    roles = {name for name, item in edition.facts.items.items() if item.role in ("background", "helper")}
    texts = [
        f.text
        for f in edition.about(kinds=("share",))
        if f.rows[0].split("|")[2] in roles and f.rows[0].startswith(f"estimates:{edition.facts.wave}|")
    ]
    return bullets(texts) if texts else [paragraph(edition.words("who_answered.background_text"))]


def participation(edition: Edition) -> Table | None:
    """Units asked, refused, replaced, taking part, and answers, by wave; columns without any number are left out."""
    words = edition.words
    rows = [edition.rows.participation(wave) for wave in wavelines.waves_in_order(edition)]
    held = [row for row in rows if row is not None]
    if not held:
        return None
    names = [
        name
        for name in ("units_in_frame", "units_drawn", "units_refused", "units_replaced", "units", "users", "offered", "answers")
        if any(row[name] is not None for row in held)
    ]
    columns = (words("chart.wave"), *(words(f"participation.{name}", units=edition.units_name) for name in names))
    lines = tuple(
        (
            edition.say.wave(row["wave"]),
            *(numbers.plain(words, row[name]) if row[name] is not None else charts.DASH for name in names),
        )
        for row in held
    )
    return Table(words("participation.caption"), columns, lines, frozenset(range(1, len(columns))))


def background(edition: Edition) -> Chart | None:
    """One chart of every background question: the share who gave each answer."""
    words, wave = edition.words, edition.facts.wave
    dots: list[Dot] = []
    headings: list[tuple[int, str]] = []
    lines: list[tuple[str, ...]] = []
    for item in [*edition.rows.asked("background", wave), *edition.rows.asked("helper", wave)]:
        scale = edition.rows.scale(item)
        answers = [choice.name for choice in scale.choices if choice.name not in scale.not_relevant] if scale else []
        found = [(name, edition.rows.estimate(item, "share", name)) for name in answers]
        if not any(shown(row) for _, row in found):
            continue
        headings.append((len(dots), edition.say.short(item)))
        for name, row in found:
            label, value = edition.say.label(item, "share", name), charts.cell(edition, row)
            known = row is not None and shown(row)
            dots.append(
                Dot(label, row["estimate"], row["low"], row["high"], value)
                if row is not None and known
                else Dot(label, None, missing=words("chart.not_shown"))
            )
            n = row["n"] if row is not None and known else None
            lines.append(
                (edition.say.short(item), label, value, numbers.plain(words, n) if n is not None else charts.DASH)
            )
    if not dots:
        return None
    caption = words("who_answered.caption")
    columns = (words("chart.question"), words("chart.answer"), words("chart.share"), words("chart.answers"))
    notes = (edition.interval_note, *edition.weighted_note)
    missing = (words("chart.not_shown_note"),) if any(dot.estimate is None for dot in dots) else ()
    table = Table(caption, columns, tuple(lines), frozenset({2, 3}), (*edition.weighted_note, *charts.dash_note(edition, lines)))
    ends = [*(place for place, _ in headings[1:]), len(dots)]
    named = (_largest(edition, name, dots[start:end]) for (start, name), end in zip(headings, ends))
    largest = "; ".join(text for text in named if text)
    alt = words("alt.background", largest=largest)
    return Chart(
        caption,
        alt,
        DotPlot(tuple(dots), words("chart.axis_share"), groups=tuple(headings)),
        table,
        (*notes, *missing),
    )


def _largest(edition: Edition, question: str, dots: list[Dot]) -> str:
    """The most common answer to a background question, for the text alternative."""
    known = [dot for dot in dots if dot.estimate is not None]
    if not known:
        return ""
    most = max(known, key=lambda dot: dot.estimate or 0.0)
    return edition.words("alt.largest", question=question, answer=most.label, share=most.text)
