"""A consent withdrawn, from the study to what is published: the words come off the site and the reports at once, then leave the sub-study.

The one exception to "the same release again changes nothing": quotes come off, and ``releases/history.jsonl`` says so. Counts stay as they were published; what a
count lost would tell what this person had said.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from royst import release as leaf
from royst.errors import wrong
from royst.evaluation import keys
from royst.evaluation.interviews import opening
from royst.evaluation.interviews.opening import Secret
from royst.evaluation.talks import environment, fingerprint, place
from royst.interviews.keyfile import KeyFile
from royst.interviews.own_words import OwnWords, own_words
from royst.interviews.quotes import printed_as, read_quotes
from royst.interviews.store import Store
from royst.interviews.substudy import Substudy
from royst.interviews.withdrawal import Record, Withdrawal, remember
from royst.interviews.withdrawal import withdraw as take_out
from royst.protect import history
from royst.publish import artefacts
from royst.release import Release
from royst.study.paths import Folder

Progress = Callable[[str], None]
BEFORE = ".before"
_TEXTS = {"interview_themes": ("name", "summary"), "interview_joint": ("text",), "interview_points": ("answer",), "interview_advice": ("text",)}
"""Where researchers' own texts stand in a release: table to columns."""


@dataclass(frozen=True)
class Done:
    """What was done. ``taken_off``: release to how many quotes came off it in this run. ``lines``: all of it in words, for the one who asked."""

    withdrawal: Withdrawal
    taken_off: dict[str, int]
    lines: tuple[str, ...]


def withdraw(
    root: Path, substudy: str, participant: str, on: str, by: str, *, key: KeyFile | None = None, secret: Secret = environment, progress: Progress = lambda text: None
) -> Done:
    """Take a participant out of a sub-study and of every release that carries it. ``on``: ISO date; ``by``: who followed it up; ``secret`` asks for the passphrase of
    a sealed sub-study.

    A run that was broken off is finished by running it again. The study itself is not read: consent is followed though its plan has faults.
    Raises ``InputError``: ``unknown-substudy``, ``unknown-participant``, and what reading the sub-study gives.
    """
    with opening.writing(root, substudy, secret) as read:
        return _taken_out(opening.within(root), substudy, read, participant, on, by, key, progress)


def _taken_out(folder: Folder, substudy: str, read: Substudy, participant: str, on: str, by: str, key: KeyFile | None, progress: Progress) -> Done:
    store = read.store
    if all(consent.participant != participant for consent in read.consents):
        read.participant(participant)
    made = _carrying(folder, substudy)
    stamp = keys.key(folder) if made else b""
    now = fingerprint(store, stamp)
    same = [name for name, release in made.items() if release.facts.inputs.get(place(substudy)) == now]
    record = remember(store, participant, on=on, by=by, same=same)
    words = own_words(store, participant)
    taken, look_at = {}, []
    for name, release in made.items():
        left, gone, seen = _without(release, substudy, _ids(store, record, name, release, words), words)
        look_at += [f"release {name}, {text}" for text in seen]
        if gone or any(not left.tables[table].equals(release.tables[table]) for table in _TEXTS):
            progress(f"taking {len(gone)} quotes off release {name}")
            _replace(folder, name, left, gone, record.on, stamp, progress)
        taken[name] = len(gone)
    progress("taking the words out of the sub-study")
    done = take_out(read, participant, on=on, by=by, key=key)
    for name in record.same:
        _inputs_again(folder.release(name), {place(substudy): fingerprint(store, stamp)})
    return Done(done, taken, tuple(_said(substudy, record, done, taken, look_at)))


def _carrying(folder: Folder, substudy: str) -> dict[str, Release]:
    """The releases that carry the sub-study, as they stand; what a run that was broken off left is set right first."""
    for left in folder.releases.glob(f".*{BEFORE}"):
        _recover(folder.release(left.name.removeprefix(".").removesuffix(BEFORE)))
    found = {}
    for path in sorted(folder.releases.glob("*/release/facts.json")):
        home = path.parent.parent
        if home.name.startswith("."):
            continue
        try:
            release = leaf.read(path.parent)
        except (FileNotFoundError, ValueError) as fault:
            raise wrong("damaged-release", f"the protected release cannot be read: {str(fault).splitlines()[0]}", "restore the folder from a backup", file=path.parent) from None
        if substudy in release.facts.substudies:
            found[home.name] = release
    return found


