"""``royst interviews take`` and ``export``: projects and codebooks of other programs (REFI-QDA), in and out."""

from __future__ import annotations

from pathlib import Path

from royst.errors import wrong
from royst.evaluation.interviews import opening
from royst.evaluation.interviews.opening import Secret
from royst.interviews import exchange
from royst.interviews.codebook import read_codebook
from royst.interviews.qdpx import read_qdc, read_qdpx, write_qdc
from royst.interviews.theme import read_themes


def _kind(file: Path) -> str:
    kind = file.suffix.lower()
    if kind not in (".qdpx", ".qdc"):
        raise wrong(
            "unknown-format",
            f"{file.name} is neither a project nor a codebook",
            "Name a .qdpx (project) or .qdc (codebook).",
            file=file,
        )
    return kind


def take(root: Path, name: str, file: Path, secret: Secret, *, by: str, on: str, round: str = "imported") -> list[str]:
    """Take a project (texts, codes, codings into the closed round ``round``, sets as themes) or a codebook. Report lines, with all that did not come along.

    ``InputError`` as ``qdpx.read_qdpx`` and ``exchange.from_project`` say; nothing is taken by halves.
    """
    kind = _kind(file)
    with opening.writing(root, name, secret) as substudy:
        opening.known_person(substudy, by)
        opening.checked_date(on)
        if kind == ".qdc":
            read = read_qdc(file)
            added = exchange.from_codebook(substudy.store, read.codes, by=by, on=on)
            return [f"{added} codes are new, of {file.name}", *(str(fault) for fault in read.warnings)]
        imported = read_qdpx(file)
        arrived = exchange.from_project(substudy.store, imported, round=round, by=by, on=on)
        lines = [
            f"{len(arrived.transcripts)} transcripts, {len(arrived.codes)} codes, {len(set(arrived.coders.values()))} coders of {file.name}",
            f"positions are counted as {imported.offsets.dialect}",
            "say in participants.csv and consents.csv who the cases are: " + (", ".join(arrived.attributes) or "there are none"),
        ]  # fmt: skip
        return [*lines, *(str(fault) for fault in arrived.warnings)]


def export(root: Path, name: str, file: Path, secret: Secret, *, on: str) -> list[str]:
    """Write a project with all closed rounds, or the codebook. Report lines. ``InputError``: ``file-taken``, ``unknown-format``, ``no-date``."""
    kind = _kind(file)
    opening.checked_date(on)
    with opening.writing(root, name, secret) as substudy:
        if file.exists():
            raise wrong("file-taken", f"{file.name} is there already", "Name a file that is not there.", file=file)
        book = read_codebook(substudy.store)
        if kind == ".qdc":
            write_qdc(exchange.codes_out(book), file)
            return [f"the codebook is in {file}: {len(book.codes)} codes"]
        themes = read_themes(substudy.store, book)
        exchange.export_qdpx(substudy, book, themes, file, name=name, on=on)
        return [
            f"the project is in {file}, with people's words in the open: keep it as the transcripts are kept",
            "it is remembered that it was written, so that a withdrawal can name it",
        ]
