"""What coders disagree on once a round is closed, and what they settle on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from royst.errors import wrong
from royst.interviews.codebook import Codebook
from royst.interviews.coding import CONSENSUS, Coding, all_codings, coding_id, round_named, write_codings
from royst.interviews.store import Store

Span = tuple[int, int]


@dataclass(frozen=True)
class Passage:
    """A stretch that at least one coder gave a code, and each coder's spans in it (merged where they touch).

    ``kind``: ``agreed`` (same spans by all), ``boundary`` (by all, over other stretches), ``missing`` (not by all). ``instead``: codes that
    those who lack it put on the same words.
    """

    id: str
    transcript: str
    version: int
    code: str
    start: int
    end: int
    spans: Mapping[str, tuple[Span, ...]]
    kind: Literal["agreed", "boundary", "missing"]
    instead: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decision:
    """What was settled of one passage: the spans to keep (none: the code is not there), by whom and why."""

    passage: str
    keep: tuple[Span, ...]
    by: tuple[str, ...]
    why: str = ""


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans merged where they overlap or touch, in order."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def passages(by_coder: Mapping[str, Sequence[Coding]], codebook: Codebook | None = None) -> tuple[Passage, ...]:
    """All passages of a round in the order of the text. A merged code counts as what it is read as; codings in review are left out."""

    def name(code: str) -> str:
        return codebook.resolve(code) if codebook is not None else code

    placed = [(c, name(c.code)) for codings in by_coder.values() for c in codings if c.state != "review"]
    found: list[Passage] = []
    for transcript, version, code in sorted({(c.transcript, c.version, code) for c, code in placed}):
        here = {
            coder: union((c.start, c.end) for c, n in placed if (c.coder, c.transcript, n) == (coder, transcript, code))
            for coder in by_coder
        }
        for start, end in union(span for spans in here.values() for span in spans):
            inside = {coder: tuple(s for s in spans if start <= s[0] < end) for coder, spans in here.items()}
            without = [coder for coder, spans in inside.items() if not spans]
            kind: Literal["agreed", "boundary", "missing"] = (
                "missing" if without else "agreed" if len(set(inside.values())) == 1 else "boundary"
            )
            instead = sorted(
                {
                    n
                    for c, n in placed
                    if c.coder in without and c.transcript == transcript and c.start < end and start < c.end
                }
            )
            id = coding_id("passage", transcript, version, code, start, end)
            found.append(Passage(id, transcript, version, code, start, end, inside, kind, tuple(instead)))
    return tuple(sorted(found, key=lambda p: (p.transcript, p.start, p.end, p.code)))


def disagreements(store: Store, round: str, codebook: Codebook | None = None) -> tuple[Passage, ...]:
    """Passages of a closed round that its coders do not agree on, settled or not."""
    return tuple(p for p in passages(all_codings(store, round), codebook) if p.kind != "agreed")


def read_decisions(store: Store, round: str) -> dict[str, Decision]:
    rows = store.read_lines(_file(round))
    return {
        row["passage"]: Decision(row["passage"], tuple((s, e) for s, e in row["keep"]), tuple(row["by"]), row["why"])
        for row in rows
    }


def _file(round: str) -> str:
    return f"codings/decisions-{round}.jsonl"


def settle(
    store: Store, round: str, decisions: Iterable[Decision], codebook: Codebook | None = None
) -> tuple[Passage, ...]:
    """Add decisions (a later one replaces an earlier); gives what is still open.

    When nothing is, the consensus is written: what all agreed on and what was kept, as codings of the coder ``consensus``.
    ``InputError``: ``unknown-passage``, ``not-a-coder``, ``empty-selection``, and ``round-open``.
    """
    every = passages(all_codings(store, round), codebook)
    coders = round_named(store, round).coders
    known = {passage.id: passage for passage in every if passage.kind != "agreed"}
    settled = {id: made for id, made in read_decisions(store, round).items() if id in known}
    for decision in decisions:
        if decision.passage not in known:
            raise wrong(
                "unknown-passage",
                f"{decision.passage} is no disagreement of round {round}",
                "Read the list of disagreements again.",
            )
        if not decision.by:
            raise wrong(
                "not-a-coder",
                "a decision names no one",
                f"Say who settled it; the round's coders are {', '.join(coders)}.",
            )
        if any(start >= end or start < 0 for start, end in decision.keep):
            raise wrong("empty-selection", f"the spans {decision.keep} hold no words", "Give a start before its end.")
        settled[decision.passage] = decision
    store.write_lines(_file(round), [asdict(settled[id]) for id in sorted(settled)])
    still = tuple(passage for id, passage in known.items() if id not in settled)
    if not still:
        write_codings(store, CONSENSUS, round, _agreed(every, settled, round))
    return still


def _agreed(every: Sequence[Passage], settled: Mapping[str, Decision], round: str) -> list[Coding]:
    made = []
    for p in every:
        spans = next(iter(p.spans.values())) if p.kind == "agreed" else settled[p.id].keep
        memo = "" if p.kind == "agreed" else settled[p.id].why
        for start, end in spans:
            id = coding_id(CONSENSUS, round, p.transcript, p.version, start, end, p.code)
            made.append(Coding(id, p.transcript, p.version, start, end, p.code, CONSENSUS, round, memo))
    return made
