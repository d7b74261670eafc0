"""Coefficients of agreement against what was published.

- Cohen (1960), Educational and Psychological Measurement 20:37–46, table 1: kappa .492.
- Krippendorff (1995), Sociological Methodology 25:47–76, p. 57, examples A and C cut into 24 units: kappa .385, nominal alpha .329; kappa .314. Data and values
  as the tests of DKPro Statistics (Apache-2.0) quote them from the paper.
- Nominal alpha .743 with missing values: Krippendorff (2011), "Computing Krippendorff's alpha-reliability", part C (four observers, 12 units); .691 of the
  three-coder example that the encyclopaedia article on the coefficient works through (26 pairable values).
- ᵤα .510, |ᵤα .413, ᶜᵤα .724: Krippendorff (2019), Content Analysis, 4th ed., figure 12.11 and section 12.6.3–12.6.5 (three observers, 60 characters),
  data and values as the tests of the R package quallmer quote them from the book.
- α_U: Krippendorff (2004), Quality and Quantity 38:787–800, the example of two observers: D_o .0144, D_e .0532 and .0490, α .7285 and 1, jointly .8587
  (unrounded; the paper rounds its parts first).
- α_U of examples A to D of Krippendorff (1995), stretched to 1,200,000 characters: .553, −.926, .679, .066 (the paper's own rounding: within .02).
"""

from __future__ import annotations

import pytest

from royst.interviews.agreement import cohen_kappa, krippendorff_alpha, pooled
from royst.interviews.unitised import Unit, alpha_u_2004, binary_u_alpha, cu_alpha, ku_alpha, u_alpha

A = ("001111111100001111110000", "000011110000000110000000")
C = ("001111110011001111001100", "110011110011110011001100")


def test_kappa_and_alpha_of_krippendorff_1995() -> None:
    assert cohen_kappa(*A).value == pytest.approx(0.385, abs=0.0005)
    assert krippendorff_alpha(A).value == pytest.approx(0.329, abs=0.0005)
    assert cohen_kappa(*C).value == pytest.approx(0.314, abs=0.0005)
    same = cohen_kappa("1" * 24, "1" * 24)
    assert same.value is None and same.why == "no-variation"


def test_kappa_of_cohen_1960() -> None:
    """Two clinicians, 100 (hundredths of) cases in three categories: table 1 of Cohen (1960), kappa .492 from p_o .70 and p_e .41."""
    table = [
        ("a", "a", 44),
        ("a", "b", 5),
        ("a", "c", 1),
        ("b", "a", 7),
        ("b", "b", 20),
        ("b", "c", 3),
        ("c", "a", 9),
        ("c", "b", 5),
        ("c", "c", 6),
    ]
    first = [a for a, _, n in table for _ in range(n)]
    second = [b for _, b, n in table for _ in range(n)]
    found = cohen_kappa(first, second)
    assert found.observed == pytest.approx(0.30) and found.expected == pytest.approx(0.59)
    assert found.value == pytest.approx(0.492, abs=0.0005)


def ratings(*rows: str) -> list[list[str | None]]:
    return [[None if value == "." else value for value in row] for row in rows]


def test_alpha_of_krippendorff_2011_with_missing_values() -> None:
    found = krippendorff_alpha(ratings("123321412...", "1233224125.3", ".3332342251.", "12332441251."))
    assert found.n == 40
    assert found.value == pytest.approx(0.743, abs=0.0005)


def test_alpha_of_three_coders_with_missing_values() -> None:
    found = krippendorff_alpha(ratings(".....34121133.3", "1.213343.......", "..21344.21133.4"))
    assert found.n == 26
    assert found.value == pytest.approx(0.691, abs=0.0005)


FIGURE = [
    [Unit(0, 7, "1"), Unit(7, 13, "2"), Unit(30, 32, "5"), Unit(32, 37, "6"), Unit(37, 44, "6"), Unit(44, 60, "7")],
    [Unit(0, 7, "1"), Unit(7, 13, "3"), Unit(13, 21, "5"), Unit(32, 44, "6")],
    [Unit(0, 7, "1"), Unit(7, 13, "4"), Unit(13, 21, "5"), Unit(32, 37, "6"), Unit(37, 41, "6"), Unit(41, 44, "6")],
]


def test_the_unitised_family_of_krippendorff_2019() -> None:
    assert u_alpha(FIGURE, 60).value == pytest.approx(0.510, abs=0.0005)
    assert binary_u_alpha(FIGURE, 60).value == pytest.approx(0.413, abs=0.001)
    assert cu_alpha(FIGURE, 60).value == pytest.approx(0.724, abs=0.0005)
    assert [ku_alpha(FIGURE, 60, v).value for v in "156"] == pytest.approx([1, 1, 1])
    assert [ku_alpha(FIGURE, 60, v).value for v in "234"] == pytest.approx([0, 0, 0])
    assert ku_alpha(FIGURE, 60, "7").why == "nothing-coded"


def units(value: str, *spans: tuple[int, int]) -> list[Unit]:
    return [Unit(start, start + length, value) for start, length in spans]


def test_alpha_u_of_krippendorff_2004() -> None:
    first = units("c", (75, 70), (220, 30)) + units("k", (30, 60), (150, 50))
    second = units("c", (70, 80), (205, 20), (250, 20)) + units("k", (30, 60), (150, 50))
    c, k = (alpha_u_2004([[u for u in coder if u.value == v] for coder in (first, second)], 300, v) for v in "ck")
    assert (c.observed, c.expected) == (pytest.approx(0.0144, abs=5e-5), pytest.approx(0.0532, abs=5e-5))
    assert (k.observed, k.expected) == (0, pytest.approx(0.0490, abs=5e-5))
    assert c.value == pytest.approx(0.7285, abs=1e-4) and k.value == 1
    assert pooled("alpha-u-2004", [c, k]).value == pytest.approx(0.8587, abs=1e-4)


EXAMPLES = {
    "A": (((2, 8), (14, 6)), ((4, 4), (15, 2)), 0.03125, 0.553),
    "B": (((0, 18),), ((0, 2), (2, 1), (3, 1), (4, 1), (5, 1), (6, 3), (9, 1)), 2.26736, -0.926),
    "C": (((2, 6), (10, 2), (14, 4), (20, 2)), ((0, 2), (4, 4), (10, 4), (16, 2), (20, 2)), 0.02777, 0.679),
    "D": (((0, 2), (2, 8), (10, 4), (14, 6), (20, 4)), ((0, 4), (4, 4), (8, 7), (15, 2), (17, 7)), 0.38715, 0.066),
}


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_alpha_u_of_krippendorff_1995(name: str) -> None:
    first, second, observed, value = EXAMPLES[name]
    by = 50_000
    coders = [units(name, *((s * by, n * by) for s, n in spans)) for spans in (first, second)]
    found = alpha_u_2004(coders, 24 * by, name)
    assert found.observed == pytest.approx(observed, abs=1e-5)
    assert found.value == pytest.approx(value, abs=0.02)
