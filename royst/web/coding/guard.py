"""What stands around every page: headers, errors that repeat nobody's words, and Django's settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import SuspiciousOperation, TooManyFilesSent
from django.http import HttpRequest, HttpResponse

from royst.web.coding.site import current
from royst.web.respond import guard


class Guard:
    """Django middleware, outermost."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return guard.with_headers(self.get_response(request), current().secure)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, (SuspiciousOperation, TooManyFilesSent)):
            return HttpResponse(status=400)
        if exception.__class__.__name__ == "Http404":
            return None
        guard.say.error(guard.place(exception))
        from royst.web.coding.visit import failed

        return failed(request)


def settings(secret: str, address: str, hosts: list[str]) -> dict[str, Any]:
    """Django's settings: no database, no sessions and no accounts of its own."""
    secure = address.startswith("https://")
    return {
        "DEBUG": False,
        "SECRET_KEY": secret,
        "ALLOWED_HOSTS": sorted({urlsplit(address).hostname or "localhost", *hosts}),
        "ROOT_URLCONF": "royst.web.coding.urls",
        "DATABASES": {},
        "INSTALLED_APPS": [],
        "MIDDLEWARE": [
            "royst.web.coding.guard.Guard",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
        ],
        "APPEND_SLASH": False,
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [str(Path(__file__).parent / "templates")],
                "OPTIONS": {"builtins": ["royst.web.respond.tags"]},
            }
        ],
        "USE_I18N": False,
        "USE_TZ": False,
        "LOGGING_CONFIG": None,
        "CSRF_COOKIE_NAME": "form",
        "CSRF_COOKIE_AGE": None,
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_SAMESITE": "Strict",
        "CSRF_COOKIE_SECURE": secure,
        "CSRF_TRUSTED_ORIGINS": [address.rstrip("/")],
        "CSRF_FAILURE_VIEW": "royst.web.coding.visit.forged",
        "DATA_UPLOAD_MAX_MEMORY_SIZE": 1_000_000,
        "DATA_UPLOAD_MAX_NUMBER_FIELDS": 2_000,
        "DATA_UPLOAD_MAX_NUMBER_FILES": 0,
        "FILE_UPLOAD_HANDLERS": [],
    }
