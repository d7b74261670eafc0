"""Agreement of a round: per code, in all, and where there is nothing to say.

1. A reflexive analysis has no coefficient.
2. Kappa is of two coders; alpha of any number.
3. Codes on the same words have no one value a character, so cu-alpha is not given, and the others are.
4. Nothing crosses from one transcript to the next, and merged codes count as one.
5. Small numbers worked by hand.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from royst.errors import InputError
from royst.interviews import coding as cod
from royst.interviews import reliability, transcript
from royst.interviews.codebook import Code, Codebook
from royst.interviews.coding import Coding
from royst.interviews.store import Store

BOOK = Codebook().add(Code("a", "A"), by="x", on="2020-01-01").add(Code("b", "B"), by="x", on="2020-01-01")


def put(coder: str, start: int, end: int, code: str = "a", id: str = "t") -> Coding:
    return Coding(f"{coder}{start}{code}{id}", id, 1, start, end, code, coder, "r")


def of(
    *codings: Coding, lengths: dict[str, int] | None = None, coders: str = "xy", book: Codebook = BOOK
) -> dict[str, reliability.CodeAgreement]:
    by_coder = {coder: [c for c in codings if c.coder == coder] for coder in coders}
    return {row.code: row for row in reliability.agreement_of(by_coder, lengths or {"t": 20}, book)}


def test_a_reflexive_round_has_no_coefficient(tmp_path: Path) -> None:
    store = Store(tmp_path)
    transcript.add(store, "t", "I: Hei.\nA: Ja da.", voices={})
    cod.open_round(store, "r", ["x", "y"], ["t"], approach="reflexive")
    cod.close_round(store, "r")
    (row,) = reliability.agreement_of_round(store, "r", BOOK)
    assert {a.why for a in row.coefficients.values()} == {"not-applicable"}
    assert all(a.value is None for a in row.coefficients.values())
    table = reliability.agreement_table([row])
    assert table["value"].null_count() == table.height == 4


def test_ten_characters_of_twenty_by_hand() -> None:
    """x marks 0–10, y marks 0–5: 15 of 20 characters agree. Kappa: p_e = .5·.25 + .5·.75 = .5, so (.75 − .5)/.5 = .5.
    Alpha: 15 marked of 40 values, D_e = 2·15·25/(40·39) = .4808, D_o = .25, so .48."""
    row = of(put("x", 0, 10), put("y", 0, 5))["a"]
    assert row.coefficients["cohen-kappa"].value == pytest.approx(0.5)
    assert row.coefficients["krippendorff-alpha"].value == pytest.approx(0.48)
    assert row.characters == {"x": 10, "y": 5}


def test_kappa_is_of_two_coders() -> None:
    row = of(put("x", 0, 10), put("y", 0, 5), put("z", 0, 10), coders="xyz")["a"]
    assert row.coefficients["cohen-kappa"].why == "two-coders-only"
    assert row.coefficients["krippendorff-alpha"].value is not None and row.coefficients["u-alpha"].value is not None


def test_one_coder_agrees_with_no_one() -> None:
    row = of(put("x", 0, 10), coders="x")["a"]
    assert {a.why for a in row.coefficients.values()} == {"two-coders-only", "one-coder"}


def test_codes_on_the_same_words_leave_cu_alpha_out() -> None:
    rows = of(put("x", 0, 10), put("x", 5, 12, "b"), put("y", 0, 10), put("y", 5, 12, "b"))
    assert rows["*"].coefficients["cu-alpha"].why == "overlapping"
    assert [rows["*"].coefficients[name].value for name in reliability.COEFFICIENTS] == pytest.approx([1, 1, 1])


def test_other_codes_on_the_same_places_disagree_on_the_code_alone() -> None:
    rows = of(put("x", 0, 5), put("x", 10, 15, "b"), put("y", 0, 5, "b"), put("y", 10, 15))
    total = rows["*"].coefficients
    assert total["cu-alpha"].value is not None and total["cu-alpha"].value < 0
    assert total["u-alpha"].value is not None and total["u-alpha"].value < 0


def test_nothing_crosses_from_one_transcript_to_the_next() -> None:
    """A stretch to the end of one and one from the beginning of the next are two units, not one."""
    apart = of(put("x", 10, 20), put("x", 0, 10, id="u"), put("y", 10, 20), lengths={"t": 20, "u": 20})[
        "a"
    ].coefficients["u-alpha"]
    joined = of(put("x", 10, 30), put("y", 10, 20), lengths={"t": 40})["a"].coefficients["u-alpha"]
    assert apart.observed == joined.observed and apart.expected != joined.expected


def test_a_merged_code_counts_as_what_it_is_read_as() -> None:
    merged = BOOK.merge("b", "a", by="x", on="2020-01-02")
    rows = of(put("x", 0, 10), put("y", 0, 10, "b"), book=merged)
    assert set(rows) == {"a", "*"} and rows["a"].coefficients["u-alpha"].value == 1


def test_a_coding_in_review_is_left_out() -> None:
    lost = Coding("q", "t", 1, 0, 20, "a", "y", "r", state="review")
    assert of(put("x", 0, 10), put("y", 0, 10), lost)["a"].coefficients["u-alpha"].value == 1


def test_an_open_blind_round_is_not_compared(tmp_path: Path) -> None:
    store = Store(tmp_path)
    transcript.add(store, "t", "I: Hei.\nA: Ja da.", voices={})
    cod.open_round(store, "r", ["x", "y"], ["t"])
    with pytest.raises(InputError, match="round-open"):
        reliability.agreement_of_round(store, "r", BOOK)
