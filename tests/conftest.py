"""Shared by all tests: where real data stand, and the rule that CI skips nothing that nobody named."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("royst", deadline=None)  # a busy machine is no fault
settings.load_profile("royst")

HERE = Path(__file__).parent
ALLOWED = HERE / "allowed_skips.txt"


@cache
def has_r() -> bool:
    """Whether R with its survey package answers."""
    if shutil.which("Rscript") is None:
        return False
    done = subprocess.run(["Rscript", "-e", "library(survey)"], capture_output=True, check=False)
    return done.returncode == 0


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("real") and not os.environ.get("ROYST_REAL_DATA"):
        pytest.skip("needs ROYST_REAL_DATA")
    if item.get_closest_marker("r") and not has_r():
        pytest.skip("needs R with its survey package")
    if item.get_closest_marker("browser") and shutil.which("chromium") is None:
        pytest.skip("needs Chromium")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data; a test that takes this is marked ``real``."""
    return Path(os.environ["ROYST_REAL_DATA"])


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference study with its releases, as ``royst demo`` makes it; what that printed is in ``said.txt`` two folders up.

    ROYST_DEMO names such a folder that is there already.
    """
    if given := os.environ.get("ROYST_DEMO"):
        return Path(given) / "demo" / "bte"
    root = tmp_path_factory.mktemp("demo")
    done = subprocess.run([sys.executable, "-m", "royst", "demo", str(root / "demo")], capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    (root / "said.txt").write_text(done.stdout, encoding="utf-8")
    return root / "demo" / "bte"


skipped: dict[str, str] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped:
        skipped[report.nodeid] = str(report.longrepr[-1]) if isinstance(report.longrepr, tuple) else str(report.longrepr)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In CI, a skip that ``allowed_skips.txt`` does not name fails the run."""
    if not os.environ.get("CI"):
        return
    lines = ALLOWED.read_text(encoding="utf-8").splitlines()
    allowed = {line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()}
    unnamed = {node: why for node, why in skipped.items() if not any(node == a or node.startswith((a + "::", a + "[")) for a in allowed)}
    if unnamed:
        print("\nskipped, and not named in tests/allowed_skips.txt:")
        for node, why in sorted(unnamed.items()):
            print(f"  {node}: {why}")
        session.exitstatus = 1
