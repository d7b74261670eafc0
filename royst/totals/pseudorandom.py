"""Pseudo-random numbers from SHA-256 of a text: the same on any machine, in any order, with no state."""

from __future__ import annotations

import hashlib

import numpy as np

from royst.totals.table import Floats, Ints


def uniforms(count: int, *key: object) -> Floats:
    """``count`` numbers in (0, 1) from the key's text; four from each digest."""
    prefix = "|".join(map(str, key)) + "|"
    blocks = (hashlib.sha256((prefix + str(k)).encode("utf-8")).digest() for k in range((count + 3) // 4))
    whole = np.frombuffer(b"".join(blocks), dtype=">u8")[:count]
    return np.asarray((whole.astype(np.float64) + 0.5) / 2.0**64)


def draws(count: int, size: int, *key: object) -> Ints:
    """``count`` draws with replacement from 0 … size − 1."""
    return np.minimum((uniforms(count, *key) * size).astype(np.int64), size - 1)
