"""What people told in interviews: a report for each sub-study, and what the national report and the site take from it."""

from __future__ import annotations

from royst.publish import numbers
from royst.publish.chapters import bullets, paragraph
from royst.publish.document import Block, Bullets, Document, Heading, Inline, Link, Quote, Strong, Table
from royst.publish.edition import Edition, edition
from royst.publish.joint import joint
from royst.publish.rows import Row
from royst.release import Release
from royst.words import sentence

LEAST = 3
"""Participants who could have said a quote, where no certificate says how many."""


def talk_report(release: Release, substudy: str, language: str) -> Document:
    """The report of one sub-study in one language. Raises ``KeyError`` for a sub-study that the release does not carry."""
    return talk_document(edition(release, language), substudy)


def talk_document(held: Edition, substudy: str, extra: tuple[Block, ...] = ()) -> Document:
    """The report as a document; ``extra`` blocks (links of the site) stand after the recommendations."""
    words, facts = held.words, held.facts.substudies[substudy]
    blocks: list[Block] = [paragraph(lede(held, substudy), lead=True), *_about(held, substudy)]
    blocks += [Heading(2, words("summary.title"), "summary"), *main_themes(held, substudy)]
    for row in _themes(held, substudy, ""):
        blocks += _theme(held, substudy, row, 2)
    blocks += joint(held, 2, substudy)
    blocks += [*_advice(held, substudy), *extra, Heading(2, words("talk.read_title"), "read"), *bullets(how_to_read(held)), *_method(held, substudy)]
    return held.document(
        held.of(facts.title), blocks, description=lede(held, substudy), subtitle=words("talk.subtitle"), synthetic=words("talk.synthetic") if facts.synthetic else "",
    )  # fmt: skip


def lede(held: Edition, substudy: str) -> str:
    n = held.facts.substudies[substudy].participants
    if n is None:
        return held.words("talk.lede_few")
    return sentence(held.words("talk.lede", people=held.words("who.persons", count=numbers.count(held.words, n))))


def teaser(held: Edition, substudy: str) -> str:
    """The main themes by their names, for a link to the report."""
    return " ".join(f"{row['name']}." for row in _themes(held, substudy, "")) or lede(held, substudy)


def _about(held: Edition, substudy: str) -> list[Block]:
    words, facts = held.words, held.facts.substudies[substudy]
    said = [(words("talk.who"), held.of(facts.population)), (words("talk.why"), held.of(facts.purpose))]
    return [paragraph(Strong(label), f" {text}") for label, text in said if text]


def main_themes(held: Edition, substudy: str) -> list[Block]:
    """Each main theme in a sentence or two."""
    items: list[tuple[Inline, ...]] = [(Strong(f"{row['name']}."), f" {row['summary']}") for row in _themes(held, substudy, "")]
    return [Bullets(tuple(items))] if items else []


def _themes(held: Edition, substudy: str, parent: str) -> list[Row]:
    return [row for row in held.talk("interview_themes", substudy) if row["parent"] == parent]


def _theme(held: Edition, substudy: str, row: Row, level: int) -> list[Block]:
    """A theme: how many speak of it, what they say, in whose words; then what stands below it."""
    blocks: list[Block] = [Heading(min(level, 4), row["name"], f"{substudy}-{row['theme']}")]
    spoken = how_many(held, row)
    below = _themes(held, substudy, row["theme"])
    said = [row["summary"], held.words("talk.spoken", people=sentence(spoken)) if spoken else ""]
    blocks.append(paragraph(" ".join(part for part in said if part), lead=bool(below)))
    blocks += quotes(held, substudy, row["theme"])
    for child in below:
        blocks += _theme(held, substudy, child, level + 1)
    return blocks


def how_many(held: Edition, row: Row) -> str:
    """How many speak of a theme, in words; empty where nobody does. Never a percentage."""
    words, of = held.words, row["of"]
    if row["extent"] == "none" or not of:
        return ""
    said = {"of": numbers.count(words, of)}
    if row["extent"] == "number":
        return words("people.some", n=numbers.count(words, row["participants"]), **said)
    return words({"few": "people.few", "most": "people.most"}.get(row["extent"], "people.part"), **said)


def quotes(held: Edition, substudy: str, theme: str | None = None, most: int | None = None) -> list[Block]:
    """The quotes of a theme, or of the whole sub-study in its order."""
    found = [row for row in held.talk("interview_quotes", substudy) if theme in (None, row["theme"])]
    return [Quote(row["text"], row["label"], row["spoken"] if row["spoken"] != held.language else "") for row in found[:most]]


def _advice(held: Edition, substudy: str) -> list[Block]:
    said = [row["text"] for row in held.talk("interview_advice", substudy) if row["text"]]
    return [Heading(2, held.words("talk.advice_title"), "advice"), *bullets(said)] if said else []


def how_to_read(held: Edition) -> list[str]:
    """What a quote, its label and a count mean, a sentence or two each."""
    words = held.words
    thresholds = held.facts.certificate.get("thresholds")
    known = [part["value"] for part in thresholds if part.get("name") == "voices"] if isinstance(thresholds, list) else []
    least = numbers.count(words, known[0] if known else LEAST)
    return [words("talk.read_own"), words("talk.read_label", least=least), words("talk.read_count"), words("talk.read_withdraw")]


def _method(held: Edition, substudy: str) -> list[Block]:
    """COREQ's points, a table for each of its three parts."""
    words = held.words
    parts: dict[str, list[tuple[str, str]]] = {}
    for row in held.talk("interview_points", substudy):
        parts.setdefault(row["domain"], []).append((f"{row['point']}. {row['title']}", row["answer"] or words("talk.unanswered")))
    if not parts:
        return []
    tables = [Table(domain, (words("talk.point"), words("talk.answer")), tuple(rows)) for domain, rows in parts.items()]
    return [Heading(2, words("talk.method_title"), "interview-method"), paragraph(words("talk.method_text")), *tables]


def chapter(held: Edition) -> list[Block]:
    """The interviews in the national report: what each sub-study found, some of its words, and the joint display. Empty where the release carries none."""
    words = held.words
    if not held.facts.substudies:
        return []
    return [Heading(2, words("talk.index_title"), "interviews"), paragraph(words("talk.index_lede")), *in_short(held, 3), *joint(held)]


def in_short(held: Edition, level: int) -> list[Block]:
    """Each sub-study in short: who spoke, the main themes, two quotes, and where its own report is."""
    blocks: list[Block] = []
    for name, facts in held.facts.substudies.items():
        blocks += [Heading(level, held.of(facts.title), f"interviews-{name}"), paragraph(lede(held, name)), *main_themes(held, name), *one_each(held, name)]
        blocks.append(paragraph(Link(held.words("talk.own_report"), talk_path(held, name), file_name(name))))
    return blocks


def one_each(held: Edition, substudy: str) -> list[Block]:
    """A quote from each of the first two main themes."""
    found: list[Block] = []
    for row in _themes(held, substudy, "")[:2]:
        inside = [row["theme"], *(child["theme"] for child in _themes(held, substudy, row["theme"]))]
        found += next((said for theme in inside if (said := quotes(held, substudy, theme, 1))), [])
    return found


def file_name(substudy: str) -> str:
    """What the sub-study's report is called among the reports, without its ending."""
    return f"interviews-{substudy}"


def talk_path(held: Edition, substudy: str) -> str:
    """The sub-study's page, from the site's root."""
    return f"{held.language}/intervju/{substudy}.html"
