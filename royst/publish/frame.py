"""The words around the contents: skip links, table of contents, page numbers. In each of the readers' languages, from one file."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

LANGUAGES = {"nb": "Bokmål", "nn": "Nynorsk", "en": "English"}


@cache
def frame(language: str) -> dict[str, str]:
    """The frame's words in ``nb``, ``nn`` or ``en``; ``KeyError`` for another language."""
    text = files("royst.publish").joinpath("templates", "frame.toml").read_text(encoding="utf-8")
    words: dict[str, str] = tomllib.loads(text)[language]
    return words
