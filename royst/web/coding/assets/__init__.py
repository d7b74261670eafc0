"""Style and script of the coding pages, each under a name that changes with its content, so that browsers may keep it."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources

from royst import look

KINDS = {"style.css": "text/css; charset=utf-8", "coding.js": "text/javascript; charset=utf-8"}


@cache
def content(name: str) -> bytes:
    """A file's bytes; the style sheet after the one that reports and site share."""
    text = resources.files(__name__).joinpath(name).read_text(encoding="utf-8")
    return (look.stylesheet() + text if name.endswith(".css") else text).encode()


@cache
def path(name: str) -> str:
    stem, _, kind = name.rpartition(".")
    return f"/a/{stem}.{hashlib.sha256(content(name)).hexdigest()[:10]}.{kind}"


def at(asked: str) -> str | None:
    """The file at a path."""
    return next((name for name in KINDS if path(name) == asked), None)
