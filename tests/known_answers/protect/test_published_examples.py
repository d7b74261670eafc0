"""Secondary suppression against the output of Statistics Norway's R package GaussSuppression, as its manual prints it.

Langsrud and Lupp, GaussSuppression, vignettes "Small count frequency table suppression" (tables 1 to 5) and "Magnitude table
suppression" (table 2), version 0.7.0 (2023-06-07) as rendered on CRAN. Made by ``SuppressSmallCounts(data, dimVar or formula, freqVar = "freq", maxN = …)`` and
``SuppressFewContributors(data, numVar = "value", dimVar = c("sector4", "geo"), maxN = 1)``. Whoever has the package can hold any other
case against ``royst.protect.suppress.secondary_cells``: ``SSBtools::GaussSuppression(x, candidates, primary, singletonMethod = "none")``.

The package's own order of candidates is written out here: the larger number first, then the cell made of more (``CandidatesDefault``);
zeros before all others, unless they may be withheld.
"""

from __future__ import annotations

import numpy as np
import pytest
from test_gauss_suppression import gauss_suppression

from royst.errors import InputError
from royst.protect.suppress import secondary_cells

PEOPLE = {
    ("young", "Spain"): 5, ("young", "Iceland"): 2, ("young", "Portugal"): 0,
    ("old", "Spain"): 6, ("old", "Iceland"): 3, ("old", "Portugal"): 4,
}  # fmt: skip
SALES = {
    ("Agriculture", "Portugal"): 100.4, ("Agriculture", "Spain"): 139.8, ("Entertainment", "Iceland"): 16.8,
    ("Entertainment", "Portugal"): 9.4, ("Entertainment", "Spain"): 105.3, ("Governmental", "Portugal"): 23.6,
    ("Governmental", "Spain"): 9.2, ("Industry", "Iceland"): 20.3, ("Industry", "Portugal"): 29.1, ("Industry", "Spain"): 8.4,
}  # fmt: skip
PLACES = {
    "Total": {"Spain", "Iceland", "Portugal"}, "EU": {"Spain", "Portugal"}, "nonEU": {"Iceland"},
    "Spain": {"Spain"}, "Iceland": {"Iceland"}, "Portugal": {"Portugal"},
}  # fmt: skip
GEO = ("Total", "Iceland", "Portugal", "Spain")
CROSSED = [(age, place) for age in ("Total", "old", "young") for place in GEO]
NESTED = [(age, place) for age in ("Total", "old", "young") for place in PLACES]
FORMULA = [*(("Total", place) for place in GEO), *((age, place) for age in ("old", "young") for place in ("EU", "nonEU"))]
SECTORS = [(s, g) for s in ("Total", "Agriculture", "Entertainment", "Governmental", "Industry") for g in GEO]

CASES = {
    "table 1": (PEOPLE, CROSSED, [("young", "Portugal")], False, [("old", "Iceland"), ("old", "Portugal"), ("young", "Iceland")]),
    "table 2": (
        PEOPLE, NESTED, [("young", "nonEU"), ("young", "Iceland"), ("young", "Portugal")], False,
        [("old", "EU"), ("old", "nonEU"), ("old", "Iceland"), ("old", "Portugal"), ("young", "EU")],
    ),
    "table 3": (PEOPLE, FORMULA, [("young", "nonEU")], False, [("old", "nonEU")]),
    "table 4": (
        PEOPLE, NESTED,
        [("Total", "Portugal"), ("old", "nonEU"), ("old", "Iceland"), ("old", "Portugal"), ("young", "nonEU"), ("young", "Iceland")], False,
        [("Total", "Spain"), ("old", "EU"), ("young", "EU"), ("young", "Spain")],
    ),
    "table 5": (
        PEOPLE, NESTED, [("old", "nonEU"), ("old", "Iceland"), ("young", "nonEU"), ("young", "Iceland")], True,
        [("old", "EU"), ("old", "Portugal"), ("young", "EU"), ("young", "Portugal")],
    ),
    "magnitude table 2": (
        SALES, SECTORS, [("Entertainment", "Iceland"), ("Industry", "Spain")], False,
        [("Entertainment", "Portugal"), ("Governmental", "Portugal"), ("Governmental", "Spain"), ("Industry", "Iceland")],
    ),
}  # fmt: skip
"""Inner cells and their numbers, the cells of the table, those primary suppressed, whether zeros may be withheld, and the cells that
the package suppresses besides."""


def relation(inner: dict, cells: list) -> np.ndarray:
    return np.array([[who in ("Total", a) and b in PLACES[place] for who, place in cells] for a, b in inner], float)


def order(x: np.ndarray, number: np.ndarray, zeros: bool) -> list[int]:
    value = x.T @ number + 1
    tie = np.abs(x.T @ (x @ value))
    rank = value + 0.99 * tie / tie.max()
    if not zeros:
        rank[value == 1] += rank.max()
    return np.argsort(-rank, kind="stable").tolist()


@pytest.mark.parametrize("name", CASES)
def test_the_same_cells_are_suppressed_as_the_manual_prints(name):
    inner, cells, primary, zeros, suppressed = CASES[name]
    x = relation(inner, cells)
    marked = [cells.index(cell) for cell in primary]
    candidates = order(x, np.array([*inner.values()], float), zeros)
    found = secondary_cells(x, candidates, marked)
    assert {cells[k] for k in found} == set(suppressed)
    assert set(found) == gauss_suppression(x, [k for k in candidates if k not in marked], marked)


def test_forced_cells_are_published_whatever_they_tell():
    inner, cells, primary, zeros, _ = CASES["table 1"]
    x = relation(inner, cells)
    candidates = order(x, np.array([*inner.values()], float), zeros)
    marked, forced = [cells.index(cell) for cell in primary], [cells.index(("old", "Portugal"))]
    found = {cells[k] for k in secondary_cells(x, candidates, marked, forced)}
    assert ("old", "Portugal") not in found and ("Total", "Portugal") in found


def test_a_matrix_of_other_numbers_is_refused():
    with pytest.raises(InputError, match="contradictory-counts"):
        secondary_cells(np.array([[1.0, 0.5]]), [0], [1])
