"""A QR code as a small drawing with words for those who do not see it."""

from __future__ import annotations

from functools import lru_cache
from html import escape

import segno


@lru_cache(maxsize=64)
def svg(address: str, said: str) -> str:
    """The address as SVG, black on white with its quiet zone; empty for no address. ``said`` is its text alternative."""
    if not address:
        return ""
    code = segno.make_qr(address, error="m")
    size = code.symbol_size(border=4)[0]
    rows = "".join(
        f"M{x + 4} {y + 4}h1v1h-1z" for y, row in enumerate(code.matrix) for x, dark in enumerate(row) if dark
    )
    return f'<svg class="qr" role="img" aria-label="{escape(said)}" viewBox="0 0 {size} {size}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{size}v{size}H0z"/><path d="{rows}"/></svg>'
