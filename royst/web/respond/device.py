"""What a device without the net fetches beforehand, and what it sends afterwards."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from royst.evaluation.serve import SOUNDS
from royst.web.respond import assets
from royst.web.respond.fill import Fill, taken
from royst.web.respond.pages import packed_or_not
from royst.web.respond.site import Begun, current
from royst.web.respond.visit import Visit

LARGEST = 65_536
_TOKEN = re.compile(r"[0-9a-f]{32}", re.ASCII)


def worker(request: HttpRequest) -> HttpResponse:
    """The service worker. It keeps the page for offline use and nothing that anybody answered."""
    kept = ["/offline", *(assets.path(name) for name in ("style.css", "page.js", "offline.js"))]
    version = hashlib.sha256("".join(kept).encode()).hexdigest()[:10]
    text = assets.content("worker.js").decode().replace("KEPT", json.dumps(kept)).replace("VERSION", version)
    response = HttpResponse(text, content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return response


def shell(request: HttpRequest) -> HttpResponse:
    """The page that stands in when there is no net; what is asked comes from the form that the device has kept."""
    visit = Visit(request)
    return visit.page(
        "offline.html",
        offline=assets.path("offline.js"),
        leave=visit.site.fieldwork.asking.leave_to,
        words=json.dumps(visit.spoken.section("offline"), ensure_ascii=False),
    )


def form(request: HttpRequest, language: str) -> HttpResponse:
    """The questionnaire in one language with its rules as a table, for offline use."""
    site = current()
    if language not in site.fieldwork.languages:
        raise Http404
    plain, packed = site.form(language)
    response = packed_or_not(request, plain, packed, "application/json")
    response["Cache-Control"] = "public, max-age=86400"
    return response


def sound(request: HttpRequest, place: str, language: str) -> HttpResponse:
    """The recording of a question. The same for everybody, so browsers may keep it."""
    site = current()
    item = site.way.item(int(place))
    path = site.fieldwork.sound(item.name, language) if item is not None else None
    if path is None:
        raise Http404
    response = HttpResponse(path.read_bytes(), content_type=SOUNDS[path.suffix.lower()])
    response["Cache-Control"] = "public, max-age=86400"
    return response


@csrf_exempt
def take(request: HttpRequest) -> HttpResponse:
    """A finished answer that waited on a device. Encrypted to this server by the device; stored once, however often it is sent.

    Exempt from the form token, because a page from yesterday sends it; whoever could forge it needs an access code, and with one needs no forgery.
    """
    site = current()
    if request.method != "POST":
        return HttpResponse(status=405)
    if site.frozen:
        return HttpResponse(status=410)
    if len(request.body) > LARGEST:
        return HttpResponse(status=413)
    address = str(request.META.get("REMOTE_ADDR", ""))
    if not site.wrong_codes.allowed(address):
        return HttpResponse(status=429)
    content = site.transport.opened(request.body)
    if content is None:
        return HttpResponse(status=400)
    ticket, token = site.tickets.opened(content.get("ticket")), str(content.get("token", ""))
    private = ticket or (token if _TOKEN.fullmatch(token) else None)
    if private is None:
        return HttpResponse(status=400)
    fill = site.read(private) if ticket else None  # a token is made on the device: there is no draft under it
    if fill is None:
        code = site.tickets.opened(content.get("entry"))
        access = site.access(code) or site.codes.look(code, private) if code else None
        if code is None or access is None:
            if site.is_done(private):
                return HttpResponse(status=200)
            site.wrong_codes.count(address)
            return HttpResponse(status=403)
        fill = Fill(consent=str(content.get("consent", ""))[:40], unit=access.unit, code="" if access.many else code)
        if fill.code and not access.begun:
            site.codes.hold(fill.code, private)
    try:
        answers = taken({item.name: item for item in site.fieldwork.asked}, content.get("answers"))
    except (ValueError, TypeError, OverflowError):
        return HttpResponse(status=400)
    language = str(content.get("language", ""))
    fill = replace(
        fill,
        answers={**fill.answers, **answers},
        language=language if language in site.fieldwork.languages else "",
        short=content.get("short") is True and bool(site.fieldwork.asking.short),
    )
    if site.way.open_required(fill) is not None:
        return HttpResponse(status=422)
    try:
        site.finish(private, fill)
    except Begun:
        return HttpResponse(status=409)
    return HttpResponse(status=200)


@csrf_exempt
def merge(request: HttpRequest) -> HttpResponse:
    """Answers given without the net, back into the draft that was begun with it. The draft's ticket inside what is sent stands for the form token."""
    visit = Visit(request)
    site, private = visit.site, visit.private
    if request.method != "POST" or private is None:
        return HttpResponse(status=405)
    if site.frozen:
        return HttpResponse(status=410)
    fill = site.read(private)
    if fill is None:
        return HttpResponse(status=404)
    content = site.transport.opened(request.body) if len(request.body) <= LARGEST else None
    if content is None or site.tickets.opened(content.get("ticket")) != private:
        return HttpResponse(status=400)
    try:
        answers = taken({item.name: item for item in site.fieldwork.asked}, content.get("answers"))
    except (ValueError, TypeError, OverflowError):
        return HttpResponse(status=400)
    site.save(private, replace(fill, answers={**fill.answers, **answers}))
    return HttpResponse(status=200)
