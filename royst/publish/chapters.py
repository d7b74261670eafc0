"""Chapters that the national report and the site share: the summary, a theme, all means, all items."""

from __future__ import annotations

from royst.publish import charts, dotplots, numbers, wavelines
from royst.publish.document import (
    Block,
    Bullets,
    Heading,
    Inline,
    KeyFigure,
    KeyFigures,
    Paragraph,
    Strong,
    Table,
)
from royst.publish.edition import Edition
from royst.publish.findings import Finding
from royst.publish.prose import prose
from royst.publish.rows import LEAST_SAID, Row, estimate_key, shown
from royst.publish.sentences import comparable
from royst.words import sentence

MAIN = 5
"""Findings with this rank or better are the main ones: they stand on the news page and open the summary."""


def paragraph(*content: Inline, lead: bool = False) -> Paragraph:
    return Paragraph(tuple(content), lead)


def bullets(texts: list[str]) -> list[Block]:
    """The texts as bullets; nothing where there are none."""
    return [Bullets(tuple((text,) for text in texts))] if texts else []


def own_text(edition: Edition, name: str) -> list[Block]:
    """The study's own prose of this name in the edition's language, its numbers filled in; nothing where it has none."""
    text = edition.facts.texts.get(name, {}).get(edition.language, "")
    return prose(text, edition.findings, edition.words, file=f"texts/{name}.{edition.language}.md") if text else []


def main_findings(edition: Edition) -> list[Finding]:
    """The findings by rank that open summary and news page: those of rank 1–5, else the first five."""
    ranked = [finding for finding in edition.findings if finding.rank <= MAIN]
    return ranked or list(edition.findings[:MAIN])


def key_figures(edition: Edition) -> list[Block]:
    """Three numbers in large type: who answered, how many units, the headline."""
    words, facts = edition.words, edition.facts
    figures = []
    took_part = edition.rows.participation(facts.wave)
    if took_part is not None and took_part["answers"] is not None:
        before = _before(edition)
        detail = (
            words("key.before", value=numbers.plain(words, before["answers"]), when=edition.say.when(before["wave"]))
            if before
            else ""
        )
        figures.append(KeyFigure(numbers.plain(words, took_part["answers"]), words("key.answers"), detail))
        if took_part["units"] and edition.of(facts.units_name):
            detail = (
                words("key.before", value=numbers.plain(words, before["units"]), when=edition.say.when(before["wave"]))
                if before and before["units"]
                else ""
            )
            figures.append(
                KeyFigure(
                    numbers.plain(words, took_part["units"]), words("key.units", units=edition.units_name), detail
                )
            )
    headline = edition.best(facts.headline) if facts.headline else None
    if headline is not None:
        clause = edition.say.clause(headline["item"], "band", headline["category"])
        detail = (
            words("key.interval", interval=numbers.interval(words, headline["low"], headline["high"]))
            if headline["low"] is not None
            else ""
        )
        figures.append(
            KeyFigure(numbers.cell(words, headline["estimate"]), words("key.share", clause=clause.text), detail)
        )
    return [KeyFigures(tuple(figures))] if figures else []


def _before(edition: Edition) -> Row | None:
    waves = wavelines.waves_in_order(edition)
    place = waves.index(edition.facts.wave) if edition.facts.wave in waves else 0
    return edition.rows.participation(waves[place - 1]) if place else None


def summary(edition: Edition) -> list[Block]:
    """The main findings as bullets, the numbers large, and the study's own interpretation."""
    words = edition.words
    blocks: list[Block] = [Heading(2, words("summary.title"), "summary"), *key_figures(edition)]
    found = main_findings(edition)
    if found:
        blocks += bullets([finding.text for finding in found])
    else:
        blocks.append(paragraph(words("summary.none")))
    return blocks + own_text(edition, "interpretation")


# Themes


def theme_items(edition: Edition, theme: str) -> list[str]:
    """The theme's items that the wave asked."""
    asked = set(edition.rows.asked(wave=edition.facts.wave))
    return [item for item in edition.facts.themes[theme].items if item in asked]


def theme(edition: Edition, name: str, level: int = 2) -> list[Block]:
    """A theme: what it is about, its findings, what stands out, the answers to all its questions. Empty where nothing of it is shown."""
    words, facts = edition.words, edition.facts.themes[name]
    items = theme_items(edition, name)
    drawn = charts.distributions(edition, items, words("theme.caption", theme=edition.of(facts.label)))
    found = edition.about(theme=name)
    if not drawn and not found and not any(edition.best(item) for item in items):
        return []
    blocks: list[Block] = [Heading(level, edition.of(facts.label), f"theme-{name}")]
    if intro := edition.of(facts.intro):
        blocks.append(paragraph(intro))
    blocks += own_text(edition, f"theme-{name}")
    out = stands_out(edition, items)
    if out:
        blocks.append(paragraph(Strong(out)))
    blocks += drawn
    rest = [item for item in items if not charts.shown_way(edition, item, edition.rows.estimate)]
    only = dotplots.best_dots(edition, rest, words("theme.caption_best", theme=edition.of(facts.label)))
    blocks += [paragraph(words("theme.best_only")), only] if only is not None else []
    lines = _lines_of(edition, items, edition.of(facts.label), {finding.text for finding in found})
    above = "".join(
        part for block in lines if isinstance(block, Paragraph) for part in block.content if isinstance(part, str)
    )
    more = [text for text in _without_repeats(edition, found) if text != out and text not in above]
    return [*blocks, *bullets(more), *lines]


