"""Before fieldwork, while it lasts and after it: kind pages in three languages; codes as people type them; the statement of accessibility."""

from __future__ import annotations

import re
import shutil
import sqlite3
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from royst.collect import codes
from royst.errors import InputError
from royst.evaluation import serve
from royst.study import folder
from royst.web import server
from royst.web.respond import offline
from royst.web.respond.words import own

from .conftest import ASKING, WAVE, Person, Running, set_up
from .test_answering_browser import AXE, FLAGS, RULES

TODAY = date.today()


def asked(written: Path, place: Path, opens: int | None = None, closes: int | None = None) -> Running:
    """A server that opens and closes so many days from now."""
    lines = [f"{key} = {(TODAY + timedelta(days=days)).isoformat()}" for key, days in (("opens", opens), ("closes", closes)) if days is not None]
    return set_up(written, place, asking="\n".join(lines) + ASKING)


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_before_it_opens_a_link_says_when_and_uses_nothing_up(written: Path, tmp_path: Path, language: str) -> None:
    running = asked(written, tmp_path, opens=2, closes=9)
    code = running.codes()[0]
    running.start()
    person = Person(running, language)
    for path in ("/", f"/e/{code}", "/start"):
        person.go(path)
        assert person.heading == own(language)["over.before"] and str((TODAY + timedelta(days=2)).year) in person.page.text
        assert not re.search(r"\d{4}-\d\d-\d\d", person.page.text), "a date is written as people write it"
    person.go(f"/e/{code}")
    person.press("yes")
    assert person.heading == own(language)["over.before"] and "fill" not in person.cookies
    running.end()
    access = serve.prepare(running.root, WAVE).codes.look(code)
    assert access is not None and not access.begun


def test_after_the_last_day_nobody_begins_and_who_has_begun_may_finish(written: Path, tmp_path: Path) -> None:
    running = asked(written, tmp_path, opens=-9, closes=0)
    link = running.codes(many=True)[0]
    running.start()
    first = Person(running)
    first.begin(link, "short")
    first.press("stop", "44")
    found = re.search(r"<strong>([0-9A-Z ]+)</strong>", first.page.text)
    assert found
    running.end()
    text = (running.root / "waves" / WAVE / "asking.toml").read_text(encoding="utf-8")
    (running.root / "waves" / WAVE / "asking.toml").write_text(text.replace(TODAY.isoformat(), (TODAY - timedelta(days=1)).isoformat()), encoding="utf-8")
    running.start()
    other = Person(running)
    other.go(f"/e/{link}")
    assert other.heading == "Skjemaet er stengt" and "https://resultater.example/2021" in other.page.text
    other.go("/")
    other.press("go", code=found[1])
    assert other.item == "person_age"
    other.answer_all()
    other.press("go")
    assert other.at == "/thanks"
    found_work = serve.prepare(running.root, WAVE)
    waited = {"entry": offline.Tickets(found_work.derived("tickets")).closed(link), "token": "ab" * 16, "answers": {"person_age": "31"}}
    assert other.ask("POST", "/take", offline.lock(waited, offline.Transport(found_work.derived("transport")).public)).status == 200
    running.end()
    with sqlite3.connect(running.home / "answers.sqlite") as lite:
        assert lite.execute("SELECT COUNT(*) FROM sealed").fetchone() == (2,)


def test_a_frozen_wave_says_that_it_is_over_and_keeps_nothing(written: Path, tmp_path: Path) -> None:
    running = asked(written, tmp_path)
    link = running.codes(many=True)[0]
    running.start()
    person = Person(running)
    person.begin(link, "short")
    person.answer_all()
    person.press("go")
    late = Person(running)
    late.begin(link)
    running.end()
    server.freeze(running.root, WAVE, *running.shares)
    before = {path: path.read_bytes() for path in running.root.rglob("*") if path.is_file()}
    running.start()
    for path in ("/", f"/e/{link}", f"/t/{link}", "/start", "/q/2", "/send", "/pause", "/thanks"):
        late.go(path)
        assert late.page.status == 200 and late.heading == "Skjemaet er stengt" and "https://resultater.example/2021" in late.page.text, path
    late.press("lang-nn")
    assert late.heading == own("nn")["over.after"]
    assert late.ask("POST", "/take", b"x" * 300).status == 410 and late.ask("POST", "/merge", b"x").status == 410
    assert "fill" in late.cookies
    late.press("leave")
    assert late.at == "/left" and "fill" not in late.cookies
    running.end()
    assert {path: path.read_bytes() for path in running.root.rglob("*") if path.is_file()} == before


