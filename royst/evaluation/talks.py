"""What a release carries of interviews: sub-studies read and put forward, and after protection their rows as the public sees them."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import polars as pl

from royst import release as leaf
from royst.errors import Fault, Faults, InputError, wrong
from royst.evaluation.interviews import opening
from royst.interviews import quotes
from royst.interviews.codebook import FILE as CODEBOOK
from royst.interviews.codebook import read_codebook
from royst.interviews.report import SubstudyReport, substudy_report
from royst.interviews.stance import at_odds
from royst.interviews.store import SEALED, Store
from royst.interviews.substudy import Substudy
from royst.interviews.theme import FILE as THEMES
from royst.interviews.theme import Theme, read_themes
from royst.protect.rules import RuleSet
from royst.protect.voices import Talk, Told
from royst.release import SubstudyFacts
from royst.study.folder import Study
from royst.study.units import unsafe
from royst.words import Words

PASSPHRASE = "ROYST_INTERVIEWS_PASSPHRASE"
"""The environment variable that holds the passphrase of sealed sub-studies while a release is made or checked."""
_RECORDS = ("exports.jsonl", "withdrawals.jsonl", "pseudonyms.jsonl")
Row = dict[str, object]


def environment(of: str) -> str:
    """The passphrase that the environment holds. ``InputError`` (``sealed``) where it holds none."""
    said = os.environ.get(PASSPHRASE)
    if not said:
        raise wrong("sealed", f"{of} is encrypted", f"Put its passphrase into the environment variable {PASSPHRASE}.")
    return said


def carried(study: Study, name: str) -> list[SubstudyReport]:
    """The sub-studies that release ``name`` carries, put forward. Raises ``InputError`` with the faults of all of them."""
    section, found, faults = study.file.releases[name], [], Faults()
    for place, substudy in enumerate(section.interviews, start=1):
        if not _known(study, name, substudy, place, faults):
            continue
        try:
            made = _forward(study, name, opening.opened(study.folder.root, substudy, environment))
            _check_items(study, section.wave, made.themes, made.substudy.store, faults)
            found.append(made)
        except InputError as stop:
            faults.extend(stop.faults)
    faults.stop()
    return found


def _known(study: Study, name: str, substudy: str, place: int, faults: Faults) -> bool:
    """Whether the sub-study is there, and no other release carries it: two reports of the same talks could be laid side by side."""
    where = f"releases.{name}.interviews[{place}]"
    if unsafe(substudy) or not (study.folder.substudy(substudy) / "substudy.toml").is_file():
        faults.add("unknown-substudy", f"there is no sub-study {substudy!r}", "name a folder of interviews/ that has a substudy.toml", file="study.toml", column=where)
        return False
    others = [other for other, part in study.file.releases.items() if other != name and substudy in part.interviews]
    if others:
        faults.add(
            "substudy-twice",
            f"release {others[0]!r} carries sub-study {substudy!r} too",
            "name it in one release",
            file="study.toml",
            column=where,
        )
    return not others


def _forward(study: Study, name: str, substudy: Substudy) -> SubstudyReport:
    book = read_codebook(substudy.store)
    return substudy_report(substudy, book, read_themes(substudy.store, book), name, study.file.languages)


def _check_items(study: Study, wave: str, themes: Sequence[Theme], store: Store, faults: Faults) -> None:
    """Every item of the joint display was asked in the release's wave, and has a best band to hold the talk against."""
    instrument = study.instruments[wave]
    for theme in themes:
        for item in theme.joint:
            scale = instrument[item].scale if item in instrument else None
            if scale is None or not scale.bands:
                found = f"theme {theme.id} stands beside {item!r}, which wave {wave} has no bands of"
                faults.add(
                    "unknown-item",
                    found,
                    "name an item of the questionnaire whose scale has bands",
                    file=store.path(THEMES),
                )


def loose_links(study: Study, store: Store) -> list[Fault]:
    """A warning for each code that is linked to a theme or an item that no questionnaire of the study has."""
    items = {item.name for instrument in study.instruments.values() for item in instrument.answered}
    found = read_codebook(store).check(study.file.themes, items)
    return [replace(fault, level="warning", file=study.folder.within(store.path(CODEBOOK))) for fault in found]


def inputs(study: Study, name: str, secret: bytes) -> dict[str, str]:
    """One keyed hash a sub-study, of all that its report rests on. File by file it would tell pseudonyms; marks that a release itself leaves do not count."""
    carried = study.file.releases[name].interviews
    return {place(substudy): fingerprint(opening.opened(study.folder.root, substudy, environment).store, secret) for substudy in carried}


def place(substudy: str) -> str:
    """What a sub-study is called among a release's inputs."""
    return f"interviews/{substudy}"


def fingerprint(store: Store, secret: bytes) -> str:
    """HMAC-SHA-256 of all that a report rests on, read as it was written: sealed or open, it is the same."""
    made = hmac.new(secret, digestmod=hashlib.sha256)
    files = (path for path in store.root.rglob("*") if path.is_file() and not path.name.startswith("."))
    for name in sorted({path.relative_to(store.root).as_posix().removesuffix(SEALED) for path in files}):
        if name in _RECORDS or "/." in name:
            continue
        text = store.read(name)
        if name == quotes.FILE:
            text = json.dumps(
                [{**row, "released": []} for row in store.read_lines(name)], sort_keys=True, ensure_ascii=False
            )
        for part in (name, text):
            content = part.encode("utf-8")
            made.update(len(content).to_bytes(8, "big") + content)
    return made.hexdigest()


