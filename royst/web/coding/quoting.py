"""Quotes: kept from a passage, edited beside the original, checked, and approved by a second person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse, JsonResponse

from royst.errors import wrong
from royst.interviews import coding
from royst.interviews import quotes as kept
from royst.interviews import transcript as transcripts
from royst.interviews.codebook import read_codebook
from royst.interviews.pseudonym import read_gazetteers
from royst.interviews.quotes import Quote
from royst.interviews.theme import read_themes
from royst.web.coding.visit import NAMES, Visit, signed


@signed
def quotes(visit: Visit) -> HttpResponse:
    """All quotes by theme and what each waits for; a passage that is sent here is kept as a draft."""
    store, substudy = visit.site.store, visit.site.substudy()
    if visit.post:
        return _propose(visit)
    lists, themes = read_gazetteers(store), {theme.id: visit.text(theme.name) for theme in read_themes(store, read_codebook(store))}
    rows = []
    for one in _shown(visit, kept.read_quotes(store)):
        left = sum(w.key not in one.answers for w in kept.check(substudy, one, lists))
        state = "approved" if one.approved else "warned" if left else "waits"
        rows.append({"quote": one, "theme": themes.get(one.theme, one.theme), "state": visit.say(f"quotes.{state}", count=left, who=one.approved_by), "kind": state})
    return visit.page("quotes.html", title=visit.say("quotes.title"), rows=rows)


def _shown(visit: Visit, found: Sequence[Quote]) -> list[Quote]:
    """All quotes but those that others took from what one is coding blind: they would tell what the others see in it."""
    blind = {id for r in coding.rounds(visit.site.store) if r.open and r.blind and visit.person in r.coders for id in r.transcripts}
    return [one for one in found if one.by == visit.person or one.transcript not in blind]


def _propose(visit: Visit) -> HttpResponse:
    store = visit.site.store
    themes = read_themes(store, read_codebook(store))
    theme = visit.field("theme") or (themes[0].id if themes else "")
    if not theme:
        raise wrong("no-theme", "there is no theme for a quote to stand under", "Write a theme first.")
    read = transcripts.latest(store, visit.field("transcript"))
    start, end = visit.number("start"), visit.number("end")
    substudy = visit.site.substudy()
    made = kept.propose(substudy, read, start, end, theme=theme, by=visit.person, edited={visit.tongue: read.text[start:end]} if 0 <= start < end else None)
    return JsonResponse({"to": f"/quote/{made.id}"}) if visit.scripted else visit.to(f"/quote/{made.id}")


@signed
def quote(visit: Visit, id: str) -> HttpResponse:
    """One quote. Whoever edits it last does not approve it."""
    store, substudy = visit.site.store, visit.site.substudy()
    one = next((quote for quote in _shown(visit, kept.read_quotes(store)) if quote.id == id), None)
    if one is None:
        return visit.to("/quotes")
    lists = read_gazetteers(store)
    if visit.post:
        return _done(visit, one)
    spoken = next(iter(one.edited), "nb")
    warnings = [{"warning": w, "todo": visit.say(f"warns.{w.code}"), "answer": one.answers.get(w.key, "")} for w in kept.check(substudy, one, lists)]
    label = ", ".join(visit.text(substudy.file.attributes[n].values[v]) for n, v in kept.safe_label(substudy, one.participant))
    return visit.page(
        "quote.html", title=visit.say("quote.title"), quote=one, warnings=warnings, label=label, spoken=spoken, changed=not kept.still_original(store, one),
        texts=[(code, NAMES[code], one.edited.get(code, "")) for code in sorted(NAMES, key=lambda code: (code != spoken, code != "nb", code))],
        themes=[(theme.id, visit.text(theme.name)) for theme in read_themes(store, read_codebook(store))],
        may_approve=visit.person != one.by and approver(visit, substudy.file.researchers), left=any(not w["answer"] for w in warnings),
    )  # fmt: skip


def approver(visit: Visit, researchers: Any) -> bool:
    """Whether the person may approve: one who is named as approver, where anybody is; else anybody but the maker."""
    named = [person.id for person in researchers if "approver" in person.roles]
    return visit.person in named if named else True


def _done(visit: Visit, one: Quote) -> HttpResponse:
    store, substudy, do = visit.site.store, visit.site.substudy(), visit.field("do")
    lists = read_gazetteers(store)
    if do == "remove":
        kept.take_away(store, one.id)
        return visit.to("/quotes")
    if do == "approve":
        if not approver(visit, substudy.file.researchers):
            raise wrong("not-an-approver", f"{visit.person} is not among those who approve quotes", "Ask one who has the role approver.")
        kept.approve(substudy, one.id, by=visit.person, on=visit.site.today, gazetteers=lists)
        return visit.to(f"/quote/{one.id}")
    order = [next(iter(one.edited), "nb"), "nb", "nn", "en"]
    edited = {code: visit.field(f"text-{code}") for code in dict.fromkeys(order) if visit.field(f"text-{code}")}
    if not edited:
        raise wrong("no-words", "a quote without words is none", "Write what may be printed, or take the quote away.")
    if edited != dict(one.edited):
        one = kept.edit(store, one.id, edited, by=visit.person)
    for warning in kept.check(substudy, one, lists):
        said = next((visit.field(f"answer-{n}") for n in range(60) if visit.field(f"warning-{n}") == warning.key), "")
        if said and said != one.answers.get(warning.key):
            one = kept.answer(store, one.id, warning, said)
    return visit.to(f"/quote/{one.id}")
