"""The front page, rounds from opening to consensus, and codings that an edit left without their words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse

from royst.errors import InputError, wrong
from royst.evaluation.interviews.rounds import begin as begin_round
from royst.interviews import coding, consensus, reliability, revision
from royst.interviews import transcript as transcripts
from royst.interviews.agreement import Agreement
from royst.interviews.codebook import Codebook, read_codebook
from royst.interviews.coding import Coding, Round
from royst.interviews.consensus import Decision, Passage, Span
from royst.web.coding.visit import Visit, signed
from royst.words import Words

PAGE = 20
AROUND = 160
"""Characters shown before and after a passage, and how far from it other words may be chosen."""


@signed
def overview(visit: Visit) -> HttpResponse:
    """Rounds with one's own progress, and all transcripts."""
    store, substudy = visit.site.store, visit.site.substudy()
    shown = []
    for found in reversed(coding.rounds(store)):
        mine: dict[str, int] = {}
        for one in coding.read_codings(store, visit.person, found.name) if visit.person in found.coders else ():
            mine[one.transcript] = mine.get(one.transcript, 0) + 1
        rows = [(id, mine.get(id, 0)) for id in found.transcripts]
        shown.append({"round": found, "rows": rows, "mine": visit.person in found.coders})
    texts = [transcripts.latest(store, id) for id in transcripts.ids(store)]
    waiting = [one for one in revision.in_review(store) if one.coder == visit.person]
    coders = [person.id for person in substudy.file.researchers if "coder" in person.roles]
    return visit.page(
        "overview.html", title=visit.text(substudy.file.title), substudy=substudy.file, rounds=shown, texts=texts, waiting=len(waiting),
        people=len(substudy.participants), coders=coders, approaches=[(one, visit.say(f"approach.{one}")) for one in ("codebook", "reliability", "reflexive")],
    )  # fmt: skip


@signed
def begin(visit: Visit) -> HttpResponse:
    if not visit.post:
        return visit.to("/")
    approach: Any = visit.field("approach") or None
    made = begin_round(visit.site.substudy(), visit.field("name"), visit.fields("coder"), visit.fields("transcript"), approach, bool(visit.field("blind")))
    return visit.to(f"/round/{made.name}")


@signed
def one(visit: Visit, name: str) -> HttpResponse:
    """A round: closed by one of its own people; then how far they agree and where not."""
    store = visit.site.store
    found = coding.round_named(store, name)
    if visit.post:
        if visit.person not in found.coders:
            raise wrong("not-a-coder", f"{visit.person} does not code in round {name}", "Ask one of its coders to close it.")
        if visit.field("sure") and found.open:
            coding.close_round(store, name)
        return visit.to(f"/round/{name}")
    context: dict[str, Any] = {}
    if not found.open:
        book = read_codebook(store)
        passages = consensus.disagreements(store, name, book)
        settled = consensus.read_decisions(store, name)
        rows = [
            (visit.say("round.in_all") if row.code == reliability.ALL else book[row.code].name, [_told(visit, row.coefficients.get(k)) for k in (*reliability.COEFFICIENTS, "cu-alpha")])
            for row in reliability.agreement_of_round(store, name, book)
        ]  # fmt: skip
        context = {"agreement": rows, "apart": len(passages), "left": sum(p.id not in settled for p in passages), "names": (*reliability.COEFFICIENTS, "cu-alpha")}
    return visit.page("round.html", title=visit.say("round.title", name=name), round=found, approach=visit.say(f"approach.{found.approach}"), mine=visit.person in found.coders, **context)


def _told(visit: Visit, found: Agreement | None) -> tuple[str, str]:
    """A coefficient as it is read, or why there is none."""
    if found is None:
        return "", ""
    if found.value is None:
        return "", visit.say(f"why.{found.why}")
    return f"{found.value:.2f}".replace(".", Words(visit.language)("number.decimal")), ""


