"""A study folder is read whole, and every fault in it is told at once with its place."""

from __future__ import annotations

import pytest

from royst.errors import InputError
from royst.study import folder


def faults(root):
    with pytest.raises(InputError) as stop:
        folder.read(root)
    return {(fault.code, fault.file, fault.row) for fault in stop.value.faults}


def test_a_sound_study_is_read(small):
    study = folder.read(small.write())
    assert study.warnings == ()
    assert study.published_waves == ("2019", "2021")
    satisfied = study.instrument("2021")["satisfied"]
    assert satisfied.scale.scores == {"1": 1, "2": 2, "3": 3, "4": 4, "5": 5}
    assert satisfied.scale.not_relevant == ("9",)
    assert satisfied.theme == "all"
    assert study.line("2021", "satisfied") == {"2021": "satisfied", "2019": "satisfied"}
    assert study.instrument("2019").languages == ("nb", "en")
    assert study.frame_of("2019")["users"].to_list() == [40, 60, 300, 200]
    assert study.samples["2019"]["stratum"].to_list() == ["small", "small", "large", "large"]


def test_a_reversed_item_has_its_scale_mirrored(small):
    waiting = folder.read(small.write()).instrument("2019")["waiting"]
    assert waiting.scale.scores == {"1": 5, "2": 4, "3": 3, "4": 2, "5": 1}
    assert waiting.scale.bands == {"stor": ("1", "2"), "noen": ("3",), "liten": ("4", "5")}


def test_number_bounds_come_from_a_plain_constraint(small):
    age = folder.read(small.write()).instrument("2019")["age"]
    assert (age.kind, age.low, age.high) == ("number", 18, 120)
