"""``royst interviews coder``: what a researcher signs in by. Kept as a slow hash (Argon2id) among the server's state; the passphrase is shown once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from nacl import pwhash
from nacl.exceptions import InvalidkeyError

from royst.collect import codes
from royst.errors import wrong
from royst.evaluation.interviews import opening
from royst.interviews.store import Store, write_bytes

_SLOW = (pwhash.argon2id.OPSLIMIT_MODERATE, pwhash.argon2id.MEMLIMIT_MODERATE)
_LIGHT = (pwhash.argon2id.OPSLIMIT_MIN, pwhash.argon2id.MEMLIMIT_MIN)


@dataclass(frozen=True)
class Coders:
    """The hashes of one sub-study, by researcher."""

    path: Path

    def hashes(self) -> dict[str, str]:
        if not self.path.exists():
            return {}
        found: dict[str, str] = json.loads(self.path.read_text(encoding="utf-8"))
        return found

    def fresh(self, coder: str, *, light: bool = False) -> str:
        """A new passphrase of 60 random bits for a coder; an older one holds no more. ``light`` hashes it cheaply, for tests alone."""
        passphrase = codes.new()
        ops, memory = _LIGHT if light else _SLOW
        made = pwhash.argon2id.str(passphrase.encode("ascii"), opslimit=ops, memlimit=memory).decode("ascii")
        body = json.dumps({**self.hashes(), coder: made}, indent=1, sort_keys=True) + "\n"
        write_bytes(self.path, body.encode("utf-8"))
        return passphrase

    def holds(self, coder: str, said: str) -> bool:
        """Whether this is the coder's passphrase. A name that nobody has takes as long."""
        known = self.hashes()
        kept = known.get(coder) or next(iter(known.values()), "")
        passphrase = codes.read(said)
        if not kept or passphrase is None:
            return False
        try:
            right = pwhash.verify(kept.encode("ascii"), passphrase.encode("ascii"))
        except InvalidkeyError:
            return False
        return bool(right) and coder in known


def coder(root: Path, name: str, who: str, *, light: bool = False) -> list[str]:
    """Make a researcher's passphrase for coding in the browser. Report lines, which show it once."""
    folder = opening.within(root)
    place = folder.substudy(name)
    if not place.is_dir():
        raise wrong("unknown-substudy", f"the study has no sub-study {name}", "Begin one: royst interviews start.")
    opening.researcher(Store(place), who)
    with opening.alone(folder, name):
        made = Coders(folder.coders(name)).fresh(who, light=light)
    return [
        f"{who} signs in by: {codes.shown(made)}",
        "it is shown this once: give it to them alone; another one is made by the same command",
    ]
