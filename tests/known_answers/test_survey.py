"""Estimates equal to R's survey package, statement by statement: estimate, standard error, df, interval, design effect.

The values in ``synthetic.json`` were made by ``survey.R`` (its first lines say how; the file says with which version).
R's own data sets are exported and computed at test time where R is installed, and never kept.
"""

from __future__ import annotations

import functools
import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import royst

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from cases import cases  # noqa: E402

TOLERANCE = 1e-8


@functools.cache
def kept() -> dict:
    return json.loads((HERE / "synthetic.json").read_text(encoding="utf-8"))


@functools.cache
def fresh(folder: Path) -> dict:
    """R's answers on R's data sets, computed now."""
    wanted = folder / "cases.json"
    wanted.write_text(json.dumps(cases(own=False)), encoding="utf-8")
    script = str(HERE / "survey.R")
    subprocess.run(
        ["Rscript", script, str(wanted), str(folder), str(folder / "out.json")], check=True, capture_output=True
    )
    return json.loads((folder / "out.json").read_text(encoding="utf-8"))


def measures(case: dict) -> list:
    found = [royst.mean(item) for item in case.get("means", [])]
    found += [royst.total(item) for item in case.get("totals", [])]
    found += [royst.ratio(*pair) for pair in case.get("ratios", [])]
    found += [royst.share(item) for item in case.get("shares", [])]
    return found + [royst.quantile(item, p) for item, p in case.get("quantiles", [])]


def close(ours: float | None, theirs: float | None, scale: float = 0.0) -> bool:
    if (
        theirs is None
        or (isinstance(theirs, str) and theirs == "NA")
        or (isinstance(theirs, float) and math.isnan(theirs))
    ):
        return True
    if ours is None:
        return False
    return math.isclose(ours, theirs, rel_tol=TOLERANCE, abs_tol=TOLERANCE * scale)


def compare(case: dict, folder: Path, theirs: list[dict]) -> int:
    """Every statement of a case against R's; returns how many were compared."""
    design = royst.Design(**case["design"])
    by = [[], *([name] if isinstance(name, str) else name for name in case["by"])]
    path = folder / f"{case['data']}.csv"
    tables = {
        method: royst.estimate(path, design, measures(case), by=by, interval=method)
        for method in ("wald", "korn-graubard", "logit")
    }
    compared = 0
    for row in theirs:
        method = row["interval"] if row["interval"] != "woodruff" else "wald"
        result = tables[method]
        ours = result.table.row(result.find(row["measure"], row["item"], row["category"], row["domain"]), named=True)
        where = f"{row['domain']} {row['measure']} {row['item']} {row['category']}"
        scale = abs(row["estimate"] or 0)
        constant = (row["se"] or 0) < 1e-12 * max(scale, 1)  # a share of 1: R's error is rounding
        if ours["n"] == 0:  # R's sum over no one is 0
            assert ours["status"] == "not_estimable" and row["estimate"] in {0, None, "NA", "NaN"}, (where, row)
            continue
        assert close(ours["estimate"], row["estimate"]), (where, {**ours}, row)
        if row["df"] < 1 or ours["status"] == "no_se":
            assert row["df"] < 1 or ours["n_units"] < 2 or ours["se"] is None, (where, {**ours}, row)
            continue
        if row["measure"] == "quantile" and ours["se"] == 0:
            continue  # units agree at the quantile: R's interval is that of its rounding error
        assert close(ours["se"], row["se"], scale * 1e-4), (where, {**ours}, row)
        assert ours["df"] == row["df"], (where, {**ours}, row)
        assert close(ours["deff"], row["deff"]) or constant, (where, {**ours}, row)
        if not row["capped"] and not constant:
            for end in ("low", "high"):
                assert close(ours[end], row[end], max(scale, row["se"] or 0)), (where, end, ours, row)
        compared += 1
    return compared


@pytest.mark.parametrize("name", list(cases(own=True)))
def test_it_equals_r_on_synthetic_answers(name: str) -> None:
    case = cases(own=True)[name]
    compared = compare(case, HERE, [row for row in kept()["rows"] if row["case"] == name])
    assert compared >= 30


@pytest.mark.r
@pytest.mark.parametrize("name", list(cases(own=False)))
def test_it_equals_r_on_r_s_own_data(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed")
    folder = tmp_path_factory.getbasetemp() / "r"
    folder.mkdir(exist_ok=True)
    case = cases(own=False)[name]
    assert compare(case, folder, [row for row in fresh(folder)["rows"] if row["case"] == name]) >= 1
