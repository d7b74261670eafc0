"""What stands around the answering pages."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from royst.web import guard
from royst.web.respond.site import current


class Guard(guard.Guard):
    def secure(self) -> bool:
        return current().fieldwork.asking.address.startswith("https://")

    def failed(self, request: HttpRequest) -> HttpResponse:
        from royst.web.respond.pages import failed

        return failed(request)


def settings(database: dict[str, Any], secret: str, address: str, hosts: list[str]) -> dict[str, Any]:
    """Django's settings for the answering pages."""
    return guard.settings(
        "respond", "pages", secret, address, hosts,
        DATABASES={"default": database}, CSRF_COOKIE_SAMESITE="Lax", DATA_UPLOAD_MAX_MEMORY_SIZE=131_072, DATA_UPLOAD_MAX_NUMBER_FIELDS=300,
    )  # fmt: skip
