"""Codings: who put which code on which words. Blind in a round until it closes; overlapping as people please."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal

from royst.errors import wrong
from royst.interviews import transcript as transcripts
from royst.interviews.anchor import State
from royst.interviews.codebook import Codebook
from royst.interviews.store import Store, checked_id
from royst.interviews.transcript import Transcript

ROUNDS = "rounds.json"
CONSENSUS = "consensus"
Approach = Literal["codebook", "reliability", "reflexive"]
"""How the analysis is meant: with a shared codebook, as content analysis where coders should agree, or reflexive (Braun and Clarke 2019), where
the reading is the researcher's own and a coefficient of agreement has no meaning."""


@dataclass(frozen=True)
class Coding:
    """Code ``code`` on ``text[start:end]`` of one version of a transcript. ``state`` tells how it came through the last edit; see ``anchor``."""

    id: str
    transcript: str
    version: int
    start: int
    end: int
    code: str
    coder: str
    round: str
    memo: str = ""
    on: str = ""
    state: State = "same"


@dataclass(frozen=True)
class Round:
    """One round of coding. While ``open`` and ``blind``, a coder sees no one's codings but their own."""

    name: str
    coders: tuple[str, ...]
    transcripts: tuple[str, ...]
    approach: Approach = "codebook"
    blind: bool = True
    open: bool = True


def rounds(store: Store) -> tuple[Round, ...]:
    """The sub-study's rounds, in the order they were opened."""
    rows = store.read_json(ROUNDS)["rounds"] if store.exists(ROUNDS) else []
    return tuple(
        Round(**{**row, "coders": tuple(row["coders"]), "transcripts": tuple(row["transcripts"])}) for row in rows
    )


def round_named(store: Store, name: str) -> Round:
    for found in rounds(store):
        if found.name == name:
            return found
    raise wrong(
        "unknown-round",
        f"there is no round {name}",
        f"There are: {', '.join(r.name for r in rounds(store)) or 'none'}.",
    )


def write_rounds(store: Store, all_rounds: Iterable[Round]) -> None:
    """Replace the list of rounds."""
    store.write_json(ROUNDS, {"format": 1, "rounds": [asdict(found) for found in all_rounds]}, open_text=True)


def open_round(
    store: Store,
    name: str,
    coders: Sequence[str],
    transcript_ids: Sequence[str],
    *,
    approach: Approach = "codebook",
    blind: bool = True,
) -> Round:
    """Open a round. ``InputError``: ``double-round``, ``missing-transcript``, ``unsafe-id``, ``no-coders``."""
    checked_id(name, "round")
    if any(found.name == name for found in rounds(store)):
        raise wrong("double-round", f"there is a round {name}", "Take another name.")
    if not coders or len(set(coders)) < len(coders) or CONSENSUS in coders:
        raise wrong(
            "no-coders", "a round needs coders, each once", f"Name them; {CONSENSUS!r} is kept for what they agree on."
        )
    for coder in coders:
        checked_id(coder, "coder")
    for id in transcript_ids:
        transcripts.latest(store, id)
    made = Round(name, tuple(coders), tuple(transcript_ids), approach, blind)
    write_rounds(store, [*rounds(store), made])
    return made


def close_round(store: Store, name: str) -> Round:
    """Close a round: from now on all see all, and nothing in it changes but through consensus."""
    closed = replace(round_named(store, name), open=False)
    write_rounds(store, [closed if found.name == name else found for found in rounds(store)])
    return closed


def _file(coder: str, round: str) -> str:
    return f"codings/{checked_id(coder, 'coder')}-{checked_id(round, 'round')}.jsonl"


def read_codings(store: Store, coder: str, round: str) -> tuple[Coding, ...]:
    """One coder's codings of one round. No one's view is checked; ``seen_by`` does that."""
    return tuple(Coding(**row) for row in store.read_lines(_file(coder, round)))


def write_codings(store: Store, coder: str, round: str, codings: Iterable[Coding]) -> None:
    """Replace one coder's codings of one round, in the order of the text."""
    ordered = sorted(codings, key=lambda c: (c.transcript, c.start, c.end, c.code, c.id))
    store.write_lines(_file(coder, round), [asdict(coding) for coding in ordered])


def seen_by(store: Store, viewer: str, round: str, transcript: str | None = None) -> tuple[Coding, ...]:
    """What ``viewer`` may see of a round: all of it once closed (or not blind), else their own alone."""
    found = round_named(store, round)
    coders = (
        [*found.coders, CONSENSUS] if not (found.open and found.blind) else [c for c in found.coders if c == viewer]
    )
    codings = [coding for coder in coders for coding in read_codings(store, coder, round)]
    return tuple(coding for coding in codings if transcript in (None, coding.transcript))


def all_codings(store: Store, round: str) -> dict[str, tuple[Coding, ...]]:
    """Codings of a closed round by coder. ``InputError`` (``round-open``) while it is open and blind: a comparison would tell."""
    found = round_named(store, round)
    if found.open and found.blind:
        raise wrong("round-open", f"round {round} is open, and its coders are blind to each other", "Close it first.")
    return {coder: read_codings(store, coder, round) for coder in found.coders}


