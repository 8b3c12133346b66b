"""Write a campaign, edit it as a new version, and let it run (CPN-10). Uses keep the terms that they were made with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Campaign, CampaignVersion
from portal.queries.campaign_things import unknown_things
from portal.queries.campaigns import draft_of
from portal.rules.coupons.draft import CampaignDraft, Distribution, Fault, Faults, faults
from portal.rules.coupons.funding import Funder
from portal.rules.permissions import Actor, Permission, Scope, scopes_of
from portal.rules.states import Machine, check_move
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.coupons.guard import CampaignUnknownError, channels_of, may_begin, may_issue, may_run
from portal.services.coupons.move_campaign import turned
from portal.services.outbox import emit

# What has ended or was withdrawn stays as it was.
EDITABLE = ("draft", "scheduled", "running", "paused")


class CampaignForbiddenError(PortalError):
    code = "permission_missing"
    status = 403
    sentence = N_("You may not issue coupons here.")


class CampaignChangedError(PortalError):
    """Somebody else has saved the campaign since this page was opened."""

    code = "campaign_changed"
    status = 409
    sentence = N_("Somebody has changed this campaign meanwhile. Look at version %(version)s; nothing was saved.")

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(version=version)


class CampaignClosedError(PortalError):
    code = "campaign_closed"
    status = 409
    sentence = N_("A campaign that has ended cannot be changed. Duplicate it instead.")


class CampaignUnfitError(PortalError):
    """Terms that cannot be so; `faults` by the name of the field."""

    code = "campaign_unfit"
    sentence = N_("The campaign was not saved: some fields need another look.")

    def __init__(self, found: Mapping[str, Fault]) -> None:
        self.faults = dict(found)
        super().__init__()


def create_campaign(session: Session, *, actor: Actor, draft: CampaignDraft, now: datetime) -> int:
    """Write a campaign as a draft, which nobody can use yet; returns its id.

    Raises CampaignForbiddenError, CampaignUnfitError.
    """
    if not may_begin(actor, draft.store_id):
        raise CampaignForbiddenError
    _check(session, actor, draft, now)
    campaign = Campaign(**_columns(draft), state="draft", issued_at=now, issued_by=label(actor), updated_at=now)
    session.add(campaign)
    session.flush()
    _keep_version(session, campaign.id, 1, draft, actor, now)
    fact = Fact(AuditAction.COUPON_ISSUED, f"campaign:{campaign.id}", after=draft.to_json())
    record(session, fact, actor=actor, now=now)
    return campaign.id


def edit_campaign(
    session: Session, *, actor: Actor, campaign_id: int, draft: CampaignDraft, version: int, now: datetime
) -> int:
    """Save other terms as the next version, and return its number. `version` is the one that the editor has seen.

    Whose campaign it is cannot be changed. Orders that are being placed with the old terms are waited for, and limits
    that are new are counted from what was used so far. Raises CampaignForbiddenError, CampaignUnknownError,
    CampaignChangedError, CampaignClosedError, CampaignUnfitError.
    """
    campaign = _locked(session, actor, campaign_id, version)
    if campaign.state not in EDITABLE:
        raise CampaignClosedError
    if draft.store_id != campaign.store_id:
        raise CampaignForbiddenError
    before = draft_of(campaign)
    _check(session, actor, draft, now)
    _recount(session, campaign, draft)
    for name, value in _columns(draft).items():
        setattr(campaign, name, value)
    campaign.version += 1
    campaign.updated_at = now
    if campaign.state in ("scheduled", "running"):
        was, campaign.state = campaign.state, "running" if draft.valid_from <= now else "scheduled"
        if (was, campaign.state) == ("scheduled", "running"):
            emit(session, turned(campaign_id, campaign.state), now=now)
    session.flush()
    _keep_version(session, campaign_id, campaign.version, draft, actor, now)
    old, new = _difference(before.to_json(), draft.to_json())
    fact = Fact(AuditAction.COUPON_EDITED, f"campaign:{campaign_id}", before=old, after=new)
    record(session, fact, actor=actor, now=now)
    return campaign.version


def launch_campaign(session: Session, *, actor: Actor, campaign_id: int, version: int, now: datetime) -> str:
    """Let a draft run, at once or when its time comes; returns its state.

    Raises CampaignForbiddenError, CampaignUnknownError, CampaignChangedError, CampaignUnfitError, MoveRefusedError.
    """
    campaign = _locked(session, actor, campaign_id, version)
    state = "running" if campaign.valid_from <= now else "scheduled"
    check_move(Machine.CAMPAIGN, campaign.state, state)
    _check(session, actor, draft_of(campaign), now)
    before, campaign.state, campaign.updated_at = campaign.state, state, now
    session.flush()
    fact = Fact(
        AuditAction.COUPON_LAUNCHED, f"campaign:{campaign_id}", before={"state": before}, after={"state": state}
    )
    record(session, fact, actor=actor, now=now)
    if state == "running":
        emit(session, turned(campaign_id, state), now=now)
    return state


def _locked(session: Session, actor: Actor, campaign_id: int, version: int) -> Campaign:
    """The campaign, taken for the rest of the transaction: claims under way are waited for."""
    campaign = session.scalar(select(Campaign).where(Campaign.id == campaign_id).with_for_update())
    if campaign is None:
        raise CampaignUnknownError
    if not may_run(actor, campaign.store_id, channels_of(campaign.conditions)):
        raise CampaignForbiddenError
    if campaign.version != version:
        raise CampaignChangedError(campaign.version)
    return campaign


def _check(session: Session, actor: Actor, draft: CampaignDraft, now: datetime) -> None:
    found: Faults = faults(draft, now=now)
    has_unreadable = any(name.startswith("conditions") for name in found)
    if not may_issue(actor, draft.store_id) and not has_unreadable:
        found.update(_not_for_managers(draft, actor))
    elif draft.store_id is not None and Scope.ALL not in scopes_of(actor, Permission.COUPON_ISSUE):
        found.update(_not_for_sellers(draft))
    if not any(name.startswith("conditions") for name in found):
        found.update(unknown_things(session, draft, now=now))
    if found:
        raise CampaignUnfitError(found)


def _not_for_sellers(draft: CampaignDraft) -> Faults:
    """A seller pays for what he issues, and learns nothing of who has an account here."""
    found: Faults = {}
    if draft.funding.by is not Funder.SELLER:
        found["funding"] = Fault("CAMPAIGN_FUNDING_NOT_YOURS", N_("A seller's campaign is paid for by its store."))
    if any(one.name == "user" for one in draft.conditions):
        found["conditions.user"] = Fault("CAMPAIGN_CONDITION_NOT_YOURS", N_("This condition is for administrators."))
    return found


def _not_for_managers(draft: CampaignDraft, actor: Actor) -> Faults:
    """A manager's campaign is good on his channels alone, binds no store, and learns nothing of who buys there."""
    found: Faults = {}
    only_on = channels_of(draft.conditions)
    if not only_on or not only_on <= actor.managed_ids:
        found["conditions.channel.channel_ids"] = Fault(
            "CAMPAIGN_CHANNELS_NOT_YOURS", N_("Choose channels that you manage, and no others.")
        )
    if draft.funding.by is not Funder.PLATFORM:
        found["funding"] = Fault("CAMPAIGN_FUNDING_NOT_YOURS", N_("A channel's campaign is paid for by the mall."))
    if draft.distribution is Distribution.GRANT:
        found["distribution"] = Fault(
            "CAMPAIGN_PEOPLE_NOT_YOURS", N_("Coupons are given to people by name by who runs the whole mall.")
        )
    if any(one.name == "user" for one in draft.conditions):
        found["conditions.user"] = Fault("CAMPAIGN_CONDITION_NOT_YOURS", N_("This condition is for administrators."))
    return found


