"""Answering in a real browser: a phone of 360 px with scripts on, off, without the net and back; by keyboard; a tablet; three languages; nothing that axe-core finds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from royst.web import server

from .conftest import WAVE, Person, Running
from .test_answering_plain import sealed_answers

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[3]
AXE = ROOT / ".tools" / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
PHONE = {"width": 360, "height": 640}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def link(running: Running) -> str:
    return running.codes(many=True)[0]


@pytest.fixture
def phone(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport=PHONE, locale="nb-NO", has_touch=True)
    yield context.new_page()
    context.close()


def tablet(browser: Any, running: Running, link: str) -> Any:
    """A shared tablet at its door, with a clock that the test can move."""
    page = browser.new_context(viewport={"width": 820, "height": 1180}, locale="nb-NO").new_page()
    page.clock.install()
    page.goto(f"{running.base}/t/{link}")
    page.clock.resume()
    return page


def press(page: Any, do: str) -> None:
    with page.expect_navigation():
        page.locator(f"main button[value={do}], header > button[value={do}]").first.click()


def answer(page: Any, age: str = "68", choice: int = 0) -> None:
    """Answer the question that is shown, in whichever page it is shown."""
    if page.locator("#a").count():
        page.fill("#a", age)
    elif page.locator(".pick").count():
        page.locator(".pick").nth(choice).click()


def through(page: Any, age: str, until: str = "/send", look: Callable[[str], None] = lambda name: None) -> None:
    for _ in range(80):
        if until in page.url:
            return
        look(page.title())
        answer(page, age)
        press(page, "next")
    raise AssertionError(page.url)


def offline_through(page: Any, age: str) -> None:
    for _ in range(80):
        if page.locator(".pick, #a, .note").count() == 0:
            return
        heading = page.title()
        answer(page, age)
        page.locator("main .main").click()
        page.wait_for_function("old => document.title != old", arg=heading)
    raise AssertionError(page.title())


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_whole_form_on_a_small_phone(browser: Any, running: Running, link: str, scripts: bool) -> None:
    context = browser.new_context(viewport=PHONE, locale="nb-NO", java_script_enabled=scripts)
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    age = "71" if scripts else "72"
    page.goto(f"{running.base}/e/{link}")
    press(page, "yes")
    through(page, age)
    press(page, "go")
    page.wait_for_url("**/thanks")
    assert page.locator("h1").inner_text() == "Takk!"
    assert any(one["answers"].get("person_age") == float(age) for one in sealed_answers(running))
    assert not wrong
    context.close()


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_axe_finds_nothing_on_any_page(browser: Any, running: Running, link: str, language: str) -> None:
    if not AXE.exists():
        pytest.skip("needs axe-core in .tools (make test fetches it)")
    context = browser.new_context(viewport=PHONE, locale="nb-NO")
    page = context.new_page()
    found: list[Any] = []

    def look(name: str) -> None:
        page.wait_for_load_state()
        page.evaluate(AXE.read_text(encoding="utf-8"))
        result = page.evaluate(
            "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})", RULES
        )
        found.extend(
            (name, one["id"], [node["html"][:150] for node in one["nodes"]][:3]) for one in result["violations"]
        )
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360, f"{name}: {wide} px wide"
        small = page.evaluate(
            """() => [...document.querySelectorAll('button:not(.away), summary, a.button, .pick, input:not([type])')].map(one => [one.textContent.trim() || one.id, one.getBoundingClientRect()])
            .filter(([, box]) => box.width && (box.width < 44 || box.height < 44)).map(([text, box]) => `${text} ${box.width}×${box.height}`)"""
        )
        assert not small, f"{name}: {small}"

    page.goto(running.base)
    page.click("summary")
    with page.expect_navigation():
        page.click(f"button[value=lang-{language}]")
    look("enter")
    page.fill("#code", "wrong")
    press(page, "go")
    look("enter, wrong")
    page.goto(f"{running.base}/e/{link}")
    look("start")
    press(page, "yes")
    look("note")
    press(page, "next")
    look("choice")
    press(page, "next")
    look("choice, wrong")
    page.click("summary")
    look("languages open")
    page.keyboard.press("Escape")
    page.goto(page.url)
    answer(page)
    press(page, "next")
    look("number")
    page.fill("#a", "3")
    press(page, "next")
    look("number, wrong")
    press(page, "larger")
    look("larger text")
    press(page, "stop")
    page.click(".erase summary")
    look("pause")
    press(page, "on")
    press(page, "normal")
    through(page, "40", look=look)
    look("send")
    press(page, "go")
    page.wait_for_url("**/thanks")
    look("thanks")
    last = next(one for one in sealed_answers(running) if one["answers"].get("person_age") == 40.0 and one["language"] == language)
    assert len(last["answers"]) > 40, "the whole form"
    page.goto(f"{running.base}/nowhere")
    look("lost")
    page.goto(f"{running.base}/closed")
    look("closed")
    page.goto(f"{running.base}/erased")
    look("erased")
    page.goto(f"{running.base}/access")
    look("accessibility")
    context.close()
    assert not found, json.dumps(found, indent=1, ensure_ascii=False)


def test_by_keyboard_alone(browser: Any, running: Running, link: str) -> None:
    """The whole form on a small screen, from the code to the thanks; what has the focus is always seen."""
    context = browser.new_context(viewport=PHONE, locale="en")
    page = context.new_page()
    page.goto(running.base)

    def tab_to(test: str) -> None:
        for _ in range(25):
            page.keyboard.press("Tab")
            if page.evaluate(f"(() => {{ const one = document.activeElement; return {test} }})()"):
                assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
                return
        raise AssertionError(f"cannot reach {test}")

    def enter() -> None:
        with page.expect_navigation():
            page.keyboard.press("Enter")

    tab_to("one.id == 'code'")
    page.keyboard.type(link[:4] + " " + link[4:].lower())
    enter()
    tab_to("one.value == 'yes'")
    enter()
    for _ in range(80):
        if "/send" in page.url:
            break
        if page.locator("#a").count():
            tab_to("one.id == 'a'")
            page.keyboard.type("83")
        elif page.locator(".pick").count():
            tab_to("one.name == 'a'")
            page.keyboard.press("ArrowDown")
        else:
            tab_to("one.value == 'next'")
        enter()
    tab_to("one.value == 'go'")
    enter()
    page.wait_for_url("**/thanks")
    found = [one["answers"] for one in sealed_answers(running) if one["answers"].get("person_age") == 83.0]
    assert len(found) == 1 and len(found[0]) > 40
    context.close()


def until(page: Any, said: str) -> None:
    """Wait until something asynchronous holds in the page."""
    for _ in range(150):
        try:
            if page.evaluate(said):
                return
        except playwright.Error as error:  # the page went on meanwhile
            if "navigation" not in str(error):
                raise
        page.wait_for_timeout(100)
    raise AssertionError(said)


def ready(page: Any) -> None:
    """The page has all that it needs to do without the net."""
    until(
        page,
        "async () => (await navigator.serviceWorker.ready).active.state == 'activated'"
        " && !!(await caches.match(document.body.dataset.form)) && !!(await caches.match('/offline'))",
    )


def violations(page: Any) -> list[Any]:
    """What axe-core finds on the page as it stands; nothing where it is not here."""
    if not AXE.exists():
        return []
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})", RULES
    )
    return [(one["id"], [node["html"][:150] for node in one["nodes"]][:3]) for one in result["violations"]]


def test_the_net_goes_away_in_the_middle_and_the_answers_arrive_when_it_is_back(
    phone: Any, running: Running, link: str
) -> None:
    phone.goto(f"{running.base}/e/{link}")
    press(phone, "yes")
    press(phone, "next")
    answer(phone)
    press(phone, "next")
    ready(phone)
    phone.reload()
    phone.context.set_offline(True)
    answer(phone, "73")
    phone.locator("main .main").click()
    phone.wait_for_selector("text=Du er uten nett")
    assert phone.locator("h1").inner_text().startswith("Er du enslig")
    assert not violations(phone)
    phone.reload()
    phone.wait_for_selector("text=Er du enslig")
    offline_through(phone, "73")
    phone.locator("text=Send svarene").last.click()
    phone.wait_for_selector("text=Svarene ligger kryptert")
    assert "1" in phone.locator(".queue").inner_text()
    assert not violations(phone)
    assert phone.evaluate("!!window.onbeforeunload")
    kept = phone.evaluate(
        "async () => { const s = await store('q'); return (await wait(s.getAll())).map(b => [...new Uint8Array(b)]) }"
    )
    assert len(kept) == 1 and b"person_age" not in bytes(kept[0])
    assert not phone.evaluate("async () => await readFill()")
    before = len(sealed_answers(running))
    phone.context.set_offline(False)
    phone.goto(f"{running.base}/closed")
    phone.wait_for_selector("text=er sendt")
    after = sealed_answers(running)
    assert len(after) == before + 1
    assert any(one["answers"].get("person_age") == 73.0 and one["answers"]["person_sex"] == "man" for one in after)
    phone.goto(f"{running.base}/send")
    phone.wait_for_url("**/thanks")


def test_back_on_the_net_the_form_goes_on_where_it_was(phone: Any, running: Running, link: str) -> None:
    phone.goto(f"{running.base}/e/{link}")
    press(phone, "short")
    ready(phone)
    phone.context.set_offline(True)
    answer(phone, "74")
    phone.locator("main .main").click()
    phone.wait_for_selector("text=Du er uten nett")
    answer(phone, choice=4)
    phone.locator("main .main").click()
    phone.wait_for_selector("text=innflytelse")
    phone.context.set_offline(False)
    phone.wait_for_selector("text=Fortsett på nett")
    with phone.expect_navigation():
        phone.locator("text=Fortsett på nett").click()
    assert "innflytelse" in phone.locator("h1").inner_text()
    through(phone, "0")
    press(phone, "go")
    phone.wait_for_url("**/thanks")
    assert any(
        one["answers"].get("person_age") == 74.0 and one["answers"]["satisfied"] == "5"
        for one in sealed_answers(running)
    )


def test_a_tablet_without_the_net_queues_several_people_and_shows_none_of_them(
    browser: Any, running: Running, link: str
) -> None:
    context = browser.new_context(viewport={"width": 820, "height": 1180}, locale="nb-NO")
    page = context.new_page()
    page.goto(f"{running.base}/t/{link}")
    ready(page)
    page.context.set_offline(True)
    page.goto(f"{running.base}/start")
    for age in ("81", "82"):
        page.locator("text=Jeg vil svare kort").click()
        offline_through(page, age)
        page.locator("text=Send svarene").last.click()
        page.wait_for_selector("text=Svarene ligger kryptert")
        assert not page.evaluate("async () => await readFill()")
        page.locator("text=Neste person").click()
    page.context.set_offline(False)
    page.goto(f"{running.base}/start")
    page.wait_for_selector("text=er sendt")
    ages = [one["answers"].get("person_age") for one in sealed_answers(running) if one["short"]]
    assert ages.count(81.0) == 1 and ages.count(82.0) == 1
    context.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_whole_form_on_a_shared_tablet(browser: Any, running: Running, link: str, scripts: bool) -> None:
    """Two people after each other; the second meets nothing of the first, also by the browser's own way back."""
    context = browser.new_context(viewport={"width": 820, "height": 1180}, locale="nb-NO", java_script_enabled=scripts)
    page = context.new_page()
    page.goto(f"{running.base}/t/{link}")
    first, second = ("84", "85") if scripts else ("86", "87")
    for age in (first, second):
        assert "/start" in page.url
        press(page, "yes")
        seen: list[str] = []
        through(page, age, look=lambda name, seen=seen: seen.append(page.content()))
        assert len(seen) > 40 and not any("checked" in content or f'value="{first}"' in content for content in seen)
        press(page, "go")
        page.wait_for_url("**/thanks")
        page.go_back()
        assert not page.locator(":checked").count() and "/q/" not in page.url
        page.goto(f"{running.base}/thanks")
        assert not violations(page) if scripts else True
        with page.expect_navigation():
            page.locator("text=Neste person").click()
        assert not [cookie for cookie in context.cookies() if cookie["name"] == "fill"]
    ages = [one["answers"].get("person_age") for one in sealed_answers(running)]
    assert ages.count(float(first)) == ages.count(float(second)) == 1
    context.close()


