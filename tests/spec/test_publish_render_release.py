"""A whole release, published: the same bytes each time, every link leads somewhere, and nothing of one unit is public."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from posixpath import dirname, join, normpath

import pytest

from royst.publish import artefacts
from royst.release import Release

MADE = Path(__file__).parent / "contents" / "conftest.py"


def release() -> Release:
    """The made-up release that the contents are tested on."""
    spec = importlib.util.spec_from_file_location("made_release", MADE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Release = module.made()
    return found


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    artefacts.publish(release(), folder)
    return folder


def contents(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_release_gives_the_same_bytes(published: Path, tmp_path: Path) -> None:
    again = artefacts.publish(release(), tmp_path)
    assert contents(tmp_path) == contents(published) == {one.path: one.sha256 for one in again}


def test_release_json_lists_every_other_public_file_with_its_hash(published: Path) -> None:
    about = json.loads((published / "public" / "release.json").read_text(encoding="utf-8"))
    found = {
        name.removeprefix("public/"): digest
        for name, digest in contents(published).items()
        if name.startswith("public/") and name != "public/release.json"
    }
    assert {one["path"]: one["sha256"] for one in about["artefacts"]} == found
    assert not [name for name in found if name.startswith("to/")]


def test_every_report_is_there_in_every_language(published: Path) -> None:
    facts = release().facts
    for language in facts.languages:
        for kind in ("html", "pdf", "docx"):
            assert (published / "public" / "reports" / language / f"national.{kind}").stat().st_size > 5000
        for report in facts.reports:
            for kind in ("html", "pdf"):
                assert (published / "to" / report.id / language / f"report.{kind}").stat().st_size > 5000


def test_no_unit_that_gets_a_report_is_named_in_anything_public(published: Path) -> None:
    names = {name for report in release().facts.reports for name in (*report.members, report.id)}
    assert names
    for path in (published / "public").rglob("*"):
        if path.suffix in (".html", ".json", ".csv"):
            text = path.read_text(encoding="utf-8")
            assert not [name for name in names if re.search(rf"\b{re.escape(name)}\b", text)], path


class Links(HTMLParser):
    def __init__(self, text: str):
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.ids.add(found.get("id", ""))
        if tag in ("a", "link", "img", "script", "source"):
            self.links.append(found.get("href", found.get("src", "")))


def test_every_link_of_every_page_leads_to_something_that_is_published(published: Path) -> None:
    pages = {
        path.relative_to(published).as_posix(): Links(path.read_text(encoding="utf-8"))
        for path in published.rglob("*.html")
    }
    assert pages
    for name, page in pages.items():
        for link in page.links:
            if link.startswith(("mailto:", "data:")):
                continue
            assert not re.match(r"[a-z]+:|/", link), f"{name}: {link}"
            target, _, fragment = link.partition("#")
            found = normpath(join(dirname(name), target)) if target else name
            assert (published / found).is_file(), f"{name}: {link}"
            assert not fragment or fragment in pages[found].ids, f"{name}: {link}"
            assert name.startswith("public/") == found.startswith("public/"), f"{name}: {link}"
