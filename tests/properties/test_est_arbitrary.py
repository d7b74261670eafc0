"""Whatever a small table holds, Røyst answers with a table without NaN or infinity, or with an error that says what to mend."""

from __future__ import annotations

import datetime as dt
import math
import warnings
from typing import Any

import numpy as np
import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import royst
from royst.estimation import association, change, priorities, regression, replicates, scale, units
from royst.weighting import adjust

MANY = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
FLOATS = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, 1.0, -1.0, 0.5, 3.0, 1e300, 5e-324, 1e-9])
KINDS = {
    "texts": (st.sampled_from(["a", "b", "c", "", "NA", "1", "æ", "a=b;c", "3.5"]), pl.String),
    "wholes": (st.integers(-3, 5) | st.sampled_from([2**62, -(2**40)]), pl.Int64),
    "floats": (FLOATS, pl.Float64),
    "plain": (st.sampled_from([1.0, 2.0, 2.0, 3.0, 10.0]), pl.Float64),
    "truths": (st.booleans(), pl.Boolean),
    "small": (st.integers(0, 255), pl.UInt8),
    "category": (st.sampled_from(["x", "y"]), pl.Categorical),
    "declared": (st.sampled_from(["lav", "høy"]), pl.Enum(["lav", "midt", "høy"])),
    "dates": (st.dates(dt.date(2019, 1, 1), dt.date(2019, 1, 9)), pl.Date),
    "nothing": (st.none(), pl.Null),
}
NAMES = ("h", "u", "v", "w", "N", "y", "x", "q", "g")


@st.composite
def frames(draw: Any) -> pl.DataFrame:
    """Up to twelve rows of any kinds of columns, ordinary ones more often than not."""
    height = draw(st.integers(0, 12))
    usual = {"h": "texts", "u": "wholes", "v": "wholes", "w": "plain", "N": "plain", "y": "floats", "x": "plain", "q": "wholes", "g": "texts"}  # fmt: skip
    columns = {}
    for name in NAMES:
        kind = usual[name] if draw(st.booleans()) or draw(st.booleans()) else draw(st.sampled_from(list(KINDS)))
        values, dtype = KINDS[kind]
        some = values if name in {"h", "u", "w", "N"} and draw(st.booleans()) else values | st.none()
        columns[name] = pl.Series(name, draw(st.lists(some, min_size=height, max_size=height)), dtype=dtype, strict=False)
    return pl.DataFrame(columns)


DESIGNS = st.builds(
    dict,
    strata=st.sampled_from([None, "h", "g"]),
    psu=st.sampled_from([None, "u", ["u", "v"]]),
    weight=st.sampled_from([None, "w", "y"]),
    fpc=st.sampled_from([None, None, "N", ["N", "x"]]),
    nest=st.booleans(),
    singleton=st.sampled_from(["fail", "adjust", "average", "certainty", "collapse"]),
    pps=st.sampled_from([None, None, None, "brewer"]),
)
MEASURES = [
    royst.mean("y"), royst.total("y"), royst.share("q"), royst.share("g"), royst.ratio("y", "x"), royst.quantile("y", [0.1, 0.5]),
    royst.mean("q", not_relevant=[9]), royst.band("q", {"top": [4, 5]}, not_relevant=[0]), royst.index(["q", "x"], low=0, high=10),
    royst.total("q"), royst.ratio("x", "q"), royst.not_relevant("q", [0]),
]  # fmt: skip


def no_nan(table: pl.DataFrame) -> None:
    for name, kind in table.schema.items():
        if kind.is_float():
            values = table[name].drop_nulls()
            assert values.is_finite().all(), (name, table)
    if "status" in table.columns:
        fine = table.filter(pl.col("status") == "ok")
        for name in {"estimate", "se", "df"} & set(table.columns):
            assert fine[name].null_count() == 0, (name, table)
        for name in {"low", "high"} & set(table.columns):
            assert (fine["low"] <= fine["high"] + 1e-9 * fine["high"].abs()).all() or fine[name].null_count(), table


