"""The language of the rules of risk: a condition over named features, read and checked before it is kept (FRD-02).

    amount > 10 * own_mean and paid_orders >= 3
    amount > 1_000_000 KRW | 800 USD and account_age < 24 h
    "email" in blocked_by or country not in {"KR", "JP"}

Values have kinds, and only what fits compares. Money names its currency; with `|` an event takes the amount in its own.
Nothing of Python is evaluated: what is not in this file cannot be said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from portal.kit.currency import exponent, is_currency
from portal.kit.text import N_
from portal.rules.fraud_features import FEATURES, Feature, Kind

LENGTH_MAX = 2000
DEPTH_MAX = 40
DIGITS_MAX = 18

UNITS: Mapping[str, int] = MappingProxyType({"s": 1, "min": 60, "h": 3600, "d": 86400})
FUNCTIONS: Mapping[str, tuple[Kind | None, Kind]] = MappingProxyType(
    # What it takes (None is anything), and what it gives.
    {"count": (Kind.SET, Kind.NUMBER), "missing": (None, Kind.BOOL), "abs": (Kind.NUMBER, Kind.NUMBER)}
)
ORDERED = frozenset({Kind.NUMBER, Kind.MONEY, Kind.DURATION})


class ExpressionError(ValueError):
    """What was written cannot be read. `at` is the place of the character, from 0; `sentence` takes `params`."""

    def __init__(self, sentence: str, at: int, **params: object) -> None:
        self.sentence, self.at, self.params = sentence, at, params
        super().__init__(sentence % params if params else sentence)


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, a duration in seconds, a text, a set of texts or a truth."""

    value: Decimal | str | frozenset[str] | bool
    kind: Kind
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Amounts:
    """Money: minor units by currency."""

    minor: Mapping[str, int]
    kind: Kind = Kind.MONEY
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Named:
    """A feature."""

    name: str
    kind: Kind
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Apply:
    """An operator or a function with what it is applied to."""

    op: str
    args: tuple[Node, ...]
    kind: Kind
    at: int = field(default=0, compare=False)


Node = Constant | Amounts | Named | Apply

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d[\d_]*(?:\.\d+)?)|(?P<name>[A-Za-z_][A-Za-z_0-9]*)|(?P<text>"[^"]*")"""
    r"""|(?P<sign><=|>=|!=|==|[-+*/<>=(){},|]))""",
    re.ASCII,
)
_WORDS = frozenset({"and", "or", "not", "in", "true", "false"})


@dataclass(frozen=True, slots=True)
class _Token:
    what: str
    text: str
    at: int


def _tokens(source: str) -> Iterator[_Token]:
    place = 0
    while place < len(source.rstrip()):
        found = _TOKEN.match(source, place)
        if found is None:
            at = place + len(source[place:]) - len(source[place:].lstrip())
            raise ExpressionError(N_("%(sign)s is not understood here."), at, sign=source[at])
        what = str(found.lastgroup)
        text = found[what]
        place = found.end()
        yield _Token("word" if what == "name" and text in _WORDS else what, text, found.start(what))
    yield _Token("end", "", len(source))


def parse(source: str, features: Mapping[str, Feature] = FEATURES, *, sold_in: Set[str] | None = None) -> Node:
    """Read a condition over these features; with `sold_in`, amounts have at least one of these currencies.

    Raises ExpressionError with the place of what is wrong.
    """
    if len(source) > LENGTH_MAX:
        raise ExpressionError(N_("A condition has at most %(length)s characters."), LENGTH_MAX, length=LENGTH_MAX)
    reader = _Reader(list(_tokens(source)), features, sold_in)
    node = reader.either()
    reader.end()
    if node.kind is not Kind.BOOL:
        raise ExpressionError(N_("A condition compares something: this is only a value."), node.at)
    return node


def names_in(node: Node) -> frozenset[str]:
    """The features that a condition asks about."""
    if isinstance(node, Named):
        return frozenset({node.name})
    return frozenset().union(*map(names_in, node.args)) if isinstance(node, Apply) else frozenset()


