"""How many of the marked identifiers of two hand-made texts are found; the figures stand in docs/interviews.md, and this test keeps them true.

The texts are ours, and so flatter the rules; they hold hard cases on purpose (names without capitals, spelled-out numbers, a trade that gives away).
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from royst.interviews.identifiers import Finding, Gazetteers, find
from royst.interviews.identity import identity_number
from royst.interviews.transcript import Transcript, find_turns

HERE = Path(__file__).parent
DOCS = HERE.parents[2] / "docs" / "interviews.md"
MARK = re.compile(r"\{\{([a-z-]+)\|([^}]+)\}\}")
PLACES = Gazetteers(
    names=frozenset(
        [
            "Torbjørg",
            "Kjersti",
            "Mads",
            "Ragnhild",
            "Silje",
            "Ali",
            "Gro",
            "Bente",
            "Einar",
            "Gunnlaug",
            "Mabel",
            "Desmond",
            "Ife",
            "Jo",
            "Priya",
            "Tariq",
            "Winnie",
        ]
    ),
    places=frozenset({"Fiskøya", "Vestvåg", "Ytre Sand", "Ashcombe", "Little Wexley", "St Brannock"}),
)


def marked(language: str) -> tuple[Transcript, list[tuple[str, int, int]]]:
    raw = "".join(
        line
        for line in (HERE / f"identifiers_{language}.txt").read_text(encoding="utf-8").splitlines(keepends=True)
        if not line.startswith("#")
    )
    gold, parts, length, at = [], [], 0, 0
    for match in MARK.finditer(raw):
        parts += [raw[at : match.start()], match.group(2)]
        length += match.start() - at
        gold.append((match.group(1), length, length + len(match.group(2))))
        length += len(match.group(2))
        at = match.end()
    text = "".join([*parts, raw[at:]])
    return Transcript(language, 1, text, find_turns(text), {}, "txt", ""), gold


def covered(found: tuple[Finding, ...], start: int, end: int, text: str) -> bool:
    """Every letter and digit of the identifier lies in some finding."""
    return all(any(f.start <= i < f.end for f in found) for i in range(start, end) if text[i].isalnum())


def recall(language: str, gazetteers: Gazetteers, sweep: bool = True) -> tuple[int, int, Counter[str]]:
    transcript, gold = marked(language)
    found = tuple(f for f in find(transcript, gazetteers) if sweep or f.certainty != "sweep")
    missed = [(kind, transcript.text[s:e]) for kind, s, e in gold if not covered(found, s, e, transcript.text)]
    return len(gold) - len(missed), len(gold), Counter(words for _, words in missed)


@pytest.mark.parametrize("language", ["nb", "en"])
def test_the_recall_in_the_manual_is_what_is_measured(language: str) -> None:
    manual = DOCS.read_text(encoding="utf-8")
    for name, gazetteers, sweep in (
        ("rules alone", Gazetteers(), False),
        ("rules and sweep", Gazetteers(), True),
        ("rules, lists and sweep", PLACES, True),
    ):
        hits, of, missed = recall(language, gazetteers, sweep)
        assert f"| {language} | {name} | {hits} of {of} |" in manual, (hits, of, missed)


def test_what_is_missed_is_what_the_manual_says_is_missed() -> None:
    """Names without capitals, numbers spelled out, a trade that gives away."""
    for language in ("nb", "en"):
        _, _, missed = recall(language, PLACES)
        assert set(missed) <= {
            "rune", "fyrvokteren i kommunen", "ni en to, tre fire fem, seks sju",
            "samantha", "the woman who rang the bells", "five five five, oh one double nine",
        }, missed  # fmt: skip


def test_every_identity_number_with_right_check_digits_is_sure_and_others_are_asked_about() -> None:
    transcript, _ = marked("nb")
    found = {f.words: f.certainty for f in find(transcript) if f.kind == "national-id"}
    assert found == {"01010750160": "sure", "010107 50161": "likely"}


def test_check_digits_by_their_definition() -> None:
    """Eleven digits drawn by counting; the rule spelled out as the two sums modulo 11."""

    def by_definition(n: str) -> bool:
        d = [int(c) for c in n]
        k1 = (
            11 - (3 * d[0] + 7 * d[1] + 6 * d[2] + d[3] + 8 * d[4] + 9 * d[5] + 4 * d[6] + 5 * d[7] + 2 * d[8]) % 11
        ) % 11
        k2 = (
            11
            - (
                5 * d[0]
                + 4 * d[1]
                + 3 * d[2]
                + 2 * d[3]
                + 7 * d[4]
                + 6 * d[5]
                + 5 * d[6]
                + 4 * d[7]
                + 3 * d[8]
                + 2 * d[9]
            )
            % 11
        ) % 11
        return (k1, k2) == (d[9], d[10])

    held = [n for n in (f"010150{i:05d}" for i in range(0, 99999, 7)) if by_definition(n)]
    assert len(held) > 50
    assert all(identity_number(n) == "fødselsnummer" for n in held)
    # One wrong digit is always found out under the rule before 2032 (both sums change); under the later rule k2 still finds it.
    assert all(identity_number(n[:8] + str((int(n[8]) + 1) % 10) + n[9:]) is None for n in held)


@pytest.mark.parametrize(
    ("day", "month", "kind"),
    [("41", "01", "D-number"), ("01", "41", "help number"), ("01", "81", "synthetic"), ("01", "66", "synthetic")],
)
def test_the_other_kinds_of_number(day: str, month: str, kind: str) -> None:
    numbers = [f"{day}{month}50{i:05d}" for i in range(100_000)]
    kinds = {identity_number(n) for n in numbers[::3]}
    assert kinds == {None, kind}


@pytest.mark.parametrize("number", ["32010750160", "01130750160", "0101075016", "abc", "٠١٠١٠٧٥٠١٦٠"])
def test_what_is_no_identity_number(number: str) -> None:
    assert identity_number(number) is None
