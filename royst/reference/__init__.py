"""The reference study: a synthetic population, its samples and its answers, calibrated to published figures. Nothing in it is real."""

from royst.reference.write import write

__all__ = ["write"]
