"""Who is at the page: a signed-in researcher, a language. Pages and refusals are made here."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render

from royst.errors import InputError
from royst.evaluation.interviews.opening import alone
from royst.interviews.substudy import read_file
from royst.web.coding import assets
from royst.web.coding.site import Site, current
from royst.web.coding.words import Said
from royst.words import LANGUAGES, Words

SIGNED, LANGUAGE = "signed", "language"
"""Cookies: the token of somebody signed in, and the language of the pages."""
View = Callable[..., HttpResponse]
NAMES = {"nb": "Bokmål", "nn": "Nynorsk", "en": "English"}


class Visit:
    """One request to one page. ``person`` is the signed-in researcher's id, empty where nobody is."""

    def __init__(self, request: HttpRequest):
        self.request = request
        self.site: Site = current()
        asked = request.COOKIES.get(LANGUAGE, "")
        self.language = asked if asked in LANGUAGES else "en"
        self.say = Said(self.language)
        self.person = self.site.sessions.of(request.COOKIES.get(SIGNED, "")) or ""

    @property
    def post(self) -> bool:
        return self.request.method == "POST"

    def field(self, name: str) -> str:
        """What was sent in a field, without blanks around it; empty where nothing was."""
        return str(self.request.POST.get(name, "")).replace("\r\n", "\n").strip()

    def fields(self, name: str) -> list[str]:
        return [str(one) for one in self.request.POST.getlist(name)]

    def number(self, name: str) -> int:
        """A whole number that was sent; −1 where none was."""
        said = self.field(name)
        return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else -1

    def asked(self, name: str) -> str:
        return str(self.request.GET.get(name, "")).strip()

    def to(self, path: str) -> HttpResponse:
        return HttpResponseRedirect(path, status=303)

    def page(self, template: str, status: int = 200, **context: Any) -> HttpResponse:
        context |= {
            "visit": self, "spoken": self.say, "lang": self.language, "style": assets.path("style.css"), "script": assets.path("coding.js"),
            "languages": [(code, NAMES[code]) for code in ("en", "nb", "nn")], "here": self.request.path, "substudy_name": self.site.name,
        }  # fmt: skip
        return render(self.request, template, context, status=status)

    def text(self, said: dict[str, str] | Any) -> str:
        """A text by language in this visit's, else its first."""
        return Words(self.language).of(said or {})

    @property
    def tongue(self) -> str:
        """The language that the talks are taken to be in: the first that the sub-study's title is in."""
        return next((code for code in read_file(self.site.store).title if code in LANGUAGES), "nb")

    @property
    def scripted(self) -> bool:
        """Whether our script asks, and wants data back."""
        return self.request.headers.get("Accept", "").startswith("application/json")

    def refused(self, stop: InputError) -> HttpResponse:
        """What was wrong, as a page or as data. Nothing was changed."""
        if self.scripted:
            said = " ".join(f"{fault.found}. {fault.todo}" for fault in stop.faults)
            return JsonResponse({"wrong": said, "code": stop.faults[0].code}, status=422)
        return self.page("wrong.html", status=422, faults=stop.faults, back=self.request.path)


def signed(view: View) -> View:
    """A page for researchers who are signed in. What is sent is written by one at a time, and what is refused is told."""

    @wraps(view)
    def run(request: HttpRequest, **parts: object) -> HttpResponse:
        visit = Visit(request)
        if not visit.person:
            return JsonResponse({"wrong": visit.say("error.signed_out")}, status=403) if visit.scripted else visit.to("/in")
        if request.method not in ("GET", "HEAD", "POST"):
            return HttpResponse(status=405)
        try:
            if not visit.post:
                return view(visit, **parts)
            with visit.site.lock, alone(visit.site.folder, visit.site.name):
                return view(visit, **parts)
        except InputError as stop:
            return visit.refused(stop)

    return run


def failed(request: HttpRequest) -> HttpResponse:
    visit = Visit(request)
    if visit.scripted:
        return JsonResponse({"wrong": visit.say("error.failed")}, status=500)
    return visit.page("said.html", status=500, title=visit.say("error.failed"))


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    visit = Visit(request)
    return visit.page("said.html", status=404, title=visit.say("error.missing"))


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    visit = Visit(request)
    if visit.scripted:
        return JsonResponse({"wrong": visit.say("error.forged")}, status=403)
    return visit.page("said.html", status=403, title=visit.say("error.forged"))