def _ids(store: Store, record: Record, name: str, release: Release, words: OwnWords) -> set[str]:
    """The ids that the person's quotes have in a release; and those of rows that nobody's quote accounts for any more and that hold the person's words."""
    known = {printed_as(name, quote.id) for quote in read_quotes(store) if quote.participant != record.participant}
    rows = release.tables["interview_quotes"].select("quote", "text").rows()
    return {*record.printed.get(name, ()), *(id for id, text in rows if id not in known and words.repeats(text))}


def _without(release: Release, substudy: str, ids: set[str], words: OwnWords) -> tuple[Release, list[str], list[str]]:
    """The release without the quotes and without long stretches of the person's words in others' texts; which quotes went, and which texts to look at."""
    quotes, mine = release.tables["interview_quotes"], pl.col("substudy") == substudy
    out = mine & pl.col("quote").is_in(sorted(ids))
    tables = {**release.tables, "interview_quotes": quotes.filter(~out)}
    seen = []
    for name, columns in _TEXTS.items():
        for column in columns:
            seen += [f"{name}: {text}" for text in release.tables[name].filter(mine)[column] if words.repeats(text)]
            cut = pl.col(column).map_elements(words.cut, return_dtype=pl.String)
            tables[name] = tables[name].with_columns(pl.when(mine).then(cut).otherwise(pl.col(column)).alias(column))
    seen += [f"texts/{name}.{language}.md" for name, said in release.facts.texts.items() for language, text in said.items() if words.repeats(text)]
    return Release(release.facts, tables, release.files), sorted(set(quotes.filter(out)["quote"])), seen


def _beside(home: Path) -> tuple[Path, Path]:
    return home.with_name(f".{home.name}.withdrawing"), home.with_name(f".{home.name}{BEFORE}")


def _recover(home: Path) -> None:
    """Where a run was broken off between two renames, what was published stands again."""
    _, before = _beside(home)
    if home.exists():
        shutil.rmtree(before)
    else:
        before.rename(home)


def _replace(folder: Folder, name: str, made: Release, gone: list[str], on: str, stamp: bytes, progress: Progress) -> None:
    """Publish the release anew beside the old one, say so in the ledger, and change places: a reader meets one of the two, never half of either."""
    home = folder.release(name)
    beside, before = _beside(home)
    shutil.rmtree(beside, ignore_errors=True)
    try:
        leaf.write(made, beside / "release")
        artefacts.publish(leaf.read(beside / "release"), beside, progress)
        if (home / "check").is_dir():
            shutil.copytree(home / "check", beside / "check")
        history.withdrawn(folder.history, release=name, on=on, quotes=gone, key=stamp)
        home.rename(before)
        beside.rename(home)
        shutil.rmtree(before)
    except PermissionError as fault:
        raise wrong("not-written", "the release cannot be written here", "give yourself write permission to the study folder", file=fault.filename or home) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _inputs_again(home: Path, inputs: dict[str, str]) -> None:
    """The release rests on the sub-study as it is now, so that `royst release` still knows it for the same."""
    if not (home / "release" / "facts.json").is_file():
        return
    made = leaf.read(home / "release")
    facts = made.facts.model_copy(update={"inputs": {**made.facts.inputs, **inputs}})
    if facts != made.facts:
        leaf.write(Release(facts, made.tables, made.files), home / "release")
        artefacts.inputs_again(Release(facts, made.tables, made.files), home)


def _said(substudy: str, record: Record, done: Withdrawal, taken: dict[str, int], look_at: list[str]) -> list[str]:
    lines = [
        f"{record.participant} of {substudy}, withdrawn on {record.on}, followed up by {record.by}",
        f"transcripts destroyed: {', '.join(done.transcripts) or 'none'}; cut: {', '.join(done.cut) or 'none'}; codings gone: {done.codings}; quotes gone: {done.quotes}",
    ]
    lines += [
        f"release {name}: {n} quotes taken off and everything published anew; put its public/ on the web server again now" if n else f"release {name}: no quote to take off"
        for name, n in taken.items()
    ]
    lines += [f"look at {text}: it may repeat the person's words" for text in (*look_at, *done.look_at)]
    return [*lines, *(f"cannot be recalled from here: {place}" for place in done.beyond_recall)]