def _without_repeats(edition: Edition, found: list[Finding]) -> list[str]:
    """Findings' texts, the same figure never twice: what a distribution or an extreme says is left out, and shares of all bands are said as one."""
    whole = {row for finding in found if finding.kind == "bands" for row in finding.rows}
    whole |= {finding.rows[0] for finding in found if finding.kind in ("lowest", "highest")}
    texts, shares = [], {finding.rows[0] for finding in found if finding.kind == "share"}
    for finding in found:
        if finding.kind == "share" and finding.rows[0] in whole:
            continue
        bands = _all_bands(edition, finding.rows[0]) if finding.kind == "share" else []
        keys = [estimate_key(row) for row in bands]
        if bands and shares >= set(keys):
            whole |= set(keys)
            texts.append(edition.say.bands(bands))
        else:
            texts.append(finding.text)
    return texts


def _all_bands(edition: Edition, key: str) -> list[Row]:
    """The rows of every band of the item that a band's key belongs to, in its domain and wave; empty where one is not shown."""
    wave, _, item, measure, _, domain = key.partition(":")[2].split("|")
    scale = edition.rows.scale(item)
    if measure != "band" or scale is None:
        return []
    rows = [edition.rows.estimate(item, "band", band, wave=wave, domain=domain) for band in scale.bands]
    return [row for row in rows if row is not None] if all(shown(row) for row in rows) else []


def stands_out(edition: Edition, items: list[str]) -> str:
    """The point of a theme in a sentence: where most and fewest chose the best band. With one item, what was answered to it."""
    known = [
        row
        for item in items
        if (row := edition.best(item)) is not None and row["n"] is not None and row["n"] >= LEAST_SAID
    ]
    if not known:
        return ""
    if len(known) == 1:
        told = [f for f in edition.about(kinds=("bands", "share")) if estimate_key(known[0]) in f.rows]
        return min(told, key=lambda f: f.kind).text if told else edition.say.estimate(known[0])
    alike = [
        row
        for row in known
        if not edition.facts.items[row["item"]].reversed and row["category"] == known[0]["category"]
    ]
    if len(alike) < 2:
        return edition.say.estimate(known[0])
    alike.sort(key=lambda row: row["estimate"])
    low, high = alike[0], alike[-1]
    words = edition.words
    said = {
        "degree": edition.say.degree(high["item"], "band", high["category"]),
        "high": edition.say.short(high["item"]),
        "low": edition.say.short(low["item"]),
        "a": numbers.percent_digits(words, high["estimate"]),
        "b": numbers.percent_digits(words, low["estimate"]),
    }
    if numbers.rounded(high["estimate"]) == numbers.rounded(low["estimate"]):
        return sentence(words("theme.alike", **said))
    return sentence(words("theme.stands_out", **said))


def _lines_of(edition: Edition, items: list[str], label: str, findings: set[str]) -> list[Block]:
    """The theme's questions through the waves, those that continue the same question, under what is known of change."""
    drawn = wavelines.lines(edition, items)[:4]
    chart = wavelines.line_chart(edition, drawn, edition.words("change.caption_theme", theme=label))
    return [paragraph(_line_point(edition, drawn, findings)), chart] if chart is not None else []


def _line_point(edition: Edition, drawn: list[wavelines.Line], findings: set[str]) -> str:
    """What the tests against the wave before say of the lines, and which have moved since an older one; without tests, the first line's values.

    ``findings``: the theme's, which stand as bullets above.
    """
    since = _since_before(edition, drawn, findings)
    waves = wavelines.waves_in_order(edition)
    older = [
        text
        for row in _tested(edition, drawn, waves[: max(waves.index(edition.facts.wave) - 1, 0)])
        if row["outcome"] in ("higher", "lower") and (text := edition.say.change(row)) is not None and text not in findings
    ]
    return " ".join([since, *older])


def _tested(edition: Edition, drawn: list[wavelines.Line], against: list[str]) -> list[Row]:
    """The comparable changes of the lines' best bands from any of these waves to the release's own."""
    names = {row["item"] for line in drawn for row in line.found if row is not None}
    return [
        row
        for row in edition.rows.table("changes")
        if row["kind"] == "waves"
        and row["measure"] == "band"
        and row["item"] in names
        and row["wave_1"] == edition.facts.wave
        and row["wave_2"] in against
        and row["category"] == edition.rows.best_band(row["item"])
        and (row["population"] or "all") == "all"
        and comparable(row)
    ]