def _columns(draft: CampaignDraft) -> dict[str, Any]:
    kept = draft.to_json()
    limits = draft.limits
    return {
        "name": {locale: name for locale, name in kept["names"].items() if name},
        "kind": kept["kind"],
        "target": kept["target"],
        "percent": draft.percent,
        "amounts": kept["amounts"],
        "max_discounts": kept["max_discounts"],
        "conditions": kept["conditions"],
        "store_id": draft.store_id,
        "funding": kept["funding"],
        "seller_shares": kept["seller_shares"],
        "on_refund": kept["on_refund"],
        "distribution": kept["distribution"],
        "lane": draft.lane or "default",
        "stackable": draft.stackable,
        "priority": draft.priority,
        "valid_from": draft.valid_from,
        "valid_until": draft.valid_until,
        "grace_hours": draft.grace_hours,
        "cap": limits.total,
        "per_user_cap": limits.per_user,
        "per_code_cap": limits.per_code,
        "per_day_cap": limits.per_day,
        "budgets": dict(limits.budgets),
    }


def _keep_version(
    session: Session, campaign_id: int, version: int, draft: CampaignDraft, actor: Actor, now: datetime
) -> None:
    row = {
        "campaign_id": campaign_id,
        "version": version,
        "terms": draft.to_json(),
        "saved_at": now,
        "saved_by": label(actor),
    }
    insert_rows(session, CampaignVersion, [row])


