"""Transcripts: immutable versions of one interview's text, and whose words stand where."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from royst.errors import wrong
from royst.interviews import readers
from royst.interviews.store import Store, checked_id
from royst.interviews.text import normalise, sha256

_LABEL = re.compile(
    r"^[ \t]*(?:\d{1,4}[ \t]+)?(?:\[?\(?\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d{1,3})?\)?\]?[ \t]+)?(?P<label>\[[^\]\n]{1,38}\]|[^\W_][^:\n\t]{0,39}?)[ \t]*:(?=\s)",
    re.M,
)
_MAX_WORDS = 4


@dataclass(frozen=True)
class Turn:
    """What one speaker said without a break: ``text[start:end]``, the label left out. ``ms``: when it began, where subtitles said so."""

    speaker: str | None
    start: int
    end: int
    ms: int | None = None


@dataclass(frozen=True)
class Transcript:
    """One version of one interview. ``voices`` names the participant behind a speaker's label; labels without one are interviewers and others.

    ``withdrawn`` holds participants whose words were taken out of this text.
    """

    id: str
    version: int
    text: str = field(repr=False)
    turns: tuple[Turn, ...] = field(repr=False)
    voices: Mapping[str, str]
    kind: str
    source_sha256: str
    by: str = ""
    why: str = ""
    withdrawn: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        return sha256(self.text)

    @property
    def participants(self) -> tuple[str, ...]:
        return tuple(sorted(set(self.voices.values())))

    def participant_at(self, start: int, end: int) -> tuple[str, ...]:
        """The participants whose turns the stretch touches; all of the transcript's where it has no turns."""
        if not self.turns:
            return self.participants
        labels = [turn.speaker for turn in self.turns if turn.start < end and start < turn.end]
        return tuple(sorted({self.voices[label] for label in labels if label is not None and label in self.voices}))


def find_turns(text: str, speakers: Iterable[str] | None = None) -> tuple[Turn, ...]:
    """Turns of a text whose lines begin ``Label:``. ``speakers`` names the labels; else one that begins two lines or more, of at most four words, is one.

    Words before the first label belong to no one and make a turn without speaker, where there are any.
    """
    found = [(match, match.group("label").strip()) for match in _LABEL.finditer(text)]
    if speakers is None:
        often = Counter(label for _, label in found)
        known = {label for label, times in often.items() if times > 1 and len(label.split()) <= _MAX_WORDS}
    else:
        known = set(speakers)
    marks = [(match, label) for match, label in found if label in known]
    if not marks:
        return ()
    turns = [] if not text[: marks[0][0].start()].strip() else [_trimmed(text, None, 0, marks[0][0].start())]
    for place, (match, label) in enumerate(marks):
        stop = marks[place + 1][0].start() if place + 1 < len(marks) else len(text)
        turns.append(_trimmed(text, label, match.end(), stop))
    return tuple(turns)


def _trimmed(text: str, speaker: str | None, start: int, stop: int) -> Turn:
    while start < stop and text[start].isspace():
        start += 1
    while stop > start and text[stop - 1].isspace():
        stop -= 1
    return Turn(speaker, start, stop)


def import_transcript(
    store: Store,
    id: str,
    path: Path,
    *,
    voices: Mapping[str, str] | None = None,
    speakers: Iterable[str] | None = None,
    encoding: str | None = None,
) -> Transcript:
    """Read a file and keep it as version 1 of transcript ``id``. The file's name is not kept: it may hold a person's.

    ``voices``: label to participant. ``speakers``: all labels, where they should not be found by themselves. Nothing is written unless all is read.
    Raises ``InputError``: those of ``readers.read``; ``already-there``; ``unknown-speaker`` where ``voices`` names a label that the text has not.
    """
    checked_id(id, "transcript")
    reading = readers.read(Path(path), encoding)
    if speakers is None and voices:  # a label that is named is one, also where it begins a single turn
        speakers = {turn.speaker for turn in find_turns(reading.text) if turn.speaker} | set(voices)
    turns = _from_cues(reading) or find_turns(reading.text, speakers)
    return add(
        store,
        id,
        reading.text,
        turns=turns,
        voices=voices or {},
        kind=reading.kind,
        source_sha256=reading.sha256,
        file=path,
    )


