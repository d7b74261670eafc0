"""The number of answers to a follow-up question is no way round its filter question's withheld rows."""

from __future__ import annotations

from itertools import chain

import numpy as np
import polars as pl
import pytest

from royst import protect
from royst.study.filters import filters
from royst.study.instrument import Choice, Instrument, Item, Scale

RULES = protect.rule_set("user-survey-10")
ASKED = {"K0": 18, "K1": 14, "K2": 11, "K3": 12}
"""Of the twenty people of each unit so many have children, and are asked whether they have the care of them."""
ALL = "region=r"


def frame() -> pl.DataFrame:
    rows = []
    for unit, asked in ASKED.items():
        for n in range(20):
            has = n < asked
            rows.append({"unit": unit, "region": "r", "children": "yes" if has else "no", "care": "yn"[n % 2] if has else None})
    return pl.DataFrame(rows)


def estimates(people: pl.DataFrame, leave_out: tuple[str, ...] = ()) -> pl.DataFrame:
    rows = []
    for item, choices in (("children", ("yes", "no")), ("care", ("y", "n"))):
        for domain in [*(f"unit={unit}" for unit in ASKED), "all"]:
            if f"{item}/{domain}" in leave_out:
                continue
            here = people.filter(pl.lit(True) if domain == "all" else pl.col("unit") == domain[5:])[item].drop_nulls()
            for choice in choices:
                share = 100 * (here == choice).mean()
                rows.append({"wave": "w", "population": "all", "item": item, "domain": domain, "measure": "share", "category": choice,
                             "n": len(here), "n_units": 1 if domain != "all" else 4, "estimate": share, "unweighted": share})  # fmt: skip
    return pl.DataFrame(rows)


def printed(item: str, asked_when: dict[str, tuple[str, ...]], leave_out: tuple[str, ...] = ()) -> set[str]:
    people = frame()
    scales = {"children": protect.Scale(("yes", "no")), "care": protect.Scale(("y", "n"))}
    who = protect.People(people, ("unit", "region"), scales, unit="unit", asked_when=asked_when)
    made = protect.protect(protect.Candidate(estimates(people, leave_out), {"w": who}), RULES)
    out = made.estimates.filter((pl.col("status") == "published") & (pl.col("item") == item))
    return set(out["domain"])


def spanned(domains: set[str]) -> bool:
    """Whether sums and differences of the printed rows are K0's people alone."""
    units = list(ASKED)
    rows = np.array([[float(d in ("all", f"unit={u}")) for u in units] for d in sorted(domains)] or [[0.0] * 4])
    wanted = np.array([float(u == "K0") for u in units])
    return bool(np.allclose(np.linalg.lstsq(rows.T, wanted, rcond=None)[0] @ rows, wanted))


def test_without_the_rule_the_number_asked_is_printed():
    assert "unit=K0" not in printed("children", {})
    assert spanned(printed("care", {}))


def test_neither_a_row_nor_a_difference_tells_who_was_asked():
    rows = printed("care", {"care": ("children",)})
    assert rows
    assert not spanned(rows)


def test_the_filters_own_rows_help_nobody():
    """Its total is printed and the total of the follow-up is withheld, or the other way round: together they tell nothing."""
    for gone in [(), ("children/all",), ("care/all",), ("children/unit=K2",), ("care/unit=K2",)]:
        rule = {"care": ("children",)}
        assert not spanned(printed("care", rule, gone) | printed("children", rule, gone))


def test_where_the_filter_is_not_put_forward_its_follow_up_is_held_to_it_all_the_same():
    nothing = tuple(chain.from_iterable([f"children/{d}"] for d in ("all", *(f"unit={u}" for u in ASKED))))
    rows = printed("care", {"care": ("children",)}, nothing)
    assert rows
    assert not spanned(rows)


SCALE = Scale("s", tuple(Choice(name, {}) for name in ("yes", "no", "nr")), {}, {}, ("nr",))


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("${a} = 'yes'", ("a",)),
        ("selected(${a}, 'yes')", ("a",)),
        ("${a} = 'yes' and ${b} = 'no'", ("a", "b")),
        ("${a} = 'yes' or ${b} = 'no'", ("a", "b")),
        ("${sum} > 1", ("a", "b")),
        ("${a} != ''", None),
        ("${a} != 'nr'", None),
    ],
)
def test_which_questions_decide_who_is_asked(rule, found):
    items = (
        Item("a", "one", {}, 2, SCALE),
        Item("b", "one", {}, 3, SCALE),
        Item("sum", "text", {}, 4, calculation="number(${a} = 'yes') + number(${b} = 'yes')"),
        Item("c", "one", {}, 5, SCALE, relevant=rule),
    )
    assert filters(Instrument("w", {}, ("en",), items)).get("c") == found
