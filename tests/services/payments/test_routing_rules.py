"""Versions of the routing rules: written once, put in force at once, and kept with every payment (PAY-04)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.db import transaction
from portal.kit import clock
from portal.queries.gateways import gateway_directory
from portal.queries.routing_rules import in_force, live_rules
from portal.rules.permissions import Actor
from portal.rules.route_rules import NO_RULES, RouteRule
from portal.services.payments.release_routing_rules import (
    RoutingReasonUnfitError,
    RoutingVersionUnknownError,
    release_routing_rules,
)
from portal.services.payments.save_routing_rules import (
    RoutingRulesChangedError,
    RoutingRulesForbiddenError,
    RoutingRulesUnfitError,
    save_routing_rules,
)
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import make_gateway, make_order
from tests.factories.refund import rows

pytestmark = [pytest.mark.req("PAY-04"), pytest.mark.usefixtures("books")]


def write(actor: Actor, *rules: RouteRule, newest: int = 0) -> int:
    with transaction() as session:
        return save_routing_rules(session, actor=actor, rules=rules, note="", newest=newest, now=clock.now())


def release(actor: Actor, version: int, *, replaces: int = 0, reason: str = "Lower fees") -> None:
    with transaction() as session:
        release_routing_rules(session, actor=actor, version=version, replaces=replaces, reason=reason, now=clock.now())


def decided(attempt_id: Any) -> Sequence[Any]:
    (row,) = rows(
        "SELECT g.name, a.decision, a.routing FROM payment_attempt a JOIN gateway_account g"
        " ON g.id = a.gateway_account_id WHERE a.id = :id",
        id=attempt_id,
    )
    return row


@pytest.fixture
def mall(db: None) -> Mall:
    make_gateway("paylink")
    return make_mall()


@pytest.fixture
def twin(mall: Mall) -> int:
    return make_gateway("twin")


@pytest.fixture
def fay(mall: Mall) -> Person:
    return make_person("fay", roles=("finance",))


def test_a_draft_decides_nothing_and_a_released_version_decides_at_once(mall: Mall, twin: int, fay: Person) -> None:
    bea = make_person("bea")
    goods = {make_variant(mall): 1}
    version = write(fay.actor, RouteRule((twin,), currency="KRW"))
    assert live_rules() == NO_RULES  # What pages show of the rules is now kept in this process, as in any other.
    assert decided(make_order(bea, mall, goods).attempt_id)[0] == "paylink"
    release(fay.actor, version)
    name, decision, routing = decided(make_order(bea, mall, goods).attempt_id)
    assert name == "twin"
    assert (decision["version"], decision["rule"], decision["share"]) == (version, 1, None)
    assert (decision["country"], decision["has_token"], decision["down"]) == ("KR", False, [])
    assert [(one["account"], one["kept"]) for one in routing] == [("twin", True), ("paylink", True)]


@pytest.mark.req("PAY-05")
@pytest.mark.parametrize("change", ["enabled = false", "priority = 999", "currencies = '{USD}'"])
def test_an_account_changed_by_another_process_decides_the_next_payment(mall: Mall, twin: int, change: str) -> None:
    bea, goods = make_person("bea"), {make_variant(mall): 1}
    assert decided(make_order(bea, mall, goods).attempt_id)[0] == "paylink"
    gateway_directory()  # Kept in this process, as in any other.
    with transaction() as session:
        # As the service does it, but nobody tells this process.
        session.execute(text(f"UPDATE gateway_account SET {change}, version = version + 1 WHERE name = 'paylink'"))  # noqa: S608 - three changes of ours
    assert decided(make_order(bea, mall, goods).attempt_id)[0] == "twin"


def test_a_rule_by_shares_keeps_the_buyers_share(mall: Mall, twin: int, fay: Person) -> None:
    (paylink,) = rows("SELECT id FROM gateway_account WHERE name = 'paylink'")[0]
    release(fay.actor, write(fay.actor, RouteRule((twin, paylink), (50, 50))))
    name, decision, _routing = decided(make_order(make_person("bea"), mall, {make_variant(mall): 1}).attempt_id)
    assert name == ("twin" if decision["share"] < 50 else "paylink")


def test_an_earlier_version_is_put_in_force_again(twin: int, fay: Person) -> None:
    first = write(fay.actor, RouteRule((twin,)))
    second = write(fay.actor, newest=first)
    release(fay.actor, first)
    release(fay.actor, second, replaces=1)
    release(fay.actor, first, replaces=2)
    release(fay.actor, first, replaces=0)  # It is in force: the second press is no fault.
    with transaction() as session:
        assert in_force(session).rules.version == first
    assert rows("SELECT version, replaces_id FROM routing_release ORDER BY id") == [(1, 0), (2, 1), (1, 2)]


def test_the_second_writer_and_the_second_releaser_are_told_who(twin: int, fay: Person) -> None:
    gil = make_person("gil", roles=("finance",))
    first = write(fay.actor, RouteRule((twin,)))
    with pytest.raises(RoutingRulesChangedError) as late:
        write(gil.actor, newest=0)
    assert (late.value.params["who"], late.value.params["version"]) == ("Fay", 1)
    second = write(gil.actor, newest=first)
    release(gil.actor, second)
    with pytest.raises(RoutingRulesChangedError) as later:
        release(fay.actor, first, replaces=0)
    assert later.value.params["who"] == "Gil"


def test_what_cannot_be_is_named_by_rule_and_field(twin: int, fay: Person) -> None:
    with pytest.raises(RoutingRulesUnfitError) as unfit:
        write(fay.actor, RouteRule((twin,)), RouteRule((999,), minimum_minor=1))
    assert set(unfit.value.faults) == {(2, "targets"), (2, "amounts")}
    with pytest.raises(RoutingRulesUnfitError):
        write(fay.actor, *[RouteRule((twin,))] * 51)
    write(fay.actor, *[RouteRule((twin,))] * 50)
    with pytest.raises(RoutingVersionUnknownError):
        release(fay.actor, 99)


@pytest.mark.req("IDN-02")
@pytest.mark.parametrize("role", ["operations", "auditor", "buyer"])
def test_who_may_only_look_writes_and_releases_nothing(twin: int, fay: Person, role: str) -> None:
    version = write(fay.actor, RouteRule((twin,)))
    max_ = make_person("max", roles=(role,))
    with pytest.raises(RoutingRulesForbiddenError):
        write(max_.actor, newest=version)
    with pytest.raises(RoutingRulesForbiddenError):
        release(max_.actor, version)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201])
def test_a_release_needs_a_reason_that_is_kept(twin: int, fay: Person, reason: str) -> None:
    version = write(fay.actor, RouteRule((twin,)))
    with pytest.raises(RoutingReasonUnfitError):
        release(fay.actor, version, reason=reason)
    release(fay.actor, version, reason=" " + "x" * 200)
    assert rows("SELECT reason FROM routing_release") == [("x" * 200,)]


def test_both_acts_are_on_record(twin: int, fay: Person) -> None:
    release(fay.actor, write(fay.actor, RouteRule((twin,))))
    acts = [row[0] for row in rows("SELECT action FROM audit_row WHERE action LIKE 'routing:%' ORDER BY action DESC")]
    assert acts == ["routing:written", "routing:released"]


@pytest.mark.parametrize("table", ["routing_version", "routing_release"])
def test_nothing_of_it_can_be_changed(twin: int, fay: Person, table: str) -> None:
    release(fay.actor, write(fay.actor, RouteRule((twin,))))
    for statement in (f"UPDATE {table} SET version = version", f"DELETE FROM {table}"):  # noqa: S608 - two names of ours
        with pytest.raises(DBAPIError, match="permission denied"), transaction() as session:
            session.execute(text(statement))
