"""Make the codes that open a campaign: one that many people type, or a batch of which each has his own (CPN-02)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.ids import new_codes, new_id
from portal.kit.text import N_
from portal.models import CouponBatch, CouponCode
from portal.rules.coupons.claiming import BY_CODE
from portal.rules.coupons.codes import BatchPlan, plan_batch, shared_code
from portal.rules.permissions import Actor
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.coupons.guard import own_campaign


class NoCodesWantedError(PortalError):
    code = "no_codes_wanted"
    status = 409
    sentence = N_("People come by the coupons of this campaign without a code.")


class CodeTakenError(PortalError):
    code = "code_taken"
    status = 409
    sentence = N_("This code is in use already. Choose another one.")


_WRITE = text(
    """
    INSERT INTO coupon_code (code, campaign_id, batch_id, cap, made_at)
    SELECT code, :campaign_id, :batch_id, :cap, :now FROM unnest(CAST(:codes AS text[])) AS made(code)
    ON CONFLICT (code) DO NOTHING
    RETURNING 1
    """
)


def make_batch(
    session: Session,
    *,
    campaign_id: int,
    size: int,
    prefix: str,
    length: int,
    per_code_cap: int | None,
    label_text: str,
    actor: Actor,
    now: datetime,
) -> uuid.UUID:
    """Make `size` codes at once; returns the batch.

    Raises CampaignUnknownError, CampaignOverError, NoCodesWantedError and what plan_batch() raises.
    """
    plan = plan_batch(size=size, prefix=prefix, length=length, per_code_cap=per_code_cap, label=label_text)
    _own(session, campaign_id, actor)
    batch_id = new_id()
    session.add(
        CouponBatch(
            id=batch_id,
            campaign_id=campaign_id,
            label=plan.label,
            size=plan.size,
            prefix=plan.prefix,
            length=plan.length,
            per_code_cap=plan.per_code_cap,
            made_at=now,
            made_by=label(actor),
        )
    )
    session.flush()
    missing = plan.size
    while missing:
        # What happens to exist already is drawn again.
        missing -= _write(session, campaign_id, batch_id, plan, missing, now)
    after = {
        "campaign": campaign_id,
        "size": plan.size,
        "prefix": plan.prefix,
        "length": plan.length,
        "per_code_cap": plan.per_code_cap,
        "label": plan.label,
    }
    record(session, Fact(AuditAction.COUPON_CODES_MADE, f"batch:{batch_id}", after=after), actor=actor, now=now)
    return batch_id


def make_shared_code(
    session: Session, *, campaign_id: int, typed: str, cap: int | None, actor: Actor, now: datetime
) -> str:
    """Make one code for many people, used `cap` times at most; returns its normal form.

    Raises CampaignUnknownError, CampaignOverError, NoCodesWantedError, CodeUnfitError, BatchUnfitError, CodeTakenError.
    """
    code = shared_code(typed)
    plan_batch(size=1, prefix="", length=24, per_code_cap=cap, label="")
    _own(session, campaign_id, actor)
    made = session.execute(
        insert(CouponCode)
        .values(code=code, campaign_id=campaign_id, cap=cap, made_at=now)
        .on_conflict_do_nothing(index_elements=["code"])
        .returning(CouponCode.code)
    ).one_or_none()
    if made is None:
        raise CodeTakenError
    after = {"campaign": campaign_id, "cap": cap}
    record(session, Fact(AuditAction.COUPON_CODES_MADE, f"code:{code}", after=after), actor=actor, now=now)
    return code


def _own(session: Session, campaign_id: int, actor: Actor) -> None:
    campaign = own_campaign(session, campaign_id=campaign_id, actor=actor, to_give=True, is_nameless=True)
    if campaign.distribution != BY_CODE:
        raise NoCodesWantedError


def _write(session: Session, campaign_id: int, batch_id: uuid.UUID, plan: BatchPlan, count: int, now: datetime) -> int:
    codes: Sequence[str] = [plan.prefix + code for code in new_codes(count, plan.length)]
    written = session.execute(
        _WRITE,
        {"campaign_id": campaign_id, "batch_id": batch_id, "cap": plan.per_code_cap, "codes": codes, "now": now},
    )
    return len(written.all())
