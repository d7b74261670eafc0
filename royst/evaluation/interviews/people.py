"""``royst interviews people`` and ``withdraw``: who is behind a pseudonym, and consent withdrawn."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from royst.errors import wrong
from royst.evaluation.interviews import opening, withdrawal
from royst.evaluation.interviews.opening import Secret
from royst.interviews.keyfile import KeyFile, key_path
from royst.interviews.seal import Seal
from royst.interviews.store import Store
from royst.study import delimited


def _key(root: Path, name: str, secret: Secret) -> KeyFile:
    path = key_path(Path(root), name)
    return KeyFile(path, Seal(secret("the key of participants")))


def people(root: Path, name: str, key_secret: Secret, *, file: Path | None = None) -> list[str]:
    """Who is behind each pseudonym; with ``file`` (a column ``participant`` and any others), keep these people first. Report lines, which name people."""
    folder = opening.within(root)
    place = folder.substudy(name)
    if not place.is_dir():
        raise wrong("unknown-substudy", f"the study has no sub-study {name}", "Begin one: royst interviews start.")
    key = _key(root, name, key_secret)
    if file is None:
        before = key.people()
        return [f"{id}: {', '.join(f'{k} {v}' for k, v in person.items())}" for id, person in before.items()] or [
            "the key holds no one"
        ]
    read = delimited.read(file)
    if "participant" not in read.header:
        raise wrong("missing-column", "there is no column participant", "Name the pseudonym there.", file=file, row=1)
    rows = [dict(zip(read.header, cells, strict=True)) for cells in read.rows]
    with opening.alone(folder, name):
        before = key.people()
        clash = [row["participant"] for row in rows if before.get(row["participant"], _own(row)) != _own(row)]
        if clash:
            raise wrong("double-person", f"{', '.join(clash)} is another person already", "Give this one a pseudonym of their own.", file=file)  # fmt: skip
        for row in rows:
            key.keep(row["participant"], _own(row), Store(place))
    return [f"{len(rows)} people are kept in {key.path}, encrypted: remove {file.name} now, and keep the passphrase apart"]  # fmt: skip


def _own(row: dict[str, str]) -> dict[str, str]:
    return {column: cell for column, cell in row.items() if column != "participant"}


def withdraw(
    root: Path, name: str, participant: str, secret: Secret, key_secret: Secret, *, by: str, on: str
) -> list[str]:
    """Take a person out of what is published, of transcripts, codings, quotes, lists and key. Report lines: what was done, what a person must do, from where nothing can
    be recalled.
    """
    opening.checked_date(on)
    secret = cache(secret)
    substudy = opening.opened(root, name, secret)
    opening.known_person(substudy, by)
    key = _key(root, name, key_secret) if key_path(Path(root), name).exists() else None
    if key is not None:
        key.people()  # a wrong passphrase is told before anything is destroyed
    return list(withdrawal.withdraw(root, name, participant, on, by, key=key, secret=secret).lines)
