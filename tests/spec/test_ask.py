"""``royst ask``: one more table of a wave that is out, or a reason that tells nothing of answers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from royst.errors import InputError
from royst.evaluation import ask, bring, keys
from royst.evaluation import release as releasing
from royst.protect import history
from royst.protect.protection import protect
from royst.protect.rounding import rounded
from royst.protect.rules import rule_set
from royst.study import folder


def answers(moved: int = 0) -> str:
    """Four hundred people; ``moved`` turns everybody's answers round and changes nobody's place."""
    lines = ["id,unit,gender,age,satisfied,waiting,helped,other"]
    for k in range(400):
        satisfied, waiting = 1 + (k * 7 + k // 5 + moved) % 5, 1 + (k * 3 + k // 7 + moved) % 5
        lines.append(f"p{k},{'abcd'[(k * 5 + k // 9) % 4]},{'mw'[(k // 3) % 2]},{20 + k % 60},{satisfied},{waiting},,")
    return "\n".join(lines) + "\n"


def published(small, moved: int = 0) -> Path:
    """The small study with everybody's answers in, and its first release in the ledger."""
    root = small.write()
    study = folder.read(root)
    bring.bring(study, "2019", small.answers_file(text=answers(moved)))
    rules = rule_set("user-survey-10")
    found = releasing._estimated(study, "2020-06", rules, history.Ledger(), lambda text: None)
    given = rounded(protect(found.candidate, rules).estimates)
    key = keys.key(study.folder)
    history.record(study.folder.history, name="2020-06", date="2020-06-22", rules=rules.label, estimates=given, key=key)
    return root


def asked(root: Path, *by: str, item: str = "satisfied") -> list[str]:
    return ask.ask(root, item, list(by), None, lambda text: None)


def log(root: Path) -> list[dict]:
    return [json.loads(line) for line in (root / "releases" / "asks.jsonl").read_text(encoding="utf-8").splitlines()]


def test_a_table_is_answered_and_written_where_a_person_finds_it(small):
    root = published(small)
    said = asked(root, "sex")
    assert "answered in" in said[0] and log(root)[0]["answered"]
    home = root / "releases" / "ask-1" / "public"
    table = pl.read_csv(home / "table.csv")
    assert set(table["domain"]) == {"sex=man", "sex=woman"}
    assert (table["status"] == "published").any()
    withheld = table.filter(pl.col("status") == "withheld")
    assert withheld.select("n", "estimate").null_count().row(0) == (withheld.height, withheld.height)
    told = (home / "README.md").read_text(encoding="utf-8")
    assert "# Fornøyd?\n\nKjønn, målingen 2019." in told and "# Satisfied?\n\n" in told  # in each of the study's languages
    assert json.loads((home / "certificate.json").read_text(encoding="utf-8"))["recoverable"] == 0
    study = folder.read(root)
    ledger = history.read(study.folder.history, keys.key(study.folder))
    assert [entry.name for entry in ledger.entries] == ["2020-06", "ask-1"]


def test_the_same_table_again_gives_the_same_figures(small):
    root = published(small)
    asked(root, "sex,part")
    asked(root, "sex,part")
    first, second = (root / "releases" / f"ask-{k}" / "public" / "table.csv" for k in (1, 2))
    assert first.read_bytes() == second.read_bytes()


def test_the_order_of_tables_in_one_call_tells_nothing(small, small_at, tmp_path):
    one, other = published(small), published(small_at(tmp_path / "other" / "study"))
    asked(one, "sex,part", "part")
    asked(other, "part", "sex,part")
    assert log(one) == log(other)


def test_whether_it_is_answered_does_not_depend_on_answers(small, small_at, tmp_path):
    one, other = published(small), published(small_at(tmp_path / "other" / "study"), moved=2)
    for root in (one, other):
        asked(root, "sex,part", "part", "sex")
    ours, theirs = ([(line["by"], line["answered"], line["reason"]) for line in log(root)] for root in (one, other))
    assert ours == theirs


def test_what_cannot_be_asked_is_said_with_what_can(small):
    root = published(small)
    for by, item, told in (("shoe", "satisfied", "sex, part"), ("sex", "nothing", "nothing")):
        with pytest.raises(InputError, match="table-outside-plan") as caught:
            asked(root, by, item=item)
        assert told in str(caught.value)
    with pytest.raises(InputError, match="no-release"):
        ask.ask(root, "satisfied", ["sex"], "2021", lambda text: None)
    assert not (root / "releases" / "ask-1").exists()


def test_nothing_is_answered_once_somebody_has_withdrawn(small):
    root = published(small)
    answered = folder.read(root).folder.answers("2019")
    pl.read_parquet(answered).slice(1).write_parquet(answered)
    assert "withdrawn" in asked(root, "sex,part")[0]
    assert not (root / "releases" / "ask-1").exists()


def test_an_edited_ledger_stops_it(small):
    root = published(small)
    path = root / "releases" / "history.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace("2020-06-22", "2020-06-23"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "royst", "ask", str(root), "--item", "satisfied", "--by", "sex"],
        capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 2 and "edited-ledger" in done.stderr
    assert not (root / "releases" / "asks.jsonl").exists()