@signed
def settle(visit: Visit, name: str) -> HttpResponse:
    """Passages that coders do not agree on, each with what everybody marked, to be settled by those who sit together."""
    store = visit.site.store
    found, book = coding.round_named(store, name), read_codebook(store)
    passages = consensus.disagreements(store, name, book)
    if visit.post:
        made = _decisions(visit, found, {p.id: p for p in passages})
        left = consensus.settle(store, name, made, book)
        return visit.to(f"/round/{name}/settle?all={visit.field('all')}" if left else f"/round/{name}")
    settled = consensus.read_decisions(store, name)
    every = bool(visit.asked("all"))
    chosen = [p for p in passages if every or p.id not in settled]
    page = int(visit.asked("page")) if re.fullmatch(r"[0-9]{1,4}", visit.asked("page")) else 0
    texts = {id: transcripts.latest(store, id) for id in {p.transcript for p in chosen}}
    rows = [_row(p, texts[p.transcript].text, book, settled.get(p.id)) for p in chosen[page * PAGE : (page + 1) * PAGE]]
    return visit.page(
        "settle.html", title=visit.say("settle.title", name=name), round=found, rows=rows, count=len(chosen), all=every, page=page,
        pages=range((len(chosen) + PAGE - 1) // PAGE), left=sum(p.id not in settled for p in passages), of=len(passages),
    )  # fmt: skip


def _row(p: Passage, text: str, book: Codebook, before: Decision | None) -> dict[str, Any]:
    marks = [
        (coder, [(text[p.start : p.end][a:b], on) for a, b, on in _cut(p, spans)] if spans else [])
        for coder, spans in p.spans.items()
    ]
    return {
        "p": p, "code": book[p.code], "marks": marks, "instead": [book[c].name for c in p.instead], "choices": choices(p), "before": before,
        "words": text[p.start : p.end], "lead": text[max(0, p.start - AROUND) : p.start], "tail": text[p.end : p.end + AROUND],
    }  # fmt: skip


def _cut(p: Passage, spans: Sequence[Span]) -> list[tuple[int, int, bool]]:
    """The passage cut into what a coder marked and what not, from its own start."""
    cut, at = [], p.start
    for start, end in spans:
        cut += [(at - p.start, start - p.start, False), (start - p.start, end - p.start, True)]
        at = end
    return [part for part in [*cut, (at - p.start, p.end - p.start, False)] if part[0] < part[1]]


def choices(p: Passage) -> list[tuple[str, tuple[Span, ...]]]:
    """What may be kept of a passage: each coder's own, all of it, what every coder marked, or nothing. Each once."""
    own = [(f"of-{coder}", spans) for coder, spans in p.spans.items() if spans]
    shared = common(list(p.spans.values()))
    every = [*own, ("whole", ((p.start, p.end),)), *([("shared", shared)] if shared else [])]
    kept: dict[tuple[Span, ...], str] = {}
    for key, spans in every:
        kept.setdefault(spans, key)
    return [(key, spans) for spans, key in kept.items()] + [("none", ())]


def common(by_coder: Sequence[Sequence[Span]]) -> tuple[Span, ...]:
    """The stretches that all marked; none where one marked nothing."""
    shared = list(by_coder[0]) if by_coder else []
    for spans in by_coder[1:]:
        shared = [(max(a, c), min(b, d)) for a, b in shared for c, d in spans if max(a, c) < min(b, d)]
    return tuple(shared)


def _decisions(visit: Visit, found: Round, passages: dict[str, Passage]) -> list[Decision]:
    who = tuple(coder for coder in dict.fromkeys([visit.person, *visit.fields("with")]) if coder == visit.person or coder in found.coders)
    made = []
    for id, passage in passages.items():
        chosen = dict(choices(passage)).get(visit.field(f"keep-{id}"))
        if visit.field(f"keep-{id}") == "words":
            chosen = (_near(visit, passage, visit.field(f"words-{id}")),)
        if chosen is not None:
            made.append(Decision(id, chosen, who, visit.field(f"why-{id}")))
    return made


def _near(visit: Visit, p: Passage, words: str) -> Span:
    """Where these words stand, in the passage or close to it. ``InputError`` (``words-not-found``)."""
    text = transcripts.load(visit.site.store, p.transcript, p.version).text
    low, high = max(0, p.start - AROUND), p.end + AROUND
    if not words or text.count(words, low, high) != 1:
        raise _not_found(text.count(words, low, high) if words else 0, p.transcript)
    at = text.index(words, low, high)
    return at, at + len(words)


def _not_found(times: int, transcript: str) -> InputError:
    return wrong("words-not-found", f"these words stand {times} times there in {transcript}", "Copy them as they stand, and so many that they stand once.")


@signed
def review(visit: Visit) -> HttpResponse:
    """One's own codings that an edit changed or left without their words."""
    store = visit.site.store
    mine = [one for one in revision.in_review(store) if one.coder == visit.person]
    if visit.post:
        chosen = next((one for one in mine if (one.id, one.round) == (visit.field("id"), visit.field("round"))), None)
        if chosen is not None:
            revision.place(store, chosen, _spans(visit, chosen))
        return visit.to("/review")
    book = read_codebook(store)
    rows = []
    for one in mine:
        newest = transcripts.latest(store, one.transcript)
        read = newest if one.version == newest.version else transcripts.load(store, one.transcript, one.version)
        rows.append({"coding": one, "code": book[one.code], "words": read.text[one.start : one.end]})
    return visit.page("review.html", title=visit.say("review.title"), rows=rows)


def _spans(visit: Visit, chosen: Coding) -> list[Span] | None:
    """Where a coding belongs: its own place, the words that were typed, or nowhere. ``InputError`` (``words-not-found``)."""
    if visit.field("do") == "remove":
        return None
    if visit.field("do") == "keep":
        return [(chosen.start, chosen.end)]
    text, words = transcripts.latest(visit.site.store, chosen.transcript).text, visit.field("words")
    times = text.count(words) if words else 0
    if times != 1:
        raise _not_found(times, chosen.transcript)
    return [(text.index(words), text.index(words) + len(words))]
