"""How long coding, comparing and carrying over take at 50,000 characters and 1,000 codings, as one interview of an hour and a half gives.

    python benchmarks/interviews.py

Prints each step with the median of five runs, in milliseconds. No result is asserted: machines differ.
"""

from __future__ import annotations

import hashlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from royst.interviews import coding as cod
from royst.interviews import consensus, reliability, revision, transcript
from royst.interviews.codebook import Code, Codebook
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


def main(out: Callable[[str], object] = sys.stdout.write) -> None:
    lines = [f"{'IA'[n % 2]}: {n} {SAID}" for n in range(CHARACTERS // (len(SAID) + 6))]
    book = Codebook()
    for code in "abcdefghij":
        book = book.add(Code(code, code), by="x", on="2020-01-01")
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
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
