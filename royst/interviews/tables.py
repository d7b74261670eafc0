"""Code by attribute, code by code, and search: for the researchers' eyes. What leaves the house is counted in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from royst.interviews import transcript as transcripts
from royst.interviews.store import Store
from royst.interviews.theme import Passages
from royst.words import Words

FEW = 100
"""Fewer participants than this are never told as a percentage: each would be worth more than a point."""


def code_by_attribute(passages: Passages, attributes: Mapping[str, Mapping[str, str]], attribute: str) -> pl.DataFrame:
    """How many participants with each value of an attribute speak of each code: ``code, value, participants, of, passages``.

    ``attributes``: participant to attribute to value. Counts of people, never shares; a participant without a value counts under an empty one.
    """
    values = {participant: attributes.get(participant, {}).get(attribute, "") for participant in passages.participants}
    rows = []
    for code in sorted({coding.code for coding, _ in passages.rows}):
        for value in sorted(set(values.values())):
            here = [participant for _, participant in passages.of([code]) if values[participant] == value]
            of = sum(v == value for v in values.values())
            rows.append({"code": code, "value": value, "participants": len(set(here)), "of": of, "passages": len(here)})
    schema = {"code": pl.String, "value": pl.String, "participants": pl.Int64, "of": pl.Int64, "passages": pl.Int64}
    return pl.DataFrame(rows, schema=schema)


def code_by_code(passages: Passages) -> pl.DataFrame:
    """Codes on the same words: ``code, other, passages`` (pairs that overlap) and ``participants``; each pair once, first code before the other."""
    pairs: dict[tuple[str, str], list[str]] = {}
    by_text: dict[str, list[tuple[int, int, str, str]]] = {}
    for coding, participant in passages.rows:
        by_text.setdefault(coding.transcript, []).append((coding.start, coding.end, coding.code, participant))
    for rows in by_text.values():
        rows.sort()
        for place, (_, end, code, participant) in enumerate(rows):
            for start, _, other, someone in rows[place + 1 :]:
                if start >= end:
                    break
                if code != other and participant == someone:
                    pairs.setdefault((min(code, other), max(code, other)), []).append(participant)
    found = [
        {"code": a, "other": b, "passages": len(who), "participants": len(set(who))}
        for (a, b), who in sorted(pairs.items())
    ]
    return pl.DataFrame(
        found, schema={"code": pl.String, "other": pl.String, "passages": pl.Int64, "participants": pl.Int64}
    )


@dataclass(frozen=True)
class Hit:
    """Found words with what stands around them."""

    transcript: str
    start: int
    end: int
    before: str
    words: str
    after: str
    speaker: str | None


def search(
    store: Store, query: str, *, ids: Iterable[str] | None = None, around: int = 60, whole_words: bool = False
) -> Iterator[Hit]:
    """Every place where the words stand, whatever their case, in the newest versions; order of transcript and text. Any blank matches any other."""
    parts = [re.escape(part) for part in query.split()]
    if not parts:
        return
    edge = r"(?<!\w){}(?!\w)" if whole_words else "{}"
    pattern = re.compile(edge.format(r"\s+".join(parts)), re.IGNORECASE)
    for id in ids if ids is not None else transcripts.ids(store):
        read = transcripts.latest(store, id)
        for match in pattern.finditer(read.text):
            speaker = next((t.speaker for t in read.turns if t.start <= match.start() < t.end), None)
            before, after = (
                read.text[max(0, match.start() - around) : match.start()],
                read.text[match.end() : match.end() + around],
            )
            yield Hit(id, match.start(), match.end(), before, match.group(), after, speaker)


def how_many(n: int, of: int, language: str) -> str:
    """How many of the participants, in words: ``sju av de 23``. Numbers to twelve are written out; there is never a percentage.

    ``ValueError`` where ``n`` is more than ``of``, or ``of`` is nobody.
    """
    if not 0 <= n <= of or of == 0:
        raise ValueError(f"{n} of {of}")
    kind = "none" if n == 0 else ("only" if of == 1 else "both" if of == 2 else "all") if n == of else "one" if n == 1 else "some"
    return Words(language)(f"people.{kind}", n=number(n, language), of=number(of, language))


def number(n: int, language: str) -> str:
    """A whole number in running text: words to twelve, digits above."""
    names: Sequence[str] = Words(language).list("number.common")
    return names[n] if n < len(names) else str(n)