def _difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    changed: Iterable[str] = [name for name in new if old.get(name) != new[name]]
    return {name: old.get(name) for name in changed}, {name: new[name] for name in changed}


_USED = text(
    """
    SELECT (SELECT count(*)::int FROM coupon_use WHERE campaign_id = :id AND status <> 'released') AS total,
           coalesce(max(n) FILTER (WHERE scope = 'user'), 0)::int AS per_user,
           coalesce(max(n) FILTER (WHERE scope = 'code'), 0)::int AS per_code,
           coalesce(max(n) FILTER (WHERE scope = 'day'), 0)::int AS per_day
      FROM (SELECT 'user' AS scope, count(*) AS n FROM coupon_use
             WHERE campaign_id = :id AND status <> 'released' GROUP BY user_id
            UNION ALL SELECT 'code', count(*) FROM coupon_use
             WHERE campaign_id = :id AND status <> 'released' AND code IS NOT NULL GROUP BY code
            UNION ALL SELECT 'day', count(*) FROM coupon_use
             WHERE campaign_id = :id AND status <> 'released' AND day IS NOT NULL GROUP BY day) AS counts
    """
)
_SPENT = text(
    """
    SELECT currency, sum(amount_minor)::bigint AS spent FROM coupon_use
     WHERE campaign_id = :id AND status <> 'released' GROUP BY currency
    """
)
_COUNT_PEOPLE = text(
    """
    INSERT INTO coupon_tally (campaign_id, user_id, used)
    SELECT campaign_id, user_id, count(*) FROM coupon_use
     WHERE campaign_id = :id AND status <> 'released' GROUP BY campaign_id, user_id ORDER BY user_id
    ON CONFLICT (campaign_id, user_id) DO UPDATE SET used = excluded.used
    """
)
_COUNT_REST = text(
    """
    INSERT INTO campaign_counter (campaign_id, scope, entity, used, cap)
    SELECT u.campaign_id, k.scope, k.entity, sum(k.took), max(k.cap)
      FROM coupon_use u
     CROSS JOIN LATERAL (VALUES
           ('budget', u.currency, u.amount_minor, (CAST(:budgets AS jsonb) ->> u.currency)::bigint),
           ('code', u.code, 1, CAST(:per_code AS bigint)),
           ('day', u.day::text, 1, CAST(:per_day AS bigint))) AS k (scope, entity, took, cap)
     WHERE u.campaign_id = :id AND u.status <> 'released' AND k.entity IS NOT NULL AND k.cap IS NOT NULL
     GROUP BY u.campaign_id, k.scope, k.entity ORDER BY 1, 2, 3
    ON CONFLICT (campaign_id, scope, entity) DO UPDATE SET used = excluded.used, cap = excluded.cap
    """
)


def _recount(session: Session, campaign: Campaign, draft: CampaignDraft) -> None:
    """Refuse limits below what was used, and count again what is limited from now on."""
    limits = draft.limits
    values = {"id": campaign.id}
    used = session.execute(_USED, values).one()
    found: Faults = {}
    for name, limit, count in (
        ("total", limits.total, used.total),
        ("per_user", limits.per_user, used.per_user),
        ("per_code", limits.per_code, used.per_code),
        ("per_day", limits.per_day, used.per_day),
    ):
        if limit is not None and limit < count:
            found[name] = Fault(
                "CAMPAIGN_LIMIT_BELOW_USED", N_("This was used %(count)s times already."), {"count": count}
            )
    spent = {row.currency: row.spent for row in session.execute(_SPENT, values)}
    if any(budget < spent.get(currency, 0) for currency, budget in limits.budgets.items()):
        found["budgets"] = Fault("CAMPAIGN_BUDGET_BELOW_SPENT", N_("More than this was given already."))
    if found:
        raise CampaignUnfitError(found)
    campaign.used = used.total
    if limits.per_user is not None:
        session.execute(_COUNT_PEOPLE, values)
    rest = {"budgets": _json(limits.budgets), "per_code": limits.per_code, "per_day": limits.per_day}
    session.execute(_COUNT_REST, {**values, **rest})


def _json(amounts: Mapping[str, int]) -> str:
    return orjson.dumps(dict(amounts)).decode()