def test_what_stands_on_a_tablets_page_is_kept_when_it_is_hidden(browser: Any, running: Running, link: str) -> None:
    """Nobody who reads slowly loses an answer to the clock: each touch puts it off, and what was typed is there again."""
    page = tablet(browser, running, link)
    context = page.context
    press(page, "short")
    page.fill("#a", "39")
    page.clock.fast_forward(290_000)
    page.locator("h1").click()
    page.clock.fast_forward(290_000)
    assert "/q/" in page.url, "the touch put it off"
    with page.expect_navigation():
        page.clock.fast_forward(20_000)
    page.wait_for_url("**/again")
    assert "39" not in page.inner_text("main") and not violations(page)
    press(page, "on")
    assert page.input_value("#a") == "39"
    context.close()


@pytest.mark.parametrize("lacks", ["HTMLFormElement.prototype.requestSubmit = undefined", "Object.defineProperty(SubmitEvent.prototype, 'submitter', {value: undefined})", "Object.defineProperty(crypto, 'subtle', {value: undefined})", "Object.defineProperty(window, 'indexedDB', {value: undefined})"])  # fmt: skip
def test_a_phone_that_lacks_something_answers_all_the_same(browser: Any, running: Running, link: str, lacks: str) -> None:
    context = browser.new_context(viewport=PHONE, locale="nb-NO")
    context.add_init_script(lacks)
    page = context.new_page()
    page.goto(f"{running.base}/e/{link}")
    press(page, "short")
    page.wait_for_timeout(300)
    through(page, "88")
    press(page, "go")
    page.wait_for_url("**/thanks")
    context.close()


