"""Attackers: each a function from what is published (``Evidence``) to what it narrows (``Told``). None of them imports Røyst.

``ATTACKS`` names them as ``docs/protection.md`` does.
"""

from __future__ import annotations

from attackers import differencing, ends, filters, gaps, linear, pattern, proof, ranges, splits

ATTACKS = {
    "span": linear.span,
    "programme": linear.programme,
    "whole numbers": linear.whole_numbers,
    "weights": linear.weights,
    "splits": splits.splits,
    "differencing": differencing.differencing,
    "filters": filters.filters,
    "ends of indices": ends.ends,
    "gaps of indices": gaps.gaps,
    "expected range": ranges.expected_range,
    "counts of units": ranges.counts_of_units,
    "pattern": pattern.pattern,
    "certificate": proof.certificate,
}
