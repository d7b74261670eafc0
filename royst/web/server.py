"""``royst serve``: one process that asks one wave, over SQLite or, by one setting, PostgreSQL."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import django
from django.conf import settings

from royst.errors import wrong
from royst.evaluation import freeze as evaluation_freeze
from royst.evaluation import serve as fieldwork_of
from royst.evaluation.serve import Fieldwork
from royst.web.guard import quiet
from royst.web.respond import guard

THREADS = 24
"""Those who wait for the disk wait together: see ``respond.store``."""


def database(fieldwork: Fieldwork, postgres: str | None) -> dict[str, Any]:
    """Django's settings of the store: the wave's SQLite file, or a PostgreSQL address (``postgresql://user:password@host:5432/name``)."""
    if postgres is None:
        fieldwork.database.parent.mkdir(parents=True, exist_ok=True)
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(fieldwork.database),
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "timeout": 30,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA journal_size_limit=0;",
            },
        }
    parts = urlsplit(postgres)
    if parts.scheme not in ("postgresql", "postgres") or len(parts.path) < 2:
        raise wrong(
            "not-an-address",
            "this is no address of a PostgreSQL database",
            "write it as postgresql://user:password@host:5432/name",
        )
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise wrong(
            "missing-part", "PostgreSQL needs the package psycopg", 'install it: pip install "royst[postgresql]"'
        ) from None
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path[1:],
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"options": "-c synchronous_commit=on -c application_name=royst", "server_side_binding": True, "prepare_threshold": 3},
    }


def configure(fieldwork: Fieldwork, postgres: str | None = None, hosts: tuple[str, ...] = (), *, frozen: bool = False) -> None:
    """Django for this process, and the store's tables. ``frozen``: no store, for pages that say that the wave is over."""
    from royst.web.respond import site

    address = fieldwork.asking.address
    host = urlsplit(address).hostname or "localhost"
    wanted = {"ENGINE": "django.db.backends.dummy"} if frozen else database(fieldwork, postgres)
    if settings.configured:
        from django.db import connections

        connections.close_all()
        connections.settings = connections.configure_settings({"default": wanted})
        del connections["default"]
    else:
        secret = fieldwork.derived("forms").hex()
        settings.configure(**guard.settings(wanted, secret, address, sorted({host, "127.0.0.1", "localhost", *hosts})))
        django.setup()
    quiet()
    from royst.web.respond import store

    if not frozen:
        store.create()
    site.use(site.Site(fieldwork, frozen=frozen))


def application(root: Path, wave: str, postgres: str | None = None) -> Any:
    """The WSGI application, for several processes behind a proxy."""
    fieldwork = fieldwork_of.prepare(root, wave)
    configure(fieldwork, postgres, frozen=fieldwork.study.folder.answers(wave).exists())
    from django.core.handlers.wsgi import WSGIHandler

    return WSGIHandler()


def serve(
    root: Path,
    wave: str,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    postgres: str | None = None,
    proxy: str | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Ask one wave until the process is stopped; where it has its answers, only say that it is over and when the results come. ``proxy``: the address of the one proxy whose word about addresses and encryption is taken.

    Raises ``InputError`` where the wave, its keys or its settings are not ready.
    """
    import waitress

    sys.setswitchinterval(0.02)  # threads that all have work to do gain nothing by taking turns more often
    found = application(root, wave, postgres)
    trusted = (
        {"trusted_proxy": proxy, "trusted_proxy_headers": "x-forwarded-for x-forwarded-proto", "trusted_proxy_count": 1}
        if proxy
        else {}
    )
    server = waitress.create_server(
        found, host=host, port=port, threads=THREADS, ident=None, max_request_body_size=131_072, max_request_header_size=16_384, connection_limit=500,
        channel_timeout=60, clear_untrusted_proxy_headers=True, **trusted,
    )  # fmt: skip
    from royst.web.respond.site import current

    what = "has its answers; pages that say so stand" if current().frozen else "is asked"
    say(f"wave {wave} {what} at http://{host}:{port} (process {os.getpid()}); stop with Ctrl+C")
    server.run()


def codes(
    root: Path, wave: str, out: Path, *, unit: str = "", count: int = 1, many: bool = False, sheet: Path | None = None
) -> list[str]:
    """``count`` fresh access codes for a unit, or for each unit of the wave where none is named, into the file ``out``: code, link, tablet's link, unit. With ``sheet``,
    a page to print as well, a slip with QR code for each. Report lines. Nothing else remembers the codes.

    Raises ``InputError`` where the unit is not the wave's, or a file is there already.
    """
    from royst.collect.codes import shown
    from royst.web.respond.sheet import slips

    fieldwork = fieldwork_of.prepare(root, wave)
    if unit and unit not in fieldwork.units:
        raise wrong(
            "unknown-unit", f"{unit!r} is not among the units of wave {wave}", "name one of the sample", column="unit"
        )
    for path in (out, sheet):
        if path is not None and path.exists():
            raise wrong("file-taken", f"{path.name} is there already", "name a file that is not there", file=path)
    address = fieldwork.asking.address.rstrip("/")
    units = (unit,) if unit else fieldwork.units or ("",)
    fresh = [(code, name) for name in units for code in fieldwork.codes.issue(name, count, many=many)]
    lines = ["code,link,tablet,unit"]
    lines += [
        f"{shown(code)},{address}/e/{code},{f'{address}/t/{code}' if many else ''},{name}" for code, name in fresh
    ]
    _private(out, "\n".join(lines) + "\n")
    if sheet is not None:
        _private(sheet, slips(fieldwork, fresh))
    files = f"{out} and {sheet}" if sheet else str(out)
    return [
        f"{len(fresh)} access {'code' if len(fresh) == 1 else 'codes'} in {files}; they can be read there and nowhere else: remove the files when they are handed out"
    ]


def _private(path: Path, text: str) -> None:
    """A new file that its owner alone can read."""
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", newline="\n"
    ) as file:
        file.write(text)


def freeze(root: Path, wave: str, first: Path, second: Path, *, postgres: str | None = None) -> list[str]:
    """Make a wave of what was collected, and destroy the log of fieldwork. Report lines.

    Raises ``InputError`` where a server still asks the wave, and where ``evaluation.freeze`` does; nothing is written or destroyed then.
    """
    fieldwork = fieldwork_of.prepare(root, wave)
    configure(fieldwork, postgres)
    from royst.web.respond import store

    if not store.alone():
        raise wrong(
            "still-serving",
            f"a server still asks wave {wave}",
            "stop it first: what arrived during the freeze would be lost",
        )
    return evaluation_freeze.freeze(root, wave, first, second, store.boxes(), lambda: _destroy(fieldwork, postgres))


def _destroy(fieldwork: Fieldwork, postgres: str | None) -> list[str]:
    from django.db import connections

    from royst.web.respond import store

    if postgres is not None:
        store.destroy_tables()
        connections.close_all()
        return [
            "the tables of fieldwork are dropped; the database server's own log may hold sealed answers in the order they came until it is removed (docs/answering.md)"
        ]
    connections.close_all()
    for path in (
        fieldwork.database,
        *(fieldwork.database.with_name(fieldwork.database.name + end) for end in ("-wal", "-shm", "-journal")),
    ):
        _overwrite(path)
    _overwrite(fieldwork.codes.path)
    return ["the database of fieldwork and its log are overwritten and removed, and the access codes with them"]


def _overwrite(path: Path) -> None:
    if not path.exists():
        return
    with path.open("r+b") as file:
        for _ in range(0, path.stat().st_size, 65_536):
            file.write(bytes(65_536))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
