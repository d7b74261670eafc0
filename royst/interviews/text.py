"""The one form of text that codings point into: Unicode in NFC, lines ended by LF, counted in code points.

Every offset in ``royst.interviews`` is a position between code points of such a text: ``text[start:end]`` is what was selected.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import Path

from royst.errors import wrong

_LINE_ENDS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


def normalise(text: str) -> str:
    """The text in NFC with LF line ends and no byte-order mark. Idempotent: normalising twice changes nothing more."""
    return unicodedata.normalize("NFC", _LINE_ENDS.sub("\n", text.removeprefix("\ufeff")))


def sha256(text: str) -> str:
    """SHA-256 of the text as UTF-8, in lower-case hexadecimal."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def decode(content: bytes, file: str | Path, encoding: str | None = None) -> str:
    """Bytes as text. A byte-order mark decides; else ``encoding`` where given; else strict UTF-8. Nothing is guessed.

    Raises ``InputError`` (``unknown-encoding``) where the bytes are something else, with the first place that could not be read.
    """
    chosen, body = _marked(content) or (encoding or "utf-8", content)
    try:
        text = body.decode(chosen)
    except LookupError:
        raise wrong(
            "unknown-encoding",
            f"no encoding is called {chosen!r}",
            "Name one that Python knows, such as cp1252.",
            file=file,
        ) from None
    except UnicodeDecodeError as error:
        row = body[: error.start].count(b"\n") + 1
        raise wrong(
            "unknown-encoding",
            f"the text is not {chosen}: byte 0x{body[error.start]:02x} at position {error.start} cannot be read",
            "Save the file as UTF-8, or say its encoding (older Windows files are often cp1252).",
            file=file,
            row=row,
        ) from None
    if "\x00" in text:
        raise wrong(
            "unknown-encoding",
            "the text holds NUL characters, as UTF-16 without its mark or a binary file does",
            "Save the file as UTF-8, or say its encoding (for example utf-16-le).",
            file=file,
            row=text[: text.index("\x00")].count("\n") + 1,
        )
    return text


def _marked(content: bytes) -> tuple[str, bytes] | None:
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return encoding, content[len(mark) :]
    return None


def to_utf16(text: str, place: int) -> int:
    """A place in code points as UTF-16 counts it, which is how browsers do. ``ValueError`` outside the text."""
    if not 0 <= place <= len(text):
        raise ValueError(f"place {place} in a text of {len(text)}")
    return place + sum(ord(character) > 0xFFFF for character in text[:place])


def from_utf16(text: str, place: int) -> int:
    """A place that a browser counted, in code points; inside a surrogate pair it is the place before it. ``ValueError`` outside the text."""
    counted = 0
    for here, character in enumerate(text):
        wide = 2 if ord(character) > 0xFFFF else 1
        if place < counted + wide:
            if place < 0:
                break
            return here
        counted += wide
    if place != counted:
        raise ValueError(f"place {place} in a text of {counted} UTF-16 units")
    return len(text)
