"""One item of one wave as protection sees it: atoms, rows that are sums of atoms, and what is printed of each row.

People appear only as atoms, cells of the cross-classification of every group membership. A row is an item in one domain;
its cells are the row's answers. Rows are printed at a level: all answers, bands of answers, or two bands; or withheld.
Items are protected one by one, because no published number ties two items together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from royst.errors import Faults, wrong

WITHHELD_LEVEL = -1
"""The level of a row that is not printed. Levels 0, 1, 2 … are ever coarser."""


@dataclass(frozen=True, eq=False)
class Windows:
    """Weighted totals of every row, and the least and most that round to the printed figure; without end where none is printed.

    Arrays (rows, categories).
    """

    told: NDArray[np.float64]
    least: NDArray[np.float64]
    most: NDArray[np.float64]

    @classmethod
    def of(cls, told: NDArray[np.float64], step: NDArray[np.float64]) -> Windows:
        """Percentages printed to ``step`` points."""
        return cls._around(told, told.sum(1, keepdims=True) / 100, step)

    @classmethod
    def of_means(cls, told: NDArray[np.float64], whole: NDArray[np.float64], step: NDArray[np.float64]) -> Windows:
        """Means printed to a tenth of what percentages are printed to."""
        return cls._around(told, whole, step / 10)

    @classmethod
    def _around(cls, told: NDArray[np.float64], whole: NDArray[np.float64], step: NDArray[np.float64]) -> Windows:
        printed = np.isfinite(step)[:, None]
        step = np.where(printed[:, 0], step, 1.0)[:, None]
        figure = np.round(told / np.where(whole > 0, whole, 1.0) / step) * step
        least = np.where(printed, (figure - step / 2) * whole, -np.inf)
        most = np.where(printed, (figure + step / 2) * whole, np.inf)
        return cls(told, np.minimum(least, told), np.maximum(most, told))

    def less(self, known: NDArray[np.float64]) -> Windows:
        """The same figures with known totals taken out."""
        return Windows(self.told - known, self.least - known, self.most - known)


@dataclass(frozen=True, eq=False)
class Block:
    """The atoms and rows of one item in one wave.

    ``members``: (rows × atoms), 0/1; ``counts``: (atoms × answers), how many of the atom gave the answer (people who did
    not answer are in no atom); ``levels``: for each level an array (answers,) that says which printed category an answer
    falls in, the first one being all answers by themselves, each later one coarser than the one before; ``candidate``:
    (rows,) rows that the plan prints (the others are domains that must not be learnt either); ``cost``: (rows,) what it
    costs to withhold the row; ``holder``: (atoms,) the number of the unit that holds the atom's answers, −1 for none;
    ``weight``: (atoms,) what one person of the atom counts in weighted percentages, ``None`` where these are the plain ones;
    ``step``: (rows,) to how many points a row's weighted percentages are printed, infinite where none are; ``scores``: (answers,)
    what the answers count in a mean, ``None`` where no mean is printed; ``otherwise``: row to (atoms,) what a person counts in a
    row that does not go by ``weight``.
    """

    name: str
    rows: tuple[str, ...]
    members: sparse.csr_array
    counts: NDArray[np.int64]
    levels: tuple[NDArray[np.int64], ...]
    candidate: NDArray[np.bool_]
    cost: NDArray[np.float64]
    holder: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    weight: NDArray[np.float64] | None = None
    step: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    scores: NDArray[np.float64] | None = None
    otherwise: Mapping[int, NDArray[np.float64]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows, atoms = self.members.shape
        if len(self.rows) != rows or self.counts.shape[0] != atoms or (self.counts < 0).any():
            raise wrong(
                "contradictory-counts",
                f"the counts of {self.name} do not belong to its rows",
                "give one non-negative count for every atom and answer",
            )
        if not len(self.holder):
            object.__setattr__(self, "holder", np.full(atoms, -1, np.int64))
        if not len(self.step):
            object.__setattr__(self, "step", np.full(rows, np.inf))

    @cached_property
    def atoms(self) -> NDArray[np.int64]:
        """People in each atom, shape (atoms,)."""
        return self.counts.sum(1)

    @cached_property
    def n(self) -> NDArray[np.int64]:
        """People in each row, shape (rows,)."""
        return np.rint(self.members @ self.atoms.astype(float)).astype(np.int64)

    @cached_property
    def effective(self) -> NDArray[np.float64]:
        """Kish's effective number of people in each row, (Σw)² / Σw², shape (rows,): ``n`` where all weigh the same, 0 where nobody is."""
        if self.weight is None:
            return self.n.astype(float)
        whole = self.members @ (self.atoms * self.weight)
        return whole**2 / np.maximum(self.members @ (self.atoms * self.weight**2), np.finfo(float).tiny)

    def table(self, level: int = 0) -> NDArray[np.int64]:
        """Counts of every row at a level, shape (rows, categories of the level)."""
        return self.tables[level]

    @cached_property
    def tables(self) -> tuple[NDArray[np.int64], ...]:
        return tuple(
            np.rint(self.members @ merge(self.counts, level).astype(float)).astype(np.int64) for level in self.levels
        )

    @cached_property
    def weighted(self) -> sparse.csr_array:
        """What each atom's people count in each row, (rows × atoms)."""
        weight = np.ones(len(self.atoms)) if self.weight is None else self.weight
        found = sparse.csr_array(self.members.multiply(weight[None, :]))
        for row, own in self.otherwise.items():
            here = slice(*found.indptr[row : row + 2])
            found.data[here] = own[found.indices[here]]
        return found

    @cached_property
    def windows(self) -> tuple[Windows, ...]:
        """What the printed weighted figures allow at each level."""
        told = self.weighted @ self.counts.astype(float)
        return tuple(Windows.of(merge(told, codes), self.step) for codes in self.levels)

    def within(self, whole: Block, known: NDArray[np.float64]) -> Block:
        """This block, a part of ``whole``, held to what was printed of the whole: ``known`` (rows × answers) are the weighted
        totals of the others, who are known."""
        vars(self)["windows"] = tuple(
            window.less(merge(known, codes)) for window, codes in zip(whole.windows, whole.levels)
        )
        if whole.mean_window is not None and whole.scores is not None:
            vars(self)["mean_window"] = whole.mean_window.less((known @ whole.scores)[:, None])
        return self

    @cached_property
    def mean_window(self) -> Windows | None:
        """What the printed weighted means allow: sums of scores, (rows, 1)."""
        if self.scores is None:
            return None
        told = self.weighted @ self.counts.astype(float)
        return Windows.of_means((told @ self.scores)[:, None], told.sum(1, keepdims=True), self.step)

    @cached_property
    def gram(self) -> NDArray[np.float64]:
        """Atoms that each row shares with each candidate row, shape (rows, candidates in their order)."""
        return np.asarray((self.members @ self.members[np.flatnonzero(self.candidate)].T).todense())

    def without(self, rows: NDArray[np.bool_]) -> Block:
        """The same block where the marked rows are no longer to be printed."""
        return replace(self, candidate=self.candidate & ~rows)


