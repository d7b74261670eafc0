"""A new version of a transcript, and all codings carried over to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from royst.errors import wrong
from royst.interviews import transcript as transcripts
from royst.interviews.anchor import Alignment, Edit, Replacement, align
from royst.interviews.coding import Coding, coding_id, files, read_codings, write_codings
from royst.interviews.store import Store
from royst.interviews.text import normalise
from royst.interviews.transcript import Transcript, Turn, find_turns, write_version


@dataclass(frozen=True)
class Revision:
    """The new version, and what became of its codings: how many follow unchanged, which have changed words, which a person must place."""

    transcript: Transcript
    same: int
    changed: tuple[Coding, ...]
    review: tuple[Coding, ...]


def replace_words(
    store: Store, id: str, edits: Iterable[Edit], *, by: str, why: str, labels: Mapping[str, str] | None = None
) -> Revision:
    """As ``revise``, where it is known which stretches got which words: codings are carried over without guessing, and none needs a look for it.

    ``labels``: speakers' labels that were renamed, old to new.
    """
    old = transcripts.latest(store, id)
    replacement = Replacement(old.text, tuple(sorted(edits, key=lambda edit: edit.start)))
    text = normalise(replacement.new)
    # A replacement beside a combining mark may join it in NFC; then the places are found as for any edit.
    return _revise(
        store, old, text, replacement if text == replacement.new else align(old.text, text), by, why, labels or {}
    )


def revise(store: Store, id: str, text: str, *, by: str, why: str) -> Revision:
    """Keep an edited text as the next version and carry every coding over.

    Codings whose words have no place any more keep their old version and place with the state ``review``. ``InputError``: ``nothing-changed``, ``no-text``.
    """
    old = transcripts.latest(store, id)
    new_text = normalise(text)
    if not new_text.strip():
        raise wrong(
            "no-text", f"the new version of {id} holds no words", "To take a person's words out, withdraw the consent."
        )
    if new_text == old.text:
        raise wrong("nothing-changed", f"the text is that of version {old.version}", "Change something, or leave it.")
    return _revise(store, old, new_text, align(old.text, new_text), by, why, {})


def _revise(
    store: Store,
    old: Transcript,
    new_text: str,
    alignment: Alignment | Replacement,
    by: str,
    why: str,
    renamed: Mapping[str, str],
) -> Revision:
    speakers = {renamed.get(turn.speaker, turn.speaker) for turn in old.turns if turn.speaker is not None}
    turns = _turns(old, new_text, speakers, alignment)
    voices = {renamed.get(label, label): participant for label, participant in old.voices.items()}
    new = replace(old, version=old.version + 1, text=new_text, turns=turns, voices=voices, by=by, why=why)
    write_version(store, new)
    moved = [_carry(store, coder, round, new, alignment) for coder, round in files(store)]
    carried = [coding for codings in moved for coding in codings if coding.transcript == old.id]
    return Revision(
        new,
        sum(c.state == "same" and c.version == new.version for c in carried),
        tuple(c for c in carried if c.state == "changed" and c.version == new.version),
        tuple(c for c in carried if c.state == "review"),
    )


def _turns(old: Transcript, text: str, labels: set[str], alignment: Alignment | Replacement) -> tuple[Turn, ...]:
    """Turns found again by the same labels; subtitles' times follow the first words of a turn."""
    times = {}
    for turn in old.turns:
        if turn.ms is not None and turn.start < turn.end:
            moved = alignment.move(turn.start, turn.end)
            if moved.start is not None:
                times[moved.start] = turn.ms
    found = find_turns(text, labels or None)
    return tuple(replace(turn, ms=times.get(turn.start)) for turn in found)


def _carry(
    store: Store, coder: str, round: str, new: Transcript, alignment: Alignment | Replacement
) -> tuple[Coding, ...]:
    before = read_codings(store, coder, round)
    after = tuple(_moved(coding, new, alignment) for coding in before)
    if after != before:
        write_codings(store, coder, round, after)
    return after


def _moved(coding: Coding, new: Transcript, alignment: Alignment | Replacement) -> Coding:
    if coding.transcript != new.id or coding.version != new.version - 1 or coding.state == "review":
        return coding
    moved = alignment.move(coding.start, coding.end)
    if moved.start is None or moved.end is None:
        return replace(coding, state="review")
    return replace(coding, version=new.version, start=moved.start, end=moved.end, state=moved.state)


def in_review(store: Store) -> tuple[Coding, ...]:
    """Codings that lost their words and wait for a person, and those whose words were changed inside."""
    every = (coding for coder, round in files(store) for coding in read_codings(store, coder, round))
    return tuple(coding for coding in every if coding.state != "same")


def place(store: Store, coding: Coding, spans: Iterable[tuple[int, int]] | None) -> None:
    """A person's answer to a coding in review: its place in the newest version (``None`` where the coding goes).

    Also confirms a changed one, by its own place. ``InputError``: ``unknown-coding``, ``empty-selection``.
    """
    newest = transcripts.latest(store, coding.transcript)
    own = read_codings(store, coding.coder, coding.round)
    if coding not in own:
        raise wrong("unknown-coding", f"{coding.coder} has no coding {coding.id} in review", "Read the list again.")
    placed = []
    for start, end in spans or ():
        if not 0 <= start < end <= len(newest.text):
            raise wrong(
                "empty-selection",
                f"no words stand between {start} and {end}",
                "Select at least one character of the text.",
            )
        id = coding_id(coding.coder, coding.round, newest.id, newest.version, start, end, coding.code)
        placed.append(replace(coding, id=id, version=newest.version, start=start, end=end, state="same"))
    write_codings(store, coding.coder, coding.round, [c for c in own if c != coding] + placed)
