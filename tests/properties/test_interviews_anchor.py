"""Offsets survive every edit: emoji, combining marks, right-to-left text, repeated words."""

from __future__ import annotations

import re
import textwrap
from itertools import pairwise

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from royst.interviews import coding as cod
from royst.interviews import revision, transcript
from royst.interviews.anchor import Edit, Replacement, align
from royst.interviews.codebook import Code, Codebook
from royst.interviews.store import Store
from royst.interviews.text import from_utf16, normalise, sha256, to_utf16

LETTERS = st.sampled_from(
    [
        *"ab ja\n.,æøå",
        "👍",
        "👩\u200d👩\u200d👧",
        "e\u0301",
        "\u0301",
        "ש",
        "ל",
        "\u202b",
        "م",
        "ر",
        "\u064e",
        "𝔸",
        "한",
        "🇳🇴",
        "\u00a0",
    ]
)
TEXT = st.lists(LETTERS, min_size=1, max_size=40).map("".join).map(normalise).filter(bool)
INSERTED = st.lists(LETTERS, max_size=8).map("".join)


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, str, int, int, int, int, int]:
    old = draw(TEXT)
    at = draw(st.integers(0, len(old)))
    to = draw(st.integers(at, min(len(old), at + 10)))
    put = draw(INSERTED)
    start = draw(st.integers(0, len(old) - 1))
    end = draw(st.integers(start + 1, len(old)))
    return old, old[:at] + put + old[to:], start, end, at, to, len(put)


@settings(max_examples=400, deadline=None)
@given(edited())
@example(("aab", "aaab", 1, 3, 0, 0, 1))
@example(("aaab", "aab", 2, 4, 0, 1, 0))
def test_a_selection_outside_one_edit_keeps_its_words(case: tuple[str, str, int, int, int, int, int]) -> None:
    old, new, start, end, at, to, _ = case
    assume(end <= at or start >= to)
    assume(normalise(new) == new)
    moved = align(old, new).move(start, end)
    assert moved.state == "same"
    assert moved.start is not None and new[moved.start : moved.end] == old[start:end]


@settings(max_examples=400, deadline=None)
@given(TEXT, TEXT, st.data())
def test_same_is_said_only_of_the_same_words_and_places_are_in_the_text(
    old: str, new: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(old) - 1))
    end = data.draw(st.integers(start + 1, len(old)))
    moved = align(old, new).move(start, end)
    if moved.state == "review":
        assert moved.start is None and moved.end is None
    else:
        assert moved.start is not None and moved.end is not None
        assert 0 <= moved.start < moved.end <= len(new)
        assert (moved.state == "same") == (new[moved.start : moved.end].split() == old[start:end].split())


@settings(max_examples=200, deadline=None)
@given(TEXT, TEXT)
def test_blocks_are_shared_words_in_order(old: str, new: str) -> None:
    at_old = at_new = 0
    for a, b, length in align(old, new).blocks:
        assert a >= at_old and b >= at_new and length > 0
        assert old[a : a + length] == new[b : b + length]
        at_old, at_new = a + length, b + length


@given(st.text(max_size=60))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once and sha256(once) == sha256(normalise(once))
    assert "\r" not in once


def test_a_text_that_was_wrapped_anew_keeps_every_selection() -> None:
    """Every line differs, nearly every word is the same: 40,000 characters of few words, so that hardly one stands alone."""
    words = [f"{'abcdefgh'[(i * i + i // 7) % 8]}{'ij'[i % 2]}" + ("." if i % 11 == 0 else "") for i in range(12_000)]
    old, new = textwrap.fill(" ".join(words), 60), textwrap.fill(" ".join(words), 83)
    alignment = align(old, new)
    edges = [m.start() for m in re.finditer(r"\b\w", old)]
    for first, last in zip(edges[::97], edges[25::97], strict=False):
        moved = alignment.move(first, last + 2)
        assert moved.state == "same" and moved.start is not None
        # The place is the right one of many like it: as many words stand before it.
        assert len(new[: moved.start].split()) == len(old[:first].split())


def test_a_passage_that_was_moved_takes_its_coding_along() -> None:
    first, second = (
        "Jeg fikk aldri noe svar fra dem.",
        "Det var en lang historie om noe helt annet, og den tok tid å fortelle.",
    )
    old, new = f"A: {first}\nA: {second}\n", f"A: {second}\nA: {first}\n"
    for words in (first, second):
        start = old.index(words)
        moved = align(old, new).move(start, start + len(words))
        assert moved.state == "same" and new[moved.start : moved.end] == words


def test_unchanged_text_moves_nothing() -> None:
    text = "Jeg 👍 har det bra.\nمرحبا"
    assert all(align(text, text).move(i, i + 1).start == i for i in range(len(text)))


