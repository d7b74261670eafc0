"""Whether a researcher's reading and the survey's figure can both be true of an item."""

from __future__ import annotations

from royst.interviews.theme import Joint

HALF = 50.0


def at_odds(joint: Joint, low: float, high: float) -> bool:
    """Whether the stance plainly does not fit an estimate.

    ``low`` and ``high``: the interval of the share in the item's best band, in per cent. The survey says good where the whole interval is above half, poor where
    it is below. Talk of something poor cannot confirm what is good, nor contradict what is poor; and the other way round. Where the interval holds half, where
    the talk is of both, and where it ``widens``, nothing is at odds.
    """
    found = "good" if low > HALF else "poor" if high < HALF else ""
    if not joint.says or not found:
        return False
    agree = joint.says == found
    return (joint.stance == "confirms" and not agree) or (joint.stance == "contradicts" and agree)
