"""What must hold whatever the answers: invariances, and each estimator's special case equal to another's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import royst
from royst.estimation import change, intervals, priorities, replicates, units, variance
from royst.totals import threads
from royst.totals.embedded import MANY_ROWS
from royst.totals.pseudorandom import draws, uniforms
from royst.totals.request import Request

QUICK = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
DESIGN = royst.Design(strata="h", psu="u", weight="w", singleton="adjust")
ASKED = [
    royst.mean("y"),
    royst.share("q"),
    royst.total("y"),
    royst.ratio("y", "x"),
    royst.band("q", {"top": [4, 5]}, not_relevant=[9]),
]
NUMBERS = ["estimate", "se", "df", "low", "high", "deff"]


@st.composite
def samples(draw) -> pl.DataFrame:
    """Two or three strata of two to four units with a few answers each."""
    rows = []
    for h in range(draw(st.integers(2, 3))):
        for u in range(draw(st.integers(2, 4))):
            for _ in range(draw(st.integers(1, 4))):
                rows.append(
                    {
                        "h": f"h{h}", "u": f"h{h}u{u}", "w": draw(st.floats(0.5, 20)),
                        "y": draw(st.one_of(st.none(), st.floats(-50, 50))), "x": draw(st.floats(1, 9)),
                        "q": draw(st.sampled_from([1, 2, 3, 4, 5, 9, None])), "g": draw(st.sampled_from(["a", "b"])),
                    }
                )  # fmt: skip
    kinds = {
        "h": pl.String,
        "u": pl.String,
        "w": pl.Float64,
        "y": pl.Float64,
        "x": pl.Float64,
        "q": pl.Int64,
        "g": pl.String,
    }
    return pl.DataFrame(rows, schema=kinds)


def numbers(table: pl.DataFrame) -> np.ndarray:
    return table.sort("measure", "item", "category", "domain").select(NUMBERS).to_numpy().astype(float)


def same(a: pl.DataFrame, b: pl.DataFrame, tolerance: float = 1e-7) -> None:
    np.testing.assert_allclose(numbers(a), numbers(b), rtol=tolerance, atol=1e-6)


def table(frame: pl.DataFrame, design: royst.Design = DESIGN, by=([], ["g"])) -> pl.DataFrame:
    return royst.estimate(frame, design, ASKED, by=list(by)).table


@QUICK
@given(samples(), st.integers(0, 1000))
def test_the_order_of_rows_says_nothing(frame: pl.DataFrame, seed: int) -> None:
    order = np.argsort(uniforms(len(frame), seed), kind="stable")
    same(table(frame), table(frame[order]))


@QUICK
@given(samples())
def test_names_of_units_and_strata_say_nothing(frame: pl.DataFrame) -> None:
    turned = frame.with_columns(pl.col("u").str.reverse(), pl.col("h").replace({"h0": "z", "h1": "å", "h2": "a"}))
    same(table(frame), table(turned))


@QUICK
@given(samples(), st.floats(0.01, 100))
def test_scaled_weights_scale_totals_alone(frame: pl.DataFrame, factor: float) -> None:
    once, scaled = table(frame), table(frame.with_columns(pl.col("w") * factor))
    ratios = pl.col("measure") != "total"
    drop = pl.lit(None, pl.Float64).alias("deff")  # whether weights expand to a population is seen from their size
    same(once.filter(ratios).with_columns(drop), scaled.filter(ratios).with_columns(drop))
    a, b = (part.filter(~ratios).select("estimate", "se").to_numpy().astype(float) for part in (once, scaled))
    np.testing.assert_allclose(a * factor, b, rtol=1e-7, atol=1e-6)


@QUICK
@given(samples())
def test_a_row_of_two_is_two_rows_of_one(frame: pl.DataFrame) -> None:
    halves = pl.concat([frame.with_columns(pl.col("w") / 2)] * 2)
    a, b = table(frame), table(halves)
    for column in ("estimate", "se", "df", "n_units"):
        np.testing.assert_allclose(
            a[column].cast(pl.Float64).to_numpy(), b[column].cast(pl.Float64).to_numpy(), rtol=1e-7, atol=1e-6
        )


@QUICK
@given(samples())
def test_a_domain_and_its_complement_make_the_whole(frame: pl.DataFrame) -> None:
    result = royst.estimate(frame, DESIGN, [royst.total("y")], by=[[], ["g"]])
    assume(result.table.height == 3)
    whole = result.find("total", "y")
    parts = [result.find("total", "y", "", f"g={one}") for one in "ab"]
    est = result.estimates
    assume(np.isfinite(est).all())
    assert np.isclose(est[whole], est[parts].sum(), atol=1e-6)
    v = result.covariance([whole, *parts])
    assert np.isclose(v[0, 0], v[1:, 1:].sum(), rtol=1e-6, atol=1e-6)


@QUICK
@given(samples())
def test_the_table_s_errors_are_the_covariance_s_diagonal(frame: pl.DataFrame) -> None:
    result = royst.estimate(frame, DESIGN, ASKED, by=[[], ["g"]])
    se = result.table["se"].to_numpy()
    there = [int(k) for k in np.flatnonzero(np.isfinite(se.astype(float)))]
    assume(there)
    np.testing.assert_allclose(np.sqrt(np.diag(result.covariance(there))), se[there], rtol=1e-6, atol=1e-6)


@QUICK
@given(samples())
def test_special_cases_are_one_estimator(frame: pl.DataFrame) -> None:
    frame = frame.with_columns(
        one=pl.lit(1.0), top=pl.when(pl.col("q").is_in([4, 5])).then(1.0).when(pl.col("q") != 9).then(0.0)
    )
    asked = [
        royst.mean("y"),
        royst.ratio("y", "one"),
        royst.band("q", {"top": [4, 5]}, not_relevant=9),
        royst.mean("top"),
    ]
    found = royst.estimate(frame, DESIGN, asked, interval="wald").table
    band = found.filter(pl.col("measure") == "band")
    for a, b in ((found[0], found[1]), (band, found[-1])):
        np.testing.assert_allclose(
            a.select(NUMBERS).to_numpy().astype(float), b.select(NUMBERS).to_numpy().astype(float), rtol=1e-8, atol=1e-8
        )


@QUICK
@given(samples())
def test_jackknife_of_a_total_is_the_linearised_variance(frame: pl.DataFrame) -> None:
    result = royst.estimate(frame, DESIGN, [royst.total("x")])
    form = variance.structure_of(result.source.totals(Request(DESIGN, (result.rows[0].statistic.variable,), ((),))))
    jackknife = replicates.variances(result, replicates.replicates(form, "JKn"))
    np.testing.assert_allclose(np.sqrt(jackknife), result.table["se"].to_numpy(), rtol=1e-6, atol=1e-9)


@QUICK
@given(samples())
def test_a_wave_against_itself_has_not_changed(frame: pl.DataFrame) -> None:
    result = royst.estimate(frame, DESIGN, ASKED)
    found = change.change(result, result).filter(pl.col("status") == "ok")
    inner = found.filter((pl.col("measure").is_in(["mean", "total", "ratio"])) | ~pl.col("new").is_in([0.0, 1.0]))
    assert (inner["estimate"] == 0).all() and (inner["se"] < 1e-6 * (1 + inner["se_new"])).all()


@QUICK
@given(samples())
def test_strangers_in_the_other_wave_leave_no_covariance(frame: pl.DataFrame) -> None:
    others = frame.with_columns(("new" + pl.col("u")).alias("u"))
    result, other = (royst.estimate(one, DESIGN, [royst.mean("x"), royst.mean("y")]) for one in (frame, others))
    found = change.change(other, result).filter(pl.col("status") == "ok")
    assert (found["covariance"] == 0).all() and (found["units_both"] == 0).all()
    np.testing.assert_allclose(
        found["se"].to_numpy() ** 2, found["se_old"].to_numpy() ** 2 + found["se_new"].to_numpy() ** 2
    )
    history = {one: "new" + one for one in frame["u"].unique()}
    followed = change.change(other, result, history=history).filter(pl.col("status") == "ok")
    assert (followed["se"] < 1e-6 * (1 + followed["se_new"])).all()


def test_a_simple_random_sample_is_the_textbook_s() -> None:
    y = uniforms(40, "srs") * 10
    frame = pl.DataFrame({"y": y, "N": [100.0] * 40})
    row = royst.estimate(frame, royst.Design(fpc="N"), royst.mean("y")).table.row(0, named=True)
    assert np.isclose(row["se"], np.sqrt(y.var(ddof=1) / 40 * (1 - 40 / 100)))
    assert np.isclose(row["deff"], 1.0) and row["df"] == 39


def test_a_census_has_no_sampling_error() -> None:
    frame = pl.DataFrame({"y": uniforms(30, "census"), "N": [30.0] * 30})
    row = royst.estimate(frame, royst.Design(fpc="N"), royst.mean("y")).table.row(0, named=True)
    assert row["se"] == 0 and row["status"] == "ok" and row["low"] == row["high"] == row["estimate"]


def test_certainty_strata_add_nothing_even_with_one_unit() -> None:
    frame = pl.DataFrame(
        {
            "h": ["a"] * 4 + ["b"] * 3,
            "u": list("1122") + ["3"] * 3,
            "y": [1.0, 2, 3, 5, 9, 8, 7],
            "N": [9.0] * 4 + [1.0] * 3,
        }
    )
    with_it = royst.estimate(frame, royst.Design(strata="h", psu="u", fpc="N"), royst.total("y"))
    alone = royst.estimate(frame[:4], royst.Design(strata="h", psu="u", fpc="N"), royst.total("y"))
    assert np.isclose(with_it.table["se"][0], alone.table["se"][0])


@pytest.mark.parametrize("rule", ["adjust", "average", "certainty", "collapse"])
def test_lonely_strata_are_said_in_the_output(rule: str) -> None:
    frame = pl.DataFrame({"h": list("aabbc"), "u": list("12345"), "y": [1.0, 2, 4, 3, 9]})
    design = royst.Design(strata="h", psu="u", singleton=rule)
    result = royst.estimate(frame, design, royst.mean("y"))
    assert rule in result.notes[0] and rule in result.table["method"][0]
    with pytest.raises(royst.InputError, match="lonely-stratum"):
        royst.estimate(frame, design.replace(singleton="fail"), royst.mean("y"))


def test_collapsing_is_joining_by_hand() -> None:
    frame = pl.DataFrame({"h": list("aabcc"), "u": list("12345"), "y": [1.0, 2, 4, 3, 9]})
    joined = frame.with_columns(pl.col("h").replace({"b": "c"}))
    a = royst.estimate(frame, royst.Design(strata="h", psu="u", singleton="collapse"), royst.mean("y")).table
    b = royst.estimate(joined, royst.Design(strata="h", psu="u"), royst.mean("y")).table
    assert np.isclose(a["se"][0], b["se"][0]) and a["df"][0] == b["df"][0]


def test_calibrating_to_what_the_weights_say_already_changes_no_estimate() -> None:
    frame = pl.DataFrame(
        {"u": [str(k // 3) for k in range(30)], "w": [2.0] * 30, "y": uniforms(30, "y"), "c": ["a", "b", "b"] * 10}
    )
    design = royst.Design(psu="u", weight="w")
    for method in ("poststratify", "raking", "linear"):
        calibrated = royst.calibrate(frame, design, {"c": {"a": 20, "b": 40}}, method)
        a, b = (royst.estimate(frame, one, royst.mean("y")).table.row(0, named=True) for one in (design, calibrated))
        assert np.isclose(a["estimate"], b["estimate"], rtol=1e-12) and b["se"] > 0


def test_calibration_reproduces_its_totals_with_no_error() -> None:
    frame = pl.DataFrame({"u": [str(k // 3) for k in range(30)], "y": uniforms(30, "y"), "c": ["a", "b", "b"] * 10})
    calibrated = royst.calibrate(frame, royst.Design(psu="u"), {"c": {"a": 70, "b": 130}}, "poststratify")
    found = royst.estimate(frame, calibrated, royst.total("c")).table
    np.testing.assert_allclose(found["estimate"].to_numpy(), [70, 130], rtol=1e-12)
    np.testing.assert_allclose(found["se"].to_numpy(), 0, atol=1e-10)


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_exact_intervals_stand_at_0_and_1(p: float) -> None:
    for method in ("korn-graubard", "clopper-pearson"):
        low, high = intervals.interval(method, p, 0.0, 7, 20)
        assert 0 <= low[0] <= p <= high[0] <= 1 and high[0] - low[0] > 0.1


def test_effective_n_never_exceeds_n() -> None:
    p, n = np.array([0.5]), np.array([50.0])
    assert intervals.effective_n(p, np.array([0.001]), np.array([30.0]), n, 0.95, n)[0] == 50


def test_relative_weights_and_shapley_share_out_r2() -> None:
    r = np.array([[1, 0.5, 0.3], [0.5, 1, 0.2], [0.3, 0.2, 1]])
    y = np.array([0.6, 0.5, 0.1])
    r2 = y @ np.linalg.solve(r, y)
    assert np.isclose(priorities.relative_weights(r, y).sum(), r2) and np.isclose(priorities.shapley(r, y).sum(), r2)
    two, with_y = r[:2, :2], y[:2]  # with two items the two methods are one
    np.testing.assert_allclose(priorities.relative_weights(two, with_y), priorities.shapley(two, with_y))
    np.testing.assert_allclose(priorities.relative_weights(np.eye(3), y), y**2)


def test_reliability_is_the_arithmetic_of_the_field() -> None:
    assert round(float(units.reliability(30, 0.03)), 2) == 0.48


def test_the_expected_range_follows_its_formula() -> None:
    y, s = np.array([1.0, 2, 3, 4, 12]), np.full(5, 0.5)
    found = units.expected_range(y, s, winsor=0.0)
    z = (y - y.mean()) / s
    phi = (z**2).mean()
    v = 1 / s**2
    tau2 = (5 * phi - 4) / (v.sum() - (v**2).sum() / v.sum())
    assert np.isclose(found.phi, phi) and np.isclose(found.tau2, tau2)
    np.testing.assert_allclose(found.z_adjusted, (y - y.mean()) / np.sqrt(s**2 + tau2))
    assert units.expected_range(np.array([1.0, 1.01, 0.99, 1.0, 1.0]), s).tau2 == 0


def test_pseudo_random_numbers_are_fixed_and_even() -> None:
    assert uniforms(2, "a", 1).tolist() == uniforms(3, "a", 1)[:2].tolist()
    found = uniforms(20000, "even")
    assert abs(found.mean() - 0.5) < 0.01 and abs(np.histogram(found, 10)[0] / 2000 - 1).max() < 0.1
    assert set(draws(200, 3, "d").tolist()) == {0, 1, 2}


def test_three_outcomes_and_never_two() -> None:
    rows = pl.DataFrame(
        {"estimate": [0.2, -0.2, 0.01, 0.04, None], "low90": [0.1, -0.3, -0.02, -0.06, None],
         "high90": [0.3, -0.1, 0.04, 0.14, None], "p": [0.0001, 0.0001, 0.6, 0.4, None]}
    )  # fmt: skip
    found = change.outcome(rows, 0.05)
    assert found["outcome"].to_list() == ["rise", "fall", "same", "cannot_tell", "cannot_tell"]
    assert found["p_adjusted"][0] == pytest.approx(0.0004)


def test_merged_units_are_followed() -> None:
    old = pl.DataFrame({"h": ["s"] * 8, "u": list("aabbccdd"), "y": [1.0, 2, 4, 5, 7, 9, 3, 3]})
    new = pl.DataFrame({"h": ["s"] * 6, "u": list("mmccdd"), "y": [3.0, 4, 8, 9, 3, 4]})
    design = royst.Design(strata="h", psu="u")
    a, b = (royst.estimate(one, design, royst.mean("y")) for one in (old, new))
    loose, tied = (change.change(b, a, history=h).row(0, named=True) for h in ({}, {"a": "m", "b": "m"}))
    assert loose["units_both"] == 2 and tied["units_both"] == 3 and tied["covariance"] != loose["covariance"]
    assert tied["covariance"] <= tied["se_old"] * tied["se_new"] * (1 + 1e-12)


def test_a_measure_is_a_value() -> None:
    assert royst.mean("y") == royst.mean("y") and replace(royst.mean("y"), name="z").name == "z"


def test_several_threads_give_the_bytes_that_one_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers counted by value, numbers row by row, and crossed groups, of more rows than one thread is left with."""
    rows = 2 * MANY_ROWS
    one, two, three = (uniforms(rows, "threads", k) for k in range(3))
    columns = {"h": one * 4, "u": one * 400, "g": two * 5, "k": three * 3, **{f"q{k}": (one + two * (k + 1) + three) % 1 * 5 for k in range(6)}}
    frame = pl.DataFrame({name: values.astype(int) for name, values in columns.items()}).with_columns(w=0.5 + two, x=three * 100)
    asked = [royst.mean("x"), royst.ratio("x", "w"), *(measure for k in range(6) for measure in (royst.mean(f"q{k}"), royst.share(f"q{k}")))]
    design = royst.Design(strata="h", psu="u", weight="w")
    found = []
    for count in (1, 2, 5):
        monkeypatch.setattr(threads, "THREADS", count)
        found.append(royst.estimate(frame, design, asked, by=[[], ["g"], ["k"], ["g", "k"]]).table)
    assert found[0].height == 38 * 24
    assert all(other.equals(found[0], null_equal=True) for other in found[1:])
