"""Answers that the server can write and not read: sealed to the public key of a wave, whose private half two people hold in two shares.

Sealing is libsodium's sealed box (X25519, XSalsa20-Poly1305) through PyNaCl. The shares are two-of-two: one is random, the other is the private key XOR the first, so
that each alone is noise, and no mathematics has to be trusted (Shamir 1979, section 1, calls it the trivial case). Everything sealed is filled up to a whole
number of blocks, so that its length does not tell which questions were skipped.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.secret import SecretBox

from royst.errors import wrong

BLOCK = 2048
_SHARE = "royst-share-1"


def key_pair() -> tuple[bytes, str, str]:
    """A fresh public key and the two shares of its private half, as one line of text each."""
    private = PrivateKey.generate()
    public = bytes(private.public_key)
    first = secrets.token_bytes(32)
    second = bytes(a ^ b for a, b in zip(bytes(private), first))
    return public, _as_text("A", first, public), _as_text("B", second, public)


def fingerprint(public: bytes) -> str:
    """Eight signs by which people compare public keys."""
    return hashlib.sha256(public).hexdigest()[:8]


def joined(first: str, second: str, public: bytes) -> bytes:
    """The private key from its two shares. Raises ``InputError`` where a line is damaged, they are the same share, or they belong to another key."""
    parts = [_from_text(text, public) for text in (first, second)]
    if parts[0][0] == parts[1][0]:
        raise wrong("same-share", f"both are share {parts[0][0]}", "the two holders have one share each: A and B")
    private = bytes(a ^ b for a, b in zip(parts[0][1], parts[1][1]))
    if bytes(PrivateKey(private).public_key) != public:
        raise wrong(
            "wrong-shares",
            "the two shares do not make the private key of this wave",
            "take the shares that were made with it; each has a check of its own",
        )
    return private


def _as_text(name: str, share: bytes, public: bytes) -> str:
    body = f"{_SHARE} {name} {fingerprint(public)} {share.hex()}"
    return f"{body} {hashlib.sha256(body.encode()).hexdigest()[:6]}"


def _from_text(said: str, public: bytes) -> tuple[str, bytes]:
    words = said.split()
    if (
        len(words) != 5
        or words[0] != _SHARE
        or hashlib.sha256(" ".join(words[:4]).encode()).hexdigest()[:6] != words[4]
    ):
        raise wrong(
            "damaged-share",
            "this is not a share of a key, or a sign of it is wrong",
            f"it is one line that starts with {_SHARE}",
        )
    if words[2] != fingerprint(public):
        raise wrong(
            "wrong-shares",
            f"the share belongs to the key {words[2]}, the wave's is {fingerprint(public)}",
            "take the share that was made with this wave's key",
        )
    return words[1], bytes.fromhex(words[3])


def seal(content: Mapping[str, Any], public: bytes) -> bytes:
    """One finished answer, readable with the private key alone."""
    return SealedBox(PublicKey(public)).encrypt(filled(content))


def opened(box: bytes, private: bytes) -> dict[str, Any] | None:
    """What was sealed. None where it was sealed to another key, damaged or forged."""
    try:
        return emptied(SealedBox(PrivateKey(private)).decrypt(box))
    except (CryptoError, ValueError, TypeError):
        return None


def draft_key(private_code: str) -> bytes:
    """The key of a draft, from the private code that its writer alone has (60 random bits: no stretching is needed)."""
    return hashlib.blake2b(private_code.encode("ascii"), digest_size=32, person=b"royst draft").digest()


def lock(content: Mapping[str, Any], key: bytes) -> bytes:
    """A draft, encrypted under its own key."""
    return bytes(SecretBox(key).encrypt(filled(content)))


def unlocked(body: bytes, key: bytes) -> dict[str, Any] | None:
    """The draft again; None where the key is another's."""
    try:
        return emptied(SecretBox(key).decrypt(body))
    except (CryptoError, ValueError, TypeError):
        return None


def filled(content: Mapping[str, Any]) -> bytes:
    said = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return said + b" " * (-len(said) % BLOCK)


def emptied(said: bytes) -> dict[str, Any] | None:
    found = json.loads(said)
    return found if isinstance(found, dict) else None
