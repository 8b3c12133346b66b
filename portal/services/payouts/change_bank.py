"""A store says where its money goes: proved a second time, told to its owners, and payouts wait (BAL-13, IDN-04)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Store, StoreBank
from portal.rules.permissions import Actor, Permission, may
from portal.rules.step_up import StepUpAction
from portal.rules.stores import BANK_REST
from portal.services.accounts.bank_details import check_bank, ends_of, keep_bank
from portal.services.accounts.step_up import Binding, require_step_up
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.outbox import Event, emit


class BankForbiddenError(PortalError):
    code = "store_bank_forbidden"
    status = 403
    sentence = N_("Only an owner of the store can change where its money goes.")


class BankChangedError(PortalError):
    """Since the form was opened a colleague has given another account."""

    code = "store_bank_changed"
    status = 409
    sentence = N_("Meanwhile somebody else has changed the bank account. Nothing was saved by you.")


def change_bank(
    session: Session, *, store_id: int, bank: Mapping[str, str], version: int, actor: Actor, now: datetime
) -> bool:
    """Keep another account for the store's payouts; False where it is the same already.

    `version` is that of the account which was looked at, 0 before there is any. Payouts wait for BANK_REST after a
    change. Raises BankForbiddenError, BankDetailsError, BankChangedError, StepUpNeededError.
    """
    if not may(actor, Permission.STORE_BANK_EDIT, store_id=store_id):
        raise BankForbiddenError
    details = check_bank(bank)
    slug = session.execute(select(Store.slug).where(Store.id == store_id).with_for_update()).scalar_one()
    row = session.execute(select(StoreBank).where(StoreBank.store_id == store_id)).scalar_one_or_none()
    kept = keep_bank(details)
    if row is not None and row.details == kept:
        return False
    if (row.version if row else 0) != version:
        raise BankChangedError
    told = {"store": slug, "bank": details["bank"], "ends": ends_of(details)}
    binding = Binding(f"store-bank:{store_id}:{kept}", told=told)
    require_step_up(session, actor=actor, action=StepUpAction.CHANGE_PAYOUT_ACCOUNT, binding=binding, now=now)
    if row is None:
        row = StoreBank(store_id=store_id, details=kept, version=1, changed_by=label(actor), changed_at=now)
        session.add(row)
    else:
        row.details, row.version = kept, row.version + 1
        row.changed_by, row.changed_at, row.payouts_wait_until = label(actor), now, now + BANK_REST
    session.flush()
    # Neither number nor holder stand in the trail, which is never erased.
    after = {"version": row.version, "payouts_wait_until": row.payouts_wait_until}
    record(session, Fact(AuditAction.STORE_BANK_CHANGED, f"store:{store_id}", after=after), actor=actor, now=now)
    emit(session, Event("store.bank_changed", f"store:{store_id}", {"version": row.version}), now=now)
    return True
