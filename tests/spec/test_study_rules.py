"""The questionnaire's rules: expressions against libxml2's XPath, and routing of one person against routing of a table."""

from __future__ import annotations

import contextlib
import math
import re

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lxml import etree

from royst.errors import Faults
from royst.study import routing
from royst.study.expression import Context, ExpressionError, evaluate, gives, number, parse, references, text, truth
from royst.study.instrument import Choice, Instrument, Item, Scale

TREE = etree.fromstring("<r/>")
NAMES = {"a": 2.0, "b": "x", "c": "", "d": "7", "e": -0.5}

numbers = st.sampled_from(["0", "1", "2.5", "10", "3"])
texts = st.sampled_from(["'x'", "''", "'7'", "'a b'", "' 2 '"])
leaves = numbers | texts | st.sampled_from([f"${name}" for name in NAMES])


def grow(inner):
    signs = st.sampled_from(["+", "-", "*", "div", "mod", "=", "!=", "<", "<=", ">", ">=", "and", "or"])
    one = st.sampled_from(
        [
            "not(%s)",
            "boolean(%s)",
            "number(%s)",
            "string(%s)",
            "floor(%s)",
            "ceiling(%s)",
            "round(%s)",
            "string-length(string(%s))",
            "normalize-space(string(%s))",
            "(%s)",
        ]
    )
    two = st.sampled_from(["contains(string(%s), string(%s))", "starts-with(string(%s), string(%s))", "concat(%s, %s)"])
    return (
        st.tuples(inner, signs, inner).map(lambda parts: f"{parts[0]} {parts[1]} {parts[2]}")
        | st.tuples(one, inner).map(lambda parts: parts[0] % parts[1])
        | st.tuples(two, inner, inner).map(lambda parts: parts[0] % parts[1:])
        | inner.map(lambda part: f"- {part}")
    )


@settings(max_examples=600, deadline=None)
@given(st.recursive(leaves, grow, max_leaves=8))
def test_expressions_give_what_libxml2_gives(said):
    expected = TREE.xpath(said, **{name: text(value) for name, value in NAMES.items()})  # an answer is the text in the form
    assume(
        not (isinstance(expected, str) and re.search(r"\d[eE]|\.\d{10}", expected))
    )  # libxml2 writes such numbers in a way of its own
    if isinstance(expected, str):
        expected = str(expected)
    ours = said
    for name in NAMES:
        ours = ours.replace(f"${name}", f"${{{name}}}")
    found = evaluate(parse(ours), Context(NAMES))
    assert type(found) is type(expected)
    if isinstance(expected, float):
        # the last bit of a decimal number may differ: libxml2 reads digits one by one
        assert (math.isnan(found) and math.isnan(expected)) or math.isclose(found, expected, rel_tol=1e-12)
    else:
        assert found == expected


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("selected(${many}, 'staff')", True),
        ("selected(${many}, 'sta')", False),
        ("count-selected(${many})", 2.0),
        ("count-selected(${none})", 0.0),
        ("selected-at(${many}, 1)", "kin"),
        ("if(${age} >= 18, 'adult', 'child')", "adult"),
        ("coalesce(${none}, ${age})", "30"),
        ("${none} = ''", True),
        ("${none} < 5 or ${none} >= 5", False),
        ("round(2.345, 2)", 2.35),
        ("int(-2.7)", -2.0),
        ("max(${age}, 4)", 30.0),
        ("string(max(${age}, 4, ${none}))", "NaN"),
        ("substr('abcdef', 1, 3)", "bc"),
        ("1 - -1", 2.0),
        ("5 div 0 > 1000", True),
    ],
)
def test_the_functions_of_odk(said, value):
    assert evaluate(parse(said), Context({"many": "staff kin", "age": 30.0})) == value


@pytest.mark.parametrize(
    "said",
    [
        "",
        "1 +",
        "(1",
        "1)",
        "'a",
        "${a",
        "a/b",
        "/data/a",
        "..",
        "@a",
        "today()",
        "random()",
        "not()",
        "if(1, 2)",
        "1 2",
        "$a",
        "(" * 100 + "1" + ")" * 100,
        "1" * 20000,
    ],
)
def test_what_is_outside_the_subset_is_refused(said):
    with pytest.raises(ExpressionError):
        parse(said)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_parsed_or_refused(said):
    with contextlib.suppress(ExpressionError):
        parse(said)


def test_conversions_follow_xpath():
    assert [text(value) for value in (3.0, 2.5, float("nan"), True, "")] == ["3", "2.5", "NaN", "true", ""]
    assert math.isnan(number("")) and math.isnan(number("1e3")) and number(" 4 ") == 4
    assert [truth(value) for value in (0.0, float("nan"), 2.0, "", "0")] == [False, False, True, False, True]
    assert (
        gives(parse("1 + ${a}")) == "number"
        and gives(parse("if(${a}, 1, 2)")) == "number"
        and gives(parse("concat('a', 'b')")) == "text"
    )
    assert references(parse("${a} = 1 and (${b} > ${a} or selected(${c}, 'x'))")) == ("a", "b", "c")


DEGREE = Scale("degree", tuple(Choice(name, {"en": name}) for name in "12345"), {}, {})
PLACES = Scale(
    "place",
    tuple(
        Choice(name, {"en": name.upper()}, {"region": region}) for name, region in (("a", "n"), ("b", "n"), ("c", "s"))
    ),
    {},
    {},
)


def item(name, kind="one", **rest):
    scale = {"one": DEGREE}.get(kind)
    return Item(name=name, kind=kind, label={"en": name}, row=0, **{"scale": scale, **rest})


