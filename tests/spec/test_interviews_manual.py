"""The manual of interviews: its example files are read, and every name it mentions is there."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

from royst.interviews.codebook import read_codebook
from royst.interviews.store import Store
from royst.interviews.substudy import read_substudy

MANUAL = (Path(__file__).parents[2] / "docs" / "interviews.md").read_text(encoding="utf-8")


def example(kind: str) -> str:
    found = re.search(rf"```{kind}\n(.*?)```", MANUAL, re.S)
    assert found is not None
    return found[1]


def test_the_example_files_are_read(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write("substudy.toml", example("toml"))
    store.write("codebook.json", example("json"))
    assert read_substudy(store).file.label == ["sex", "group"]
    assert read_codebook(store, {"activity"}, {"network_help"}).path("ensomhet") == ("Hverdag", "Ensomhet")


def test_every_function_that_the_manual_names_is_there() -> None:
    named = set(re.findall(r"`(\w+)\.(\w+)\b[^`]*`", MANUAL))
    modules = {path.stem for path in (Path(__file__).parents[2] / "royst" / "interviews").glob("*.py")}
    checked = [
        (module, name)
        for module, name in named
        if module in modules and name not in ("toml", "json", "csv", "jsonl", "txt")
    ]
    assert len(checked) > 20
    for module, name in checked:
        assert hasattr(importlib.import_module(f"royst.interviews.{module}"), name), f"{module}.{name}"
