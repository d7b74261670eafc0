"""Weights and the finite-population correction of a study, held against arithmetic done by hand."""

from __future__ import annotations

import polars as pl
import pytest

from royst.errors import InputError
from royst.weighting.design import design_weights, stratum_fractions


def test_weights_stand_for_the_users_of_the_frame() -> None:
    """Two units of 40 and 60 users, drawn with chance 1/2 and 1/4: their answers stand for 80 and 240 users."""
    units = pl.Series("unit", ["a", "a", "b", "b", "b"])
    sample = pl.DataFrame({"unit": ["a", "b"], "inclusion": [0.5, 0.25]})
    frame = pl.DataFrame({"unit": ["a", "b", "c"], "users": [40, 60, 10]})
    assert design_weights(units, sample, frame).to_list() == [40.0, 40.0, 80.0, 80.0, 80.0]


def test_every_unit_without_a_chance_or_users_is_told() -> None:
    sample = pl.DataFrame({"unit": ["a"], "inclusion": [0.5]})
    frame = pl.DataFrame({"unit": ["b"], "users": [60]})
    with pytest.raises(InputError) as told:
        design_weights(pl.Series("unit", ["a", "b"]), sample, frame)
    assert [(fault.code, fault.file) for fault in told.value.faults] == [("no-users", "frame.csv"), ("no-inclusion", "sample.csv")]


def test_the_sampling_fraction_is_the_chance_of_a_simple_random_sample() -> None:
    sample = pl.DataFrame({"unit": ["a", "b", "c"], "stratum": ["1", "1", "2"], "inclusion": [0.2, 0.2, 0.5]})
    assert stratum_fractions(sample).rows() == [("a", 0.2), ("b", 0.2), ("c", 0.5)]


def test_unequal_chances_in_a_stratum_have_no_such_correction() -> None:
    sample = pl.DataFrame({"unit": ["a", "b"], "stratum": ["1", "1"], "inclusion": [0.2, 0.3]})
    with pytest.raises(InputError, match="fpc-unequal"):
        stratum_fractions(sample)
