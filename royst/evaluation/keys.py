"""The study's key and keyed hashes of its inputs.

A bare hash of a small file confirms a guess of what is in it; a keyed one does not, to whoever lacks the key. The key stands beside the
study folder, never in it, so that a folder that is sent on does not carry it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from royst.errors import wrong
from royst.study.folder import Folder


def key(folder: Folder) -> bytes:
    """The study's key of 32 bytes, made the first time. Raises ``InputError`` where the file is there and is not a key."""
    path = folder.key
    if not path.exists():
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii", newline="\n") as out:
                out.write(secrets.token_hex(32) + "\n")
        except PermissionError:
            raise wrong(
                "key-not-written", "the study's key cannot be written here", "give yourself write permission to the folder above the study", file=path
            ) from None
    try:
        found = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        found = b""
    if len(found) != 32:
        raise wrong("key-damaged", "this is not a key of 64 hexadecimal digits", "restore the file from a backup, or remove it to start a new history", file=path)
    return found


def keyed_hash(secret: bytes, path: Path) -> str:
    """HMAC-SHA-256 of a file's bytes, in hexadecimal."""
    return hmac.new(secret, path.read_bytes(), hashlib.sha256).hexdigest()
