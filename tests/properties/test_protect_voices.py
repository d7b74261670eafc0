"""Labels of quotes: whatever the participants' traits, nobody can be told by a label; and leaks that are planted are found."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from royst.errors import InputError
from royst.protect.rules import rule_set
from royst.protect.voices import Label, Talk, allowed, could_have_said, extent, safe

RULES = rule_set("user-survey-10")
TRAITS = ("sex", "age", "service")
PEOPLE = st.lists(st.tuples(*(st.sampled_from("abc") for _ in TRAITS)), max_size=30).map(
    lambda rows: {f"p{n}": tuple(zip(TRAITS, row, strict=True)) for n, row in enumerate(rows)}
)


@settings(deadline=None)
@given(PEOPLE, st.integers(1, 6))
def test_each_label_could_be_at_least_so_many_peoples(people: dict[str, Label], least: int) -> None:
    """The best informed reader makes every participant's label by the same rule, and is left with those who have the printed one."""
    given_ = safe(people, least)
    if len(people) < least:
        assert given_ == {}
        return
    assert set(given_) == set(people)
    for who, label in given_.items():
        assert people[who][: len(label)] == label, "a label is made shorter, never another"
        left = {other for other, theirs in given_.items() if theirs == label}
        assert len(left) >= least and could_have_said(label, people, given_) == left


@settings(deadline=None)
@given(PEOPLE, st.integers(2, 6))
def test_a_label_that_enough_share_whole_is_kept_unless_others_need_their_company(people: dict[str, Label], least: int) -> None:
    sizes = Counter(people.values())
    if people and min(sizes.values()) >= least:
        assert safe(people, least) == people


@settings(deadline=None)
@given(PEOPLE)
def test_who_comes_in_which_order_is_no_matter(people: dict[str, Label]) -> None:
    assert safe(dict(reversed(people.items())), 3) == safe(people, 3)


def test_the_rest_of_a_group_does_not_stand_out_by_a_shorter_label() -> None:
    """Four women 65+, one woman under: with "woman" alone she would be the only one who has that label."""
    old, young = (("sex", "w"), ("age", "old")), (("sex", "w"), ("age", "young"))
    people = {**{f"p{n}": old for n in range(4)}, "p4": young}
    naive = {**dict.fromkeys(people, old), "p4": young[:1]}
    assert could_have_said(young[:1], people, naive) == {"p4"}, "the planted leak is found"
    assert set(safe(people, 3).values()) == {(("sex", "w"),)}


@pytest.mark.parametrize(
    ("n", "of", "told"),
    [(0, 23, ("none", None)), (1, 23, ("few", None)), (2, 23, ("few", None)), (3, 23, ("number", 3)), (20, 23, ("number", 20)), (21, 23, ("most", None)),
     (23, 23, ("most", None)), (2, 4, ("some", None)), (3, 4, ("most", None)), (1, 1, ("some", None))],
)  # fmt: skip
def test_few_and_nearly_all_are_told_without_a_number(n: int, of: int, told: tuple[str, int | None]) -> None:
    assert extent(n, of, RULES) == told


def test_fewer_than_three_participants_are_not_quoted() -> None:
    label = (("sex", "w"),)
    told = allowed(Talk("two", {"p1": label, "p2": label}, {"q1": "p1"}, {"t": 2}), RULES)
    assert (told.labels, told.withheld, told.fewest) == ({}, 1, None)


def test_a_place_stops_everything() -> None:
    people = {f"p{n}": (("town", "x"),) for n in range(9)}
    with pytest.raises(InputError) as stop:
        allowed(Talk("towns", people, {}, {}, frozenset({"town"})), RULES)
    assert [fault.code for fault in stop.value.faults] == ["place-in-label"]


def test_what_is_told_is_counted() -> None:
    people = {**{f"p{n}": (("sex", "w"),) for n in range(5)}, "p5": (("sex", "m"),)}
    told = allowed(Talk("one", people, {"q1": "p0", "q2": "p5"}, {"t": 5}), RULES)
    assert told.labels == {"q1": (), "q2": ()} and (told.shortened, told.fewest, told.withheld) == (2, 6, 0)
