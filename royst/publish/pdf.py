"""A document as PDF/UA-1, through Typst, with our own font alone: the same document and date give the same bytes.

Texts go to Typst as data, so nothing in them is taken for markup. Typst itself refuses to write PDF/UA-1 where a figure lacks its text alternative, a heading
level is jumped, or a letter has no glyph (letters that our font lacks are printed as ``?``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files as package_files
from typing import Any

import typst

from royst.look import FONT, font_folder
from royst.look.letters import covered, width, wrap
from royst.look.tokens import COLOURS
from royst.publish import figures
from royst.publish.document import (
    Block,
    Bullets,
    Cards,
    Chart,
    Document,
    Heading,
    Inline,
    JointDisplay,
    KeyFigures,
    Link,
    Note,
    Pair,
    Paragraph,
    Picture,
    Quote,
    StackedBars,
    Strong,
    Table,
)
from royst.publish.figures.parts import parts
from royst.publish.frame import frame
from royst.publish.html import data_address

CHART_WIDTH = 640
TABLE_WIDTH = 459.0  # points between the margins
TABLE_TEXT = 9.0
COLUMN_GAP = 11.0
UNBROKEN = 62.0  # a number no wider than this stays on one line
HEADER_LINES = (1.0, 2.1, 3.2, 4.3)  # a column's name may take about so many lines: as few as leave the cells whole
FIRST_LINE = 6.5  # points that a cell's first line is high, as high as its capitals
LINE = 13.0  # points from one line of a table to the next
CELL_PADDING = 4.5
WHOLE = 320.0  # points: a table no higher than this, less than half a page, is not cut
PAGE_ROWS = 13  # rows of a chart in one piece: two pieces fit a page
PAGE_BARS = 10  # bars are higher
SHORT_PARAGRAPH = 320  # letters
REGIONS = {"nb": "NO", "nn": "NO", "en": "GB"}
LONG = 4  # chapters, from which a report has a table of contents


def pdf(document: Document, files: Mapping[str, bytes] | None = None, *, date: str = "2000-01-01") -> bytes:
    """The document as an accessible PDF. ``files``: pictures by name. ``date`` (ISO) is the file's own; today's never enters.

    Raises ``typst.TypstError`` where the document cannot be made accessible.
    """
    said = json.dumps(_document(document, files or {}), ensure_ascii=False)
    moment = datetime.fromisoformat(date).replace(tzinfo=UTC)
    made = compiler().compile(
        input=_template(), format="pdf", sys_inputs={"document": said}, pdf_standards=["ua-1"], timestamp=moment
    )
    if not isinstance(made, bytes):
        raise TypeError("Typst gave no PDF")
    return made


def compiler() -> typst.Compiler:
    """A Typst that knows our font and no other."""
    return typst.Compiler(font_paths=_fonts())


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(font_folder())])


@cache
def _template() -> bytes:
    return package_files("royst.publish").joinpath("templates", "report.typ").read_bytes()


def _document(document: Document, files: Mapping[str, bytes]) -> dict[str, Any]:
    chapters = sum(isinstance(block, Heading) and block.level == 2 for block in document.blocks)
    return {
        "title": covered(document.title),
        "running": covered(_short(document.title)),
        "lang": document.language,
        "region": REGIONS[document.language],
        "kicker": covered(document.kicker),
        "subtitle": covered(document.subtitle),
        "date": covered(document.date),
        "owner": covered(document.owner),
        "description": covered(document.description),
        "synthetic": covered(document.synthetic),
        "footnotes": [covered(text) for text in document.footnotes],
        "contents": chapters >= LONG,
        "blocks": _blocks(document, files),
        "tables": [_table(block.table) for block in document.blocks if isinstance(block, Chart)],
        "look": {**COLOURS, "font": FONT},
        "words": frame(document.language),
    }


def _blocks(document: Document, files: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """The blocks; a short paragraph that leads to a chart, a table or a list stays on its page (``sticky``)."""
    said = [_block(block, document.language, files) for block in document.blocks]
    for before, after in zip(reversed(said[:-1]), reversed(said[1:])):
        leads = after["kind"] in ("chart", "table", "bullets") or after.get("sticky", False)
        if before["kind"] == "paragraph" and sum(len(part["text"]) for part in before["content"]) <= SHORT_PARAGRAPH:
            before["sticky"] = leads
    return said


def _short(title: str, most: int = 70) -> str:
    """A title for the running head: whole, or cut at a word."""
    return title if len(title) <= most else title[:most].rsplit(" ", 1)[0] + "\N{HORIZONTAL ELLIPSIS}"


def _inline(parts: tuple[Inline, ...]) -> list[dict[str, str]]:
    said = []
    for part in parts:
        if isinstance(part, Strong):
            said.append({"kind": "strong", "text": covered(part.text)})
        elif isinstance(part, Link) and (part.beside or part.href.startswith(("mailto:", "https:", "tel:"))):
            link = part.outside(".pdf")
            said.append({"kind": "link", "text": covered(link.text), "href": link.href})
        else:
            said.append({"kind": "text", "text": covered(part if isinstance(part, str) else part.text)})
    return said


def widths(table: Table, room: float = TABLE_WIDTH, size: float = TABLE_TEXT) -> list[float]:
    """Column widths in points that fill ``room``: what each needs where all find room, else the longest are held back, never below their longest word."""
    least, cells, names = [], [], []
    for index, name in enumerate(table.columns):
        said = [row[index] for row in table.rows if index < len(row)]
        cells.append(max((width(text, size) for text in said), default=0.0))
        names.append(width(name, size, 600))
        word = max(
            width(part, size, weight)
            for text, weight in [(name, 600), *((text, 400) for text in said)]
            for part in text.split(" ")
        )
        least.append(max(word, cells[-1] if index in table.numeric and cells[-1] <= UNBROKEN else 0.0) + COLUMN_GAP)
    for header_lines in HEADER_LINES:
        natural = [
            max(need, max(cell, name / header_lines) + COLUMN_GAP) for need, cell, name in zip(least, cells, names)
        ]
        spare = room - sum(natural)
        if spare >= 0:
            return [natural[0] + spare, *natural[1:]]
    low, high = min(least), max(natural)
    for _ in range(40):
        cap = (low + high) / 2
        low, high = (
            (cap, high) if sum(max(need, min(more, cap)) for need, more in zip(least, natural)) <= room else (low, cap)
        )
    return [max(need, min(more, low)) for need, more in zip(least, natural)]


def _table(table: Table) -> dict[str, Any]:
    """``whole``: so low that it stays on one page; a higher one is cut between rows."""
    across = widths(table)
    return {
        "kind": "table",
        "caption": covered(table.caption),
        "columns": [covered(name) for name in table.columns],
        "rows": [[covered(cell) for cell in row] for row in table.rows],
        "numeric": sorted(table.numeric),
        "widths": across,
        "whole": _height(table, across) <= WHOLE,
        "notes": [covered(note) for note in table.notes],
    }


def _height(table: Table, across: list[float]) -> float:
    """About how high the table's rows stand, in points: each as its longest cell is wrapped."""
    rows = [(row, 400) for row in table.rows] + [(table.columns, 600)]
    return sum(
        2 * CELL_PADDING + FIRST_LINE + LINE * (max(len(wrap(text, TABLE_TEXT, room - COLUMN_GAP, weight)) for text, room in zip(row, across)) - 1)
        for row, weight in rows
    )


