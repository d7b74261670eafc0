"""Chapters that compare: groups, waves, the plan's goals, units with the expected range, what matters most, and other sources.

Sentences compare only where ``sentences.comparable`` says so; every table says each outcome in words.
"""

from __future__ import annotations

from statistics import median

from royst.publish import charts, dotplots, numbers, wavelines
from royst.publish.chapters import bullets, own_text, paragraph
from royst.publish.document import Block, Chart, Heading, Matrix, Note, Paragraph, Quadrant, Strong, Table
from royst.publish.edition import Edition
from royst.publish.rows import Row
from royst.publish.sentences import OUTCOMES, closed, comparable
from royst.release import GoalFacts
from royst.words import sentence


def groups(edition: Edition, level: int = 2) -> list[Block]:
    """The headline by every group, and what may be said of differences."""
    words, headline = edition.words, edition.facts.headline
    row = edition.best(headline) if headline else None
    chart = None
    if row is not None:
        caption = words(
            "groups_chapter.caption", clause=edition.say.clause(row["item"], "band", row["category"]).subordinate
        )
        chart = dotplots.group_dots(edition, row["item"], "band", row["category"], caption)
    rows = [
        change
        for change in edition.rows.table("changes")
        if change["kind"] == "groups" and change["wave_1"] == edition.facts.wave
    ]
    texts = said(edition, rows)
    if chart is None and not texts:
        return []
    blocks: list[Block] = [
        Heading(level, words("groups_chapter.title"), "groups"),
        paragraph(words("groups_chapter.text")),
        *bullets(texts),
    ]
    blocks += own_text(edition, "groups")
    if chart is not None:
        blocks += [paragraph(words("groups_chapter.how")), chart]
    table = tests_table(edition, rows, words("groups_chapter.tests"))
    return blocks + ([table] if table is not None else [])


def said(edition: Edition, rows: list[Row]) -> list[str]:
    """The sentences of the rows that may be compared, differences first and those that cannot be told last."""
    order = {"higher": 0, "lower": 0, "same": 1, "cannot_tell": 2}
    whole = [row for row in rows if comparable(row) and (row["population"] or "all") == "all"]
    return [
        text
        for row in sorted(whole, key=lambda row: order[row["outcome"]])
        if (text := edition.say.change(row)) is not None
    ]


def tests_table(edition: Edition, rows: list[Row], caption: str) -> Table | None:
    """Every planned comparison with its difference, interval, corrected p and outcome in words."""
    words = edition.words
    whole = [row for row in rows if (row["population"] or "all") == "all"]
    if not whole:
        return None
    columns = (
        words("tests.what"), words("tests.first"), words("tests.second"), words("tests.difference"), words("tests.interval"), words("tests.p"),
        words("tests.outcome"),
    )  # fmt: skip
    lines = tuple(_test(edition, row) for row in whole)
    notes = [words("tests.note", margin=numbers.plain(words, edition.facts.method.margin))]
    notes += [
        text
        for name in dict.fromkeys(row["family"] for row in whole if row["family"])
        if (text := _family(edition, name, whole))
    ]
    return Table(caption, columns, lines, frozenset({3, 4, 5}), tuple(notes))


def _family(edition: Edition, name: str, rows: list[Row]) -> str:
    facts = edition.facts.families.get(name)
    correction = next((row["correction"] for row in rows if row["family"] == name and row["correction"]), "none")
    label = (edition.of(facts.label) if facts is not None else "") or name
    return (
        edition.words(f"tests.family_{correction}", family=label)
        if f"tests.family_{correction}" in edition.words
        else ""
    )


