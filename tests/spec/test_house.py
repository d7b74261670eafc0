"""What holds for the whole house: it is tested as it is installed, every verb is documented, modules stay readable."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import royst
from royst import cli

ROOT = Path(__file__).parents[2]


def test_tests_run_against_the_installed_package() -> None:
    """In CI the wheel is what is tested, not the checkout."""
    here = Path(royst.__file__).resolve()
    if os.environ.get("CI"):
        assert "site-packages" in here.parts
        assert (here.parent / "py.typed").exists()


def _options() -> list[tuple[str, str]]:
    verbs = next(action for action in cli.parser()._actions if isinstance(action, argparse._SubParsersAction))
    return [
        (verb, option)
        for verb, sub in verbs.choices.items()
        for action in sub._actions
        for option in (action.option_strings or [""])
        if option not in ("-h", "--help")
    ]


def _interviews() -> list[tuple[str, str]]:
    """The actions of ``royst interviews``, each with its options."""
    verbs = next(action for action in cli.parser()._actions if isinstance(action, argparse._SubParsersAction))
    actions = next(a for a in verbs.choices["interviews"]._actions if isinstance(a, argparse._SubParsersAction))
    return [
        (name, option) for name, sub in actions.choices.items() for action in sub._actions for option in (action.option_strings or [""])
        if option not in ("-h", "--help", "--passphrase")
    ]  # fmt: skip


@pytest.mark.parametrize(("action", "option"), _interviews())
def test_every_action_of_interviews_is_documented(action: str, option: str) -> None:
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    mine = [part for part in re.split(r"^### ", text, flags=re.MULTILINE) if part.startswith((f"`royst interviews {action}`", f"`royst interviews {action} "))]
    assert mine, f"docs/commands.md has no part on royst interviews {action}"
    assert option in mine[0]


@pytest.mark.parametrize(("verb", "option"), _options())
def test_every_verb_and_option_is_documented(verb: str, option: str) -> None:
    chapters = re.split(r"^## ", (ROOT / "docs" / "commands.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    mine = [chapter for chapter in chapters if chapter.startswith(f"`royst {verb}")]
    assert mine, f"docs/commands.md has no chapter on royst {verb}"
    assert option in mine[0]


def test_documented_verbs_exist() -> None:
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^## `royst (\w+)", text, flags=re.MULTILINE)) == {verb for verb, _ in _options()}


def test_no_module_is_two_ideas() -> None:
    long = {str(path): n for path in (ROOT / "royst").rglob("*.py") if (n := len(path.read_text(encoding="utf-8").splitlines())) > 450}
    assert not long


def test_an_unknown_release_is_the_users_fault(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "royst", "publish", str(tmp_path), "--name", "2020-06"], capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 2
    assert "no protected release" in done.stderr


def test_the_command_line_starts_without_heavy_parts() -> None:
    """A minimal import: asking for help needs neither Django nor DuckDB nor Spark."""
    code = "import sys, royst.cli; royst.cli.parser(); print([m for m in ('django', 'duckdb', 'pyspark') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
