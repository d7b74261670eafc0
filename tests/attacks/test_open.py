"""What attackers still work out of releases: every test here is a leak to be mended, and fails until it is."""

from __future__ import annotations

import own_releases
import pytest
from ground import attack
from studies import SHAPES
from test_found import released

CHEAP = ("span", "splits", "differencing", "filters", "ends of indices", "expected range", "counts of units")


@pytest.mark.prove
def test_every_simulated_study_withstands_every_attack(tmp_path):
    """Studies with people who lack a group's value; all attacks but the guesses of ``pattern``."""
    told = {}
    for shape in SHAPES:
        if found := released(tmp_path / shape.name, shape, *CHEAP, "programme", "weights"):
            told[shape.name] = len(found)
    assert told == {}


@pytest.mark.prove
def test_the_reference_studys_own_releases_withstand(tmp_path, demo):
    assert attack(own_releases.write(demo, tmp_path / "out"), *CHEAP) == []
