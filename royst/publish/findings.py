"""Findings: which rows a release speaks of, its sentences about them, and what each stands on.

The facts say which statements are wanted (``facts.findings``); the rows decide what is said. A statement whose rows are missing, withheld, not
estimable or too few is left out: fewer than 10 answers say nothing, 10–29 carry a warning, and no sentence compares below 30.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from royst.publish.rows import LEAST_SAID, Row, Rows, change_key, estimate_key, rows_of, shown
from royst.publish.sentences import Sentences, comparable
from royst.release import FindingFacts, Release
from royst.words import Words

Number = float | int | str | None


@dataclass(frozen=True)
class Finding:
    """A statement of a release.

    ``numbers`` are the release's own (shares 0–100, differences in points); ``rows`` the keys of the rows it stands on, such as
    ``estimates:2019|all|satisfied|band|stor|all``, ``changes:region|all`` or ``participation:2019``. ``outcome`` is set for comparisons.
    """

    id: str
    kind: str
    rank: int
    theme: str | None
    text: str
    numbers: dict[str, Number] = field(default_factory=dict)
    rows: tuple[str, ...] = ()
    outcome: str | None = None


@dataclass(frozen=True)
class _Said:
    text: str
    numbers: dict[str, Number]
    rows: tuple[str, ...]
    outcome: str | None = None


def findings(release: Release, language: str) -> list[Finding]:
    """The release's findings in one language, by rank and then as the plan lists them."""
    speaker = Sentences(rows_of(release), Words(language))
    found = []
    for wanted in release.facts.findings:
        said = _SAY[wanted.kind](wanted, speaker)
        if said is not None:
            theme = wanted.theme or _theme(wanted, speaker.rows)
            found.append(
                Finding(wanted.id, wanted.kind, wanted.rank, theme, said.text, said.numbers, said.rows, said.outcome)
            )
    return sorted(found, key=lambda finding: finding.rank)


def _theme(wanted: FindingFacts, rows: Rows) -> str | None:
    name = wanted.item
    if wanted.comparison:
        row = rows.change(wanted.comparison)
        name = row["item"] if row is not None else None
    item = rows.item(name) if name else None
    return item.theme if item is not None else None


def _usable(row: Row | None) -> bool:
    return row is not None and shown(row) and row["n"] is not None and row["n"] >= LEAST_SAID


def _numbers(row: Row) -> dict[str, Number]:
    return {name: row[name] for name in ("estimate", "low", "high", "se", "n")}


def _sample(wanted: FindingFacts, speaker: Sentences) -> _Said | None:
    row = speaker.rows.participation(wanted.wave)
    of = "units" if wanted.category == "units" else "answers"
    if row is None or row[of] is None:
        return None
    numbers: dict[str, Number] = {"estimate": row[of], "answers": row["answers"], "units": row["units"]}
    return _Said(speaker.sample(row, wanted.category), numbers, (f"participation:{wanted.wave}",))


def _share(wanted: FindingFacts, speaker: Sentences) -> _Said | None:
    row = _row(wanted, speaker.rows, wanted.category)
    if row is None or not _usable(row):
        return None
    apart, more = _base(row, speaker)
    return _Said(speaker.estimate(row), {**_numbers(row), **more}, (estimate_key(row), *apart))


def _base(row: Row, speaker: Sentences) -> tuple[tuple[str, ...], dict[str, Number]]:
    """The row and number that a sentence names besides its own: those for whom the question is not relevant."""
    apart = speaker.left_out(row)
    return ((), {}) if apart is None else ((estimate_key(apart),), {"not_relevant": apart["estimate"]})


def _bands(wanted: FindingFacts, speaker: Sentences) -> _Said | None:
    scale = speaker.rows.scale(wanted.item or "")
    found = [_row(wanted, speaker.rows, band, "band") for band in (scale.bands if scale is not None else {})]
    rows = [row for row in found if row is not None and _usable(row)]
    if not rows or len(rows) < len(found):
        return None
    numbers: dict[str, Number] = {row["category"]: row["estimate"] for row in rows}
    apart, more = _base(rows[0], speaker)
    keys = (*map(estimate_key, rows), *apart)
    return _Said(speaker.bands(rows), {**numbers, "n": rows[0]["n"], **more}, keys)