def test_a_period_that_ends_before_it_begins_is_a_fault(written: Path, tmp_path: Path) -> None:
    running = asked(written, tmp_path)
    for said, what in (("opens = 2021-05-02\ncloses = 2021-05-01\n", "before it opens"), ('closes = "tomorrow"\n', "date")):
        (running.root / "waves" / WAVE / "asking.toml").write_text(said, encoding="utf-8")
        with pytest.raises(InputError, match=what):
            serve.read_asking(folder.read(running.root), WAVE)


@pytest.mark.parametrize("wave", ["before", "after"])
def test_axe_finds_nothing_on_these_pages(written: Path, tmp_path: Path, wave: str) -> None:
    sync = pytest.importorskip("playwright.sync_api")
    if not AXE.exists() or shutil.which("chromium") is None:
        pytest.skip("needs axe-core in .tools (make test fetches it)")
    running = asked(written, tmp_path, *((1, 2) if wave == "before" else (-2, -1)))
    running.start()
    with sync.sync_playwright() as playing:
        browser = playing.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page: Any = browser.new_page(viewport={"width": 360, "height": 640}, locale="nn-NO")
        page.goto(running.base)
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate("rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})", RULES)["violations"]
        wide = page.evaluate("document.documentElement.scrollWidth")
        browser.close()
    running.end()
    assert not found and wide <= 360


def test_a_code_is_read_as_people_write_it(running: Running) -> None:
    code = running.codes(many=True)[0]
    forms = [
        code.lower(), f" {code[:4]} {code[4:8]}  {code[8:]} ", code.replace("0", "O").replace("1", "l"), code.replace("0", "o").replace("1", "I"), "-".join(code), code.replace(code[5], code[5] + "\u00a0"),
        f"{running.base}/e/{code}", f"{running.base.partition('//')[2]}/e/{code.lower()}", f"{code}\r\n",
    ]  # fmt: skip
    for said in forms:
        person = Person(running)
        person.go("/")
        person.press("go", code=said)
        assert person.at == "/start", said
    for said in ("", "   ", code[:-1], code + "A", "/", "https://svar.example/", "U" * 13, "\x00" * 13, "é" * 13):
        assert codes.read(said) is None, said


def test_a_code_has_sixty_random_bits_and_each_slip_of_the_finger_is_found() -> None:
    """By brute force: every single wrong sign, and every two neighbours that changed places."""
    drawn: list[int] = []

    def choose(below: int) -> int:
        drawn.append(below)
        return (7 * len(drawn) + 3) % below

    made = [codes.new(choose)] + [codes.new() for _ in range(30)]
    assert drawn == [32] * 12 and 32**12 == 2**60
    for code in made:
        assert codes.read(code) == code
        for place in range(13):
            assert not any(codes.read(code[:place] + sign + code[place + 1 :]) for sign in codes.SIGNS if sign != code[place])
        for place in range(12):
            if code[place] != code[place + 1]:
                assert codes.read(code[:place] + code[place + 1] + code[place] + code[place + 2 :]) is None


def test_a_private_code_opens_the_form_on_another_device_and_both_see_the_same(running: Running) -> None:
    link = running.codes(many=True)[0]
    first, second = Person(running), Person(running, "en")
    first.begin(link, "short")
    first.press("stop", "55")
    found = re.search(r"<strong>([0-9A-Z ]+)</strong>", first.page.text)
    assert found
    second.go("/")
    second.press("go", code=found[1].replace(" ", "").lower())
    second.press("next", "3")
    first.go("/q/2")
    first.go("/")
    first.press("on")
    assert first.item == second.item != ""
    second.answer_all()
    second.press("go")
    assert second.at == "/thanks"
    first.press("next", "1")
    assert first.at == "/thanks", "what is sent cannot be changed on the other device"


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_the_statement_of_accessibility_is_on_each_page_and_keeps_what_was_answered(running: Running, language: str) -> None:
    person = Person(running, language)
    person.go("/")
    assert own(language)["access.link"] in person.page.text
    person.press("access")
    assert person.heading == own(language)["access.title"] and "svar@referansestudien.example" in person.page.text
    person.begin(running.codes(many=True)[0])
    person.press("next")
    person.press("access", "woman")
    assert person.at == "/access"
    person.at = "/"
    person.press("on")
    assert re.search(r'value="woman" checked', person.page.text)
