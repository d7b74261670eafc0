"""Chapters that compare: groups, waves, the plan's goals, and other sources.

Sentences compare only where ``sentences.comparable`` says so; every table says each outcome in words.
"""

from __future__ import annotations

from royst.publish import charts, dotplots, numbers, panel, wavelines
from royst.publish.chapters import bullets, own_text, paragraph
from royst.publish.document import Block, Heading, Note, Paragraph, Strong, Table
from royst.publish.edition import Edition
from royst.publish.rows import Row, coarse
from royst.publish.sentences import OUTCOMES, comparable, is_year
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
    blocks += [paragraph(words("groups_chapter.none"))] if rows and not texts else []
    blocks += own_text(edition, "groups")
    if chart is not None:
        blocks += [paragraph(words("groups_chapter.how")), chart]
    return [*blocks, *tests_tables(edition, rows, words("groups_chapter.tests"))]


def said(edition: Edition, rows: list[Row]) -> list[str]:
    """The sentences of the rows that may be compared, differences first and those that cannot be told last."""
    order = {"higher": 0, "lower": 0, "same": 1, "cannot_tell": 2}
    whole = [row for row in rows if comparable(row) and (row["population"] or "all") == "all"]
    return [
        text
        for row in sorted(whole, key=lambda row: order[row["outcome"]])
        if (text := edition.say.change(row)) is not None
    ]


def _since_any(edition: Edition, rows: list[Row]) -> list[str]:
    """``said``, with one sentence for a share that cannot be told to have changed since any of several earlier waves."""
    unknown: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        if comparable(row) and row["outcome"] == "cannot_tell" and row["measure"] in ("band", "share"):
            unknown.setdefault((row["item"], row["measure"], row["category"]), []).append(row)
    several = [held for held in unknown.values() if len(held) > 1]
    order = {wave: place for place, wave in enumerate(wavelines.waves_in_order(edition))}
    told = {row["id"] for held in several for row in held}
    merged = [edition.say.unknown(sorted(held, key=lambda row: order.get(row["wave_2"], -1))) for held in several]
    return [*said(edition, [row for row in rows if row["id"] not in told]), *merged]


def tests_tables(edition: Edition, rows: list[Row], caption: str) -> list[Table]:
    """Every planned comparison with its difference, interval, corrected p and outcome in words; of waves, one table a pair of waves, the older first."""
    pairs: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        if (row["population"] or "all") == "all":
            pairs.setdefault((row["wave_2"], row["wave_1"]) if row["kind"] == "waves" else (), []).append(row)
    return [_tests(edition, held, caption, pair) for pair, held in pairs.items()]


def _tests(edition: Edition, rows: list[Row], caption: str, waves: tuple[str, ...]) -> Table:
    """``waves``: the two that every row compares, which then head the columns; empty where each row says what it compares."""
    words = edition.words
    if waves:
        sides = (edition.say.wave(waves[0]), edition.say.wave(waves[1]))
        caption = words("tests.waves", caption=caption, old=sides[0], new=sides[1])
    else:
        sides = (words("tests.first"), words("tests.second"))
    columns = (
        words("tests.what"),
        *sides,
        *(words(f"tests.{name}") for name in ("difference", "interval", "p", "outcome")),
    )
    same = words(f"outcome.{rows[0]['kind']}_same")
    notes = [words("tests.note", same=same, margin=numbers.plain(words, edition.facts.method.margin))]
    notes += [words("tests.p_note", level=numbers.decimal(words, numbers.LEVEL, 2))] if any(row["p_adjusted"] is not None for row in rows) else []
    notes += [words("tests.uncorrected")] if any(_beyond_its_margin(row) for row in rows) else []
    notes += [
        text
        for name in dict.fromkeys(row["family"] for row in rows if row["family"])
        if (text := _family(edition, name, rows))
    ]
    numeric = frozenset(range(1, 6)) if waves else frozenset({3, 4, 5})
    usual = edition.say.usual(rows)
    lines = tuple(_test(edition, row, usual) for row in rows)
    notes = [words("tests.usual", band=usual), *notes] if usual else notes
    return Table(caption, columns, lines, numeric, (*notes, *charts.dash_note(edition, lines)))


def _beyond_its_margin(row: Row) -> bool:
    """Whether a difference that cannot be told has a margin of error on one side of nothing: the correction for many tests asks more."""
    return bool(comparable(row) and row["outcome"] == "cannot_tell" and row["low"] is not None and row["low"] * row["high"] > 0)


def _family(edition: Edition, name: str, rows: list[Row]) -> str:
    facts = edition.facts.families.get(name)
    correction = next((row["correction"] for row in rows if row["family"] == name and row["correction"]), "none")
    label = (edition.of(facts.label) if facts is not None else "") or name
    return (
        edition.words(f"tests.family_{correction}", family=label)
        if f"tests.family_{correction}" in edition.words
        else ""
    )


def _test(edition: Edition, row: Row, usual: str) -> tuple[str, ...]:
    words, say = edition.words, edition.say
    what = say.what(row, usual)
    told = row["status"] == "published" and row["estimate"] is not None
    if not told:
        return (what, *_sides(edition, row, (charts.DASH, charts.DASH)), *[charts.DASH] * 3, words("outcome.withheld"))
    scored = row["measure"] in ("mean", "index")

    def value(number: float | None) -> str:
        if number is None:
            return charts.DASH
        return say.mean(row["item"], row["measure"], number) if scored else numbers.cell(words, number)

    decimals = 2 if row["measure"] == "mean" else 0
    outcome = words(f"outcome.{row['kind']}_{row['outcome']}") if comparable(row) else words("outcome.few")
    between = numbers.interval(words, row["low"], row["high"], decimals) or charts.DASH
    p = numbers.probability(words, row["p_adjusted"], coarse=coarse(row), differs=row["outcome"] in ("higher", "lower")) or charts.DASH
    sides = _sides(edition, row, (value(row["estimate_1"]), value(row["estimate_2"])))
    return (what, *sides, numbers.signed(words, row["estimate"], decimals), between, p, outcome)


