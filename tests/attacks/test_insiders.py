"""A unit that holds its own answers, and a respondent who knows theirs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ground import attack
from studies import SHAPES, Study

from royst import protect
from royst.protect import wave
from royst.protect.audit import repair
from royst.protect.insiders import told_to_respondent, told_to_unit


@pytest.fixture(scope="module")
def printed(small_study: Study) -> list:
    """Each question's block and the levels at which a thorough protection prints its rows."""
    found = []

    def watch(block, rules, level, **options):
        level, tally = repair(block, rules, level, **options)
        found.append((block, level))
        return level, tally

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wave, "repair", watch)
        made = protect.protect(small_study.candidate("2019"), small_study.rules, thorough=True)
    assert made.certificate["recoverable"] == made.certificate["told_by_earlier_releases"] == 0
    return found


def test_no_unit_learns_of_others_by_what_it_holds(printed, small_study):
    assert len(printed) == len(small_study.items)
    for block, level in printed:
        for unit in range(block.holder.max() + 1):
            assert told_to_unit(block, small_study.rules, level, unit) == []


def test_no_respondent_learns_of_others_by_their_own_answer(printed, small_study):
    for block, level in printed:
        for atom in range(0, len(block.atoms), 9):
            answer = int(block.counts[atom].argmax())
            assert told_to_respondent(block, small_study.rules, level, atom, answer) == []


def test_a_unit_would_learn_from_rows_suppressed_for_staff_alone(small_study):
    """The attack can succeed: with primary rows alone withheld, some unit learns something."""
    found = []

    def bare(block, rules, level, **options):
        bare_level = np.where(block.candidate & ~rules.sensitive_rows(block.n, block.table()), 0, -1)
        found.append(sum(len(told_to_unit(block, rules, bare_level, unit)) for unit in range(block.holder.max() + 1)))
        return repair(block, rules, level, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wave, "repair", bare)
        protect.protect(small_study.candidate("2019"), small_study.rules)
    assert sum(found) > 0


def test_a_unit_left_beside_reports_does_not_split_the_others(tmp_path):
    """Few units have no report of their own; one of them takes its people out of the weighted percentage of all."""
    study = Study(replace(SHAPES[9], scales=(5, 5, 3)))
    made = study.released(tmp_path)
    unit = study.people["2019"]["unit"].to_list()
    own = knows(study, [k for k, u in enumerate(unit) if u == "K002"])
    found = attack(study.write(tmp_path / "out", *made, known=own), "splits")
    assert [fact for fact in found if fact["domain"] != "unit=K002"] == []


def knows(study: Study, people: list[int]) -> dict:
    """The answers of these people, as an attacker knows them."""
    frame = study.people["2019"]
    return {"2019": {q: {str(k): frame[q][k] for k in people if frame[q][k] not in (None, "nr")} for q in study.items}}


def test_a_member_attacks_the_published_files_with_its_own_answers(tmp_path, small_study):
    made = protect.protect(small_study.candidate("2019"), small_study.rules, thorough=True)
    unit = small_study.people["2019"]["unit"].to_list()
    for name in ("K002", "K003"):
        own = knows(small_study, [k for k, u in enumerate(unit) if u == name])
        found = attack(small_study.write(tmp_path / name, made, known=own), "span", "programme")
        assert [fact for fact in found if f"unit={name}" not in fact["domain"] and "unit=" in fact["domain"]] == []


def test_a_respondent_attacks_the_published_files_with_their_own_answer(tmp_path, small_study, small_release):
    """The rule set holds a respondent to thresholds one lower: nine others, one other answer."""
    for person in range(0, small_study.people["2019"].height, 60):
        folder = small_study.write(tmp_path / str(person), small_release, known=knows(small_study, [person]), row=9, small=1)
        assert attack(folder, "span") == []
