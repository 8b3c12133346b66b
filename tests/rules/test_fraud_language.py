"""The language of the rules of risk: what can be said, what is refused and where, what conditions answer (FRD-02)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from portal.rules.fraud_evaluation import ask
from portal.rules.fraud_features import FEATURES, Kind, Value
from portal.rules.fraud_language import DEPTH_MAX, Amounts, ExpressionError, names_in, parse

pytestmark = pytest.mark.req("FRD-02")


@pytest.mark.parametrize(
    ("source", "holds"),
    [
        ("amount > 10 * own_mean and paid_orders >= 3", True),
        ("amount > own_mean * 10.5 or paid_orders < 3", False),
        ("amount / own_mean = 10.1", True),
        ("amount - own_mean > 900 KRW | 1 USD", True),
        ("not amount <= 1_000 KRW", True),
        ("account_age < 24 h and account_age >= 1 d - 30 min", True),
        ('country in {"KR", "JP"} and "ip" not in blocked_by', True),
        ('country = "US"', False),
        ("count(blocked_by) = 1", True),
        ("throwaway_mail != false", True),
        ("abs(1 - 3) == 2 and -1 < 0", True),
        ("missing(model_risk) and not missing(amount)", True),
        ("1 + 2 * 3 = 7 and (1 + 2) * 3 = 9", True),
        ("false or true and false", False),
    ],
)
def test_conditions_answer(source: str, holds: bool) -> None:
    seen: dict[str, Value | None] = {
        "amount": Decimal(1010), "own_mean": Decimal(100), "paid_orders": Decimal(3), "country": "KR",
        "account_age": Decimal(86_399), "blocked_by": frozenset({"card"}), "throwaway_mail": True,
    }  # fmt: skip
    assert ask(parse(source), seen, "KRW").holds is holds


@pytest.mark.parametrize(
    ("source", "at", "words"),
    [
        ("", 0, "value is missing"),
        ("paid_orders >", 13, "value is missing"),
        ("paid_orders > 3 )", 16, "Nothing can follow"),
        ("(paid_orders > 3", 16, ") is missing"),
        ("paid_orders # 3", 12, "not understood"),
        ("paid_order > 3", 0, "no feature paid_order"),
        ("paid_orders", 0, "only a value"),
        ("amount > 5", 9, "in which currency"),
        ("account_age < 5", 14, "30 min"),
        ("paid_orders > 5 USD", 14, "kind number"),
        ("amount * amount > 5 USD", 7, "multiplied"),
        ("5 < paid_orders < 9", 16, "two values at a time"),
        ('country > "KR"', 8, "more or less"),
        ('country in "KR"', 11, "kind set"),
        ("amount > 5.001 USD", 9, "fewer decimals"),
        ("amount > 5 USD | 6 USD", 17, "twice"),
        ("amount > 5 USD | USD", 17, "with its currency"),
        ("eval(amount) = 1", 0, "no function eval"),
        ("__import__ = 1", 0, "no feature"),
        ("paid_orders > 1 and 5", 20, "kind bool"),
        ("paid_orders > 1234567890123456789", 14, "too long"),
    ],
)
def test_what_cannot_be_said_is_refused_where_it_stands(source: str, at: int, words: str) -> None:
    with pytest.raises(ExpressionError) as refusal:
        parse(source)
    assert refusal.value.at == at
    assert words in str(refusal.value)


def test_deep_and_long_sources_are_refused_and_break_nothing() -> None:
    for source in ("(" * 5000, "not " * 450 + "true", "-" * 1500 + "1 = 1", "1" * 3000):
        with pytest.raises(ExpressionError):
            parse(source)
    assert parse("(" * (DEPTH_MAX - 1) + "1 = 1" + ")" * (DEPTH_MAX - 1))


def test_division_by_zero_is_no_value() -> None:
    answer = ask(parse("amount / own_mean > 10"), {"amount": Decimal(5), "own_mean": Decimal(0)}, "KRW")
    assert (answer.holds, answer.missing) == (None, ("/0",))


def test_what_is_missing_is_named_unless_another_part_settles_it() -> None:
    node = parse("paid_orders > 3 and model_risk > 5")
    assert ask(node, {"paid_orders": Decimal(1)}, "KRW").holds is False
    assert ask(node, {"paid_orders": Decimal(4)}, "KRW").missing == ("model_risk",)
    assert ask(parse("paid_orders > 3 or model_risk > 5"), {"paid_orders": Decimal(4)}, "KRW").holds is True


def test_an_amount_is_that_of_the_currency() -> None:
    node = parse("amount > 100 KRW | 1.50 USD | 0.001 KWD")
    assert ask(node, {"amount": Decimal(101)}, "KRW").holds is True
    assert ask(node, {"amount": Decimal(150)}, "USD").holds is False
    assert ask(node, {"amount": Decimal(150)}, "EUR").missing == ("currency",)
    assert names_in(node) == {"amount"}
    assert isinstance(parse("1 KWD = 1 KWD").args[0], Amounts)  # type: ignore[union-attr]  # A comparison has parts.


_names = st.sampled_from(sorted(name for name, one in FEATURES.items() if one.kind is Kind.NUMBER))
_numbers = st.one_of(_names, st.integers(0, 10**6).map(str))
_sums = st.recursive(
    _numbers, lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
)
_compared = st.tuples(_sums, st.sampled_from(["<", ">=", "=", "!="]), _sums).map(" ".join)
_conditions = st.recursive(
    _compared, lambda inner: st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda p: f"({' '.join(p)})")
)


@given(_conditions, st.dictionaries(_names, st.decimals(-(10**9), 10**9, places=2)))
def test_every_sound_condition_answers_or_says_what_is_missing(source: str, seen: dict[str, Decimal]) -> None:
    try:
        node = parse(source)
    except ExpressionError:
        assume(False)
    answer = ask(node, seen, "KRW")
    assert (answer.holds is None) == bool(answer.missing)


@given(st.text(alphabet='abo_ {}()"<>=!*/+-|.,0123456789andorint', max_size=60))
def test_nothing_that_is_typed_breaks_the_reader(source: str) -> None:
    at = 0
    try:
        parse(source)
    except ExpressionError as refusal:
        at = refusal.at
    assert 0 <= at <= len(source)
