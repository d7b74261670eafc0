"""The engines by name."""

from __future__ import annotations

from typing import Any

from royst.errors import wrong
from royst.totals.embedded import Embedded

ENGINES = ("embedded", "duckdb", "spark")


def engine_for(name: str, data: Any) -> Any:
    """An engine over data: ``embedded``, ``duckdb`` or ``spark``; an engine that is already open is returned as it is."""
    if hasattr(data, "totals") and hasattr(data, "levels"):
        return data
    if name == "embedded":
        return Embedded(data)
    if name in ENGINES:
        from royst.totals import databases

        return databases.DuckDB(data) if name == "duckdb" else databases.Spark(data)
    raise wrong("engine", f"engine={name!r} is not known.", f"Use one of: {', '.join(ENGINES)}.")
