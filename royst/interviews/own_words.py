"""A person's own words, to find them again in what others wrote: every five in a row that they said."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from royst.interviews import transcript as transcripts
from royst.interviews.store import Store
from royst.interviews.transcript import Transcript

GONE = "[…]"
ROW = 5
"""So many words in a row are told to be somebody's."""
SURELY = 8
"""From so many in a row on they are surely theirs, and are cut."""


@dataclass(frozen=True)
class OwnWords:
    """``rows``: every ``ROW`` words in a row, in lower case."""

    rows: frozenset[tuple[str, ...]]

    def repeats(self, text: str) -> bool:
        return any(row in self.rows for row in _rows(re.findall(r"\w+", text.casefold())))

    def cut(self, text: str) -> str:
        """The text with ``[…]`` for every stretch of ``SURELY`` words or more that the person said in a row."""
        found = list(re.finditer(r"\w+", text))
        words = [match.group().casefold() for match in found]
        said = [row in self.rows for row in _rows(words)]
        left, start = [], 0
        for first, last in _stretches(said):
            if last - first >= SURELY:
                left += [text[start : found[first].start()], GONE]
                start = found[last - 1].end()
        return "".join([*left, text[start:]])


def _rows(words: list[str]) -> list[tuple[str, ...]]:
    return [tuple(words[i : i + ROW]) for i in range(len(words) - ROW + 1)]


def _stretches(said: list[bool]) -> Iterable[tuple[int, int]]:
    """From where to before which word each run of rows reaches."""
    start = None
    for place, here in enumerate([*said, False]):
        if here and start is None:
            start = place
        elif not here and start is not None:
            yield start, place - 1 + ROW
            start = None


def own_words(store: Store, participant: str) -> OwnWords:
    """What the person said in every version of every transcript."""
    every = (
        transcripts.load(store, id, version) for id in transcripts.ids(store) for version in transcripts.versions(store, id)
    )
    texts = [spoken_by(t, participant) for t in every if participant in t.participants]
    return OwnWords(frozenset(row for text in texts for row in _rows(re.findall(r"\w+", text.casefold()))))


def spoken_by(transcript: Transcript, participant: str) -> str:
    """The person's turns; the whole text where it has none."""
    said = [
        transcript.text[t.start : t.end]
        for t in transcript.turns
        if transcript.voices.get(t.speaker or "") == participant
    ]
    return "\n".join(said) if transcript.turns else transcript.text
