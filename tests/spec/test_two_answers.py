"""A question of two answers: its mean would say again, on a scale that nobody chose, what its shares say."""

from __future__ import annotations

import pytest

from royst.errors import InputError
from royst.evaluation import estimate
from royst.study import folder


def means(study) -> set[str]:
    items = [item for item in study.instruments["2019"].answered if item.kind in ("one", "number")]
    return {measure.items[0] for measure in estimate.statistics(study, items) if measure.kind == "mean"}


def test_two_answers_have_a_mean_only_where_the_study_scores_them(small):
    assert means(folder.read(small.write())) == {"age", "satisfied", "waiting"}
    small.edit("[bands.stor]", "[scales.sex]\nscores = { m = 0, w = 100 }\n\n[bands.stor]")
    assert means(folder.read(small.write())) == {"age", "satisfied", "waiting", "gender"}


def test_who_compares_their_mean_is_told_what_to_do(small):
    small.edit('item = "satisfied"\ncategory = "stor"\nfirst', 'item = "gender"\nmeasure = "mean"\nfirst')
    with pytest.raises(InputError) as stop:
        folder.read(small.write())
    assert "not-a-scale" in {fault.code for fault in stop.value.faults}
