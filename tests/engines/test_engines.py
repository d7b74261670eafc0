"""Every engine returns the same totals on the same data: embedded and DuckDB always, Spark where it is installed."""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import royst
from royst.totals.databases import DuckDB, Spark
from royst.totals.embedded import Embedded
from royst.totals.request import AtMost, Coded, Index, Number, Request, Variable
from royst.totals.sqltext import literal

sys.path.insert(0, str(Path(__file__).parent))
from reference import sums

SYNTHETIC = Path(__file__).parents[1] / "known_answers" / "synthetic_a.csv"
DEGREES = tuple((str(k), float(k)) for k in range(1, 6))
VARIABLES = (
    Variable(Number("income")),
    Variable(Coded("q", DEGREES)),
    Variable(Coded("q", tuple((str(k), float(k >= 4)) for k in range(1, 6)))),
    Variable(Coded("yes", (("ja", 1.0), ("nei", 0.0)))),
    Variable(Number("income"), Number("hours")),
    Variable(Index((Coded("q", DEGREES), Number("hours")), 0.5)),
    Variable(AtMost("income", 10.0)),
)
DUCK = DuckDB(pl.DataFrame({"y": [1.0]}))
GROUPINGS = ((), ("sex",), ("sex", "yes"))
DESIGNS = {
    "rows": royst.Design(),
    "weighted rows": royst.Design(weight="w"),
    "strata": royst.Design(strata="region", weight="w"),
    "units": royst.Design(psu="unit", weight="w"),
    "stratified units": royst.Design(strata="region", psu="unit", weight="w", nest=True),
}

answers = st.fixed_dictionaries(
    {
        "region": st.sampled_from(["a", "b", "å"]),
        "unit": st.integers(1, 4),
        "w": st.floats(0.01, 100),
        "sex": st.sampled_from(["k", "m", None]),
        "yes": st.sampled_from(["ja", "nei", None]),
        "q": st.sampled_from([1, 2, 3, 4, 5, 9, None]),
        "hours": st.one_of(st.none(), st.just(float("nan")), st.floats(0.5, 40)),
        "income": st.one_of(st.none(), st.floats(-100, 1000)),
    }
)
KINDS = {"region": pl.String, "unit": pl.Int64, "w": pl.Float64, "sex": pl.String, "yes": pl.String, "q": pl.Int64,
         "hours": pl.Float64, "income": pl.Float64}  # fmt: skip


def by_cell(totals) -> dict:
    """Totals in the reference's shape."""
    found = {}
    for group in totals.groups:
        for c, (d, u) in enumerate(zip(group.domain, group.unit)):
            stratum, unit = str(totals.units.strata[0][u]), str(totals.units.clusters[0][u])
            cell = {
                (name, v): values[c, v]
                for name, values in group.sums.items()
                for v in range(values.shape[1])
                if group.sums["n"][c, v] > 0
            }
            found[(group.by, group.domains[d], stratum, unit)] = cell
    return found


def agree(ours: dict, theirs: dict) -> None:
    assert {key for key, cell in ours.items() if cell} == {key for key, cell in theirs.items() if cell}
    for key, cell in theirs.items():
        assert ours.get(key, {}).keys() == cell.keys(), key
        scale = max((abs(value) for value in cell.values()), default=1.0)
        for name, value in cell.items():
            assert abs(ours[key][name] - value) <= 1e-12 * max(scale, 1.0), (key, name)


@pytest.mark.parametrize("design", list(DESIGNS))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(answers, min_size=1, max_size=30))
def test_embedded_and_duckdb_equal_the_plain_reference(design: str, rows: list[dict]) -> None:
    frame = pl.DataFrame(rows, schema=KINDS)
    request = Request(DESIGNS[design], VARIABLES, GROUPINGS)
    expected = sums(frame, request)
    agree(by_cell(Embedded(frame).totals(request)), expected)
    agree(by_cell(DuckDB(frame).totals(request)), expected)


SIZES = {"a": 40.0, "b": 55.0, "å": 71.0}  # sampled units of a region, and more
BY_FPC = {
    "strata": (royst.Design(strata="region", fpc="size"), "region"),
    "units": (royst.Design(strata="region", psu="unit", fpc="size", nest=True), ["region", "unit"]),
}


@pytest.mark.parametrize("kind", list(BY_FPC))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(answers, min_size=1, max_size=30))
def test_weights_that_follow_from_fpc_are_sizes_over_what_was_sampled(kind: str, rows: list[dict]) -> None:
    design, unit = BY_FPC[kind]
    frame = pl.DataFrame(rows, schema=KINDS).with_columns(pl.col("region").replace_strict(SIZES).alias("size"))
    sampled = pl.len() if kind == "strata" else pl.struct(unit).n_unique()
    frame = frame.with_columns((pl.col("size") / sampled.over("region")).alias("w"))
    expected = sums(frame, Request(design.replace(fpc=None, weight="w"), VARIABLES, GROUPINGS))
    request = Request(design, VARIABLES, GROUPINGS)
    agree(by_cell(Embedded(frame).totals(request)), expected)
    agree(by_cell(DuckDB(frame).totals(request)), expected)


