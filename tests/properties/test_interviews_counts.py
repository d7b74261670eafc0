"""What is told of small counts never lets one of them be worked out."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from royst.interviews.coreq import hidden


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=5))
def test_no_count_under_three_follows_from_what_is_told_and_the_total(counts: list[int]) -> None:
    named = {f"v{i}": n for i, n in enumerate(counts)}
    few, untold = hidden(named)
    small = {value for value, n in named.items() if 0 < n < 3}
    assert small <= few | untold
    told = sum(n for value, n in named.items() if value not in few and value not in untold)
    unknown = sorted(few | untold)
    left = sum(counts) - told
    # A reader knows the total, that "few" are 1 or 2, and that what is not told is more than none: everything that fits.
    known_few = bool(few)
    ranges = [(1, 2) if value in few else range(3, left + 1) if known_few else range(1, left + 1) for value in unknown]
    fits = [combination for combination in product(*ranges) if sum(combination) == left]
    assert not unknown or tuple(named[value] for value in unknown) in fits
    for place, value in enumerate(unknown):
        if value in few:
            assert {combination[place] for combination in fits} == {1, 2}, (named, few, untold)
    if few == set() and untold:
        assert untold >= small
