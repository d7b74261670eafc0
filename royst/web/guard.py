"""What stands around every page of every server: headers that tell nobody anything, no record of who asked, and errors that say where in our code and nothing of whom."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.exceptions import SuspiciousOperation, TooManyFilesSent
from django.http import HttpRequest, HttpResponse

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; worker-src 'self'; media-src 'self'; img-src data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

say = logging.getLogger("royst.web")


class Guard:
    """Django middleware, outermost. A server says whether it is reached by https (``secure``), and what a fault of ours looks like (``failed``)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def secure(self) -> bool:
        raise NotImplementedError

    def failed(self, request: HttpRequest) -> HttpResponse:
        raise NotImplementedError

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return with_headers(self.get_response(request), self.secure())

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, (SuspiciousOperation, TooManyFilesSent)):
            return HttpResponse(status=400)
        if exception.__class__.__name__ == "Http404":
            return None
        say.error(place(exception))
        return self.failed(request)


def with_headers(response: HttpResponse, secure: bool) -> HttpResponse:
    """Headers of every page: nothing from other hosts, nothing told to them, nothing kept."""
    response["Content-Security-Policy"] = POLICY
    response["Referrer-Policy"] = "same-origin"  # with no-referrer, browsers send forms from nowhere (Origin: null)
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Frame-Options"] = "DENY"
    response["Cross-Origin-Opener-Policy"] = "same-origin"
    response["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), browsing-topics=()"
    if secure:
        response["Strict-Transport-Security"] = "max-age=31536000"
    if not response.has_header("Cache-Control"):
        response["Cache-Control"] = "no-store"
    return response


def place(exception: BaseException) -> str:
    """Kind and place of a fault, without the message: a message may hold what somebody wrote."""
    frames = traceback.extract_tb(exception.__traceback__)
    return f"{type(exception).__name__} at " + " < ".join(
        f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-4:])
    )


def quiet() -> None:
    """Our own lines to standard error and nobody else's: other loggers would write addresses, paths and messages."""
    for name in ("django", "django.request", "django.security", "django.server", "waitress", "waitress.queue"):
        other = logging.getLogger(name)
        other.handlers, other.propagate = [logging.NullHandler()], False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    say.handlers, say.propagate = [handler], False


def settings(part: str, forged: str, secret: str, address: str, hosts: list[str], **more: Any) -> dict[str, Any]:
    """Django's settings of the server in ``royst.web.<part>``: no sessions, no accounts, no files taken, no records of requests.

    ``forged`` is its module with the view of a refused form; ``more`` is its own.
    """
    return {
        "DEBUG": False,
        "SECRET_KEY": secret,
        "ALLOWED_HOSTS": hosts,
        "ROOT_URLCONF": f"royst.web.{part}.urls",
        "INSTALLED_APPS": [],
        "MIDDLEWARE": [
            f"royst.web.{part}.guard.Guard",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
        ],
        "APPEND_SLASH": False,
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [str(Path(__file__).parent / part / "templates")],
                "OPTIONS": {"builtins": ["royst.web.respond.tags"]},
            }
        ],
        "USE_I18N": False,
        "USE_TZ": False,
        "LOGGING_CONFIG": None,
        "CSRF_COOKIE_NAME": "form",
        "CSRF_COOKIE_AGE": None,
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_SECURE": address.startswith("https://"),
        "CSRF_TRUSTED_ORIGINS": [address.rstrip("/")],
        "CSRF_FAILURE_VIEW": f"royst.web.{part}.{forged}.forged",
        "DATA_UPLOAD_MAX_NUMBER_FILES": 0,
        "FILE_UPLOAD_HANDLERS": [],
        **more,
    }
