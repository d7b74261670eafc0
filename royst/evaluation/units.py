import polars as pl

from royst.release import REPORT_UNITS, UNITS


def counts(study, wave):
    return pl.DataFrame(schema=UNITS)


def verdicts(study, wave, assigned):
    return pl.DataFrame(schema={**REPORT_UNITS, "domain": pl.String})