def _row(wanted: FindingFacts, rows: Rows, category: str, measure: str | None = None) -> Row | None:
    return rows.estimate(wanted.item or "", measure or wanted.measure, category, wave=wanted.wave, domain=wanted.domain)


def _extreme(wanted: FindingFacts, speaker: Sentences) -> _Said | None:
    """The lowest or highest point estimate of all items that can be shown. Where two share it, neither is *the* lowest, and nothing is said; nor of means on different scales."""
    rows, wave = speaker.rows, wanted.wave
    candidates = [
        rows.estimate(item, wanted.measure, wanted.category, wave=wave, domain=wanted.domain)
        for item in rows.asked(wave=wave)
    ]
    usable = [row for row in candidates if row is not None and _usable(row)]
    if len(usable) < 2 or (wanted.measure == "mean" and len({speaker.scale_words(row["item"]) for row in usable}) > 1):
        return None
    usable.sort(key=lambda row: row["estimate"], reverse=wanted.kind == "highest")
    end, next_to_it = usable[0], usable[1]
    if end["estimate"] == next_to_it["estimate"] or (wanted.item and end["item"] != wanted.item):
        return None
    apart, more = _base(end, speaker)
    numbers = {**_numbers(end), "items": len(usable), "item": end["item"], **more}
    return _Said(speaker.extreme(wanted.kind, end, len(usable)), numbers, (*map(estimate_key, usable), *apart))


def _comparison(wanted: FindingFacts, speaker: Sentences) -> _Said | None:
    name = wanted.comparison if wanted.kind == "comparison" else wanted.source
    row = speaker.rows.change(name or "")
    text = speaker.change(row) if row is not None and comparable(row) else None
    if row is None or text is None:
        return None
    kept = (
        "estimate",
        "low",
        "high",
        "low90",
        "high90",
        "p",
        "p_adjusted",
        "estimate_1",
        "n_1",
        "estimate_2",
        "n_2",
        "margin",
    )
    numbers: dict[str, Number] = {name: row[name] for name in kept}
    return _Said(text, numbers, (change_key(row), *_sides(row, speaker.rows)), row["outcome"])


def _sides(row: Row, rows: Rows) -> tuple[str, ...]:
    """Keys of the two estimates a difference is taken between, as far as the release has them."""
    keys = []
    for side in ("1", "2"):
        wave, domain = row[f"wave_{side}"], row[f"domain_{side}"] or "all"
        item = row["item"]
        if wave and item in rows.facts.items:
            item = rows.name_in(item, wave) or item
        found = rows.estimate(
            item,
            row["measure"],
            row["category"] or "",
            wave=wave or "",
            domain=domain,
            population=row["population"] or "all",
        )
        if found is not None:
            keys.append(estimate_key(found))
    return tuple(dict.fromkeys(keys))


_SAY = {
    "sample": _sample,
    "share": _share,
    "bands": _bands,
    "lowest": _extreme,
    "highest": _extreme,
    "comparison": _comparison,
    "source": _comparison,
}


def findings_json(release: Release) -> bytes:
    """``findings.json``: every finding with its numbers, its rows and its sentence in each language of the release. The same release, the same bytes."""
    by_language = {language: findings(release, language) for language in release.facts.languages}
    first = next(iter(by_language.values()), [])
    said = {language: {finding.id: finding.text for finding in found} for language, found in by_language.items()}
    content = {
        "release": release.facts.name,
        "date": release.facts.date,
        "synthetic": release.facts.synthetic,
        "findings": [
            {
                "id": finding.id,
                "kind": finding.kind,
                "rank": finding.rank,
                "theme": finding.theme,
                "outcome": finding.outcome,
                "numbers": finding.numbers,
                "rows": list(finding.rows),
                "text": {language: texts[finding.id] for language, texts in said.items()},
            }
            for finding in first
        ],
    }
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode("utf-8")
