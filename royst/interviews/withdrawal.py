"""Consent withdrawn: a person's words leave transcripts, codings, quotes and lists, and it is said from where they cannot be recalled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from royst.interviews import transcript as transcripts
from royst.interviews.anchor import Edit
from royst.interviews.codebook import Codebook, read_codebook, write_codebook
from royst.interviews.coding import Coding, files, read_codings, rounds, write_codings, write_rounds
from royst.interviews.keyfile import KeyFile
from royst.interviews.own_words import GONE, OwnWords, own_words
from royst.interviews.pseudonym import decisions, forget_versions, write_decisions
from royst.interviews.quotes import printed_as, read_quotes, write_quotes
from royst.interviews.revision import replace_words
from royst.interviews.store import Store
from royst.interviews.substudy import Substudy, read_substudy, write_consents, write_participants
from royst.interviews.transcript import Transcript

EXPORTS = "exports.jsonl"
RECORD = "withdrawals.jsonl"


@dataclass(frozen=True)
class Withdrawal:
    """What was done. ``transcripts``: destroyed whole; ``cut``: with others' words in them, now without this person's. ``releases``: reports that printed a
    quote and must be built again without it, at once. ``look_at``: texts by researchers that may repeat the person's words. ``beyond_recall``: where words
    may still be.
    """

    participant: str
    transcripts: tuple[str, ...]
    cut: tuple[str, ...]
    codings: int
    quotes: int
    releases: tuple[str, ...]
    look_at: tuple[str, ...]
    beyond_recall: tuple[str, ...]


def withdraw(substudy: Substudy, participant: str, *, on: str, by: str, key: KeyFile | None = None) -> Withdrawal:
    """Take a person out. Safe to run again: what is gone stays gone. ``on``: ISO date. ``InputError`` (``unknown-participant``).

    The consent's row stays with its date, since it must be possible to show that it was followed; everything else of the person goes.
    """
    store = substudy.store
    known = any(consent.participant == participant for consent in substudy.consents)
    if not known:
        substudy.participant(participant)
    _sweep(store)
    mine = [
        t for t in (transcripts.latest(store, id) for id in transcripts.ids(store)) if participant in t.participants
    ]
    whole = tuple(t.id for t in mine if t.participants == (participant,) or not t.turns)
    # The transcripts go last: as long as they stand, a run that was broken off finds the same words again.
    words = own_words(store, participant)
    look_at = (*_clear_examples(store, words, by, on), *_memos(store, words))
    gone = [q for q in read_quotes(store) if q.participant == participant or q.transcript in whole]
    releases = tuple(sorted(remember(store, participant, on=on, by=by).printed))
    if gone:
        write_quotes(store, [quote for quote in read_quotes(store) if quote not in gone])
    codings = _take_codings(store, mine, participant, whole)
    for t in mine:
        if t.id in whole:
            _destroy(store, t.id)
        else:
            _cut(store, t, participant, by)
    _take_decisions(store, [t.id for t in mine], whole)
    consents = [
        replace(c, withdrawn=c.withdrawn or on) if c.participant == participant else c for c in substudy.consents
    ]
    write_consents(substudy, consents)
    write_participants(substudy, [p for p in substudy.participants if p.id != participant])
    if key is not None:
        key.forget(participant)
    read_substudy(store)
    cut = tuple(t.id for t in mine if t.id not in whole)
    return Withdrawal(
        participant,
        whole,
        cut,
        codings,
        len(gone),
        releases,
        look_at,
        _beyond(store, releases, [t.id for t in mine], key is None),
    )


def _take_codings(store: Store, mine: Sequence[Transcript], participant: str, whole: Sequence[str]) -> int:
    """Codings, with their memos, on the person's words, by every coder in every round; in a group's transcript only those that touch them."""
    by_id = {t.id: t for t in mine}

    def gone(coding: Coding) -> bool:
        t = by_id.get(coding.transcript)
        if t is None:
            return False
        # A coding in review points into a version that goes with this withdrawal: its words are lost to everyone.
        return t.id in whole or coding.version != t.version or participant in t.participant_at(coding.start, coding.end)

    taken = 0
    for coder, round in files(store):
        own = read_codings(store, coder, round)
        kept = [coding for coding in own if not gone(coding)]
        if len(kept) < len(own):
            taken += len(own) - len(kept)
            write_codings(store, coder, round, kept)
    return taken


def _sweep(store: Store) -> None:
    """What a broken run left of a transcript: texts that belong to no version any more."""
    for id in store.folders("transcripts"):
        if not transcripts.versions(store, id):
            _destroy(store, id)


def _destroy(store: Store, id: str) -> None:
    for version in transcripts.versions(store, id):
        store.remove(f"transcripts/{id}/{version:04d}.json")
        store.remove(f"transcripts/{id}/{version:04d}.txt")
    place = store.path(f"transcripts/{id}")
    for left in place.iterdir():
        left.unlink()
    place.rmdir()
    write_rounds(store, [replace(r, transcripts=tuple(t for t in r.transcripts if t != id)) for r in rounds(store)])


def _cut(store: Store, transcript: Transcript, participant: str, by: str) -> None:
    edits = [
        Edit(t.start, t.end, GONE)
        for t in transcript.turns
        if transcript.voices.get(t.speaker or "") == participant and t.start < t.end
    ]
    replace_words(store, transcript.id, edits, by=by, why="consent withdrawn")
    forget_versions(store, transcript.id)
    newest = transcripts.latest(store, transcript.id)
    voices = {label: who for label, who in newest.voices.items() if who != participant}
    name = f"transcripts/{newest.id}/{newest.version:04d}.json"
    facts = store.read_json(name)
    store.write_json(name, {**facts, "voices": voices, "withdrawn": sorted({*newest.withdrawn, participant})})


def _take_decisions(store: Store, ids: Sequence[str], whole: Sequence[str]) -> None:
    """Settled passages hold places only; answers on names go where no other transcript holds the name."""
    for found in rounds(store):
        name = f"codings/decisions-{found.name}.jsonl"
        if store.exists(name) and ids:
            store.remove(name)
    left = "\n".join(transcripts.latest(store, id).text for id in transcripts.ids(store))
    kept = [
        d
        for d in decisions(store)
        if d.transcript not in whole and (not ids or d.words in left or (d.by_words and d.by_words in left))
    ]
    if len(kept) < len(decisions(store)):
        write_decisions(store, kept)


@dataclass(frozen=True)
class Record:
    """What is kept of a withdrawal. ``printed``: report to the ids that the person's quotes have there; ``same``: releases that were made from just these interviews."""

    participant: str
    on: str
    by: str
    printed: Mapping[str, tuple[str, ...]]
    same: tuple[str, ...] = ()


