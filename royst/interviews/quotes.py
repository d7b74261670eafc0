"""Quotes that may be printed: edited beside the original, checked for what gives a person away, approved by a second person, told without pseudonym."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

from royst.errors import Fault, InputError, wrong
from royst.interviews import transcript as transcripts
from royst.interviews.coding import coding_id
from royst.interviews.identifiers import NONE, Gazetteers, find
from royst.interviews.store import Store
from royst.interviews.substudy import Substudy
from royst.interviews.transcript import Transcript

FILE = "quotes.jsonl"
SMALLEST_CELL = 3


@dataclass(frozen=True)
class Quote:
    """``original`` is what was said (``text[start:end]`` of that version); ``edited`` what may be printed, by language. Sealed where the study says so.

    ``answers``: warning (see ``Warning.key``) to why it may stand. ``released``: reports it went out in.
    """

    id: str
    participant: str
    transcript: str
    version: int
    start: int
    end: int
    original: str
    edited: Mapping[str, str]
    theme: str
    by: str
    answers: Mapping[str, str] = field(default_factory=dict)
    approved_by: str = ""
    approved_on: str = ""
    released: tuple[str, ...] = ()

    @property
    def approved(self) -> bool:
        return bool(self.approved_by)


@dataclass(frozen=True)
class Warning:
    """Something a person must answer before a quote is approved. ``key`` names it in ``Quote.answers``."""

    code: Literal["identifier", "indirect", "words-not-said", "quoted-often", "small-cell", "small-label"]
    found: str
    todo: str

    @property
    def key(self) -> str:
        return f"{self.code}: {self.found}"


_INDIRECT = (
    ("an age", r"\b\d{1,3}[ -](?:år(?:ing)?|years? old)\b|\b(?:nittito|åttifem|\w+ti\w*) år gammel\b"),
    ("a number of children or siblings", r"\b(?:\d+|to|tre|fire|fem|seks|sju|åtte|two|three|four|five|six|seven) (?:barn|unger|søsken|brødre|søstre|children|kids|brothers|sisters)\b"),
    ("a trade", r"\b(?:jobbet|jobba|arbeidet|arbeida|utdannet|utdanna|worked|trained) (?:som|as)(?: an?)? \w+|\b(?:yrket|jobben) mitt? som \w+"),
    ("an only one", r"\b(?:den eneste|det eneste|den første|den eldste|den yngste|the only|the first|the oldest|the youngest) \w+"),
    ("a background", r"(?i:\b(?:same|samisk|samiske|kven|rom|polsk|somalisk|irakisk|svensk|dansk|finsk|sami|polish|somali|muslim|jøde|jewish|adoptert|adopted|flyktning|refugee)\b)"),
    ("an illness", r"(?i:\b(?:hiv|hepatitt|hepatitis|kreft|cancer|epilepsi|epilepsy|parkinson\w*|ms|als|schizofreni|schizophrenia|amputer\w*|rullestol|wheelchair)\b)"),
    ("an institution", r"(?i:\b\w*(?:fengsel|klinikk|klinikken|sykehus|sjukehus|institusjon\w*|prison|hospital|clinic)\b)"),
    ("a year", r"\b(?:19|20)\d\d\b"),
)  # fmt: skip


def read_quotes(store: Store) -> tuple[Quote, ...]:
    return tuple(Quote(**{**row, "released": tuple(row["released"])}) for row in store.read_lines(FILE))


def write_quotes(store: Store, quotes: Iterable[Quote]) -> None:
    store.write_lines(FILE, [asdict(quote) for quote in sorted(quotes, key=lambda q: (q.theme, q.id))])


def propose(
    substudy: Substudy, transcript: Transcript, start: int, end: int, *, theme: str, by: str, edited: Mapping[str, str] | None = None
) -> Quote:  # fmt: skip
    """Keep a passage as a draft. ``InputError``: ``empty-selection``, ``two-voices`` (not one participant's words alone), ``no-consent`` (none that stands,
    or none to be quoted), ``double-quote``.
    """
    if not 0 <= start < end <= len(transcript.text):
        raise wrong(
            "empty-selection", f"no words stand between {start} and {end}", "Select at least one character of the text."
        )
    within = [turn for turn in transcript.turns if turn.start < end and start < turn.end]
    who = {transcript.voices.get(turn.speaker or "") for turn in within} if within else set(transcript.participants)
    if len(who) != 1 or None in who:
        raise wrong(
            "two-voices", "the passage is not one participant's words alone", "Select within what one participant said."
        )
    participant = str(next(iter(who)))
    if not substudy.may_quote(participant):
        raise wrong(
            "no-consent", f"{participant} has not agreed to be quoted, or has withdrawn", "Choose another passage."
        )
    original = transcript.text[start:end]
    id = coding_id("quote", transcript.id, transcript.version, start, end)
    if any(quote.id == id for quote in read_quotes(substudy.store)):
        raise wrong("double-quote", "the passage is kept already", "Edit that one.")
    quote = Quote(
        id,
        participant,
        transcript.id,
        transcript.version,
        start,
        end,
        original,
        dict(edited or {"nb": original}),
        theme,
        by,
    )
    write_quotes(substudy.store, [*read_quotes(substudy.store), quote])
    return quote


def edit(store: Store, id: str, edited: Mapping[str, str], *, by: str) -> Quote:
    """Change what may be printed. An approval falls away: it was of other words."""
    return _replace(store, id, edited=dict(edited), by=by, approved_by="", approved_on="")


def answer(store: Store, id: str, warning: Warning, why: str) -> Quote:
    """Say why a warning may stand. ``InputError`` (``no-reason``) where nothing is said."""
    if not why.strip():
        raise wrong("no-reason", "a warning is answered with a reason", "Say why it may stand, or edit the quote.")
    quote = _one(store, id)
    return _replace(store, id, answers={**quote.answers, warning.key: why})


def take_away(store: Store, id: str) -> Quote:
    """Drop a quote. A report that printed it keeps it until it is made again."""
    gone = _one(store, id)
    write_quotes(store, [quote for quote in read_quotes(store) if quote.id != id])
    return gone


def _one(store: Store, id: str) -> Quote:
    for quote in read_quotes(store):
        if quote.id == id:
            return quote
    raise wrong("unknown-quote", f"there is no quote {id}", "Read the list again.")


def _replace(store: Store, id: str, **fields: object) -> Quote:
    changed = replace(_one(store, id), **fields)  # type: ignore[arg-type]
    write_quotes(store, [changed if quote.id == id else quote for quote in read_quotes(store)])
    return changed


def check(substudy: Substudy, quote: Quote, gazetteers: Gazetteers = NONE) -> tuple[Warning, ...]:
    """All that a person should think of: direct and indirect identifiers, words that were not said, one person quoted too much, a small cell or label.

    Rules find what rules can: a story that everyone at home knows is for people to see.
    """
    found: list[Warning] = []
    for language, text in sorted(quote.edited.items()):
        said = Transcript(quote.id, 1, text, (), {}, "txt", "")
        found += [
            Warning("identifier", f"{f.kind} {f.words!r} ({language})", "Write it in general words, in brackets.")
            for f in find(said, gazetteers)
        ]
        for what, pattern in _INDIRECT:
            found += [
                Warning(
                    "indirect",
                    f"{what}, {m.group()!r} ({language})",
                    "Leave it out, make it rougher, or say why it cannot be traced.",
                )
                for m in re.finditer(pattern, text)
            ]
    found += _not_said(quote)
    return (*found, *_counted(substudy, quote))


def _not_said(quote: Quote) -> list[Warning]:
    """Words outside brackets that the original has not, in the language it was spoken in (the first of ``edited``)."""
    language = next(iter(quote.edited))
    printed = re.sub(r"\[[^\]]*\]", " ", quote.edited[language])
    said = {word.casefold() for word in re.findall(r"\w+", quote.original)}
    added = sorted({word for word in re.findall(r"\w+", printed) if word.casefold() not in said})
    return (
        [Warning("words-not-said", f"{', '.join(added)} ({language})", "Put what you add in [brackets].")]
        if added
        else []
    )


def _counted(substudy: Substudy, quote: Quote) -> list[Warning]:
    quotes = [q for q in read_quotes(substudy.store) if q.id == quote.id or q.approved]
    own, limit = sum(q.participant == quote.participant for q in quotes), max(2, math.ceil(len(quotes) / 10))
    found = []
    if own > limit:
        found.append(
            Warning(
                "quoted-often",
                f"{own} of {len(quotes)} quotes are this person's",
                f"At most {limit}: let others speak.",
            )
        )
    if substudy.file.quota and substudy.in_cell(quote.participant) < SMALLEST_CELL:
        found.append(
            Warning(
                "small-cell",
                f"fewer than {SMALLEST_CELL} took part in this quota cell",
                "Be sure that nothing in the quote tells the cell, or choose another.",
            )
        )
    if not safe_label(substudy, quote.participant) and substudy.file.label:
        found.append(
            Warning("small-label", f"fewer than {SMALLEST_CELL} share any label", "The quote is printed without one.")
        )
    return found


def approve(substudy: Substudy, id: str, *, by: str, on: str, gazetteers: Gazetteers = NONE) -> Quote:
    """A second person says that it may be printed. ``InputError``: ``same-person``, ``no-consent``, ``unanswered`` (every warning at once)."""
    quote = _one(substudy.store, id)
    if not by or by == quote.by:
        raise wrong("same-person", "the one who made or edited a quote does not approve it", "Ask a colleague.")
    if not substudy.may_quote(quote.participant):
        raise wrong(
            "no-consent", f"{quote.participant} has withdrawn, or not agreed to be quoted", "Take the quote away."
        )
    open_ones = [w for w in check(substudy, quote, gazetteers) if w.key not in quote.answers]
    if open_ones:
        raise InputError(Fault("unanswered", warning.key, warning.todo) for warning in open_ones)
    return _replace(substudy.store, id, approved_by=by, approved_on=on)


def safe_label(substudy: Substudy, participant: str) -> tuple[tuple[str, str], ...]:
    """The label's values, shortened from the end until at least three participants whose consent stands share them; empty where none do."""
    values = substudy.label_values(participant)
    while values:
        sharing = sum(
            substudy.label_values(p.id)[: len(values)] == values for p in substudy.participants if substudy.stands(p.id)
        )
        if sharing >= SMALLEST_CELL:
            return values
        values = values[:-1]
    return ()


