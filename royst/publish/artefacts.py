"""All that is published of a release: reports, tables, site. The same release gives the same bytes, in whatever order they are made."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from royst.publish import findings, national, pages, tables, talks, unit_report
from royst.publish.document import Document
from royst.publish.docx import word
from royst.publish.html import alone, html
from royst.publish.pdf import pdf
from royst.publish.site import site
from royst.release import Release
from royst.words import Words

Progress = Callable[[str], None]
Maker = Callable[[], bytes]
WORKERS = 4
"""Files made side by side: Typst works outside Python's lock."""
STEP = 50


@dataclass(frozen=True)
class Artefact:
    """A published file: its path in the release's folder, and how many bytes it has with which SHA-256."""

    path: str
    size: int
    sha256: str


def publish(release: Release, folder: Path, progress: Progress = lambda text: None) -> list[Artefact]:
    """Write ``public/`` and ``to/`` into an empty folder; returns what was written, in the order of the paths.

    ``public/release.json`` lists every other public file; what a unit gets of its own is in no public list.
    """
    with ThreadPoolExecutor(WORKERS) as workers:
        under_way = []
        for said, files in _parts(release):
            progress(said)
            under_way += [workers.submit(_write, folder, path, make) for path, make in files.items()]
        made = []
        for number, one in enumerate(under_way, 1):
            made.append(one.result())
            if number % STEP == 0:
                progress(f"published {number} of {len(under_way)} files")
    public = sorted(
        (artefact for artefact in made if artefact.path.startswith("public/")), key=lambda artefact: artefact.path
    )
    made.append(_write(folder, "public/release.json", partial(_about, release, public)))
    return sorted(made, key=lambda artefact: artefact.path)


def _parts(release: Release) -> Iterator[tuple[str, dict[str, Maker]]]:
    """The parts of the publication, each with what is said while it is made. Documents are made here, in order; files from them by the workers."""
    facts = release.facts
    yield "publishing tables and findings", _numbers(release)
    yield "publishing the national report", _national(release)
    if facts.substudies:
        yield f"publishing {len(facts.substudies)} reports of interviews", _talks(release)
    yield "publishing the site", _site(release)
    if facts.reports:
        yield f"publishing {len(facts.reports)} reports of units and pools", _reports(release)


def _numbers(release: Release) -> dict[str, Maker]:
    facts = release.facts
    made: dict[str, Maker] = {f"public/tables/{name}.csv": partial(tables.csv, release, name) for name in tables.PUBLIC}
    made |= {
        f"public/tables/tables-{language}.xlsx": partial(tables.workbook, release, language)
        for language in facts.languages
    }
    made["public/findings.json"] = partial(findings.findings_json, release)
    if facts.certificate:
        made["public/certificate.json"] = partial(_json, facts.certificate)
    return made


def _from_report(href: str) -> str:
    """A link of the site as seen from ``public/reports/<language>/``."""
    if alone(href):
        return href
    return "../../" + href.removeprefix("../") if href.startswith("../") else "../../site/" + href


def _page(document: Document, release: Release, href: Callable[[str], str]) -> bytes:
    return html(document, release.files, href=href).encode("utf-8")


def _national(release: Release) -> dict[str, Maker]:
    made: dict[str, Maker] = {}
    for language in release.facts.languages:
        made |= _open_report(release, national.national(release, language), language, "national")
    return made


def _talks(release: Release) -> dict[str, Maker]:
    made: dict[str, Maker] = {}
    for substudy in release.facts.substudies:
        for language in release.facts.languages:
            made |= _open_report(release, talks.talk_report(release, substudy, language), language, talks.file_name(substudy))
    return made


def _open_report(release: Release, document: Document, language: str, name: str) -> dict[str, Maker]:
    """A report for everybody, in its three formats."""
    home = f"public/reports/{language}/{name}"
    return {
        f"{home}.html": partial(_page, document, release, _from_report),
        f"{home}.pdf": partial(pdf, document, release.files, date=release.facts.date),
        f"{home}.docx": partial(word, document, release.files, date=release.facts.date),
    }


def _reports(release: Release) -> dict[str, Maker]:
    made: dict[str, Maker] = {}
    for report in release.facts.reports:
        for language in release.facts.languages:
            document = unit_report.unit_report(release, report.id, language)
            home = f"to/{report.id}/{language}/report"
            made[f"{home}.html"] = partial(_page, document, release, alone)
            made[f"{home}.pdf"] = partial(pdf, document, release.files, date=release.facts.date)
    return made


def _site(release: Release) -> dict[str, Maker]:
    names = {language: Words(language).of(release.facts.programme) for language in release.facts.languages}
    made = site(pages.pages(release), names, release.files, default=release.facts.languages[0])
    return {f"public/site/{path}": partial(bytes, content) for path, content in made.items()}


def _write(folder: Path, path: str, make: Maker) -> Artefact:
    """Make one file and write it."""
    content = make()
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return Artefact(path, len(content), sha256(content).hexdigest())


def _about(release: Release, public: list[Artefact]) -> bytes:
    """``release.json``: what this release is, what it was made from (as keyed hashes) and every public file."""
    facts = release.facts
    cells = {
        row["table"]: {"cells": row["cells"], "published": row["published"]}
        for row in release.tables["cells"].iter_rows(named=True)
    }
    return _json(
        {
            "format": facts.format,
            "royst": facts.royst,
            "study": facts.study,
            "name": facts.name,
            "date": facts.date,
            "title": facts.title,
            "synthetic": facts.synthetic,
            "wave": facts.wave,
            "languages": facts.languages,
            "rule_set": facts.method.rule_set,
            "inputs": facts.inputs,
            "cells": cells,
            "reports": len(facts.reports),
            "artefacts": [
                {"path": one.path.removeprefix("public/"), "bytes": one.size, "sha256": one.sha256} for one in public
            ],
        }
    )


def inputs_again(release: Release, folder: Path) -> None:
    """Write ``release.json`` with the release's inputs as they are now; nothing else of what is published changes."""
    path = folder / "public" / "release.json"
    path.write_bytes(_json({**json.loads(path.read_text(encoding="utf-8")), "inputs": release.facts.inputs}))


def _json(content: Any) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode("utf-8")
