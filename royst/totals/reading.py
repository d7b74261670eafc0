"""Answers of any common kind as Polars columns, and a column's values as codes with labels in a fixed order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from royst.errors import Faults, wrong

MISSING_TEXTS = ["", "NA", "NaN"]
NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
LARGEST = 1e100
WIDEST = 1 << 62  # whole numbers beyond it leave no room to count in 64 bits
NARROW = 4096  # a range of whole numbers this wide is encoded through a table
ZERO_LED = r"^\s*[+-]?0\d"


def open_frame(data: Any) -> pl.LazyFrame:
    """A lazy frame over Polars, pandas or Arrow data, a mapping of columns, or a path to CSV or Parquet.

    In CSV files "", "NA" and "NaN" are missing, and a column whose values start with 0 (``0301``) stays text.
    """
    if isinstance(data, pl.DataFrame):
        return data.lazy()
    if isinstance(data, str | Path):
        return _readable(Path(data))
    try:
        frame = _as_frame(data)
        frame.collect_schema()
        return frame
    except (TypeError, ValueError, AttributeError, pl.exceptions.PolarsError) as error:
        raise wrong(
            "data-kind",
            f"The data are a {type(data).__name__} that cannot be read as a table: {_first_line(error)}",
            "Give a Polars or pandas DataFrame, an Arrow table, or a path to a CSV or Parquet file, with columns of one "
            "length, one kind and a name of their own.",
        ) from error


def _as_frame(data: Any) -> pl.LazyFrame:
    if isinstance(data, pl.LazyFrame):
        return data
    if isinstance(data, dict):
        return pl.DataFrame(data).lazy()
    if type(data).__module__.startswith("pandas"):
        return pl.from_pandas(data.reset_index(drop=True), nan_to_null=True).lazy()
    if data is None:
        raise TypeError("there is nothing.")
    frame = pl.from_arrow(data)
    return frame.to_frame().lazy() if isinstance(frame, pl.Series) else frame.lazy()


def _readable(path: Path) -> pl.LazyFrame:
    """The file's frame; an ``InputError`` where it is not there or is not what its name says."""
    try:
        frame = _open_path(path)
        frame.collect_schema()
        return frame
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        raise unreadable(error, path) from error


def unreadable(error: Exception, path: Path | None) -> Exception:
    """A file that is there but is not what its name says, as an ``InputError``."""
    return wrong(
        "file-unreadable",
        f"The file cannot be read: {_first_line(error)}",
        "Give a Parquet file, or a CSV file in UTF-8 with commas, one header and as many values on each line.",
        file=path,
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]


def _open_path(path: Path) -> pl.LazyFrame:
    if not path.exists():
        raise wrong("file-missing", "There is no such file.", "Check the path.", file=path)
    kind = path.suffix.lower()
    if kind in {".parquet", ".pq"} or path.is_dir():
        return pl.scan_parquet(path)
    if kind in {".arrow", ".feather", ".ipc"}:
        return pl.scan_ipc(path)
    if kind in {".csv", ".tsv", ".txt"}:
        separator = "\t" if kind == ".tsv" else ","
        texts = pl.read_csv(path, infer_schema=False, null_values=MISSING_TEXTS, separator=separator)
        _refuse_twins(path, texts.columns)
        return texts.with_columns(_typed(column) for column in texts).lazy()
    raise wrong("file-kind", f"{path.suffix!r} files are not read here.", "Give a CSV or Parquet file.", file=path)


def _refuse_twins(path: Path, names: list[str]) -> None:
    """Polars renames a header's second ``x`` to ``x_duplicated_0``; which of the two was meant nobody can tell."""
    twins = [stem for stem, mark, number in (name.rpartition("_duplicated_") for name in names) if mark and number.isdigit()]
    twins = [stem for stem in dict.fromkeys(twins) if stem and stem in names]
    if twins:
        raise wrong(
            "column-twice",
            f"More than one column is called {', '.join(map(repr, twins))}.",
            "Give each column a name of its own.",
            file=path,
            row=1,
            column=twins[0],
        )


