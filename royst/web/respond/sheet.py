"""Slips to print and cut, one for each access code. Nothing on them names the subject."""

from __future__ import annotations

from html import escape

from royst.collect.codes import shown
from royst.evaluation.serve import Fieldwork
from royst.web.respond.qr import svg
from royst.web.respond.words import Spoken, called, direction, tag

_STYLE = (
    "body{font:12pt/1.4 sans-serif;margin:1cm}section{break-inside:avoid;border-bottom:1px dashed;padding:.6cm 0;display:flex;gap:1cm;align-items:center}"
    ".qr{width:3.2cm;flex:none}h2{font-size:14pt;margin:0}strong{font:bold 16pt monospace;white-space:nowrap}p{margin:.15cm 0}"
)


def slips(fieldwork: Fieldwork, fresh: list[tuple[str, str]]) -> str:
    """A page in the form's first language: for each (code, unit) its QR code, the site's address, the code, what matters most and the languages it can be answered in. The unit stands small, for who hands out."""
    asking, first = fieldwork.asking, fieldwork.languages[0]
    address = asking.address.rstrip("/")
    spoken = Spoken(first, fieldwork.languages, asking.words)
    title = escape(fieldwork.instrument.title.get(first) or spoken("title"))
    names = " · ".join(f'<span lang="{escape(tag(one))}">{escape(called(one, asking.words))}</span>' for one in fieldwork.languages)
    parts = [
        f"<section>{svg(f'{address}/e/{code}', spoken('thanks.qr', address=address))}<div><h2>{title}</h2><p>{escape(address.partition('//')[2])}</p>"
        f"<p><strong>{shown(code)}</strong></p><p>{escape(spoken('start.voluntary'))} {escape(spoken('nobody'))}</p><p>{names}</p><p><small>{escape(unit)}</small></p></div></section>"
        for code, unit in fresh
    ]
    return (
        f'<!doctype html>\n<html lang="{escape(tag(first))}" dir="{direction(first)}"><head><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style></head>'
        f"<body>{''.join(parts)}</body></html>\n"
    )