def _since_before(edition: Edition, drawn: list[wavelines.Line], findings: set[str]) -> str:
    """What is known of change since the wave before."""
    words = edition.words
    waves = wavelines.waves_in_order(edition)
    tested = _tested(edition, drawn, [waves[waves.index(edition.facts.wave) - 1]])
    told = [row for row in tested if row["outcome"] != "cannot_tell"]
    if tested and not told:
        if len(tested) == 1:
            return edition.say.change(tested[0]) or ""
        rest = [row for row in tested if edition.say.change(row) not in findings]
        if len(rest) == 1:
            return edition.say.change(rest[0]) or ""
        return words("change.cannot_tell_rest" if 0 < len(rest) < len(tested) else "change.cannot_tell_all")
    if told:
        said = [text for row in told if (text := edition.say.change(row)) is not None]
        return " ".join([*said, *([words("change.cannot_tell_others")] if len(told) < len(tested) else [])])
    values = words.joined(
        words("alt.point", value=numbers.percent_digits(words, row["estimate"]), when=edition.say.wave(row["wave"]))
        for row in drawn[0].found
        if row is not None
    )
    return words("change.line_point", item=drawn[0].label, values=values)


# All questions


def means(edition: Edition, level: int = 2) -> list[Block]:
    """Every question's mean with its interval, highest first."""
    words = edition.words
    drawn = dotplots.mean_dots(edition, edition.rows.asked(wave=edition.facts.wave), words("means.caption"))
    if not drawn:
        return []
    blocks: list[Block] = [Heading(level, words("means.title"), "means"), paragraph(words("means.text"))]
    for chart in drawn:
        dots = chart.table.rows
        if len(dots) > 1:
            text = words("means.point", high=dots[0][0], a=dots[0][1], low=dots[-1][0], b=dots[-1][1])
        else:
            text = words("tests.side", label=dots[0][0], value=dots[0][1])
        blocks += [paragraph(Strong(text)), chart]
    return blocks


def all_items(edition: Edition, level: int = 2) -> list[Block]:
    """The attachment: every question with the share in its best band, interval, mean, not relevant and answers, theme by theme."""
    words = edition.words
    in_themes = {item for name in edition.facts.themes for item in theme_items(edition, name)}
    groups = [(edition.of(facts.label), theme_items(edition, name)) for name, facts in edition.facts.themes.items()]
    groups.append(
        (
            words("all_items.other"),
            [item for item in edition.rows.asked(wave=edition.facts.wave) if item not in in_themes],
        )
    )
    tables = [table for label, items in groups if (table := items_table(edition, label, items)) is not None]
    if not tables:
        return []
    return [Heading(level, words("all_items.title"), "all-items"), paragraph(words("all_items.text")), *tables]


def _plain(edition: Edition, row: Row | None) -> str:
    """A share with each answer counting one."""
    return numbers.cell(edition.words, row["unweighted"]) if row is not None and shown(row) and row["unweighted"] is not None else charts.DASH


def items_table(edition: Edition, label: str, items: list[str]) -> Table | None:
    words, rows = edition.words, edition.rows
    lines = []
    for item in items:
        band = rows.best_band(item)
        best = rows.estimate(item, "band", band) if band else None
        mean, apart = rows.estimate(item, "mean"), rows.estimate(item, "not_relevant")
        n = next((row["n"] for row in (best, mean) if row is not None and row["n"] is not None), None)
        between = numbers.interval(words, best["low"], best["high"]) if best is not None and shown(best) else ""
        lines.append(
            (
                _item_name(edition, item),
                charts.cell(edition, best),
                between or charts.DASH,
                *((_plain(edition, best),) if edition.weighted_note else ()),
                edition.say.mean(item, "mean", mean["estimate"]) if mean is not None and shown(mean) else charts.DASH,
                charts.cell(edition, apart),
                numbers.plain(words, n) if n is not None else charts.DASH,
            )
        )
    if not lines:
        return None
    columns = [
        words("chart.question"),
        words("chart.best"),
        words("chart.interval"),
        *((words("chart.unweighted"),) if edition.weighted_note else ()),
        words("chart.mean"),
        words("chart.not_relevant"),
        words("chart.answers"),
    ]
    return charts.table(edition, words("all_items.caption", theme=label), columns, lines)


def _item_name(edition: Edition, item: str) -> str:
    facts = edition.facts.items[item]
    asked = edition.of(facts.question.get(edition.facts.wave, {})) or edition.say.short(item)
    return edition.words("chart.reversed", label=asked) if facts.reversed else asked
