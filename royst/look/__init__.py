"""The one style sheet, font and tokens that reports, site and web share."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

from royst.look.tokens import COLOURS, TONES

FONT = "Inter"
SYSTEM_FONTS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif'


@cache
def stylesheet() -> str:
    """The style sheet with its tokens in front: what a page needs, with no request to anywhere."""
    tokens = [f"--{name}:{value}" for name, value in COLOURS.items()]
    tokens += [f"--{name}:{tone.fill}" for name, tone in TONES.items()]
    tokens.append(f"--font:{SYSTEM_FONTS}")
    rules = files("royst.look").joinpath("style.css").read_text(encoding="utf-8")
    return f":root{{{';'.join(tokens)}}}\n{rules}"


def font_folder() -> Path:
    """The folder with our font's files, for Typst."""
    return Path(str(files("royst.look").joinpath("fonts")))
