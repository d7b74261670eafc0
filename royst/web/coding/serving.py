"""``royst interviews serve``: one process that serves one sub-study to its coders."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import django
from django.conf import settings

from royst.errors import wrong
from royst.evaluation.interviews.opening import Secret
from royst.web.coding import guard
from royst.web.coding.site import Site, use
from royst.web.guard import quiet

THREADS = 8


def application(root: Path, name: str, secret: Secret, address: str, hosts: tuple[str, ...] = ()) -> Any:
    """The WSGI application. Raises ``InputError`` where the sub-study is not sound, or its passphrase is wrong."""
    site = Site(root, name, secret, address)
    settings.configure(**guard.settings(secrets.token_hex(32), address, ["127.0.0.1", "localhost", *hosts]))
    django.setup()
    quiet()
    use(site)
    from django.core.handlers.wsgi import WSGIHandler

    return WSGIHandler()


def serve(
    root: Path, name: str, secret: Secret, *, host: str = "127.0.0.1", port: int = 8010, address: str | None = None,
    proxy: str | None = None, say: Callable[[str], None] = print,
) -> None:  # fmt: skip
    """Serve coders until the process is stopped. ``address``: the https address that they use, where the proxy ``proxy`` stands before this.

    ``InputError`` (``not-encrypted``): other machines are listened to only where an encrypted address is named: people's words would go in the open.
    """
    import waitress

    if not _alone(host) and not (address or "").startswith("https://"):
        raise wrong(
            "not-encrypted",
            f"{host} is reached from other machines, and people's words would travel in the open",
            "Put a proxy with https before it, and name it: --address https://… --proxy ADDRESS.",
        )
    found = application(root, name, secret, address or f"http://{host}:{port}", (host,))
    trusted: dict[str, Any] = (
        {"trusted_proxy": proxy, "trusted_proxy_headers": "x-forwarded-for x-forwarded-proto", "trusted_proxy_count": 1}
        if proxy
        else {}
    )
    server = waitress.create_server(
        found, host=host, port=port, threads=THREADS, ident=None, max_request_body_size=1_048_576, clear_untrusted_proxy_headers=True, **trusted
    )  # fmt: skip
    say(f"{name} is coded at {address or f'http://{host}:{port}'} (process {os.getpid()}); stop with Ctrl+C")
    server.run()


def _alone(host: str) -> bool:
    """Whether this machine alone reaches the address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
