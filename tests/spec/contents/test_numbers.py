"""Numbers as people read them, by the field's rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from royst.publish import numbers
from royst.words import LANGUAGES, Words

NB, NN, EN = Words("nb"), Words("nn"), Words("en")


@pytest.mark.parametrize(
    ("value", "n", "said"),
    [
        (60.0, 1336, "seks av ti (60 prosent)"),
        (57.5, 1336, "seks av ti (58 prosent)"),
        (62.5, 100, "seks av ti (63 prosent)"),
        (60.0, 99, "60 prosent"),
        (48.0, 1336, "nesten halvparten (48 prosent)"),
        (45.4, 1336, "45 prosent"),
        (50.2, 1336, "halvparten (50 prosent)"),
        (53.0, 1336, "over halvparten (53 prosent)"),
        (55.6, 1336, "56 prosent"),
        (36.0, 1336, "36 prosent"),
        (4.0, 1336, "fire prosent"),
        (12.0, 1336, "én av ti (12 prosent)"),
        (0.3, 1336, "mindre enn én prosent"),
        (99.7, 1336, "mer enn 99 prosent"),
    ],
)
def test_a_share_in_words(value: float, n: int, said: str) -> None:
    assert numbers.share(NB, value, n) == said


@given(st.integers(0, 1000).map(lambda tenth: tenth / 10), st.integers(100, 5000))
def test_tenths_are_said_only_within_two_and_a_half_points(value: float, n: int) -> None:
    said = numbers.tenths(NB, value, n)
    if said is not None:
        tenth = numbers.Decimal(NB.list("number.common").index(said.split(" ")[0]) * 10)
        assert abs(numbers.Decimal(str(value)) - tenth) <= numbers.Decimal("2.5")
    assert numbers.tenths(NB, value, 99) is None


@pytest.mark.parametrize("language", LANGUAGES)
@given(value=st.floats(-100, 100))
def test_never_minus_zero_nor_a_hyphen_for_minus(language: str, value: float) -> None:
    said = numbers.signed(Words(language), value)
    assert said not in ("−0", "-0", "+0")
    assert "-" not in said


def test_differences() -> None:
    assert numbers.signed(NB, -0.4) == "0"
    assert numbers.signed(NB, -6.5) == "−7"
    assert numbers.signed(EN, 6.26, 1) == "+6.3"
    assert numbers.points(NB, 6.2) == "seks prosentpoeng"
    assert numbers.points(NN, -1.0) == "eitt prosentpoeng"
    assert numbers.points(EN, 1.0) == "one percentage point"
    assert numbers.points(NB, 0.4) == "mindre enn ett prosentpoeng"
    assert numbers.points(NB, 14) == "14 prosentpoeng"


def test_marks_of_each_language() -> None:
    assert numbers.cell(NB, 30.0) == "30\u00a0%"
    assert numbers.cell(EN, 30.0) == "30%"
    assert numbers.decimal(NB, 3.64, 2) == "3,64"
    assert numbers.decimal(EN, 3.64, 2) == "3.64"
    assert numbers.plain(NB, 1336) == "1336"
    assert numbers.plain(NB, 22404) == "22\u00a0404"
    assert numbers.plain(EN, 1336) == "1,336"
    assert numbers.interval(NB, 57.2, 62.8) == "57–63"
    assert numbers.interval(NB, -2.2, 6.0) == "−2 til 6"
    assert numbers.cell(NB, None) == "" and numbers.interval(NB, None, 3.0) == ""


def test_counts_dates_and_probabilities() -> None:
    assert numbers.count(NB, 12) == "tolv" and numbers.count(NB, 13) == "13" and numbers.count(NN, 1) == "éin"
    assert numbers.date(NB, "2020-06-15") == "15.\u00a0juni 2020"  # no line ends after the day
    assert numbers.date(EN, "2020-06") == "June 2020"
    assert numbers.date(NB, "høsten 2019") == "høsten 2019"
    assert numbers.probability(NB, 0.0004) == "<\u00a00,001" and numbers.probability(EN, 0.012) == "0.012"


def test_a_probability_is_never_rounded_across_the_level_of_the_test() -> None:
    assert numbers.probability(NB, 0.0499) == "0,0499" and numbers.probability(EN, 0.0504) == "0.0504"
    assert numbers.probability(NB, 0.05) == "0,050" and numbers.probability(NB, 0.0489) == "0,049"
