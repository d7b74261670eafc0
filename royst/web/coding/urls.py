"""Every address there is."""

from __future__ import annotations

from django.urls import path, re_path

from royst.web.coding import codes, meaning, names, quoting, rounds, signin, transcript, visit

ID = "[A-Za-z0-9][A-Za-z0-9_-]{0,63}"

urlpatterns = [
    path("", rounds.overview),
    path("in", signin.enter),
    path("out", signin.leave),
    path("language", signin.language),
    re_path(r"^a/(?P<name>[0-9a-z.]{1,60})$", signin.asset),
    path("keys", signin.keys),
    re_path(rf"^code/(?P<round>{ID})/(?P<id>{ID})$", transcript.show),
    re_path(rf"^code/(?P<round>{ID})/(?P<id>{ID})/(?P<do>add|memo|remove)$", transcript.change),
    path("code/new", codes.quick),
    path("codes", codes.book),
    path("rounds/open", rounds.begin),
    re_path(rf"^round/(?P<name>{ID})$", rounds.one),
    re_path(rf"^round/(?P<name>{ID})/settle$", rounds.settle),
    path("review", rounds.review),
    path("names", names.queue),
    path("names/replace", names.replace),
    path("themes", meaning.themes),
    re_path(rf"^theme/(?P<id>{ID})$", meaning.theme),
    path("tables", meaning.tables),
    path("search", meaning.search),
    path("quotes", quoting.quotes),
    re_path(r"^quote/(?P<id>[0-9a-f]{16})$", quoting.quote),
]

handler404 = visit.missing
handler500 = visit.failed
