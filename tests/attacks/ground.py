"""The ground the attackers stand on: a small study, and a process that cannot import Røyst."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from studies import Shape

HERE = Path(__file__).parent

BLOCKED = "import sys; sys.modules['royst'] = None; import runpy; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
"""Starts a program in which ``import royst`` fails."""

SMALL = Shape("small", {"2019": (260, 9, 0)}, scales=(5, 5, 5), groups=("sex", "age"), blank=0.0)


def attack(folder: Path, *names: str) -> list[dict]:
    """Run the attackers (those named, or all) on a folder, in a process that cannot import the program."""
    run = subprocess.run(
        [sys.executable, "-c", BLOCKED, str(HERE / "attack.py"), str(folder), *names],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]  # some builds of HiGHS print their name
