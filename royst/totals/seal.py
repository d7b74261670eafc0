"""Sealing totals to the one who may read them: a key pair, and libsodium's sealed box (X25519, XSalsa20-Poly1305) through PyNaCl.

A sealed box says nothing of who sealed it: whoever knows the public key can write one. Who sent a file is for the channel it comes by.
"""

from __future__ import annotations

import base64
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from royst.errors import wrong

MAGIC = b"royst-sealed-1\n"


def new_keys() -> tuple[str, str]:
    """A receiver's (public, secret) keys in base64; the secret one stays with the receiver."""
    secret = PrivateKey.generate()
    return _text(bytes(secret.public_key)), _text(bytes(secret))


def public_of(secret: str) -> str:
    """The public key that belongs to a secret one."""
    return _text(bytes(PrivateKey(_bytes(secret)).public_key))


def seal(content: bytes, public: str) -> bytes:
    """``content``, to be opened with the secret key alone."""
    return MAGIC + bytes(SealedBox(PublicKey(_bytes(public))).encrypt(content))


def opened(content: bytes, secret: str, path: Path) -> bytes:
    """What was sealed. ``InputError`` where it was sealed to another key, or was damaged on its way: a box does not tell which."""
    try:
        return bytes(SealedBox(PrivateKey(_bytes(secret))).decrypt(content.removeprefix(MAGIC)))
    except (CryptoError, ValueError, TypeError) as error:
        raise wrong(
            "totals-key",
            "The totals are sealed to another key, or damaged.",
            "Ask the site to make them for you with today's study folder, and to send them again.",
            file=path,
        ) from error


def _bytes(text: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except ValueError:
        found = b""
    if len(found) != 32:
        raise wrong("key-form", "The key is not one of Røyst's.", "Give the text of 44 signs that royst receiver made.")
    return found


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode("ascii")