@dataclass(frozen=True)
class Forward:
    """A quote put forward for a report: ``key`` is an id that is the report's alone; ``texts`` by the reader's language, as it may be printed; ``spoken``: the language
    that each of them is in. The participant stays in the house.
    """

    key: str
    quote: str
    participant: str
    theme: str
    texts: Mapping[str, str]
    spoken: Mapping[str, str]


def put_forward(substudy: Substudy, report: str, languages: Sequence[str], order: Sequence[str]) -> tuple[Forward, ...]:
    """The approved quotes of people whose consent stands, for the report of that name; themes in ``order``, other themes' left out.

    Ids are hashed with the report's name, and a theme's quotes stand in the order of those, so that no two reports can be laid side by side to follow a person.
    """
    found = [
        Forward(
            printed_as(report, quote.id),
            quote.id,
            quote.participant,
            quote.theme,
            {language: " ".join(quote.edited[_nearest(quote, language)].split()) for language in languages},
            {language: _nearest(quote, language) for language in languages},
        )
        for quote in read_quotes(substudy.store)
        if quote.approved and substudy.may_quote(quote.participant) and quote.theme in order
    ]
    return tuple(sorted(found, key=lambda q: (order.index(q.theme), q.key)))


def printed_as(report: str, quote: str) -> str:
    """The id that a quote has in one report."""
    return hashlib.sha256(f"{report}\x1f{quote}".encode()).hexdigest()[:12]


def _nearest(quote: Quote, language: str) -> str:
    """The language itself where the quote is in it, or the one it was spoken in: nynorsk and bokmål are not translated into each other."""
    return language if quote.edited.get(language) else next(iter(quote.edited))


def mark_released(store: Store, report: str, ids: Iterable[str]) -> None:
    """Keep that quotes go out in a report, so that a withdrawal knows where they stand. Called before anything is published."""
    marked = set(ids)
    every = read_quotes(store)
    if any(q.id in marked and report not in q.released for q in every):
        write_quotes(
            store,
            [replace(q, released=tuple(sorted({*q.released, report}))) if q.id in marked else q for q in every],
        )


def still_original(store: Store, quote: Quote) -> bool:
    """Whether the newest version still holds the quoted words (a later correction, or pseudonymising, may have changed them)."""
    return quote.original in transcripts.latest(store, quote.transcript).text
