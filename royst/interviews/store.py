"""The folder of one sub-study: every path in it, written whole or not at all, and sealed at rest where the study says so."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from royst.errors import Faults, InputError, wrong
from royst.interviews.seal import Seal

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
SEALED = ".sealed"


def checked_id(value: str, what: str) -> str:
    """The id, or ``InputError`` (``unsafe-id``): letters of A–Z, digits, ``-`` and ``_``, at most 64, so that it can name a file anywhere."""
    if not _ID.fullmatch(value):
        raise wrong(
            "unsafe-id",
            f"{value!r} cannot be the id of a {what}",
            "Use letters A–Z, digits, - and _, at most 64 of them.",
        )
    return value


def field_faults(error: ValidationError, code: str, path: Path) -> InputError:
    """What is wrong in a file that people write, each field by its place: ``codes.3.name``."""
    faults = Faults()
    for fault in error.errors():
        place = ".".join(str(part) for part in fault["loc"])
        faults.add(code, f"{place}: {fault['msg']}", "Mend it as docs/interviews.md shows.", file=path, column=place)
    return InputError(faults.found)


@dataclass(frozen=True)
class Store:
    """``root`` is ``interviews/<substudy>`` of a study folder. With a ``seal``, all that holds people's words (transcripts, memos, quotes) is encrypted.

    Names are relative, with ``/``. A file is either in the open (``codings/anna-1.jsonl``) or sealed (``codings/anna-1.jsonl.sealed``), never both.
    """

    root: Path
    seal: Seal | None = None

    def path(self, name: str) -> Path:
        return self.root.joinpath(*name.split("/"))

    def exists(self, name: str) -> bool:
        return self.path(name).exists() or self.path(name + SEALED).exists()

    def names(self, folder: str, suffix: str) -> Iterator[str]:
        """Names of the files in a folder that end so, sorted; sealed ones without their ``.sealed``."""
        place = self.path(folder)
        found = {p.name.removesuffix(SEALED) for p in place.iterdir() if p.is_file()} if place.is_dir() else set()
        yield from (f"{folder}/{name}" for name in sorted(found) if name.endswith(suffix) and not name.startswith("."))

    def folders(self, folder: str) -> Iterator[str]:
        place = self.path(folder)
        yield from sorted(p.name for p in place.iterdir() if p.is_dir()) if place.is_dir() else ()

    def read(self, name: str) -> str:
        """The text of a file. ``InputError``: ``missing-file``, ``sealed`` (no seal was given, or the wrong one)."""
        sealed = self.path(name + SEALED)
        if sealed.exists():
            if self.seal is None:
                raise wrong("sealed", "the file is encrypted", "Open the sub-study with its passphrase.", file=sealed)
            return self.seal.open(sealed.read_bytes(), sealed).decode("utf-8")
        if not self.path(name).exists():
            raise wrong(
                "missing-file", "there is no such file", "Check the name, or import it first.", file=self.path(name)
            )
        return self.path(name).read_text(encoding="utf-8")

    def write(self, name: str, text: str, *, new: bool = False, open_text: bool = False) -> Path:
        """Write a file beside its place, then rename it. ``new`` refuses to replace; ``open_text`` is for what holds no one's words."""
        if new and self.exists(name):
            raise wrong(
                "already-there",
                "the file exists, and is never written over",
                "Make a new version.",
                file=self.path(name),
            )
        sealed = self.seal is not None and not open_text
        target = self.path(name + SEALED) if sealed else self.path(name)
        body = text.encode("utf-8")
        write_bytes(target, self.seal.close(body) if self.seal is not None and sealed else body)
        other = self.path(name) if sealed else self.path(name + SEALED)
        other.unlink(missing_ok=True)
        return target

    def remove(self, name: str) -> bool:
        """Remove a file, open or sealed; whether there was one."""
        there = self.exists(name)
        self.path(name).unlink(missing_ok=True)
        self.path(name + SEALED).unlink(missing_ok=True)
        return there

    def read_json(self, name: str) -> Any:
        try:
            return json.loads(self.read(name))
        except json.JSONDecodeError as error:
            raise wrong(
                "damaged-json",
                f"not JSON: {error.msg}",
                "Mend the file, or take it from a copy.",
                file=self.path(name),
                row=error.lineno,
            ) from None

    def write_json(self, name: str, content: Any, *, new: bool = False, open_text: bool = False) -> Path:
        return self.write(name, json.dumps(content, ensure_ascii=False, indent=1) + "\n", new=new, open_text=open_text)

    def read_lines(self, name: str) -> list[dict[str, Any]]:
        """Rows of a JSON-lines file; none where there is no file."""
        if not self.exists(name):
            return []
        rows = []
        for number, line in enumerate(self.read(name).splitlines(), start=1):
            try:
                if line.strip():
                    rows.append(json.loads(line))
            except json.JSONDecodeError as error:
                raise wrong(
                    "damaged-json", f"not JSON: {error.msg}", "Mend the line.", file=self.path(name), row=number
                ) from None
        return rows

    def write_lines(self, name: str, rows: list[Mapping[str, Any]]) -> Path:
        return self.write(name, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def write_bytes(target: Path, content: bytes) -> None:
    """Bytes to a file, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.part")
    with beside.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(target)