def ask(what: Any) -> Any:
    """The answer, or None where Røyst says what is wrong with the input; nothing else may be raised, no warning shown."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return what()
        except royst.InputError as error:
            assert all(fault.code and fault.found and fault.todo for fault in error.faults)
            return None


@MANY
@given(frames(), DESIGNS, st.sampled_from(MEASURES), st.sampled_from([None, "g", ["g", "q"], [[], ["g"]], ["h"]]), st.sampled_from([None, "wald", "logit", "korn-graubard", "clopper-pearson"]))  # fmt: skip
def test_any_table_is_answered_or_refused(frame: pl.DataFrame, design: dict, measure: Any, by: Any, interval: str | None) -> None:
    result = ask(lambda: royst.estimate(frame, royst.Design(**design), measure, by=by, interval=interval))
    if result is None:
        return
    no_nan(result.table)
    there = result.table["status"] == "ok"
    rows = [int(k) for k in np.flatnonzero(there.to_numpy())][:4]
    if rows:
        tested = ask(lambda: result.contrast({row: (-1.0) ** k for k, row in enumerate(rows)}))
        assert tested is None or all(value is None or not math.isinf(value) for value in tested.values())
        ask(lambda: result.wald(rows))
        no_nan(ask(lambda: change.change(result, result)))
    if by == "g" and result.table["domain"].n_unique() > 1:
        groups = [one.removeprefix("g=") for one in result.table["domain"].unique().sort().to_list()[:2]]
        no_nan(ask(lambda: result.difference("g", tuple(groups))))
    kinds = ("JK1", "JKn", "BRR", "bootstrap")
    for kind in kinds if not measure.probabilities else ():
        found = ask(lambda kind=kind: replicates.table(result, kind, count=5))
        if found is not None:
            no_nan(found)


@MANY
@given(frames(), DESIGNS, st.sampled_from(["poststratify", "raking", "linear"]), st.sampled_from(["q", "g", "h"]), st.floats(0.1, 1e4))
def test_any_calibration_is_made_or_refused(frame: pl.DataFrame, design: dict, method: str, name: str, size: float) -> None:
    totals = {name: {str(one) if not isinstance(one, bool) else one: size for one in frame[name].drop_nulls().unique().to_list()}}
    made = ask(lambda: royst.calibrate(frame, royst.Design(**design), totals, method))
    if made is not None:
        found = ask(lambda: royst.estimate(frame, made, [royst.mean("x"), royst.total("x")], by=[[], ["g"]]))
        if found is not None:
            no_nan(found.table)


@MANY
@given(frames(), DESIGNS)
def test_any_further_question_is_answered_or_refused(frame: pl.DataFrame, design: dict) -> None:
    made = ask(lambda: royst.Design(**design))
    if made is None:
        return
    for family in ("linear", "logistic"):
        found = ask(lambda family=family: regression.regress(frame, made, "y" if family == "linear" else "g", ["x", "q"], family))
        if found is not None:
            no_nan(found.table)
    tested = ask(lambda: association.independence(frame, made, "q", "g"))
    assert tested is None or all(math.isfinite(value) for value in tested.values())
    compared = ask(lambda: units.compare(frame, "u", [royst.mean("x"), royst.share("g")]))
    if compared is not None:
        no_nan(compared)
    found = ask(lambda: priorities.importance(frame, made, "y", ["x", "q"], replicates=5))
    if found is not None:
        no_nan(found)
    reliable = ask(lambda: scale.reliability(frame, ["x", "q", "y"]))
    if reliable is not None:
        no_nan(reliable.items)
        assert all(one is None or math.isfinite(one) for one in (reliable.alpha, reliable.omega))
    ask(lambda: adjust.nonresponse_propensity(frame.with_columns(r=pl.Series([k % 2 == 0 for k in range(len(frame))], dtype=pl.Boolean)), "r", ["q"]))