def test_a_corrected_word_inside_stays_and_is_said_to_be_changed() -> None:
    old = "I: Hvordan er det?\nA: Jeg fikk hjelp av komunen i fjor."
    new = old.replace("komunen", "kommunen")
    start, end = old.index("fikk"), old.index(" i fjor")
    moved = align(old, new).move(start, end)
    assert moved.state == "changed" and new[moved.start : moved.end] == "fikk hjelp av kommunen"


def test_words_taken_out_go_to_review_even_where_the_same_word_stands_elsewhere() -> None:
    old = "A: Ja.\nI: Og hvordan gikk det med arbeidet etterpå, fikk du noe?\nA: Ja."
    new = old[old.index("I:") :]
    assert align(old, new).move(3, 6).state == "review"


@settings(max_examples=300, deadline=None)
@given(TEXT, st.data())
def test_known_replacements_move_a_selection_as_if_its_edges_were_marked_in_the_text(
    old: str, data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(old)), max_size=6)))
    edits = [Edit(s, e, data.draw(st.sampled_from(["", "[x]", "👍"]))) for s, e in list(pairwise(cuts))[::2]]
    start = data.draw(st.integers(0, len(old) - 1))
    end = data.draw(st.integers(start + 1, len(old)))
    replacement = Replacement(old, tuple(edits))
    # The reference: every character of the new text remembers which old characters it stands for.
    stands: list[tuple[int, int]] = []
    at = 0
    for edit in edits:
        stands += [(i, i + 1) for i in range(at, edit.start)] + [(edit.start, edit.end)] * len(edit.words)
        at = edit.end
    stands += [(i, i + 1) for i in range(at, len(old))]
    touched = [place for place, (low, high) in enumerate(stands) if low < end and start < high]
    moved = replacement.move(start, end)
    assert len(stands) == len(replacement.new)
    assert (moved.start, moved.end) == ((touched[0], touched[-1] + 1) if touched else (None, None))


@settings(max_examples=40, deadline=None)
@given(TEXT, st.data())
def test_codings_survive_any_number_of_edits_around_them(
    tmp_path_factory: pytest.TempPathFactory, middle: str, data: st.DataObject
) -> None:
    """Through the files: each edit is a new version, and the coding holds the same words in each."""
    mark = "«" + middle + "»"
    text = normalise(data.draw(INSERTED) + "|" + mark + "|" + data.draw(INSERTED))
    assume(text.count(mark) == 1)
    store = Store(tmp_path_factory.mktemp("s"))
    transcript.add(store, "t", text, voices={})
    cod.open_round(store, "r", ["x"], ["t"])
    start = text.index(mark)
    book = Codebook().add(Code("c", "C"), by="x", on="2020-01-01")
    cod.code_words(store, book, "r", "x", transcript.latest(store, "t"), start, start + len(mark), "c")
    for version in range(2, 2 + data.draw(st.integers(1, 3))):
        before, after = text.split(mark)
        if data.draw(st.booleans()):
            at, to = sorted((data.draw(st.integers(0, len(before) - 1)), data.draw(st.integers(0, len(before) - 1))))
            before = before[:at] + data.draw(INSERTED) + before[to:]
        else:
            after = after[: data.draw(st.integers(1, len(after)))] + data.draw(INSERTED)
        changed = normalise(before + mark + after)
        assume(changed != text)
        text = changed
        assume(text.count(mark) == 1)
        made = revision.revise(store, "t", text, by="x", why="test")
        (coding,) = cod.read_codings(store, "x", "r")
        assert (coding.version, coding.state, made.same) == (version, "same", 1)
        assert text[coding.start : coding.end] == mark


@given(st.text(st.sampled_from("aå👍é\u0301ש\n𝔸"), max_size=30), st.data())
def test_places_go_to_utf16_and_back(text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text)))
    assert to_utf16(text, place) == len(text[:place].encode("utf-16-le")) // 2
    assert from_utf16(text, to_utf16(text, place)) == place
    with pytest.raises(ValueError, match="place"):
        from_utf16(text, to_utf16(text, len(text)) + 1)
    with pytest.raises(ValueError, match="place"):
        from_utf16(text, -1)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 19), st.integers(1, 20)), max_size=8))
def test_segments_cover_the_text_and_say_what_lies_over_each(spans: list[tuple[int, int]]) -> None:
    codings = [cod.Coding(str(i), "t", 1, s, min(s + n, 20), "c", "x", "r") for i, (s, n) in enumerate(spans)]
    found = cod.segments(20, codings)
    assert [s for s, _, _ in found] == [0, *[e for _, e, _ in found[:-1]]] and found[-1][1] == 20
    for start, end, ids in found:
        for place in range(start, end):
            assert set(ids) == {c.id for c in codings if c.start <= place < c.end}
