"""Unitised alpha equals an implementation that shares no code with it: it visits every pair of characters."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from royst.interviews.agreement import alpha_of_lengths, cohen_kappa, kappa_of_lengths, krippendorff_alpha
from royst.interviews.reliability import value_lengths
from royst.interviews.unitised import Unit, binary_u_alpha, cu_alpha, ku_alpha, u_alpha

LENGTH = 18


@st.composite
def one_coder(draw: st.DrawFn) -> list[Unit]:
    cuts = sorted(draw(st.sets(st.integers(0, LENGTH), max_size=6)))
    values = [draw(st.sampled_from([None, "a", "b", "c"])) for _ in cuts]
    return [Unit(s, e, v) for s, e, v in zip(cuts, cuts[1:], values, strict=False) if v is not None]


CODERS = st.lists(one_coder(), min_size=2, max_size=4)


def characters(units: list[Unit]) -> list[tuple[str | None, int]]:
    """For every character: its value, and which unit of the coder it belongs to (gaps: each character its own)."""
    line: list[tuple[str | None, int]] = [(None, -1 - x) for x in range(LENGTH)]
    for number, unit in enumerate(units):
        for x in range(unit.start, unit.end):
            line[x] = (unit.value, number)
    return line


def brute(coders: list[list[Unit]], kind: str, value: str | None = None) -> float | None:
    lines = [characters(units) for units in coders]
    m = len(lines)
    observed: Counter[tuple[str | None, str | None]] = Counter()
    for i, j in permutations(range(m), 2):
        for x in range(LENGTH):
            observed[lines[i][x][0], lines[j][x][0]] += 1 / (m - 1)
    # What one character weighs in chance pairs: 1, or (valued words alone) the share of other coders who valued it.
    weighed = []
    for i in range(m):
        for x in range(LENGTH):
            v, unit = lines[i][x]
            others = sum(lines[j][x][0] is not None for j in range(m) if j != i) / (m - 1)
            weight = 1.0 if kind in ("u", "binary") else others if v is not None else 0.0
            weighed.append((v, (i, unit), weight))
    chance: Counter[tuple[str | None, str | None]] = Counter()
    pairs = 0.0
    for v, unit, w in weighed:
        for k, other, u in weighed:
            if unit != other:
                chance[v, k] += w * u
                pairs += w * u
    if kind in ("cu", "ku"):
        observed = Counter({key: n for key, n in observed.items() if None not in key})
    total = sum(observed.values())
    if not pairs or not total:
        return None

    def off(cells: Counter[tuple[str | None, str | None]]) -> float:
        if kind == "binary":
            return sum(n for (c, k), n in cells.items() if (c is None) != (k is None))
        if kind == "ku":
            return sum(n for (c, k), n in cells.items() if k == value and c != k)
        return sum(n for (c, k), n in cells.items() if c != k)

    if kind == "ku":
        here = sum(n for (_, k), n in observed.items() if k == value)
        column = sum(n for (_, k), n in chance.items() if k == value)
        return (
            None if not here or not column or not off(chance) else 1 - (off(observed) / here) / (off(chance) / column)
        )
    return None if not off(chance) else 1 - off(observed) / (off(chance) * total / pairs)


@settings(max_examples=150, deadline=None)
@given(CODERS)
def test_the_unitised_family_equals_brute_force(coders: list[list[Unit]]) -> None:
    for kind, of in (("u", u_alpha), ("binary", binary_u_alpha), ("cu", cu_alpha)):
        expected, found = brute(coders, kind), of(coders, LENGTH).value
        assert (found is None) == (expected is None), kind
        if expected is not None:
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-9), kind
    for value in "abc":
        expected, found = brute(coders, "ku", value), ku_alpha(coders, LENGTH, value).value
        assert (found is None) == (expected is None)
        if expected is not None:
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(one_coder(), st.integers(2, 4))
def test_coders_who_do_the_same_agree_fully_or_chance_leaves_nothing_to_say(units: list[Unit], times: int) -> None:
    for of in (u_alpha, binary_u_alpha, cu_alpha):
        found = of([units] * times, LENGTH)
        assert (
            found.value == pytest.approx(1)
            if found.value is not None
            else found.why in ("no-variation", "nothing-coded")
        )


@settings(max_examples=100, deadline=None)
@given(CODERS, st.integers(0, 23))
def test_the_order_of_coders_is_no_matter(coders: list[list[Unit]], turn: int) -> None:
    turned = coders[turn % len(coders) :] + coders[: turn % len(coders)]
    assert u_alpha(turned, LENGTH).value == pytest.approx(u_alpha(coders, LENGTH).value)


@settings(max_examples=100, deadline=None)
@given(CODERS)
def test_units_of_one_character_make_it_the_ordinary_alpha(coders: list[list[Unit]]) -> None:
    """Special case: where every unit is one character long, ᵤα is nominal alpha over the characters."""
    small = [[Unit(x, x + 1, u.value) for u in units for x in range(u.start, u.end)] for units in coders]
    lines = [[v or "" for v, _ in characters(units)] for units in coders]
    found, ordinary = u_alpha(small, LENGTH), krippendorff_alpha(lines)
    if any(coders) and ordinary.value is not None:
        assert found.value == pytest.approx(ordinary.value)


@settings(max_examples=100, deadline=None)
@given(CODERS)
def test_lengths_are_counted_as_characters_one_by_one(coders: list[list[Unit]]) -> None:
    spans = [[(u.start, u.end) for u in units] for units in coders]
    table = value_lengths(spans, LENGTH)
    lines = [[v is not None for v, _ in characters(units)] for units in coders]
    assert table == Counter(zip(*lines, strict=True))
    one_by_one = krippendorff_alpha(lines).value
    assert alpha_of_lengths(table).value == (None if one_by_one is None else pytest.approx(one_by_one))
    kappa = cohen_kappa(lines[0], lines[1]).value
    two = value_lengths(spans[:2], LENGTH)
    assert kappa_of_lengths({(v[0], v[1]): n for v, n in two.items()}).value == (
        None if kappa is None else pytest.approx(kappa)
    )