def test_who_goes_on_from_our_pages_brings_no_address_of_ours(browser: Any, running: Running, link: str) -> None:
    """The links that lead away, and *leave*: the browser tells the other site nothing of where somebody came from."""
    context = browser.new_context(viewport=PHONE, locale="nb-NO")
    page = context.new_page()
    told: list[dict[str, str]] = []
    for where in ("https://resultater.example/**", "https://www.yr.no/**"):
        context.route(where, lambda route: (told.append(route.request.all_headers()), route.fulfill(body="<title>Elsewhere</title>", content_type="text/html")))
    page.goto(f"{running.base}/e/{link}")
    press(page, "short")
    through(page, "89")
    press(page, "go")
    page.wait_for_url("**/thanks")
    page.locator("a", has_text="resultater.example").click()
    page.wait_for_url("https://resultater.example/**")
    page.goto(f"{running.base}/e/{link}")
    page.locator("header button[value=leave]").click()
    page.wait_for_url("https://www.yr.no/")
    assert len(told) == 2 and not any("referer" in headers for headers in told)
    context.close()


READ = """async () => {
  const found = [];
  for (const drawn of document.querySelectorAll("svg.qr")) {
    const picture = new Image();
    picture.src = "data:image/svg+xml," + encodeURIComponent(drawn.outerHTML.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400"'));
    await picture.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: 400, height: 400 }), to = canvas.getContext("2d");
    to.drawImage(picture, 0, 0);
    found.push(jsQR(to.getImageData(0, 0, 400, 400).data, 400, 400)?.data);
  }
  return found;
}"""


