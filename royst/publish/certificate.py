"""The page on privacy: the rules, which attacks were tried on the release before it went out, and what they could find."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from royst.publish import numbers
from royst.publish.chapters import bullets, own_text, paragraph
from royst.publish.document import Block, Document, Heading, Table
from royst.publish.edition import Edition
from royst.publish.method import protection

ATTACKERS = ("outsider", "staff", "unit", "respondent", "weights", "reader")


def certificate(held: Edition) -> Document:
    """Plain words from ``facts.certificate``; without one, the rules alone, and that nothing was audited."""
    words, told = held.words, held.facts.certificate
    blocks: list[Block] = [paragraph(words("privacy.lede"), lead=True), *own_text(held, "privacy")]
    blocks += [Heading(2, words("method.privacy_title"), "rules"), *protection(held)]
    thresholds = _thresholds(held, told.get("thresholds"))
    blocks += [thresholds] if thresholds is not None else []
    blocks.append(Heading(2, words("privacy.audit_title"), "audit"))
    if not isinstance(told.get("facts"), int):
        return _document(held, [*blocks, paragraph(words("privacy.not_audited"))])
    tried = [
        words(f"privacy.{name}")
        for name in ATTACKERS
        if any(_is(attack, name) for attack in _list(told.get("attacks")))
    ]
    blocks += [paragraph(words("privacy.audit")), *bullets(tried)]
    facts, found = int(str(told["facts"])), told.get("recoverable")
    recovered = found if isinstance(found, int) else len(_list(found))
    blocks.append(paragraph(words("privacy.facts", facts=numbers.plain(words, facts))))
    earlier = int(str(told.get("told_by_earlier_releases") or 0))
    if recovered:
        blocks.append(paragraph(words("privacy.some", count=numbers.plain(words, recovered))))
    if earlier:
        blocks.append(paragraph(words("privacy.told_before", count=numbers.plain(words, earlier))))
    if not recovered and not earlier:
        blocks.append(paragraph(words("privacy.none")))
    blocks += [paragraph(text) for text in _left(held, told)]
    talk = told.get("interviews")
    if isinstance(talk, dict) and talk.get("quotes") and talk.get("fewest_who_could_have_said_a_quote"):
        fewest = numbers.count(words, int(talk["fewest_who_could_have_said_a_quote"]))
        blocks.append(paragraph(words("privacy.quotes", quotes=numbers.plain(words, int(talk["quotes"])), fewest=fewest)))
    before = told.get("releases_before")
    if isinstance(before, int):
        blocks.append(
            paragraph(words("privacy.before", count=numbers.count(words, before)) if before else words("privacy.first"))
        )
    return _document(held, blocks)


def _left(held: Edition, told: Mapping[str, object]) -> list[str]:
    """How much is published all the same."""
    words, share = held.words, told.get("share_published")
    return [words("privacy.kept", percent=numbers.percent_digits(words, 100 * share))] if isinstance(share, int | float) else []


def _document(held: Edition, blocks: list[Block]) -> Document:
    words = held.words
    return held.document(words("privacy.title"), blocks, description=words("privacy.lede"), foot=words("pages.privacy"))


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _is(attack: object, name: str) -> bool:
    return isinstance(attack, dict) and attack.get("attacker") == name


def _thresholds(held: Edition, given: object) -> Table | None:
    """The rule set's limits with what each means, as the rule set itself says it (in English, where the words have no text of it)."""
    words = held.words
    rows = [part for part in _list(given) if isinstance(part, dict) and {"name", "value"} <= set(part)]
    if not rows:
        return None
    lines = []
    for part in rows:
        name = str(part["name"])
        value = part["value"]
        said = words(f"threshold.{name}") if f"threshold.{name}" in words else str(part.get("meaning", name))
        lines.append(
            (
                said,
                numbers.plain(words, value)
                if isinstance(value, int | float) and not isinstance(value, bool)
                else str(value),
            )
        )
    return Table(
        words("privacy.thresholds"), (words("privacy.rule"), words("privacy.limit")), tuple(lines), frozenset({1})
    )
