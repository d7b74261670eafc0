"""Norwegian national identity numbers and their check digits.

Eleven digits: day, month, year, an individual number of three, and two check digits modulo 11 (regulation on the population register, FOR-2017-07-14-1201,
section 2-2). A D-number has 4 added to its first digit; a help number 4 to its third; synthetic test persons have 8 added to the third (Norwegian Tax
Administration), or 65 to the month together. Numbers given from 2032 may break the first check digit's rule in three more ways, which is allowed for.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

Kind = Literal["fødselsnummer", "D-number", "help number", "synthetic"]

_FIRST = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
_SECOND = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)


def check_digits_hold(number: str) -> bool:
    """Whether both check digits of eleven digits are right, by the rule before 2032 or from it."""
    digits = [int(digit) for digit in number]
    first = sum(weight * digit for weight, digit in zip(_FIRST, digits, strict=False)) % 11
    second = sum(weight * digit for weight, digit in zip(_SECOND, digits, strict=True)) % 11
    return first in (0, 1, 2, 3) and second == 0


def identity_number(number: str) -> Kind | None:
    """Which kind of identity number eleven digits are; None where the check digits or the date do not hold."""
    if len(number) != 11 or not (number.isascii() and number.isdigit()) or not check_digits_hold(number):
        return None
    day, month, year = int(number[:2]), int(number[2:4]), int(number[4:6])
    kind: Kind = "fødselsnummer"
    if day > 40:
        day, kind = day - 40, "D-number"
    for added, name in ((80, "synthetic"), (65, "synthetic"), (40, "help number")):
        if added < month <= added + 12:
            month, kind = month - added, name  # type: ignore[assignment]
            break
    try:
        # 2000 is a leap year, so that the 29th of February is let through: the century is not known.
        date(2000 + year % 4 if (day, month) == (29, 2) else 2001, month, day)
    except ValueError:
        return None
    return kind