def _sides(edition: Edition, row: Row, values: tuple[str, str]) -> tuple[str, str]:
    """The two figures compared: of waves the older first, else each behind its name."""
    words, say = edition.words, edition.say
    if row["kind"] == "waves":
        return values[1], values[0]
    if row["kind"] == "groups":
        names = (sentence(say.category(row["domain_1"] or "all")), sentence(say.category(row["domain_2"] or "all")))
    else:
        source = say.source(row["id"])
        names = (say.wave(row["wave_1"]), sentence(edition.of(source.label)) if source is not None else row["id"])
    one, other = (words("tests.side", label=name, value=value) for name, value in zip(names, values))
    return one, other


# Change


def change(edition: Edition, level: int = 2) -> list[Block]:
    """Lines of the headline and the goals' items over the waves, planned changes among those who took part both times, and every test."""
    words = edition.words
    rows = [row for row in edition.rows.table("changes") if row["kind"] == "waves" and (row["population"] or "all") == "all"]
    own = [row for row in rows if row["wave_1"] == edition.facts.wave]
    items = _followed(edition, own)
    chart = wavelines.line_chart(edition, wavelines.lines(edition, items), words("change.caption"))
    if chart is None and not own:
        return []
    blocks: list[Block] = [Heading(level, words("change.title"), "change"), paragraph(words("change.text"))]
    blocks += [*bullets(_since_any(edition, [row for row in own if _declared(edition, row)])), *_explored(edition, own)]
    blocks += own_text(edition, "change")
    if chart is not None:
        blocks += [paragraph(words("change.how")), chart]
    indices = [name for name, item in edition.facts.items.items() if item.role == "index"]
    index_chart = wavelines.line_chart(
        edition, wavelines.lines(edition, indices, "index"), words("change.caption_index"), share=False
    )
    if index_chart is not None:
        blocks += [paragraph(words("change.index_text")), index_chart]
    blocks += panel.several_ways(edition, level + 1)
    named_first = sorted(rows, key=lambda row: (row["wave_1"] != edition.facts.wave, not _declared(edition, row)))
    return [*blocks, *tests_tables(edition, named_first, words("change.tests"))]


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
    if len(others) == 1:
        return [paragraph(words("change.explored_one"))]
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


# Goals

FOUND = {"better": "better", "worse": "worse", "same": "same", "cannot_tell": "cannot_tell"}


def goals(edition: Edition, level: int = 2) -> list[Block]:
    """Each goal of the plan: has it moved, and on what evidence."""
    if not edition.facts.goals:
        return []
    words = edition.words
    blocks: list[Block] = [Heading(level, words("goals.title"), "goals"), paragraph(words("goals.text"))]
    blocks += own_text(edition, "goals")
    found = {goal.id: goal_rows(edition, goal) for goal in edition.facts.goals}
    if not any(found.values()) and len(edition.facts.waves) == 1:
        return [*blocks, paragraph(Strong(words("goals.first"))), *bullets([edition.of(goal.label) for goal in edition.facts.goals])]
    for goal in edition.facts.goals:
        blocks += [Heading(level + 1, edition.of(goal.label), f"goal-{goal.id}"), *_moved(edition, found[goal.id])]
    return blocks


def _moved(edition: Edition, rows: list[Row]) -> list[Block]:
    """Whether a goal has moved and the sentences that it rests on; since each earlier wave, the oldest first, where there are several."""
    words = edition.words
    since: dict[str, list[Row]] = {wave: [] for wave in wavelines.waves_in_order(edition)}
    for row in rows:
        since.setdefault(row["wave_2"] if row["kind"] == "waves" else "", []).append(row)
    parts = {wave: held for wave, held in since.items() if held} or {"": []}
    blocks: list[Block] = []
    for wave, held in parts.items():
        text = words(f"goals.{verdict(edition, held)}")
        if wave and len(parts) > 1:
            label = edition.say.wave(wave)
            text = words(f"goals.since_{'year' if is_year(label) else 'other'}", wave=label, verdict=text)
        blocks += [paragraph(Strong(text)), *bullets([said for row in held if (said := edition.say.change(row)) is not None])]
    return blocks


def goal_rows(edition: Edition, goal: GoalFacts) -> list[Row]:
    """The goal's comparisons that may be said, those of the release's own wave where it has any."""
    rows = [row for name in goal.comparisons if (row := edition.rows.change(name)) is not None and comparable(row)]
    return [row for row in rows if row["wave_1"] == edition.facts.wave] or rows


def verdict(edition: Edition, rows: list[Row]) -> str:
    """``better``, ``worse``, ``mixed``, ``same``, ``cannot_tell`` or ``none`` from the goal's outcomes; ``first`` where there is no earlier wave."""
    found = {direction(edition, row) for row in rows}
    if not found:
        return "none" if len(edition.facts.waves) > 1 else "first"
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


# Other sources


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
    blocks: list[Block] = [
        Heading(level, words("sources.title"), "sources"),
        *(paragraph(text) for text in texts),
        *cited,
    ]
    blocks += tests_tables(edition, rows, words("sources.caption"))
    return [*blocks, Note("warning", (words("sources.warning"),))]
