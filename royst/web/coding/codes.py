"""The codebook: shown, added to, changed, retired and merged, every step with who and why."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django.http import Http404, HttpResponse, JsonResponse

from royst.interviews.codebook import Code, Codebook, read_codebook, write_codebook
from royst.web.coding.transcript import line, listed
from royst.web.coding.visit import Visit, signed


@signed
def book(visit: Visit) -> HttpResponse:
    store = visit.site.store
    found = read_codebook(store)
    if visit.post:
        write_codebook(store, _changed(visit, found))
        return visit.to(f"/codes#{visit.field('id')}" if visit.field("id") else "/codes")
    rows = [{"code": found[one["id"]], **one} for one in listed(found)]
    return visit.page("codes.html", title=visit.say("codes.title"), rows=rows, history=[(step, visit.say(f"what.{step.what}"), found[step.code].name if step.code in found else step.code) for step in reversed(found.history[-30:])])


def _changed(visit: Visit, found: Codebook) -> Codebook:
    id, do = visit.field("id"), visit.field("do")
    who: dict[str, Any] = {"by": visit.person, "on": visit.site.today, "why": visit.field("why")}
    if do == "retire":
        return found.retire(id, **who)
    if do == "merge":
        return found.merge(id, visit.field("into"), **who)
    fields: dict[str, Any] = {name: visit.field(name) for name in ("name", "definition", "include", "exclude", "example", "memo")}
    fields |= {name: tuple(visit.field(name).replace(",", " ").split()) for name in ("themes", "items")}
    parent, codable = visit.field("parent") or None, bool(visit.field("codable"))
    if do == "add":
        return found.add(Code(fresh_id(found, fields["name"]), parent=parent, codable=codable, **fields), **who)
    if do != "change":
        raise Http404
    return found.change(id, parent=parent, codable=codable, **fields, **who)


@signed
def quick(visit: Visit) -> HttpResponse:
    """A new code from the coding page: its name alone."""
    if not visit.post:
        raise Http404
    found = read_codebook(visit.site.store)
    name = " ".join(visit.field("name").split())[:120]
    id = fresh_id(found, name)
    made = found.add(Code(id, name), by=visit.person, on=visit.site.today)
    write_codebook(visit.site.store, made)
    return JsonResponse({"code": {"id": id, "name": name, "depth": 0, "codable": True, "said": ["", "", "", ""], **line(made, id)}})


def fresh_id(book: Codebook, name: str) -> str:
    """An id for a code's name that no code has."""
    plain = unicodedata.normalize("NFKD", name.casefold().replace("ø", "o").replace("æ", "ae")).encode("ascii", "ignore").decode()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40] or "code"
    id, number = base, 2
    while id in book:
        id, number = f"{base}-{number}", number + 1
    return id
