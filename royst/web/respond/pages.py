"""What every page has in common: who may see it, where it leads, its style and scripts, and what is said where something is wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from royst.study.instrument import Item
from royst.web.respond import assets
from royst.web.respond.qr import svg
from royst.web.respond.visit import Visit

View = Callable[..., HttpResponse]

TABLET_WAITS = 300
"""Seconds after which a shared tablet hides a page that nobody touches; after as long again it erases the draft."""


def page(view: Callable[..., HttpResponse]) -> View:
    """A page with the controls that every page has. Where the wave is frozen, each says that it is over."""

    @wraps(view)
    def run(request: HttpRequest, **parts: object) -> HttpResponse:
        visit = Visit(request)
        if request.method not in ("GET", "HEAD", "POST"):
            return HttpResponse(status=405)
        return visit.controls() or (over(visit) if visit.site.frozen else view(visit, **parts))

    return run


def drafted(view: Callable[..., HttpResponse]) -> View:
    """A page of somebody who has begun; others are led to the front page, who has finished to the thanks."""

    @page
    @wraps(view)
    def run(visit: Visit, **parts: object) -> HttpResponse:
        fill = visit.site.read(visit.private) if visit.private else None
        if fill is None:
            return outside(visit)
        return view(visit, fill, **parts)

    return run


def outside(visit: Visit) -> HttpResponse:
    """Where somebody without a draft is led."""
    return visit.to("/thanks" if visit.private and visit.site.is_done(visit.private) else "/")


def over(visit: Visit, status: int = 200) -> HttpResponse:
    """Fieldwork has ended, or has not begun: when, and where the results come."""
    asking = visit.site.fieldwork.asking
    return visit.page(
        "over.html",
        status=status,
        before=visit.site.state == "before",
        opens=visit.spoken.date(asking.opens),
        closes=visit.spoken.date(asking.closes),
        unfinished=visit.site.state == "after",
        **results(visit),
    )


def results(visit: Visit) -> dict[str, Any]:
    """When and where the results come, as text and QR code."""
    asking = visit.site.fieldwork.asking
    address = asking.results_address
    return {"results": visit.text(asking.results), "address": address, "qr": svg(address, visit.spoken("thanks.qr", address=address))}


def path_of(visit: Visit, item: Item | None) -> str:
    """The page of an item; the last page where there is none."""
    return f"/q/{visit.site.way.place[item.name]}" if item else "/send"


def waits(visit: Visit) -> int:
    """Seconds after which a page of a shared tablet that nobody touches is hidden; with scripts, what stands on it is kept first. 0 elsewhere."""
    return TABLET_WAITS if visit.tablet else 0


def packed_or_not(request: HttpRequest, plain: bytes, packed: bytes, kind: str) -> HttpResponse:
    """Compressed where the browser takes it. Only for what is the same for everybody."""
    small = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(packed if small else plain, content_type=kind)
    response["Vary"] = "Accept-Encoding"
    if small:
        response["Content-Encoding"] = "gzip"
    return response


def asset(request: HttpRequest, name: str) -> HttpResponse:
    """Style and scripts."""
    found = assets.at(request.path)
    if found is None:
        raise Http404
    response = packed_or_not(request, assets.content(found[0]), assets.packed(found[0]), found[1])
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def _said(request: HttpRequest, status: int, heading: str, about: str) -> HttpResponse:
    visit = Visit(request)
    return visit.page("lost.html", status=status, heading=visit.spoken.marked(heading), about=visit.spoken.marked(about), action="/")


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _said(request, 404, "lost.title", "lost.about")


def failed(request: HttpRequest) -> HttpResponse:
    return _said(request, 500, "lost.error_title", "lost.error")


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that did not come from our own page, or a browser without cookies."""
    return _said(request, 403, "lost.error_title", "lost.cookies")
