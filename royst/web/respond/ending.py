"""How people go: sending, taking a break, erasing, leaving; the thanks; and the statement of accessibility."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpRequest, HttpResponse

from royst.collect import codes
from royst.web.respond.fill import Fill
from royst.web.respond.pages import drafted, page, path_of, results, waits
from royst.web.respond.site import Begun
from royst.web.respond.visit import ENTRY, FILL, VIEW, Visit


@drafted
def send(visit: Visit, fill: Fill) -> HttpResponse:
    """The last page before the answers are locked."""
    private = visit.private
    assert private is not None
    open_item = visit.site.way.open_required(fill)
    pages = visit.site.way.pages(fill)
    if visit.do == "back":
        return visit.to(path_of(visit, visit.site.way.resume(fill) or (pages[-1] if pages else None)))
    if visit.do == "stop":
        visit.site.save(private, replace(fill, told=not fill.tablet))
        return visit.to("/pause")
    if visit.do == "go" and open_item is None:
        try:
            visit.site.finish(private, replace(fill, language=visit.language))
        except Begun:
            return visit.page("send.html", status=409, wrong=visit.spoken.marked("wrong.begun"), count=0)
        visit.keep(FILL, None)
        visit.keep(ENTRY, None)
        return visit.to("/thanks")
    counted = visit.site.way.counted(fill)
    count = sum(item.name in counted for item in pages)
    to_it = path_of(visit, open_item) if open_item else ""
    return visit.page("send.html", count=count, to_it=to_it, early=visit.site.way.resume(fill) is not None, shared=fill.tablet, waits=waits(visit))


@page
def thanks(visit: Visit) -> HttpResponse:
    """When and where the results come. On a tablet the page gives way to the next person."""
    if visit.tablet:
        visit.keep(VIEW, None)
    return visit.page("thanks.html", refresh="60;url=/start" if visit.tablet else "", **results(visit))


@drafted
def pause(visit: Visit, fill: Fill) -> HttpResponse:
    """The private code; or, all answers erased."""
    private = visit.private
    assert private is not None
    if visit.do == "erase":
        visit.site.withdraw(private, fill)
        visit.keep(FILL, None)
        return visit.to("/erased")
    if visit.do == "on":
        return visit.to(path_of(visit, visit.site.way.resume(fill)))
    if visit.do == "send":
        return visit.to("/send")
    if visit.do == "close":
        visit.keep(FILL, None)
        return visit.to("/closed")
    address = visit.site.fieldwork.asking.address
    return visit.page("pause.html", code=codes.shown(private), address=address, shared=fill.tablet, waits=waits(visit))


@page
def erased(visit: Visit) -> HttpResponse:
    return visit.page("said.html", key="erased", refresh="15;url=/start" if visit.tablet else "")


@page
def closed(visit: Visit) -> HttpResponse:
    return visit.page("said.html", key="closed")


def left(request: HttpRequest) -> HttpResponse:
    """Where somebody leaves to. There also when all is over."""
    visit = Visit(request)
    to = visit.site.fieldwork.asking.leave_to
    return visit.controls() or visit.page("left.html", to=to, refresh=f"0;url={to}")


def access(request: HttpRequest) -> HttpResponse:
    """The statement of accessibility. There also when all is over."""
    visit = Visit(request)
    inside = not visit.site.frozen and bool(visit.private and visit.site.read(visit.private))
    return visit.controls() or visit.page(
        "access.html", action="/" if visit.do == "" else visit.request.path, inside=inside, begin=bool(visit.entry or visit.tablet), contact=visit.site.fieldwork.asking.contact
    )