FORM = Instrument(
    "2019", {}, ("en",),
    (
        item("q1"),
        item("q2", relevant="${q1} >= 3"),
        item("age", "number", low=18, high=120, constraint=". >= 18 and . <= 120"),
        item("sum", "number", calculation="${q1} + ${q2}"),
        item("q3", relevant="${sum} > 6"),
        item("q4", relevant="${q2} = 5 or ${age} < 30"),
        item("region", "text"),
        item("place", "one", scale=PLACES, choice_filter="region = ${region}"),
    ),
)  # fmt: skip


def test_an_answer_to_a_skipped_question_does_not_count_for_the_rules_after_it():
    answers = {"q1": "1", "q2": "5", "age": 40.0}
    _, applies = routing.effective(FORM, answers)
    assert not applies["q2"] and not applies["q4"] and not applies["q3"]


def test_the_next_question_is_the_first_that_applies():
    assert routing.next_item(FORM, {}).name == "q1"
    assert routing.next_item(FORM, {"q1": "2"}, after="q1").name == "age"
    assert routing.next_item(FORM, {"q1": "4"}, after="q1").name == "q2"
    assert routing.next_item(FORM, {"q1": "4", "q2": "3"}, after="sum").name == "q3"
    assert routing.next_item(FORM, {}, after="place") is None


def test_impossible_answers_say_why():
    assert routing.impossible(FORM["age"], 17.0, {}) == "below 18"
    assert routing.impossible(FORM["age"], 121.0, {}) == "above 120"
    assert routing.impossible(FORM["age"], "", {}) is None
    assert routing.impossible(FORM["place"], "c", {"region": "n"}) == "c is not offered after the other answers"
    assert [choice.name for choice in routing.offered(FORM["place"], {"region": "n"})] == ["a", "b"]


def test_answers_are_piped_into_labels():
    said = "You said ${q1} in ${place}, ${nothing}."
    assert routing.piped(said, FORM, {"q1": "4", "place": "b"}, "en") == "You said 4 in B, ."


answers_of_one = st.fixed_dictionaries(
    {
        "q1": st.none() | st.sampled_from(list("12345")),
        "q2": st.none() | st.sampled_from(list("12345")),
        "age": st.none() | st.sampled_from([18.0, 25.0, 30.0, 17.0]),
        "q3": st.none() | st.sampled_from(list("15")),
        "region": st.none() | st.sampled_from(["n", "s"]),
        "place": st.none() | st.sampled_from(list("abc")),
    }
)


@settings(max_examples=60, deadline=None)
@given(st.lists(answers_of_one, min_size=1, max_size=30))
def test_a_table_is_routed_as_each_person_is(people):
    kinds = {
        "q1": pl.String,
        "q2": pl.String,
        "age": pl.Float64,
        "q3": pl.String,
        "region": pl.String,
        "place": pl.String,
    }
    frame = pl.DataFrame(people, schema=kinds)
    table = routing.applicable(FORM, frame).to_dicts()
    violations = set(routing.violations(FORM, frame))
    for row, person in enumerate(people):
        given_answers = {name: value for name, value in person.items() if value is not None}
        _, applies = routing.effective(FORM, given_answers)
        assert table[row] == applies
        expected = {
            (row, part.name, why)
            for part in FORM.items
            if (why := routing.impossible(part, given_answers.get(part.name, ""), given_answers))
        }
        assert {found for found in violations if found[0] == row} == expected


def test_a_small_study_is_routed(small):
    from royst.study import folder

    instrument = folder.read(small.write()).instrument("2019")
    frame = pl.DataFrame({"helped": ["staff", "other kin", None]})
    assert routing.applicable(instrument, frame)["other"].to_list() == [False, True, False]


@pytest.mark.parametrize("column", ["relevant", "constraint", "calculation"])
@pytest.mark.parametrize(
    "said",
    ["once(${a})", "position(..)", "today() > 5", "now()", "date('2021-01-01')", "format-date(${a}, '%Y')", "decimal-date-time(${a})", "regex(${a}, 'x')", "${a} and ${b}", "not(${a})",
     "if(${a}, 1, 2)", "boolean(${a})"],
)  # fmt: skip
def test_a_rule_outside_the_subset_is_refused_with_its_row(said, column):
    faults = Faults()
    items = (Item("a", "text", {"nb": "A"}, 2), Item("b", "text", {"nb": "B"}, 3), Item("c", "text", {"nb": "C"}, 7, **{column: said}))
    routing.check(Instrument("w", {}, ("nb",), items), "form.xlsx", faults)
    assert faults.errors and all((fault.row, fault.column, fault.file) == (7, column, "form.xlsx") for fault in faults.errors)


def test_a_choice_that_is_not_offered_any_more_counts_as_not_given():
    place = Scale("place", tuple(Choice(name, {"nb": name}, {"group": group}) for name, group in (("office", "talk"), ("house", "home"))), {}, {})
    items = (
        Item("help", "text", {"nb": "H"}, 2),
        Item("place", "many", {"nb": "P"}, 3, scale=place, choice_filter="selected(${help}, group)"),
        Item("why", "text", {"nb": "W"}, 4, relevant="${place} != ''"),
    )
    instrument = Instrument("w", {}, ("nb",), items)
    values, applies = routing.effective(instrument, {"help": "home", "place": "office house", "why": "x"})
    assert values == {"help": "home", "place": "house", "why": "x"}
    values, applies = routing.effective(instrument, {"help": "", "place": "office", "why": "x"})
    assert "place" not in values and not applies["why"]
