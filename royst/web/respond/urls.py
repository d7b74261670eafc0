"""Every address there is. None of them names what is asked about."""

from __future__ import annotations

from django.urls import path, re_path

from royst.web.respond import device, views

urlpatterns = [
    path("", views.enter),
    re_path(r"^e/(?P<said>[0-9A-Za-z-]{1,40})$", views.link),
    re_path(r"^t/(?P<said>[0-9A-Za-z-]{1,40})$", views.tablet),
    path("start", views.start),
    re_path(r"^q/(?P<place>[0-9]{1,4})$", views.question),
    path("send", views.send),
    path("thanks", views.thanks),
    path("pause", views.pause),
    path("erased", views.erased),
    path("closed", views.closed),
    path("left", views.left),
    path("again", views.again),
    re_path(r"^a/(?P<name>[0-9a-z.]{1,60})$", views.asset),
    path("sw.js", device.worker),
    path("offline", device.shell),
    re_path(r"^form/(?P<language>[A-Za-z-]{2,20})$", device.form),
    re_path(r"^m/(?P<place>[0-9]{1,4})/(?P<language>[A-Za-z-]{2,20})$", device.sound),
    path("take", device.take),
    path("merge", device.merge),
]

handler404 = views.missing
handler500 = views.failed
