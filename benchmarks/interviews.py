"""How long coding, comparing and carrying over take at 50,000 characters and 1,000 codings, as one interview of an hour and a half gives.

    python benchmarks/interviews.py

Prints each step with the median of five runs, in milliseconds. Where there is Chromium, the same in the browser: until the transcript is painted, until
all codings are drawn, and from a key to a coding that is kept and drawn. No result is asserted: machines differ.
"""

from __future__ import annotations

import hashlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from royst.interviews import coding as cod
from royst.interviews import consensus, reliability, revision, transcript
from royst.interviews.codebook import Code, Codebook, write_codebook
from royst.interviews.identifiers import find
from royst.interviews.store import Store

CHARACTERS, CODINGS, RUNS = 50_000, 1_000, 5
SAID = "Det kan gå tre dager uten at jeg snakker med noen, og da blir det stille. "


def number(*what: object) -> int:
    return int.from_bytes(hashlib.sha256(repr(what).encode()).digest()[:6], "big")


def timed(name: str, call: Callable[[], object], out: Callable[[str], object]) -> None:
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - start))
    out(f"{name:<52}{statistics.median(times):>10.1f} ms\n")


TOML = """format = 1
id = "t"
title = { nb = "Måling" }
purpose = {}
population = {}
[[researchers]]
id = "x"
roles = ["coder"]
"""
SERVE = "import sys; from pathlib import Path; from royst.web.coding import serving; serving.serve(Path(sys.argv[1]), 't', lambda of: '', port=8019, say=lambda s: print(s, flush=True))"
PRESS = """async () => {
  const status = document.getElementById('status'), text = document.getElementById('text'), start = performance.now();
  status.textContent = '';
  text.dispatchEvent(new KeyboardEvent('keydown', {key: '1', bubbles: true, cancelable: true}));
  while (!status.textContent) await new Promise(done => requestAnimationFrame(done));
  return performance.now() - start;
}"""


def in_browser(root: Path, passphrase: str, out: Callable[[str], object]) -> None:
    """The coding page of ``x`` in a real Chromium, on the same machine."""
    from playwright.sync_api import sync_playwright

    server = subprocess.Popen([sys.executable, "-c", SERVE, str(root)], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None and "is coded at" in server.stdout.readline()
        with sync_playwright() as running:
            flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
            page = running.chromium.launch(executable_path=shutil.which("chromium"), args=flags).new_page(
                viewport={"width": 1280, "height": 800}
            )
            page.goto("http://127.0.0.1:8019/in")
            page.fill("#name", "x")
            page.fill("#passphrase", passphrase)
            page.click("main button")
            page.wait_for_load_state()
            painted, drawn, kept = [], [], []
            for run in range(RUNS):
                page.goto(f"http://127.0.0.1:8019/code/r1/t#{2_000 + 9_000 * run}")
                page.reload()
                page.wait_for_selector("body[data-ready]")
                page.wait_for_timeout(300)
                painted.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
                drawn.append(page.evaluate("performance.getEntriesByName('ready')[0].startTime"))
                page.keyboard.press("s")
                kept.append(page.evaluate(PRESS))
            for name, times in (
                ("browser: asked for until the transcript is painted", painted),
                ("browser: until all codings are drawn", drawn),
                ("browser: a key until the coding is kept and drawn", kept),
            ):
                out(f"{name:<52}{statistics.median(times):>10.1f} ms\n")
    finally:
        server.terminate()
        server.wait()


def served(folder: Path, out: Callable[[str], object]) -> None:
    if shutil.which("chromium") is None:
        out("no Chromium here: the browser is not measured\n")
        return
    from royst.evaluation.interviews import coders

    (folder / "study.toml").write_text("format = 1\n", encoding="utf-8")
    said = coders.coder(folder, "t", "x", light=True)[0]
    in_browser(folder, said.partition(": ")[2], out)


def main(out: Callable[[str], object] = sys.stdout.write) -> None:
    lines = [f"{'IA'[n % 2]}: {n} {SAID}" for n in range(CHARACTERS // (len(SAID) + 6))]
    book = Codebook()
    for code in "abcdefghij":
        book = book.add(Code(code, code), by="x", on="2020-01-01")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        store = Store(root / "interviews" / "t")
        store.write("substudy.toml", TOML)
        write_codebook(store, book)
        made = transcript.add(store, "t", "\n".join(lines), voices={"A": "p"})
        cod.open_round(store, "r1", ["x", "y"], ["t"])
        for coder in "xy":
            codings = []
            for n in range(CODINGS):
                start = number(n, coder if n % 4 == 0 else "both") % (len(made.text) - 200)
                end = start + 20 + number(n, "length") % 150
                code = "abcdefghij"[n % 10]
                codings.append(cod.Coding(cod.coding_id(coder, n), "t", 1, start, end, code, coder, "r1"))
            cod.write_codings(store, coder, "r1", codings)
        out(f"{len(made.text):,} characters, {CODINGS:,} codings by each of two coders\n")
        places = iter(range(RUNS))
        timed(
            "read the transcript and own codings",
            lambda: (transcript.latest(store, "t"), cod.seen_by(store, "x", "r1")),
            out,
        )
        timed("one more coding", lambda: cod.code_words(store, book, "r1", "x", made, 10 + next(places), 40, "a"), out)
        timed("find what may identify", lambda: find(made), out)
        served(root, out)
        cod.close_round(store, "r1")
        timed("list of disagreements", lambda: consensus.disagreements(store, "r1", book), out)
        timed("agreement, all coefficients, ten codes", lambda: reliability.agreement_of_round(store, "r1", book), out)
        edits = iter(range(RUNS))

        def edit() -> None:
            newest = transcript.latest(store, "t")
            place = next(edits) * 7_000 + 500
            revision.revise(store, "t", newest.text[:place] + " rettet " + newest.text[place:], by="x", why="test")

        timed("an edit, and 2,000 codings carried over", edit, out)


if __name__ == "__main__":
    main()
