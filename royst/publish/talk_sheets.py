"""What people told in interviews, as sheets of the workbook: finished words, and numbers where the survey has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from royst.publish.edition import Edition, edition
from royst.publish.rows import Row
from royst.publish.talks import how_many, how_to_read
from royst.release import Release
from royst.words import Words, sentence

Cell = str | float | None


@dataclass(frozen=True)
class Sheet:
    """``columns``: heading and width in letters; a column's cells are texts or numbers. A number is written with ``decimals`` of its row."""

    name: str
    columns: tuple[tuple[str, int], ...]
    rows: tuple[tuple[Cell, ...], ...]
    decimals: tuple[int, ...]


def talk_sheets(release: Release, language: str) -> list[Sheet]:
    """A sheet a table of interviews that has rows; none where the release carries no sub-study."""
    if not release.facts.substudies:
        return []
    held = edition(release, language)
    words = held.words
    study, theme = (words("talk.sheet_substudy"), 26), (words("joint.theme"), 30)
    survey = [(words(f"talk.sheet_{column}"), 10) for column in ("result", "low", "high")]
    answers = [(words("talk.sheet_part"), 26), (words("talk.point"), 44), (words("talk.answer"), 70)]
    made = [
        _sheet(held, "themes", [study, theme, (words("talk.sheet_under"), 26), (words("talk.sheet_summary"), 60), (words("talk.sheet_people"), 34)], _themes),
        _sheet(held, "quotes", [study, theme, (words("talk.sheet_quote"), 80), (words("talk.sheet_label"), 22)], _quotes),
        _sheet(held, "joint", [study, theme, (words("joint.survey"), 44), *survey, (words("joint.talk"), 60), (words("joint.together"), 16)], _joint),
        _sheet(held, "method", [study, *answers], _method),
        _sheet(held, "advice", [study, (words("talk.advice_title"), 80)], _advice),
    ]
    return [sheet for sheet in made if sheet.rows]


def talk_notes(release: Release, language: str) -> list[str]:
    """How the sheets are to be read, and that the words are invented where they are."""
    if not release.facts.substudies:
        return []
    words = Words(language)
    invented = [words("talk.sheet_synthetic")] if any(part.synthetic for part in release.facts.substudies.values()) else []
    return [*invented, *how_to_read(edition(release, language))]


def _sheet(held: Edition, name: str, columns: list[tuple[str, int]], rows_of: Callable[[Edition, str], Iterator[tuple[int, tuple[Cell, ...]]]]) -> Sheet:
    found = [(decimals, (held.of(facts.title), *row)) for substudy, facts in held.facts.substudies.items() for decimals, row in rows_of(held, substudy)]
    return Sheet(held.words(f"talk.sheet_{name}"), tuple(columns), tuple(row for _, row in found), tuple(decimals for decimals, _ in found))


def _names(held: Edition, substudy: str) -> dict[str, str]:
    return {row["theme"]: row["name"] for row in held.talk("interview_themes", substudy)}


def _themes(held: Edition, substudy: str) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    names = _names(held, substudy)
    for row in held.talk("interview_themes", substudy):
        yield 0, (row["name"], names.get(row["parent"], ""), row["summary"], sentence(how_many(held, row)))


def _quotes(held: Edition, substudy: str) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    names = _names(held, substudy)
    for row in held.talk("interview_quotes", substudy):
        yield 0, (names[row["theme"]], row["text"], row["label"])


def _joint(held: Edition, substudy: str) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    names = _names(held, substudy)
    for row in held.talk("interview_joint", substudy):
        best: Row | None = held.best(row["item"])
        item = held.say.short(row["item"])
        asked = held.words("joint.missing", item=item)
        if best is not None:
            asked = sentence(held.words("joint.detail", degree=held.say.degree(row["item"], "band", best["category"]), item=item))
        told = (best["estimate"], best["low"], best["high"]) if best is not None else (None, None, None)
        decimals = 1 if best is None or best["decimals"] is None else best["decimals"]
        yield decimals, (names[row["theme"]], asked, *told, row["text"], held.words(f"joint.{row['stance']}"))


def _method(held: Edition, substudy: str) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    for row in held.talk("interview_points", substudy):
        yield 0, (row["domain"], f"{row['point']}. {row['title']}", row["answer"] or held.words("talk.unanswered"))


def _advice(held: Edition, substudy: str) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    for row in held.talk("interview_advice", substudy):
        if row["text"]:
            yield 0, (row["text"],)
