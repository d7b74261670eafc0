"""How wide a text is, and where to break it: by the advance widths of our own font, so that a chart's labels never collide."""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache
from importlib.resources import files

UNKNOWN = 700  # thousandths of an em, for a character the font lacks
FIGURE = {400: 648, 600: 671}
"""Width of every figure by weight: numbers are set in the font's figures of one width, which are wider than its others."""


@cache
def _widths(weight: int) -> dict[int, int]:
    runs = json.loads(files("royst.look").joinpath("fonts", "widths.json").read_text(encoding="utf-8"))[str(weight)]
    found = {int(start) + step: width for start, run in runs.items() for step, width in enumerate(run)}
    return found | {ord(digit): FIGURE[weight] for digit in "0123456789"}


@lru_cache(1 << 16)
def _thousandths(text: str, weight: int) -> int:
    widths = _widths(weight)
    return sum(widths.get(ord(letter), UNKNOWN) for letter in text)


def width(text: str, size: float, weight: int = 400) -> float:
    """Width of ``text`` in the unit of ``size``. ``weight``: 400 or 600."""
    return _thousandths(text, weight) * size / 1000


@cache
def _strangers() -> re.Pattern[str]:
    return re.compile("[^\n" + "".join(re.escape(chr(code)) for code in sorted(_widths(400))) + "]")


def covered(text: str) -> str:
    """``text`` with each character that the font lacks replaced by ``?`` (a space by a space); a PDF for all readers may not hold a letter without a glyph."""
    return _strangers().sub(lambda found: " " if found[0].isspace() else "?", text)


def wrap(text: str, size: float, room: float, weight: int = 400) -> list[str]:
    """``text`` in lines no wider than ``room``; a word that is wider than a line is cut, never lost. At least one line."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        tried = f"{line} {word}" if line else word
        if width(tried, size, weight) <= room:
            line = tried
            continue
        if line:
            lines.append(line)
        line = word
        while width(line, size, weight) > room and len(line) > 1:
            cut = _cut(line, size, room, weight)
            lines.append(line[:cut] + ("" if line[cut - 1] in "-–/" else "-"))
            line = line[cut:]
    return [*lines, line] if line or not lines else lines


def _cut(word: str, size: float, room: float, weight: int) -> int:
    """How many letters of ``word`` fit: to the last hyphen or slash where there is one, else as many as leave room for a hyphen."""
    hyphen = width("-", size, weight)
    fits = 1
    while fits < len(word) and width(word[: fits + 1], size, weight) + hyphen <= room:
        fits += 1
    natural = max((word.rfind(sign, 0, fits) + 1 for sign in "-–/"), default=0)
    return natural if natural > 2 else fits
