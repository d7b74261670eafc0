"""The sub-study that a verb is about, opened with its passphrase where it is sealed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from filelock import FileLock, Timeout

from royst.errors import Faults, wrong
from royst.interviews.seal import Seal
from royst.interviews.store import SEALED, Store, checked_id
from royst.interviews.substudy import Substudy, read_file, read_substudy
from royst.study import units
from royst.study.paths import Folder

WAIT = 10.0
"""Seconds that one who would write waits for another who does."""
Secret = Callable[[str], str]
"""Asks a person for a passphrase, by what it is of. It is never stored."""


def nobody(of: str) -> str:
    """Where nobody can be asked."""
    raise wrong("sealed", f"{of} is encrypted", "Give its passphrase.")


def opened(root: Path, name: str, secret: Secret = nobody) -> Substudy:
    """The sub-study ``name`` of the study in ``root``, read and checked. The questionnaires are not read: interviews go on while they are being written.

    Raises ``InputError``: ``no-study``, ``unknown-substudy``, ``wrong-passphrase``, and every fault of the sub-study's own files.
    """
    folder = within(root)
    place = folder.substudy(checked_id(name, "sub-study"))
    if not place.is_dir():
        there = sorted(path.name for path in place.parent.iterdir() if path.is_dir()) if place.parent.is_dir() else []
        raise wrong(
            "unknown-substudy",
            f"the study has no sub-study {name}",
            f"It has: {', '.join(there) or 'none'}. Begin one: royst interviews start.",
            file=place,
        )
    return read_substudy(Store(place, _seal(place, name, secret)), places(folder))


@contextmanager
def writing(root: Path, name: str, secret: Secret = nobody) -> Iterator[Substudy]:
    """As ``opened``, and nobody else writes in it meanwhile. The passphrase is asked for before, the files are read after that is sure."""
    store, folder = opened(root, name, secret).store, within(root)
    with alone(folder, name):
        yield read_substudy(store, places(folder))


@contextmanager
def alone(folder: Folder, name: str) -> Iterator[None]:
    """Verbs, pages and releases take turns at a sub-study: a file is read, changed and renamed as one.

    The lock is the operating system's: whoever crashes holds none. ``InputError``: ``being-written`` where another writes for longer than ``WAIT``, ``not-written``
    where the folder cannot be written in.
    """
    path = folder.writing(name)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=WAIT)
    except Timeout:
        raise wrong("being-written", f"somebody else is writing in the sub-study {name}", "Wait until they are done, and do it again.", file=path.parent / name) from None
    except OSError as fault:
        raise wrong("not-written", f"the sub-study cannot be written: {fault.strerror}", "Give yourself write permission to the study folder.", file=path.parent) from None
    try:
        yield
    finally:
        lock.release()


def within(root: Path) -> Folder:
    """The study's paths. ``InputError`` (``no-study``) where there is none."""
    folder = Folder(Path(root))
    if not folder.study_toml.is_file():
        raise wrong("no-study", "the folder holds no study.toml", "Name the folder of a study.", file=folder.root)
    return folder


def _seal(place: Path, name: str, secret: Secret) -> Seal | None:
    """The seal of a sealed sub-study, tried on a file that it should open."""
    sealed = next(iter(sorted(place.rglob(f"*{SEALED}"))), None)
    if sealed is None and not read_file(Store(place)).sealed:
        return None
    seal = Seal.like(secret(f"the sub-study {name}"), place)
    if sealed is not None:
        seal.open(sealed.read_bytes(), sealed)
    return seal


def places(folder: Folder) -> frozenset[str]:
    """Names of the study's units, which no quote may tell."""
    if not folder.frame.exists():
        return frozenset()
    frame = units.read_frame(folder.frame, Faults())
    return frozenset() if frame is None else frozenset(name for name in frame["name"].to_list() if name)


def checked_date(said: str) -> str:
    """An ISO date as it was said. ``InputError`` (``no-date``)."""
    try:
        return date.fromisoformat(said).isoformat()
    except ValueError:
        raise wrong("no-date", f"{said!r} is no date", "Write it as 2020-06-30.") from None


def known_person(substudy: Substudy, name: str) -> str:
    """One of the sub-study's researchers, by id. ``InputError`` (``unknown-person``)."""
    return researcher(substudy.store, name)


def researcher(store: Store, name: str) -> str:
    """As ``known_person``, where only ``substudy.toml`` needs be read, which is never sealed."""
    there = [person.id for person in read_file(store).researchers]
    if name not in there:
        raise wrong(
            "unknown-person",
            f"{name!r} is none of the sub-study's researchers",
            f"Name one of {', '.join(there) or 'nobody yet'}, or add them under [[researchers]].",
            file=store.path("substudy.toml"),
        )
    return name
