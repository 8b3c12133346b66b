"""An invoice that will not be paid is given up, with a reason (PAY-17)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.money import Money
from portal.kit.text import N_
from portal.rules.permissions import Actor, Permission, Scope, scopes_of
from portal.rules.step_up import StepUpAction
from portal.services.accounts.step_up import Binding, check_step_up
from portal.services.invoices.settle_invoice import MoveKind, lock_invoice, settle_invoice


class InvoiceUnknownError(PortalError):
    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class InvoiceClosedError(PortalError):
    code = "invoice_closed"
    status = 409
    sentence = N_("Nothing is left to be paid of this invoice.")


class WriteOffReasonError(PortalError):
    code = "write_off_reason"
    sentence = N_("Say why nobody will pay it: it stands in the record.")


def write_off(session: Session, *, invoice_id: uuid.UUID, reason: str, actor: Actor, now: datetime) -> None:
    """Book what is left of an invoice as lost. Nobody does it with his own.

    Raises InvoiceUnknownError, InvoiceClosedError, WriteOffReasonError, and StepUpNeededError above the threshold.
    """
    invoice = lock_invoice(session, invoice_id)
    if invoice is None or Scope.ALL not in scopes_of(actor, Permission.CREDIT_GRANT):
        raise InvoiceUnknownError
    if invoice.user_id == actor.user_id:
        raise InvoiceUnknownError
    why = " ".join(reason.split())
    if not why:
        raise WriteOffReasonError
    if not invoice.left_minor:
        raise InvoiceClosedError
    binding = Binding(f"invoice:{invoice.id}", Money(invoice.left_minor, invoice.currency))
    check_step_up(session, actor=actor, action=StepUpAction.WRITE_OFF, binding=binding, now=now)
    settle_invoice(
        session,
        invoice=invoice,
        kind=MoveKind.WRITE_OFF,
        amount_minor=invoice.left_minor,
        idem_key=f"invoice:{invoice.id}:lost",
        actor=actor,
        now=now,
        reason=why,
    )
