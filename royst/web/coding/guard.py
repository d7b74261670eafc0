"""What stands around the coding pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse

from royst.web import guard
from royst.web.coding.site import current


class Guard(guard.Guard):
    def secure(self) -> bool:
        return current().secure

    def failed(self, request: HttpRequest) -> HttpResponse:
        from royst.web.coding.visit import failed

        return failed(request)


def settings(secret: str, address: str, hosts: list[str]) -> dict[str, Any]:
    """Django's settings: no database of its own."""
    return guard.settings(
        "coding", "visit", secret, address, sorted({urlsplit(address).hostname or "localhost", *hosts}),
        DATABASES={}, CSRF_COOKIE_SAMESITE="Strict", DATA_UPLOAD_MAX_MEMORY_SIZE=1_000_000, DATA_UPLOAD_MAX_NUMBER_FIELDS=2_000,
    )  # fmt: skip