def remember(store: Store, participant: str, *, on: str, by: str, same: Sequence[str] = ()) -> Record:
    """Keep where the person is quoted before the quotes go, so that a run that was broken off does not forget what to take off. The first date stands."""
    rows = store.read_lines(RECORD)
    before = next((row for row in rows if row["participant"] == participant), {})
    printed: dict[str, set[str]] = {report: set(ids) for report, ids in before.get("printed", {}).items()}
    for quote in read_quotes(store):
        for report in quote.released if quote.participant == participant else ():
            printed.setdefault(report, set()).add(printed_as(report, quote.id))
    made = Record(
        participant,
        before.get("on", on),
        before.get("by", by),
        {report: tuple(sorted(ids)) for report, ids in sorted(printed.items())},
        tuple(sorted({*before.get("same", ()), *same})),
    )
    if before != asdict(made):
        store.write_lines(RECORD, [*(row for row in rows if row["participant"] != participant), asdict(made)])
    return made


def _clear_examples(store: Store, words: OwnWords, by: str, on: str) -> tuple[str, ...]:
    """Examples in the codebook that repeat the person, today's and in its history, are emptied; other fields that do are for people to look at."""
    codebook = read_codebook(store)
    for code in codebook:
        if code.example and words.repeats(code.example):
            codebook = codebook.change(code.id, by=by, on=on, why="consent withdrawn", example="")
    history = tuple(
        replace(step, before=_blanked(step.before, words), after=_blanked(step.after, words))
        for step in codebook.history
    )
    if codebook != read_codebook(store) or history != codebook.history:
        write_codebook(store, Codebook(codebook.codes, history))
    fields = ("definition", "include", "exclude", "memo")
    return tuple(
        f"codebook.json: {code.id}, {name}"
        for code in codebook
        for name in fields
        if words.repeats(getattr(code, name))
    )


def _blanked(fields: Mapping[str, object], words: OwnWords) -> dict[str, object]:
    return {key: GONE if isinstance(value, str) and words.repeats(value) else value for key, value in fields.items()}


def _memos(store: Store, words: OwnWords) -> tuple[str, ...]:
    """Memos of themes and of codings on others' words that repeat the person."""
    found = []
    if store.exists("themes.json"):
        for theme in store.read_json("themes.json")["themes"]:
            texts = [theme.get("memo", ""), *theme.get("summary", {}).values()]
            found += [f"themes.json: {theme['id']}" for text in texts[:1] if any(words.repeats(t) for t in texts)]
    for coder, round in files(store):
        found += [
            f"codings/{coder}-{round}.jsonl: {c.id}, memo"
            for c in read_codings(store, coder, round)
            if c.memo and words.repeats(c.memo)
        ]
    return tuple(found)


def _beyond(store: Store, releases: Sequence[str], ids: Sequence[str], key_left: bool) -> tuple[str, ...]:
    """Where the person's words may still be, in plain words for the one who must follow it up."""
    exports = [row["file"] for row in store.read_lines(EXPORTS) if set(row.get("transcripts", ())) & set(ids)]
    said = [
        *(f"copies of report {report} that were printed, downloaded or archived by others" for report in releases),
        *(f"the exported file {file}, and copies of it" for file in exports),
        "backups of the study folder, until they are written over; version control, where the folder was kept in one",
        "the recording, notes on paper and the letter of consent, which are not kept here",
        "what readers and researchers remember, and texts that already build on the words",
    ]
    return (*said, "the key file, which was not opened: remove the person there") if key_left else tuple(said)
