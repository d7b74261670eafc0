"""The joint display: what people told in interviews beside what the survey's users ticked."""

from __future__ import annotations

from royst.publish import numbers
from royst.publish.chapters import bullets, paragraph
from royst.publish.document import Block, Heading, JointDisplay, Pair
from royst.publish.edition import Edition
from royst.publish.rows import Row
from royst.words import sentence

STANCES = ("confirms", "widens", "contradicts")


def joint(held: Edition, level: int = 2, only: str | None = None) -> list[Block]:
    """Each sub-study's themes beside the survey's estimates, with what the three stances mean. ``only``: of one sub-study. Empty where no theme stands beside an item."""
    words = held.words
    shown = [display for name in held.facts.substudies if only in (None, name) and (display := _display(held, name)) is not None]
    if not shown:
        return []
    meant = [words("joint.legend", stance=words(f"joint.{stance}"), meaning=words(f"joint.{stance}_text")) for stance in STANCES]
    return [Heading(level, words("joint.title"), "joint"), paragraph(words("joint.text")), *bullets(meant), *shown, paragraph(words("joint.care"))]


def _display(held: Edition, substudy: str) -> JointDisplay | None:
    words = held.words
    beside = held.talk("interview_joint", substudy)
    themes = tuple(
        (row["name"], tuple(_pair(held, other) for other in beside if other["theme"] == row["theme"]))
        for row in held.talk("interview_themes", substudy)
        if any(other["theme"] == row["theme"] for other in beside)
    )
    if not themes:
        return None
    columns = (words("joint.theme"), words("joint.survey"), words("joint.talk"), words("joint.together"))
    return JointDisplay(words("joint.caption", title=held.of(held.facts.substudies[substudy].title)), columns, themes)


def _pair(held: Edition, row: Row) -> Pair:
    words = held.words
    best, item = held.best(row["item"]), held.say.short(row["item"])
    stance = words(f"joint.{row['stance']}")
    if best is None:
        return Pair("", words("joint.missing", item=item), "", None, row["text"], row["stance"], stance)
    detail = words("joint.detail", degree=held.say.degree(row["item"], "band", best["category"]), item=item)
    if best["low"] is None:
        return Pair(numbers.cell(words, best["estimate"]), detail, "", None, row["text"], row["stance"], stance)
    between = sentence(words("key.interval", interval=numbers.interval(words, best["low"], best["high"])))
    span = best["estimate"], best["low"], best["high"]
    return Pair(numbers.cell(words, best["estimate"]), detail, between, span, row["text"], row["stance"], stance)
