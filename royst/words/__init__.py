"""All words that Røyst publishes: one TOML file a language, the same keys and the same parameters in each.

``Words("nb")("findings.sample", count="1336", ...)`` gives the sentence. A key or a parameter that is missing is our own fault, never the user's:
it raises ``KeyError``, and a test reads every key in every language.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources

LANGUAGES = ("nb", "nn", "en")
_NEAREST = {"nb": ("nb", "nn", "en"), "nn": ("nn", "nb", "en"), "en": ("en", "nb", "nn")}

Entry = str | int | tuple[str, ...]


@cache
def entries(language: str) -> Mapping[str, Entry]:
    """Every entry of a language, keys written with dots (``groups.higher``). Raises ``KeyError`` for a language we do not have."""
    if language not in LANGUAGES:
        raise KeyError(f"no words in language {language!r}")
    text = resources.files(__package__).joinpath(f"{language}.toml").read_text(encoding="utf-8")
    return dict(_flat(tomllib.loads(text), ""))


def _flat(part: Mapping[str, object], before: str) -> Iterable[tuple[str, Entry]]:
    for key, value in part.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        elif isinstance(value, list):
            yield before + key, tuple(str(entry) for entry in value)
        elif isinstance(value, int):
            yield before + key, value
        else:
            yield before + key, str(value)


class Words:
    """The words of one language (``nb``, ``nn`` or ``en``)."""

    def __init__(self, language: str):
        self.language = language
        self._entries = entries(language)

    def __call__(self, key: str, **parameters: object) -> str:
        """The text of ``key`` with its parameters filled in. Raises ``KeyError`` where the key or a parameter is missing."""
        text = self._entries[key]
        if not isinstance(text, str):
            raise KeyError(f"{key} is not a text")
        return text.format_map(parameters)

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def list(self, key: str) -> tuple[str, ...]:
        """The list under ``key`` (months, number words)."""
        found = self._entries[key]
        if not isinstance(found, tuple):
            raise KeyError(f"{key} is not a list")
        return found

    def setting(self, key: str) -> int:
        """The whole number under ``key``."""
        found = self._entries[key]
        if not isinstance(found, int):
            raise KeyError(f"{key} is not a number")
        return found

    def of(self, text: Mapping[str, str]) -> str:
        """A study's own text in this language, else in the nearest one it has (nynorsk and bokmål before English); empty where it has none."""
        for language in _NEAREST[self.language]:
            if text.get(language):
                return text[language]
        return next((said for said in text.values() if said), "")

    def joined(self, parts: Iterable[str]) -> str:
        """``a, b og c``."""
        said = list(parts)
        if len(said) < 2:
            return "".join(said)
        return self("list.last", before=", ".join(said[:-1]), last=said[-1])


def sentence(text: str) -> str:
    """The text with a capital first letter; everything else stays."""
    return text[:1].upper() + text[1:]


def lower_first(text: str) -> str:
    """The text as it stands inside a sentence: ``Sivilstatus`` becomes ``sivilstatus``; ``LAR`` stays."""
    first = text.split(" ", 1)[0]
    return text if len(first) > 1 and first[1:] != first[1:].lower() else text[:1].lower() + text[1:]
