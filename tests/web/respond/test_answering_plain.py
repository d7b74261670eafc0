"""Answering with a plain browser: every button, every refusal, no script, nothing kept that should not be."""

from __future__ import annotations

import re

import pytest

from royst.collect import codes, sealed

from .conftest import WAVE, Person, Running


@pytest.fixture
def person(running: Running) -> Person:
    return Person(running)


@pytest.fixture(scope="module")
def link(running: Running) -> str:
    return running.codes(many=True)[0]


def sealed_answers(running: Running) -> list[dict]:  # type: ignore[type-arg]
    """What the two holders would read."""
    import sqlite3

    from royst.evaluation import serve
    from royst.study import folder

    public = serve.read_public(folder.read(running.root), WAVE)
    private = sealed.joined(*(share.read_text(encoding="ascii") for share in running.shares), public)
    with sqlite3.connect(running.home / "answers.sqlite") as connection:
        return [
            found
            for (box,) in connection.execute("SELECT box FROM sealed")
            if (found := sealed.opened(box, private)) is not None
        ]


def test_a_whole_form_is_answered_routed_and_sealed(running: Running, person: Person, link: str) -> None:
    before = len(sealed_answers(running))
    person.begin(link)
    assert person.item == "welcome"
    given = person.answer_all(
        lambda item, choices: (
            ["61"] if not choices else ["no"] if item == "children" else None if item == "mental" else [choices[-1]]
        )
    )
    assert ("care" not in given and "discharge" in given) or given["inpatient"] == ["no"]
    assert person.at == "/send"
    person.press("go")
    assert person.at == "/thanks" and person.heading == "Takk!"
    assert "https://resultater.example/2021" in person.page.text and '<svg class="qr"' in person.page.text
    after = sealed_answers(running)
    assert len(after) == before + 1
    answers = next(one["answers"] for one in after if one["answers"].get("person_age") == 61.0)
    assert (
        answers["children"] == "no" and "care" not in answers and "mental" not in answers and "welcome" not in answers
    )


def test_changing_an_answer_takes_what_was_asked_behind_it_away(running: Running, person: Person, link: str) -> None:
    person.begin(link)
    person.answer_all(lambda item, choices: ["23"] if not choices else ["yes"] if "yes" in choices else [choices[0]])
    place = next(number for number in range(2, 9) if person.go(f"/q/{number}") and person.item == "children")
    person.go(f"/q/{place}")
    person.press("next", "no")
    assert person.item == "income"
    person.go("/send")
    person.press("go")
    answers = next(one["answers"] for one in sealed_answers(running) if one["answers"].get("person_age") == 23.0)
    assert answers["children"] == "no" and "care" not in answers


def test_an_open_question_is_pointed_out_and_can_be_skipped(person: Person, link: str) -> None:
    person.begin(link)
    person.press("next")
    assert person.item == "person_sex"
    assert person.press("next").status == 422
    assert "Hopp over" in person.page.text and 'role="alert"' in person.page.text
    person.press("skip")
    assert person.item == "person_age"


@pytest.mark.parametrize("said", ["7", "111", "førti", "1e3", "18.5.5", "-20", "٧", "0x2A", "=1+1", "9" * 400])
def test_impossible_numbers_are_refused_and_kept_in_the_field(person: Person, link: str, said: str) -> None:
    person.begin(link)
    person.press("next")
    person.press("skip")
    assert person.press("next", said).status == 422
    assert person.item == "person_age"


def test_digits_of_other_scripts_are_understood(person: Person, link: str) -> None:
    person.begin(link)
    person.press("next")
    person.press("skip")
    person.press("next", "٤٤")
    person.press("back")
    assert 'value="44"' in person.page.text


def test_back_keeps_what_was_answered(person: Person, link: str) -> None:
    person.begin(link)
    person.press("next")
    person.press("next", "woman")
    person.press("back", "52")
    assert person.item == "person_sex" and re.search(r'value="woman" checked', person.page.text)
    person.press("next", "woman")
    assert 'value="52"' in person.page.text


def test_a_pause_gives_a_private_code_that_opens_the_form_elsewhere(
    running: Running, person: Person, link: str
) -> None:
    person.begin(link)
    person.press("next")
    person.press("next", "man")
    person.press("stop", "33")
    assert person.at == "/pause"
    found = re.search(r"<strong>([0-9A-Z ]+)</strong>", person.page.text)
    assert found
    person.press("close")
    assert person.at == "/closed" and "fill" not in person.cookies
    other = Person(running)
    other.go("/")
    other.press("go", code=found[1].lower())
    assert other.item == "person_age" and 'value="33"' in other.page.text


def test_withdrawing_erases_everything(running: Running, person: Person, link: str) -> None:
    person.begin(link)
    person.press("next")
    person.press("stop")
    code = re.search(r"<strong>([0-9A-Z ]+)</strong>", person.page.text)
    assert code
    person.press("erase")
    assert person.at == "/erased"
    other = Person(running)
    other.go("/")
    assert other.press("go", code=code[1]).status == 422


def test_a_personal_code_answers_once(running: Running) -> None:
    code = running.codes()[0]
    first = Person(running)
    first.begin(code, "short")
    first.answer_all()
    first.press("go")
    assert first.at == "/thanks"
    second = Person(running)
    assert second.go(f"/e/{code}").status == 422


def test_who_begins_anew_by_a_personal_code_sets_the_first_attempt_aside(running: Running) -> None:
    code = running.codes()[0]
    first, second = Person(running), Person(running)
    first.begin(code, "short")
    first.answer_all()
    second.go(f"/e/{code}")
    assert "begynner du på nytt" in second.page.text
    second.press("short")
    second.answer_all()
    assert first.press("go").status == 409
    second.press("go")
    assert second.at == "/thanks"


