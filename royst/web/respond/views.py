"""The pages, one function each. A page is saved by every button on it; the address of a page says a number and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse

from royst.collect import codes
from royst.study import routing
from royst.study.expression import Value, text
from royst.study.instrument import Item
from royst.web.respond import assets
from royst.web.respond.fill import Fill, Refused, understood
from royst.web.respond.qr import svg
from royst.web.respond.site import Begun
from royst.web.respond.visit import ENTRY, FILL, TABLET, VIEW, Visit

View = Callable[..., HttpResponse]

TABLET_WAITS = 300
"""Seconds after which a shared tablet hides a page that nobody touches; after as long again it erases the draft."""


def page(view: Callable[..., HttpResponse]) -> View:
    """A page with the controls that every page has."""

    @wraps(view)
    def run(request: HttpRequest, **parts: object) -> HttpResponse:
        visit = Visit(request)
        if request.method not in ("GET", "HEAD", "POST"):
            return HttpResponse(status=405)
        return visit.controls() or view(visit, **parts)

    return run


def drafted(view: Callable[..., HttpResponse]) -> View:
    """A page of somebody who has begun; others are led to the front page, who has finished to the thanks."""

    @page
    @wraps(view)
    def run(visit: Visit, **parts: object) -> HttpResponse:
        fill = visit.site.read(visit.private) if visit.private else None
        if fill is None:
            return visit.to("/thanks" if visit.private and visit.site.is_done(visit.private) else "/")
        return view(visit, fill, **parts)

    return run


@page
def enter(visit: Visit) -> HttpResponse:
    """The front page: one field, for the code from the sheet or the private one."""
    if visit.do == "go":
        return _entered(visit, visit.request.POST.get("code", ""))
    if visit.do == "on" and visit.private:
        return _resumed(visit, visit.private)
    draft = bool(visit.private and visit.site.read(visit.private) is not None)
    if visit.tablet and not draft:
        return visit.to("/start")
    return visit.page("enter.html", draft=draft)


def _entered(visit: Visit, said: str) -> HttpResponse:
    if not visit.site.wrong_codes.allowed(visit.address):
        return visit.page("enter.html", status=429, wrong=visit.spoken("wrong.often"))
    code = codes.read(said)
    if code is None:
        return visit.page("enter.html", status=422, wrong=visit.spoken("wrong.code"), said=said[:40])
    if visit.site.read(code) is not None:
        return _resumed(visit, code)
    if visit.site.access(code) is not None:
        visit.keep(ENTRY, code)
        visit.keep(FILL, None)
        return visit.to("/start")
    if visit.site.is_done(code):
        return visit.to("/thanks")
    visit.site.wrong_codes.count(visit.address)
    return visit.page("enter.html", status=422, wrong=visit.spoken("wrong.used"), said=said[:40])


def _resumed(visit: Visit, private: str) -> HttpResponse:
    fill = visit.site.read(private)
    if fill is None:
        visit.keep(FILL, None)
        return visit.to("/")
    visit.keep(FILL, private)
    visit.keep(ENTRY, None)
    if not fill.told:
        visit.site.save(private, replace(fill, told=True))
    item = visit.site.way.resume(fill)
    return visit.to(_path(visit, item))


def _path(visit: Visit, item: Item | None) -> str:
    return f"/q/{visit.site.way.place[item.name]}" if item else "/send"


@page
def link(visit: Visit, said: str) -> HttpResponse:
    """A link or QR code with an access code: it goes into a cookie, so that it stands in no address any more. Nothing is used up by looking."""
    return _entered(visit, said)


@page
def tablet(visit: Visit, said: str) -> HttpResponse:
    """The same on a shared tablet, which stays with this access code."""
    if not visit.site.wrong_codes.allowed(visit.address):
        return visit.page("enter.html", status=429, wrong=visit.spoken("wrong.often"))
    code = codes.read(said)
    access = visit.site.access(code) if code else None
    if code is None or access is None or not access.many:
        visit.site.wrong_codes.count(visit.address)
        return visit.page("enter.html", status=422, wrong=visit.spoken("wrong.used"))
    visit.keep(TABLET, code)
    visit.keep(FILL, None)
    return visit.to("/start")


@page
def start(visit: Visit) -> HttpResponse:
    """What it is, who asks, and what becomes of the answers; a draft begins only here."""
    code = visit.entry or visit.tablet
    access = visit.site.access(code) if code else None
    if code is None or access is None:
        visit.keep(ENTRY, None)
        return visit.to("/")
    asking = visit.site.fieldwork.asking
    if visit.do in ("yes", "short"):
        if not visit.site.begun.allowed(visit.address):
            return visit.page("enter.html", status=429, wrong=visit.spoken("wrong.often"))
        visit.site.begun.count(visit.address)
        _abandon(visit)
        fill = Fill(
            language=visit.language,
            short=visit.do == "short" and bool(asking.short),
            consent=asking.consent_version,
            tablet=bool(visit.tablet),
        )
        private = visit.site.begin(code, access, fill)
        visit.keep(FILL, private)
        visit.keep(ENTRY, None)
        return visit.to(_path(visit, next(iter(visit.site.way.pages(fill)), None)))
    way, fresh = visit.site.way, Fill()
    count = sum(item.kind != "note" for item in way.pages(fresh))
    short = sum(item.kind != "note" for item in way.pages(replace(fresh, short=True)))
    return visit.page(
        "start.html",
        consent=visit.text(asking.consent),
        who=visit.text(asking.who),
        contact=asking.contact,
        version=asking.consent_version,
        entry=visit.site.tickets.closed(code),
        count=count,
        short=short,
        begun=access.begun,
    )


def _abandon(visit: Visit) -> None:
    """On a shared tablet, what the person before left behind is erased."""
    if visit.tablet and visit.private:
        fill = visit.site.read(visit.private)
        if fill is not None and fill.tablet:
            visit.site.withdraw(visit.private, fill)


def question(request: HttpRequest, place: str) -> HttpResponse:
    """One question. Whatever button is pressed, what was answered on the page is kept first; so this page runs the controls by itself."""
    visit = Visit(request)
    item = visit.site.way.item(int(place))
    fill = visit.site.read(visit.private) if visit.private else None
    if visit.do == "leave":
        return visit.leave()
    if item is None:
        raise Http404
    if fill is None or visit.private is None:
        return visit.controls() or visit.to("/thanks" if visit.private and visit.site.is_done(visit.private) else "/")
    if request.method == "POST":
        return _answered(visit, visit.private, fill, item)
    if not any(page.name == item.name for page in visit.site.way.pages(fill)):
        return visit.to(_path(visit, visit.site.way.beside(fill, item, 1)))
    return _question(visit, fill, item, fill.answers.get(item.name))


def _answered(visit: Visit, private: str, fill: Fill, item: Item) -> HttpResponse:
    said = visit.request.POST.getlist("a")
    wrong = None
    try:
        value = None if visit.do == "skip" else understood(item, said, fill)
    except Refused as refused:
        value, wrong = fill.answers.get(item.name), visit.spoken(refused.key, **refused.parameters)
    kept = with_answer(fill, item, value, skipped=visit.do == "skip")
    if wrong and visit.do in ("next", ""):
        return _question(visit, fill, item, None, wrong=wrong, said=said, status=422)
    moved = controls = visit.controls()
    if visit.do == "back":
        before = visit.site.way.beside(kept, item, -1)
        moved, kept = (
            visit.to(_path(visit, before) if before else visit.request.path),
            replace(kept, at=before.name if before else item.name),
        )
    elif visit.do == "stop":
        moved, kept = visit.to("/pause"), replace(kept, at=item.name, told=not kept.tablet)
    elif controls is None:
        if item.kind != "note" and value is None and (item.required or visit.do != "skip"):
            return _question(
                visit,
                fill,
                item,
                None,
                wrong=visit.spoken("wrong.required" if item.required else "wrong.none"),
                said=said,
                status=422,
            )
        after = visit.site.way.beside(kept, item, 1)
        moved, kept = visit.to(_path(visit, after)), replace(kept, at=after.name if after else "")
    visit.site.save(private, replace(kept, language=visit.language))
    assert moved is not None
    return moved


def with_answer(fill: Fill, item: Item, value: Value | None, *, skipped: bool = False) -> Fill:
    """A fill with one answer set, or taken away."""
    answers = {name: old for name, old in fill.answers.items() if name != item.name}
    if value is not None:
        answers[item.name] = value
    passed = [name for name in fill.skipped if name != item.name] + ([item.name] if skipped else [])
    return replace(fill, answers=answers, skipped=tuple(passed))


def _question(
    visit: Visit,
    fill: Fill,
    item: Item,
    value: Value | None,
    *,
    wrong: str = "",
    said: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    way, site = visit.site.way, visit.site.fieldwork
    given = (
        said
        if said is not None
        else (
            text(value).split()
            if item.kind == "many" and value is not None
            else [text(value)]
            if value is not None
            else []
        )
    )
    number = given[0] if given and item.scale is None else ""
    if said is None and item.kind == "number" and visit.spoken.lang in ("nb", "nn"):
        number = number.replace(".", ",")
    return visit.page(
        "question.html",
        status=status,
        refresh=f"{TABLET_WAITS};url=/again" if visit.tablet else "",
        item=item,
        place=way.place[item.name],
        label=routing.piped(visit.text(item.label), site.instrument, fill.answers, visit.language),
        hint=routing.piped(visit.text(item.hint), site.instrument, fill.answers, visit.language),
        choices=[(choice.name, visit.text(choice.label), choice.name in given) for choice in routing.offered(item, fill.answers)],
        value=number[:2000],
        whole=item.low is None or float(item.low).is_integer(),
        left=way.left(fill, item),
        wrong=wrong,
        first=way.beside(fill, item, -1) is None,
        ticket=visit.site.tickets.closed(visit.private or ""),
        sound=f"/m/{way.place[item.name]}/{visit.language}" if site.sound(item.name, visit.language) else "",
        routing=json.dumps({name: fill.answers[name] for name in way.named if name in fill.answers}),
        short=fill.short,
        inside=True,
    )  # fmt: skip


@drafted
def send(visit: Visit, fill: Fill) -> HttpResponse:
    """The last page before the answers are locked."""
    private = visit.private
    assert private is not None
    open_item = visit.site.way.open_required(fill)
    pages = visit.site.way.pages(fill)
    if visit.do == "back":
        return visit.to(_path(visit, pages[-1]) if pages else "/send")
    if visit.do == "stop":
        visit.site.save(private, replace(fill, told=not fill.tablet))
        return visit.to("/pause")
    if visit.do == "go" and open_item is None:
        try:
            visit.site.finish(private, replace(fill, language=visit.language))
        except Begun:
            return visit.page("send.html", status=409, wrong=visit.spoken("wrong.begun"), count=0)
        visit.keep(FILL, None)
        visit.keep(ENTRY, None)
        return visit.to("/thanks")
    count = sum(item.name in fill.answers for item in pages)
    to_it = _path(visit, open_item) if open_item else ""
    return visit.page(
        "send.html", count=count, to_it=to_it, refresh=f"{TABLET_WAITS};url=/again" if visit.tablet else ""
    )


@page
def thanks(visit: Visit) -> HttpResponse:
    """When and where the results come. On a tablet the page gives way to the next person."""
    asking = visit.site.fieldwork.asking
    if visit.tablet:
        visit.keep(VIEW, None)
    address = asking.results_address
    return visit.page(
        "thanks.html",
        refresh="30;url=/start" if visit.tablet else "",
        results=visit.text(asking.results),
        address=address,
        qr=svg(address, visit.spoken("thanks.qr", address=address)),
    )


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
        return visit.to(_path(visit, visit.site.way.resume(fill)))
    if visit.do == "close":
        visit.keep(FILL, None)
        return visit.to("/closed")
    return visit.page(
        "pause.html",
        code=codes.shown(private),
        address=visit.site.fieldwork.asking.address,
        shared=fill.tablet,
        refresh=f"{TABLET_WAITS};url=/again" if visit.tablet else "",
    )


@page
def erased(visit: Visit) -> HttpResponse:
    return visit.page("said.html", key="erased", refresh="15;url=/start" if visit.tablet else "")


@page
def closed(visit: Visit) -> HttpResponse:
    return visit.page("said.html", key="closed")


@page
def left(visit: Visit) -> HttpResponse:
    to = visit.site.fieldwork.asking.leave_to
    return visit.page("left.html", to=to, refresh=f"0;url={to}")


@page
def again(visit: Visit) -> HttpResponse:
    """A shared tablet that nobody touches: the page is hidden, then the draft erased."""
    if not visit.tablet:
        return visit.to("/")
    if visit.do == "on":
        fill = visit.site.read(visit.private) if visit.private else None
        return visit.to(_path(visit, visit.site.way.resume(fill)) if fill else "/start")
    if visit.do == "new" or "gone" in visit.request.GET:
        _abandon(visit)
        visit.keep(FILL, None)
        visit.keep(VIEW, None)
        return visit.to("/start")
    return visit.page("again.html", refresh=f"{TABLET_WAITS};url=/again?gone")


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


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    visit = Visit(request)
    return visit.page(
        "lost.html", status=404, heading=visit.spoken("lost.title"), about=visit.spoken("lost.about"), action="/"
    )


def failed(request: HttpRequest) -> HttpResponse:
    visit = Visit(request)
    return visit.page(
        "lost.html", status=500, heading=visit.spoken("lost.error_title"), about=visit.spoken("lost.error"), action="/"
    )


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that did not come from our own page, or a browser without cookies."""
    visit = Visit(request)
    return visit.page(
        "lost.html",
        status=403,
        heading=visit.spoken("lost.error_title"),
        about=visit.spoken("lost.cookies"),
        action="/",
    )
