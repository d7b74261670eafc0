"""Every address there is. None of them names what is asked about."""

from __future__ import annotations

from django.urls import path, re_path

from royst.web.respond import device, door, ending, pages, questions

urlpatterns = [
    path("", door.enter),
    re_path(r"^e/(?P<said>[0-9A-Za-z-]{1,40})$", door.link),
    re_path(r"^t/(?P<said>[0-9A-Za-z-]{1,40})$", door.tablet),
    path("start", door.start),
    re_path(r"^q/(?P<place>[0-9]{1,4})$", questions.question),
    path("send", ending.send),
    path("thanks", ending.thanks),
    path("pause", ending.pause),
    path("erased", ending.erased),
    path("closed", ending.closed),
    path("left", ending.left),
    path("again", door.again),
    path("access", ending.access),
    re_path(r"^a/(?P<name>[0-9a-z.]{1,60})$", pages.asset),
    path("sw.js", device.worker),
    path("offline", device.shell),
    re_path(r"^form/(?P<language>[A-Za-z-]{2,20})$", device.form),
    re_path(r"^m/(?P<place>[0-9]{1,4})/(?P<language>[A-Za-z-]{2,20})$", device.sound),
    path("take", device.take),
    path("merge", device.merge),
]

handler404 = pages.missing
handler500 = pages.failed
