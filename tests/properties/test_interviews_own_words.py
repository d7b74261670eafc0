"""A person's own words in others' texts: long stretches are always found and cut, and what nobody said stays."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from royst.interviews.own_words import GONE, ROW, SURELY, OwnWords

WORDS = st.sampled_from(["jeg", "er", "mye", "alene", "og", "det", "blir", "stille", "når", "ingen", "ringer", "på", "døra", "her"])
TALK = st.lists(WORDS, min_size=SURELY, max_size=40)


def of(said: list[str]) -> OwnWords:
    return OwnWords(frozenset(tuple(said[i : i + ROW]) for i in range(len(said) - ROW + 1)))


@settings(deadline=None)
@given(TALK, st.lists(WORDS, max_size=15), st.lists(WORDS, max_size=15), st.data(), st.sampled_from([" ", ", ", " – ", "\n"]))
def test_no_long_stretch_is_left(said: list[str], before: list[str], after: list[str], data: st.DataObject, between: str) -> None:
    """By trying every stretch of the talk: none of so many words in a row stands in what is left."""
    start = data.draw(st.integers(0, len(said) - SURELY))
    end = data.draw(st.integers(start + SURELY, len(said)))
    text = between.join([*before, *(word.upper() for word in said[start:end]), *after])
    words = of(said)
    assert words.repeats(text)
    left = [re.findall(r"\w+", part.casefold()) for part in words.cut(text).split(GONE)]
    stretches = {tuple(said[i : i + SURELY]) for i in range(len(said) - SURELY + 1)}
    assert not any(tuple(part[i : i + SURELY]) in stretches for part in left for i in range(len(part)))


@settings(deadline=None)
@given(TALK, st.lists(st.sampled_from(["kommunen", "tilbyr", "flere", "steder", "å", "gå"]), max_size=30))
def test_others_words_stay(said: list[str], text: list[str]) -> None:
    written = " ".join(text)
    assert of(said).cut(written) == written and not of(said).repeats(written)


def test_a_few_words_in_a_row_are_told_and_left() -> None:
    words = of(["jeg", "er", "mye", "alene", "og", "det", "blir", "stille"])
    text = "Flere sier «jeg er mye alene og» noe mer."
    assert words.repeats(text) and words.cut(text) == text
