"""Random samples of every kind of design, with awkward domains, row by row against R (``random_designs.py`` draws them)."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

import royst
from royst.estimation import association, regression

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from random_designs import KINDS, write  # noqa: E402
from test_survey import compare  # noqa: E402

UNKNOWN = {"no-error", "no-joint-test", "row-without-error", "no-such-domain", "regression-separated", "regression-open", "one-category"}


def compared(folder: Path, numbers: range) -> tuple[int, int]:
    """Rows and tests that were compared, all equal."""
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed")
    cases = write(folder, numbers)
    (folder / "cases.json").write_text(json.dumps(cases), encoding="utf-8")
    command = ["Rscript", str(HERE / "survey.R"), str(folder / "cases.json"), str(folder), str(folder / "out.json")]
    subprocess.run(command, check=True, capture_output=True)
    theirs = json.loads((folder / "out.json").read_text(encoding="utf-8"))
    rows = sum(compare(case, folder, [one for one in theirs["rows"] if one["case"] == name]) for name, case in cases.items())
    tests = sum(between(case, folder, [one for one in theirs["tests"] if one["case"] == name]) for name, case in cases.items())
    return rows, tests


# ---- tests between rows, regressions and calibrated designs: survey.R's function of the same name


def between(case: dict, folder: Path, theirs: list[dict]) -> int:
    data = pl.read_csv(folder / f"{case['data']}.csv", infer_schema_length=None, schema_overrides={"t": pl.String})
    there = pl.col("place") != "here"
    data = data.with_columns(
        late=pl.when(there).then("y"), asked=pl.when(there).then("q"), whole=pl.lit(1.0),
        fewer=pl.when(pl.col("g").is_null() | (pl.col("g") != "small")).then("y"), no=(pl.col("q") == "nei").cast(pl.Int8),
    )  # fmt: skip
    designs: dict[str, royst.Design] = {}
    done = 0
    for one in theirs:
        kind, name = one["name"].split(" ", 1)
        try:
            if kind not in designs:
                designs[kind] = calibrated(data, royst.Design(**case["design"]), kind)
            ours = OURS[name](data, designs[kind])
        except royst.InputError as error:
            assert error.faults[0].code in UNKNOWN or _saturated(one, error), (one, error)
            continue
        if ours.get("status", "ok") == "ok":
            done += equal(ours, one)
    return done


def _saturated(theirs: dict, error: royst.InputError) -> bool:
    """As many coefficients as rows: R's error is what rounding leaves of none, and ours refuses."""
    return error.faults[0].code == "regression-empty" and theirs["se"] <= 1e-12 * abs(theirs["estimate"])


def calibrated(data: pl.DataFrame, design: royst.Design, kind: str) -> royst.Design:
    if not kind:
        return design
    n = royst.estimate(data, design, royst.total("whole")).estimates[0]
    sex = {"t": {"FALSE": 0.55 * n, "TRUE": 0.45 * n}}
    totals, method = {
        "poststratified": (sex, "poststratify"),
        "raked": (sex | {"place": {"here": 0.35 * n, "there": 0.65 * n}}, "raking"),
        "GREG": (sex | {"(Intercept)": n, "x": 3.3 * n}, "linear"),
    }[kind]
    return royst.calibrate(data, design, totals, method)


def equal(ours: dict, theirs: dict) -> int:
    for key, value in theirs.items():
        if isinstance(value, float | int) and not (key == "p" and theirs.get("df", 1) < 1):
            assert ours[key] is not None and math.isclose(ours[key], value, rel_tol=1e-8, abs_tol=1e-300), (theirs, key, ours[key])
    return 1


def _t(item: str) -> Callable[[pl.DataFrame, royst.Design], dict]:
    return lambda f, d: royst.estimate(f, d, royst.mean(item), by="t").difference("t", ("TRUE", "FALSE")).row(0, named=True)


def _model(outcome: str, predictors: list[str], term: str, family: str = "linear") -> Callable[[pl.DataFrame, royst.Design], dict]:
    def found(f: pl.DataFrame, d: royst.Design) -> dict:
        table = regression.regress(f, d, outcome, predictors, family).table
        return table.filter(pl.col("term") == term).row(0, named=True)

    return found


OURS: dict[str, Callable[[pl.DataFrame, royst.Design], dict]] = {
    "t": _t("y"),
    "t, a stratum without answers": _t("late"),
    "chi2": lambda f, d: association.independence(f, d, "q", "t"),
    "chi2, a stratum without answers": lambda f, d: association.independence(f, d, "asked", "t"),
    "linear": _model("y", ["x", "g"], "x"),
    "linear, a category without answers": _model("fewer", ["g", "x"], "gmid"),
    "linear, a stratum without answers": _model("late", ["x"], "x"),
    "logistic": _model("no", ["x", "t"], "x", "logistic"),
    "contrast": lambda f, d: royst.estimate(f, d, royst.mean("x"), by="t").contrast({0: -1, 1: 1}),
    "quotient": lambda f, d: royst.estimate(f, d, royst.total("x"), by="t").quotient(1, 0),
    "mean": lambda f, d: royst.estimate(f, d, royst.mean("late")).table.row(0, named=True),
    "quantile": lambda f, d: royst.estimate(f, d, royst.quantile("late", 0.3)).table.row(0, named=True),
}


@pytest.mark.r
def test_every_kind_of_design_equals_r(tmp_path: Path) -> None:
    rows, tests = compared(tmp_path, range(len(KINDS)))
    assert rows > 200 * len(KINDS) and tests > 20 * len(KINDS), tests


@pytest.mark.r
@pytest.mark.prove
@pytest.mark.parametrize("round_", range(1, 8))
def test_many_designs_equal_r(round_: int, tmp_path: Path) -> None:
    rows, tests = compared(tmp_path, range(round_ * len(KINDS), (round_ + 1) * len(KINDS)))
    assert rows > 200 * len(KINDS) and tests > 20 * len(KINDS), tests
