"""How the sample was drawn: the sampling design that every estimate is conditional on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from royst.errors import Faults, wrong

if TYPE_CHECKING:
    from royst.totals.projection import Calibration

SINGLETON_RULES = ("fail", "adjust", "average", "certainty", "remove", "collapse")
Names = str | Sequence[str] | None


def as_names(names: Names) -> tuple[str, ...]:
    """One name or several as a tuple; None, "1" and "~1" (R's "no clusters") as an empty one."""
    if names is None:
        return ()
    found = (names,) if isinstance(names, str) or not isinstance(names, Iterable) else tuple(names)
    return () if found in (("1",), ("~1",)) else found


def as_design(design: Any) -> Design:
    """A design as it was given, a simple random sample for None; an ``InputError`` for anything else."""
    if not isinstance(design, Design | None):
        raise wrong(
            "not-a-design",
            f"The design is {design!r}.",
            'Give a royst.Design, as royst.Design(psu="unit", weight="w"), or None for a simple random sample.',
        )
    return Design() if design is None else design


@dataclass(frozen=True, init=False)
class Design:
    """A sampling design by the names of its columns.

    ``strata``, ``psu`` and ``fpc`` hold one column name per stage (a plain string is one stage). Without ``psu`` every
    row is its own unit. ``weight`` is the column of sampling weights; instead, ``probs`` names inclusion probabilities
    (one column per stage, multiplied). With neither, weights follow from ``fpc`` where it is given, and are 1 otherwise.
    ``fpc`` holds population sizes (> 1) or sampling fractions (<= 1), the same kind throughout a stage. ``pps="brewer"``
    uses Brewer's approximation with ``fpc`` as inclusion probabilities. ``nest=True`` says that psu ids repeat between
    strata. ``singleton`` says what a stratum with one sampled unit contributes: ``fail`` (an error), ``adjust`` (its
    distance from the whole sample's mean), ``average`` (the mean of the other strata), ``certainty`` (nothing; R also
    says ``remove``) or ``collapse`` (it is joined with the stratum next to it in sorted order).

    Semantics are those of R's ``survey::svydesign`` and ``options(survey.lonely.psu)`` (Lumley 2010, chapters 2–3);
    ``collapse`` follows Rust and Kalton (1987) and is not in R.
    """

    strata: tuple[str, ...]
    psu: tuple[str, ...]
    weight: str | None
    fpc: tuple[str, ...]
    nest: bool
    singleton: str
    probs: tuple[str, ...]
    pps: str | None
    calibration: Calibration | None

    def __init__(
        self,
        strata: Names = None,
        psu: Names = None,
        weight: str | None = None,
        fpc: Names = None,
        nest: bool = False,
        singleton: str = "fail",
        *,
        probs: Names = None,
        pps: str | None = None,
        calibration: Calibration | None = None,
    ):
        put = object.__setattr__
        put(self, "strata", as_names(strata))
        put(self, "psu", as_names(psu))
        put(self, "weight", weight)
        put(self, "fpc", as_names(fpc))
        put(self, "nest", nest)
        put(self, "singleton", singleton)
        put(self, "probs", as_names(probs))
        put(self, "pps", pps or None)
        put(self, "calibration", calibration)
        self._check()

    def _check(self) -> None:
        faults = Faults()
        for part in ("strata", "psu", "weight", "fpc", "probs"):
            value = getattr(self, part)
            for name in value if isinstance(value, tuple) else () if value is None else (value,):
                if not isinstance(name, str) or not name:
                    faults.add("not-a-column", f"{part} holds {name!r}.", "Name a column of the data, as a text.")
        if getattr(self.calibration, "weights", None) is None and self.calibration is not None:
            faults.add("calibration-kind", f"calibration is {self.calibration!r}.", "Leave it to royst.calibrate.")
        if not isinstance(self.nest, bool):
            faults.add("nest", f"nest={self.nest!r} is neither True nor False.", "Say True where unit ids repeat between strata.")
        faults.stop()
        if self.singleton not in SINGLETON_RULES:
            faults.add(
                "singleton-rule",
                f"singleton={self.singleton!r} is not a rule for strata with one unit.",
                f"Use one of: {', '.join(SINGLETON_RULES)}.",
            )
        if self.weight and self.probs:
            faults.add(
                "weight-and-probs", "Both weight and probs are given.", "Give one of them: a weight is 1 / probability."
            )
        if self.pps not in (None, "brewer"):
            faults.add("pps-method", f"pps={self.pps!r} is not known.", 'Use pps="brewer", or leave it out.')
        if self.pps == "brewer" and not self.fpc:
            faults.add(
                "pps-without-fpc",
                "pps is given without fpc.",
                "Name the column of inclusion probabilities in fpc, as R's svydesign(pps=) does.",
            )
        if len(self.strata) > max(1, len(self.psu)):
            faults.add(
                "strata-stages",
                f"strata names {len(self.strata)} columns ({', '.join(self.strata)}), the design has "
                f"{max(1, len(self.psu))} stage(s).",
                "Give one strata column per stage; to stratify one stage by a cross, make one column of it.",
            )
        if len(self.fpc) > max(1, len(self.psu) + 1):
            faults.add(
                "fpc-stages",
                f"fpc names {len(self.fpc)} columns for {max(1, len(self.psu))} stage(s).",
                "Give at most one fpc column per stage.",
            )
        faults.stop()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that the design reads, each once."""
        names = (*self.strata, *self.psu, *((self.weight,) if self.weight else ()), *self.probs, *self.fpc)
        return tuple(dict.fromkeys(names))

    @property
    def stages(self) -> int:
        """How many stages the variance uses: those that have an fpc, and the first in any case.

        Without an fpc the first stage's variance holds the later ones' (with replacement); with one it must be added for
        each stage whose fpc is given, as in R.
        """
        return max(1, len(self.fpc)) if not self.pps else 1

    def replace(self, **changes: object) -> Design:
        """The same design with some of its parts changed."""
        old = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return Design(**{**old, **changes})
