"""A report to one unit, or to a pool of several with few answers: its own answers beside everybody's, and what to do with them."""

from __future__ import annotations

from royst.publish import charts, numbers
from royst.publish.chapters import bullets, own_text, paragraph, theme_items
from royst.publish.document import (
    Block,
    Bullets,
    Chart,
    Document,
    ExpectedRange,
    Heading,
    KeyFigure,
    KeyFigures,
    Note,
    RangeRow,
    Strong,
    Table,
    Tone,
)
from royst.publish.edition import Edition, edition
from royst.publish.national import themes_in_order
from royst.publish.rows import LEAST_COMPARED, Row, shown
from royst.publish.sentences import closed
from royst.release import Release, ReportFacts

VERDICTS: dict[str, Tone] = {"better": "best", "expected": "accent", "lower": "worst", "cannot_tell": "muted"}
STEPS = ("plan", "do", "check", "act")
"""The four steps of improvement work: planlegge, gjennomføre, evaluere, korrigere."""


def unit_report(release: Release, report_id: str, language: str) -> Document:
    """The report of one unit or pool in one language. Raises ``KeyError`` for a report the release does not have."""
    held = edition(release, language)
    report = next((part for part in release.facts.reports if part.id == report_id), None)
    if report is None:
        raise KeyError(report_id)
    words, label = held.words, held.of(report.label)
    name = words("unit.pool_name", name=label) if report.kind == "pool" else label
    blocks: list[Block] = [
        *_opening(held, report, name),
        *own_text(held, "unit"),
        *_members(held, report),
        *_headline(held, report, name),
    ]
    blocks += _how_to_read(held, report)
    for theme in themes_in_order(held):
        blocks += _theme(held, report, theme, label)
    blocks += [*_ranges(held, report), *_improve(held), *_withheld(held, report)]
    title = words("unit.pool_title", name=label, units=held.units_name) if report.kind == "pool" else words("unit.title", name=label)
    return held.document(
        title,
        blocks,
        description=words("unit.description", name=name, when=held.say.when(report.wave), whole=held.whole_name),
        subtitle=words(f"unit.subtitle_{report.kind}"),
    )


def _opening(held: Edition, report: ReportFacts, name: str) -> list[Block]:
    words = held.words
    answers = words("who.persons", count=numbers.count(words, report.n))
    text = closed(words("unit.lede", answers=answers, name=name, when=held.say.when(report.wave), whole=held.whole_name))
    figures = [KeyFigure(numbers.plain(words, report.n), words("key.answers"), "")]
    for item in [held.facts.headline] if held.facts.headline else []:
        band = held.rows.best_band(item)
        own = held.rows.report(report.id, item, "band", band) if band else None
        everybody = held.best(item)
        if own is not None and shown(own):
            clause = held.say.clause(item, "band", own["category"]).text
            beside = (
                words("unit.beside", whole=held.whole_name, value=numbers.cell(words, everybody["estimate"])) if everybody is not None else ""
            )
            figures.append(KeyFigure(numbers.cell(words, own["estimate"]), words("key.share", clause=clause), beside))
    return [paragraph(text, lead=True), KeyFigures(tuple(figures))]


def _members(held: Edition, report: ReportFacts) -> list[Block]:
    """Which units a pool is made of, and why they are together."""
    if report.kind != "pool":
        return []
    words = held.words
    return [
        Heading(2, words("unit.members_title", units=held.units_name), "members"),
        paragraph(words("unit.members_why")),
        Bullets(tuple((name,) for name in report.members)),
    ]


def _headline(held: Edition, report: ReportFacts, name: str) -> list[Block]:
    """The expected range of the headline in a sentence, where the report has one."""
    row = next(
        (
            row
            for row in held.rows.report_units(report.id)
            if row["item"] == held.facts.headline and row["status"] == "published"
        ),
        None,
    )
    if row is None or row["verdict"] not in VERDICTS:
        return []
    text = held.words(f"unit.verdict_{row['verdict']}", name=name, topic=held.say.topic(row["item"]))
    return [paragraph(Strong(closed(text)))]


def _how_to_read(held: Edition, report: ReportFacts) -> list[Block]:
    words = held.words
    texts = [
        words("unit.read_one", points=numbers.points(words, 100 / report.n)),
        words("unit.read_margin"),
        words("unit.read_who"),
        words("unit.read_talk"),
    ]
    blocks: list[Block] = [Heading(2, words("unit.read_title"), "how-to-read"), *bullets(texts)]
    if report.n < LEAST_COMPARED:
        blocks.append(Note("warning", (words("unit.few", n=numbers.plain(words, report.n)),)))
    return blocks


def _theme(held: Edition, report: ReportFacts, theme: str, label: str) -> list[Block]:
    """The theme's questions: the unit's own answers with everybody's under each; of some only the share in the best band."""

    def own(item: str, measure: str, category: str) -> Row | None:
        return held.rows.report(report.id, item, measure, category)

    words, facts = held.words, held.facts.themes[theme]
    asked = theme_items(held, theme)
    items = [item for item in asked if charts.shown_way(held, item, own)]
    rest = [item for item in asked if item not in items and _best(held, item, own) is not None]
    if not items and not rest:
        return []
    sources = [
        charts.Source(own, words("unit.this_pool") if report.kind == "pool" else label),
        charts.Source(held.rows.estimate, held.whole_name),
    ]
    drawn = charts.distributions(held, items, words("theme.caption", theme=held.of(facts.label)), sources)
    blocks: list[Block] = [Heading(2, held.of(facts.label), f"theme-{theme}")]
    if intro := held.of(facts.intro):
        blocks.append(paragraph(intro))
    only = charts.best_bars(held, rest, words("theme.caption_best", theme=held.of(facts.label)), sources)
    blocks += [*_point(held, report, [*items, *rest]), *drawn]
    return [*blocks, paragraph(words("theme.best_only")), only] if only is not None else blocks


