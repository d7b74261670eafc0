"""Who is at the page, as far as the page knows: a language, a size of letters, and the codes in this browser's cookies. Nothing of it is kept here."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from royst.collect import codes
from royst.web.respond import assets
from royst.web.respond.offline import in_language
from royst.web.respond.site import Site, current
from royst.web.respond.words import Spoken, called, direction, tag

FILL, ENTRY, TABLET, VIEW = "fill", "entry", "tablet", "view"
"""Cookies: the private code, an access code until its page is answered, the access code of a shared tablet, how to show pages."""


class Visit:
    """One request to one page."""

    def __init__(self, request: HttpRequest):
        self.request = request
        self.site: Site = current()
        language, _, size = request.COOKIES.get(VIEW, "").partition(".")
        languages = self.site.fieldwork.languages
        self.language = language if language in languages else self._preferred(languages)
        self.large = size == "large"
        self.private = codes.read(request.COOKIES.get(FILL, ""))
        self.entry = codes.read(request.COOKIES.get(ENTRY, ""))
        self.tablet = codes.read(request.COOKIES.get(TABLET, ""))
        self.spoken = Spoken(self.language, languages, self.site.fieldwork.asking.words)
        self._set: dict[str, str | None] = {}

    def _preferred(self, languages: tuple[str, ...]) -> str:
        """The first of the form's languages that the browser asks for; else the form's first."""
        for part in self.request.headers.get("Accept-Language", "")[:200].split(","):
            asked = part.split(";")[0].strip().lower()
            for one in (asked, asked.split("-")[0]):
                if one in ("no", "nb") and "nb" in languages:
                    return "nb"
                if one in languages:
                    return one
        return languages[0]

    @property
    def address(self) -> str:
        return str(self.request.META.get("REMOTE_ADDR", ""))

    @property
    def do(self) -> str:
        return self.request.POST.get("do", "") if self.request.method == "POST" else ""

    def text(self, said: dict[str, str] | Any) -> str:
        """A text of the form or the study in this visit's language."""
        return in_language(said or {}, self.language, self.site.fieldwork.languages)

    def keep(self, name: str, value: str | None) -> None:
        """Set a cookie with the answer, or take it away."""
        self._set[name] = value

    def controls(self) -> HttpResponse | None:
        """What the buttons on every page do: language, size of letters, the statement of accessibility, leaving."""
        if self.do == "leave":
            return self.leave()
        if self.do in ("access", "again"):
            return self.to(f"/{self.do}")
        if self.do.startswith("lang-") and self.do[5:] in self.site.fieldwork.languages:
            self.language = self.do[5:]
        elif self.do in ("larger", "normal"):
            self.large = self.do == "larger"
        else:
            return None
        self.keep(VIEW, f"{self.language}.{'large' if self.large else ''}")
        return self.to(self.request.path)

    def leave(self) -> HttpResponse:
        """Away at once. A draft whose code was never shown could not be opened again, so it is erased."""
        if self.private and not self.site.frozen:
            fill = self.site.read(self.private)
            if fill is not None and (fill.tablet or not fill.told):
                self.site.withdraw(self.private, fill)
        self.keep(FILL, None)
        self.keep(ENTRY, None)
        return self.to("/left")

    def to(self, path: str) -> HttpResponse:
        return self._with_cookies(HttpResponseRedirect(path, status=303))

    def page(self, template: str, status: int = 200, refresh: str = "", **context: Any) -> HttpResponse:
        """A page. ``refresh``: seconds and address of where it goes by itself."""
        site = self.site.fieldwork
        context |= {
            "visit": self,
            "spoken": self.spoken,
            "lang": tag(self.language),
            "dir": direction(self.language),
            "large": self.large,
            "title": self.text(site.instrument.title) or self.spoken("title"),
            "languages": [
                (code, tag(code), direction(code), called(code, site.asking.words)) for code in site.languages
            ],
            "style": assets.path("style.css"),
            "script": assets.path("page.js"),
            "form_path": self.site.form_path(self.language),
            "forms": json.dumps([[code, called(code, site.asking.words), self.site.form_path(code)] for code in site.languages], ensure_ascii=False),
            "action": context.get("action", self.request.path),
            "tablet": bool(self.tablet),
        }
        found = render(self.request, template, context, status=status)
        if refresh:
            found["Refresh"] = refresh
        return self._with_cookies(found)

    def _with_cookies(self, response: HttpResponse) -> HttpResponse:
        secure = self.site.fieldwork.asking.address.startswith("https://")
        for name, value in self._set.items():
            if value is None:
                response.delete_cookie(name, samesite="Lax")
            else:
                lasting = 60 * 60 * 24 * 60 if name == TABLET else None
                response.set_cookie(name, value, max_age=lasting, httponly=True, samesite="Lax", secure=secure)
        return response
