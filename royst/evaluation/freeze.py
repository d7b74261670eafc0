"""``royst freeze``: two holders open what was sealed, and it becomes the wave's answers, in an order that says nothing.

The rows go through the same door as ``royst import``. Their order is that of a keyed hash of their content, so it is the same on every run and has nothing of the
order in which they came. Only when the wave is written and read back is the log of fieldwork destroyed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from royst.answers import columns, store
from royst.answers.readers import Table
from royst.collect import sealed
from royst.errors import wrong
from royst.evaluation import bring, keys, serve
from royst.study import folder
from royst.study.expression import text
from royst.study.folder import Study

Log = Iterable[bytes]
"""Sealed answers, in whatever order."""


def make_keys(root: Path, wave: str, first: Path, second: Path) -> list[str]:
    """A fresh key for a wave's answers: the public half into the study, each share of the private half into a file of its holder's. Report lines.

    Raises ``InputError`` where the wave has a key already or a file is taken; nothing is written over.
    """
    study = folder.read(root)
    study.require(wave)
    public_path = serve.public_key(study, wave)
    for path in (public_path, first, second):
        if path.exists():
            todo = (
                "answers may be sealed to it; remove it only before fieldwork"
                if path == public_path
                else "name a file that is not there"
            )
            raise wrong("file-taken", f"{path.name} is there already", todo, file=path)
    if first.resolve() == second.resolve():
        raise wrong(
            "same-file", "both shares would stand in one file", "give each holder a file of their own", file=first
        )
    public, one, other = sealed.key_pair()
    for path, share in ((first, one), (second, other)):
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii", newline="\n"
        ) as out:
            out.write(share + "\n")
    public_path.parent.mkdir(parents=True, exist_ok=True)
    public_path.write_text(public.hex() + "\n", encoding="ascii", newline="\n")
    return [
        f"the key of wave {wave} is made: {sealed.fingerprint(public)}",
        f"share A stands in {first}, share B in {second}: give each to its holder, and remove both files from this machine",
        "each holder keeps two copies: without both shares no answer can ever be read",
        "before fieldwork, rehearse it: royst rehearse DIR --wave W --first FILE --second FILE",
    ]


def rehearse(root: Path, wave: str, first: Path, second: Path) -> list[str]:
    """Whether the two holders can open what the server seals: an invented answer is sealed to the wave's key and opened with the shares. Report lines."""
    study = folder.read(root)
    study.require(wave)
    public = serve.read_public(study, wave)
    private = sealed.joined(_share(first), _share(second), public)
    trial = {"trial": wave}
    if sealed.opened(sealed.seal(trial, public), private) != trial:
        raise wrong("rehearsal-failed", "what was sealed could not be opened", "make new keys before fieldwork begins")
    return [
        f"the two shares open what is sealed to {sealed.fingerprint(public)}; an invented answer went in and came out the same"
    ]


def freeze(root: Path, wave: str, first: Path, second: Path, log: Log, destroy: Callable[[], list[str]]) -> list[str]:
    """Open the sealed answers of ``log``, bring them into the wave, and call ``destroy`` on the log. Report lines.

    Boxes that do not open (forged, or sealed to another key) are counted and left out. Raises ``InputError``, with nothing written or destroyed, where shares do not
    fit, there is nothing to freeze, or the wave has answers already.
    """
    study = folder.read(root)
    study.require(wave)
    if store.exists(study, wave):
        raise wrong(
            "wave-taken",
            f"wave {wave} has answers already",
            "move answers.parquet away first, if it is to be replaced",
            file=study.folder.within(study.folder.answers(wave)),
        )
    private = sealed.joined(_share(first), _share(second), serve.read_public(study, wave))
    contents: list[Mapping[str, Any]] = []
    refused = 0
    for box in log:
        found = sealed.opened(box, private)
        if found is None or not isinstance(found.get("answers"), dict):
            refused += 1
        else:
            contents.append(found)
    if not contents:
        raise wrong(
            "nothing-to-freeze",
            f"no sealed answer of wave {wave} could be opened" if refused else f"nobody has answered wave {wave}",
            "check the wave and the database",
        )
    lines = bring.rows(study, wave, *_as_table(study, wave, _shuffled(contents, keys.key(study.folder)))).lines
    kept = store.read(study, wave, carried=False).frame.height
    if refused:
        lines.append(f"{refused} boxes could not be opened: forged, or sealed to another key; left out")
    consents = sorted({str(content.get("consent", "")) for content in contents})
    lines.append(f"consent given to version {', '.join(consents)}")
    lines += destroy()
    lines.append(
        f"{kept} answers stand in {study.folder.within(study.folder.answers(wave))}; the order in which they came is gone"
    )
    lines.append(
        "now both holders destroy their shares, on every copy: what a disk or a backup still holds of the sealed answers can then never be read"
    )
    return lines


def _share(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError, IsADirectoryError, PermissionError):
        raise wrong(
            "no-share", "the file of a share cannot be read", "name the file that the holder was given", file=path
        ) from None


def _shuffled(contents: list[Mapping[str, Any]], key: bytes) -> list[Mapping[str, Any]]:
    """In the order of a keyed hash of what they say. Equal answers are alike, so it does not matter which of them stands first."""

    def place(content: Mapping[str, Any]) -> bytes:
        said = json.dumps([content.get("unit", ""), content["answers"]], sort_keys=True, ensure_ascii=False)
        return hmac.new(key, said.encode(), hashlib.sha256).digest()

    return sorted(contents, key=place)


def _as_table(study: Study, wave: str, contents: list[Mapping[str, Any]]) -> tuple[Table, columns.Matched]:
    """The answers as ``royst import`` takes them: every column of the store, all as text."""
    design = study.file.design
    rows: dict[str, list[str | None]] = {}
    for name in store.schema(study, wave):
        if name == design.id:
            rows[name] = [f"{wave}-{place:05d}" for place in range(1, len(contents) + 1)]
        elif name in (design.unit, design.psu):
            rows[name] = [str(content.get("unit", "")) or None for content in contents]
        elif name == study.weight_column:
            rows[name] = [None] * len(contents)
        else:
            rows[name] = [_cell(content["answers"].get(name)) for content in contents]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(rows, pl.String))
    table = Table("the sealed answers", frame, tuple(range(1, len(contents) + 1)))
    return table, columns.match(study, wave, table)


def _cell(value: Any) -> str | None:
    if value is None or value == "":
        return None
    return text(float(value)) if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)
