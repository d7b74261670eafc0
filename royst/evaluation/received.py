"""``royst estimate --totals``: what pooled answers would give, from the sums that sites sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl

from royst.errors import Faults, wrong
from royst.estimation import federated
from royst.evaluation import estimate, receiver, totals
from royst.evaluation.facts import INTERVAL
from royst.study import folder
from royst.study.agreement import ReceiverSection
from royst.study.folder import Study
from royst.study.units import took_part
from royst.totals import files, seal
from royst.totals.files import Sent

KEY = ["measure", "item", "category", "domain"]


def write(root: Path, given: Sequence[Path], key: Path | None, without: Sequence[str], out: Path | None, progress: estimate.Progress) -> list[str]:
    """Estimates from files of totals (or folders of them), all digits: as ``royst estimate`` of the pooled answers. Lines to print.

    ``key``: the file of the receiver's secret key. ``without``: units that send nothing, and are left out knowingly. Raises ``InputError`` with every
    file that cannot be used, every site that came twice and every one that is missing.
    """
    study = folder.read(root)
    if key is None:
        raise wrong("totals-sealed", "totals are sealed", "give the receiver's secret key: --key FILE")
    secret = receiver.secret(key)
    to = totals.receiver_of(study, seal.public_of(secret))
    progress(f"reading {len(given)} files")
    sent, faults = files.read_all(_files(given), secret)
    waves: dict[str, list[Sent]] = {}
    for one in sent:
        if _fits(study, to, one, faults):
            waves.setdefault(one.about["wave"], []).append(one)
    for wave, parts in waves.items():
        _twice(parts, faults)
        _missing(study, wave, parts, without, faults)
    faults.stop()
    if not waves:
        raise wrong("no-totals-files", "there are no totals", "name the files that the sites sent, or a folder of them")
    tables, said = [], []
    for wave in (one for one in study.waves if one in waves):
        progress(f"estimating {wave}")
        result = federated.pool(waves[wave], totals.plan(study, wave), study.file.plan.level, interval=INTERVAL)
        table = estimate.table(result, wave, "all")
        held = sorted({unit for one in waves[wave] for unit in one.about["units"]})
        said.append(f"{wave}: {table.height} estimates from {len(waves[wave])} files" + (f", {len(held)} units" if held else ""))
        if any(one.fewest for one in waves[wave]):
            cost = federated.cost(result)
            table = table.join(cost, on=KEY, how="left", maintain_order="left")
            said += _cost_said(table)
        tables.append(table)
    if without:
        said.append(f"without {', '.join(without)}: estimates stand for fewer units than were drawn")
    return [*said, "Not for publication: nothing is protected.", *estimate.put(pl.concat(tables, how="diagonal"), out)]


def _files(given: Iterable[Path]) -> list[Path]:
    """Every file, and every .parquet of a folder, in order."""
    return [path for one in given for path in (sorted(one.glob("[!.]*.parquet")) if one.is_dir() else [one])]


def _fits(study: Study, to: ReceiverSection, sent: Sent, faults: Faults) -> bool:
    """Whether a file is of this study as the receiver has it."""
    about = sent.about
    if not isinstance(about.get("terms"), dict) or not isinstance(about.get("units"), list):
        faults.add("not-totals", "the file does not say what it holds", "make it with royst totals", file=sent.path)
        return False
    if about.get("study") != study.file.id or about.get("wave") not in study.published_waves:
        faults.add(
            "totals-study", f"the totals are of wave {about.get('wave')!r} of the study {about.get('study')!r}",
            f"give totals of {study.file.id!r} and its waves: {', '.join(study.published_waves)}", file=sent.path,
        )  # fmt: skip
        return False
    ours = totals.terms(study, about["wave"], to)
    other = [name for name, value in ours.items() if about["terms"].get(name) != value]
    if other:
        faults.add(
            "totals-plan", f"the totals are of another plan: the site had another {', another '.join(other)}",
            "send every site the same study folder, and let it make the totals again", file=sent.path,
        )  # fmt: skip
    return not other


def _twice(parts: Sequence[Sent], faults: Faults) -> None:
    seen: dict[str, Path] = {}
    for one in parts:
        names = one.about["units"] or [one.checksum]
        again = [name for name in names if name in seen]
        if again:
            what = f"unit {', '.join(again)}" if one.about["units"] else "the same sums"
            faults.add("site-twice", f"{what} came twice: also in {seen[again[0]]}", "give the newer file alone", file=one.path)
        seen |= dict.fromkeys(names, one.path)


def _missing(study: Study, wave: str, parts: Sequence[Sent], without: Sequence[str], faults: Faults) -> None:
    """Units of the sample that took part and of which nothing came; where there is no sample, nobody knows."""
    if wave not in study.samples:
        return
    drawn = set(took_part(study.samples[wave])["unit"].to_list())
    came = {unit for one in parts for unit in one.about["units"]}
    for unit in sorted(drawn - came - set(without)):
        faults.add(
            "site-missing", f"wave {wave}: nothing came from unit {unit}", f"give its file, or go on without it: --without {unit}",
            file=study.folder.within(study.folder.sample(wave)),
        )  # fmt: skip
    for unit in sorted(set(without) & came):
        faults.add("site-not-missing", f"wave {wave}: unit {unit} is to be left out, and its sums are given", "leave out one of the two")
    for unit in sorted(set(without) - drawn):
        faults.add("unknown-unit", f"wave {wave}: no unit {unit} took part", "mend --without", file=study.folder.within(study.folder.sample(wave)))


def _cost_said(table: pl.DataFrame) -> list[str]:
    """What withholding cost, in three sentences; the columns of the table have it row by row."""
    touched = table.filter(pl.col("cells") > 0)
    gone = touched.filter(pl.col("n") == 0)
    lost, larger = (touched.select(pl.col(name).median()).item() for name in ("lost_share", "se_factor"))
    if touched.is_empty():
        return ["  small cells were withheld, and it cost nothing: no estimate lacks a sum"]
    return [
        f"  small cells were withheld: {touched.height} of {table.height} estimates lack some sums, {gone.height} of them all",
        f"  half of those may have lost {lost:.0%} of their answers or more"
        + ("" if larger is None else f"; of those that are left, half may have standard errors {larger:.1f} times as large or more"),
        "  what is lost is rare answers and small units, so estimates may also be biased: columns cells, at_most, lost_share, se_factor",
    ]  # fmt: skip
