"""Chance without a generator: SHA-256 of (seed, id) gives a number, the same on every machine and in any order."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]


def uniform(seed: str, stream: str, ids: Sequence[str]) -> Floats:
    """One number in (0, 1) for each id: the first 53 bits of SHA-256 of ``seed|stream|id``, and a half."""
    head = f"{seed}|{stream}|".encode()
    bits = [int.from_bytes(sha256(head + one.encode()).digest()[:8], "big") >> 11 for one in ids]
    return (np.array(bits, dtype=np.float64) + 0.5) / 2.0**53


def normal(seed: str, stream: str, ids: Sequence[str]) -> Floats:
    """One standard normal deviate for each id, by inversion, rounded so that no machine's last bit shows."""
    return np.asarray(np.round(ndtri(uniform(seed, stream, ids)), 6), dtype=np.float64)
