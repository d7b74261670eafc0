"""A grid: one row a page on a narrow screen, a table on a wide one; without scripts, with them, and without the net."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from royst.evaluation import serve
from royst.web.respond.fill import Fill, Way

from .conftest import WAVE, Person, Running, set_up_form
from .test_answering_browser import FLAGS, press, ready, violations
from .test_answering_plain import sealed_answers

LABELS = ["label::Bokmål (nb)", "label::Nynorsk (nn)", "label::English (en)"]
ROWS = [
    ("respect", "De ansatte møter meg med respekt", "Dei tilsette møter meg med respekt", "The staff treat me with respect"),
    ("trust", "Jeg stoler på de ansatte", "Eg stoler på dei tilsette", "I trust the staff"),
    ("time", "De ansatte har tid til meg", "Dei tilsette har tid til meg", "The staff have time for me"),
    ("heard", "Det jeg sier, blir tatt på alvor", "Det eg seier, blir teke på alvor", "What I say is taken seriously"),
]
SURVEY = [
    ["type", "name", *LABELS, "appearance", "relevant"],
    ["select_one yesno", "met", "Har du møtt ansatte?", "Har du møtt tilsette?", "Have you met staff?"],
    ["begin_group", "staff", "I hvilken grad stemmer dette?", "I kva grad stemmer dette?", "To what extent is this true?", "table-list", "${met} = 'yes'"],
    *(["select_one degree", name, *said] for name, *said in ROWS),
    ["end_group"],
    ["integer", "person_age", "Hvor gammel er du?", "Kor gammal er du?", "How old are you?"],
]  # fmt: skip
CHOICES = [
    ["list_name", "name", *LABELS],
    ["yesno", "yes", "Ja", "Ja", "Yes"], ["yesno", "no", "Nei", "Nei", "No"],
    ["degree", "1", "Ikke i det hele tatt", "Ikkje i det heile", "Not at all"], ["degree", "2", "I liten grad", "I liten grad", "To a small extent"],
    ["degree", "3", "I noen grad", "I nokon grad", "To some extent"], ["degree", "4", "I stor grad", "I stor grad", "To a great extent"],
    ["degree", "5", "I svært stor grad", "I svært stor grad", "To a very great extent"], ["degree", "nr", "Ikke relevant", "Ikkje relevant", "Not relevant"],
]  # fmt: skip
WIDE, NARROW = {"width": 820, "height": 1180}, {"width": 360, "height": 640}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    found = set_up_form(tmp_path_factory.mktemp("tables"), SURVEY, CHOICES)
    found.start()
    yield found
    found.end()


@pytest.fixture(scope="module")
def link(running: Running) -> str:
    return running.codes(many=True)[0]


@pytest.fixture
def person(running: Running, link: str) -> Person:
    found = Person(running)
    found.begin(link)
    found.press("next", "yes")
    return found


def fields(person: Person) -> dict[str, str]:
    """The table's fields by the row's words."""
    return {said: f"g{place}" for place, said in re.findall(r'<th scope="row" id="r(\d+)">([^<]+)</th>', person.page.text)}


def test_a_narrow_screen_answers_one_row_a_page(person: Person) -> None:
    for name, *_ in ROWS:
        assert person.item == name
        person.press("next", "4")
    assert person.item == "person_age"
    person.press("back")
    assert person.item == "heard"


def test_a_wide_screen_answers_the_table_at_once(running: Running, person: Person) -> None:
    rows = fields(person)
    assert list(rows) == [said for _, said, *_ in ROWS]
    some = dict(zip(rows.values(), "512"))
    assert person.press("next-all", **some).status == 422 and "hver linje" in person.page.text
    assert person.page.text.count(" checked") == 4  # three rows, and the narrow screen's own row
    person.press("next-all", **some, **{list(rows.values())[3]: "nr"})
    assert person.item == "person_age"
    person.press("next", "77")
    person.press("go")
    last = next(one["answers"] for one in sealed_answers(running) if one["answers"].get("person_age") == 77.0)
    assert [last[name] for name, *_ in ROWS] == ["5", "1", "2", "nr"]


def test_a_table_is_a_small_page_too(person: Person) -> None:
    assert len(person.page.text.encode()) < 15_000


def test_rows_can_be_passed_together_and_what_was_answered_stands(person: Person) -> None:
    rows = list(fields(person).values())
    person.press("skip-all", **{rows[1]: "3"})
    assert person.item == "person_age"
    person.press("back")
    assert person.item == "heard" and re.search(rf'name="{rows[1]}" value="3"[^>]* checked', person.page.text)
    person.press("back-all")
    assert person.item == "met"


def test_the_key_enter_goes_on_as_the_screen_would(person: Person) -> None:
    rows = list(fields(person).values())
    person.press("enter", "2")
    assert person.item == "trust"
    person.press("enter", **dict.fromkeys(rows, "5"))
    assert person.item == "person_age"


def test_other_buttons_keep_what_either_screen_answered(person: Person) -> None:
    rows = list(fields(person).values())
    person.press("lang-en", **{rows[2]: "1"})
    assert "The staff have time for me" in person.page.text and re.search(rf'name="{rows[2]}" value="1"[^>]* checked', person.page.text)
    person.press("larger", "3")
    assert re.search(r'name="a" value="3" checked', person.page.text)


@pytest.mark.parametrize("said", ["9", "<script>", "", "1 2"])
def test_what_is_not_in_the_table_is_left_out(person: Person, said: str) -> None:
    rows = list(fields(person).values())
    assert person.press("next-all", **dict.fromkeys(rows, said), g999="5").status == 422
    assert person.page.text.count(" checked") == 0


def test_rows_with_rules_among_themselves_are_asked_one_by_one(tmp_path: Path) -> None:
    survey = [[*row, *([""] * (7 - len(row)))] for row in SURVEY]
    survey[4][6] = "${respect} != '1'"
    way = Way(serve.prepare(set_up_form(tmp_path, survey, CHOICES).root, WAVE))
    assert not way.grid(Fill(answers={"met": "yes"}), way.instrument["respect"])


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync = pytest.importorskip("playwright.sync_api")
    with sync.sync_playwright() as playing:
        opened = playing.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield opened
        opened.close()


def fill_table(page: Any, choice: int) -> None:
    for row in page.locator("tbody tr").all():
        row.locator("label").nth(choice).click()


@pytest.mark.browser
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_one_page_is_a_table_on_a_tablet_and_a_question_on_a_phone(browser: Any, running: Running, link: str, scripts: bool) -> None:
    for size, age in ((WIDE, "61"), (NARROW, "62")):
        context = browser.new_context(viewport=size, locale="nb-NO", java_script_enabled=scripts)
        page = context.new_page()
        page.goto(f"{running.base}/e/{link}")
        press(page, "yes")
        page.locator(".pick").first.click()
        press(page, "next")
        assert page.locator("table").is_visible() == (size is WIDE) and page.locator("fieldset").is_visible() == (size is NARROW)
        assert scripts is False or not violations(page)
        touched = page.locator("td label:visible, .pick:visible, button:visible:not(.away), summary:visible").all()
        assert all(min(box["width"], box["height"]) >= 44 for one in touched if (box := one.bounding_box()))
        if size is WIDE:
            assert page.locator("h1:visible").inner_text() == "I hvilken grad stemmer dette?"
            fill_table(page, 3)
            with page.expect_navigation():
                page.locator("button[value=next-all]").click()
        else:
            for _ in ROWS:
                page.locator(".pick").nth(3).click()
                press(page, "next")
        page.fill("#a", age)
        press(page, "next")
        press(page, "go")
        page.wait_for_url("**/thanks")
        context.close()
        last = next(one["answers"] for one in sealed_answers(running) if one["answers"].get("person_age") == float(age))
        assert all(last[name] == "4" for name, *_ in ROWS)


@pytest.mark.browser
def test_a_table_is_filled_by_keyboard_alone(browser: Any, running: Running, link: str) -> None:
    page = browser.new_page(viewport=WIDE, locale="nb-NO")
    page.goto(f"{running.base}/e/{link}")
    press(page, "yes")
    page.locator(".pick").first.click()
    press(page, "next")
    for row in range(len(ROWS)):
        for _ in range(20):
            page.keyboard.press("Tab")
            if page.evaluate("row => document.querySelectorAll('tbody tr')[row].contains(document.activeElement)", row):
                break
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
        page.keyboard.press("ArrowRight")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.locator("#a").count() == 1
    page.close()


@pytest.mark.browser
def test_without_the_net_a_tablet_shows_the_table_too(browser: Any, running: Running, link: str) -> None:
    context = browser.new_context(viewport=WIDE, locale="nb-NO")
    page = context.new_page()
    page.goto(f"{running.base}/e/{link}")
    press(page, "yes")
    ready(page)
    context.set_offline(True)
    page.locator(".pick").first.click()
    page.locator("main .main").click()
    page.wait_for_selector("table")
    assert not violations(page)
    page.locator("main .main").click()
    page.wait_for_selector(".wrong")
    fill_table(page, 4)
    page.locator("main .main").click()
    page.wait_for_selector("#a")
    page.fill("#a", "63")
    page.locator("main .main").click()
    page.locator("text=Send svarene").last.click()
    page.wait_for_selector("text=Svarene ligger kryptert")
    context.set_offline(False)
    page.goto(f"{running.base}/closed")
    page.wait_for_selector("text=er sendt")
    last = next(one["answers"] for one in sealed_answers(running) if one["answers"].get("person_age") == 63.0)
    assert all(last[name] == "5" for name, *_ in ROWS)
    context.close()


@pytest.mark.browser
def test_the_net_goes_away_when_a_table_is_sent(browser: Any, running: Running, link: str) -> None:
    context = browser.new_context(viewport=WIDE, locale="nb-NO")
    page = context.new_page()
    page.goto(f"{running.base}/e/{link}")
    press(page, "yes")
    page.locator(".pick").first.click()
    press(page, "next")
    ready(page)
    context.set_offline(True)
    fill_table(page, 1)
    page.locator("button[value=next-all]").click()
    page.wait_for_selector("#a")
    assert page.evaluate("Object.keys(fill.answers).length") == 1 + len(ROWS)
    context.close()