def _test(edition: Edition, row: Row) -> tuple[str, ...]:
    words, say = edition.words, edition.say
    what = say.short(row["item"])
    if row["measure"] in ("band", "share"):
        what = words("tests.of", item=what, category=say.label(row["item"], row["measure"], row["category"]))
    if row["kind"] == "groups":
        sides = (sentence(say.who(row["domain_1"] or "all")), sentence(say.who(row["domain_2"] or "all")))
    elif row["kind"] == "waves":
        sides = (say.wave(row["wave_1"]), say.wave(row["wave_2"]))
    else:
        source = say.source(row["id"])
        sides = (say.wave(row["wave_1"]), edition.of(source.label) if source is not None else row["id"])
    scored = row["measure"] in ("mean", "index")

    def value(side: int) -> str:
        number = row[f"estimate_{side}"]
        if number is None or row["status"] != "published":
            return charts.DASH
        text = say.mean(row["item"], row["measure"], number) if scored else numbers.cell(words, number)
        return words("tests.side", label=sides[side - 1], value=text)

    if row["status"] != "published" or row["estimate"] is None:
        return (
            what,
            *(words("tests.side", label=side, value=charts.DASH) for side in sides),
            charts.DASH,
            charts.DASH,
            charts.DASH,
            words("outcome.withheld"),
        )
    decimals = 2 if row["measure"] == "mean" else 0
    outcome = words(f"outcome.{row['kind']}_{row['outcome']}") if comparable(row) else words("outcome.few")
    between = numbers.interval(words, row["low"], row["high"], decimals) or charts.DASH
    p = numbers.probability(words, row["p_adjusted"]) or charts.DASH
    return (what, value(1), value(2), numbers.signed(words, row["estimate"], decimals), between, p, outcome)


# Change


def change(edition: Edition, level: int = 2) -> list[Block]:
    """Lines of the headline and the goals' items over the waves, the same for the panel and for one mix, and every test."""
    words = edition.words
    rows = [row for row in edition.rows.table("changes") if row["kind"] == "waves"]
    own = [row for row in rows if row["wave_1"] == edition.facts.wave]
    items = _followed(edition, own)
    chart = wavelines.line_chart(edition, wavelines.lines(edition, items), words("change.caption"))
    if chart is None and not own:
        return []
    blocks: list[Block] = [Heading(level, words("change.title"), "change"), paragraph(words("change.text"))]
    blocks += [*bullets(said(edition, [row for row in own if _declared(edition, row)])), *_explored(edition, own)]
    blocks += own_text(edition, "change")
    if chart is not None:
        blocks += [paragraph(words("change.how")), chart]
    indices = [name for name, item in edition.facts.items.items() if item.role == "index"]
    index_chart = wavelines.line_chart(
        edition, wavelines.lines(edition, indices, "index"), words("change.caption_index"), share=False
    )
    if index_chart is not None:
        blocks += [paragraph(words("change.index_text")), index_chart]
    blocks += _populations(edition, level + 1)
    named_first = sorted(rows, key=lambda row: (row["wave_1"] != edition.facts.wave, not _declared(edition, row)))
    table = tests_table(edition, named_first, words("change.tests"))
    return blocks + ([table] if table is not None else [])


def _declared(edition: Edition, row: Row) -> bool:
    """Whether a finding or a goal names the comparison, or it is the headline's. All others are told as counts."""
    facts = edition.facts
    named = {finding.comparison for finding in facts.findings} | {
        name for goal in facts.goals for name in goal.comparisons
    }
    return row["id"] in named or row["item"] == facts.headline


def _explored(edition: Edition, rows: list[Row]) -> list[Block]:
    """How the comparisons that nobody named came out, as counts; each stands in the table."""
    words = edition.words
    others = [row for row in rows if comparable(row) and not _declared(edition, row)]
    if not others:
        return []
    counts = {outcome: sum(row["outcome"] == outcome for row in others) for outcome in OUTCOMES}
    told = {
        outcome: numbers.count(words, count) if count else words("number.none") for outcome, count in counts.items()
    }
    return [paragraph(words("change.explored", count=numbers.count(words, len(others)), **told))]


def _followed(edition: Edition, rows: list[Row]) -> list[str]:
    """The headline first, then the items of the planned comparisons of shares; four lines are as many as a reader can follow."""
    names = [edition.facts.headline] if edition.facts.headline else []
    names += [
        row["item"]
        for row in rows
        if row["measure"] == "band" and row["item"] in edition.facts.items and _declared(edition, row)
    ]
    return [name for name in dict.fromkeys(names) if name in edition.facts.items][:4]


def _populations(edition: Edition, level: int) -> list[Block]:
    """The headline three ways: everyone, the units that took part in both waves, and one fixed mix of units."""
    headline = edition.facts.headline
    if not headline or headline not in edition.facts.items:
        return []
    drawn = wavelines.lines(edition, [headline], populations=("all", "panel", "standardised"))
    if len(drawn) < 2:
        return []
    words = edition.words
    tones = ("accent", "muted", "middle")
    drawn = [wavelines.Line(line.label, line.found, tones[place]) for place, line in enumerate(drawn)]  # type: ignore[arg-type]
    chart = wavelines.line_chart(edition, drawn, words("change.caption_populations", item=edition.say.short(headline)))
    text = words("change.populations_text", units=edition.units_name)
    return (
        [Heading(level, words("change.populations_title"), "three-lines"), paragraph(text), chart]
        if chart is not None
        else []
    )


