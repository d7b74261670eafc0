"""``royst interviews start`` and ``check``: a sub-study begun, and what it has come to."""

from __future__ import annotations

from pathlib import Path

from royst.errors import wrong
from royst.evaluation.interviews import opening
from royst.evaluation.interviews.opening import Secret
from royst.interviews import quotes, revision
from royst.interviews import transcript as transcripts
from royst.interviews.codebook import read_codebook
from royst.interviews.coding import Approach, rounds
from royst.interviews.pseudonym import open_questions, read_gazetteers
from royst.interviews.store import Store, checked_id, write_bytes
from royst.interviews.theme import read_themes

_FILE = '''format = 1
id = "{name}"
title = {{ {language} = {title} }}
purpose = {{}}                      # why, in each language: {{ nb = "Å forstå …" }}
population = {{}}                   # who is meant
approach = "{approach}"            # codebook, reliability or reflexive
sealed = {sealed}                  # whether what holds people's words is encrypted on disk

# What is known of participants. Columns of participants.csv and asked.csv take these names.
# [attributes.sex]
# label = {{ nb = "Kjønn", en = "Sex" }}
# publish = true                  # a quote's label may tell it; a place never
# values = {{ k = {{ nb = "kvinne", en = "woman" }}, m = {{ nb = "mann", en = "man" }} }}

# [[quota]]                       # how many of each are wanted
# cell = {{ sex = "k" }}
# wanted = 10

# [guides.1]                      # the guide, version by version
# on = "2020-01-31"
# topics = [{{ nb = "hverdagen" }}]

# [consents.1]                    # the letter that people sign
# on = "2020-01-31"

# [[researchers]]                 # who signs in to code; royst interviews coder makes the passphrase
# id = "anna"
# roles = ["interviewer", "coder"]
'''
_TABLES = {
    "asked.csv": "contact,outcome,reason\n",
    "participants.csv": "participant,guide,minutes,recorded,others\n",
    "consents.csv": "participant,version,given,quotes,withdrawn\n",
}


def start(
    root: Path, name: str, title: str, *, language: str = "nb", approach: Approach = "codebook", sealed: bool = False
) -> list[str]:
    """Begin a sub-study: ``substudy.toml`` with what can be said in it, and its three tables with their headers. Report lines.

    ``InputError``: ``no-study``, ``unsafe-id``, ``already-there``.
    """
    place = opening.within(root).substudy(checked_id(name, "sub-study"))
    if place.exists():
        raise wrong("already-there", f"the study has a sub-study {name}", "Take another name.", file=place)
    said = '"' + title.replace("\\", "\\\\").replace('"', '\\"') + '"'
    text = _FILE.format(
        name=name, language=language, title=said, approach=approach, sealed="true" if sealed else "false"
    )
    store = Store(place)
    for table, header in _TABLES.items():
        store.write(table, header)
    write_bytes(store.path("substudy.toml"), text.encode("utf-8"))
    return [
        f"sub-study {name} is begun in {place}",
        "say in substudy.toml why, whom and who researches; one row a participant in participants.csv, one a consent in consents.csv",
        f"then: royst interviews import {root} {name} ID FILE",
    ]


def check(root: Path, name: str, secret: Secret) -> list[str]:
    """Every fault of the sub-study at once; else what it has come to: quota, transcripts, rounds, codes, themes, quotes. Report lines."""
    substudy = opening.opened(root, name, secret)
    store = substudy.store
    book = read_codebook(store)
    themes = read_themes(store, book)
    ids = transcripts.ids(store)
    standing = sum(substudy.stands(person.id) for person in substudy.participants)
    lines = [
        f"{name}: {len(substudy.participants)} participants, {standing} with a consent that stands; {len(substudy.asked)} were asked"
    ]
    lines += [
        f"  {row['cell']}: {row['wanted']} wanted, {row['asked']} asked, {row['declined']} declined, {row['agreed']} took part"
        for row in substudy.quota_table().iter_rows(named=True)
    ]
    open_ones = len(open_questions(store, ids, read_gazetteers(store)))
    lines.append(f"transcripts: {len(ids)}; words to decide on: {open_ones}; codings to look at after an edit: {len(revision.in_review(store))}")
    for found in rounds(store):
        state = "open" + (", blind" if found.blind else "") if found.open else "closed"
        lines.append(
            f"round {found.name}: {state}, {', '.join(found.coders)}, {len(found.transcripts)} transcripts, {found.approach}"
        )
    kept = quotes.read_quotes(store)
    lines.append(
        f"codes: {len(book.codes)}; themes: {len(themes)}; quotes: {len(kept)}, approved: {sum(quote.approved for quote in kept)}"
    )
    return [*lines, *substudy.warnings]
