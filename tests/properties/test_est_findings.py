"""Units, priorities, scales, participation and the three lines between waves: what they must say of data made for it."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

import royst
from royst.estimation import participation, planning, priorities, scale, units
from royst.estimation.waves import Wave, three_lines
from royst.totals.pseudorandom import uniforms


def answers(units_: int = 24, each: int = 60, odd: float = 0.0) -> pl.DataFrame:
    """Units alike but the first, whose answers are ``odd`` higher."""
    unit = np.repeat(np.arange(units_), each)
    y = uniforms(len(unit), "units") + np.where(unit == 0, odd, 0.0) + 0.1 * uniforms(units_, "effect")[unit]
    return pl.DataFrame({"unit": [f"u{k}" for k in unit], "y": y, "yes": np.where(y > 0.6, "ja", "nei")})


def test_a_unit_far_above_the_others_is_better_and_the_rest_are_not() -> None:
    found = units.compare(answers(odd=1.0), "unit", royst.mean("y"), least_reliability=0.0)
    first = found.filter(pl.col("unit") == "u0").row(0, named=True)
    assert first["outcome"] == "better" and first["z_adjusted"] > 3
    others = found.filter(pl.col("unit") != "u0")["outcome"]
    assert set(others) <= {"expected", "cannot_tell"} and (others == "expected").sum() >= 20
    turned = units.compare(answers(odd=1.0), "unit", royst.mean("y"), higher_is_better=False)
    assert turned.filter(pl.col("unit") == "u0")["outcome"].item() == "lower"


def test_shrinking_draws_each_unit_towards_the_middle() -> None:
    found = units.compare(answers(odd=0.4), "unit", [royst.mean("y"), royst.share("yes", "ja")])
    for _, part in found.group_by("measure"):
        centre = float(
            (part["shrunken"] - part["reliability"] * part["estimate"]).mean() / (1 - part["reliability"]).mean()
        )
        assert ((part["shrunken"] - centre).abs() <= (part["estimate"] - centre).abs() + 1e-9).all()
        assert (part["reliability"] > 0).all() and (part["reliability"] < 1).all()


@pytest.mark.parametrize("few", ["answers", "units"])
def test_too_few_answers_or_units_cannot_tell(few: str) -> None:
    data = answers(4, 60) if few == "units" else answers(24, 6)
    assert set(units.compare(data, "unit", royst.mean("y"))["outcome"]) == {"cannot_tell"}


def test_icc_is_the_analysis_of_variance() -> None:
    data = answers(10, 20, odd=0.5)
    found = units.compare(data, "unit", royst.mean("y"))["icc"][0]
    groups = [part["y"].to_numpy() for part in data.partition_by("unit")]
    between = 20 * np.var([group.mean() for group in groups], ddof=1)
    within = np.mean([group.var(ddof=1) for group in groups])
    assert np.isclose(found, (between - within) / (between + 19 * within))


def made_of_two() -> pl.DataFrame:
    """An outcome that leans on a twice as much as on b, and not on c."""
    a, b, c, noise = (uniforms(600, name) for name in "abcn")
    return pl.DataFrame({"u": [str(k // 20) for k in range(600)], "a": a, "b": b, "c": c, "y": 2 * a + b + 0.5 * noise})


@pytest.mark.parametrize("method", ["johnson", "shapley"])
def test_what_matters_most_comes_first(method: str) -> None:
    found = priorities.importance(
        made_of_two(), royst.Design(psu="u"), "y", ["a", "b", "c"], method=method, replicates=100
    )
    share = dict(zip(found["item"], found["share"]))
    assert share["a"] > 0.7 and 0.1 < share["b"] < 0.3 and share["c"] < 0.02 and np.isclose(found["share"].sum(), 1)
    assert (found["low"] <= found["share"]).all() and (found["share"] <= found["high"]).all()
    again = priorities.importance(
        made_of_two(), royst.Design(psu="u"), "y", ["a", "b", "c"], method=method, replicates=100
    )
    assert found.equals(again)


def test_the_improvement_matrix_weighs_importance_by_room() -> None:
    found = priorities.importance(made_of_two(), royst.Design(psu="u"), "y", ["a", "b", "c"], replicates=50)
    means = royst.estimate(made_of_two(), royst.Design(psu="u"), [royst.mean(name) for name in "abc"]).table
    matrix = priorities.improvement(found, means, 0, 1)
    assert np.allclose(matrix["room"], 1 - matrix["mean"]) and np.allclose(
        matrix["gain"], matrix["room"] * matrix["share"]
    )
    assert matrix.row(0, named=True)["quadrant"] in {"improve", "keep"}


def test_a_causal_index_has_no_alpha() -> None:
    data = pl.DataFrame({name: (1 + uniforms(50, name) * 5).astype(int) for name in "abc"})
    found = scale.reliability(data, list("abc"), causal=True)
    assert (
        found.alpha is None
        and found.omega is None
        and "causal" in found.note
        and found.items["item_rest"].null_count() == 3
    )


def test_bounds_hold_whatever_the_silent_think() -> None:
    data = pl.DataFrame({"q": ["ja"] * 6 + ["nei"] * 4})
    ledger = pl.DataFrame(
        {
            "unit": ["a", "b"],
            "offered": [10, 10],
            "refused": [4, 2],
            "not_eligible": [0, 1],
            "not_asked": [1, 0],
            "answered": [5, 5],
        }
    )
    found = participation.bounds(royst.estimate(data, None, royst.share("q", "ja")), ledger).row(0, named=True)
    assert found["eligible"] == 20 and found["participation"] == 0.5
    assert (
        found["low"] == pytest.approx(0.3)
        and found["high"] == pytest.approx(0.8)
        and found["turning"] == pytest.approx(0.4)
    )
    assert participation.sensitivity(0.6, 0.5, [-0.2])["headline"][0] == pytest.approx(0.5)


def test_an_impossible_ledger_names_its_row() -> None:
    ledger = pl.DataFrame({"unit": ["a", "b"], "offered": [10, 3], "answered": [5, 5]})
    with pytest.raises(royst.InputError, match="row 3") as caught:
        participation.check_ledger(ledger)
    assert caught.value.faults[0].code == "ledger-sum"


def test_the_helper_s_weight_on_a_headline() -> None:
    data = pl.DataFrame({"u": [str(k // 4) for k in range(40)], "help": ["yes", "no"] * 20, "y": [4.0, 3.0] * 20})
    result = royst.estimate(data, royst.Design(psu="u"), royst.mean("y"), by=[[], ["help"]])
    found = participation.helper(result, "help", "yes", "no").row(0, named=True)
    assert found["difference"] == pytest.approx(1) and found["lean"] == pytest.approx(0.5)


def two_waves() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Nothing changes within large or small units, but the new wave has more of the small, who score lower."""

    def wave(large: int, small: int) -> pl.DataFrame:
        kinds = ["large"] * large + ["small"] * small
        unit = [f"{kind}{k}" for k, kind in enumerate(kinds) for _ in range(10)]
        size = [kind for kind in kinds for _ in range(10)]
        level = [4.0 if kind == "large" else 2.0 for kind in size]
        return pl.DataFrame(
            {"unit": unit, "size": size, "y": np.array(level) + uniforms(len(unit), "wave", large) - 0.5}
        )

    return wave(10, 10), wave(6, 14)


