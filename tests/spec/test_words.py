"""The words of the three languages: the same keys, the same parameters, and nynorsk that is nynorsk."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

from royst.words import LANGUAGES, Words, entries, lower_first, sentence

ROOT = Path(__file__).parents[2]


def _parameters(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_the_three_languages_have_the_same_keys() -> None:
    keys = {language: set(entries(language)) for language in LANGUAGES}
    assert keys["nb"] == keys["nn"] == keys["en"]


@pytest.mark.parametrize("language", ["nn", "en"])
def test_each_text_takes_the_same_parameters(language: str) -> None:
    for key, text in entries("nb").items():
        other = entries(language)[key]
        assert type(other) is type(text), key
        if isinstance(text, str):
            assert _parameters(text) == _parameters(str(other)), key
            assert all(name for name in _parameters(text)), f"{key}: a parameter without a name"
        elif isinstance(text, tuple):
            assert isinstance(other, tuple) and len(other) == len(text), key


def test_a_missing_key_or_parameter_is_an_error() -> None:
    words = Words("nb")
    with pytest.raises(KeyError):
        words("no.such.key")
    with pytest.raises(KeyError):
        words("list.last", before="a")
    with pytest.raises(KeyError):
        Words("sv")


BOKMAAL = frozenset(
    re.findall(
        r"\S+",
        """
        ikke hvordan hvorfor hvem hva hvor hver hvert hvilke hvilken hvilket fra mer noen noe jeg de dem et en mye bare være ble
        gjøre gjør si sier tjenester tjenestene tjeneste undersøkelse undersøkelsen undersøkelser brukere brukerne høyere høyest
        lavere lavest forskjell forskjeller forskjellen usikkerhet usikkerheten målingen målinger målingene gjennomført tallene
        tallet svarene sammenligning sammenligningen sammenlignes sammenligne hjem hjemme selv uten bolig opplysninger kommunene
        viktigst dårligere beregnet medvirkning forbedring vanskelig muligheten personer kommuner rapporter rapportene figurene
        kapitlene steder ganger endringer finner ligger bygger lages brukes leses utenfor innenfor synes mener andelen økt økning
        hvis svarte ansatte ansatt enheter
        """,
    )
)
"""Forms that are bokmål and never nynorsk, or that this house does not write in nynorsk."""

SAYS_YOU = {"unit.read_talk", "improve.plan_text", "improve.check_text"}
"""Texts that address several readers: *de* is *dere*."""


def test_nynorsk_is_not_copied_bokmal() -> None:
    for key, text in entries("nn").items():
        if key.startswith(("number.common", "number.neuter", "date.")):
            continue
        said = text if isinstance(text, str) else " ".join(map(str, text)) if isinstance(text, tuple) else ""
        found = set(re.findall(r"[a-zæøåéèòô]+", said.lower())) & BOKMAAL
        if key in SAYS_YOU:
            found -= {"de"}
        assert not found, f"nn {key}: {sorted(found)} in {said!r}"


def test_nynorsk_says_what_nynorsk_says() -> None:
    text = " ".join(value for value in entries("nn").values() if isinstance(value, str)).lower()
    words = set(re.findall(r"[a-zæøå]+", text))
    assert {
        "ikkje",
        "frå",
        "dei",
        "meir",
        "tal",
        "svara",
        "skilnad",
        "korleis",
        "kva",
        "nokon",
        "ein",
        "eit",
        "vi",
        "berre",
        "kvar",
    } <= words


def test_texts_are_tidy() -> None:
    for language in LANGUAGES:
        for key, text in entries(language).items():
            if isinstance(text, str) and key != "number.thousands":
                assert text == text.strip(), f"{language} {key}"
                assert "  " not in text, f"{language} {key}"
            if isinstance(text, str):
                assert "signifikan" not in text.lower() and "significan" not in text.lower(), (
                    f"{language} {key}: size is never called significant"
                )


def test_a_texts_own_language_comes_first_then_the_nearest() -> None:
    assert Words("nn").of({"nb": "a", "en": "b"}) == "a"
    assert Words("en").of({"nb": "a", "en": "b"}) == "b"
    assert Words("nb").of({"en": "b"}) == "b"
    assert Words("nb").of({}) == ""


def test_joining_and_capitals() -> None:
    assert Words("nb").joined(["a", "b", "c"]) == "a, b og c"
    assert Words("en").joined(["a"]) == "a"
    assert sentence("å være") == "Å være"
    assert lower_first("Sivilstatus og barn") == "sivilstatus og barn"
    assert lower_first("LAR-behandling") == "LAR-behandling"


def _used() -> tuple[set[str], set[str]]:
    """Every string of our code, and what stands before the first parameter of every f-string with a dot in it."""
    whole, begun = set(), set()
    for folder in ("publish", "words", "evaluation", "interviews"):
        for path in sorted((ROOT / "royst" / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    whole.add(node.value)
                if isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
                    start = str(node.values[0].value)
                    if re.fullmatch(r"[a-z_]+\.[a-z_]*", start):
                        begun.add(start)
    return whole, begun


def test_every_text_is_used_and_every_use_has_its_text() -> None:
    whole, begun = _used()
    keys = set(entries("nb"))
    idle = {key for key in keys - whole if not any(key.startswith(start) for start in begun)}
    assert not idle, "texts that nothing says"
    sections = {key.partition(".")[0] for key in keys}
    asked = {
        text for text in whole - begun if re.fullmatch(r"[a-z_]+\.[a-z_]+", text) and text.partition(".")[0] in sections
    }
    files = (".py", ".md", ".csv", ".toml", ".html", ".json", ".pdf", ".docx", ".xlsx")
    assert not {text for text in asked - keys if not text.endswith(files)}, "texts that are missing"
    assert not {
        start
        for start in begun
        if start.partition(".")[0] in sections and not any(key.startswith(start) for key in keys)
    }