@pytest.mark.parametrize("fpc", [{"fpc": ["big", "many"]}, {"fpc": "chance", "pps": "brewer"}])
def test_estimates_on_weights_from_fpc_are_the_same_from_duckdb(fpc: dict) -> None:
    frame = pl.read_csv(SYNTHETIC, null_values=["NA", ""]).with_columns(
        big=500 + 3 * pl.col("region").rank("dense"),
        many=40 + pl.col("unit").rank("dense"),
        room=pl.int_range(pl.len()) % 3,
        chance=1 / (3 + pl.col("unit").rank("dense")),
    )
    clusters = ["unit", "room"] if "pps" not in fpc else "unit"
    design = royst.Design(strata="region", psu=clusters, nest=True, **fpc)
    measures = [royst.mean("q1"), royst.total("hours"), royst.share("satisfied"), royst.quantile("income", 0.4)]
    ours, theirs = (
        royst.estimate(frame, design, measures, by=[[], ["sex"]], engine=engine).table for engine in ("embedded", "duckdb")
    )
    floats = [name for name, kind in ours.schema.items() if kind.is_float()]
    assert ours.drop(floats).equals(theirs.drop(floats)) and ours["se"].null_count() == 0
    np.testing.assert_allclose(theirs.select(floats).to_numpy(), ours.select(floats).to_numpy(), rtol=1e-11)


@given(value=st.floats(allow_nan=False, allow_infinity=False))
@example(value=-0.09697973058103007)  # one that DuckDB rounds away where it stands as a decimal
def test_a_number_in_the_sql_is_the_number_to_the_bit(value: float) -> None:
    assert DUCK.query(f"SELECT {literal(value)} AS v")["v"][0] == value


@pytest.mark.parametrize("design", [royst.Design(), royst.Design(strata="region", psu="unit", fpc="w")])
@pytest.mark.parametrize("engine", ["embedded", "duckdb"])
def test_data_without_rows_are_refused(design: royst.Design, engine: str) -> None:
    with pytest.raises(royst.InputError, match="no rows"):
        royst.estimate(pl.DataFrame(schema=KINDS), design, royst.mean("hours"), engine=engine)


def everything(engine: str) -> pl.DataFrame:
    design = royst.Design(strata="region", psu="unit", weight="weight")
    measures = [
        royst.mean("q1"), royst.share("satisfied"), royst.total("hours"), royst.ratio("hours", "income"),
        royst.band("q1", {"stor": ["4", "5"], "liten": ["1", "2"]}, not_relevant="9"),
        royst.index(["q1", "q2", "q3"], not_relevant=["9"]), royst.quantile("income", 0.5),
    ]  # fmt: skip
    by = [[], ["sex"], ["size", "region"]]
    return royst.estimate(SYNTHETIC, design, measures, by=by, engine=engine).table


@pytest.mark.parametrize("engine", ["duckdb", "spark"])
def test_estimates_are_the_same_from_every_engine(engine: str) -> None:
    if engine == "spark" and importlib.util.find_spec("pyspark") is None:
        pytest.skip("PySpark is not installed")
    ours, theirs = everything("embedded"), everything(engine)
    floats = [name for name, kind in ours.schema.items() if kind.is_float()]
    assert ours.drop(floats).equals(theirs.drop(floats))
    a, b = (table.select(floats).to_numpy() for table in (ours, theirs))
    assert (np.isnan(a) == np.isnan(b)).all()
    there = ~np.isnan(a)
    assert np.abs(a[there] - b[there]).max() <= 1e-12 * np.abs(a[there]).max()
    assert (np.abs(a[there] - b[there]) <= 1e-12 * np.maximum(np.abs(a[there]), 1e-3)).all()


@pytest.mark.parametrize("method", ["poststratify", "raking", "linear"])
def test_a_calibrated_design_gives_the_same_from_duckdb(method: str, tmp_path: Path) -> None:
    """The engine must fetch what the calibration knows its rows by, asked for or not."""
    pl.read_csv(SYNTHETIC).write_parquet(tmp_path / "a.parquet")
    sex, size = {"sex": {"kvinne": 3900, "mann": 4800}}, {"size": {"large": 5100, "small": 3600}}
    for source in (SYNTHETIC, tmp_path / "a.parquet"):
        design = royst.Design(strata="region", psu="unit", weight="weight")
        calibrated = royst.calibrate(source, design, sex if method == "poststratify" else sex | size, method)
        asked = [royst.mean("income"), royst.share("satisfied"), royst.quantile("income", 0.5)]
        ours, theirs = (royst.estimate(source, calibrated, asked, by=[[], ["region"]], engine=e).table for e in ("embedded", "duckdb"))
        assert ours.equals(theirs) and (ours["status"] == "ok").sum() > 20


