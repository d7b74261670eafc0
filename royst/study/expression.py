"""The expressions of XLSForm that Røyst understands: a subset of XPath 1.0 with ODK's functions, parsed and evaluated without side effects.

In: numbers, texts, ``${item}``, ``.`` (the answer itself), a bare name (a column of the choice, in choice filters), ``or and = != < <= > >= + - * div mod``,
parentheses, and the functions of ``FUNCTIONS``. Out: paths, repeats, and all that depends on the clock, chance or other files.

Sources: XPath 1.0 (W3C 1999) sections 3.4, 3.5 and 4.2–4.4 for comparison and conversion; ODK XForms specification, section "XPath functions". An answer is the text
that a form holds, numbers too; an unanswered item is the empty text. The number of a text that is none is NaN, and no comparison with NaN but ``!=`` holds. Whether a bare
``${item}`` is true is refused: XPath asks whether the question is there, other programs whether it is answered.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

Value = float | str | bool
LONGEST, DEEPEST = 10_000, 60


class ExpressionError(ValueError):
    """The expression is outside the subset; the message says where and why."""


@dataclass(frozen=True)
class Literal:
    value: Value


@dataclass(frozen=True)
class Reference:
    """``${name}``."""

    name: str


@dataclass(frozen=True)
class Current:
    """``.``: the answer that a constraint is about."""


@dataclass(frozen=True)
class Attribute:
    """A bare name: a column of the choice that a filter looks at."""

    name: str


@dataclass(frozen=True)
class Call:
    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Binary:
    sign: str
    left: Expression
    right: Expression


Expression = Literal | Reference | Current | Attribute | Call | Binary


@dataclass(frozen=True)
class Context:
    """What an expression is evaluated against: answers by item (absent ones are unanswered), the answer itself, the choice's columns."""

    answers: Mapping[str, Value]
    current: Value = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


def text(value: Value) -> str:
    """XPath's ``string``: whole numbers without decimals, and no exponents."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    return value


def number(value: Value) -> float:
    """XPath's ``number``: NaN for a text that is none."""
    if isinstance(value, bool):
        return 1.0 if value else 0.0
    if isinstance(value, str):
        return float(value) if re.fullmatch(r"\s*-?(\d+(\.\d*)?|\.\d+)\s*", value) else math.nan
    return value


def truth(value: Value) -> bool:
    """XPath's ``boolean``."""
    if isinstance(value, float):
        return value != 0 and not math.isnan(value)
    return bool(value)


def evaluate(expression: Expression, context: Context) -> Value:
    """The expression's value."""
    match expression:
        case Literal(value):
            return value
        case Reference(name):
            return text(context.answers.get(name, ""))
        case Current():
            return text(context.current)
        case Attribute(name):
            return context.attributes.get(name, "")
        case Call(name, arguments):
            return FUNCTIONS[name].run(*(evaluate(argument, context) for argument in arguments))
        case Binary("and", left, right):
            return truth(evaluate(left, context)) and truth(evaluate(right, context))
        case Binary("or", left, right):
            return truth(evaluate(left, context)) or truth(evaluate(right, context))
        case Binary(sign, left, right):
            return _binary(sign, evaluate(left, context), evaluate(right, context))


def _binary(sign: str, left: Value, right: Value) -> Value:
    if sign in ("=", "!="):
        if isinstance(left, bool) or isinstance(right, bool):
            same = truth(left) == truth(right)
        elif isinstance(left, float) or isinstance(right, float):
            same = number(left) == number(right)
        else:
            same = left == right
        return same == (sign == "=")
    a, b = number(left), number(right)
    match sign:
        case "<":
            return a < b
        case "<=":
            return a <= b
        case ">":
            return a > b
        case ">=":
            return a >= b
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "div":
            return (
                a / b
                if b
                else (math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1.0, b))
            )
        case _:
            return math.fmod(a, b) if b and not math.isinf(a) else math.nan


def _signed(found: float, value: float) -> float:
    """A nought keeps the sign of what it was made from."""
    return math.copysign(0.0, value) if found == 0 else float(found)


def _round(value: float, digits: float = 0.0) -> float:
    """Half away from zero towards plus infinity, as XPath's ``round``; NaN where the number of digits is none."""
    if math.isnan(value) or math.isinf(value) or not math.isfinite(digits):
        return value if math.isfinite(digits) else math.nan
    scale = 10.0 ** max(-15, min(15, int(digits)))
    scaled = value * scale
    return _signed(math.floor(scaled + 0.5) / scale, value) if math.isfinite(scaled) else value


def _whole(value: Value) -> float:
    found = number(value)
    return _signed(math.trunc(found), found) if math.isfinite(found) else found


def _substring(whole: str, start: float, end: float = math.inf) -> str:
    """From ``start`` until before ``end``, counted from 0, or from the end where negative; a number that is none counts as 0."""
    first, last = (0 if math.isnan(place) else int(max(-1e9, min(1e9, place))) for place in (start, end))
    return whole[first:last]


