"""The small study and its release, made once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from ground import SMALL  # noqa: E402
from studies import Study  # noqa: E402

from royst import protect  # noqa: E402


@pytest.fixture(scope="session")
def small_study() -> Study:
    return Study(SMALL)


@pytest.fixture(scope="session")
def small_release(small_study: Study) -> protect.Protected:
    return protect.protect(small_study.candidate("2019"), small_study.rules)
