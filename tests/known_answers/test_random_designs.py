"""Random samples of every kind of design, with awkward domains, row by row against R (``random_designs.py`` draws them)."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from random_designs import KINDS, write  # noqa: E402
from test_survey import compare  # noqa: E402


def compared(folder: Path, numbers: range) -> int:
    """Rows that were compared, all equal."""
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed")
    cases = write(folder, numbers)
    (folder / "cases.json").write_text(json.dumps(cases), encoding="utf-8")
    command = ["Rscript", str(HERE / "survey.R"), str(folder / "cases.json"), str(folder), str(folder / "out.json")]
    subprocess.run(command, check=True, capture_output=True)
    theirs = json.loads((folder / "out.json").read_text(encoding="utf-8"))["rows"]
    return sum(compare(case, folder, [row for row in theirs if row["case"] == name]) for name, case in cases.items())


@pytest.mark.r
def test_every_kind_of_design_equals_r(tmp_path: Path) -> None:
    assert compared(tmp_path, range(len(KINDS))) > 200 * len(KINDS)


@pytest.mark.r
@pytest.mark.prove
@pytest.mark.parametrize("round_", range(1, 8))
def test_many_designs_equal_r(round_: int, tmp_path: Path) -> None:
    assert compared(tmp_path, range(round_ * len(KINDS), (round_ + 1) * len(KINDS))) > 200 * len(KINDS)
