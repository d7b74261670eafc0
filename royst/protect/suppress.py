"""Primary and secondary suppression of whole rows.

Secondary suppression is the method of Statistics Norway's GaussSuppression (Langsrud 2024, "Secondary Cell Suppression by
Gaussian Elimination: An Algorithm Suitable for Handling Issues with Zeros and Singletons", Privacy in Statistical
Databases, LNCS 14915): candidates are taken in order, the dearest first, and a candidate is withheld when printing it
would make a sensitive row a linear combination of what is printed. The elimination is carried out on inner products
(a pivoted Cholesky factor of the Gram matrix), which needs rows × candidates numbers instead of rows × atoms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from royst.errors import wrong
from royst.protect.block import WITHHELD_LEVEL, Block, merge
from royst.protect.rules import RuleSet

TOLERANCE = 1e-7
"""Squared distance to the span, relative to the row's own size, below which a row counts as lying in it."""

CLOSE = 1e-6
"""Shadows that differ by less are looked at whole."""


@dataclass
class Span:
    """The span of the rows printed so far, and how far every row still is from it.

    ``distance``: (rows,) squared distance of each row to the span, in units of its own size. ``gram`` has shape
    (rows, candidates): inner products of every row with every candidate; ``own`` says which row each candidate is.
    """

    gram: NDArray[np.float64]
    own: NDArray[np.int64]
    size: NDArray[np.float64]

    def __post_init__(self) -> None:
        self.distance = np.ones(len(self.size))
        self._factor = np.empty((len(self.size), min(self.gram.shape[1], 64)))
        self._rank = 0

    def step(self, candidate: int) -> NDArray[np.float64] | None:
        """The column that printing the candidate would add to the factor; ``None`` where it lies in the span already."""
        row = self.own[candidate]
        if self.distance[row] <= TOLERANCE:
            return None
        factor = self._factor[:, : self._rank]
        residual = self.gram[:, candidate] - factor @ factor[row]
        return residual / np.sqrt(self.distance[row] * self.size[row])

    def after(self, column: NDArray[np.float64]) -> NDArray[np.float64]:
        """Every row's distance if that column is added."""
        return self.distance - column**2 / self.size

    def take(self, column: NDArray[np.float64]) -> None:
        if self._rank == self._factor.shape[1]:
            self._factor = np.concatenate([self._factor, np.empty_like(self._factor)], 1)
        self._factor[:, self._rank] = column
        self._rank += 1
        self.distance = self.after(column)