def code_words(
    store: Store, codebook: Codebook, round: str, coder: str, transcript: Transcript, start: int, end: int, code: str, *, memo: str = "", on: str = ""
) -> Coding:  # fmt: skip
    """Put a code on ``transcript.text[start:end]``. The same code twice on the same words is one coding.

    ``InputError``: ``round-closed``, ``not-a-coder``, ``not-in-round``, ``old-version``, ``empty-selection``, and those of ``Codebook.takes``.
    """
    _may_code(store, round, coder, transcript)
    codebook.takes(code)
    if not 0 <= start < end <= len(transcript.text):
        raise wrong(
            "empty-selection", f"no words stand between {start} and {end}", "Select at least one character of the text."
        )
    made = Coding(
        coding_id(coder, round, transcript.id, transcript.version, start, end, code),
        transcript.id,
        transcript.version,
        start,
        end,
        code,
        coder,
        round,
        memo,
        on,
    )
    own = read_codings(store, coder, round)
    same = [
        c
        for c in own
        if (c.transcript, c.start, c.end, c.code) == (made.transcript, start, end, code) and c.state != "review"
    ]
    if same:
        return same[0]
    write_codings(store, coder, round, [*own, made])
    return made


def _may_code(store: Store, round: str, coder: str, transcript: Transcript) -> None:
    found = round_named(store, round)
    if not found.open:
        raise wrong("round-closed", f"round {round} is closed", "Open a new round, or settle it in consensus.")
    if coder not in found.coders:
        raise wrong(
            "not-a-coder", f"{coder} does not code in round {round}", f"Its coders are {', '.join(found.coders)}."
        )
    if transcript.id not in found.transcripts:
        raise wrong(
            "not-in-round",
            f"{transcript.id} is not in round {round}",
            f"Its transcripts are {', '.join(found.transcripts)}.",
        )
    newest = transcripts.versions(store, transcript.id)[-1]
    if transcript.version != newest:
        raise wrong("old-version", f"version {transcript.version} of {transcript.id} is old", f"Code version {newest}.")


def coding_id(*parts: object) -> str:
    """Sixteen hexadecimal digits of the SHA-256 of what the coding is: the same act gives the same id on any machine."""
    return hashlib.sha256(json.dumps([str(part) for part in parts]).encode("utf-8")).hexdigest()[:16]


def change_coding(store: Store, coder: str, round: str, id: str, **fields: object) -> Coding:
    """Change the memo, code or place of one's own coding in an open round. ``InputError``: ``round-closed``, ``unknown-coding``."""
    changed: list[Coding] = []

    def change(coding: Coding) -> Coding:
        changed.append(replace(coding, **fields))  # type: ignore[arg-type]
        return changed[-1]

    _rewrite(store, coder, round, id, change)
    return changed[0]


def remove_coding(store: Store, coder: str, round: str, id: str) -> None:
    """Take one's own coding away in an open round."""
    _rewrite(store, coder, round, id, lambda coding: None)


def _rewrite(store: Store, coder: str, round: str, id: str, change: Callable[[Coding], Coding | None]) -> None:
    if not round_named(store, round).open:
        raise wrong("round-closed", f"round {round} is closed", "Open a new round, or settle it in consensus.")
    own = read_codings(store, coder, round)
    if not any(coding.id == id for coding in own):
        raise wrong("unknown-coding", f"{coder} has no coding {id} in round {round}", "Read the codings again.")
    kept = [change(coding) if coding.id == id else coding for coding in own]
    write_codings(store, coder, round, [coding for coding in kept if coding is not None])


def speaker_spans(
    transcript: Transcript, speaker: str, within: tuple[int, int] | None = None
) -> tuple[tuple[int, int], ...]:
    """The stretches of ``within`` (all of the text) that one speaker said: a selection across turns, without the interviewer's words."""
    low, high = within or (0, len(transcript.text))
    cut = ((max(turn.start, low), min(turn.end, high)) for turn in transcript.turns if turn.speaker == speaker)
    return tuple((start, end) for start, end in cut if start < end)


def files(store: Store) -> tuple[tuple[str, str], ...]:
    """Every (coder, round) that has a file of codings, consensus included."""
    return tuple(
        (coder, found.name)
        for found in rounds(store)
        for coder in (*found.coders, CONSENSUS)
        if store.exists(_file(coder, found.name))
    )


def segments(length: int, codings: Sequence[Coding]) -> tuple[tuple[int, int, tuple[str, ...]], ...]:
    """A text of ``length`` cut wherever any coding begins or ends: (start, end, ids of the codings over it), covering all of it, for showing overlaps.

    One sweep: work grows with the codings and how many lie over each other, not with their square.
    """
    edges: dict[int, tuple[list[str], list[str]]] = {}
    for coding in sorted(codings, key=lambda c: (c.start, -c.end, c.id)):
        edges.setdefault(coding.start, ([], []))[0].append(coding.id)
        edges.setdefault(coding.end, ([], []))[1].append(coding.id)
    found: list[tuple[int, int, tuple[str, ...]]] = []
    over: dict[str, None] = {}
    at = 0
    for place in sorted({*edges, length}):
        if place > at:
            found.append((at, place, tuple(over)))
            at = place
        begin, end = edges.get(place, ([], []))
        for id in end:
            del over[id]
        over.update(dict.fromkeys(begin))
    return tuple(found)