def merge(counts: NDArray, level: NDArray[np.int64]) -> NDArray:
    """Add up the columns of ``counts`` (…, answers) that fall in one category of ``level``."""
    merged = np.zeros((counts.shape[0], int(level.max()) + 1 if len(level) else 0), counts.dtype)
    for answer, category in enumerate(level):
        merged[:, category] += counts[:, answer]
    return merged


def from_groups(
    name: str,
    groups: Mapping[str, Sequence[str | None]],
    answers: Sequence[str | None],
    choices: Sequence[str],
    printed: Iterable[Sequence[str]],
    guarded: Iterable[Sequence[str]] = (),
    *,
    bands: Sequence[Sequence[int]] = (),
    spare: Mapping[Sequence[str], float] | None = None,
    holder: str | None = None,
) -> Block:
    """Build a block from people's memberships.

    ``groups``: one sequence per grouping, a value per person (``None``: in no category of it); ``answers``: a choice per
    person, ``None`` where unanswered; ``printed`` and ``guarded``: groupings, crossed where several, whose domains are
    printed or must not be learnt (``()`` is everyone); ``bands``: coarser levels; ``spare``: multiplies the cost of a
    grouping's rows; ``holder``: the grouping whose categories hold their own answers. Domains that no answer falls in are
    left out. Raises ``InputError`` for an answer outside ``choices`` and for a grouping that people do not carry.
    """
    printed, guarded = [tuple(by) for by in printed], [tuple(by) for by in guarded]
    faults = Faults()
    for grouping in dict.fromkeys(g for by in [*printed, *guarded] for g in by):
        if grouping not in groups:
            faults.add(
                "missing-relation",
                f"{name}: nobody carries the grouping {grouping!r}",
                "add it to the people's columns",
            )
    number = {choice: k for k, choice in enumerate(choices)}
    for stray in sorted({str(a) for a in answers if a is not None and a not in number}):
        faults.add("value-outside-scale", f"{name}: the answer {stray!r}", f"one of {', '.join(choices)}")
    faults.stop()
    kept = [i for i, answer in enumerate(answers) if answer is not None]
    codes, labels = {}, {}
    for grouping, values in groups.items():
        labels[grouping] = sorted({str(values[i]) for i in kept if values[i] is not None})
        place = {label: k for k, label in enumerate(labels[grouping])}
        codes[grouping] = np.array([-1 if values[i] is None else place[str(values[i])] for i in kept], np.int64)
    key = np.stack(list(codes.values()), 1) if codes else np.zeros((len(kept), 1), np.int64)
    atoms, inverse = np.unique(key, axis=0, return_inverse=True) if kept else (key[:0], np.empty(0, np.int64))
    counts = np.zeros((len(atoms), len(choices)), np.int64)
    np.add.at(counts, (inverse.ravel(), np.array([number[str(answers[i])] for i in kept], np.int64)), 1)
    column = {grouping: k for k, grouping in enumerate(codes)}
    rows, members, candidate, cost = [], [], [], []
    for by, is_printed in [(by, True) for by in printed] + [(by, False) for by in guarded if by not in printed]:
        for domain, inside in _domains(tuple(by), atoms, column, labels):
            rows.append(domain)
            members.append(inside)
            candidate.append(is_printed)
            cost.append(float(counts[inside].sum()) * (spare or {}).get(by, 1.0))
    levels = (np.arange(len(choices)), *(np.asarray(band, np.int64) for band in bands))
    incidence = sparse.csr_array(
        (
            np.ones(sum(map(len, members))),
            np.concatenate([np.empty(0, np.int64), *members]),
            np.cumsum([0, *map(len, members)]),
        ),
        shape=(len(rows), len(atoms)),
    )
    held = atoms[:, column[holder]] if holder else np.empty(0, np.int64)
    return Block(name, tuple(rows), incidence, counts, levels, np.array(candidate, bool), np.array(cost), held)


def _domains(by: tuple[str, ...], atoms: NDArray[np.int64], column: Mapping[str, int], labels: Mapping[str, list[str]]):
    """Each non-empty domain of a grouping with the numbers of its atoms: ``sex=m;age=18-29``."""
    if not by:
        if len(atoms):
            yield "all", np.arange(len(atoms))
        return
    part = atoms[:, [column[g] for g in by]]
    inside = np.flatnonzero((part >= 0).all(1))
    if not len(inside):
        return
    found, place = np.unique(part[inside], axis=0, return_inverse=True)
    for k, values in enumerate(found):
        yield ";".join(f"{g}={labels[g][v]}" for g, v in zip(by, values)), inside[place.ravel() == k]
