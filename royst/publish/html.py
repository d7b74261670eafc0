"""A document as one HTML file: its style inside, no script, no request to anywhere."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from royst.look import stylesheet
from royst.publish import figures
from royst.publish.document import Chart, Document, Heading, Table
from royst.publish.frame import frame

ENOUGH_FOR_CONTENTS = 4
ENOUGH_ON_SITE = 6
SHORT = 16
KINDS = {"svg": "svg+xml", "jpg": "jpeg", "jpeg": "jpeg", "png": "png", "webp": "webp", "gif": "gif"}
AWAY = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


@dataclass(frozen=True)
class Entry:
    """A link of the frame: ``current`` is ``page`` (this one), ``true`` (this part of the site) or empty."""

    name: str
    href: str
    current: str = ""
    code: str = ""


@dataclass(frozen=True)
class SiteFrame:
    """What stands around a page of the site; every ``href`` is relative to that page."""

    name: str
    home: str
    stylesheet: str
    languages: tuple[Entry, ...]
    menu: tuple[Entry, ...]
    crumbs: tuple[Entry, ...]
    foot: tuple[Entry, ...]


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("royst.publish"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=False,
        keep_trailing_newline=True,
    )


def data_address(name: str, content: bytes) -> str:
    """A picture as a ``data:`` address. Raises ``ValueError`` for a kind of file that no browser shows."""
    ending = name.rpartition(".")[2].lower()
    if ending not in KINDS:
        raise ValueError(f"{name}: a picture ends in one of {', '.join(sorted(KINDS))}")
    return f"data:image/{KINDS[ending]};base64,{base64.b64encode(content).decode('ascii')}"


def alone(href: str) -> str:
    """Where a link leads from a document that stands alone: to itself or an address; nowhere else, and then it is plain text."""
    return href if href.startswith(("#", "mailto:", "https:", "tel:")) else ""


@lru_cache(4)
def _short(table: Table) -> frozenset[int]:
    """The columns of numbers whose every cell is short enough to stay on one line."""
    return frozenset(
        index for index in table.numeric if all(len(row[index]) <= SHORT for row in table.rows if index < len(row))
    )


def html(
    document: Document,
    files: Mapping[str, bytes] | None = None,
    *,
    href: Callable[[str], str] = alone,
    picture: Callable[[str], str] | None = None,
    site: SiteFrame | None = None,
) -> str:
    """The document as HTML; every text is escaped.

    ``files``: pictures by name, put inside the page. ``href`` gives each link's address as seen from this page (empty: the link becomes plain text), ``picture``
    each picture's; ``site`` puts the page into the site's frame with a shared style sheet. A report of four chapters or more has a table of contents, a page of the site from six.
    """
    held = files or {}
    headings = [block for block in document.blocks if isinstance(block, Heading) and block.level <= 3]
    chapters = sum(heading.level == 2 for heading in headings)
    words = frame(document.language)

    def drawn(chart: Chart) -> Markup:
        return Markup(figures.both(chart, document.language))

    return (
        _environment()
        .get_template("page.html")
        .render(
            document=document,
            words=words,
            site=site,
            stylesheet=Markup(stylesheet()) if site is None else "",
            contents=headings if chapters >= (ENOUGH_ON_SITE if site else ENOUGH_FOR_CONTENTS) else [],
            kind=lambda block: type(block).__name__,
            svg=drawn,
            href=href,
            short=_short,
            picture=picture or (lambda name: data_address(name, held[name])),
        )
    )
