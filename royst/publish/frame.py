"""The words around the contents: skip links, table of contents, page numbers. In each of the readers' languages, from one file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = {"nb": "Bokmål", "nn": "Nynorsk", "en": "English"}


@cache
def _entries(language: str) -> dict[str, Any]:
    text = files("royst.publish").joinpath("templates", "frame.toml").read_text(encoding="utf-8")
    entries: dict[str, Any] = tomllib.loads(text)[language]
    return entries


def frame(language: str) -> dict[str, str]:
    """The frame's words in ``nb``, ``nn`` or ``en``; ``KeyError`` for another language."""
    return {name: text for name, text in _entries(language).items() if isinstance(text, str)}


@dataclass(frozen=True)
class Book:
    """The words of the workbook: sheet names and other single ``texts``, ``about`` (its notes), ``columns`` and ``codes`` by their names in the release."""

    texts: dict[str, str]
    about: tuple[str, ...]
    columns: dict[str, str]
    codes: dict[str, str]


@cache
def book(language: str) -> Book:
    """The workbook's words in ``nb``, ``nn`` or ``en``; ``KeyError`` for another language."""
    found = _entries(language)["book"]
    texts = {name: text for name, text in found.items() if isinstance(text, str)}
    return Book(texts, tuple(found["about"]), found["columns"], found["codes"])
