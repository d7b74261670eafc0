"""Style and scripts of the answering pages, each under a name that changes with its content, so that browsers may keep it for good."""

from __future__ import annotations

import gzip
import hashlib
import re
from functools import cache
from importlib import resources

from royst.look.tokens import COLOURS

KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}


@cache
def content(name: str) -> bytes:
    """A file's bytes. The style sheet gets its colours in front; what only indents is left out."""
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    text = re.sub(r"\n\s+", "\n", text)
    text = re.sub(r"(?m)^//.*\n", "", text)
    if name.endswith(".css"):
        used = {key: value for key, value in COLOURS.items() if f"var(--{key})" in text}
        text = f":root{{{';'.join(f'--{key}:{value}' for key, value in used.items())}}}\n{text}"
    return text.encode()


@cache
def packed(name: str) -> bytes:
    """The same, compressed. Only what is the same for everybody is compressed: lengths of compressed pages could tell what is on them."""
    return gzip.compress(content(name), 9, mtime=0)


@cache
def path(name: str) -> str:
    """Where browsers fetch it."""
    stem, _, kind = name.rpartition(".")
    return f"/a/{stem}.{hashlib.sha256(content(name)).hexdigest()[:10]}.{kind}"


def at(asked: str) -> tuple[str, str] | None:
    """What stands at a path: the file's name and type."""
    for name in ("style.css", "page.js", "offline.js"):
        if path(name) == asked:
            return name, KINDS[name.rpartition(".")[2]]
    return None
