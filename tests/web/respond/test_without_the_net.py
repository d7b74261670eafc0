"""What the page without the net does besides asking: other languages, larger text, reading aloud, a tablet that is walked away from, answers that come too late."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from .conftest import Running
from .test_answering_browser import FLAGS, PHONE, answer, press, ready, tablet, until, violations
from .test_answering_plain import sealed_answers

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.browser

VOICES = """
const spoken = []; window.spoken = spoken;
const voices = VOICES;
class Utterance { constructor(text) { this.text = text; } }
Object.defineProperty(window, "SpeechSynthesisUtterance", {value: Utterance});
Object.defineProperty(window, "speechSynthesis", {value: {getVoices: () => voices, cancel() {}, speak(one) { spoken.push([one.text, one.voice.name]); }}});
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as playing:
        opened = playing.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def link(running: Running) -> str:
    return running.codes(many=True)[0]


def gone(browser: Any, running: Running, link: str, how: str = "short", voices: str = "", **context: Any) -> Any:
    """A phone that has begun and lost the net, with the page for that before it."""
    made = browser.new_context(**{"viewport": PHONE, "locale": "nb-NO", **context})
    if voices:
        made.add_init_script(VOICES.replace("VOICES", voices))
    page = made.new_page()
    page.goto(f"{running.base}/e/{link}")
    press(page, how)
    ready(page)
    until(page, "async () => { for (const [, , path] of JSON.parse(document.body.dataset.forms)) if (!await caches.match(path)) return false; return true }")
    made.set_offline(True)
    page.goto(f"{running.base}/q/2")
    page.wait_for_selector("text=Du er uten nett")
    return page


def test_the_language_can_be_changed_without_the_net(browser: Any, running: Running, link: str) -> None:
    page = gone(browser, running, link)
    page.fill("#a", "64")
    page.locator("summary").click()
    page.locator("button", has_text="English").click()
    page.wait_for_selector("text=Leave site")
    assert page.input_value("#a") == "64" and page.evaluate("document.documentElement.lang") == "en"
    assert page.locator("header").inner_text().count("Leave site") == 1 and "Nobody" in page.locator("footer").inner_text()
    assert not violations(page)
    page.locator("main .main").click()
    page.wait_for_selector("fieldset")
    page.reload()
    page.wait_for_selector("fieldset")
    assert page.evaluate("document.documentElement.lang") == "en", "the choice stays"
    page.locator("summary").click()
    page.locator("button", has_text="Nynorsk").click()
    page.wait_for_selector("text=Hopp over")
    while page.locator(".pick").count():
        heading = page.title()
        answer(page)
        page.locator("main .main").click()
        page.wait_for_function("old => document.title != old", arg=heading)
    page.locator("text=Send svara").last.click()
    page.wait_for_selector("text=Svara ligg krypterte")
    page.context.set_offline(False)
    page.goto(f"{running.base}/closed")
    page.wait_for_selector("text=er sende")
    last = next(one for one in sealed_answers(running) if one["answers"].get("person_age") == 64.0)
    assert last["language"] == "nn"
    page.context.close()


def test_text_can_be_made_larger_without_the_net_and_stays_so(browser: Any, running: Running, link: str) -> None:
    page = gone(browser, running, link)
    small = page.evaluate("parseFloat(getComputedStyle(document.querySelector('h1')).fontSize)")
    page.locator("header button", has_text="Større tekst").click()
    page.wait_for_selector("html.large")
    assert page.evaluate("parseFloat(getComputedStyle(document.querySelector('h1')).fontSize)") > 1.2 * small
    assert page.evaluate("document.documentElement.scrollWidth") <= 360 and not violations(page)
    page.reload()
    page.wait_for_selector("html.large")
    page.locator("header button", has_text="Vanlig tekst").click()
    page.wait_for_selector("html:not(.large)")
    page.context.close()


