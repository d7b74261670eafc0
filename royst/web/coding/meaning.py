"""Themes with their memos and passages, counts for the researchers' eyes, and search."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from django.http import HttpResponse

from royst.errors import Faults
from royst.interviews import coding
from royst.interviews import transcript as transcripts
from royst.interviews.codebook import read_codebook
from royst.interviews.store import checked_id
from royst.interviews.tables import code_by_attribute, code_by_code, how_many
from royst.interviews.tables import search as found_words
from royst.interviews.theme import (
    SAYS,
    STANCES,
    Joint,
    Passages,
    Theme,
    analysed,
    codes_of,
    read_themes,
    spoken,
    write_themes,
)
from royst.web.coding.codes import fresh_id
from royst.web.coding.transcript import listed
from royst.web.coding.visit import NAMES, Visit, signed
from royst.words import Words

HITS = 200


def _passages(visit: Visit) -> Passages:
    store, substudy = visit.site.store, visit.site.substudy()
    people = [person.id for person in substudy.participants if substudy.stands(person.id)]
    return spoken(store, analysed(store), read_codebook(store), people)


@signed
def themes(visit: Visit) -> HttpResponse:
    """All themes, each with how many speak of it."""
    store, book = visit.site.store, read_codebook(visit.site.store)
    found = read_themes(store, book)
    if visit.post:
        name = visit.field("name")
        id = fresh_id(book, name)
        while any(theme.id == id for theme in found):
            id += "-2"
        write_themes(store, [*found, Theme(id, {visit.language: name}, (), {})])
        return visit.to(f"/theme/{id}")
    passages = _passages(visit)
    rows = []
    for one in found:
        codes = codes_of(one, book)
        rows.append({"theme": one, "name": visit.text(one.name), "who": _who(visit, passages, codes), "passages": len(passages.of(codes))})
    return visit.page("themes.html", title=visit.say("themes.title"), rows=rows, open=[r.name for r in coding.rounds(store) if r.open])


def _who(visit: Visit, passages: Passages, codes: tuple[str, ...]) -> str:
    return how_many(len(passages.who(codes)), len(passages.participants), visit.language) if passages.participants else ""


@signed
def theme(visit: Visit, id: str) -> HttpResponse:
    """One theme: written, and what it stands on."""
    store, book = visit.site.store, read_codebook(visit.site.store)
    found = read_themes(store, book)
    one = next((theme for theme in found if theme.id == checked_id(id, "theme")), None)
    if one is None:
        return visit.to("/themes")
    if visit.post:
        if visit.field("do") == "remove":
            write_themes(store, [other for other in found if other.id != id])
            return visit.to("/themes")
        write_themes(store, [_written(visit, one) if other.id == id else other for other in found])
        return visit.to(f"/theme/{id}")
    passages = _passages(visit)
    codes = codes_of(one, book)
    texts = {t: transcripts.latest(store, t) for t in {c.transcript for c, _ in passages.of(codes)}}
    rows = [{"coding": c, "who": who, "code": book[c.code].name, "words": texts[c.transcript].text[c.start : c.end]} for c, who in passages.of(codes)]
    by_language = [(code, NAMES[code], one.name.get(code, ""), one.summary.get(code, "")) for code in ("nb", "nn", "en")]
    linked = sorted({item for code in codes for item in book[code].items} - set(one.joint))
    words = Words(visit.language)
    return visit.page(
        "theme.html", title=visit.text(one.name) or id, theme=one, texts=by_language, rows=rows, who=_who(visit, passages, codes),
        codes=[(code, code["id"] in one.codes) for code in listed(book) if not code.get("gone")], joint=[*one.joint.items(), ("", None), ("", None)], linked=linked,
        stances=[(stance, words(f"joint.{stance}")) for stance in STANCES], says=[(said, visit.say(f"says.{said or 'both'}")) for said in SAYS],
    )  # fmt: skip


def _written(visit: Visit, before: Theme) -> Theme:
    """The theme as the form has it. ``InputError`` (``unknown-stance``) where the talk is set beside an item in no known way."""
    faults, joint = Faults(), {}
    for item, stance, says in zip((said.strip() for said in visit.fields("item")), visit.fields("stance"), visit.fields("says")):
        if item and stance in STANCES and says in SAYS:
            joint[item] = replace(before.joint.get(item, Joint(stance)), stance=stance, says=says)
        elif item:
            faults.add("unknown-stance", f"nothing is said of how the talk stands to {item!r}", f"Choose one of {', '.join(STANCES)}.")
    faults.stop()
    names = {code: visit.field(f"name-{code}") for code in ("nb", "nn", "en") if visit.field(f"name-{code}")}
    summary = {code: visit.field(f"summary-{code}") for code in ("nb", "nn", "en") if visit.field(f"summary-{code}")}
    return replace(before, name=names or before.name, summary=summary, memo=visit.field("memo"), codes=tuple(visit.fields("code")), joint=joint)


@signed
def tables(visit: Visit) -> HttpResponse:
    """Code by attribute, and codes on the same words: people and passages, never shares."""
    substudy, book = visit.site.substudy(), read_codebook(visit.site.store)
    passages = _passages(visit)
    attribute = visit.asked("attribute")
    given = {person.id: person.attributes for person in substudy.participants}
    rows: dict[str, list[tuple[int, int]]] = {}
    values: list[str] = []
    if attribute in substudy.file.attributes:
        for row in code_by_attribute(passages, given, attribute).iter_rows(named=True):
            if row["value"] not in values:
                values.append(row["value"])
            rows.setdefault(book[row["code"]].name, []).append((row["participants"], row["of"]))
    names = {value: visit.text(substudy.file.attributes[attribute].values.get(value)) or "–" for value in values}
    pairs = [(book[r["code"]].name, book[r["other"]].name, r["passages"], r["participants"]) for r in code_by_code(passages).sort("passages", descending=True).head(60).iter_rows(named=True)]  # fmt: skip
    return visit.page(
        "tables.html", title=visit.say("tables.title"), attribute=attribute, rows=list(rows.items()), values=[names[v] for v in values], pairs=pairs,
        attributes=[(id, visit.text(one.label)) for id, one in substudy.file.attributes.items()],
    )  # fmt: skip


@signed
def search(visit: Visit) -> HttpResponse:
    """Words in the newest versions, each with what stands around it and a way to its place."""
    store, asked = visit.site.store, visit.asked("q")[:200]
    hits = list(islice(found_words(store, asked, whole_words=bool(visit.asked("whole"))), HITS + 1)) if asked else []
    where = {id: found.name for found in coding.rounds(store) for id in found.transcripts}
    rows = [{"hit": hit, "round": where.get(hit.transcript, "")} for hit in hits[:HITS]]
    return visit.page("search.html", title=visit.say("search.title"), asked=asked, whole=bool(visit.asked("whole")), rows=rows, count=len(rows), more=len(hits) > HITS)
