"""Coding in a real browser: by mouse and by keyboard alone, two coders blind, a round closed and settled, a theme, a quote approved and released.

Emoji, combining marks and right-to-left text keep their places, overlaps are told apart without colour, and axe-core finds nothing at 390 and 1280 px.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from royst.interviews import quotes
from royst.interviews import transcript as transcripts
from royst.interviews.codebook import read_codebook
from royst.interviews.coding import CONSENSUS, read_codings
from royst.interviews.substudy import read_substudy
from royst.interviews.text import to_utf16
from royst.interviews.theme import read_themes

from .conftest import TEXT, Running

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[3] / ".tools" / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 800}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield opened
        opened.close()


class Coder:
    """One researcher's browser. Every request to another host, and every error, is remembered."""

    def __init__(self, browser: Any, running: Running, name: str, size: dict[str, int] = WIDE):
        self.running, self.name, self.wrong = running, name, []  # type: tuple[Running, str, list[str]]
        self.page = browser.new_context(viewport=size).new_page()
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda message: self.wrong.append(message.text) if message.type == "error" else None)
        self.page.on("request", lambda request: self.wrong.append(request.url) if not request.url.startswith((running.base, "data:")) else None)
        self.go("/in")
        self.page.fill("#name", name)
        self.page.fill("#passphrase", running.passphrases[name])
        self.press("main button")

    def go(self, path: str) -> None:
        self.page.goto(self.running.base + path)
        if path.startswith("/code/"):
            self.page.wait_for_selector("body[data-ready]")

    def press(self, selector: str) -> None:
        with self.page.expect_navigation():
            self.page.click(selector)

    def told(self, words: str) -> None:
        self.page.wait_for_function("words => document.getElementById('status').textContent.includes(words)", arg=words)

    def keys(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def drag(self, words: str) -> None:
        """Mark words with the mouse, from their first sign to their last."""
        boxes = self.page.evaluate(
            """words => {
              for (const p of document.querySelectorAll('#text p')) {
                const at = p.textContent.indexOf(words);
                if (at < 0) continue;
                p.scrollIntoView({block: 'center'});
                const place = unit => {
                  const walk = document.createTreeWalker(p, NodeFilter.SHOW_TEXT);
                  while (walk.nextNode()) { if (unit <= walk.currentNode.length) return [walk.currentNode, unit]; unit -= walk.currentNode.length; }
                };
                const range = document.createRange();
                range.setStart(...place(at)); range.setEnd(...place(at + words.length));
                const all = [...range.getClientRects()].filter(r => r.width);
                const [a, b] = [all[0], all[all.length - 1]];
                return [a.left + 0.5, a.top + a.height / 2, b.right - 0.5, b.top + b.height / 2];
              }
            }""",
            words,
        )
        self.page.mouse.move(boxes[0], boxes[1])
        self.page.mouse.down()
        self.page.mouse.move((boxes[0] + boxes[2]) / 2, boxes[3])
        self.page.mouse.move(boxes[2], boxes[3])
        self.page.mouse.up()
        self.page.wait_for_timeout(60)

    def settle(self, round: str, *, like: str, beside: str) -> None:
        """Close a round and settle its first disagreement as ``like`` has it, with the coder ``beside``."""
        self.go(f"/round/{round}")
        self.page.check("[name=sure]")
        self.press("main button.main")
        self.press("a.button")
        self.page.locator(f"input[value='of-{like}']").first.check()
        self.page.check(f"input[name=with][value={beside}]")
        self.press(".bar button")

    @property
    def own(self) -> list[tuple[str, str]]:
        found = sorted(read_codings(self.running.store, self.name, "r1"), key=lambda c: (c.transcript, c.start, c.end, c.code))
        return [(c.code, TEXT[c.start : c.end]) for c in found]


def test_coding_by_mouse(browser: Any, running: Running) -> None:
    anna = Coder(browser, running, "anna")
    anna.go("/code/r1/e01")
    anna.drag("telefonen ringer ikke lenger")
    anna.page.click("#codes li:has-text('Ensomhet')")
    anna.told("Coded: Ensomhet")
    anna.page.click("#codes li:has-text('Stillhet')")
    anna.told("Coded: Stillhet")
    anna.drag("her 👩🏽‍🦳 og telefonen")
    anna.page.fill("#find", "Savn")
    anna.page.click("#codes li.new")
    anna.told("Coded: Savn")
    assert anna.own == [("savn", "her 👩🏽‍🦳 og telefonen"), ("ensom", "telefonen ringer ikke lenger"), ("stille", "telefonen ringer ikke lenger")]
    lines = anna.page.evaluate(
        "[...document.querySelectorAll('#text p')].map(p => [...p.querySelectorAll('.coded')].map(e => getComputedStyle(e).borderBottomStyle + e.style.paddingBottom)).flat()"
    )
    assert len(set(lines)) >= 3, "three lines, each with a pattern or a depth of its own"
    assert anna.page.evaluate("document.querySelectorAll('.margin i').length") == 3 and anna.page.locator(".margin span").all_inner_texts().count("Savn") == 1
    said = anna.page.evaluate("document.getElementById('text').innerText.replace(/\\n+/g, '\\n')")
    assert said.strip() == TEXT.replace("\n\n", "\n").strip(), "the lines change no sign of the text"
    anna.page.click("#do-undo")
    anna.told("Undone")
    assert [code for code, _ in anna.own] == ["ensom", "stille"]
    anna.page.reload()
    anna.page.wait_for_selector("body[data-ready]")
    assert anna.page.evaluate("document.querySelectorAll('.margin i').length") == 2
    assert not anna.wrong


def test_coding_by_keyboard_alone(browser: Any, running: Running) -> None:
    anna = Coder(browser, running, "anna")
    anna.go("/code/r1/e01")
    for _ in range(40):
        anna.keys("Tab")
        if anna.page.evaluate("document.activeElement.id") == "text":
            break
    anna.keys("Control+Home", "n", "n", "s", "1")
    anna.told("Coded: Ensomhet")
    assert anna.own == [("ensom", "Kveldene er lange.")]
    anna.keys("s", "3")
    anna.told("Coded: Stillhet")
    anna.keys("Shift+S", "Escape", "j", "w", "w", "/")
    anna.page.keyboard.type("bli s")
    anna.keys("Enter")
    anna.told("Coded: Bli sett")
    assert ("stille", TEXT[TEXT.index("Kveldene") : TEXT.index("lenger.") + 7]) in anna.own and ("sett", "Det er") not in anna.own[:1]
    assert anna.page.evaluate("document.activeElement.id") == "text", "back in the text"
    anna.keys("m")
    anna.page.keyboard.type("Viktig 👍🏽")
    anna.keys("Escape")
    anna.told("Memo saved")
    assert any(c.memo == "Viktig 👍🏽" for c in read_codings(running.store, "anna", "r1"))
    before = len(anna.own)
    anna.keys("x")
    anna.told("Taken away")
    assert len(anna.own) == before - 1
    anna.keys("Control+z")
    anna.told("Undone")
    assert len(anna.own) == before and any(c.memo == "Viktig 👍🏽" for c in read_codings(running.store, "anna", "r1")), "with its memo"
    anna.page.keyboard.type("abdefghilorvyz æøå")
    anna.keys("Space", "Backspace")
    said = anna.page.evaluate("[...document.querySelectorAll('#text p')].map(p => p.textContent).join('\\n')")
    assert said == TEXT, "nobody can write in a transcript"
    anna.keys("?")
    anna.page.wait_for_url("**/keys")
    assert anna.page.locator("kbd").count() > 20 and not anna.wrong


def test_right_to_left_and_native_selection_by_shift(browser: Any, running: Running) -> None:
    anna = Coder(browser, running, "anna")
    start = TEXT.index("עברית")
    anna.go(f"/code/r1/e01#{start}")
    anna.keys("w", "2")
    anna.told("Coded: Bli sett")
    anna.keys("n", "Control+Shift+ArrowRight", "Control+Shift+ArrowRight", "1")
    anna.told("Coded: Ensomhet")
    assert anna.own == [("sett", "עברית"), ("ensom", "Takk for")]
    anna.drag("עברית midt")
    anna.keys("3")
    anna.told("Coded: Stillhet")
    assert ("stille", "עברית midt") in anna.own or [w for c, w in anna.own if c == "stille"], anna.own


TRICKY = (
    "I: 🎈 begynner\nA: e\u0323\u0301n 👩‍👩‍👧‍👦 to 𝒳𝒴 שָׁלוֹם عالم tre\n\n   \nA: 🏳️‍🌈slutt 𐍈 ok\nI: ja\n"
)


def test_what_a_browser_marks_is_counted_in_code_points(browser: Any, serve: Callable[..., Running]) -> None:
    """Every way that a mark can begin and end between two signs, tried over a text of emoji, marks and two directions."""
    running = serve(TRICKY)
    text = transcripts.latest(running.store, "e01").text
    anna = Coder(browser, running, "anna")
    anna.go("/code/r1/e01")
    pairs = [(a, b) for a in range(0, len(text), 3) for b in range(a + 1, len(text) + 1, 7) if text[a:b].strip()]
    found = anna.page.evaluate(
        """async pairs => {
          const made = [], keep = window.fetch;
          window.fetch = (path, asked) => { made.push([asked.body.get('start'), asked.body.get('end')]); return Promise.reject(new Error('kept here')); };
          const paras = [...document.querySelectorAll('#text p')];
          const at = unit => {
            for (const p of paras) {
              const length = p.textContent.length;
              if (unit <= length) {
                const walk = document.createTreeWalker(p, NodeFilter.SHOW_TEXT);
                while (walk.nextNode()) { if (unit <= walk.currentNode.length) return [walk.currentNode, unit]; unit -= walk.currentNode.length; }
                return [p, 0];
              }
              unit -= length + 1;
            }
          };
          const text = document.getElementById('text');
          text.focus();
          for (const [a, b] of pairs) {
            document.getSelection().setBaseAndExtent(...at(a), ...at(b));
            const before = made.length;
            text.dispatchEvent(new KeyboardEvent('keydown', {key: '1', bubbles: true, cancelable: true}));
            await new Promise(done => setTimeout(done));
            if (made.length === before) made.push(null);
          }
          window.fetch = keep;
          return made;
        }""",
        [[to_utf16(text, a), to_utf16(text, b)] for a, b in pairs],
    )
    expected = []
    for a, b in pairs:
        words = text[a:b]
        start = a + len(words) - len(words.lstrip())
        expected.append([str(start), str(start + len(words.strip()))])
    assert len(pairs) > 100 and found == expected


def test_two_coders_from_blind_to_a_released_quote(browser: Any, running: Running) -> None:
    anna, bo, cecilie = (Coder(browser, running, who) for who in ("anna", "bo", "cecilie"))
    anna.go("/code/r1/e01")
    anna.drag("telefonen ringer ikke lenger. Jeg savner noen å spise med")
    anna.keys("1")
    anna.told("Coded")
    bo.go("/code/r1/e01")
    assert bo.page.evaluate("document.querySelectorAll('.margin i').length") == 0, "blind"
    bo.drag("Jeg savner noen å spise med")
    bo.keys("1")
    bo.told("Coded")
    bo.settle("r1", like="bo", beside="anna")
    assert [(c.code, TEXT[c.start : c.end]) for c in read_codings(running.store, CONSENSUS, "r1")] == [("ensom", "Jeg savner noen å spise med")]
    assert "0.67" in bo.page.inner_text("table") or bo.page.locator("table tbody tr").count() == 2
    anna.go("/code/r1/e01")
    anna.page.wait_for_selector(".margin i")
    assert anna.page.locator("#by input").count() == 3

    anna.go("/themes")
    anna.page.fill("#name", "Ensomme kvelder")
    anna.press("main form button")
    anna.page.check("input[name=code][value=ensom]")
    anna.page.fill("#memo", "Fra samtalen om kveldene.")
    anna.press(".bar button")
    assert "one of the four" in anna.page.inner_text(".facts")
    anna.press(".passages button")
    anna.page.fill("#text-en", "I miss someone to eat with")
    anna.press(".bar button")
    where = anna.page.url.removeprefix(running.base)
    cecilie.go(where)
    cecilie.press("button[value=approve]")
    assert "cecilie approved it" in cecilie.page.inner_text("main")
    substudy = read_substudy(running.store)
    order = [one.id for one in read_themes(running.store, read_codebook(running.store))]
    forward = quotes.put_forward(substudy, "2020-06", ["en"], order)
    assert [dict(one.texts) for one in forward] == [{"en": "I miss someone to eat with"}]
    assert not anna.wrong + bo.wrong + cecilie.wrong


def axe(page: Any) -> list[Any]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate("rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})", RULES)
    return [(one["id"], [node["html"][:150] for node in one["nodes"]][:3]) for one in result["violations"]]


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "390"])
def test_axe_finds_nothing_on_any_page(browser: Any, running: Running, size: dict[str, int]) -> None:
    if not AXE.exists():
        pytest.skip("needs axe-core in .tools (make test fetches it)")
    anna, bo = Coder(browser, running, "anna", size), Coder(browser, running, "bo", size)
    found: list[Any] = []

    def look(coder: Coder, path: str) -> None:
        coder.go(path)
        found.extend((path, *one) for one in axe(coder.page))
        assert coder.page.evaluate("document.documentElement.scrollWidth") <= size["width"], path

    for coder in (anna, bo):
        coder.go("/code/r1/e01")
        coder.page.focus("#text")
        coder.keys("n", "t", "1", "s" if coder is bo else "w", "2")
        coder.told("Coded: Bli sett")
        found.extend(("coding", *one) for one in axe(coder.page))
    look(anna, "/round/r1")
    anna.page.check("[name=sure]")
    anna.press("main button.main")
    look(anna, "/round/r1/settle?all=1")
    anna.page.locator("input[type=radio]").first.check()
    anna.go("/themes")
    anna.page.fill("#name", "Et tema")
    anna.press("main form button")
    anna.page.check("input[name=code][value=sett]")
    anna.press(".bar button")
    where = anna.page.url.removeprefix(running.base)
    look(anna, where)
    anna.press(".passages button")
    quote = anna.page.url.removeprefix(running.base)
    for path in (quote, "/", "/code/r1/e01", "/round/r1", "/codes", "/names", "/themes", "/quotes", "/tables?attribute=sex", "/search?q=telefonen", "/review", "/keys", "/nothing"):
        look(anna, path)
    anna.press("header form[action='/out'] button")
    found.extend(("in", *one) for one in axe(anna.page))
    assert not found, found
