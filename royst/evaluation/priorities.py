import polars as pl

from royst.release import PRIORITIES


def priorities(study, wave):
    return pl.DataFrame(schema=PRIORITIES)
