"""A unit that holds its own answers, and a respondent who knows theirs."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import Study, attack

from royst import protect
from royst.protect import protection
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
        patch.setattr(protection, "repair", watch)
        made = protect.protect(small_study.candidate(), small_study.rules, thorough=True)
    assert made.certificate["recoverable"] == 0
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
        patch.setattr(protection, "repair", bare)
        protect.protect(small_study.candidate(), small_study.rules)
    assert sum(found) > 0


def test_a_member_attacks_the_published_files_with_its_own_answers(tmp_path, small_study):
    made = protect.protect(small_study.candidate(), small_study.rules, thorough=True)
    frame = small_study.people["2019"]
    for unit in ("K002", "K003"):
        own = [k for k, u in enumerate(frame["unit"].to_list()) if u == unit]
        known = {
            "2019": {
                q: {str(k): frame[q][k] for k in own if frame[q][k] not in (None, "nr")} for q in small_study.items
            }
        }
        found = attack(small_study.write(tmp_path / unit, made.estimates, known=known))
        assert [fact for fact in found if f"unit={unit}" not in fact["domain"] and "unit=" in fact["domain"]] == []
