"""The engines that SQL is spoken to, and what each says in its own words: how data are opened, and how a query is run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from royst.errors import InputError, wrong
from royst.totals.reading import open_frame, unreadable
from royst.totals.sql import Sql
from royst.totals.sqltext import TABLE, for_arrow, literal, quoted, without_nan


class DuckDB(Sql):
    """DuckDB: Parquet files are scanned where they lie, so that data may be larger than memory."""

    name = "duckdb"

    def _open(self, data: Any) -> dict[str, pl.DataType]:
        try:
            import duckdb
        except ImportError as error:
            raise wrong("duckdb-missing", "DuckDB is not installed.", "pip install royst[duckdb]") from error
        self._connection = duckdb.connect()
        path = Path(data) if isinstance(data, str | Path) else None
        if path is not None and path.suffix.lower() in {".parquet", ".pq"}:
            if not path.exists():
                raise wrong("file-missing", "There is no such file.", "Check the path.", file=path)
            source = f"read_parquet({literal(str(path))})"
        else:
            self._connection.register("royst_source", for_arrow(open_frame(data)).collect().to_arrow())
            source = "royst_source"
        try:
            schema = dict(self._connection.sql(f"SELECT * FROM {source} LIMIT 0").pl().schema)
        except duckdb.Error as error:
            raise unreadable(error, path) from error
        self._connection.execute(f"CREATE VIEW {TABLE} AS SELECT {without_nan(schema, quoted)} FROM {source}")
        return schema

    def query(self, text: str) -> pl.DataFrame:
        return self._connection.sql(text).pl()


class Spark(Sql):
    """Spark: a session that stands is used, otherwise one is started on this machine's cores."""

    name = "spark"

    def _open(self, data: Any) -> dict[str, pl.DataType]:
        try:
            from pyspark.sql import DataFrame, SparkSession
        except ImportError as error:
            raise wrong("spark-missing", "PySpark is not installed.", "pip install royst[spark]") from error
        with _told():
            self._session = SparkSession.getActiveSession() or (
                SparkSession.builder.master("local[*]")
                .appName("royst")
                .config("spark.ui.enabled", "false")
                .config("spark.sql.session.timeZone", "UTC")
                .config("spark.sql.shuffle.partitions", "8")
                .config("spark.sql.ansi.enabled", "true")
                .config("spark.sql.ansi.doubleQuotedIdentifiers", "true")
                .getOrCreate()
            )
            frame = data if isinstance(data, DataFrame) else self._frame(data)
            schema = dict(pl.from_arrow(frame.limit(0).toArrow()).schema)  # type: ignore[union-attr]
            frame.createOrReplaceTempView("royst_source")
            columns = without_nan(schema, quoted)
            self._session.sql(f"CREATE OR REPLACE TEMP VIEW {TABLE} AS SELECT {columns} FROM royst_source")
        return schema

    def _frame(self, data: Any) -> Any:
        path = Path(data) if isinstance(data, str | Path) else None
        if path is not None and path.suffix.lower() in {".parquet", ".pq"}:
            return self._session.read.parquet(str(path))
        table = open_frame(data).collect()
        plain = [
            pl.col(name).cast(pl.String) for name, kind in table.schema.items() if kind in (pl.Categorical, pl.Enum)
        ]
        return self._session.createDataFrame(table.with_columns(plain).to_arrow())

    def query(self, text: str) -> pl.DataFrame:
        with _told():
            frame = pl.from_arrow(self._session.sql(text).toArrow())
        assert isinstance(frame, pl.DataFrame)
        return frame


@contextmanager
def _told() -> Iterator[None]:
    """Whatever a cluster dies of, as an ``InputError``: its own errors have no common class."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        raise wrong(
            "spark-failed",
            f"Spark did not finish: {(str(error) or type(error).__name__).splitlines()[0][:200]}",
            "Nothing was estimated. Look at the cluster's log, start Python anew and run it again.",
        ) from error
