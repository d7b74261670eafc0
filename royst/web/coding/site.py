"""The sub-study that this process serves, who is signed in, and what may be tried how often. One a process."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from royst.evaluation.interviews import opening
from royst.evaluation.interviews.coders import Coders
from royst.evaluation.interviews.opening import Secret
from royst.interviews.substudy import Substudy, read_file, read_substudy
from royst.web.respond.site import Limits

IDLE = 4 * 60 * 60
"""Seconds after which somebody who does nothing is signed out."""


class Sessions:
    """Who is signed in, in memory alone: the end of the process signs everybody out. Tokens are kept as hashes."""

    def __init__(self, idle: float = IDLE):
        self._idle = idle
        self._kept: dict[bytes, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def begin(self, coder: str) -> str:
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._kept[_hash(token)] = coder, time.monotonic()
        return token

    def of(self, token: str) -> str | None:
        """The coder behind a token; None where it was never given, or rested too long."""
        key = _hash(token)
        with self._lock:
            coder, seen = self._kept.get(key, ("", 0.0))
            if not coder or time.monotonic() - seen > self._idle:
                self._kept.pop(key, None)
                return None
            self._kept[key] = coder, time.monotonic()
            return coder

    def end(self, token: str) -> None:
        with self._lock:
            self._kept.pop(_hash(token), None)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


class Site:
    """All that the pages need. ``today`` gives the date that is written beside what a person did here."""

    def __init__(self, root: Path, name: str, secret: Secret, address: str, today: Callable[[], date] = date.today):
        self.folder = opening.within(root)
        self.store = opening.opened(root, name, secret).store
        self._units = opening.places(self.folder)
        self.coders = Coders(self.folder.coders(name))
        self.name = name
        self.address = address
        self.sessions = Sessions()
        self.wrong_names = Limits(5, 30.0)
        self.wrong_addresses = Limits(20, 10.0)
        self.lock = threading.RLock()
        """Held by the one thread that writes; against other processes it takes the sub-study's own lock as well."""
        self._today = today

    @property
    def secure(self) -> bool:
        return self.address.startswith("https://")

    @property
    def today(self) -> str:
        return self._today().isoformat()

    def holds(self, name: str, passphrase: str) -> bool:
        """Whether somebody is a researcher of the sub-study today, and signs in by this."""
        right = self.coders.holds(name, passphrase)
        return right and any(person.id == name for person in read_file(self.store).researchers)

    def substudy(self) -> Substudy:
        """Read anew each time: people write in its files meanwhile."""
        return read_substudy(self.store, self._units)


_current: list[Site] = []


def use(site: Site) -> None:
    """Make this the process's site."""
    _current[:] = [site]


def current() -> Site:
    return _current[0]