def test_leaving_erases_a_draft_nobody_could_open_and_frees_its_code(running: Running) -> None:
    code = running.codes()[0]
    person = Person(running)
    person.begin(code)
    person.press("leave")
    assert person.at == "/left" and person.page.headers["Refresh"].startswith("0;url=https://")
    assert "fill" not in person.cookies
    person.go(f"/e/{code}")
    assert "begynner du på nytt" not in person.page.text


def test_the_short_route_asks_its_five_questions(person: Person, link: str) -> None:
    person.begin(link, "short")
    assert list(person.answer_all()) == ["person_age", "satisfied", "influence", "respect", "helper"]


@pytest.mark.parametrize(
    ("language", "heading"), [("nb", "Hvilket kjønn er du?"), ("nn", "Kva kjønn er du?"), ("en", "What is your sex?")]
)
def test_each_page_can_be_read_in_each_language(person: Person, link: str, language: str, heading: str) -> None:
    person.begin(link)
    person.press("next")
    person.press(f"lang-{language}", "woman")
    assert person.heading == heading and f'<html lang="{language}"' in person.page.text
    assert 'value="woman" checked' in person.page.text


def test_every_page_says_who_cannot_see_and_none_says_what_it_is_about(running: Running, link: str) -> None:
    person = Person(running)
    pages = [
        person.go("/"),
        person.go(f"/e/{link}"),
        person.press("yes"),
        person.press("stop"),
        person.go("/send"),
        person.go("/thanks"),
        person.go("/nowhere"),
        person.go("/closed"),
    ]
    for page in pages:
        assert "Ingen i tjenestene eller i kommunen kan se svarene dine." in page.text
        head = page.text.split("<body")[0].lower()
        assert not any(word in head for word in ("rus", "lar", "bruker", "og:", "description"))
        assert page.headers["Cache-Control"] == "no-store"
        assert 'value="leave"' in page.text


def test_a_shared_tablet_forgets_each_person(running: Running, link: str) -> None:
    tablet = Person(running)
    tablet.go(f"/t/{link}")
    assert tablet.at == "/start"
    tablet.press("yes")
    tablet.press("next")
    tablet.press("next", "woman")
    draft = tablet.cookies["fill"]
    assert '<noscript><meta http-equiv="refresh" content="300;url=/again">' in tablet.page.text
    tablet.press("stop", "29")
    assert "<strong>" not in tablet.page.text
    tablet.go("/again")
    tablet.press("new")
    assert tablet.at == "/start" and "fill" not in tablet.cookies
    other = Person(running)
    other.go("/")
    assert other.press("go", code=draft).status == 422
    tablet.press("yes")
    tablet.answer_all()
    tablet.press("go")
    assert tablet.at == "/thanks" and tablet.page.headers["Refresh"] == "60;url=/start"
    tablet.go("/")
    assert tablet.at == "/start"


def test_a_tablet_that_was_walked_away_from_erases_the_draft(running: Running, link: str) -> None:
    tablet = Person(running)
    tablet.go(f"/t/{link}")
    tablet.press("yes")
    draft = tablet.cookies["fill"]
    assert tablet.go("/again").headers["Refresh"].endswith("url=/again?gone")
    tablet.go("/again?gone")
    assert tablet.at == "/start"
    other = Person(running)
    other.go("/")
    assert other.press("go", code=draft).status == 422


def test_who_stops_early_can_send_what_was_answered(running: Running, person: Person, link: str) -> None:
    person.begin(link)
    person.press("next")
    person.press("next", "woman")
    person.press("stop", "37")
    assert person.heading == "Din private kode"
    person.press("send")
    assert person.at == "/send" and person.heading == "Vil du sende nå?" and "Du har svart på 2 spørsmål." in person.page.text
    person.press("back")
    assert person.item == "person_age" and 'value="37"' in person.page.text
    person.go("/send")
    person.press("go")
    assert person.at == "/thanks"
    assert any(one["answers"] == {"person_sex": "woman", "person_age": 37.0} and one["consent"] == "2021-1" for one in sealed_answers(running))


def test_a_tablet_offers_no_break_that_it_cannot_give(running: Running, link: str) -> None:
    tablet = Person(running)
    tablet.go(f"/t/{link}")
    tablet.press("short")
    assert ">Avslutt</button>" in tablet.page.text and "Ta en pause" not in tablet.page.text
    tablet.press("stop", "38")
    assert tablet.heading == "Vil du avslutte?"
    tablet.press("send")
    assert ">Avslutt</button>" in tablet.page.text
    tablet.press("go")
    assert any(one["answers"] == {"person_age": 38.0} for one in sealed_answers(running))


def test_a_mistyped_code_is_told_from_a_wrong_one(person: Person) -> None:
    person.go("/")
    assert person.press("go", code="ABCD").status == 422 and "Koden stemmer ikke" in person.page.text
    assert person.press("go", code=codes.new()).status == 422 and "gjelder ikke" in person.page.text


def test_guessing_codes_is_stopped(running: Running) -> None:
    person = Person(running)
    person.go("/")
    link = running.codes(many=True)[0]
    guess = Person(running)
    seen = []
    for _ in range(40):
        person.go("/")
        seen.append(person.press("go", code=codes.new()).status)
        if seen[-1] == 429 and guess.go(f"/e/{link}").status == 429:  # a right code too, until the bucket fills up again
            return
    raise AssertionError(seen)
