"""Røyst: a national user-experience evaluation, from question to published, protected finding."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from royst.estimation.estimate import estimate as estimate
    from royst.estimation.measures import band as band
    from royst.estimation.measures import index as index
    from royst.estimation.measures import mean as mean
    from royst.estimation.measures import not_relevant as not_relevant
    from royst.estimation.measures import quantile as quantile
    from royst.estimation.measures import ratio as ratio
    from royst.estimation.measures import share as share
    from royst.estimation.measures import total as total
    from royst.estimation.result import Result as Result
    from royst.totals.design import Design as Design
    from royst.weighting.calibration import calibrate as calibrate

_PLACES = {
    "Design": "royst.totals.design",
    "calibrate": "royst.weighting.calibration",
    "estimate": "royst.estimation.estimate",
    "Result": "royst.estimation.result",
    **dict.fromkeys(
        ("mean", "share", "band", "not_relevant", "total", "ratio", "index", "quantile"), "royst.estimation.measures"
    ),
    "Study": "royst.study.folder",
    "InputError": "royst.errors",
}

__all__ = ["__version__", *_PLACES]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'royst' has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
