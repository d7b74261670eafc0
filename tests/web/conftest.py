"""Somebody who asks a server for pages with cookies and no script."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from http.client import HTTPConnection

import pytest

pytest.importorskip("django")


@dataclass
class Reply:
    """``headers`` by name; several cookies are one header of several lines."""

    status: int
    headers: dict[str, str]
    text: str


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def ask(port: int, cookies: dict[str, str], method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
    """One request to this machine, with ``cookies``, which the reply's change."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    held = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())} if cookies else {}
    connection.request(method, path, body, {**held, **headers})
    found = connection.getresponse()
    text = found.read().decode("utf-8", "replace")
    connection.close()
    given = [value for name, value in found.getheaders() if name == "Set-Cookie"]
    for value in given:
        name, _, rest = value.partition("=")
        if "max-age=0" in value.lower():
            cookies.pop(name, None)
        else:
            cookies[name] = rest.split(";")[0].strip('"')
    return Reply(found.status, {**dict(found.getheaders()), "Set-Cookie": "\n".join(given)}, text)
