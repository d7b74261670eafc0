"""The wave that this process asks: its way, its keys, its store, and what may be tried how often. One a process."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import secrets
import threading
import time
from dataclasses import replace
from datetime import date
from typing import Literal

from royst.collect import codes, sealed
from royst.collect.codes import Access, Codes
from royst.evaluation.serve import Fieldwork
from royst.web.respond import store
from royst.web.respond.fill import Fill, Way, fill_of
from royst.web.respond.offline import Tickets, Transport, form
from royst.web.respond.words import Spoken


class Begun(Exception):
    """The personal code was begun anew by somebody else: this draft cannot be finished."""


class Limits:
    """How often one address may fail, in memory alone: forgotten when the process ends, and kept under a key that ends with it.

    A bucket of ``size`` tries fills up by one each ``seconds``. Services share one address, so only what fails counts.
    """

    MOST = 20_000

    def __init__(self, size: int, seconds: float):
        self.size, self.seconds = size, seconds
        self._key = secrets.token_bytes(32)
        self._left: dict[bytes, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def _of(self, address: str) -> bytes:
        return hashlib.blake2b(address.encode(), key=self._key, digest_size=16).digest()

    def _now(self, who: bytes) -> float:
        left, at = self._left.get(who, (float(self.size), 0.0))
        return min(float(self.size), left + (time.monotonic() - at) / self.seconds)

    def allowed(self, address: str) -> bool:
        with self._lock:
            return self._now(self._of(address)) >= 1

    def count(self, address: str) -> None:
        with self._lock:
            if len(self._left) >= self.MOST:
                self._left.clear()
            who = self._of(address)
            self._left[who] = (max(0.0, self._now(who) - 1), time.monotonic())


class Site:
    """All that the pages need. Made once by ``royst.web.server``."""

    def __init__(self, fieldwork: Fieldwork, *, frozen: bool = False):
        """``frozen``: the wave has its answers; there is no store any more, and every page says that it is over."""
        self.fieldwork, self.frozen = fieldwork, frozen
        self.way = Way(fieldwork)
        self.codes: Codes = fieldwork.codes
        self.writer = store.Writer()
        self.transport = Transport(fieldwork.derived("transport"))
        self.wrong_codes = Limits(10, 6.0)
        self.begun = Limits(120, 0.5)
        self._draft_key = fieldwork.derived("drafts")
        self.tickets = Tickets(fieldwork.derived("tickets"))
        self._forms: dict[str, tuple[bytes, bytes]] = {}
        self._many: dict[str, Access] = {}

    @property
    def state(self) -> Literal["before", "open", "after"]:
        """Whether somebody may begin today. Who has begun may finish after the last day too."""
        asking, today = self.fieldwork.asking, date.today()
        if self.frozen or (asking.closes is not None and today > asking.closes):
            return "after"
        return "before" if asking.opens is not None and today < asking.opens else "open"

    def mark(self, private: str) -> bytes:
        """By which a draft is found: nothing of the private code can be read from it."""
        return hmac.new(self._draft_key, private.encode("ascii"), hashlib.sha256).digest()

    def form(self, language: str) -> tuple[bytes, bytes]:
        """The questionnaire for a device without the net, plain and compressed."""
        if language not in self._forms:
            spoken = Spoken(language, self.fieldwork.languages, self.fieldwork.asking.words)
            plain = json.dumps(
                form(self.way, language, spoken, self.transport.public), ensure_ascii=False, separators=(",", ":")
            ).encode()
            self._forms[language] = plain, gzip.compress(plain, 9, mtime=0)
        return self._forms[language]

    def form_path(self, language: str) -> str:
        """Its address, another one when it changes."""
        return f"/form/{language}?{hashlib.sha256(self.form(language)[0]).hexdigest()[:10]}"

    def access(self, code: str) -> Access | None:
        """What an access code opens; those for many are remembered."""
        found = self._many.get(code) or self.codes.look(code)
        if found is not None and found.many:
            self._many[code] = found
        return found

    def read(self, private: str) -> Fill | None:
        body = store.draft(self.mark(private))
        content = sealed.unlocked(body, sealed.draft_key(private)) if body is not None else None
        return fill_of(content) if content is not None else None

    def save(self, private: str, fill: Fill) -> None:
        self.writer.run(store.save(self.mark(private), sealed.lock(fill.content(), sealed.draft_key(private))))

    def begin(self, code: str, access: Access, fill: Fill) -> str:
        """A fresh draft under a fresh private code, which is returned."""
        private = codes.new()
        fill = replace(fill, unit=access.unit, code="" if access.many else code)
        if fill.code:
            self.codes.hold(code, private)
        self.save(private, fill)
        return private

    def withdraw(self, private: str, fill: Fill) -> None:
        """Erase a draft; a personal code can be used again."""
        self.writer.run(store.erase(self.mark(private)))
        if fill.code:
            self.codes.free(fill.code, private)

    def finish(self, private: str, fill: Fill) -> None:
        """Seal what counts and store it durably, once, however often it is sent. Raises ``Begun``.

        A personal code is used up first, by this private code: if the machine dies between the two, the same person can send again and nobody else can.
        """
        mark = self.mark(private)
        if fill.code and not self.codes.spend(fill.code, private):
            if store.is_done(mark):
                return
            raise Begun
        content = {
            "answers": self.way.counted(fill), "unit": fill.unit, "language": fill.language, "consent": fill.consent, "short": fill.short,
        }  # fmt: skip
        self.writer.run(store.finish(mark, secrets.token_bytes(16), sealed.seal(content, self.fieldwork.public)))
        if fill.code:
            self.codes.forget(fill.code)

    def is_done(self, private: str) -> bool:
        return store.is_done(self.mark(private))


_current: list[Site] = []


def use(site: Site) -> None:
    """Make this the process's site."""
    _current[:] = [site]


def current() -> Site:
    return _current[0]