def _picture(block: Picture, files: Mapping[str, bytes]) -> dict[str, Any]:
    """A picture wrapped in SVG, so that its bytes travel as text with the rest. Width to height as the file has them."""
    width, height = size(files[block.file])
    address = data_address(block.file, files[block.file])
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"><image href="{address}" width="{width}" height="{height}"/></svg>'
    return {"kind": "picture", "svg": svg, "alt": covered(block.alt), "credit": covered(block.credit)}


def size(content: bytes) -> tuple[float, float]:
    """Width and height of a PNG, JPEG, GIF, WebP or SVG in its own units. Raises ``ValueError`` for another kind."""
    if content[:8] == b"\x89PNG\r\n\x1a\n":
        return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    if content[:2] == b"\xff\xd8":
        at = 2
        while at + 9 < len(content):
            marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
            if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
                return int.from_bytes(content[at + 7 : at + 9], "big"), int.from_bytes(content[at + 5 : at + 7], "big")
            at += 2 + length
    if content[:4] == b"GIF8":
        return int.from_bytes(content[6:8], "little"), int.from_bytes(content[8:10], "little")
    box = re.search(rb'viewBox="[\d.-]+[ ,]+[\d.-]+[ ,]+([\d.]+)[ ,]+([\d.]+)"', content[:2000])
    if box:
        return float(box[1]), float(box[2])
    raise ValueError("the picture's size cannot be read: PNG, JPEG, GIF, or SVG with a viewBox")


def _pair(pair: Pair) -> dict[str, Any]:
    said = {"value": pair.value, "detail": pair.detail, "between": pair.between, "talk": pair.talk, "verdict": pair.verdict}
    return {**{name: covered(text) for name, text in said.items()}, "span": list(pair.span or ())}


def _block(block: Block, language: str, files: Mapping[str, bytes]) -> dict[str, Any]:
    match block:
        case Heading():
            return {"kind": "heading", "level": block.level, "text": covered(block.text), "anchor": block.anchor}
        case Paragraph():
            return {"kind": "paragraph", "content": _inline(block.content), "lead": block.lead, "sticky": False}
        case Bullets():
            return {"kind": "bullets", "items": [_inline(item) for item in block.items]}
        case Note():
            return {"kind": "note", "tone": block.kind, "content": _inline(block.content)}
        case KeyFigures():
            found = [
                {"value": covered(f.value), "label": covered(f.label), "detail": covered(f.detail)}
                for f in block.figures
            ]
            return {"kind": "keys", "figures": found}
        case Table():
            return _table(block)
        case Chart():
            drawings = [
                {"svg": figures.svg(part, language, CHART_WIDTH, web=False), "alt": covered(part.alt)}
                for part in parts(block, PAGE_BARS if isinstance(block.figure, StackedBars) else PAGE_ROWS)
            ]
            notes = [covered(note) for note in block.notes]
            return {"kind": "chart", "caption": covered(block.caption), "drawings": drawings, "notes": notes}
        case Quote():
            spoken = block.language or language
            return {"kind": "quote", "text": covered(block.text), "label": covered(block.label), "lang": spoken, "region": REGIONS[spoken]}
        case JointDisplay():
            themes = [{"theme": covered(theme), "pairs": [_pair(p) for p in pairs]} for theme, pairs in block.themes]
            return {"kind": "joint", "caption": covered(block.caption), "columns": [covered(name) for name in block.columns[1:]], "themes": themes}
        case Picture():
            return _picture(block, files)
        case Cards():
            reach = ("mailto:", "https:")
            found = [
                {"title": covered(c.title), "text": covered(c.text), "href": c.href if c.href.startswith(reach) else ""}
                for c in block.cards
            ]
            return {"kind": "cards", "cards": found}
