"""Work of which no part waits for another, on several processors."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TypeVar

THREADS = min(4, os.cpu_count() or 1)
Part = TypeVar("Part")
Done = TypeVar("Done")


def side_by_side(work: Callable[[Part], Done], parts: Iterable[Part], worth_it: bool = True) -> list[Done]:
    """What ``work`` gives for each part, in the parts' order; in one thread where the parts are too small to be ``worth_it``.

    A part is made (where ``parts`` makes them) when a thread is free for it and not before, so that memory holds a few.
    """
    waiting: Iterator[tuple[int, Part]] = enumerate(parts)
    done: dict[int, Done] = {}
    lock = Lock()

    def one_after_the_other(_: int) -> None:
        while True:
            with lock:
                following = next(waiting, None)
            if following is None:
                return
            done[following[0]] = work(following[1])

    if not worth_it or THREADS == 1:
        one_after_the_other(0)
    else:
        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(one_after_the_other, range(THREADS)))
    return [done[place] for place in range(len(done))]
