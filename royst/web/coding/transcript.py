"""One transcript being coded. The page gets the text and the codings that its reader may see; the script asks for one change at a time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import Http404, HttpResponse, JsonResponse

from royst.errors import wrong
from royst.interviews import coding
from royst.interviews import transcript as transcripts
from royst.interviews.codebook import Codebook, read_codebook
from royst.interviews.coding import Coding, Round
from royst.interviews.transcript import Transcript
from royst.look.tokens import INK, PAGE, contrast
from royst.web.coding.visit import Visit, signed

PALETTE = ("#0b5f7d", "#9a4312", "#5b4a8a", "#1d6b3f", "#8a1f4f", "#6b5a00", "#2b4fb0", "#4f5b66", "#a3195b", "#00696b")
PATTERNS = ("solid", "dashed", "double", "dotted")
"""Lines under coded words. Colour and pattern change at different steps, so that no two of the first 40 codes share both."""


@signed
def show(visit: Visit, round: str, id: str) -> HttpResponse:
    store = visit.site.store
    found = coding.round_named(store, round)
    if id not in found.transcripts:
        raise Http404
    read, book = transcripts.latest(store, id), read_codebook(store)
    place = found.transcripts.index(id)
    may = found.open and visit.person in found.coders
    shown = [c for c in coding.seen_by(store, visit.person, round, id) if c.state != "review"]
    data = {
        "codes": listed(book),
        "codings": [sent(one) for one in shown],
        "me": visit.person,
        "may": may,
        "version": read.version,
        "speakers": sorted({turn.speaker for turn in read.turns if turn.speaker}),
        "turns": [[turn.start, turn.end] for turn in read.turns],
        "path": f"/code/{round}/{id}",
        "words": visit.say.section("script"),
    }
    return visit.page(
        "transcript.html", round=found, id=id, read=read, lines=lines(read), data=data, may=may, title=f"{id}, {round}",
        before=found.transcripts[place - 1] if place else "", after=next(iter(found.transcripts[place + 1 :]), ""),
        coders=sorted({one.coder for one in shown}), speakers=data["speakers"],
    )  # fmt: skip


def lines(read: Transcript) -> Iterable[dict[str, Any]]:
    """The text's lines with where each begins; ``label`` is what stands before a speaker's words, ``who`` whether a participant speaks."""
    turns, at, start = read.turns, -1, 0
    for text in read.text.split("\n"):
        end = start + len(text)
        label = 0
        if at + 1 < len(turns) and turns[at + 1].start <= end:
            at += 1
            label = max(0, turns[at].start - start) if turns[at].speaker and turns[at].start > start else 0
        speaker = turns[at].speaker if at >= 0 else None
        who = "them" if speaker in read.voices else "us" if speaker else "none"
        yield {"start": start, "label": text[:label], "rest": text[label:], "who": who}
        start = end + 1


def listed(book: Codebook) -> list[dict[str, Any]]:
    """The codes that may be put on words, in the order of their hierarchy, and those that group them."""
    found: list[dict[str, Any]] = []

    def walk(parent: str | None, depth: int) -> None:
        for code in book.children(parent):
            if not (code.retired or code.merged_into):
                said = [code.definition, code.include, code.exclude, code.example]
                found.append({"id": code.id, "name": code.name, "depth": depth, "codable": code.codable, "said": said, **line(book, code.id)})  # fmt: skip
            walk(code.id, depth + (not (code.retired or code.merged_into)))

    walk(None, 0)
    there = {one["id"] for one in found}
    for code in book:  # read as another today, or retired: codings made before still show
        if code.id not in there:
            read_as = book.resolve(code.id)
            found.append({"id": code.id, "name": code.name, "depth": 0, "codable": False, "gone": True, "said": [], **line(book, read_as)})
    return found


def line(book: Codebook, id: str) -> dict[str, str]:
    """A code's colour and the pattern of its line: its own colour where that can be seen on the page. ``ink`` is what its name may be written in."""
    place = [code.id for code in sorted(book, key=lambda code: not code.codable)].index(id)
    own = book[id].color
    color = own if own and contrast(own, PAGE) >= 3 else PALETTE[place % len(PALETTE)]
    return {
        "color": color,
        "ink": color if contrast(color, PAGE) >= 4.5 else INK,
        "pattern": PATTERNS[(place // len(PALETTE) + place) % len(PATTERNS)],
    }


def sent(one: Coding) -> dict[str, Any]:
    return {"id": one.id, "s": one.start, "e": one.end, "code": one.code, "by": one.coder, "memo": one.memo, "state": one.state}


@signed
def change(visit: Visit, round: str, id: str, do: str) -> HttpResponse:
    """One change of one's own codings, as data in and out: what was added or changed, and which are gone."""
    if not visit.post:
        raise Http404
    store = visit.site.store
    found = coding.round_named(store, round)
    if do == "add":
        return JsonResponse({"added": [sent(one) for one in _added(visit, found, id)]})
    if visit.person not in found.coders:
        raise Http404
    if do == "memo":
        return JsonResponse({"added": [sent(coding.change_coding(store, visit.person, round, visit.field("id"), memo=visit.field("memo")))]})
    coding.remove_coding(store, visit.person, round, visit.field("id"))
    return JsonResponse({"removed": [visit.field("id")]})


def _added(visit: Visit, found: Round, id: str) -> list[Coding]:
    """The code on the words, or on each stretch of them that one speaker said."""
    store, book = visit.site.store, read_codebook(visit.site.store)
    read = transcripts.latest(store, id)
    if visit.number("version") != read.version:  # places were counted in another text
        raise wrong("old-version", f"{id} was edited meanwhile", "Open the page again.")
    start, end = visit.number("start"), visit.number("end")
    speaker = visit.field("speaker")
    spans = coding.speaker_spans(read, speaker, (start, end)) if speaker else ((start, end),)
    made = [
        coding.code_words(store, book, found.name, visit.person, read, s, e, visit.field("code"), memo=visit.field("memo"), on=visit.site.today)
        for s, e in spans or ((0, 0),)
    ]  # fmt: skip
    return made