class _Reader:
    def __init__(self, tokens: list[_Token], features: Mapping[str, Feature], sold_in: Set[str] | None) -> None:
        self._tokens, self._place, self._depth, self._features, self._sold_in = tokens, 0, 0, features, sold_in

    @property
    def _here(self) -> _Token:
        return self._tokens[self._place]

    def _take(self, *texts: str) -> _Token | None:
        token = self._here
        if token.what in {"sign", "word"} and token.text in texts:
            self._place += 1
            return token
        return None

    def _want(self, text: str) -> None:
        if not self._take(text):
            raise ExpressionError(N_("Here %(sign)s is missing."), self._here.at, sign=text)

    def end(self) -> None:
        if self._here.what != "end":
            sentence = N_("Nothing can follow here: %(sign)s. Join conditions by and, or.")
            raise ExpressionError(sentence, self._here.at, sign=self._here.text)

    def _deeper(self, read: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise ExpressionError(N_("This is nested too deeply."), self._here.at)
        node = read()
        self._depth -= 1
        return node

    def either(self) -> Node:
        return self._joined("or", self._both)

    def _both(self) -> Node:
        return self._joined("and", self._negated)

    def _joined(self, word: str, read: Callable[[], Node]) -> Node:
        parts = [read()]
        at = parts[0].at
        while self._take(word):
            parts.append(read())
        if len(parts) == 1:
            return parts[0]
        for part in parts:
            _needs(part, Kind.BOOL)
        return Apply(word, tuple(parts), Kind.BOOL, at)

    def _negated(self) -> Node:
        token = self._take("not")
        if token is None:
            return self._compared()
        node = self._deeper(self._negated)
        _needs(node, Kind.BOOL)
        return Apply("not", (node,), Kind.BOOL, token.at)

    def _compared(self) -> Node:
        left = self._sum()
        token = self._take("<", "<=", ">", ">=", "=", "==", "!=", "in", "not")
        if token is None:
            return left
        op = {"==": "="}.get(token.text, token.text)
        if op == "not":
            self._want("in")
            op = "not in"
        right = self._sum()
        if self._here.text in {"<", "<=", ">", ">=", "=", "==", "!="} and self._here.what == "sign":
            raise ExpressionError(N_("Compare two values at a time; join comparisons by and."), self._here.at)
        if op in {"in", "not in"}:
            _needs(left, Kind.TEXT)
            _needs(right, Kind.SET)
        else:
            _needs(right, left.kind)
            if op not in {"=", "!="} and left.kind not in ORDERED:
                raise ExpressionError(N_("Only numbers, money and durations are more or less."), token.at)
        return Apply(op, (left, right), Kind.BOOL, token.at)

    def _sum(self) -> Node:
        left = self._product()
        while token := self._take("+", "-"):
            right = self._product()
            if left.kind not in ORDERED:
                raise ExpressionError(N_("Only numbers, money and durations can be added."), left.at)
            _needs(right, left.kind)
            left = Apply(token.text, (left, right), left.kind, token.at)
        return left

    def _product(self) -> Node:
        left = self._unary()
        while token := self._take("*", "/"):
            right = self._unary()
            left = Apply(token.text, (left, right), _product_kind(token, left, right), token.at)
        return left

    def _unary(self) -> Node:
        token = self._take("-")
        if token is None:
            return self._atom()
        node = self._deeper(self._unary)
        if node.kind not in ORDERED:
            raise ExpressionError(N_("Only numbers, money and durations can be added."), node.at)
        return Apply("-", (node,), node.kind, token.at)

    def _atom(self) -> Node:
        token = self._here
        if self._take("("):
            node = self._deeper(self.either)
            self._want(")")
            return node
        if self._take("{"):
            return self._set(token.at)
        if self._take("true", "false"):
            return Constant(token.text == "true", Kind.BOOL, token.at)
        self._place += 1
        match token.what:
            case "number":
                return self._number(token)
            case "text":
                return Constant(token.text[1:-1], Kind.TEXT, token.at)
            case "name":
                is_call = self._here.text == "(" and self._here.what == "sign"
                return self._call(token) if is_call else self._feature(token)
        self._place -= 1
        raise ExpressionError(N_("Here a value is missing: a number, a text or the name of a feature."), token.at)

    def _set(self, at: int) -> Node:
        found = []
        while self._here.what == "text":
            found.append(self._here.text[1:-1])
            self._place += 1
            if not self._take(","):
                break
        self._want("}")
        return Constant(frozenset(found), Kind.SET, at)

    def _call(self, token: _Token) -> Node:
        taken = FUNCTIONS.get(token.text)
        if taken is None:
            known = ", ".join(FUNCTIONS)
            raise ExpressionError(
                N_("There is no function %(name)s; there are %(known)s."), token.at, name=token.text, known=known
            )
        self._want("(")
        node = self._deeper(self.either)
        self._want(")")
        if taken[0] is not None:
            _needs(node, taken[0])
        return Apply(token.text, (node,), taken[1], token.at)

    def _feature(self, token: _Token) -> Node:
        feature = self._features.get(token.text)
        if feature is None:
            raise ExpressionError(N_("There is no feature %(name)s."), token.at, name=token.text)
        return Named(token.text, feature.kind, token.at)

    def _number(self, token: _Token) -> Node:
        follower = self._here
        if follower.what == "name" and follower.text in UNITS:
            self._place += 1
            return Constant(_decimal(token) * UNITS[follower.text], Kind.DURATION, token.at)
        if follower.what == "name" and is_currency(follower.text):
            minor = dict([self._amount(token)])
            while self._take("|"):
                further = self._here
                self._place += further.what == "number"
                currency, amount = self._amount(further)
                if currency in minor:
                    raise ExpressionError(N_("%(currency)s stands here twice."), further.at, currency=currency)
                minor[currency] = amount
            if self._sold_in is not None and not self._sold_in & minor.keys():
                sentence = N_("Nobody sells in %(currencies)s, so this would never hold.")
                raise ExpressionError(sentence, token.at, currencies=", ".join(minor))
            return Amounts(minor, at=token.at)
        return Constant(_decimal(token), Kind.NUMBER, token.at)

    def _amount(self, token: _Token) -> tuple[str, int]:
        currency = self._here
        if token.what != "number" or currency.what != "name" or not is_currency(currency.text):
            raise ExpressionError(N_("Here an amount with its currency is missing, such as 800 USD."), token.at)
        self._place += 1
        minor = _decimal(token).scaleb(exponent(currency.text))
        if minor != minor.to_integral_value():
            sentence = N_("%(currency)s has fewer decimals.")
            raise ExpressionError(sentence, token.at, currency=currency.text)
        return currency.text, int(minor)


def _product_kind(token: _Token, left: Node, right: Node) -> Kind:
    number = Kind.NUMBER
    if left.kind in ORDERED and right.kind is number:
        return left.kind
    if token.text == "*" and left.kind is number and right.kind in ORDERED:
        return right.kind
    if token.text == "/" and left.kind is right.kind and left.kind in ORDERED:
        return number
    sentence = N_("These cannot be multiplied or divided: %(left)s and %(right)s.")
    raise ExpressionError(sentence, token.at, left=left.kind.value, right=right.kind.value)


def _decimal(token: _Token) -> Decimal:
    digits = token.text.replace("_", "")
    if len(digits) > DIGITS_MAX:
        raise ExpressionError(N_("This number is too long."), token.at)
    return Decimal(digits)


def _needs(node: Node, kind: Kind) -> None:
    if node.kind is kind:
        return
    if kind is Kind.MONEY and node.kind is Kind.NUMBER:
        raise ExpressionError(N_("This is compared with money: say in which currency, such as 800 USD."), node.at)
    if kind is Kind.DURATION and node.kind is Kind.NUMBER:
        raise ExpressionError(N_("This is compared with a duration: say in what, such as 30 min, 24 h, 7 d."), node.at)
    sentence = N_("Here a value of the kind %(wanted)s is needed; this is %(found)s.")
    raise ExpressionError(sentence, node.at, wanted=kind.value, found=node.kind.value)
