"""How people come in: by a code, a link or a shared tablet; what they are told before they begin; and a tablet that somebody walked away from."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpResponse

from royst.collect import codes
from royst.web.respond.fill import Fill
from royst.web.respond.pages import TABLET_WAITS, over, page, path_of
from royst.web.respond.visit import ENTRY, FILL, TABLET, VIEW, Visit


@page
def enter(visit: Visit) -> HttpResponse:
    """The front page: one field, for the code from the sheet or the private one."""
    if visit.do == "go":
        return _entered(visit, visit.request.POST.get("code", ""))
    if visit.do == "on" and visit.private:
        return _resumed(visit, visit.private)
    draft = bool(visit.private and visit.site.read(visit.private) is not None)
    if visit.site.state != "open" and not draft:
        return over(visit)
    if visit.tablet and not draft:
        return visit.to("/start")
    return visit.page("enter.html", draft=draft)


def _entered(visit: Visit, said: str) -> HttpResponse:
    if not visit.site.wrong_codes.allowed(visit.address):
        return visit.page("enter.html", status=429, wrong=visit.spoken.marked("wrong.often"))
    code = codes.read(said)
    if code is None:
        return visit.page("enter.html", status=422, wrong=visit.spoken.marked("wrong.code"), said=said[:80])
    if visit.site.read(code) is not None:
        return _resumed(visit, code)
    if visit.site.access(code) is not None:
        visit.keep(ENTRY, code)
        visit.keep(FILL, None)
        return visit.to("/start")
    if visit.site.is_done(code):
        return visit.to("/thanks")
    visit.site.wrong_codes.count(visit.address)
    return visit.page("enter.html", status=422, wrong=visit.spoken.marked("wrong.used"), said=said[:80])


def _resumed(visit: Visit, private: str) -> HttpResponse:
    fill = visit.site.read(private)
    if fill is None:
        visit.keep(FILL, None)
        return visit.to("/")
    visit.keep(FILL, private)
    visit.keep(ENTRY, None)
    if not fill.told:
        visit.site.save(private, replace(fill, told=True))
    return visit.to(path_of(visit, visit.site.way.resume(fill)))


@page
def link(visit: Visit, said: str) -> HttpResponse:
    """A link or QR code with an access code: it goes into a cookie, so that it stands in no address any more. Nothing is used up by looking."""
    return _entered(visit, said)


@page
def tablet(visit: Visit, said: str) -> HttpResponse:
    """The same on a shared tablet, which stays with this access code."""
    if not visit.site.wrong_codes.allowed(visit.address):
        return visit.page("enter.html", status=429, wrong=visit.spoken.marked("wrong.often"))
    code = codes.read(said)
    access = visit.site.access(code) if code else None
    if code is None or access is None or not access.many:
        visit.site.wrong_codes.count(visit.address)
        return visit.page("enter.html", status=422, wrong=visit.spoken.marked("wrong.used"))
    visit.keep(TABLET, code)
    visit.keep(FILL, None)
    return visit.to("/start")


@page
def start(visit: Visit) -> HttpResponse:
    """What it is, who asks, and what becomes of the answers; a draft begins only here, while the form is open."""
    code = visit.entry or visit.tablet
    access = visit.site.access(code) if code else None
    if code is None or access is None:
        visit.keep(ENTRY, None)
        return visit.to("/")
    if visit.site.state != "open":
        return over(visit)
    asking = visit.site.fieldwork.asking
    if visit.do in ("yes", "short"):
        if not visit.site.begun.allowed(visit.address):
            return visit.page("enter.html", status=429, wrong=visit.spoken.marked("wrong.often"))
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
        return visit.to(path_of(visit, next(iter(visit.site.way.pages(fill)), None)))
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


@page
def again(visit: Visit) -> HttpResponse:
    """A shared tablet that nobody touches: the page is hidden, then the draft erased."""
    if not visit.tablet:
        return visit.to("/")
    if visit.do == "on":
        fill = visit.site.read(visit.private) if visit.private else None
        return visit.to(path_of(visit, visit.site.way.resume(fill)) if fill else "/start")
    if visit.do == "new" or "gone" in visit.request.GET:
        _abandon(visit)
        visit.keep(FILL, None)
        visit.keep(VIEW, None)
        return visit.to("/start")
    return visit.page("again.html", refresh=f"{TABLET_WAITS};url=/again?gone")
