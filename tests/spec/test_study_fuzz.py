"""Whatever people write into a study's files: it is read, or every fault is told. Nothing else comes out of it."""

from __future__ import annotations

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from royst.errors import InputError
from royst.study import folder

ODD = [
    "",
    "0",
    "-1",
    "1e999",
    "nan",
    "true",
    '""',
    '"x"',
    "[]",
    "[1]",
    '["x", "x"]',
    "{}",
    '{ nb = "x" }',
    "{ nb = 1 }",
    "2020-01-01",
    '"../x"',
    '"=1"',
    "'''",
    '"\\u0000"',
    '"<b>#[x]"',
]
CALM = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


def read_or_refused(root) -> None:
    try:
        study = folder.read(root)
    except InputError as stop:
        assert stop.faults
        for fault in stop.faults:
            assert fault.code and fault.found and fault.todo and fault.file, fault
    else:
        assert study.waves


@CALM
@given(st.data())
def test_a_study_file_with_a_changed_value_line_or_table(small, data):
    small.toml = type(small)(small.root).toml
    lines = small.toml.splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.sampled_from(["value", "drop", "double", "swap", "name"])):
            case "value":
                lines[place] = re.sub(r"=.*", lambda _: f"= {data.draw(st.sampled_from(ODD))}", lines[place])
            case "drop":
                lines[place] = ""
            case "double":
                lines.insert(place, lines[place])
            case "swap":
                other = data.draw(st.integers(0, len(lines) - 1))
                lines[place], lines[other] = lines[other], lines[place]
            case "name":
                lines[place] = lines[place].replace("2019", "2021").replace("satisfied", "age")
    small.toml = "\n".join(lines) + "\n"
    read_or_refused(small.write())


CELLS = ["", "x", "1", 2.5, True, "select_one", "select_one degree", "select_multiple degree", "begin_group", "end_group", "calculate", "note", "start", "date", "${age}", "${age", "1 +", ". > 3", "'", "gender", "../x", "<b>", "æ ø", "yes"]  # fmt: skip


@CALM
@given(st.data())
def test_a_questionnaire_with_changed_cells(small, data):
    fresh = type(small)(small.root)
    small.surveys, small.choices = fresh.surveys, fresh.choices
    for _ in range(data.draw(st.integers(1, 4))):
        sheet = data.draw(st.sampled_from([small.surveys["2019"], small.surveys["2021"], small.choices]))
        row = data.draw(st.integers(0, len(sheet) - 1))
        column = data.draw(st.integers(0, len(sheet[0]) - 1))
        sheet[row][column] = data.draw(st.sampled_from(CELLS))
    read_or_refused(small.write())


@CALM
@given(st.data())
def test_a_frame_and_a_sample_with_changed_cells(small, data):
    fresh = type(small)(small.root)
    small.frame, small.samples = fresh.frame, fresh.samples
    odd = st.sampled_from(
        ["", "a", "../a", "x;y", "x,y", '"', "0", "-1", "1.5", "nan", "=1", "A", " a ", "con", "\n", "æ"]
    )

    def changed(text: str, mark: str) -> str:
        rows = [line.split(mark) for line in text.splitlines()]
        for _ in range(data.draw(st.integers(0, 3))):
            row = data.draw(st.integers(0, len(rows) - 1))
            rows[row][data.draw(st.integers(0, len(rows[row]) - 1))] = data.draw(odd)
        return "\n".join(mark.join(row) for row in rows) + "\n"

    small.frame = changed(small.frame, ";")
    small.samples["2019"] = changed(small.samples["2019"], ",")
    read_or_refused(small.write())
