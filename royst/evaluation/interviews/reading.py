"""``royst interviews themes`` and ``quotes``: what it adds up to, for the researchers' eyes."""

from __future__ import annotations

from pathlib import Path

from royst.evaluation.interviews import opening
from royst.evaluation.interviews.opening import Secret
from royst.interviews import quotes as kept
from royst.interviews.codebook import read_codebook
from royst.interviews.pseudonym import read_gazetteers
from royst.interviews.tables import code_by_attribute, how_many
from royst.interviews.theme import analysed, codes_of, read_themes, spoken
from royst.words import Words


def themes(root: Path, name: str, secret: Secret, *, attribute: str = "", language: str = "en") -> list[str]:
    """Each theme with how many of the participants speak of it, in words; with ``attribute``, each code by its values (people, never shares). Report lines."""
    substudy = opening.opened(root, name, secret)
    store, book, words = substudy.store, read_codebook(substudy.store), Words(language)
    people = [person.id for person in substudy.participants if substudy.stands(person.id)]
    passages = spoken(store, analysed(store), book, people)
    lines = []
    for theme in read_themes(store, book):
        codes = codes_of(theme, book)
        who = how_many(len(passages.who(codes)), len(people), language) if people else "nobody"
        lines.append(f"{words.of(theme.name)}: {who} ({len(passages.of(codes))} passages)")
    if attribute:
        given = {person.id: person.attributes for person in substudy.participants}
        lines += [
            f"{book[row['code']].name}, {attribute}={row['value'] or '?'}: {row['participants']} of {row['of']} ({row['passages']} passages)"
            for row in code_by_attribute(passages, given, attribute).iter_rows(named=True)
        ]
    return lines or ["no theme is written yet"]


def quotes(root: Path, name: str, secret: Secret) -> list[str]:
    """Each quote with its theme, and what stands in the way of printing it. Report lines, without the words themselves."""
    substudy = opening.opened(root, name, secret)
    lists = read_gazetteers(substudy.store)
    found = kept.read_quotes(substudy.store)
    lines = []
    for quote in found:
        open_ones = [w for w in kept.check(substudy, quote, lists) if w.key not in quote.answers]
        if quote.approved:
            state = f"approved by {quote.approved_by} on {quote.approved_on}"
        elif open_ones:
            state = f"{len(open_ones)} warnings to answer: {', '.join(sorted({w.code for w in open_ones}))}"
        else:
            state = "waits for a second person"
        out = f", printed in {', '.join(quote.released)}" if quote.released else ""
        lines.append(f"{quote.id} {quote.theme} ({', '.join(quote.edited)}): {state}{out}")
    return [*lines, f"{len(found)} quotes, {sum(quote.approved for quote in found)} approved"]
