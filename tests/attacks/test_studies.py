"""Twenty-two simulated studies of three waves against every attack: at least a hundred thousand published cells, nothing worked out.

It takes hours, so it can be run study by study, in any order: ``pytest -m prove tests/attacks/test_studies.py -k shape-05``. Each
study's row (cells, facts, what was worked out) is kept in pytest's cache until the program or the attacks change; the last
test adds the rows up.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import own_releases
import polars as pl
import pytest
from attackers import ATTACKS
from ground import attack
from studies import SHAPES, Shape, Study

import royst

KEPT = "royst/simulated-studies"
WHOLE = "whole numbers"
GUESSES = "pattern"
"""Reads a reason from how coarse a row is, and errs where other rows were the reason."""
OTHERS = tuple(name for name in ATTACKS if name not in (WHOLE, GUESSES))


@dataclass
class Row:
    """What was seen of a study. ``whole``: whether whole people were tried too."""

    program: str
    cells: int
    candidates: int
    facts: int
    told: int
    whole: bool = False


def _program() -> str:
    """What the protected files and the attacks on them follow from."""
    folders = [Path(royst.__file__).parent / part for part in ("protect", "estimation", "evaluation")] + [Path(__file__).parent]
    told = hashlib.sha256()
    for file in sorted(file for folder in folders for file in folder.rglob("*.py")):
        told.update(file.read_bytes())
    return told.hexdigest()


PROGRAM = _program()


def rows(config: pytest.Config) -> dict[str, Row]:
    """The rows seen with this program."""
    kept = {name: Row(**row) for name, row in config.cache.get(KEPT, {}).items()}
    return {name: row for name, row in kept.items() if row.program == PROGRAM}


def keep(config: pytest.Config, name: str, row: Row) -> None:
    config.cache.set(KEPT, {n: asdict(r) for n, r in {**rows(config), name: row}.items()})
    print(json.dumps({"study": name, **asdict(row)}))


@pytest.fixture(scope="module", params=SHAPES, ids=lambda shape: shape.name)
def out(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Study, Path]:
    """A study's name, the study, and the published files of its three releases."""
    shape: Shape = request.param
    study, home = Study(shape), tmp_path_factory.mktemp(shape.name)
    made = study.released(home)
    assert all(one.certificate["recoverable"] == one.certificate["told_by_earlier_releases"] == 0 for one in made)
    cells = sum(one.estimates.filter(pl.col("status") == "published").height for one in made)
    facts = sum(one.certificate["facts"] for one in made)
    if shape.name not in rows(request.config):
        keep(request.config, shape.name, Row(PROGRAM, cells, sum(one.estimates.height for one in made), facts, -1))
    return shape.name, study, study.write(home / "out", *made)


@pytest.mark.prove
def test_nothing_is_worked_out_of_a_study(out, request):
    name, study, folder = out
    found = attack(folder, *OTHERS)
    row = rows(request.config)[name]
    row.told = len(found)
    keep(request.config, name, row)
    assert [fact for fact in found if study.true(fact)] == []
    assert found == []


@pytest.mark.prove
def test_nothing_is_worked_out_of_a_study_in_whole_numbers(out, request):
    name, _, folder = out
    assert attack(folder, WHOLE) == []
    row = rows(request.config)[name]
    row.whole = True
    keep(request.config, name, row)


@pytest.mark.prove
def test_the_studies_have_a_hundred_thousand_cells(request):
    """Of which nothing was worked out; studies that were not run with this program are named."""
    seen = rows(request.config)
    assert len(SHAPES) >= 20 and all(len(shape.waves) == 3 for shape in SHAPES)
    assert [shape.name for shape in SHAPES if shape.name not in seen or not seen[shape.name].whole] == []
    assert [name for name, row in seen.items() if row.told] == []
    assert sum(row.cells for row in seen.values()) >= 100_000


@pytest.mark.prove
def test_the_reference_studys_own_releases_withstand(tmp_path, demo):
    cheap = [name for name in OTHERS if name not in ("programme", "weights")]
    assert attack(own_releases.write(demo, tmp_path / "out"), *cheap) == []
