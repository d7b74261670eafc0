"""Verbs, pages and releases take turns at writing in a sub-study.

1. While another process writes, a verb that would write waits, then says so, exits 2 and changes nothing; verbs that read go on.
2. A process that was killed while it wrote blocks nobody.
3. Two processes that write at the same time lose nothing of each other's.

That a consent withdrawn while a release is made stops the release stands in ``test_release_interviews.py``.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from royst import cli
from royst.errors import InputError
from royst.evaluation.interviews import opening
from royst.interviews import coding
from royst.interviews.store import Store

NAME = "unge"
WRITER = """
import sys
from pathlib import Path
from royst.evaluation.interviews import opening
with opening.alone(opening.within(Path(sys.argv[1])), sys.argv[2]):
    print("writing", flush=True)
    sys.stdin.read()
"""
OPENER = """
import sys
from pathlib import Path
from royst.evaluation.interviews import opening, rounds
print("ready", flush=True)
sys.stdin.readline()
for n in range(25):
    rounds.open_round(Path(sys.argv[1]), sys.argv[2], f"{sys.argv[3]}{n}", opening.nobody, coders=["anna"])
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "study"
    root.mkdir()
    (root / "study.toml").write_text("format = 1\n", encoding="utf-8")
    assert cli.main(["interviews", "start", str(root), NAME, "--title", "Unge"]) == 0
    with (root / "interviews" / NAME / "substudy.toml").open("a", encoding="utf-8") as file:
        file.write('[[researchers]]\nid = "anna"\nroles = ["coder"]\n')
    talk = tmp_path / "talk.txt"
    talk.write_text("I: Hvordan går det?\nA: Det går fint.\nI: Bra.\nA: Ja.\n", encoding="utf-8")
    assert cli.main(["interviews", "import", str(root), NAME, "e01", str(talk)]) == 0
    return root


def began(code: str, *parts: object) -> subprocess.Popen[str]:
    """Another process, once it has said its first word."""
    found = subprocess.Popen([sys.executable, "-c", code, *map(str, parts)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert found.stdout is not None and found.stdout.readline()
    return found


@pytest.fixture
def writer(root: Path) -> Iterator[subprocess.Popen[str]]:
    found = began(WRITER, root, NAME)
    yield found
    found.kill()
    found.communicate()


def rounds(root: Path) -> list[str]:
    return [found.name for found in coding.rounds(Store(root / "interviews" / NAME))]


def opened(root: Path) -> int:
    return cli.main(["interviews", "open", str(root), NAME, "r1", "--coder", "anna"])


def test_who_would_write_waits_and_is_then_told(
    root: Path, writer: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(opening, "WAIT", 0.2)
    capsys.readouterr()
    assert opened(root) == 2
    assert "somebody else is writing in the sub-study unge" in capsys.readouterr().err and rounds(root) == []
    assert cli.main(["interviews", "check", str(root), NAME]) == 0, "reading goes on"
    writer.communicate("")
    assert opened(root) == 0 and rounds(root) == ["r1"]


def test_who_was_killed_blocks_nobody(root: Path, writer: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "WAIT", 0.2)
    writer.kill()
    writer.wait()
    assert opened(root) == 0 and rounds(root) == ["r1"]


def test_two_who_write_at_once_lose_nothing(root: Path) -> None:
    both = [began(OPENER, root, NAME, name) for name in ("a", "b")]
    for one in both:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    assert [one.wait(timeout=120) for one in both] == [0, 0]
    assert sorted(rounds(root)) == sorted(f"{name}{n}" for name in "ab" for n in range(25))


def test_a_folder_that_cannot_be_written_in_is_told(root: Path) -> None:
    place = opening.within(root).writing(NAME)
    place.unlink(missing_ok=True)
    place.mkdir()
    with pytest.raises(InputError) as stop, opening.writing(root, NAME):
        pass
    assert [fault.code for fault in stop.value.faults] == ["not-written"]