def test_a_change_that_is_mix_is_called_mix() -> None:
    old, new = two_waves()
    design = royst.Design(psu="unit")
    found = three_lines(Wave(new, design), Wave(old, design), royst.mean("y"), mix=["size"])
    line = {row["line"]: row for row in found.iter_rows(named=True)}
    assert line["all"]["estimate"] < -0.3 and abs(line["standardised"]["estimate"]) < 0.1
    assert line["all"]["mix"] == pytest.approx(line["all"]["estimate"] - line["standardised"]["estimate"])
    assert line["panel"]["n_new"] < line["all"]["n_new"] and line["standardised"]["se"] < line["all"]["se"]


def test_the_next_wave_s_size_gives_the_margin() -> None:
    found = planning.sample_size(0.03, 30, 0.03)
    half = found["t"] * np.sqrt(0.25 * found["deff"] / (found["units"] * 30))
    assert half <= 0.03 and found["deff"] == pytest.approx(1.87)
    assert planning.sample_size(0.03, 30, 0.03, units_there=356)["units"] < found["units"]


def test_the_next_wave_of_this_one_is_what_more_of_the_same_units_would_give() -> None:
    now = answers(12, 20)
    result = royst.estimate(now, royst.Design(psu="unit"), royst.mean("y"))
    wanted = planning.next_wave(result.table, float(result.table["se"][0]) * 1.2).row(0, named=True)
    copies = -(-wanted["next_units"] // 12)
    more = pl.concat([now.with_columns(pl.col("unit") + f"-{k}") for k in range(copies)])
    margin = planning.margin_of_error(royst.estimate(more, royst.Design(psu="unit"), royst.mean("y")).table)["margin"][0]
    ends = margin * np.sqrt(copies * 12 / np.array([wanted["next_units"], wanted["next_units"] - 1]))
    asked = float(result.table["se"][0]) * 1.2
    assert ends[0] <= asked * 1.02 and ends[1] >= asked * 0.97  # t and n/(n − 1) differ a little between the two
    assert wanted["next_answers"] == wanted["next_units"] * 20


@pytest.mark.parametrize("there", [None, 356])
def test_no_fewer_units_would_do(there: int | None) -> None:
    found = planning.sample_size(0.04, 28, 0.03, units_there=there)

    def half(units: int) -> float:
        fpc = 1 if there is None else (1 - units / there) / (1 - 0 / there)
        t = stats.t.ppf(0.975, units - 1)
        return float(t * np.sqrt(0.25 * found["deff"] / (units * 28) * fpc))

    assert half(int(found["units"])) <= 0.04 < half(int(found["units"]) - 1)


def test_the_standardised_line_is_cell_means_at_one_mix() -> None:
    old, new = two_waves()
    design = royst.Design(psu="unit")
    found = three_lines(Wave(new, design), Wave(old, design), royst.mean("y"), mix=["size"])
    line = found.filter(pl.col("line") == "standardised").row(0, named=True)
    mix = dict(old.group_by("size").agg(pl.len() / old.height).iter_rows())
    for frame, mine in ((old, line["old"]), (new, line["new"])):
        means = dict(frame.group_by("size").agg(pl.col("y").mean()).iter_rows())
        assert mine == pytest.approx(sum(mix[size] * means[size] for size in mix))


def units_drawn(rng: np.random.Generator, effect: np.ndarray, each: int = 30) -> pl.DataFrame:
    unit = np.repeat(np.arange(len(effect)), each)
    return pl.DataFrame({"unit": unit.astype(str), "y": effect[unit] + rng.normal(0, 1, len(unit))})


def test_shrunken_intervals_cover_units_and_false_discoveries_are_held() -> None:
    covered, false = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        effect = rng.normal(0, 0.3, 40)
        table = units.compare(units_drawn(rng, effect), "unit", royst.mean("y"))
        truth = effect[table["unit"].cast(pl.Int64).to_numpy()]
        covered.append(np.mean((table["shrunken_low"].to_numpy() <= truth) & (truth <= table["shrunken_high"].to_numpy())))
        alike = units.compare(units_drawn(rng, np.where(np.arange(40) < 3, 2.0, 0.0)), "unit", royst.mean("y"))
        called = alike.filter(pl.col("outcome").is_in(["better", "lower"]))["unit"].cast(pl.Int64).to_numpy()
        false.append(np.mean(called >= 3) if len(called) else 0.0)
    assert 0.93 <= np.mean(covered) <= 0.97
    assert np.mean(false) <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 60)
