"""The pieces the reference study is made with: chance, samples, weighted shares, and a questionnaire that another tool takes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyxform.xls2xform import convert

from royst import reference
from royst.reference import calibrate, chance, population, sampling
from royst.reference.population import Unit

WEIGHTED = st.lists(st.tuples(st.floats(-5, 5), st.floats(0.1, 20)), min_size=2, max_size=80)


def test_chance_is_sha_256_of_seed_stream_and_id() -> None:
    digest = hashlib.sha256("seed|stream|æ1".encode()).digest()
    assert chance.uniform("seed", "stream", ["æ1"])[0] == pytest.approx(
        int.from_bytes(digest, "big") / 2**256, abs=1e-15
    )


def test_normal_deviates_are_those_of_another_inverse() -> None:
    ids = [str(number) for number in range(500)]
    wanted = [NormalDist().inv_cdf(one) for one in chance.uniform("s", "n", ids)]
    assert chance.normal("s", "n", ids) == pytest.approx(np.array(wanted), abs=1e-6)


@given(WEIGHTED, st.lists(st.floats(1, 50), min_size=2, max_size=5))
@settings(max_examples=100, deadline=None)
def test_a_cut_gives_each_category_its_share_to_within_a_person(
    people: list[tuple[float, float]], shares: list[float]
) -> None:
    score, weight = (np.array(part) for part in zip(*people))
    category = calibrate.cut(score, weight, shares)
    for number in range(len(shares)):
        wanted = weight.sum() * shares[number] / sum(shares)
        assert abs(weight[category == number].sum() - wanted) <= weight.max() * (1 + 1e-9)


@given(WEIGHTED, st.floats(0.5, 100))
@settings(max_examples=100, deadline=None)
def test_higher_scores_never_fall_in_a_later_category(people: list[tuple[float, float]], first: float) -> None:
    score, weight = (np.array(part) for part in zip(*people))
    category = calibrate.cut(score, weight, [first, 50, 20])
    ordered = category[np.argsort(-score, kind="stable")]
    assert (np.diff(ordered) >= 0).all()


def test_finishing_moves_those_nearest_the_border_and_meets_every_target() -> None:
    ids = [str(number) for number in range(400)]
    score, weight = chance.normal("finish", "score", ids), 1 + chance.uniform("finish", "weight", ids)
    group = chance.uniform("finish", "group", ids) < 0.3
    category = calibrate.cut(score, weight, [50, 30, 20])
    before = calibrate.share(category == 0, weight, group)
    targets = [
        calibrate.Target(group, before + 3),
        calibrate.Target(~group, calibrate.share(category == 0, weight, ~group) - 1),
    ]
    done = calibrate.finish(score, weight, category, targets)
    for target in targets:
        assert calibrate.share(done == 0, weight, target.among) == pytest.approx(target.percent, abs=0.25)
    moved = np.flatnonzero(done != category)
    assert 0 < len(moved) < 20
    assert set(category[moved]) | set(done[moved]) <= {0, 1}
    border = score[category == 0].min()
    assert np.abs(score[moved] - border).max() < 0.4


def test_figures_that_contradict_each_other_are_refused() -> None:
    score, weight = np.linspace(2, -2, 50), np.ones(50)
    everyone = np.ones(50, bool)
    with pytest.raises(ValueError, match="cannot all be met"):
        calibrate.finish(
            score,
            weight,
            calibrate.cut(score, weight, [50, 30, 20]),
            [calibrate.Target(everyone, 40), calibrate.Target(everyone, 60)],
        )


def test_shifts_are_found_that_set_groups_apart() -> None:
    ids = [str(number) for number in range(3000)]
    score, weight = chance.normal("shift", "score", ids), np.ones(3000)
    group = chance.uniform("shift", "group", ids) < 0.4
    wanted = {"group": (calibrate.Target(group, 66.0), calibrate.Target(~group, 50.0))}
    shift = calibrate.find_shifts(score, weight, [56.4, 25, 18.6], wanted)["group"]
    hit = calibrate.cut(score + shift * group, weight, [56.4, 25, 18.6]) == 0
    assert calibrate.share(hit, weight, group) - calibrate.share(hit, weight, ~group) == pytest.approx(16, abs=0.3)


def test_units_are_drawn_as_often_as_their_chance_says() -> None:
    """Sequential Poisson sampling keeps the inclusion probabilities nearly (Ohlsson 1998): here over 1200 draws."""
    units = [
        Unit(f"{region}{kind}{number}", "x", region, people, {"2017": 30 + 3 * number**2})
        for region in population.REGIONS
        for kind, people in (("s", 3000), ("l", 9000))
        for number in range(30)
    ]
    draws = 1200
    times: dict[str, int] = dict.fromkeys((unit.id for unit in units), 0)
    wanted: dict[str, float] = {}
    for number in range(draws):
        for row in sampling.draw(f"seed {number}", units, "2017", []):
            wanted[row.unit.id] = row.inclusion
            times[row.unit.id] += not row.replaces
    assert max(wanted.values()) > 2 * min(wanted.values())
    for unit, chance_ in wanted.items():
        assert times[unit] / draws == pytest.approx(chance_, abs=0.045), unit


def test_a_small_stratum_that_is_drawn_whole_has_chance_one() -> None:
    assert sampling.chances(np.array([4.0, 9.0]), 2, by_size=True).tolist() == [1.0, 1.0]


def test_questionnaires_are_xlsforms_that_pyxform_takes(tmp_path: Path) -> None:
    reference.write(tmp_path / "bte")
    for wave in population.YEARS:
        made = convert(str(tmp_path / "bte" / "waves" / wave / "questionnaire.xlsx"))
        assert made.warnings == []
        assert made.xform.count("<translation ") == 3
        assert "selected(" not in made.xform and " /data/children  = 'yes'" in made.xform.replace(
            f"/bte_{wave}/", "/data/"
        )
