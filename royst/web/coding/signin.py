"""Signing in by a passphrase, out again, and what needs nobody signed in."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse

from royst.web.coding import assets
from royst.web.coding.visit import LANGUAGE, SIGNED, Visit
from royst.words import LANGUAGES


def enter(request: HttpRequest) -> HttpResponse:
    """A name and a passphrase. What fails is counted by name and by address, and after a few tries one must wait."""
    visit = Visit(request)
    if not visit.post:
        return visit.to("/") if visit.person else visit.page("in.html", title=visit.say("in.title"))
    site, name = visit.site, visit.field("name")[:64]
    address = str(request.META.get("REMOTE_ADDR", ""))
    with site.lock:  # one slow hash at a time: each takes much memory
        if not (site.wrong_names.allowed(name) and site.wrong_addresses.allowed(address)):
            return visit.page("in.html", title=visit.say("in.title"), status=429, wrong=visit.say("in.often"), name=name)
        if not site.holds(name, visit.field("passphrase")):
            site.wrong_names.count(name)
            site.wrong_addresses.count(address)
            return visit.page("in.html", title=visit.say("in.title"), status=422, wrong=visit.say("in.wrong"), name=name)
    response = visit.to("/")
    response.set_cookie(SIGNED, site.sessions.begin(name), httponly=True, samesite="Strict", secure=site.secure)
    return response


def leave(request: HttpRequest) -> HttpResponse:
    visit = Visit(request)
    if not visit.post:
        return visit.to("/")
    visit.site.sessions.end(request.COOKIES.get(SIGNED, ""))
    response = visit.to("/in")
    response.delete_cookie(SIGNED, samesite="Strict")
    return response


def language(request: HttpRequest) -> HttpResponse:
    """Another language, on the page one was at."""
    visit = Visit(request)
    back = visit.field("back")
    response = visit.to(back if back.startswith("/") and not back.startswith("//") and "\\" not in back else "/")
    if visit.field("to") in LANGUAGES:
        response.set_cookie(LANGUAGE, visit.field("to"), httponly=True, samesite="Strict", secure=visit.site.secure)
    return response


def keys(request: HttpRequest) -> HttpResponse:
    """What each key does."""
    visit = Visit(request)
    return visit.page("keys.html", title=visit.say("keys.title"))


def asset(request: HttpRequest, name: str) -> HttpResponse:
    found = assets.at(f"/a/{name}")
    if found is None:
        raise Http404
    response = HttpResponse(assets.content(found), content_type=assets.KINDS[found])
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