def test_the_embedded_engine_gives_the_same_bytes_each_time() -> None:
    def digest() -> str:
        request = Request(
            royst.Design(strata="region", psu="unit", weight="weight"),
            (Variable(Number("income")), Variable(Number("q1")), Variable(Coded("q2", DEGREES))),
            ((), ("sex",)),
        )
        groups = Embedded(SYNTHETIC).totals(request).groups
        return hashlib.sha256(
            b"".join(group.sums[name].tobytes() for group in groups for name in request.sums)
        ).hexdigest()

    assert len({digest() for _ in range(5)}) == 1


def test_the_sql_is_one_ansi_text_for_both_dialects() -> None:
    request = Request(DESIGNS["stratified units"], VARIABLES, GROUPINGS)
    text = DuckDB(pl.DataFrame(schema=KINDS)).text(request)
    assert "GROUPING SETS" in text and text.count("FROM royst_answers") == 1
    assert not any(word in text for word in ("FILTER", "::", "LIST(", "QUALIFY"))


def test_a_spark_job_that_fails_half_way_leaves_no_estimate() -> None:
    sql = pytest.importorskip("pyspark.sql", reason="PySpark is not installed")
    Spark(pl.DataFrame({"y": [1.0]}))
    session = sql.SparkSession.getActiveSession()
    data = session.range(0, 100_000, 1, 8).selectExpr(
        "id % 20 AS unit", "CASE WHEN id = 99990 THEN raise_error('the disk is full') ELSE id % 5 END AS y"
    )
    with pytest.raises(royst.InputError, match="the disk is full") as caught:
        royst.estimate(data, royst.Design(psu="unit"), royst.mean("y"), engine="spark")
    assert [fault.code for fault in caught.value.faults] == ["spark-failed"]


KILLED = """
import threading, time, royst
from royst.totals.databases import Spark
Spark({"y": [1.0]})
from pyspark import SparkContext
from pyspark.sql import SparkSession
context = SparkContext.getOrCreate()
data = SparkSession.getActiveSession().range(0, 10**12, 1, 16).selectExpr("id % 20 AS unit", "id % 5 AS y")

def kill():
    while not any(context.statusTracker().getStageInfo(k).numActiveTasks for k in context.statusTracker().getActiveStageIds()):
        time.sleep(0.05)
    SparkContext._gateway.proc.kill()

threading.Thread(target=kill, daemon=True).start()
for where in ("while its tasks run", "when it is gone"):
    try:
        result = royst.estimate(data, royst.Design(psu="unit"), royst.mean("y"), engine="spark")
    except royst.InputError as error:
        print(where, [fault.code for fault in error.faults])
"""


def test_a_spark_that_is_killed_while_its_tasks_run_leaves_no_estimate() -> None:
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("PySpark is not installed")
    done = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines() == ["while its tasks run ['spark-failed']", "when it is gone ['spark-failed']"]


@pytest.mark.parametrize(
    "make",
    [
        lambda f: f,
        lambda f: f.lazy(),
        lambda f: f.to_pandas(),
        lambda f: f.to_arrow(),
        lambda f: f.to_dict(as_series=False),
    ],
)
def test_data_of_any_kind_give_the_same(make) -> None:
    frame = pl.read_csv(SYNTHETIC)
    design = royst.Design(strata="region", psu="unit", weight="weight")
    asked = [royst.mean("q1"), royst.share("satisfied"), royst.mean("hours")]
    expected = royst.estimate(frame, design, asked, by="sex").table
    assert royst.estimate(make(frame), design, asked, by="sex").table.equals(expected)


def test_files_give_the_same(tmp_path: Path) -> None:
    frame = pl.read_csv(SYNTHETIC)
    frame.write_parquet(tmp_path / "a.parquet")
    design = royst.Design(psu="unit", weight="weight")
    tables = [
        royst.estimate(source, design, royst.mean("q1"), by="sex").table
        for source in (frame, SYNTHETIC, tmp_path / "a.parquet", str(tmp_path / "a.parquet"))
    ]
    assert all(table.equals(tables[0]) for table in tables)
    duck = royst.estimate(tmp_path / "a.parquet", design, royst.mean("q1"), by="sex", engine="duckdb").table
    assert np.allclose(duck["se"].to_numpy(), tables[0]["se"].to_numpy(), rtol=1e-12)