def test_larger_text_with_the_net_is_larger_without(browser: Any, running: Running, link: str) -> None:
    context = browser.new_context(viewport=PHONE, locale="nb-NO")
    page = context.new_page()
    page.goto(f"{running.base}/e/{link}")
    press(page, "short")
    with page.expect_navigation():
        page.locator("header button[value=larger]").click()
    assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 22
    ready(page)
    until(page, "async () => (await get('large')) == 'large'")
    context.set_offline(True)
    page.goto(f"{running.base}/q/2")
    page.wait_for_selector("html.large >> text=Du er uten nett")
    context.close()


@pytest.mark.parametrize("net", [True, False], ids=["net", "no net"])
def test_a_voice_on_the_phone_reads_the_question_and_its_answers(browser: Any, running: Running, link: str, net: bool) -> None:
    voices = "[{name: 'far', lang: 'nb-NO', localService: false}, {name: 'foreign', lang: 'de-DE', localService: true}, {name: 'near', lang: 'nb-NO', localService: true}]"
    page = gone(browser, running, link, voices=voices)
    if net:
        page.context.set_offline(False)
        page.goto(f"{running.base}/q/2")
        page.goto(f"{running.base}/")
        press(page, "on")
    else:
        page.fill("#a", "50")
        page.locator("main .main").click()
        page.wait_for_selector("fieldset")
    page.locator(".aloud").click()
    text, name = page.evaluate("spoken[0]")
    heading = page.locator("h1:visible").inner_text()
    assert name == "near" and text.startswith(heading) and all(one in text for one in page.locator(".pick span").all_inner_texts())
    page.context.close()


def test_a_voice_that_calls_a_server_is_never_offered(browser: Any, running: Running, link: str) -> None:
    page = gone(browser, running, link, voices="[{name: 'far', lang: 'nb-NO', localService: false}, {name: 'foreign', lang: 'de-DE', localService: true}]")
    assert not page.locator(".aloud").count()
    page.context.set_offline(False)
    page.goto(f"{running.base}/q/2")
    assert not page.locator(".aloud").count()
    page.context.close()


def test_a_tablet_that_is_walked_away_from_without_the_net_hides_and_forgets(browser: Any, running: Running, link: str) -> None:
    page = tablet(browser, running, link)
    context = page.context
    ready(page)
    context.set_offline(True)
    page.goto(f"{running.base}/start")
    page.locator("text=Jeg vil svare kort").click()
    page.fill("#a", "59")
    page.clock.fast_forward(299_000)
    assert page.locator("#a").is_visible()
    page.clock.fast_forward(2_000)
    page.wait_for_selector("text=Er du der fortsatt?")
    assert "59" not in page.inner_text("main") and not page.locator("#a").count()
    page.locator("main .main").click()
    assert page.input_value("#a") == "59", "who comes back goes on"
    page.clock.fast_forward(301_000)
    page.wait_for_selector("text=Er du der fortsatt?")
    page.locator("h1").click()  # a touch that presses nothing does not keep the answers
    page.clock.fast_forward(301_000)
    page.wait_for_selector("text=Vil du svare?")
    assert page.evaluate("fill") is None
    context.close()


def test_answers_that_come_too_late_are_told_and_not_kept(browser: Any, running: Running, link: str) -> None:
    page = gone(browser, running, link)
    for _ in range(5):
        answer(page, "66")
        heading = page.title()
        page.locator("main .main").click()
        page.wait_for_function("old => document.title != old", arg=heading)
    page.locator("text=Send svarene").last.click()
    page.wait_for_selector("text=Svarene ligger kryptert")
    page.context.set_offline(False)
    page.route("**/take", lambda route: route.fulfill(status=410))
    page.goto(f"{running.base}/closed")
    page.wait_for_selector("text=kunne ikke tas imot: 1")
    assert page.evaluate("async () => (await wait((await store('q')).getAll())).length") == 0
    assert not violations(page)
    page.context.close()


