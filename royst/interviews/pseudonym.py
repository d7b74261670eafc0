"""Taking identifying words out of transcripts, with a person deciding on every one.

This makes re-identification harder; it does not make a transcript anonymous. A story, a rare event or a way of speaking identifies as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from royst.errors import wrong
from royst.interviews import transcript as transcripts
from royst.interviews.anchor import Edit
from royst.interviews.identifiers import NONE, Finding, Gazetteers, Kind, Question, find, queue
from royst.interviews.revision import Revision, in_review, replace_words
from royst.interviews.store import Store

DECISIONS = "pseudonyms.jsonl"
_LABELS: dict[str, dict[Kind, str]] = {
    "nb": {
        "national-id": "fødselsnummer", "phone": "telefonnummer", "email": "e-postadresse", "link": "nettadresse", "address": "adresse", "postcode": "poststed",
        "date": "dato", "birth-year": "fødselsår", "place": "sted", "name": "navn", "speaker": "navn", "capitalised": "navn",
    },
    "nn": {
        "national-id": "fødselsnummer", "phone": "telefonnummer", "email": "e-postadresse", "link": "nettadresse", "address": "adresse", "postcode": "poststad",
        "date": "dato", "birth-year": "fødselsår", "place": "stad", "name": "namn", "speaker": "namn", "capitalised": "namn",
    },
    "en": {
        "national-id": "identity number", "phone": "phone number", "email": "e-mail address", "link": "web address", "address": "address", "postcode": "postcode",
        "date": "date", "birth-year": "year of birth", "place": "place", "name": "name", "speaker": "name", "capitalised": "name",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Decision:
    """A person's answer on some words: ``replace`` them by ``by_words`` (in brackets, so that a reader sees it), or ``keep`` them.

    ``transcript`` and ``start`` name one place; without them it holds for these words wherever they are found, in transcripts to come as well.
    """

    words: str
    action: Literal["replace", "keep"]
    by: str
    by_words: str = ""
    transcript: str | None = None
    start: int | None = None
    why: str = ""


def read_gazetteers(store: Store) -> Gazetteers:
    """The study's lists: ``names.txt``, ``places.txt`` and ``known.txt`` (words never to ask about), one entry a line; any may be missing."""

    def lines(name: str) -> frozenset[str]:
        return (
            frozenset(line.strip() for line in store.read(name).splitlines() if line.strip())
            if store.exists(name)
            else frozenset()
        )

    return Gazetteers(lines("names.txt"), lines("places.txt"), lines("known.txt"))


def suggest(question: Question, taken: Iterable[str], language: str = "nb") -> str:
    """A replacement in brackets: ``[navn 1]``, ``[sted 2]`` numbered so that two people stay two; numbers and addresses without number."""
    label = _LABELS[language][question.kind]
    if question.kind not in ("name", "speaker", "capitalised", "place"):
        return f"[{label}]"
    used = set(taken)
    number = 1
    while f"[{label} {number}]" in used:
        number += 1
    return f"[{label} {number}]"


def decisions(store: Store) -> tuple[Decision, ...]:
    """All that was decided, oldest first. The file holds names: it is sealed where the study says so."""
    return tuple(Decision(**row) for row in store.read_lines(DECISIONS))


def decide(store: Store, made: Iterable[Decision]) -> None:
    """Add decisions. ``InputError`` (``no-replacement``, ``no-person``) where one says neither what nor who."""
    made = tuple(made)
    for decision in made:
        if not decision.by:
            raise wrong("no-person", f"no one stands behind the decision on {decision.words!r}", "Say who decided.")
        if decision.action == "replace" and (not decision.by_words.strip() or decision.words in decision.by_words):
            raise wrong("no-replacement", f"{decision.words!r} would not be gone", "Give other words in its place.")
    write_decisions(store, (*decisions(store), *made))


def write_decisions(store: Store, made: Iterable[Decision]) -> None:
    """Replace all decisions."""
    store.write_lines(DECISIONS, [asdict(decision) for decision in made])


def open_questions(store: Store, ids: Iterable[str], gazetteers: Gazetteers = NONE) -> tuple[Question, ...]:
    """What a person has yet to decide in the newest versions of these transcripts."""
    answers = decisions(store)
    found: Mapping[str, list[Finding]] = {
        id: [f for f in find(transcripts.latest(store, id), gazetteers) if _answer(id, f, answers) is None]
        for id in ids
    }
    return queue(found)


def _answer(id: str, finding: Finding, answers: Iterable[Decision]) -> Decision | None:
    """The newest decision on this place; else the newest on these words."""
    here = [d for d in answers if d.words == finding.words and d.transcript == id and d.start == finding.start]
    anywhere = [d for d in answers if d.words == finding.words and d.transcript is None]
    return here[-1] if here else anywhere[-1] if anywhere else None


def pseudonymise(store: Store, id: str, *, by: str, gazetteers: Gazetteers = NONE) -> Revision | None:
    """Make the version in which every finding decided on is replaced; codings follow. None where nothing is to be replaced.

    The versions before still hold the words: ``forget_versions`` destroys them. ``InputError`` (``undecided``) while any finding waits for a decision.
    """
    transcript = transcripts.latest(store, id)
    answers = decisions(store)
    found = [(finding, _answer(id, finding, answers)) for finding in find(transcript, gazetteers)]
    waiting = sorted({finding.words for finding, answer in found if answer is None})
    if waiting:
        raise wrong(
            "undecided",
            f"{len(waiting)} kinds of words wait for a decision: {', '.join(waiting[:8])}",
            "Decide on each: replace, or keep.",
        )
    edits = [Edit(f.start, f.end, a.by_words) for f, a in found if a is not None and a.action == "replace"]
    if not edits:
        return None
    labels = {f.words: a.by_words for f, a in found if f.kind == "speaker" and a is not None and a.action == "replace"}
    return replace_words(store, id, edits, by=by, why="pseudonymised", labels=labels)


def forget_versions(store: Store, id: str) -> tuple[int, ...]:
    """Destroy all versions but the newest; gives which. Copies elsewhere (backups, exports, the recording) are not reached.

    ``InputError`` (``in-review``) while a coding waits for its place: its words stand in an older version alone.
    """
    old = transcripts.versions(store, id)[:-1]
    waiting = [coding for coding in in_review(store) if coding.transcript == id and coding.version in old]
    if waiting:
        raise wrong(
            "in-review", f"{len(waiting)} codings of {id} wait for a place", "Answer them first: place, or take away."
        )
    for version in old:
        store.remove(f"transcripts/{id}/{version:04d}.json")
        store.remove(f"transcripts/{id}/{version:04d}.txt")
    return old
