"""``royst ask``: one more table of a wave that is out, where it is safe with all that is out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl

from royst import release as leaf
from royst.errors import wrong
from royst.evaluation import estimate, keys
from royst.evaluation.release import everybody
from royst.protect import ask as asking
from royst.protect import history
from royst.protect.candidate import Candidate, People
from royst.protect.history import Ledger
from royst.protect.protection import protect
from royst.protect.rounding import rounded
from royst.protect.rules import RuleSet, chosen
from royst.study import folder as study_folder
from royst.study.folder import Study
from royst.words import Words

Progress = Callable[[str], None]

def ask(root: Path, item: str, groups: list[str], wave: str | None, progress: Progress) -> list[str]:
    """Answer the tables of ``item`` by each of ``groups`` (``sex,age``: crossed), or say why not. Returns lines to print.

    All tables of one call are decided together, in an order of their own, so that the order of asking tells nothing. The decision
    looks at numbers of people alone. Every call is written into ``releases/asks.jsonl``. Raises ``InputError``: ``no-release``
    where nothing of the wave is out, and what ``protect.ask.decide`` raises.
    """
    study = study_folder.read(root)
    secret = keys.key(study.folder)
    ledger = history.read(study.folder.history, secret)
    history.complete(ledger, study.folder.releases)
    rules = chosen(study.file.plan.rule_set, study.file.plan.loosened_because)
    wave = _wave(study, ledger, wave)
    progress(f"reading wave {wave}")
    own = estimate.prepare(study, wave)
    people = everybody(study, {wave: own}, [wave], {}, (), rules, ledger)[wave]
    for group in dict.fromkeys(part.strip() for by in groups for part in by.split(",")):
        if group not in study.file.groups:
            raise wrong("table-outside-plan", f"the study has no group {group!r}", f"ask for: {', '.join(study.file.groups)}")
    tables = sorted({tuple(dict.fromkeys(part.strip() for part in by.split(",") if part.strip())) for by in groups})
    decisions = {by: asking.decide(people, wave, item, by, ledger, rules) for by in tables}
    lines = []
    for by, decision in decisions.items():
        if decision.answered and len(decisions) > 1:  # what another table of this call has opened counts too
            decision = asking.decide(people, wave, item, by, ledger, rules)
        name = f"ask-{1 + sum(entry.name.startswith('ask-') for entry in ledger.entries)}"
        said = f"{item} by {' × '.join(by) or 'all'}"
        if decision.answered:
            progress(f"protecting {said}")
            ledger, kept = _answer(study, own, people, rules, ledger, secret, (name, item, by))
            lines.append(f"{said}: answered in {study.folder.release(name) / 'public'} ({kept})")
        else:
            lines.append(f"{said}: not answered: {decision.reason}")
        _log(study, {"wave": wave, "item": item, "by": list(by), "answered": decision.answered, "reason": decision.reason})
    return lines


def _wave(study: Study, ledger: Ledger, wave: str | None) -> str:
    """The wave that is asked of: by default the newest that is out."""
    if wave is not None:
        study.require(wave)
    out = [name for name in study.waves if name in ledger.waves]
    if not out or (wave is not None and wave not in out):
        raise wrong(
            "no-release", f"nothing of {'any wave' if wave is None else f'wave {wave}'} is published yet",
            "plan the table under [groups] and make a release; ask adds tables to a wave that is out", file=study.folder.study_toml,
        )  # fmt: skip
    return wave or out[-1]


def _answer(
    study: Study, own: estimate.Wave, people: People, rules: RuleSet, ledger: Ledger, secret: bytes, table: tuple[str, str, tuple[str, ...]]
) -> tuple[Ledger, str]:
    """Protect one table, enter it in the ledger, and put it where a person finds it."""
    name, item, by = table
    asked = [list(by)] if by else [[]]
    weighted = estimate.estimates(study, own, asked)
    every = estimate.table(weighted, own.name, "all", estimate.unweighted(study, own, asked))
    domain = pl.col("domain").str.count_matches("=")
    wanted = every.filter((pl.col("item") == item) & (domain == len(by)))
    made = protect(Candidate(wanted, {own.name: people}), rules, ledger)
    given = ledger.restore(rounded(made.estimates))
    date = ledger.entries[-1].date
    home = study.folder.release(name)
    beside = home.with_name(f".{name}.making")
    shutil.rmtree(beside, ignore_errors=True)
    public = beside / "public"
    public.mkdir(parents=True)
    shown = leaf.table("estimates", given)
    (public / "table.csv").write_bytes(shown.write_csv(line_terminator="\n").encode("utf-8"))
    text = json.dumps(made.certificate, ensure_ascii=False, indent=1) + "\n"
    (public / "certificate.json").write_text(text, encoding="utf-8", newline="\n")
    (public / "README.md").write_text(_meaning(study, own, item, by), encoding="utf-8", newline="\n")
    longer = history.record(
        study.folder.history, name=name, date=date, rules=rules.label, estimates=given, key=secret, ledger=ledger
    )
    shutil.rmtree(home, ignore_errors=True)
    beside.rename(home)
    published = int((given["status"] == leaf.PUBLISHED).sum())
    return longer, f"{published} of {given.height} figures"


def _meaning(study: Study, own: estimate.Wave, item: str, by: tuple[str, ...]) -> str:
    """What the table means, in each of the study's languages."""
    found = next(part for part in own.items if part.name == item)
    texts = []
    for language in study.file.languages:
        words = Words(language)
        labels = [words.of(study.file.groups[group].label) or group for group in by if group in study.file.groups]
        choices = ", ".join(found.scale.substantive) if found.scale is not None else words("ask.numbers")
        by_what = " × ".join(labels) or words("ask.all")
        question = words.of(found.label) or item
        texts.append(words("ask.meaning", question=question, by=by_what, wave=own.name, choices=choices))
    return "\n\n".join(texts) + "\n"


def _log(study: Study, told: dict) -> None:
    """One line for each table that was asked for; nothing of answers."""
    path = study.folder.releases / "asks.jsonl"
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(told, ensure_ascii=False, sort_keys=True) + "\n")