@contextmanager
def unchanged(study: Study, name: str, secret: bytes, before: Mapping[str, str]) -> Iterator[None]:
    """Nobody writes in the carried sub-studies meanwhile, and they are as the release's inputs ``before`` say: making a release takes its time, and a consent may
    have been withdrawn since. Raises ``InputError`` (``changed-meanwhile``).
    """
    with ExitStack() as held:
        for substudy in study.file.releases[name].interviews:
            held.enter_context(opening.alone(study.folder, substudy))
        differ = [path for path, now in inputs(study, name, secret).items() if before.get(path) != now]
        if differ:
            raise wrong("changed-meanwhile", f"{', '.join(differ)}: changed while the release was made", "make the release again: a consent may have been withdrawn", file=study.folder.root / differ[0])
        yield


def talk(found: SubstudyReport) -> Talk:
    """The sub-study as protection sees it."""
    said = {quote.key: quote.participant for quote in found.quotes}
    return Talk(found.substudy.file.id, found.people, said, found.spoken, found.places)


def mark(found: Sequence[SubstudyReport], told: Mapping[str, Told], name: str) -> None:
    """Keep with each quote that goes out where it is printed."""
    for part in found:
        out = told[part.substudy.file.id].labels
        quotes.mark_released(part.substudy.store, name, [quote.quote for quote in part.quotes if quote.key in out])


def facts(found: Sequence[SubstudyReport], rules: RuleSet) -> dict[str, SubstudyFacts]:
    return {
        part.substudy.file.id: SubstudyFacts(
            title=dict(part.substudy.file.title), purpose=dict(part.substudy.file.purpose), population=dict(part.substudy.file.population),
            synthetic=part.substudy.file.synthetic, participants=len(part.people) if len(part.people) >= rules.voices.value else None,
        )
        for part in found
    }  # fmt: skip


def tables(
    found: Sequence[SubstudyReport], told: Mapping[str, Told], languages: Sequence[str]
) -> dict[str, pl.DataFrame]:
    """The release's tables of interviews, as protection allows."""
    rows: dict[str, list[Row]] = {
        "interview_themes": [],
        "interview_quotes": [],
        "interview_joint": [],
        "interview_points": [],
        "interview_advice": [],
    }
    for part in found:
        for language in languages:
            for name, more in _rows(part, told[part.substudy.file.id], language).items():
                rows[name] += [{"substudy": part.substudy.file.id, "language": language, **row} for row in more]
    return {name: leaf.table(name, more) for name, more in rows.items()}


def _rows(part: SubstudyReport, told: Told, language: str) -> dict[str, list[Row]]:
    words, file = Words(language), part.substudy.file

    def label(quote: str) -> str:
        return ", ".join(words.of(file.attributes[trait].values[value]) for trait, value in told.labels[quote])

    themes: list[Row] = []
    for theme in part.themes:
        extent, n = told.themes[theme.id]
        themes.append(
            {
                "theme": theme.id, "parent": theme.parent or "", "name": words.of(theme.name), "summary": words.of(theme.summary),
                "extent": extent, "participants": n, "of": len(part.people),
            }
        )  # fmt: skip
    return {
        "interview_themes": themes,
        "interview_quotes": [
            {"theme": quote.theme, "quote": quote.key, "text": quote.texts[language], "spoken": quote.spoken[language], "label": label(quote.key)}
            for quote in part.quotes
            if quote.key in told.labels
        ],
        "interview_joint": [
            {
                "theme": theme.id,
                "item": item,
                "stance": joint.stance,
                "text": words.of(joint.text) or words.of(theme.summary),
            }
            for theme in part.themes
            for item, joint in theme.joint.items()
        ],
        "interview_points": [
            {"point": p.number, "domain": p.domain, "title": p.title, "answer": p.answer} for p in part.points[language]
        ],
        "interview_advice": [
            {"place": place, "text": words.of(text)} for place, text in enumerate(file.recommendations, start=1)
        ],
    }


def check_stances(found: Sequence[SubstudyReport], estimates: pl.DataFrame, wave: str, best: Mapping[str, str]) -> None:
    """Hold each stance against the estimate that will stand beside it. ``best``: item to its best band. Raises ``InputError`` (``stance-against-estimate``)."""
    shown = estimates.filter(
        (pl.col("wave") == wave)
        & (pl.col("population") == "all")
        & (pl.col("domain") == "all")
        & (pl.col("measure") == "band")
    )
    between = {
        (item, band): (low, high)
        for item, band, low, high in shown.select("item", "category", "low", "high").rows()
        if low is not None
    }
    faults = Faults()
    for part in found:
        for theme in part.themes:
            for item, joint in theme.joint.items():
                interval = between.get((item, best.get(item, "")))
                if interval is not None and at_odds(joint, *interval):
                    said = f"theme {theme.id} {joint.stance} {item!r} with talk of something {joint.says}, and the survey has {interval[0]:.1f} to {interval[1]:.1f} % in the best band"
                    faults.add(
                        "stance-against-estimate",
                        said,
                        "read the talk and the figure again; leave out says where the talk is of both",
                        file=part.substudy.store.path(THEMES),
                    )
    faults.stop()
