"""``royst receiver``: the key pair of one who is sent sums. The public half goes into ``study.toml``, the secret half stays with the receiver."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from royst.errors import wrong
from royst.totals import seal

_FORM = "royst-receiver-1"


def make(root: Path, key: Path) -> list[str]:
    """A fresh key pair: the secret half into the new file ``key``, the public half in the lines to print.

    Raises ``InputError`` where the file is there already, or would stand in the study folder ``root``, which is sent to every site.
    """
    if key.resolve().is_relative_to(root.resolve()):
        raise wrong("key-in-study", "the secret key would stand in the study folder, which every site is sent", "name a file outside it", file=key)
    public, secret = seal.new_keys()
    body = f"{_FORM} {secret}"
    try:
        with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii", newline="\n") as out:
            out.write(f"{body} {_check(body)}\n")
    except FileExistsError:
        raise wrong("file-taken", f"{key.name} is there already", "name a file that is not there", file=key) from None
    except OSError:
        raise wrong("file-not-written", "the file cannot be written", "name a folder that is there and that you may write to", file=key) from None
    return [
        f"the secret key stands in {key}: it stays with the receiver, with one copy in a safe place; without it no sums can be read",
        "the study's data agreement names the receiver in study.toml by the public key:",
        "",
        "[data_agreement.receivers.NAME]",
        'name = "…"',
        f'public_key = "{public}"',
        "small_cells = false    # true only where the agreement lets the receiver hold small cells",
    ]


def secret(key: Path) -> str:
    """The secret key in a file that ``make`` wrote. Raises ``InputError`` where it cannot be read or is damaged."""
    try:
        words = key.read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError):
        raise wrong("no-key", "the file of the secret key cannot be read", "name the file that royst receiver wrote", file=key) from None
    if len(words) != 3 or words[0] != _FORM or _check(" ".join(words[:2])) != words[2]:
        raise wrong("damaged-key", "this is not a receiver's secret key, or a sign of it is wrong", f"it is one line that starts with {_FORM}", file=key)
    return words[1]


def _check(body: str) -> str:
    return hashlib.sha256(body.encode("ascii")).hexdigest()[:6]
