"""Reports and site in a real browser: readable on a phone, asking nothing of anybody, without a violation that axe-core finds."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from royst.publish.html import html
from royst.publish.site import site

playwright = pytest.importorskip("playwright.sync_api")

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "spec"))
import publish_samples as samples  # noqa: E402

pytestmark = pytest.mark.browser

ROOT = HERE.parent.parent
AXE = ROOT / ".tools" / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDTHS = (390, 1280)
NAMES = {"nb": "Oppdiktet brukerundersøkelse", "nn": "Oppdikta brukarundersøking", "en": "Invented user survey"}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


@pytest.fixture(scope="module", params=["samples", "reference study"])
def published(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples as files, and the main release of the reference study; or what ROYST_PUBLISHED names, a release's folder."""
    if given := os.environ.get("ROYST_PUBLISHED"):
        return Path(given)
    if request.param == "reference study":
        demo: Path = request.getfixturevalue("demo")
        return demo / "releases" / "2020-06"
    folder = tmp_path_factory.mktemp("published")
    for name, content in site(samples.pages(), NAMES, {"bilde.svg": samples.PICTURE}, default="nb").items():
        target = folder / "public" / "site" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    report = folder / "public" / "reports" / "nb" / "national.html"
    report.parent.mkdir(parents=True)
    report.write_text(html(samples.report()), encoding="utf-8", newline="\n")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield opened
        opened.close()


def pages_of(folder: Path) -> list[Path]:
    """Every page of the site (but its root, which leads on by itself), the national reports, and the first units' reports."""
    units = sorted(folder.glob("to/*/*/report.html"))[:6]
    root = folder / "public" / "site" / "index.html"
    return [*(path for path in sorted((folder / "public").rglob("*.html")) if path != root), *units]


@pytest.mark.parametrize("width", (*WIDTHS, 768))
def test_no_page_asks_for_anything_outside_or_scrolls_sideways(published: Path, browser, width: int) -> None:  # type: ignore[no-untyped-def]
    page = browser.new_page(viewport={"width": width, "height": 900})
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("requestfailed", lambda request: wrong.append(request.url))
    for path in pages_of(published):
        page.goto(path.as_uri())
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{path}: {wide} px wide"
    assert all(url.startswith(("file://", "data:")) for url in asked)
    assert not wrong
    page.close()


def test_no_word_of_a_table_is_broken_on_a_phone(published: Path, browser) -> None:  # type: ignore[no-untyped-def]
    """Words of ordinary length in the head and the first column; a longer one may be cut rather than make the page scroll sideways."""
    page = browser.new_page(viewport={"width": 390, "height": 900})
    for path in pages_of(published):
        page.goto(path.as_uri())
        broken = page.evaluate(
            """() => [...document.querySelectorAll('.tabled th')].flatMap(cell => {
              const text = cell.firstChild
              if (!text || text.nodeType !== 3 || getComputedStyle(cell.parentElement.parentElement).position === 'absolute') return []
              return [...text.data.matchAll(/\\p{L}{2,13}(?![\\p{L}-])/gu)].filter(word => {
                if (/[\\p{L}-]/u.test(text.data[word.index - 1] || ' ')) return false
                const range = document.createRange()
                range.setStart(text, word.index); range.setEnd(text, word.index + word[0].length)
                return range.getClientRects().length > 1 }).map(word => word[0]) })"""
        )
        assert not broken, f"{path}: {broken}"
        wide = page.evaluate(
            "() => [...document.querySelectorAll('.tabled table')].filter(one => one.scrollWidth > one.parentElement.clientWidth + 1).map(one => one.caption.textContent)"
        )
        assert not wide, f"{path}: wider than its place: {wide}"
    page.close()


def violations(browser, paths: list[Path], width: int) -> list[object]:  # type: ignore[no-untyped-def]
    """What axe-core finds on the pages, every table opened."""
    if not AXE.exists():
        pytest.skip("needs axe-core in .tools (make test fetches it)")
    page = browser.new_page(viewport={"width": width, "height": 900})
    found = []
    for path in paths:
        page.goto(path.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        page.add_script_tag(path=str(AXE))
        result = page.evaluate(
            "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})", RULES
        )
        found += [(str(path), v["id"], [n["html"][:120] for n in v["nodes"]][:3]) for v in result["violations"]]
    page.close()
    return found


@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_no_violation(published: Path, browser, width: int) -> None:  # type: ignore[no-untyped-def]
    found = violations(browser, pages_of(published), width)
    assert not found, json.dumps(found, indent=1, ensure_ascii=False)


@pytest.mark.prove
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_no_violation_on_any_page_of_any_release(demo: Path, browser, width: int) -> None:  # type: ignore[no-untyped-def]
    """Each page of the three releases' sites, each national report, each report of a unit or pool, in every language."""
    pages = sorted(path for part in ("public", "to") for path in (demo / "releases").glob(f"*/{part}/**/*.html") if path.parts[-2] != "site")
    assert len(pages) > 400
    found = violations(browser, pages, width)
    assert not found, json.dumps(found, indent=1, ensure_ascii=False)


@pytest.mark.parametrize("width", WIDTHS)
def test_one_drawing_of_each_chart_is_seen_and_none_of_its_text_is_cut(published: Path, browser, width: int) -> None:  # type: ignore[no-untyped-def]
    page = browser.new_page(viewport={"width": width, "height": 900})
    for path in pages_of(published):
        page.goto(path.as_uri())
        seen = page.evaluate(
            """() => [...document.querySelectorAll('figure.chart')].map(figure => {
              const shown = [...figure.querySelectorAll('svg')].filter(svg => svg.getBoundingClientRect().width > 0)
              const cut = shown.flatMap(svg => { const edge = svg.getBoundingClientRect()
                return [...svg.querySelectorAll('text')].filter(text => { const box = text.getBoundingClientRect()
                  return box.left < edge.left - 3 || box.right > edge.right + 1 || box.bottom > edge.bottom + 3 }).map(text => text.textContent) })
              return [shown.length, cut] })"""
        )
        for shown, cut in seen:
            assert shown == 1 and not cut, f"{path}: {cut}"
    page.close()


def test_the_keyboard_reaches_the_content_first_and_every_link_shows_focus(published: Path, browser) -> None:  # type: ignore[no-untyped-def]
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto((published / "public" / "site" / "nb" / "index.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    for _ in range(3):
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.close()


def test_without_script_the_root_leads_to_the_default_language(published: Path, browser) -> None:  # type: ignore[no-untyped-def]
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((published / "public" / "site" / "index.html").as_uri())
    page.wait_for_url("**/nb/index.html")
    context.close()
