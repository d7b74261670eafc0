"""Questions asked later, one after the other, by somebody who wants to know one group's answers."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pytest
import simulate
from ground import attack
from studies import Shape, Study

from royst import protect
from royst.errors import InputError
from royst.protect import ask, history
from royst.protect.rounding import rounded

GROUPS = ("unit", "region", "size", "sex", "age", "lar")
ASKED = Shape("asked", {"2019": (240, 8, 0)}, scales=(5, 5, 5), groups=("sex", "age", "lar"), blank=0.0)


def tables(count: int) -> list[tuple[str, tuple[str, ...]]]:
    every = [(f"q{k + 1}", by) for k in range(3) for r in (1, 2, 3) for by in itertools.combinations(GROUPS, r)]
    order = np.argsort(simulate.draws("asks", count * 4))
    return [every[k % len(every)] for k in order[:count]]


def run(tmp_path, count: int) -> tuple[Study, history.Ledger, list[bool]]:
    """Ask ``count`` tables, each after what was answered before; returns the study, the ledger and the decisions."""
    study = Study(ASKED)
    path = tmp_path / "history.jsonl"
    people = study.protected_people("2019")
    decisions = []
    ledger = history.Ledger()
    for number, (item, by) in enumerate(tables(count)):
        decision = ask.decide(people, "2019", item, by, ledger, study.rules)
        decisions.append(decision.answered)
        if decision.answered:
            asked = protect.Candidate(study.asked("2019", item, by), {"2019": people})
            given = ledger.restore(rounded(protect.protect(asked, study.rules, ledger).estimates))
            history.record(path, name=f"ask-{number}", date="2021-01-01", rules=study.rules.label, estimates=given)
            ledger = history.read(path)
    return study, ledger, decisions


def broken(tmp_path, study: Study, ledger: history.Ledger) -> list[dict]:
    out = ledger.published()
    assert out is not None and out.height > 50
    return attack(study.write(tmp_path / "out", out.with_columns(status=pl.lit("published"))), "span", "programme", "weights", "splits")


def test_a_few_asks_tell_nothing(tmp_path):
    study, ledger, decisions = run(tmp_path, 25)
    assert any(decisions) and not all(decisions)
    assert broken(tmp_path, study, ledger) == []


@pytest.mark.prove
def test_a_thousand_adaptive_asks_tell_nothing(tmp_path):
    study, ledger, decisions = run(tmp_path, 1000)
    print(f"{sum(decisions)} of {len(decisions)} tables were given")
    assert len(decisions) == 1000 and sum(decisions) >= 300  # refusing everything is no protection
    assert broken(tmp_path, study, ledger) == []


def test_a_refusal_never_depends_on_answers():
    study = Study(ASKED)
    people = study.protected_people("2019")
    frame = people.frame
    for item in study.items:  # everybody's answers moved on by one, blanks and "not relevant" where they were
        frame = frame.with_columns(
            pl.when(pl.col(item).is_in(list(simulate.CHOICES)))
            .then((pl.col(item).cast(pl.Int64, strict=False) % 5 + 1).cast(pl.String))
            .otherwise(pl.col(item))
            .alias(item)
        )
    other = protect.People(frame, people.groups, people.scales, unit="unit", weight="weight")
    for item, by in tables(60):
        ours, theirs = (ask.decide(who, "2019", item, by, history.Ledger(), study.rules) for who in (people, other))
        assert ours == theirs


def test_what_the_study_does_not_have_is_refused_by_name():
    study = Study(ASKED)
    people = study.protected_people("2019")
    for item, by in (("q99", ("sex",)), ("q1", ("shoe",))):
        with pytest.raises(InputError, match="table-outside-plan"):
            ask.decide(people, "2019", item, by, history.Ledger(), study.rules)
