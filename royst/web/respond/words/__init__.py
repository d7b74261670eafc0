"""What the answering pages say by themselves, one TOML a language; other languages take theirs from ``asking.toml``, key by key."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib import resources

from django.utils.html import escape
from django.utils.safestring import mark_safe

from royst.words import LANGUAGES, Words

RIGHT_TO_LEFT = {"ar", "arc", "ckb", "dv", "fa", "he", "ku-arab", "ps", "sd", "ug", "ur", "yi", "prs"}
"""Languages written from right to left, by their first subtag (Unicode CLDR, scripts Arab, Hebr, Thaa)."""

NAMES = {
    "se": "Davvisámegiella", "sma": "Åarjelsaemien", "smj": "Julevsámegiella", "ar": "العربية", "fa": "فارسی", "prs": "دری", "ur": "اردو", "so": "Soomaali", "pl": "Polski",
    "uk": "Українська", "ru": "Русский", "ti": "ትግርኛ", "tr": "Türkçe", "lt": "Lietuvių", "es": "Español", "fr": "Français", "de": "Deutsch", "sv": "Svenska",
    "da": "Dansk", "ckb": "کوردیی ناوەندی", "kmr": "Kurmancî", "ro": "Română", "vi": "Tiếng Việt", "th": "ไทย", "ps": "پښتو",
}  # fmt: skip
"""How people call their own language."""

EASY = {"nb": "Lettlest", "nn": "Lettlese", "en": "Easy to read"}
"""A variant ``nb-easy`` of a language: the same questions in easier words."""


@cache
def own(language: str, package: str = __name__) -> Mapping[str, str]:
    """Our own words in a language, keys with dots; ``package`` holds them. Raises ``KeyError`` for one that we do not have."""
    if language not in LANGUAGES:
        raise KeyError(f"no words in language {language!r}")
    content = tomllib.loads(resources.files(package).joinpath(f"{language}.toml").read_text(encoding="utf-8"))
    found: dict[str, str] = {}
    for key, value in content.items():
        if isinstance(value, str):
            found[key] = value
        else:
            found.update({f"{key}.{inner}": said for inner, said in value.items()})
    return found


def direction(language: str) -> str:
    return "rtl" if language.split("-")[0] in RIGHT_TO_LEFT else "ltr"


def tag(language: str) -> str:
    """The language as HTML names it; an easy variant is a private subtag."""
    return language.replace("-easy", "-x-easy")


class Spoken:
    """The words of one of a form's languages. Where it has none of its own, those of the form's first language that we have are lent to it."""

    def __init__(self, language: str, others: tuple[str, ...], given: Mapping[str, Mapping[str, str]]):
        self.language = language
        base = language.split("-")[0]
        ours = base if base in LANGUAGES else next((other for other in others if other in LANGUAGES), "en")
        self._given = given.get(language, {})
        self._ours = own(ours)
        self.lender = "" if ours == base else ours
        """The language that lends its words; empty where none needs to."""

    def __call__(self, key: str, **parameters: object) -> str:
        text = self._given.get(key) or self._ours[key]
        for name, value in parameters.items():
            text = text.replace("{" + name + "}", str(value))
        return text

    def lent(self, key: str) -> str:
        """The language that a word is lent by; empty for one that is the form's language's own."""
        return "" if self._given.get(key) else self.lender

    def marked(self, key: str, **parameters: object) -> str:
        """A word as HTML, marked where another language lends it: for voices, and for the direction of writing."""
        said = escape(self(key, **parameters))
        return mark_safe(f'<span lang="{self.lent(key)}" dir="ltr">{said}</span>') if self.lent(key) else said

    def date(self, day: date | None) -> str:
        """A day in this language, else as 2021-05-31; empty for none."""
        if day is None:
            return ""
        base = self.language.split("-")[0]
        if base not in LANGUAGES:
            return day.isoformat()
        words = Words(base)
        return words("date.long", day=day.day, month=words.list("date.months")[day.month - 1], year=day.year)

    def section(self, name: str) -> dict[str, str]:
        """All words of a section, for a device that will be without the net."""
        return {key: self(key) for key in self._ours if key.startswith(name + ".") or "." not in key}


def called(language: str, given: Mapping[str, Mapping[str, str]]) -> str:
    """A language's name in itself."""
    base, _, variant = language.partition("-")
    if said := given.get(language, {}).get("name"):
        return said
    if variant == "easy":
        return EASY.get(base, f"{base} easy")
    return own(base)["name"] if base in LANGUAGES else NAMES.get(base, language)