def test_a_phone_reads_the_qr_codes(browser: Any, running: Running, link: str, tmp_path: Path) -> None:
    """By another program: the thanks lead to the results, a slip to the form by its own code."""
    reader = ROOT / ".tools" / "node_modules" / "jsqr" / "dist" / "jsQR.js"
    if not reader.exists():
        pytest.skip("needs jsQR in .tools (make test fetches it)")
    page = browser.new_page(viewport=PHONE, locale="nb-NO")
    page.goto(f"{running.base}/thanks")
    page.evaluate(reader.read_text(encoding="utf-8"))
    assert page.evaluate(READ) == ["https://resultater.example/2021"]
    server.codes(running.root, WAVE, tmp_path / "codes.csv", sheet=tmp_path / "sheet.html")
    links = [line.split(",")[1] for line in (tmp_path / "codes.csv").read_text(encoding="utf-8").splitlines()[1:]]
    page.goto((tmp_path / "sheet.html").as_uri())
    page.evaluate(reader.read_text(encoding="utf-8"))
    assert page.evaluate(READ) == links
    page.goto(links[0])
    assert page.locator("h1").inner_text() == "Vil du svare?"
    page.close()


def test_nothing_is_asked_of_anybody_else(phone: Any, running: Running, link: str) -> None:
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    phone.goto(f"{running.base}/e/{link}")
    press(phone, "yes")
    press(phone, "next")
    assert asked and all(url.startswith((running.base, "data:")) for url in asked)


def test_leaving_leaves_nothing_behind(phone: Any, running: Running, link: str) -> None:
    phone.goto(f"{running.base}/e/{link}")
    press(phone, "short")
    phone.route(
        "https://www.yr.no/**", lambda route: route.fulfill(body="<title>Elsewhere</title>", content_type="text/html")
    )
    phone.locator("header button[value=leave]").click()
    phone.wait_for_url("https://www.yr.no/")
    phone.goto(running.base)
    assert phone.locator("text=Fortsett der du slapp").count() == 0
    assert not [cookie for cookie in phone.context.cookies() if cookie["name"] in ("fill", "entry")]
    until(phone, "async () => !(await readFill())")


def test_first_screen_and_offline_page_are_small(running: Running, link: str) -> None:
    person = Person(running)
    packed = {"Accept-Encoding": "gzip"}

    def size(path: str) -> int:
        return int(person.ask("GET", path, headers=packed).headers["Content-Length"])

    page = person.go(f"/e/{link}")
    import re

    whole = len(page.text.encode()) + sum(size(path) for path in re.findall(r'(?:href|src)="(/a/[^"]+)"', page.text))
    assert whole < 15_000
    shell = person.go("/offline")
    parts = re.findall(r'(?:href|src)="(/a/[^"]+)"', shell.text)
    assert len(shell.text.encode()) + size("/sw.js") + sum(size(path) for path in parts) <= 15_000
    assert size("/form/nb") < 15_000
    person.begin(link)
    largest = 0
    while person.at.startswith("/q/"):
        largest = max(largest, len(person.page.text.encode()))
        person.press("next", *(["40"] if 'class="number"' in person.page.text else person.choices[:1]))
    assert largest < 30_000
