"""Drafts, sealed answers and the marks of finished ones, in SQLite or PostgreSQL. No column holds an address, a time or a code.

``draft``: encrypted under its writer's private code, found by an HMAC of it. ``sealed``: finished answers, under random keys. ``done``: an HMAC for each private code that
finished, so that an answer that is sent twice is stored once. In SQLite all three are sorted by random-looking keys, so what stands in the tables has no order; PostgreSQL keeps
rows in the order they were written, until the freeze drops them.

One thread writes. Those who wait together are written together, in chance order and in one durable commit: an acknowledged answer is on the disk, the disk is asked
once for many, and the database's own log knows the order of batches only.
"""

from __future__ import annotations

import queue
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError, connections, transaction

ALIAS = "default"
MOST_TOGETHER = 256

_TABLES = (
    "CREATE TABLE IF NOT EXISTS draft (id {blob} PRIMARY KEY, body {blob} NOT NULL){rowless}",
    "CREATE TABLE IF NOT EXISTS sealed (id {blob} PRIMARY KEY, box {blob} NOT NULL){rowless}",
    "CREATE TABLE IF NOT EXISTS done (id {blob} PRIMARY KEY){rowless}",
)

Work = Callable[[Any], Any]
"""What is done with a cursor inside the shared transaction."""


def create() -> None:
    """The tables, where they are not there yet."""
    connection = connections[ALIAS]
    lite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        for table in _TABLES:
            cursor.execute(table.format(blob="BLOB" if lite else "BYTEA", rowless=" WITHOUT ROWID" if lite else ""))


def draft(mark: bytes) -> bytes | None:
    with connections[ALIAS].cursor() as cursor:
        cursor.execute("SELECT body FROM draft WHERE id = %s", [mark])
        row = cursor.fetchone()
    return bytes(row[0]) if row else None


def is_done(mark: bytes) -> bool:
    with connections[ALIAS].cursor() as cursor:
        cursor.execute("SELECT 1 FROM done WHERE id = %s", [mark])
        return cursor.fetchone() is not None


_SAVE = "INSERT INTO draft (id, body) SELECT %s, %s WHERE NOT EXISTS (SELECT 1 FROM done WHERE id = %s) ON CONFLICT (id) DO UPDATE SET body = excluded.body"


def save(mark: bytes, body: bytes) -> Work:
    """Keep a draft; one that is finished does not come back."""

    return lambda cursor: cursor.execute(_SAVE, [mark, body, mark])


def erase(mark: bytes) -> Work:
    return lambda cursor: cursor.execute("DELETE FROM draft WHERE id = %s", [mark])


_AT_ONCE = (
    "WITH fresh AS (INSERT INTO done (id) VALUES (%s) ON CONFLICT (id) DO NOTHING RETURNING id), "
    "kept AS (INSERT INTO sealed (id, box) SELECT %s::bytea, %s::bytea FROM fresh) DELETE FROM draft WHERE id = %s"
)
"""``finish`` in one message to PostgreSQL instead of three: who writes waits for each."""


def finish(mark: bytes, key: bytes, box: bytes) -> Work:
    """Store a sealed answer under a random key and erase its draft; a second time nothing happens."""

    def work(cursor: Any) -> None:
        if cursor.db.vendor == "postgresql":
            cursor.execute(_AT_ONCE, [mark, key, box, mark])
            return
        cursor.execute("INSERT INTO done (id) VALUES (%s) ON CONFLICT (id) DO NOTHING", [mark])
        if cursor.rowcount == 1:
            cursor.execute("INSERT INTO sealed (id, box) VALUES (%s, %s)", [key, box])
        cursor.execute("DELETE FROM draft WHERE id = %s", [mark])

    return work


class Writer:
    """The one thread that writes. ``run`` returns when the work is durably committed, and raises what kept it from being."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[tuple[Work, Future[None]]] = queue.SimpleQueue()
        self._chance = random.SystemRandom()
        threading.Thread(target=self._forever, name="writer", daemon=True).start()

    def run(self, work: Work) -> None:
        done: Future[None] = Future()
        self._waiting.put((work, done))
        done.result(timeout=60)

    def _forever(self) -> None:
        while True:
            together = [self._waiting.get()]
            while len(together) < MOST_TOGETHER:
                try:
                    together.append(self._waiting.get_nowait())
                except queue.Empty:
                    break
            self._chance.shuffle(together)
            self._write(together)

    def _write(self, together: list[tuple[Work, Future[None]]]) -> None:
        try:
            self._commit([work for work, _ in together])
        except Exception as error:
            if len(together) == 1:
                together[0][1].set_exception(error)
                return
            for one in together:  # one bad apple must not keep the others out
                self._write([one])
            return
        for _, done in together:
            done.set_result(None)

    def _commit(self, works: list[Work]) -> None:
        for attempt in (1, 2):
            try:
                with _one_message(), transaction.atomic(using=ALIAS), connections[ALIAS].cursor() as cursor:
                    for work in works:
                        work(cursor)
                return
            except (OperationalError, InterfaceError):  # a database that was started anew; every work may be done twice
                connections[ALIAS].close()
                if attempt == 2:
                    raise


@contextmanager
def _one_message() -> Iterator[None]:
    """PostgreSQL gets what is written together as one message and answers once (libpq's pipeline): between two messages the writer waits for its turn among the threads."""
    connection = connections[ALIAS]
    if connection.vendor != "postgresql":
        yield
        return
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def alone() -> bool:
    """Whether no other process has the store open. SQLite's log is folded into its file by this."""
    connection = connections[ALIAS]
    try:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA busy_timeout=500")
                cursor.execute("PRAGMA journal_mode=DELETE")
                return str(cursor.fetchone()[0]).lower() == "delete"
            cursor.execute(
                "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'royst' AND pid <> pg_backend_pid()"
            )
            return int(cursor.fetchone()[0]) == 0
    except OperationalError:
        return False


def boxes() -> list[bytes]:
    """Every sealed answer, in the order of their random keys."""
    with connections[ALIAS].cursor() as cursor:
        cursor.execute("SELECT box FROM sealed ORDER BY id")
        return [bytes(row[0]) for row in cursor.fetchall()]


def counts() -> dict[str, int]:
    """How many rows each table has."""
    found = {}
    with connections[ALIAS].cursor() as cursor:
        for name in ("draft", "sealed", "done"):
            cursor.execute(f"SELECT COUNT(*) FROM {name}")
            found[name] = cursor.fetchone()[0]
    return found


def destroy_tables() -> None:
    """PostgreSQL: drop the tables and let the server write over what it can."""
    connection = connections[ALIAS]
    with connection.cursor() as cursor:
        for name in ("draft", "sealed", "done"):
            cursor.execute(f"DROP TABLE IF EXISTS {name}")
    for statement in ("SELECT pg_switch_wal()", "CHECKPOINT"):
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
        except DatabaseError:  # a role without that right; the report says what the owner of the server does
            continue
