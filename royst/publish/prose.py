"""Prose that people write for a release (``texts/foreword.nb.md``): numbers only as ``{finding}``, so that no figure is ever typed.

``{satisfied}`` becomes the finding's own number in words (``60 prosent``, ``1336``, ``seks prosentpoeng``), ``{satisfied.n}`` any other number of it. A
year is no figure. Blank lines part paragraphs; lines that start with ``- `` are bullets, with ``## `` headings; ``**words**`` stand out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from royst.errors import Faults
from royst.publish import numbers
from royst.publish.document import Block, Bullets, Heading, Inline, Paragraph, Strong
from royst.publish.findings import Finding
from royst.words import Words

PLACE = re.compile(r"\{([A-Za-z0-9_\-]+)(?:\.([a-z0-9_]+))?\}")
YEAR = re.compile(
    r"(?:19|20)\d\d(?!\d)(?!\s*(?:%|prosent|per cent|percent|person|bruker|brukar|user|kommune|municipal|svar|answer))"
)
DIGITS = re.compile(r"\d+(?:[.,\u00a0 ]\d+)*")
POINTS = ("waves", "groups", "comparison", "source")


def prose(text: str, findings: Sequence[Finding], words: Words, *, file: str = "texts") -> list[Block]:
    """The text as blocks, its placeholders filled in. Raises ``InputError`` with every typed number and every unknown finding, by line."""
    faults = Faults()
    by_id = {finding.id: finding for finding in findings}
    for number, line in enumerate(text.splitlines(), 1):
        _check(line, number, by_id, words, file, faults)
    faults.stop()
    return _blocks(text, by_id, words)


def _check(line: str, row: int, by_id: Mapping[str, Finding], words: Words, file: str, faults: Faults) -> None:
    for found in PLACE.finditer(line):
        finding = by_id.get(found[1])
        if finding is None:
            faults.add(
                "unknown-finding",
                f"there is no finding {found[0]} in this release",
                f"use one of: {', '.join(sorted(by_id))}",
                file=file,
                row=row,
            )
        elif _value(finding, found[2], words) is None:
            known = ", ".join(sorted(name for name, value in finding.numbers.items() if value is not None))
            faults.add(
                "unknown-number",
                f"finding {found[1]!r} has no number {found[2]!r}",
                f"use one of: {known}",
                file=file,
                row=row,
            )
    plain = PLACE.sub("", line)
    for found in DIGITS.finditer(YEAR.sub("", plain)):
        faults.add(
            "typed-number",
            f"the number {found[0]!r} is typed",
            "write it as {finding}, so that it comes from the release's own rows",
            file=file,
            row=row,
        )
    for said in _in_words(words).finditer(plain):
        faults.add(
            "typed-number",
            f"the figure {said[0]!r} is typed in words",
            "write it as {finding}, so that it comes from the release's own rows",
            file=file,
            row=row,
        )


def _in_words(words: Words) -> re.Pattern[str]:
    """Figures that are written in words: ``seks av ti``, ``fire prosent``, ``halvparten``."""
    names = "|".join(sorted({*words.list("number.common"), *words.list("number.neuter")}, key=len, reverse=True))
    tenth = words("number.tenths", number=f"(?:{names})")
    share = words("number.percent", value=f"(?:{names})")
    return re.compile(rf"\b(?:{tenth}|{share}|{words('half.word')})\b", re.IGNORECASE)


def _value(finding: Finding, name: str | None, words: Words) -> str | None:
    """The finding's number as it stands in a sentence; None where it has no such number."""
    if name is not None:
        value = finding.numbers.get(name)
        if isinstance(value, str) or value is None:
            return value
        return numbers.plain(words, value, 0 if float(value).is_integer() else 1)
    if finding.kind == "bands":
        first = next(iter(finding.numbers.values()))
        return numbers.percent(words, float(first)) if isinstance(first, int | float) else None
    value = finding.numbers.get("estimate")
    if not isinstance(value, int | float):
        return None
    if finding.kind == "sample":
        return numbers.count(words, value)
    first = next((key for key in finding.rows if key.startswith("estimates:")), "|||")
    measure = first.split("|")[3]
    scored = measure in ("mean", "index")
    if finding.kind in POINTS:
        return (
            numbers.plain(words, value, 2)
            if measure == "mean"
            else numbers.points(words, value, "index_points" if scored else "points")
        )
    return numbers.plain(words, value, 2 if measure == "mean" else 1) if scored else numbers.percent(words, value)


def _blocks(text: str, by_id: Mapping[str, Finding], words: Words) -> list[Block]:
    blocks: list[Block] = []
    for index, part in enumerate(re.split(r"\n\s*\n", text.strip())):
        held = [line.strip() for line in part.strip().splitlines() if line.strip()]
        if not held:
            continue
        if held[0].startswith("#"):
            title = held.pop(0).lstrip("#").strip()
            blocks.append(Heading(3, _filled(title, by_id, words), f"text-{index}-{_anchor(title)}"))
        if held and all(line.startswith("- ") for line in held):
            blocks.append(Bullets(tuple(_inline(line[2:], by_id, words) for line in held)))
        elif held:
            blocks.append(Paragraph(_inline(" ".join(held), by_id, words)))
    return blocks


def _anchor(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "text"


def _filled(text: str, by_id: Mapping[str, Finding], words: Words) -> str:
    return PLACE.sub(lambda found: _value(by_id[found[1]], found[2], words) or "", text)


def _inline(text: str, by_id: Mapping[str, Finding], words: Words) -> tuple[Inline, ...]:
    """Text with ``**words**`` as ``Strong``."""
    filled = _filled(text, by_id, words)
    parts = re.split(r"\*\*(.+?)\*\*", filled)
    return tuple(Strong(part) if place % 2 else part for place, part in enumerate(parts) if part)
