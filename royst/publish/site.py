"""A static site from documents: one shared style sheet, a frame around each page, every link relative to the page that holds it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from html import escape
from posixpath import dirname, relpath

from royst.look import stylesheet
from royst.publish.document import Block, Document, Picture
from royst.publish.frame import LANGUAGES, frame
from royst.publish.html import Entry, SiteFrame, html

STYLE = "style.css"
PICTURES = "pictures"
INDEX = "index.html"


def site(
    pages: Mapping[str, Document],
    names: Mapping[str, str],
    files: Mapping[str, bytes] | None = None,
    *,
    default: str = "",
) -> dict[str, bytes]:
    """The site's files by path, from its pages by path (``nb/index.html``, ``nb/tema/mestring.html``: the first part is the language).

    ``names``: the site's name by language. ``files``: pictures by name; only those that a page shows are written. ``default``: the language that the root
    leads to (the first page's where empty). Links inside documents are relative to the site's root, and may lead out of it (``../reports/...``).
    """
    held = files or {}
    made = {STYLE: stylesheet().encode("utf-8")}
    for path, document in pages.items():
        page = html(
            document,
            href=partial(linked, path),
            picture=partial(_pictured, path),
            site=_frame(path, document, pages, names),
        )
        made[path] = page.encode("utf-8")
        for name in _pictures(document.blocks):
            made[f"{PICTURES}/{name}"] = held[name]
    languages = list(dict.fromkeys(path.split("/")[0] for path in pages))
    made[INDEX] = _root(default or languages[0], languages, names, pages).encode("utf-8")
    return made


def away(page: str, target: str) -> str:
    """The address of ``target`` (from the site's root, with its fragment) as seen from ``page``."""
    path, sign, fragment = target.partition("#")
    if not path or path == page:
        return f"#{fragment}" if fragment else relpath(page, dirname(page) or ".")
    return relpath(path, dirname(page) or ".") + sign + fragment


def linked(page: str, href: str) -> str:
    """A document's link as seen from ``page``."""
    return href if href.startswith(("#", "mailto:", "https:", "tel:")) else away(page, href)


def _pictured(page: str, name: str) -> str:
    return away(page, f"{PICTURES}/{name}")


def _pictures(blocks: tuple[Block, ...]) -> list[str]:
    return [block.file for block in blocks if isinstance(block, Picture)]


def _frame(path: str, document: Document, pages: Mapping[str, Document], names: Mapping[str, str]) -> SiteFrame:
    language = document.language
    home = f"{language}/{INDEX}"
    same = [(other, page) for other, page in pages.items() if other.split("/")[0] == language]
    languages = tuple(dict.fromkeys(other.split("/")[0] for other in pages))
    return SiteFrame(
        name=names[language],
        home=away(path, home),
        stylesheet=away(path, STYLE),
        languages=tuple(_language(path, code, language, pages) for code in languages),
        menu=tuple(
            Entry(page.menu, away(path, other), _current(path, other, home)) for other, page in same if page.menu
        ),
        crumbs=_crumbs(path, document, pages, home),
        foot=tuple(
            Entry(page.foot, away(path, other), "page" if other == path else "") for other, page in same if page.foot
        ),
    )


def _language(path: str, code: str, own: str, pages: Mapping[str, Document]) -> Entry:
    """The same page in another language, or that language's first page."""
    twin = "/".join([code, *path.split("/")[1:]])
    return Entry(
        LANGUAGES[code], away(path, twin if twin in pages else f"{code}/{INDEX}"), "page" if code == own else "", code
    )


def _current(path: str, other: str, home: str) -> str:
    """Whether a menu entry is this page, or the part of the site that this page is in."""
    if path == other:
        return "page"
    inside = other.endswith("/" + INDEX) and other != home and path.startswith(dirname(other) + "/")
    return "true" if inside else ""


def _crumbs(path: str, document: Document, pages: Mapping[str, Document], home: str) -> tuple[Entry, ...]:
    """From the first page down to this one; none on the first page itself."""
    if path == home:
        return ()
    found = [Entry(frame(document.language)["home"], away(path, home))]
    folder = dirname(path)
    above = []
    while "/" in folder:
        index = f"{folder}/{INDEX}"
        if index in pages and index != path:
            above.append(Entry(pages[index].menu or pages[index].title, away(path, index)))
        folder = dirname(folder)
    return (*found, *reversed(above), Entry(document.menu or document.foot or document.title, ""))


def _root(default: str, languages: list[str], names: Mapping[str, str], pages: Mapping[str, Document]) -> str:
    """The root leads on to the default language by itself, without script, and names the others."""
    links = "".join(
        f'<li><a href="{code}/{INDEX}" lang="{code}" hreflang="{code}">{LANGUAGES[code]}</a></li>' for code in languages
    )
    words = frame(default)
    banner = pages[f"{default}/{INDEX}"].synthetic if f"{default}/{INDEX}" in pages else ""
    aside = (
        f'<aside class="synthetic" aria-label="{escape(words["synthetic"])}"><div class="page"><p>{escape(banner)}</p></div></aside>\n'
        if banner
        else ""
    )
    return f"""<!DOCTYPE html>
<html lang="{default}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="0; url={default}/{INDEX}">
<title>{escape(names[default])}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{STYLE}">
</head>
<body>
{aside}<div class="page body"><main id="main"><div class="head"><h1>{escape(names[default])}</h1></div>
<nav aria-label="{escape(words["choose"])}"><ul>{links}</ul></nav></main></div>
</body>
</html>
"""