# Goals

FOUND = {"better": "better", "worse": "worse", "same": "same", "cannot_tell": "cannot_tell"}


def goals(edition: Edition, level: int = 2) -> list[Block]:
    """Each goal of the plan: has it moved, and on what evidence."""
    if not edition.facts.goals:
        return []
    words = edition.words
    blocks: list[Block] = [Heading(level, words("goals.title"), "goals"), paragraph(words("goals.text"))]
    blocks += own_text(edition, "goals")
    for goal in edition.facts.goals:
        rows = goal_rows(edition, goal)
        blocks += [
            Heading(level + 1, edition.of(goal.label), f"goal-{goal.id}"),
            paragraph(Strong(words(f"goals.{verdict(edition, rows)}"))),
            *bullets([text for row in rows if (text := edition.say.change(row)) is not None]),
        ]
    return blocks


def goal_rows(edition: Edition, goal: GoalFacts) -> list[Row]:
    """The goal's comparisons that may be said, those of the release's own wave where it has any."""
    rows = [row for name in goal.comparisons if (row := edition.rows.change(name)) is not None and comparable(row)]
    return [row for row in rows if row["wave_1"] == edition.facts.wave] or rows


def verdict(edition: Edition, rows: list[Row]) -> str:
    """``better``, ``worse``, ``mixed``, ``same``, ``cannot_tell`` or ``none`` from the goal's outcomes."""
    found = {direction(edition, row) for row in rows}
    if not found:
        return "none"
    if {"better", "worse"} <= found:
        return "mixed"
    return next(word for word in ("better", "worse", "cannot_tell", "same") if word in found)


def direction(edition: Edition, row: Row) -> str:
    """Whether a difference is for the better: more in the best band, fewer in the worst, a mean nearer the good end."""
    if row["outcome"] in ("same", "cannot_tell"):
        return str(row["outcome"])
    scale = edition.rows.scale(row["item"])
    good = True
    if row["measure"] == "band" and scale is not None and row["category"] in scale.bands:
        good = list(scale.bands).index(row["category"]) < len(scale.bands) / 2
    elif row["measure"] == "mean" and scale is not None:
        good = scale.best == "high"
    return "better" if (row["outcome"] == "higher") == good else "worse"


# Units, priorities, sources


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
    blocks.append(
        paragraph(Strong(closed(words("units.counts", name=name, topic=edition.say.topic(first["item"]), **counts))))
    )
    columns = (
        words("chart.question"),
        *(words(f"units.{part}") for part in ("better", "expected", "lower", "cannot_tell", "all")),
    )
    lines = tuple(
        (
            edition.say.short(row["item"]),
            *(numbers.plain(words, row[part]) for part in ("better", "expected", "lower", "cannot_tell", "units")),
        )
        for row in rows
    )
    table = Table(
        words("units.caption", units=name), columns, lines, frozenset(range(1, 6)), (words("units.note", units=name),)
    )
    return [*blocks, table, paragraph(words("units.how", units=name))]


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


def sources(edition: Edition, level: int = 2) -> list[Block]:
    """Our figure beside a published one of another survey, with where that comes from."""
    words = edition.words
    rows = [
        row
        for row in edition.rows.table("changes")
        if row["kind"] == "source" and (row["population"] or "all") == "all"
    ]
    texts = said(edition, rows)
    if not rows or not texts:
        return []
    known = [source for row in rows if (source := edition.say.source(row["id"])) is not None]
    cited: list[Block] = [
        Paragraph((words("sources.from", source=edition.of(source.label), citation=source.citation),))
        for source in known
    ]
    table = tests_table(edition, rows, words("sources.caption"))
    blocks: list[Block] = [
        Heading(level, words("sources.title"), "sources"),
        *(paragraph(text) for text in texts),
        *cited,
    ]
    return [*blocks, *([table] if table is not None else []), Note("warning", (words("sources.warning"),))]
