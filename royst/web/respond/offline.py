"""What a device without the net is given, and how what it sends is opened.

A finished answer waits on the device encrypted to the server's transport key (ECDH on P-256, HKDF-SHA-256, AES-256-GCM: what every browser's Web Crypto has), so
that whoever takes the phone or the tablet cannot read what waits on it: not even the device itself can. The rules travel as a small table: each expression parsed, as nested
lists, which the page evaluates as ``study.expression`` does.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from royst.collect import codes
from royst.study import expression
from royst.study.expression import Attribute, Binary, Call, Current, Expression, Literal, Reference
from royst.web.respond.fill import Way
from royst.web.respond.words import Spoken, direction, tag

INFO = b"royst answer"
_POINT, _NONCE = 65, 12
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Transport:
    """The server's half of the encryption between a device and the server, from 32 secret bytes."""

    def __init__(self, secret: bytes):
        self._private = ec.derive_private_key(int.from_bytes(secret, "big") % (_ORDER - 1) + 1, ec.SECP256R1())
        self.public = self._private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def opened(self, body: bytes) -> dict[str, Any] | None:
        """What a device encrypted: its fresh public point, a nonce, and the text. None for anything else."""
        if len(body) < _POINT + _NONCE + 16:
            return None
        try:
            theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), body[:_POINT])
            shared = self._private.exchange(ec.ECDH(), theirs)
            key = HKDF(hashes.SHA256(), 32, body[:_POINT], INFO).derive(shared)
            found = json.loads(AESGCM(key).decrypt(body[_POINT : _POINT + _NONCE], body[_POINT + _NONCE :], None))
        except (ValueError, InvalidTag, RecursionError):
            return None
        return found if isinstance(found, dict) else None


class Tickets:
    """Codes as a device may keep them: closed to all but this server, and the same each time."""

    def __init__(self, key: bytes):
        self._key = key

    def closed(self, code: str) -> str:
        nonce = hashlib.blake2b(code.encode(), key=self._key, digest_size=24).digest()
        return base64.b64encode(SecretBox(self._key).encrypt(code.encode(), nonce)).decode()

    def opened(self, said: object) -> str | None:
        """The code of a ticket; None for anything that is none."""
        try:
            return codes.read(SecretBox(self._key).decrypt(base64.b64decode(str(said), validate=True)).decode())
        except (CryptoError, ValueError, TypeError):
            return None


def lock(content: Mapping[str, Any], public: bytes) -> bytes:
    """What a device does, for tests and benchmarks."""
    import os

    mine = ec.generate_private_key(ec.SECP256R1())
    point = mine.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = mine.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public))
    nonce = os.urandom(_NONCE)
    return (
        point
        + nonce
        + AESGCM(HKDF(hashes.SHA256(), 32, point, INFO).derive(shared)).encrypt(
            nonce, json.dumps(content).encode(), None
        )
    )


def rule(said: str) -> Any:
    """An expression as nested lists: ``["r", item]``, ``["v", value]``, ``["."]``, ``["a", column]``, ``["f", name, ...]``, ``[sign, left, right]``."""
    return _as_list(expression.parse(said)) if said else 0


def _as_list(part: Expression) -> Any:
    match part:
        case Literal(value):
            return ["v", value]
        case Reference(name):
            return ["r", name]
        case Current():
            return ["."]
        case Attribute(name):
            return ["a", name]
        case Call(name, arguments):
            return ["f", name, *map(_as_list, arguments)]
        case Binary(sign, left, right):
            return [sign, _as_list(left), _as_list(right)]


def form(way: Way, language: str, spoken: Spoken, public: bytes) -> dict[str, Any]:
    """The questionnaire in one language, for a page that works without the net. Scales stand once."""
    asked = {item.name for item in way.fieldwork.asked}

    def said(text: Mapping[str, str]) -> str:
        return in_language(text, language, way.fieldwork.languages)

    scales: dict[str, Any] = {}
    items = []
    for item in way.instrument.items:
        if item.name not in asked and not item.calculation:
            continue
        if item.scale is not None:
            scales[item.scale.name] = [
                [choice.name, said(choice.label), dict(choice.attributes)] for choice in item.scale.choices
            ]
        row: dict[str, Any] = {"n": item.name, "k": item.kind, "l": said(item.label)}
        grid = way.table_of(item)
        for key, value in (
            ("g", grid),
            ("h", said(item.hint or {})), ("m", (item.constraint_message or {}).get(language) or (item.constraint_message or {}).get(language.split("-")[0])), ("s", item.scale.name if item.scale else 0), ("r", rule(item.relevant)), ("c", rule(item.constraint)), ("x", rule(item.calculation)),
            ("f", rule(item.choice_filter)), ("q", int(item.required)), ("lo", item.low), ("hi", item.high), ("p", way.place[item.name]),
        ):  # fmt: skip
            if value not in (0, "", None) or (key in ("lo", "hi") and value is not None):
                row[key] = value
        items.append(row)
    asking = way.fieldwork.asking
    words: dict[str, str] = {}
    for section in ("offline", "wrong", "thanks", "send", "start", "again"):
        words |= spoken.section(section)
    return {
        "lent": [key for key in words if spoken.lent(key)], "lender": spoken.lender,
        "lang": tag(language), "dir": direction(language), "code": language, "title": said(way.instrument.title) or spoken("title"), "items": items, "scales": scales, "words": words,
        "key": base64.b64encode(public).decode(), "consent": asking.consent_version, "terms": said(asking.consent), "results": said(asking.results),
        "grids": {item.grid.name: said(item.grid.label) for item in way.instrument.items if item.grid is not None},
        "short": [name for name in asking.short if name in asked],
    }  # fmt: skip


def in_language(text: Mapping[str, str], language: str, others: tuple[str, ...]) -> str:
    """A form's own text in a language, else in the language that it is a variant of, else in the form's first."""
    for one in (language, language.split("-")[0], *others):
        if text.get(one):
            return text[one]
    return next(iter(text.values()), "")