def _typed(texts: pl.Series) -> pl.Series:
    """A column of texts as numbers where every value is one and none is led by a zero that a number would lose."""
    filled = texts.drop_nulls()
    if not len(filled) or not filled.str.contains(NUMBER).all() or filled.str.contains(ZERO_LED).any():
        return texts
    stripped = texts.str.strip_chars()
    whole = stripped.cast(pl.Int64, strict=False)
    return whole if whole.null_count() == texts.null_count() else stripped.cast(pl.Float64)


def check_columns(there: Sequence[str], columns: Iterable[str]) -> None:
    """An ``InputError`` that names every column that is missing and lists those there are."""
    faults = Faults()
    for name in dict.fromkeys(columns):
        if name not in there:
            faults.add(
                "column-missing",
                f"There is no column {name!r}.",
                f"The data have: {', '.join(list(there)[:40])}{' …' if len(there) > 40 else ''}.",
                column=name,
            )
    faults.stop()


def read_columns(frame: pl.LazyFrame, columns: Sequence[str]) -> pl.DataFrame:
    """The named columns; an ``InputError`` names every one that is missing."""
    check_columns(frame.collect_schema().names(), columns)
    if not columns:
        return frame.select(pl.lit(1).alias("__row").repeat_by(1).explode()).collect()
    return frame.select(columns).collect()


def label(value: Any) -> str:
    """A value as a stable text: whole floats without ".0", truth values in lower case."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)


def check_finite(column: pl.Series) -> None:
    """An ``InputError`` where a number is infinite, or so large that its square is."""
    if not column.dtype.is_float():
        return
    beyond = (column.abs() > LARGEST) & column.is_not_nan()  # Polars holds NaN for larger than any number
    if beyond.any():
        row = int(beyond.fill_null(False).arg_max() or 0)
        raise wrong(
            "number-infinite",
            f"{column.name} is {column[row]} in row {row + 2}: too large to be added up.",
            "Make it missing, or mend it.",
            row=row + 2,
            column=column.name,
        )


@dataclass(frozen=True)
class Codes:
    """A column as codes: 0 for missing, k for ``labels[k - 1]``; ``values`` are the labels as numbers, or None."""

    codes: NDArray[Any]
    labels: tuple[str, ...]
    values: NDArray[np.float64] | None


def encode(column: pl.Series) -> Codes:
    """Codes in the values' own order: numbers by size, texts by code point, an Enum by its declaration."""
    return encode_all([column])[0]


def encode_all(columns: Iterable[pl.Series]) -> list[Codes]:
    """``encode`` of columns of one length: those of whole numbers near each other together, which is quicker."""
    plain = [_plain(column) for column in columns]
    ends = {place: found for place, column in enumerate(plain) if (found := _near(column))}
    offsets = pl.DataFrame([_offset(plain[place], *both).alias(str(place)) for place, both in ends.items()])
    if any(one.null_count() for one in offsets):
        offsets = offsets.fill_null(0)
    return [
        _encode_offset(offsets[str(place)].to_numpy(), *ends[place]) if place in ends else _encode_levels(column)
        for place, column in enumerate(plain)
    ]


def _near(column: pl.Series) -> tuple[int, int] | None:
    """The least and the largest of whole numbers that lie near each other; None of other columns."""
    low, high = (column.min(), column.max()) if column.dtype.is_integer() else (None, None)
    if low is None or int(high) - int(low) >= NARROW or abs(int(low)) > WIDEST:  # type: ignore[arg-type]
        return None
    return int(low), int(high)  # type: ignore[arg-type]


def _offset(column: pl.Series, low: int, high: int) -> pl.Series:
    """1, 2, … from ``low``, in a byte each where they fit (bytes wrap, so that only their difference from ``low`` counts)."""
    if high - low < 255:
        byte = column.cast(pl.UInt8, wrap_numerical=True)
        return byte - (low - 1) % 256 if (low - 1) % 256 else byte
    offset = column.cast(pl.Int32 if -(1 << 30) < low < 1 << 30 else pl.Int64) - (low - 1)
    return offset.cast(pl.Int32)


