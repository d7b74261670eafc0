"""``royst interviews questions``, ``decide``, ``pseudonymise``: identifying words, with a person deciding on every one."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from royst.errors import Faults, wrong
from royst.evaluation.interviews import opening
from royst.evaluation.interviews.opening import Secret
from royst.evaluation.interviews.texts import private, told
from royst.interviews import pseudonym
from royst.interviews import transcript as transcripts
from royst.interviews.identifiers import Question
from royst.interviews.pseudonym import Decision
from royst.interviews.store import Store
from royst.interviews.substudy import Substudy
from royst.study import delimited

COLUMNS = ("words", "kind", "certainty", "times", "transcripts", "around", "action", "by_words", "why")


def waiting(substudy: Substudy, language: str = "nb") -> list[tuple[Question, tuple[str, str], str]]:
    """Each open question with what stands before and after its first place, and what could stand instead, numbered so that two people stay two."""
    store = substudy.store
    texts = {id: transcripts.latest(store, id).text for id in transcripts.ids(store)}
    taken = [made.by_words for made in pseudonym.decisions(store) if made.by_words]
    found = []
    for question in pseudonym.open_questions(store, texts, pseudonym.read_gazetteers(store)):
        suggestion = pseudonym.suggest(question, taken, language)
        taken.append(suggestion)
        id, places = next(iter(question.places.items()))
        start, end = places[0].start, places[0].end
        around = texts[id][max(0, start - 60) : start].replace("\n", " "), texts[id][end : end + 60].replace("\n", " ")
        found.append((question, around, suggestion))
    return found


def questions(root: Path, name: str, secret: Secret, *, out: Path | None = None, language: str = "nb") -> list[str]:
    """The open questions, printed, or as a CSV to fill in for ``decide``: ``action`` is replace or keep, and ``by_words`` has a suggestion. Report lines."""
    found = waiting(opening.opened(root, name, secret), language)
    if out is None:
        lines = [
            f"{q.words}  ({q.kind}, {q.certainty}, {q.times} in {', '.join(q.places)})  {new}" for q, _, new in found
        ]
        return [*lines, f"{len(found)} to decide on: in the browser, or fill in what --out writes"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for q, around, new in found:
        writer.writerow([q.words, q.kind, q.certainty, q.times, " ".join(q.places), f"{around[0]}{q.words}{around[1]}", "", new, ""])
    private(out, "\ufeff" + text.getvalue())
    return [
        f"{len(found)} to decide on, in {out}: write replace or keep in the column action; the file holds names in the open, remove it afterwards"
    ]


def decide(
    root: Path,
    name: str,
    secret: Secret,
    *,
    by: str,
    file: Path | None = None,
    keep: Iterable[str] = (),
    replace: Iterable[str] = (),
) -> list[str]:
    """Take answers: rows of ``file`` with an action, words to ``keep``, and ``WORDS=OTHER`` to ``replace``. Report lines; all or none are taken."""
    with opening.writing(root, name, secret) as substudy:
        opening.known_person(substudy, by)
        made = [*_rows(file, by)] if file is not None else []
        made += [Decision(words, "keep", by) for words in keep]
        for one in replace:
            words, equals, other = one.partition("=")
            if not equals:
                raise wrong("no-replacement", f"{one!r} says no other words", "Write WORDS=OTHER, such as Kari=[navn 1].")
            made.append(Decision(words, "replace", by, other))
        pseudonym.decide(substudy.store, made)
        left = len(waiting(substudy))
        return [f"{len(made)} answers taken; {left} left" + ("" if left else ": now royst interviews pseudonymise")]


def _rows(file: Path, by: str) -> list[Decision]:
    read = delimited.read(file)
    faults, made = Faults(), []
    if missing := [column for column in ("words", "action", "by_words") if column not in read.header]:
        raise wrong("missing-column", f"there is no column {', '.join(missing)}", "Use the file of questions.", file=file, row=1)  # fmt: skip
    for number, cells in zip(read.numbers, read.rows, strict=True):
        row = dict(zip(read.header, cells, strict=True))
        action = row["action"].strip().lower()
        if action in ("replace", "keep"):
            words = row["by_words"].strip() if action == "replace" else ""
            made.append(Decision(row["words"], "replace" if action == "replace" else "keep", by, words, why=row.get("why", "")))  # fmt: skip
        elif action:
            faults.add("unknown-action", f"{action!r} is no answer", "Write replace or keep, or leave it empty.", file=file.name, row=number, column="action")  # fmt: skip
    faults.stop()
    return made


def pseudonymise(
    root: Path, name: str, secret: Secret, *, by: str, ids: Iterable[str] = (), forget: bool = False
) -> list[str]:
    """Make the versions in which all that was decided is replaced; with ``forget``, destroy the versions before. Report lines.

    ``InputError`` (``undecided``) while any word of these transcripts waits; then none is made.
    """
    with opening.writing(root, name, secret) as substudy:
        opening.known_person(substudy, by)
        store = substudy.store
        chosen = tuple(ids) or transcripts.ids(store)
        lists = pseudonym.read_gazetteers(store)
        if left := pseudonym.open_questions(store, chosen, lists):
            raise wrong(
                "undecided",
                f"{len(left)} kinds of words wait for a decision",
                "Decide on each: royst interviews questions lists them.",
            )
        lines = [line for id in chosen for line in replaced(store, id, by=by, forget=forget)]
        return [
            *lines,
            "this makes it harder to know people again; it does not make a transcript anonymous: read each yourself",
        ]


def replaced(store: Store, id: str, *, by: str, forget: bool) -> list[str]:
    """One transcript's version in which all that was decided is replaced. Report lines."""
    done = pseudonym.pseudonymise(store, id, by=by, gazetteers=pseudonym.read_gazetteers(store))
    lines = [f"{id}: nothing to replace" if done is None else told(done)]
    if forget and (gone := pseudonym.forget_versions(store, id)):
        lines.append(f"{id}: versions {', '.join(str(version) for version in gone)} are destroyed here; backups and the file that was imported are not")  # fmt: skip
    return lines
