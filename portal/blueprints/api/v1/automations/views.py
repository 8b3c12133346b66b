"""Automations read, written, tried on the past, started, paused and ended, through the desk's services (INC-03)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portal.blueprints.access import NotFoundError
from portal.blueprints.api import once
from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import FOR_MALL, PathValue, Reply, operation
from portal.blueprints.api.problems import RequestInvalidError, fault
from portal.blueprints.api.schemas import BIGINT_MAX, Amount
from portal.blueprints.api.v1.automations import examples
from portal.blueprints.api.v1.automations.schemas import (
    ArmCount,
    Automation,
    AutomationDetail,
    AutomationIn,
    AutomationList,
    AutomationMove,
    Outcome,
    trial_of,
)
from portal.db import atomically, reading
from portal.kit import clock
from portal.models import Automation as AutomationRow
from portal.queries.automations import OutcomeRow, count_arms, list_automations, load_automation, load_outcomes
from portal.queries.exchange import platform_currency
from portal.rules.automations import AutomationDraft
from portal.rules.permissions import Permission
from portal.services.incentives.save_automation import (
    AutomationForbiddenError,
    AutomationMovedError,
    AutomationUnfitError,
    AutomationUnknownError,
    AutomationUntriedError,
    make_automation,
    move_automation,
    simulate_automation,
)

TAG = "Automations"
ID = {
    "automation_id": PathValue(
        "The automation's id.", {"type": "integer", "minimum": 1, "maximum": BIGINT_MAX}, examples.ID
    )
}
GIVING = "Mileage needs `mileage:configure` besides, a deposit `balance:adjust`."
# As forms call them.
FIELDS = {"amount": "amount_minor", "control_percent": "control_basis_points"}


@operation(
    "GET",
    "/automations",
    tag=TAG,
    summary="List automations",
    permission=Permission.COUPON_VIEW,
    within=FOR_MALL,
    answer=AutomationList,
    example={"items": [examples.AUTOMATION]},
)
def list_mall_automations() -> AutomationList:
    with reading() as session:
        return AutomationList(items=[Automation(**_told(row)) for row in list_automations(session)])


@operation(
    "POST",
    "/automations",
    tag=TAG,
    summary="Write an automation",
    description=f"A draft that does nothing yet: try it on the past, then start it. {GIVING}",
    permission=Permission.COUPON_ISSUE,
    within=FOR_MALL,
    body=AutomationIn,
    body_example=examples.TERMS,
    answer=AutomationDetail,
    status=201,
    answer_text="The draft.",
    example=examples.DETAIL | {"trial": None, "version": 1, "arms": [], "outcomes": []},
    refusals=(AutomationForbiddenError, *once.REFUSALS),
    is_idempotent=True,
    headers=once.HEADERS,
)
def write_automation(body: AutomationIn, key: str) -> Reply:
    actor, now, draft = api_actor(), clock.now(), _draft(body)
    try:
        made, headers = once.make_once(
            key,
            scope="automation",
            body=body,
            make=lambda s: make_automation(s, actor=actor, draft=draft, now=now),
        )
    except AutomationUnfitError as error:
        raise RequestInvalidError(
            [fault(FIELDS.get(name, name), "unfit", words) for name, words in error.faults.items()]
        ) from error
    return Reply(_shown(made), 201, headers)


@operation(
    "GET",
    "/automations/<int:automation_id>",
    tag=TAG,
    summary="Show an automation",
    description="With its arms, and what the people of each did whose window is over.",
    permission=Permission.COUPON_VIEW,
    within=FOR_MALL,
    answer=AutomationDetail,
    example=examples.DETAIL,
    path_values=ID,
    refusals=(NotFoundError,),
)
def show_automation(automation_id: int) -> AutomationDetail:
    return _shown(automation_id)


@operation(
    "POST",
    "/automations/<int:automation_id>/simulation",
    tag=TAG,
    summary="Try an automation on the past",
    description=f"Whom it would have reached in the last 90 days. Nobody gets anything. {GIVING}",
    permission=Permission.COUPON_ISSUE,
    within=FOR_MALL,
    answer=AutomationDetail,
    example=examples.DETAIL,
    path_values=ID,
    refusals=(AutomationUnknownError, AutomationForbiddenError),
)
def try_automation(automation_id: int) -> AutomationDetail:
    actor, now = api_actor(), clock.now()
    atomically(lambda s: simulate_automation(s, automation_id=automation_id, actor=actor, now=now))
    return _shown(automation_id)


@operation(
    "POST",
    "/automations/<int:automation_id>/state",
    tag=TAG,
    summary="Start, pause or end an automation",
    description=f"What happened before its first start reaches nobody. {GIVING}",
    permission=Permission.COUPON_ISSUE,
    within=FOR_MALL,
    body=AutomationMove,
    body_example={"do": "start", "version": 2},
    answer=AutomationDetail,
    example=examples.DETAIL | {"state": "running", "version": 3},
    path_values=ID,
    refusals=(AutomationUnknownError, AutomationForbiddenError, AutomationUntriedError, AutomationMovedError),
)
def move_mall_automation(automation_id: int, body: AutomationMove) -> AutomationDetail:
    actor, now = api_actor(), clock.now()
    atomically(
        lambda s: move_automation(
            s, automation_id=automation_id, do=body.do, version=body.version, actor=actor, now=now
        )
    )
    return _shown(automation_id)


def _draft(body: AutomationIn) -> AutomationDraft:
    return AutomationDraft(
        title=body.title,
        channel_id=body.channel_id,
        segment=body.segment or "",
        event=body.event or "",
        action=body.action,
        campaign_id=body.campaign_id,
        amount_minor=body.amount_minor,
        people_max=body.people_max,
        every_days=body.every_days,
        control_bp=body.control_basis_points,
        window_days=body.window_days,
        quiet_from=body.quiet_from,
        quiet_until=body.quiet_until,
        told_by=body.told_by,
    )


def _shown(automation_id: int) -> AutomationDetail:
    with reading() as session:
        row = load_automation(session, automation_id=automation_id)
        if row is None:
            raise NotFoundError
        arms = count_arms(session, automation_id=automation_id)
        outcomes = load_outcomes(session, automation_id=automation_id, now=clock.now())
        currency = platform_currency(session)
        return AutomationDetail(
            **_told(row),
            arms=[ArmCount(arm=one.arm, state=one.state, reason=one.reason, people=one.people) for one in arms],
            outcomes=[
                _outcome(arm, [one for one in outcomes if one.arm == arm], currency)
                for arm in sorted({one.arm for one in outcomes})
            ],
        )


def _outcome(arm: str, rows: Sequence[OutcomeRow], currency: str) -> Outcome:
    return Outcome(
        arm=arm,
        people=len(rows),
        bought=sum(one.orders > 0 for one in rows),
        revenue=Amount.of(sum(one.revenue for one in rows), currency),
        cost=Amount.of(sum(one.cost for one in rows), currency),
    )


def _told(row: AutomationRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "title": row.title,
        "state": row.state,
        "reason": row.reason,
        "channel_id": row.channel_id,
        "segment": row.segment,
        "event": row.event,
        "action": row.action,
        "campaign_id": row.campaign_id,
        "amount_minor": row.amount_minor,
        "currency": row.currency,
        "people_max": row.people_max,
        "made": row.made,
        "every_days": row.every_days,
        "window_days": row.window_days,
        "control_basis_points": row.control_bp,
        "quiet_from": row.quiet_from,
        "quiet_until": row.quiet_until,
        "told_by": row.told_by,
        "trial": trial_of(row.simulation),
        "started_at": row.started_at,
        "written_by": row.author_id,
        "written_at": row.created_at,
        "version": row.version,
    }
