"""The state machines as data (ORD-12)."""

import pytest

from portal.rules.states import MACHINES, Machine, MoveRefusedError, check_move, is_final, may_move, states


@pytest.mark.req("ORD-12")
@pytest.mark.parametrize("machine", Machine)
def test_every_state_is_named_and_reached_from_the_first(machine: Machine) -> None:
    moves = MACHINES[machine]
    assert {new for after in moves.values() for new in after} <= moves.keys()
    reached, waiting = set(), [states(machine)[0]]
    while waiting:
        state = waiting.pop()
        if state not in reached:
            reached.add(state)
            waiting.extend(moves[state])
    assert reached == set(moves)
    assert any(is_final(machine, state) for state in moves) or machine in {Machine.REFUND, Machine.DISPUTE}


@pytest.mark.parametrize(
    ("machine", "old", "new"),
    [
        ("order", "pending", "paid"),
        ("order", "paid", "partially_refunded"),
        ("payment", "pending", "captured"),
        ("payment", "requires_action", "captured"),
        ("payment", "captured", "disputed"),
        ("payment", "disputed", "dispute_lost"),
        ("attempt", "unknown", "declined"),
        ("attempt", "unknown", "requires_action"),
        ("part", "held", "released"),
        ("coupon_use", "reserved", "redeemed"),
        ("reservation", "active", "used"),
        ("tender", "unknown", "captured"),
        ("refund", "unknown", "succeeded"),
        ("payment", "refunded", "captured"),
    ],
)
def test_an_allowed_move_passes(machine: str, old: str, new: str) -> None:
    check_move(machine, old, new)


@pytest.mark.parametrize(
    ("machine", "old", "new"),
    [
        ("order", "paid", "paid"),
        ("order", "cancelled", "paid"),
        ("order", "pending", "shipped"),
        ("payment", "failed", "captured"),
        ("payment", "cancelled", "captured"),
        ("refund_leg", "failed", "sent"),
        ("attempt", "unknown", "sent"),
        ("attempt", "unknown", "created"),
        ("part", "held", "shipped"),
        ("part", "shipped", "cancelled"),
        ("hold", "released", "used"),
        ("order", "nowhere", "paid"),
    ],
)
def test_a_wrong_move_is_refused(machine: str, old: str, new: str) -> None:
    with pytest.raises(MoveRefusedError) as caught:
        check_move(machine, old, new)
    assert caught.value.code == "move_refused"
    assert caught.value.params == {"machine": machine, "old": old, "new": new}


def test_an_unknown_attempt_goes_only_where_a_look_up_can_lead() -> None:
    after = {state for state in states(Machine.ATTEMPT) if may_move(Machine.ATTEMPT, "unknown", state)}
    assert after == {"captured", "declined", "authorised", "cancelled", "requires_action", "pending"}