def _encode_offset(codes: NDArray[Any], low: int, high: int) -> Codes:
    width = high - low + 1
    seen = np.bincount(codes[:NARROW], minlength=width + 1) > 0
    if not seen[1:].all():  # the first rows seldom lack a value
        seen = np.bincount(codes, minlength=width + 1) > 0
    seen[0] = False
    levels = np.flatnonzero(seen) - 1 + low
    codes = codes if len(levels) == width else np.cumsum(seen)[codes]
    return Codes(_narrow(codes, len(levels)), tuple(str(level) for level in levels.tolist()), levels.astype(np.float64))


def _encode_levels(column: pl.Series) -> Codes:
    if isinstance(column.dtype, pl.Enum):
        return _encode_enum(column)
    levels = column.drop_nulls().unique().sort()
    if not len(levels):
        return Codes(np.zeros(len(column), np.uint8), (), np.zeros(0))
    labels = tuple(label(value) for value in levels.to_list())
    values = levels.cast(pl.Float64).to_numpy() if levels.dtype.is_numeric() or levels.dtype == pl.Boolean else None
    if column.dtype == pl.String:
        codes = column.cast(pl.Enum(levels)).to_physical().cast(pl.Int64)
    else:
        codes = column.replace_strict(levels, pl.Series(np.arange(len(levels))), return_dtype=pl.Int64)
    return Codes(_narrow(codes.fill_null(-1).to_numpy() + 1, len(levels)), labels, values)


def _refuse_nested(column: pl.Series) -> None:
    if column.dtype.is_nested() or column.dtype in {pl.Object, pl.Binary}:
        raise wrong(
            "column-kind",
            f"Column {column.name!r} is of kind {column.dtype}, which holds no single answers.",
            "Make a column of texts or numbers of it.",
            column=column.name,
        )


def _plain(column: pl.Series) -> pl.Series:
    """Categories as texts, decimals and NaN as ordinary numbers and nulls; an ``InputError`` for lists, bytes and objects."""
    _refuse_nested(column)
    if column.dtype == pl.Categorical:
        return column.cast(pl.String)
    if column.dtype.is_decimal():
        column = column.cast(pl.Float64)
    if column.dtype.is_float():
        column = column.fill_nan(None)
        whole = column.cast(pl.Int64, strict=False)
        if (whole.cast(column.dtype) == column).all() and whole.null_count() == column.null_count():
            return whole
    return column


def _encode_enum(column: pl.Series) -> Codes:
    labels = tuple(column.dtype.categories.to_list())  # type: ignore[attr-defined]
    codes = column.to_physical().cast(pl.Int64).fill_null(-1).to_numpy() + 1
    return Codes(_narrow(codes, len(labels)), labels, None)


def many_values(column: pl.Series, few: int) -> bool:
    """Whether a column is a number to go through row by row, not an answer with few values; looks no longer than it must."""
    if not column.dtype.is_numeric():
        return False
    if column.dtype.is_integer():
        low, high = column.min(), column.max()
        return low is not None and int(high) - int(low) >= NARROW and column.n_unique() > few  # type: ignore[arg-type]
    return column.head(10 * few).n_unique() > few or column.n_unique() > few


def _narrow(codes: NDArray[Any], levels: int) -> NDArray[Any]:
    return codes.astype(np.uint8 if levels < 255 else np.int32, copy=False)


def numbers(column: pl.Series) -> NDArray[np.float64]:
    """A column as floats, NaN where missing; texts that are numbers count, other texts are an ``InputError``."""
    if column.dtype == pl.Boolean or column.dtype.is_numeric():
        return column.cast(pl.Float64).to_numpy()
    if column.dtype == pl.Null:
        return np.full(len(column), np.nan)
    _refuse_nested(column)
    texts = column.cast(pl.String)
    parsed = texts.cast(pl.Float64, strict=False)
    bad = texts.filter((parsed.is_null() & texts.is_not_null()) | ((parsed.abs() > LARGEST) & parsed.is_not_nan()))
    if len(bad):
        raise wrong(
            "not-a-number",
            f"Column {column.name!r} holds {bad[0]!r}, which is not a number that can be added up.",
            "Ask for its shares, or give scores= that say what each answer is worth.",
            column=column.name,
        )
    return parsed.to_numpy()