def inside(block: Block, printed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Rows that are linear combinations of the printed rows (the printed ones among them). Shape (rows,)."""
    if not printed.any():
        return np.zeros(len(block.rows), bool)
    rows, factor = _basis(block, printed)
    size = np.asarray(block.members.sum(1)).ravel()
    reached = linalg.solve_triangular(factor, block.gram[:, _places(block)[rows]].T, trans="T", check_finite=False)
    return (reached**2).sum(0) >= (1 - TOLERANCE) * size


def _basis(block: Block, printed: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Independent rows that span the printed ones, the dearer ones first, and the Cholesky factor of their Gram matrix.

    Pivots are taken from weighted rows, so that which of two equal rows is taken does not hang on the last bits of a product.
    """
    rows = keep_first(block)
    rows = rows[printed[rows]]
    gram = block.gram[np.ix_(rows, _places(block)[rows])]
    scale = (2.0 - np.arange(len(rows)) / max(len(rows), 1)) / np.sqrt(np.diag(gram))
    factor, pivots, rank, _ = linalg.lapack.dpstrf(gram * scale * scale[:, None], tol=TOLERANCE)
    chosen = pivots[:rank] - 1
    return rows[chosen], np.triu(factor[:rank, :rank]) / scale[chosen]


def _places(block: Block) -> NDArray[np.int64]:
    """Each candidate row's column in ``block.gram``. Shape (rows,)."""
    return np.cumsum(block.candidate) - 1


def primary(block: Block, rules: RuleSet, level: int = 0) -> NDArray[np.bool_]:
    """Rows that hold a sensitive fact at a level, printed or not. Shape (rows,)."""
    return rules.sensitive_rows(block.n, block.table(level))


def telltale(block: Block, rules: RuleSet, level: int) -> NDArray[np.bool_]:
    """Rows to print that would give the reason back why they are not printed finer. Shape (rows,).

    Where one category alone could hold a count too small to print, and so few are in it that every split of them that was
    held back is of such counts, its parts would be told: of three people, that they were not all of one part.
    """
    if not level:
        return np.zeros(len(block.rows), bool)
    fine, codes = block.levels[level - 1], block.levels[level]
    merged = [k for k in range(int(codes.max()) + 1) if len(set(fine[codes == k])) > 1]
    counts = block.table(level)[:, merged]
    return np.asarray(block.candidate & ((counts > 0).sum(1) == 1) & (counts.sum(1) <= rules.small.value + 1))


def subtracted(block: Block, rules: RuleSet, level: int) -> NDArray[np.bool_]:
    """Rows whose rest is sensitive once some unit takes its own answers out. Shape (rows,).

    Rows of the unit itself leave no rest. Counts at the given level.
    """
    units = int(block.holder.max()) + 1 if len(block.holder) else 0
    found = np.zeros(len(block.rows), bool)
    if not units:
        return found
    rows = np.flatnonzero(block.candidate)
    held_by = (block.holder[:, None] == np.arange(units)).astype(float)
    merged = merge(block.counts, block.levels[level])
    held = np.stack([block.members[rows] @ (held_by * merged[:, [k]]) for k in range(merged.shape[1])], 2)
    rest = block.table(level)[rows][:, None, :] - np.rint(held).astype(np.int64)
    touched = held.sum(2) > 0
    flat = rest.reshape(-1, merged.shape[1])
    sensitive = rules.sensitive_rows(flat.sum(1), flat).reshape(touched.shape)
    found[rows] = (sensitive & touched).any(1)
    return found


def secondary(
    block: Block,
    sensitive: NDArray[np.bool_],
    order: NDArray[np.int64] | None = None,
    among: NDArray[np.bool_] | None = None,
    forced: NDArray[np.bool_] | None = None,
) -> NDArray[np.bool_]:
    """Which candidate rows are printed so that no sensitive row can be added up or subtracted. Shape (rows,).

    ``order``: candidates from the one to keep first; the dearest first by default, ties by their place. ``among``: the
    only rows that may be printed; ``forced``: rows that are out already and stay, whatever they tell.
    """
    forced = np.zeros(len(block.rows), bool) if forced is None else forced
    sensitive = sensitive & ~inside(block, forced)
    allowed = block.candidate & ~sensitive & (block.n > 0)
    if among is not None:
        allowed &= among
    allowed |= forced
    reach = inside(block, allowed)
    if not (reach & sensitive).any():
        return allowed
    guarded = np.flatnonzero(sensitive & reach)
    order = keep_first(block) if order is None else order
    order = order[allowed[order]]
    order = np.concatenate([order[forced[order]], order[~forced[order]]])
    watched = np.concatenate([order, guarded])
    size = np.asarray(block.members.sum(1)).ravel()[watched]
    span = Span(block.gram[np.ix_(watched, _places(block)[order])], np.arange(len(order)), size)
    printed = np.zeros(len(block.rows), bool)
    for k, row in enumerate(order):
        column = span.step(k)
        if column is not None:
            if (span.after(column)[len(order) :] <= TOLERANCE).any():
                continue
            span.take(column)
        printed[row] = True
    return printed


def secondary_cells(
    x: NDArray | sparse.sparray, candidates: Sequence[int], primary: Sequence[int], forced: Sequence[int] = ()
) -> list[int]:
    """The candidates to withhold so that no primary cell is a linear combination of published ones, in the candidates' order: any
    table's, as the R package GaussSuppression puts it.

    ``x``: (inner cells × cells), 1 where an inner cell is part of a cell and else 0; the others number its columns from 0.
    ``candidates``: the one to keep first comes first; primary cells among them are left out. ``forced``: cells that are published
    whatever they tell. The same as ``SSBtools::GaussSuppression(x, candidates + 1, primary + 1, forced + 1, singletonMethod = "none")``
    (Langsrud 2024). Raises ``InputError`` (``contradictory-counts``) for other entries than 0 and 1.
    """
    members = sparse.csr_array(sparse.csr_array(x).T, dtype=float)
    if not np.isin(members.data, [0.0, 1.0]).all():
        raise wrong("contradictory-counts", "a relation matrix with other entries than 0 and 1", "say which inner cells make up each cell")
    some = np.flatnonzero(members.sum(1))  # what is made of nothing tells nothing
    place = {int(cell): k for k, cell in enumerate(some)}
    known = {place[cell] for cell in forced if cell in place}
    sensitive = {place[cell] for cell in primary if cell in place} - known
    order = [place[cell] for cell in dict.fromkeys([*forced, *candidates]) if cell in place and place[cell] not in sensitive]
    candidate, is_sensitive, is_forced = (np.isin(np.arange(len(some)), [*marked]) for marked in (order, sensitive, known))
    counts, one = np.ones((members.shape[1], 1), np.int64), (np.zeros(1, np.int64),)
    block = Block("cells", tuple(map(str, some)), members[some].tocsr(), counts, one, candidate, np.ones(len(some)))
    printed = secondary(block, is_sensitive, np.array(order, np.int64), forced=is_forced)
    return [int(some[k]) for k in order if not printed[k]]


def keep_first(block: Block) -> NDArray[np.int64]:
    """Candidates, the dearest to withhold first; ties by their place."""
    candidates = np.flatnonzero(block.candidate)
    return candidates[np.argsort(-block.cost[candidates], kind="stable")]


def suppress(
    block: Block, rules: RuleSet, out: NDArray[np.int64] | None = None, floor: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """The level at which each row is printed, ``WITHHELD_LEVEL`` for none. Shape (rows,).

    ``out``: levels at which rows are out already (earlier releases); they stay as they are. ``floor``: the finest level at
    which each row may be printed.

    Coarser levels are decided first: what may be printed in two bands, then which of those rows may be printed in more
    bands, then in all answers. A row printed finely also tells its coarse counts, so each level's sensitive facts are
    guarded against every row printed at that level or finer.
    """
    level = np.full(len(block.rows), WITHHELD_LEVEL)
    for coarse in reversed(range(len(block.levels))):
        sensitive = primary(block, rules, coarse) | telltale(block, rules, coarse)
        barred = subtracted(block, rules, coarse)
        among = level == coarse + 1 if coarse + 1 < len(block.levels) else np.ones(len(level), bool)
        among &= ~barred & (True if floor is None else floor <= coarse)
        forced = None if out is None else (out != WITHHELD_LEVEL) & (out <= coarse)
        if out is not None:
            among &= (out == WITHHELD_LEVEL) | (out <= coarse)  # what is out gets no finer
        printed = secondary(block, sensitive, among=among, forced=forced)
        level[printed] = coarse
        _unlink(block, sensitive, level, coarse, out)
    return level


def _unlink(
    block: Block, sensitive: NDArray[np.bool_], level: NDArray[np.int64], coarse: int, out: NDArray[np.int64] | None
) -> None:
    """Withhold rows until no unit can subtract rows of its own people from printed ones to reach a sensitive row of others.

    A row of a unit's people and a sensitive row are linked where what the printed rows leave of both is the same but for a
    factor. Changes ``level``.
    """
    unit = unit_of(block)
    if unit.max(initial=-1) < 1:
        return
    chosen = np.flatnonzero(sensitive | (unit >= 0))
    members = block.members[chosen]
    size = np.asarray(members.sum(1)).ravel()
    while (level == coarse).any():
        printed, factor = _basis(block, level == coarse)
        towards = block.gram[np.ix_(chosen, _places(block)[printed])]
        solved = linalg.cho_solve((factor, False), towards.T, check_finite=False).T
        far = np.maximum(size - (solved * towards).sum(1), 0.0)
        pair = _linked(block, members, solved, printed, far, size, sensitive[chosen], unit[chosen])
        if pair is None:
            return
        one, other = pair
        both = (members[[one]] @ members[[other]].T).toarray()[0, 0] - solved[one] @ towards[other]
        share = solved[one] - both / far[other] * solved[other]
        telling = printed[np.abs(share) > 1e-6]
        if out is not None:
            telling = telling[out[telling] == WITHHELD_LEVEL]
        if not len(telling):
            return
        row = min(telling, key=lambda row: (block.cost[row], row))
        level[row] = coarse + 1 if coarse + 1 < len(block.levels) else WITHHELD_LEVEL


def _linked(
    block: Block,
    members,
    solved: NDArray,
    printed: NDArray,
    far: NDArray,
    size: NDArray,
    sensitive: NDArray,
    unit: NDArray,
) -> tuple[int, int] | None:
    """A sensitive row and a row of another unit whose remainders are the same but for a factor, as places in ``members``.

    Remainders are compared by their shadows on two fixed directions first; equal shadows are then looked at whole.
    """
    atoms = len(block.atoms)
    directions = np.stack([np.sin(1.0 + np.arange(atoms) * k) for k in (1.7, 2.3)], 1)
    shadow = members @ directions - solved @ (block.members[printed] @ directions)
    away = far > TOLERANCE * size
    length = np.sqrt(np.where(away, far, 1.0))
    first, second = np.abs(shadow / length[:, None]).T
    order = np.flatnonzero(away)[np.argsort(first[away], kind="stable")]
    whole: NDArray | None = None
    for at, one in enumerate(order):
        for other in order[at + 1 :]:
            if first[other] - first[one] > CLOSE:
                break
            if abs(second[other] - second[one]) > CLOSE or unit[one] == unit[other]:
                continue
            if not ((sensitive[one] and unit[other] >= 0) or (sensitive[other] and unit[one] >= 0)):
                continue
            whole = block.members[printed].toarray() if whole is None else whole
            remainder = [members[[k]].toarray()[0] - solved[k] @ whole for k in (one, other)]
            if (
                abs(abs(remainder[0] @ remainder[1]) - length[one] * length[other])
                > TOLERANCE * length[one] * length[other]
            ):
                continue
            if sensitive[one] and unit[other] >= 0:
                return int(one), int(other)
            if sensitive[other] and unit[one] >= 0:
                return int(other), int(one)
    return None


def unit_of(block: Block) -> NDArray[np.int64]:
    """The unit that holds all of a row's people, −1 where several do. Shape (rows,)."""
    holder = block.holder[block.members.indices]
    starts = block.members.indptr[:-1]
    least, most = np.minimum.reduceat(holder, starts), np.maximum.reduceat(holder, starts)
    return np.where((least == most) & (np.diff(block.members.indptr) > 0), least, -1)
