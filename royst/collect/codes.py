"""Codes that people type: the access code that lets somebody answer, and the private code that lets them go on later.

A code has 60 random bits in 12 signs and a thirteenth that tells a slip of the finger from a wrong code. The signs are those of Crockford's base 32 (2002): no I, L,
O or U, and small letters, O for 0 and I or L for 1 are understood. The check sign is a polynomial over the field of 32 elements, so that
every single wrong sign and every two neighbours that changed places are found.

Access codes are kept as HMAC-SHA-256 alone, under a key that stands beside the study and not in it, in a file of their own. That file has no times, no order of
use and nothing in common with the answers. It is SQLite with a rollback journal, which leaves no history behind, also where the answers stand in PostgreSQL.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM = 12
"""Random signs of a code, five bits each."""

_MEANT = {"O": "0", "I": "1", "L": "1"}


def new(choose: Callable[[int], int] = secrets.randbelow) -> str:
    """A fresh code without its spaces: 12 random signs and the check sign."""
    body = [choose(32) for _ in range(RANDOM)]
    return "".join(SIGNS[value] for value in [*body, _check(body)])


def shown(code: str) -> str:
    """A code as people read it: ``XXXX XXXX XXXXX``."""
    return f"{code[:4]} {code[4:8]} {code[8:]}"


def read(said: str) -> str | None:
    """What somebody typed as a code: spaces, hyphens and small letters do not matter, and a whole link that ends in a code is one. None where the check sign says that
    it was mistyped."""
    said = said.strip().rpartition("/")[2]
    if len(said) > 60:
        return None
    signs = [_MEANT.get(sign, sign) for sign in said.upper() if not sign.isspace() and sign not in "-–—.·"]
    if len(signs) != RANDOM + 1 or any(sign not in SIGNS for sign in signs):
        return None
    values = [SIGNS.index(sign) for sign in signs]
    return "".join(signs) if _check(values[:-1]) == values[-1] else None


def _check(values: list[int]) -> int:
    found = 0
    for value in values:
        found = _twice(found ^ value)
    return found


def _twice(value: int) -> int:
    """Times x in GF(32) modulo x⁵ + x² + 1."""
    value <<= 1
    return value ^ 0b100101 if value & 32 else value


def derived(key: bytes, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose, from the study's key."""
    return hmac.new(key, f"royst {purpose}".encode(), hashlib.sha256).digest()


@dataclass(frozen=True)
class Access:
    """What an access code opens: ``unit`` (empty where the study has none). ``many``: a link or tablet that any number of people answer by; else it is one person's.
    ``begun``: somebody has begun by it and not finished."""

    unit: str
    many: bool
    begun: bool = False


class Codes:
    """The store of access codes in the file ``path``. ``key`` is the study's own; codes themselves are never written."""

    def __init__(self, path: Path, key: bytes, wave: str):
        self.path, self._key = path, derived(key, f"codes {wave}")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA secure_delete=ON")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS code (mark BLOB PRIMARY KEY, many INTEGER NOT NULL, unit TEXT NOT NULL, holder BLOB NOT NULL, spent INTEGER NOT NULL) WITHOUT ROWID"
            )
            yield connection
        finally:
            connection.close()

    def _mark(self, code: str) -> bytes:
        return hmac.new(self._key, b"code " + code.encode("ascii"), hashlib.sha256).digest()

    def _holder(self, private: str) -> bytes:
        return hmac.new(self._key, b"holder " + private.encode("ascii"), hashlib.sha256).digest()

    def issue(self, unit: str, count: int = 1, *, many: bool = False) -> list[str]:
        """``count`` fresh codes for a unit. They can be read here and never again."""
        fresh = [new() for _ in range(count)]
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            rows = sorted((self._mark(code), int(many), unit, bytes(32), 0) for code in fresh)
            connection.executemany("INSERT INTO code VALUES (?, ?, ?, ?, ?)", rows)
            connection.execute("COMMIT")
        return fresh

    def look(self, code: str, private: str | None = None) -> Access | None:
        """What a code opens. None for one that was never issued or has been answered by, but for who spent it and has not been told so yet (``private``)."""
        holder = self._holder(private) if private else b""
        with self._open() as connection:
            row = connection.execute(
                "SELECT unit, many, holder FROM code WHERE mark = ? AND (spent = 0 OR holder = ?)",
                (self._mark(code), holder),
            ).fetchone()
        return Access(row[0], bool(row[1]), row[2] != bytes(32)) if row else None

    def hold(self, code: str, private: str) -> None:
        """Tie a personal code to the one who now answers by it; whoever began by it earlier and did not finish cannot finish any more."""
        self._write(
            "UPDATE code SET holder = ? WHERE mark = ? AND many = 0 AND spent = 0",
            self._holder(private),
            self._mark(code),
        )

    def spend(self, code: str, private: str) -> bool:
        """Use a personal code up for its holder, before the answer is stored. True also where the same holder spent it already, so that a send that was cut off can be
        tried again. A code for many is never used up."""
        mark, holder = self._mark(code), self._holder(private)
        with self._open() as connection:
            row = connection.execute("SELECT many, holder FROM code WHERE mark = ?", (mark,)).fetchone()
            if row is None:
                return False
            if row[0]:
                return True
            done = connection.execute(
                "UPDATE code SET holder = ?, spent = 1 WHERE mark = ? AND (holder = ? OR (holder = ? AND spent = 0))",
                (holder, mark, holder, bytes(32)),
            )
            return done.rowcount == 1

    def forget(self, code: str) -> None:
        """Once the answer is stored, nothing tells any more who spent the code."""
        self._write(
            "UPDATE code SET holder = ? WHERE mark = ? AND spent = 1", secrets.token_bytes(32), self._mark(code)
        )

    def free(self, code: str, private: str) -> None:
        """Somebody withdrew before finishing: the personal code can be used anew."""
        self._write(
            "UPDATE code SET holder = ? WHERE mark = ? AND holder = ? AND spent = 0",
            bytes(32),
            self._mark(code),
            self._holder(private),
        )

    def _write(self, statement: str, *values: bytes) -> None:
        with self._open() as connection:
            connection.execute(statement, values)
