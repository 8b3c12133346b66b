"""What a condition of a rule says of an event: true, false, or nothing, where a value is missing (FRD-02)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, DecimalException
from types import MappingProxyType
from typing import Any

from portal.rules.fraud_features import Value, Values
from portal.rules.fraud_language import Amounts, Apply, Constant, Named, Node

# Among what is missing, beside names of features.
DIVIDED_BY_ZERO = "/0"
NO_AMOUNT = "currency"


@dataclass(frozen=True, slots=True)
class Answer:
    """`holds` is None where it cannot be said, and `missing` why: features without value, a division by zero."""

    holds: bool | None
    missing: tuple[str, ...] = ()


@dataclass(slots=True)
class _Run:
    values: Values
    currency: str | None
    missing: list[str] = field(default_factory=list)


_ONE: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {"not": operator.not_, "-": operator.neg, "abs": abs, "count": lambda texts: Decimal(len(texts))}
)
_TWO: Mapping[str, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
        "=": operator.eq,
        "!=": operator.ne,
        "+": operator.add,
        "-": operator.sub,
        "*": operator.mul,
        "in": lambda left, right: left in right,
        "not in": lambda left, right: left not in right,
    }
)


def ask(node: Node, values: Values, currency: str | None) -> Answer:
    """Ask a condition about the values of an event in this currency."""
    run = _Run(values, currency)
    try:
        holds = _value(node, run)
    except DecimalException:
        holds = None
    assert holds is None or isinstance(holds, bool)  # parse() lets only conditions through.
    return Answer(holds, tuple(dict.fromkeys(run.missing)) if holds is None else ())


def _value(node: Node, run: _Run) -> Value | None:
    match node:
        case Constant():
            return node.value
        case Amounts():
            minor = node.minor.get(run.currency or "")
            if minor is None:
                run.missing.append(NO_AMOUNT)
            return None if minor is None else Decimal(minor)
        case Named():
            value = run.values.get(node.name)
            if value is None:
                run.missing.append(node.name)
            return value
        case Apply():
            return _applied(node, run)


def _applied(node: Apply, run: _Run) -> Value | None:
    if node.op in {"and", "or"}:
        return _joined(node, run)
    if node.op == "missing":
        return _value(node.args[0], _Run(run.values, run.currency)) is None
    args = [_value(arg, run) for arg in node.args]
    if None in args:
        return None
    first: Any = args[0]
    if len(args) == 1:
        done: Value = _ONE[node.op](first)
        return done
    if node.op == "/":
        if not args[1]:
            run.missing.append(DIVIDED_BY_ZERO)
            return None
        return Decimal(first / args[1])
    found: Value = _TWO[node.op](first, args[1])
    return found


def _joined(node: Apply, run: _Run) -> bool | None:
    """One part that settles it is enough, whatever is missing in others."""
    settles = node.op == "or"
    unknown = False
    for arg in node.args:
        value = _value(arg, run)
        if value is settles:
            return settles
        unknown = unknown or value is None
    return None if unknown else not settles
