"""From a mark in the browser to the printed report: a quote is kept, edited and approved on the pages, and found in the release's report and on its site."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from royst.evaluation import bring, release
from royst.evaluation.interviews import coders
from royst.interviews import quotes
from royst.interviews import transcript as transcripts
from royst.interviews.coding import CONSENSUS, read_codings
from royst.interviews.store import Store
from royst.interviews.substudy import Substudy, read_substudy
from royst.reference.interviews.write import write as write_interviews
from royst.study import folder

from ...spec.conftest import Small
from .conftest import Running, free_port
from .test_coding_browser import Coder, browser

pytestmark = pytest.mark.browser
__all__ = ["browser"]


def study(root: Path) -> Path:
    """The small study with 48 answers to its first wave, and a reference sub-study that its release carries."""
    small = Small(root)
    small.edit('languages = ["nb", "en"]', 'languages = ["nb", "nn", "en"]').edit('wave = "2019"\n', 'wave = "2019"\ninterviews = ["65plus"]\n')
    small.write()
    rows = [f"q{n},{'abcd'[n % 4]},{'mw'[n // 4 % 2]},{20 + n},{(5, 4, 4, 5, 3)[n % 5]},{(1, 2, 2, 3, 5)[n % 5]},," for n in range(48)]
    bring.bring(folder.read(root), "2019", small.answers_file(text="\n".join(["id,unit,gender,age,satisfied,waiting,helped,other", *rows]) + "\n"))
    write_interviews(root)
    path = root / "interviews" / "65plus" / "themes.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    for theme in content["themes"]:
        theme["joint"] = {}
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return root


def said_by(store: Store, substudy: Substudy) -> tuple[str, str]:
    """Somebody who may be quoted and is not yet, and six words of theirs."""
    quoted = {quote.participant for quote in quotes.read_quotes(store)}
    for id in transcripts.ids(store):
        read = transcripts.latest(store, id)
        if id in quoted or not substudy.may_quote(id):
            continue
        for turn in read.turns:
            words = read.text[turn.start : turn.end].split("\n")[0].split()
            if turn.speaker in read.voices and len(words) >= 8:
                return id, " ".join(words[:6])
    raise AssertionError("everybody is quoted")


def by_mouse(coder: Coder, id: str, words: str) -> None:
    coder.go(f"/code/ny/{id}")
    coder.drag(words)
    coder.keys("1")
    coder.told("Coded")


def by_keyboard(coder: Coder, id: str, words: str) -> None:
    """The whole turn that the words stand in, without a mouse."""
    coder.go(f"/code/ny/{id}")
    coder.page.focus("#text")
    for _ in range(40):
        coder.keys("n", "t")
        if words in coder.page.evaluate("getSelection().toString()"):
            break
    coder.keys("1")
    coder.told("Coded")


def test_from_coding_by_mouse_and_keyboard_to_the_report(browser: Any, tmp_path: Path) -> None:
    """Two coders, blind to each other; the round closed and settled; a theme; a quote that a third approves; and what a reader finds."""
    root = study(tmp_path / "study")
    people = ("k1", "k2", "k3")
    running = Running(root, free_port(), {who: coders.coder(root, "65plus", who, light=True)[0].partition(": ")[2] for who in people}, name="65plus")
    running.start()
    try:
        store = Store(root / "interviews" / "65plus")
        id, words = said_by(store, read_substudy(store))
        k1, k2, k3 = (Coder(browser, running, who) for who in people)
        k1.page.click("details.box summary")
        k1.page.fill("#rname", "ny")
        for who in ("k1", "k2"):
            k1.page.check(f"input[name=coder][value={who}]")
        k1.press("details.box button.main")
        by_mouse(k1, id, words)
        by_keyboard(k2, id, words)
        for coder in (k1, k2):
            coder.go(f"/code/ny/{id}")
            assert coder.page.locator(".margin i").count() == 1, "blind: one's own alone"
        own = {who: read_codings(store, who, "ny") for who in ("k1", "k2")}
        text = transcripts.latest(store, id).text
        assert [text[c.start : c.end] for c in own["k1"]] == [words]
        assert len(own["k2"]) == 1 and words in text[own["k2"][0].start : own["k2"][0].end] != words
        k2.settle("ny", like="k1", beside="k1")
        settled = read_codings(store, CONSENSUS, "ny")
        assert [(c.code, text[c.start : c.end]) for c in settled] == [(own["k1"][0].code, words)]

        k1.go("/themes")
        k1.page.fill("#name", "Written in the browser")
        k1.press("main form button")
        k1.page.fill("#name-nb", "Skrevet i nettleseren")
        k1.page.check(f"input[name=code][value={settled[0].code}]")
        k1.press(".bar button")
        row = k1.page.locator(".passages li", has_text=words).filter(has_text=f"{id} ")
        with k1.page.expect_navigation():
            row.locator("form button").first.click()
        where = k1.page.url.removeprefix(running.base)
        k1.page.fill("#text-nb", f"{words} [Slik er det]")
        k1.press(".bar button")
        while not all(one.input_value() for one in k1.page.locator("[name^=answer-]").all()):
            for one in k1.page.locator("[name^=answer-]").all():
                one.fill("oppdiktet")
            k1.press(".bar button")
        k3.go(where)
        k3.press("button[value=approve]")
        assert not k1.wrong + k2.wrong + k3.wrong
    finally:
        running.end()
    release.release(root, "2020-06", lambda text: None)
    public = root / "releases" / "2020-06" / "public"
    pages = {path: " ".join(unescape(re.sub(r"<[^>]+>", "", path.read_text(encoding="utf-8"))).split()) for path in public.rglob("*.html")}
    for part in ("reports", "site"):
        found = [said for path, said in pages.items() if part in path.parts and path.name.endswith("65plus.html") and "nb" in path.parts]
        assert len(found) == 1 and "Skrevet i nettleseren" in found[0] and f"{words} [Slik er det]" in found[0]