def _least(values: tuple[Value, ...], choose: Callable[[list[float]], float]) -> float:
    numbers = [number(value) for value in values]
    return math.nan if any(map(math.isnan, numbers)) else choose(numbers)


def _selected_at(said: Value, place: Value) -> str:
    words, index = text(said).split(), number(place)
    return words[int(index)] if not math.isnan(index) and 0 <= index < len(words) else ""


@dataclass(frozen=True)
class Function:
    """``least`` and ``most`` arguments (most None: any number); ``gives``: number, text or truth."""

    run: Callable[..., Value]
    least: int
    most: int | None
    gives: str


FUNCTIONS: dict[str, Function] = {
    "selected": Function(lambda said, name: text(name) in text(said).split(), 2, 2, "truth"),
    "selected-at": Function(_selected_at, 2, 2, "text"),
    "count-selected": Function(lambda said: float(len(text(said).split())), 1, 1, "number"),
    "if": Function(lambda condition, then, other: then if truth(condition) else other, 3, 3, "text"),
    "coalesce": Function(lambda first, second: first if text(first) not in ("", "NaN") else second, 2, 2, "text"),
    "not": Function(lambda value: not truth(value), 1, 1, "truth"),
    "true": Function(lambda: True, 0, 0, "truth"),
    "false": Function(lambda: False, 0, 0, "truth"),
    "boolean": Function(truth, 1, 1, "truth"),
    "number": Function(number, 1, 1, "number"),
    "int": Function(_whole, 1, 1, "number"),
    "round": Function(lambda value, digits=0.0: _round(number(value), number(digits)), 1, 2, "number"),
    "floor": Function(lambda value: _signed(math.floor(n), n) if math.isfinite(n := number(value)) else n, 1, 1, "number"),
    "ceiling": Function(lambda value: _signed(math.ceil(n), n) if math.isfinite(n := number(value)) else n, 1, 1, "number"),
    "abs": Function(lambda value: abs(number(value)), 1, 1, "number"),
    "min": Function(lambda *values: _least(values, min), 1, None, "number"),
    "max": Function(lambda *values: _least(values, max), 1, None, "number"),
    "string": Function(text, 1, 1, "text"),
    "string-length": Function(lambda value: float(len(text(value))), 1, 1, "number"),
    "normalize-space": Function(lambda value: " ".join(text(value).split()), 1, 1, "text"),
    "concat": Function(lambda *values: "".join(map(text, values)), 1, None, "text"),
    "contains": Function(lambda whole, part: text(part) in text(whole), 2, 2, "truth"),
    "starts-with": Function(lambda whole, part: text(whole).startswith(text(part)), 2, 2, "truth"),
    "ends-with": Function(lambda whole, part: text(whole).endswith(text(part)), 2, 2, "truth"),
    "substr": Function(
        lambda whole, start, end=math.inf: _substring(text(whole), number(start), number(end)), 2, 3, "text"
    ),
}

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>\d+(?:\.\d*)?|\.\d+)
  | (?P<text>"[^"]*"|'[^']*')
  | \$\{\s*(?P<item>[A-Za-z_][\w.-]*)\s*\}
  | (?P<name>[A-Za-z_][\w-]*(?:[.:][\w-]+)*)
  | (?P<sign><=|>=|!=|[=<>+*(),-]|\.(?![.\w]))
    )""",
    re.VERBOSE | re.ASCII,
)
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("or",),
    ("and",),
    ("=", "!="),
    ("<", "<=", ">", ">="),
    ("+", "-"),
    ("*", "div", "mod"),
)


@lru_cache(maxsize=4096)
def parse(said: str) -> Expression:
    """The expression, or ``ExpressionError``."""
    if len(said) > LONGEST:
        raise ExpressionError(f"it is longer than {LONGEST} signs")
    parser = _Parser(_tokens(said))
    found = parser.level(0)
    if parser.at < len(parser.tokens):
        raise ExpressionError(f"nothing is expected before {parser.tokens[parser.at][1]!r}")
    return found


def _tokens(said: str) -> list[tuple[str, str]]:
    found, at = [], 0
    said = said.rstrip()
    while at < len(said):
        match = _TOKEN.match(said, at)
        if match is None or match.lastgroup is None:
            raise ExpressionError(f"{said[at:].strip()[:20]!r} is outside what Røyst reads of XPath")
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


class _Parser:
    """Recursive descent: one level of precedence a call, loosest first."""

    def __init__(self, tokens: list[tuple[str, str]]):
        self.tokens, self.at, self.depth = tokens, 0, 0

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "the end")

    def take(self) -> tuple[str, str]:
        token = self.peek()
        self.at += 1
        return token

    def expect(self, sign: str) -> None:
        if self.peek() != ("sign", sign):
            raise ExpressionError(f"{sign!r} is expected before {self.peek()[1]!r}")
        self.at += 1

    def level(self, which: int) -> Expression:
        if which == len(_LEVELS):
            return self.unary()
        left = self.level(which + 1)
        while self.peek()[1] in _LEVELS[which] and self.peek()[0] in ("sign", "name"):
            sign = self.take()[1]
            left = Binary(sign, left, self.level(which + 1))
        return left

    def unary(self) -> Expression:
        signs = 0
        while self.peek() == ("sign", "-"):
            self.take()
            signs += 1
        found = self.primary()
        if not signs:
            return found
        factor = -1.0 if signs % 2 else 1.0
        if isinstance(found, Literal) and isinstance(found.value, float):
            return Literal(factor * found.value)
        return Binary("*", Literal(factor), found)

    def primary(self) -> Expression:
        kind, said = self.take()
        if kind == "number":
            return Literal(float(said))
        if kind == "text":
            return Literal(said[1:-1])
        if kind == "item":
            return Reference(said)
        if (kind, said) == ("sign", "."):
            return Current()
        if (kind, said) == ("sign", "("):
            return self.inside()
        if kind == "name":
            return self.call(said) if self.peek() == ("sign", "(") else Attribute(said)
        raise ExpressionError(f"a value is expected before {said!r}")

    def inside(self) -> Expression:
        self.depth += 1
        if self.depth > DEEPEST:
            raise ExpressionError(f"it is nested deeper than {DEEPEST} levels")
        found = self.level(0)
        self.expect(")")
        self.depth -= 1
        return found

    def call(self, name: str) -> Expression:
        function = FUNCTIONS.get(name)
        if function is None:
            raise ExpressionError(f"the function {name}() is not one that Røyst evaluates")
        self.expect("(")
        self.depth += 1
        if self.depth > DEEPEST:
            raise ExpressionError(f"it is nested deeper than {DEEPEST} levels")
        arguments: list[Expression] = []
        if self.peek() != ("sign", ")"):
            arguments.append(self.level(0))
            while self.peek() == ("sign", ","):
                self.take()
                arguments.append(self.level(0))
        self.expect(")")
        self.depth -= 1
        if len(arguments) < function.least or (function.most is not None and len(arguments) > function.most):
            raise ExpressionError(f"{name}() is given {len(arguments)} arguments")
        return Call(name, tuple(arguments))


def parts(expression: Expression) -> Iterator[Expression]:
    """The expression and all in it."""
    yield expression
    inner: tuple[Expression, ...] = ()
    if isinstance(expression, Call):
        inner = expression.arguments
    elif isinstance(expression, Binary):
        inner = (expression.left, expression.right)
    for part in inner:
        yield from parts(part)


def bare(expression: Expression, *, asked: bool = False) -> Iterator[Expression]:
    """The answers in it that stand where a truth is wanted. ``asked``: a truth is wanted of the whole."""
    match expression:
        case Reference() | Current() | Attribute():
            if asked:
                yield expression
        case Binary(sign, left, right):
            for side in (left, right):
                yield from bare(side, asked=sign in ("and", "or"))
        case Call(name, arguments):
            for place, argument in enumerate(arguments):
                yield from bare(argument, asked=name in ("not", "boolean") or (name == "if" and (place == 0 or asked)))
        case _:
            pass


def references(expression: Expression) -> tuple[str, ...]:
    """The items that it names, each once, in order."""
    return tuple(dict.fromkeys(part.name for part in parts(expression) if isinstance(part, Reference)))


def gives(expression: Expression) -> str:
    """The kind of value: ``number``, ``text`` or ``truth``. An ``if`` or ``coalesce`` of two numbers gives numbers."""
    match expression:
        case Literal(value):
            return "truth" if isinstance(value, bool) else "number" if isinstance(value, float) else "text"
        case Binary(sign, _, _):
            return "number" if sign in ("+", "-", "*", "div", "mod") else "truth"
        case Call("if", (_, *branches)) | Call("coalesce", branches):
            kinds = {gives(branch) for branch in branches}
            return kinds.pop() if len(kinds) == 1 else "text"
        case Call(name, _):
            return FUNCTIONS[name].gives
        case _:
            return "text"


def bounds(rule: Expression) -> tuple[float | None, float | None]:
    """The least and the greatest answer that a constraint such as ``. >= 0 and . <= 10`` lets through, where it says so plainly; else None."""
    low: float | None = None
    high: float | None = None
    for part in _conjuncts(rule):
        match part:
            case Binary(">=", Current(), Literal(float(value))) | Binary("<=", Literal(float(value)), Current()):
                low = value if low is None else max(low, value)
            case Binary("<=", Current(), Literal(float(value))) | Binary(">=", Literal(float(value)), Current()):
                high = value if high is None else min(high, value)
            case _:
                pass
    return low, high


def _conjuncts(rule: Expression) -> Iterator[Expression]:
    if isinstance(rule, Binary) and rule.sign == "and":
        yield from _conjuncts(rule.left)
        yield from _conjuncts(rule.right)
    else:
        yield rule
