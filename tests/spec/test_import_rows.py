"""Whatever a file holds: each of its rows is either stored as it stood or refused with a reason, by a plain rule that a reader can check."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from royst.answers import store
from royst.errors import InputError
from royst.evaluation import bring, check
from royst.study import folder

CELLS = {
    "id": st.sampled_from(["p1", "p2", "p3", "p4", "p5", "p6", ""]),
    "unit": st.sampled_from(["a", "b", "c", "d", "zz", ""]),
    "gender": st.sampled_from(["m", "w", "", "x"]),
    "age": st.sampled_from(["18", "30.5", "", "17", "NA", "old", "1e2", "inf"]),
    "satisfied": st.sampled_from(["1", "5", "9", "", "6", "4.0", "04", "Stor", "Stort"]),
    "waiting": st.sampled_from(["1", "", "NA", "0"]),
    "helped": st.sampled_from(["", "staff", "kin staff", "staff nobody", "other"]),
    "other": st.sampled_from(["", "en nabo", "=1", "æøå"]),
}


def stands(row: dict[str, str], rows: list[dict[str, str]]) -> bool:
    """The rule, said once more without any of Røyst's code."""
    try:
        age = float(row["age"]) if row["age"] not in ("", "NA") else 50.0
    except ValueError:
        return False
    return (
        row["id"] != ""
        and sum(other["id"] == row["id"] for other in rows) == 1
        and row["unit"] in ("a", "b", "c", "d")
        and row["gender"] in ("m", "w", "")
        and 18 <= age <= 120
        and row["satisfied"] in ("1", "5", "9", "", "4.0", "Stor")
        and row["waiting"] in ("1", "", "NA")
        and all(word in ("staff", "kin", "other") for word in row["helped"].split())
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    from importlib.util import module_from_spec, spec_from_file_location

    source = spec_from_file_location("small_study", Path(__file__).with_name("conftest.py"))
    module = module_from_spec(source)
    __import__("sys").modules["small_study"] = module
    source.loader.exec_module(module)
    return (
        module.Small(tmp_path_factory.mktemp("rows") / "study")
        .edit('singleton = "fail"', 'singleton = "adjust"')
        .write()
    )


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=12))
def test_each_row_is_stored_as_it_stood_or_refused(made, rows):
    study = folder.read(made)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "a.csv"
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, list(CELLS))
            writer.writeheader()
            writer.writerows(rows)
        filled = [row for row in rows if any(row.values())]
        good = [row for row in filled if stands(row, filled)]
        if not good:
            with pytest.raises(InputError):
                bring.bring(study, "2019", path)
            return
        bring.bring(study, "2019", path)
    stored = store.read(study, "2019").frame
    assert stored["id"].to_list() == [row["id"] for row in good]
    assert stored["age"].to_list() == [float(row["age"]) if row["age"] not in ("", "NA") else None for row in good]
    assert stored["satisfied"].to_list() == [
        {"4.0": "4", "Stor": "4", "": None}.get(row["satisfied"], row["satisfied"]) for row in good
    ]
    assert stored["other"].to_list() == [row["other"] or None for row in good]
    listed = study.folder.refused("2019")
    numbers = (
        {int(row["row"]) for row in csv.DictReader(listed.read_text(encoding="utf-8").splitlines())}
        if listed.exists()
        else set()
    )
    assert numbers == {place for place, row in enumerate(rows, start=2) if any(row.values()) and row not in good}
    assert not check.again(study, "2019", stored).refusals