def _best(held: Edition, item: str, own: charts.Look) -> Row | None:
    """The row of the item's best band, where it is shown."""
    band = held.rows.best_band(item)
    row = own(item, "band", band) if band else None
    return row if shown(row) else None


def _point(held: Edition, report: ReportFacts, items: list[str]) -> list[Block]:
    """Where the unit's own answers are best and weakest in the theme; with one question, what was answered."""
    words = held.words
    known: list[Row] = []
    for item in items:
        band = held.rows.best_band(item)
        row = held.rows.report(report.id, item, "band", band) if band else None
        if row is not None and shown(row) and not held.facts.items[item].reversed:
            known.append(row)
    if not known:
        return []
    known.sort(key=lambda row: row["estimate"])
    low, high = known[0], known[-1]
    if len(known) == 1 or numbers.rounded(low["estimate"]) == numbers.rounded(high["estimate"]):
        text = words(
            "unit.point_one",
            item=held.say.short(high["item"]),
            degree=held.say.degree(high["item"], "band", high["category"]),
            a=numbers.percent_digits(words, high["estimate"]),
        )
    else:
        text = words(
            "unit.point",
            degree=held.say.degree(high["item"], "band", high["category"]),
            high=held.say.short(high["item"]),
            a=numbers.percent_digits(words, high["estimate"]),
            low=held.say.short(low["item"]),
            b=numbers.percent_digits(words, low["estimate"]),
        )
    return [paragraph(Strong(closed(text)))]


# Against the expected range


def _ranges(held: Edition, report: ReportFacts) -> list[Block]:
    """Each question's result on the range expected of units like it, with the verdict in words."""
    words = held.words
    rows = [
        row
        for row in held.rows.report_units(report.id)
        if row["status"] == "published"
        and row["estimate"] is not None
        and row["expected_low"] is not None
        and row["verdict"] in VERDICTS
    ]
    if not rows:
        return []
    rows.sort(key=lambda row: list(VERDICTS).index(row["verdict"]))
    drawn = tuple(_range(held, row) for row in rows)
    counts = {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in VERDICTS}
    caption = words("unit.range_caption")
    columns = (
        words("chart.question"),
        words("unit.own"),
        words("unit.expected"),
        words("unit.reliability"),
        words("tests.outcome"),
    )
    lines = tuple(
        (
            held.say.short(row["item"]),
            numbers.cell(words, row["estimate"]),
            numbers.interval(words, row["expected_low"], row["expected_high"]),
            numbers.decimal(words, row["reliability"], 2) or charts.DASH,
            words(f"verdict.{row['verdict']}"),
        )
        for row in rows
    )
    notes = (*((words("unit.range_outside"),) if counts["cannot_tell"] else ()), words("unit.reliability_note"))
    table = Table(caption, columns, lines, frozenset({1, 2, 3}), notes)
    said = {
        verdict: numbers.count(words, count) if count else words("number.none") for verdict, count in counts.items()
    }
    key = "unit.range_point_none" if counts["cannot_tell"] == len(rows) else "unit.range_point"
    point = closed(words(key, count=numbers.count(words, len(rows), neuter=True), **said))
    alt = words(
        "alt.range",
        better=said["better"],
        expected=said["expected"],
        lower=said["lower"],
        cannot_tell=said["cannot_tell"],
    )
    chart = Chart(caption, alt, ExpectedRange(drawn, words("unit.range_axis")), table, notes)
    return [
        Heading(2, words("unit.range_title"), "expected-range"),
        paragraph(words("unit.range_text", units=held.units_name)),
        paragraph(Strong(point)),
        chart,
    ]


def _range(held: Edition, row: Row) -> RangeRow:
    words = held.words
    return RangeRow(
        held.say.short(row["item"]),
        row["estimate"],
        row["expected_low"],
        row["expected_high"],
        numbers.cell(words, row["estimate"]),
        words(f"verdict.{row['verdict']}"),
        row["low"],
        row["high"],
        VERDICTS[row["verdict"]],
    )


# What to do


def _improve(held: Edition) -> list[Block]:
    """The four steps of improvement work with these results in hand."""
    words = held.words
    blocks: list[Block] = [Heading(2, words("improve.title"), "improve"), paragraph(words("improve.text"))]
    for step in STEPS:
        blocks += [Heading(3, words(f"improve.{step}"), f"improve-{step}"), paragraph(words(f"improve.{step}_text"))]
    return blocks


def _withheld(held: Edition, report: ReportFacts) -> list[Block]:
    """Which questions are held back in this report, and why."""
    words = held.words
    own = _own(held, report)
    asked = [item for item in held.rows.asked(wave=report.wave) if held.rows.scale(item) is not None]
    hidden = [item for item in asked if not charts.shown_way(held, item, own)]
    whole = [held.say.short(item) for item in hidden if _best(held, item, own) is None]
    blocks: list[Block] = [Heading(2, words("unit.withheld_title"), "withheld")]
    if not hidden:
        return [*blocks, paragraph(words("unit.withheld_none"))]
    blocks += [paragraph(words("unit.withheld_text")), *bullets(whole)] if whole else []
    return [*blocks, paragraph(words("unit.withheld_some"))] if len(whole) < len(hidden) else blocks


def _own(held: Edition, report: ReportFacts) -> charts.Look:
    return lambda item, measure, category: held.rows.report(report.id, item, measure, category)
