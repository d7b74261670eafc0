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
from royst.interviews.store import Store
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


def test_a_quote_approved_in_the_browser_stands_in_the_report(browser: Any, tmp_path: Path) -> None:
    root = study(tmp_path / "study")
    running = Running(root, free_port(), {who: coders.coder(root, "65plus", who, light=True)[0].partition(": ")[2] for who in ("k1", "k3")}, name="65plus")
    running.start()
    try:
        store = Store(root / "interviews" / "65plus")
        quoted = {quote.participant for quote in quotes.read_quotes(store)}
        k1 = Coder(browser, running, "k1")
        k1.go("/themes")
        k1.press(".cards a")
        place = next(
            n for n, who in enumerate(k1.page.locator(".passages .who").all_inner_texts()) if who.split()[0] not in quoted
        )
        words = k1.page.locator(".passages blockquote p:first-child").nth(place).inner_text()
        with k1.page.expect_navigation():
            k1.page.locator(".passages form button").nth(place).click()
        where = k1.page.url.removeprefix(running.base)
        k1.page.fill("#text-nb", f"{words} [Slik er det]")
        k1.press(".bar button")
        while k1.page.locator("[name^=answer-]").count() and not all(one.input_value() for one in k1.page.locator("[name^=answer-]").all()):
            for one in k1.page.locator("[name^=answer-]").all():
                one.fill("oppdiktet")
            k1.press(".bar button")
        k3 = Coder(browser, running, "k3")
        k3.go(where)
        k3.press("button[value=approve]")
    finally:
        running.end()
    assert transcripts.ids(store)
    release.release(root, "2020-06", lambda text: None)
    public = root / "releases" / "2020-06" / "public"
    pages = [path for path in public.rglob("*.html") if "[Slik er det]" in unescape(re.sub(r"<[^>]+>", "", path.read_text(encoding="utf-8")))]
    assert any("reports" in path.parts for path in pages) and any("site" in path.parts for path in pages), pages
    assert any(f"{' '.join(words.split())} [Slik er det]" in " ".join(unescape(re.sub(r"<[^>]+>", "", path.read_text(encoding="utf-8"))).split()) for path in pages)