def add(
    store: Store, id: str, text: str, *, turns: tuple[Turn, ...] | None = None, voices: Mapping[str, str], kind: str = "txt",
    source_sha256: str = "", file: str | Path | None = None,
) -> Transcript:  # fmt: skip
    """Keep a text as version 1 of transcript ``id``; see ``import_transcript``."""
    checked_id(id, "transcript")
    text = normalise(text)
    turns = find_turns(text) if turns is None else turns
    unknown = sorted(set(voices) - {turn.speaker for turn in turns}) if turns else []
    if unknown:
        raise wrong(
            "unknown-speaker", f"no turn is said by {', '.join(unknown)}",
            f"Speakers found: {', '.join(sorted({t.speaker for t in turns if t.speaker}))}.", file=file,
        )  # fmt: skip
    if versions(store, id):
        raise wrong(
            "already-there",
            f"transcript {id} exists",
            "Edit it, which makes a new version, or take another id.",
            file=file,
        )
    transcript = Transcript(id, 1, text, turns, dict(voices), kind, source_sha256 or sha256(text))
    write_version(store, transcript)
    return transcript


def _from_cues(reading: readers.Reading) -> tuple[Turn, ...]:
    turns: list[Turn] = []
    for cue in reading.cues:
        if turns and turns[-1].speaker == cue.speaker:
            turns[-1] = Turn(cue.speaker, turns[-1].start, cue.end, turns[-1].ms)
        else:
            turns.append(Turn(cue.speaker, cue.start, cue.end, cue.ms))
    return tuple(turns)


def versions(store: Store, id: str) -> tuple[int, ...]:
    """Versions that are kept, oldest first; none where there is no such transcript."""
    return tuple(int(Path(name).stem) for name in store.names(f"transcripts/{checked_id(id, 'transcript')}", ".json"))


def ids(store: Store) -> tuple[str, ...]:
    return tuple(id for id in store.folders("transcripts") if versions(store, id))


def latest(store: Store, id: str) -> Transcript:
    """The newest version. ``InputError`` (``missing-transcript``) where there is none."""
    kept = versions(store, id)
    if not kept:
        raise wrong(
            "missing-transcript", f"there is no transcript {id}", f"There are: {', '.join(ids(store)) or 'none'}."
        )
    return load(store, id, kept[-1])


def load(store: Store, id: str, version: int) -> Transcript:
    """One version, checked against its SHA-256. ``InputError`` (``transcript-changed``) where the text was changed by hand."""
    name = f"transcripts/{checked_id(id, 'transcript')}/{version:04d}"
    facts = store.read_json(f"{name}.json")
    text = store.read(f"{name}.txt")
    if sha256(text) != facts["sha256"]:
        raise wrong(
            "transcript-changed", "the text is not the one that was kept", "Put the original back; corrections are made as a new version.",
            file=store.path(f"{name}.txt"),
        )  # fmt: skip
    turns = tuple(Turn(t["speaker"], t["start"], t["end"], t.get("ms")) for t in facts["turns"])
    return Transcript(
        id,
        version,
        text,
        turns,
        facts["voices"],
        facts["kind"],
        facts["source_sha256"],
        facts["by"],
        facts["why"],
        tuple(facts["withdrawn"]),
    )


def write_version(store: Store, transcript: Transcript) -> None:
    """Keep a version. The text first, its facts last: a text without facts is a write that never ended, and is not a version."""
    name = f"transcripts/{transcript.id}/{transcript.version:04d}"
    if store.exists(f"{name}.json"):
        raise wrong(
            "already-there",
            f"version {transcript.version} of {transcript.id} exists",
            "Make the next version.",
            file=store.path(name),
        )
    facts: dict[str, Any] = {
        "format": 1, "transcript": transcript.id, "version": transcript.version, "sha256": transcript.sha256, "characters": len(transcript.text),
        "kind": transcript.kind, "source_sha256": transcript.source_sha256, "by": transcript.by, "why": transcript.why,
        "withdrawn": list(transcript.withdrawn), "voices": dict(sorted(transcript.voices.items())),
        "turns": [{"speaker": t.speaker, "start": t.start, "end": t.end, "ms": t.ms} for t in transcript.turns],
    }  # fmt: skip
    store.write(f"{name}.txt", transcript.text)
    store.write_json(f"{name}.json", facts, new=True)
