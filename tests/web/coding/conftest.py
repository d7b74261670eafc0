"""A sub-study of invented talk, served to three researchers who sign in: two coders and one who approves."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pytest

pytest.importorskip("django")

from royst.evaluation.interviews import coders, opening, rounds
from royst.interviews import transcript
from royst.interviews.codebook import Code, Codebook, write_codebook
from royst.interviews.store import Store

from ..conftest import Reply, ask, free_port

NAME = "talk"
TOML = """
format = 1
id = "talk"
synthetic = true
title = { nb = "Oppdiktet samtale", en = "Invented talk" }
purpose = { nb = "Til prøve." }
population = { nb = "Ingen." }
label = ["sex"]
[attributes.sex]
label = { nb = "Kjønn", en = "Sex" }
publish = true
values = { k = { nb = "kvinne", en = "woman" }, m = { nb = "mann", en = "man" } }
[[researchers]]
id = "anna"
roles = ["interviewer", "coder"]
[[researchers]]
id = "bo"
roles = ["coder"]
[[researchers]]
id = "cecilie"
roles = ["analyst", "approver"]
"""
PEOPLE = ("e01", "e02", "e03", "e04")
TEXT = """I: Hvordan er kveldene dine?
A: Kveldene er lange. Det er stille her 👩🏽‍🦳 og telefonen ringer ikke lenger. Jeg savner noen å spise med.
I: Hva hjelper?
A: At kontakten min ringer tilbake. עברית midt i setningen går fint. Da føler jeg meg sett.

I: Takk for praten.
"""


@dataclass
class Running:
    root: Path
    port: int
    passphrases: dict[str, str]
    passphrase: str = ""
    name: str = NAME
    process: subprocess.Popen[str] | None = None
    logged: list[str] = field(default_factory=list)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def store(self) -> Store:
        return opening.opened(self.root, self.name, lambda of: self.passphrase).store

    def start(self) -> None:
        code = (
            "import sys; from pathlib import Path; from royst.web.coding import serving;"
            "serving.serve(Path(sys.argv[1]), sys.argv[2], lambda of: sys.argv[4], port=int(sys.argv[3]), say=lambda s: print(s, flush=True))"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, str(self.root), self.name, str(self.port), self.passphrase], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if "is coded at" not in line:
            raise RuntimeError(self.process.communicate()[1])

    def end(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.logged += list(self.process.communicate(timeout=30))
            self.process = None


def written(folder: Path, text: str = TEXT) -> Path:
    root = folder / "study"
    root.mkdir()
    (root / "study.toml").write_text("format = 1\n", encoding="utf-8")
    store = Store(root / "interviews" / NAME)
    store.write("substudy.toml", TOML)
    store.write("participants.csv", "participant,sex\n" + "".join(f"{id},k\n" for id in PEOPLE))
    store.write("consents.csv", "participant,version,given,quotes\n" + "".join(f"{id},1,2020-01-01,yes\n" for id in PEOPLE))
    for id in PEOPLE[:2]:
        transcript.add(store, id, text, voices={"A": id})
    book = Codebook()
    for id, name, parent in (("hverdag", "Hverdag", None), ("ensom", "Ensomhet", "hverdag"), ("sett", "Bli sett", "hverdag"), ("stille", "Stillhet", "hverdag")):
        book = book.add(Code(id, name, parent, definition=f"Om {name.lower()}.", codable=parent is not None), by="anna", on="2020-01-01")
    write_codebook(store, book)
    return root


def signing(root: Path) -> dict[str, str]:
    return {who: coders.coder(root, NAME, who, light=True)[0].partition(": ")[2] for who in ("anna", "bo", "cecilie")}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    root = written(tmp_path)
    rounds.open_round(root, NAME, "r1", opening.nobody, coders=["anna", "bo"])
    found = Running(root, free_port(), signing(root))
    found.start()
    yield found
    found.end()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Serves a study with another text."""
    made: list[Running] = []

    def run(text: str) -> Running:
        root = written(tmp_path, text)
        rounds.open_round(root, NAME, "r1", opening.nobody, coders=["anna", "bo"])
        made.append(Running(root, free_port(), signing(root)))
        made[-1].start()
        return made[-1]

    yield run
    for one in made:
        one.end()


class Person:
    """Somebody with cookies and forms and no script; remembers every reply."""

    def __init__(self, running: Running, name: str = ""):
        self.running, self.cookies, self.replies = running, {}, []  # type: tuple[Running, dict[str, str], list[Reply]]
        if name:
            self.get("/in")
            assert self.post("/in", name=name, passphrase=running.passphrases[name]).status == 303

    def ask(self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None) -> Reply:
        sent = {"Origin": self.running.base, **(headers or {})}
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        reply = ask(self.running.port, self.cookies, method, path, body.encode() if body is not None else None, sent)
        self.replies.append(reply)
        return reply

    def get(self, path: str) -> Reply:
        return self.ask("GET", path)

    def post(self, path: str, data: bool = False, many: tuple[tuple[str, str], ...] = (), **fields: str) -> Reply:
        token = next(m[1] for r in reversed(self.replies) if (m := re.search(r'csrfmiddlewaretoken" value="([^"]+)"', r.text)))
        pairs = [("csrfmiddlewaretoken", token), *fields.items(), *many]
        return self.ask("POST", path, urlencode(pairs), {"Accept": "application/json"} if data else {})