def tablet_that_lost_the_net(browser: Any, running: Running, link: str, age: str) -> Any:
    """A shared tablet in the middle of the short form: two answers with the net, the third sent when it had just gone."""
    context = browser.new_context(viewport={"width": 820, "height": 1180}, locale="nb-NO")
    page = context.new_page()
    page.goto(f"{running.base}/t/{link}")
    press(page, "short")
    answer(page, age)
    press(page, "next")
    answer(page, choice=3)
    press(page, "next")
    ready(page)
    until(page, "async () => !!(await get('words'))")
    context.set_offline(True)
    answer(page, choice=2)
    page.locator("main .main").click()
    page.wait_for_selector("text=Du er uten nett")
    return page


def test_a_tablet_that_loses_the_net_goes_on_where_it_was_and_sends_all(browser: Any, running: Running, link: str) -> None:
    """What was answered with the net is not lost, nothing is left on the tablet to go on with, and the next person begins afresh."""
    page = tablet_that_lost_the_net(browser, running, link, "55")
    assert page.locator("h1").inner_text().endswith("møtt med respekt?"), "the fourth question"
    assert not page.evaluate("async () => await get('fill')"), "in memory alone"
    while page.locator(".pick").count():
        heading = page.title()
        answer(page, choice=1)
        page.locator("main .main").click()
        page.wait_for_function("old => document.title != old", arg=heading)
    page.locator("text=Send svarene").last.click()
    page.wait_for_selector("text=Svarene ligger kryptert")
    page.context.set_offline(False)
    before = len(sealed_answers(running))
    page.goto(f"{running.base}/start")
    page.locator("text=Jeg vil svare kort").click()  # at once: the next person's beginning erases drafts, and must not erase this one
    page.wait_for_url("**/q/*")
    assert page.locator("input[name=a], #a").first.input_value() != "55" and not page.locator(":checked").count()
    after = sealed_answers(running)
    found = [one["answers"] for one in after if one["answers"].get("person_age") == 55.0]
    assert len(after) == before + 1 and len(found) == 1
    assert len(found[0]) == 5 and found[0]["satisfied"] == "4" and found[0]["influence"] == "3"
    page.context.close()


@pytest.mark.parametrize("how", ["another window", "too late"])
def test_nobody_else_finds_what_a_tablet_took_over(browser: Any, running: Running, link: str, how: str) -> None:
    page = tablet_that_lost_the_net(browser, running, link, "56")
    # As if the tablet had been closed between pressing the button and the page without the net.
    page.evaluate("async () => saveFill(fill)")
    if how == "another window":
        page = page.context.new_page()
    else:
        page.evaluate("sessionStorage.at = Date.now() - 300_000")
    page.goto(f"{running.base}/q/4")
    page.wait_for_selector("text=Vil du svare?")
    assert page.evaluate("fill") is None and not page.evaluate("async () => await get('fill')")
    page.context.close()


def test_a_tablet_left_alone_when_the_net_has_gone_is_hidden_and_then_forgets(browser: Any, running: Running, link: str) -> None:
    page = tablet(browser, running, link)
    context = page.context
    press(page, "short")
    ready(page)
    until(page, "async () => !!(await get('words'))")
    context.set_offline(True)
    page.fill("#a", "57")
    page.clock.fast_forward(301_000)
    page.wait_for_selector("text=Er du der fortsatt?")
    assert page.evaluate("document.body.dataset.shell !== undefined"), "the page that does without the net"
    page.locator("main .main").click()
    assert page.input_value("#a") == "57"
    page.clock.fast_forward(301_000)
    page.wait_for_selector("text=Er du der fortsatt?")
    page.clock.fast_forward(301_000)
    page.wait_for_selector("text=Vil du svare?")
    assert page.evaluate("fill") is None and not page.evaluate("async () => await get('fill')")
    context.close()
