"""Numbers as people read them: per cent, points, means, intervals, counts and dates, in the words of one language.

Every function takes numbers as the release has them (shares 0–100, one decimal; means two) and never sees more. Rounding is half away from zero on
the decimal number as printed, so that what a reader can check by hand agrees.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from royst.words import Words

NBSP = "\u00a0"
MINUS = "\u2212"
LEVEL = 0.05
"""Below it a test has shown a difference."""
MANY = 100
"""Answers from which shares may be said in tenths and halves."""


def rounded(value: float, decimals: int = 0) -> Decimal:
    """The number at so many decimals, half away from zero; never minus zero."""
    result = Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return abs(result) if result == 0 else result


def plain(words: Words, value: float, decimals: int = 0) -> str:
    """Digits with the language's decimal mark, its thousands mark and a proper minus sign."""
    number = rounded(value, decimals)
    whole, _, part = f"{abs(number):f}".partition(".")
    if int(whole) >= words.setting("number.thousands_from"):
        whole = f"{int(whole):,}".replace(",", words("number.thousands"))
    sign = MINUS if number < 0 else ""
    return sign + whole + (words("number.decimal") + part if part else "")


def count(words: Words, value: float, *, neuter: bool = False) -> str:
    """A whole number in a text: in words up to twelve, else in digits."""
    names = words.list("number.neuter" if neuter else "number.common")
    number = int(rounded(value))
    return names[number] if 0 <= number < len(names) else plain(words, number)


def percent(words: Words, value: float) -> str:
    """``60 prosent``, ``fire prosent``; what would round to 0 or 100 without being it is said so."""
    number = int(rounded(value))
    if number == 0 and value > 0:
        return words("number.percent_less")
    if number == 100 and value < 100:
        return words("number.percent_more")
    return words("number.percent", value=count(words, number))


def percent_digits(words: Words, value: float) -> str:
    """``60 prosent`` in digits whatever its size, for brackets beside a number in words."""
    return words("number.percent", value=plain(words, value))


def cell(words: Words, value: float | None, decimals: int = 0) -> str:
    """``60 %`` with a no-break space, for tables and charts; empty where there is no number."""
    return "" if value is None else words("number.percent_cell", value=plain(words, value, decimals))


def decimal(words: Words, value: float | None, decimals: int) -> str:
    """A mean or a probability with its decimals; empty where there is no number."""
    return "" if value is None else plain(words, value, decimals)


def interval(words: Words, low: float | None, high: float | None, decimals: int = 0) -> str:
    """``57–63``; with a negative end ``−2 til 6`` would be read wrongly as a range sign, so such an interval takes spaces."""
    if low is None or high is None:
        return ""
    ends = plain(words, low, decimals), plain(words, high, decimals)
    key = "number.interval_signed" if low < 0 or high < 0 else "number.interval"
    return words(key, low=ends[0], high=ends[1])


def with_interval(words: Words, value: str, low: float | None, high: float | None, decimals: int = 0) -> str:
    """``54 % (47–61)``; the value alone where it has no interval."""
    between = interval(words, low, high, decimals)
    return words("chart.estimate", value=value, interval=between) if between else value


def signed(words: Words, value: float | None, decimals: int = 0) -> str:
    """A difference with its sign: ``+6``, ``−6``, ``0``; never ``−0``."""
    if value is None:
        return ""
    return ("+" if rounded(value, decimals) > 0 else "") + plain(words, value, decimals)


def points(words: Words, value: float, kind: str = "points") -> str:
    """The size of a difference of percentages (``points``) or of index points (``index_points``), whole and without a sign."""
    size = abs(rounded(value))
    if size == 0:
        return words(f"number.{kind}_none")
    return words(f"number.{kind}_{'one' if size == 1 else 'many'}", value=count(words, float(size), neuter=True))


def probability(words: Words, value: float | None, *, coarse: bool = False, differs: bool = False) -> str:
    """A p-value with three decimals, or that it is below them; with four where three would hide on which side of 0.05 it lies.

    ``coarse``: the release gives it with two decimals and no more is known, so 0.00 is only below 0.01, and 0.05 below 0.05 where the test ``differs``.
    """
    if value is None:
        return ""
    least, decimals = (0.01, 2) if coarse else (0.001, 3)
    below = LEVEL if coarse and differs and value == LEVEL else least
    if value < least or below == LEVEL:
        return words("number.p_less", value=plain(words, below, decimals))
    near = not coarse and value != LEVEL and rounded(value, 3) == Decimal(str(LEVEL))
    return plain(words, value, 4 if near else decimals)


def date(words: Words, iso: str) -> str:
    """``2020-06-15`` as ``15. juni 2020``, ``2020-06`` as ``juni 2020``; anything else as it stands."""
    parts = iso.split("-")
    if not all(part.isdigit() for part in parts) or len(parts) not in (2, 3) or not 1 <= int(parts[1]) <= 12:
        return iso
    month = words.list("date.months")[int(parts[1]) - 1]
    if len(parts) == 2:
        return words("date.month", month=month, year=parts[0])
    return words("date.long", day=str(int(parts[2])), month=month, year=parts[0])


def tenths(words: Words, value: float, n: int) -> str | None:
    """``seks av ti`` where the share lies within 2.5 points of a tenth and at least a hundred answered; else None."""
    nearest = int(rounded(value / 10))
    if n < MANY or not 1 <= nearest <= 9 or abs(Decimal(str(value)) - 10 * nearest) > Decimal("2.5"):
        return None
    return words("number.tenths", number=count(words, nearest))


def half(words: Words, value: float, n: int) -> str | None:
    """``nesten halvparten`` (46–49), ``halvparten`` (50), ``over halvparten`` (51–55) where at least a hundred answered; else None."""
    whole = int(rounded(value))
    if n < MANY or not 46 <= whole <= 55:
        return None
    return words("half.almost" if whole < 50 else "half.half" if whole == 50 else "half.over")


def share(words: Words, value: float, n: int) -> str:
    """A share inside a sentence: ``seks av ti (60 prosent)``, ``nesten halvparten (48 prosent)`` or ``37 prosent``."""
    said = half(words, value, n) or tenths(words, value, n)
    return words("share.half", half=said, percent=percent_digits(words, value)) if said else percent(words, value)
