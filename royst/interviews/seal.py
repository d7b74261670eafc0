"""Encryption at rest, from a passphrase: XSalsa20-Poly1305 (NaCl ``secretbox``) with a key from Argon2id.

PyNaCl is imported only when something is sealed or opened; ``royst[web]`` brings it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from royst.errors import wrong

_MAGIC = b"royst-sealed-1\n"
_SALT = 16


def _nacl() -> Any:
    try:
        import nacl.exceptions
        import nacl.pwhash
        import nacl.secret
        import nacl.utils
    except ImportError:
        raise wrong(
            "needs-pynacl",
            "encrypting and opening what is encrypted needs PyNaCl",
            "Install it: pip install 'royst[web]'.",
        ) from None
    return nacl


@lru_cache(maxsize=32)
def _key(passphrase: str, salt: bytes, light: bool) -> bytes:
    argon = _nacl().pwhash.argon2id
    ops, memory = (
        (argon.OPSLIMIT_MIN, argon.MEMLIMIT_MIN) if light else (argon.OPSLIMIT_MODERATE, argon.MEMLIMIT_MODERATE)
    )
    return bytes(argon.kdf(32, passphrase.encode("utf-8"), salt, opslimit=ops, memlimit=memory))


@dataclass(frozen=True)
class Seal:
    """Closes and opens bytes with one passphrase. ``salt`` is one for what this seal writes, so the slow key is made once a session.

    ``light`` derives the key cheaply: for tests and trials alone; the file says which was used.
    """

    passphrase: str = field(repr=False)
    salt: bytes = field(default=b"", repr=False)
    light: bool = False

    def __post_init__(self) -> None:
        if len(self.passphrase) < 12:
            raise wrong(
                "weak-passphrase",
                "the passphrase is shorter than 12 characters",
                "Use four or more words that only you put together.",
            )
        if not self.salt:
            object.__setattr__(self, "salt", bytes(_nacl().utils.random(_SALT)))

    @classmethod
    def like(cls, passphrase: str, folder: Path, light: bool = False) -> Seal:
        """A seal with the salt of what is sealed in the folder already, so that one slow key opens all of it; a new salt where nothing is."""
        head = len(_MAGIC)
        for path in sorted(folder.rglob("*.sealed")) if folder.is_dir() else ():
            start = path.read_bytes()[: head + 1 + _SALT]
            if start.startswith(_MAGIC) and len(start) == head + 1 + _SALT:
                return cls(passphrase, start[head + 1 :], start[head] == 1)
        return cls(passphrase, light=light)

    def close(self, content: bytes) -> bytes:
        """Encrypted and authenticated. Two closings of the same bytes differ (a fresh nonce), as they must."""
        box = _nacl().secret.SecretBox(_key(self.passphrase, self.salt, self.light))
        return _MAGIC + (b"\x01" if self.light else b"\x00") + self.salt + bytes(box.encrypt(content))

    def open(self, content: bytes, file: str | Path) -> bytes:
        """What ``close`` closed. ``InputError``: ``not-sealed``, ``wrong-passphrase`` (which a damaged file also gives)."""
        head = len(_MAGIC)
        if not content.startswith(_MAGIC) or len(content) < head + 1 + _SALT:
            raise wrong("not-sealed", "this is not a file that Røyst sealed", "Take it from a copy.", file=file)
        nacl = _nacl()
        key = _key(self.passphrase, content[head + 1 : head + 1 + _SALT], content[head] == 1)
        try:
            return bytes(nacl.secret.SecretBox(key).decrypt(content[head + 1 + _SALT :]))
        except (nacl.exceptions.CryptoError, ValueError):
            raise wrong(
                "wrong-passphrase",
                "the passphrase does not open the file, or the file is damaged",
                "Try again, or take it from a copy.",
                file=file,
            ) from None
