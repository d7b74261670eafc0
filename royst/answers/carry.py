"""Background that was asked once and follows each person or unit to later waves: the rule ``[carry]``."""

from __future__ import annotations

import polars as pl

from royst.errors import wrong
from royst.study.folder import Study


def reaches(study: Study, wave: str) -> bool:
    """Whether background is carried to this wave: it comes after the wave that asked."""
    rule = study.file.carry
    return rule is not None and study.waves.index(wave) > study.waves.index(rule.wave)


def items(study: Study, wave: str) -> tuple[str, ...]:
    """The items carried to a wave. One that the wave asked itself is not: its own answer stands, unanswered too."""
    rule = study.file.carry
    return tuple(name for name in rule.items if name not in study.instruments[wave]) if rule else ()


def join(study: Study, frame: pl.DataFrame, background: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    """``frame`` with the carried items behind its columns, null where the key has no background. Rows keep their number and order.

    Raises ``InputError`` where a key stands twice in the background.
    """
    rule = study.file.carry
    assert rule is not None
    twice = (
        background.filter(pl.col(rule.key).is_not_null())
        .group_by(rule.key)
        .len()
        .filter(pl.col("len") > 1)
        .sort(rule.key)
    )
    if twice.height:
        shown = ", ".join(twice[rule.key].head(5).to_list())
        found = f"{twice.height} values of {rule.key} stand twice in wave {rule.wave}: {shown}"
        raise wrong(
            "repeated-key",
            found,
            "background can only be carried from one row a key",
            file=study.folder.within(study.folder.answers(rule.wave)),
            column=rule.key,
        )
    return frame.join(background.select(rule.key, *names), on=rule.key, how="left", maintain_order="left")
