"""``royst interviews import``, ``text`` and ``revise``: transcripts in, shown, and corrected."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from royst.errors import Faults, wrong
from royst.evaluation.interviews import opening
from royst.evaluation.interviews.opening import Secret
from royst.interviews import pseudonym, readers, revision
from royst.interviews import transcript as transcripts
from royst.interviews.store import Store
from royst.interviews.substudy import Substudy


def bring(
    root: Path,
    name: str,
    id: str,
    file: Path,
    secret: Secret,
    *,
    voices: Iterable[str] = (),
    speakers: Iterable[str] = (),
    encoding: str | None = None,
) -> list[str]:
    """Import a file as transcript ``id``. ``voices``: ``LABEL=PARTICIPANT``, each a participant whose consent stands. Report lines.

    ``InputError``: ``no-voice``, ``no-consent``, and those of ``transcript.import_transcript``; nothing is kept then.
    """
    with opening.writing(root, name, secret) as substudy:
        named = _voices(substudy, voices)
        made = transcripts.import_transcript(
            substudy.store, id, file, voices=named, speakers=tuple(speakers) or None, encoding=encoding
        )
        labels = sorted({turn.speaker for turn in made.turns if turn.speaker})
        lines = [
            f"transcript {id}: {len(made.text):,} characters, {len(made.turns)} turns of {', '.join(labels) or 'nobody named'}"
        ]
        lines += [f"  {label} is {participant}" for label, participant in named.items()]
        if not named:
            lines.append(
                "no label is a participant's: codings will count for no one (import again with --voice LABEL=PARTICIPANT)"
            )
        return [*lines, "keep the file that it came from as your plan of data says: it is not copied, and it names people"]


def _voices(substudy: Substudy, said: Iterable[str]) -> dict[str, str]:
    faults, found = Faults(), {}
    for one in said:
        label, equals, participant = one.rpartition("=")
        if not equals or not label or not participant:
            faults.add("no-voice", f"{one!r} names no one", "Write LABEL=PARTICIPANT, such as A=e01.")
        elif not any(person.id == participant for person in substudy.participants):
            faults.add(
                "unknown-participant", f"there is no participant {participant}", "Add the row.", file="participants.csv"
            )
        elif not substudy.stands(participant):
            faults.add(
                "no-consent", f"{participant} has no consent that stands", "Without one nothing of theirs is kept here.",
                file="consents.csv",
            )  # fmt: skip
        else:
            found[label] = participant
    faults.stop()
    return found


def text(root: Path, name: str, id: str, secret: Secret, *, out: Path | None = None) -> list[str]:
    """The newest version's text, as report lines or into a new file that its owner alone can read."""
    read = transcripts.latest(opening.opened(root, name, secret).store, id)
    if out is None:
        return read.text.split("\n")
    private(out, read.text)
    return [f"version {read.version} of {id} is in {out}, in the open: remove it when you are done"]


def revise(root: Path, name: str, id: str, file: Path, secret: Secret, *, by: str, why: str) -> list[str]:
    """An edited text becomes the next version, and all codings follow. Report lines: whose codings must be looked at is told to them alone."""
    with opening.writing(root, name, secret) as substudy:
        opening.known_person(substudy, by)
        done = revision.revise(substudy.store, id, readers.read(file).text, by=by, why=why)
        return [told(done), *_again(substudy.store, done.transcript.text)]


def _again(store: Store, text: str) -> list[str]:
    """A line where an edit brings words back that were to be replaced, as one of an older copy does. The words themselves are not told."""
    back = sum(made.action == "replace" and made.words in text for made in pseudonym.decisions(store))
    return [f"words that were to be replaced stand in it again: {back}; run royst interviews pseudonymise"] if back else []


def told(done: revision.Revision) -> str:
    """That an edit was made. How many codings it moved is not told: in a blind round that would tell how much others have coded."""
    return f"version {done.transcript.version} of {done.transcript.id} is made, and codings follow; each coder finds those that need a look under Review"


def private(path: Path, content: str) -> None:
    """A new file that its owner alone can read. ``InputError`` (``file-taken``)."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise wrong(
            "file-taken", f"{path.name} is there already", "Name a file that is not there.", file=path
        ) from None
    except OSError as error:
        raise wrong("no-folder", f"{path} cannot be written: {error.strerror}", "Name another.", file=path) from None
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(content)
