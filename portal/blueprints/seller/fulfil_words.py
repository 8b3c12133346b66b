"""What the seller's desk says of holds and of acts that were refused."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask_babel import gettext
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.blueprints.checkout.words import say
from portal.blueprints.desk_words import word
from portal.formatting import instant_zone
from portal.kit.errors import PortalError, fill
from portal.kit.text import N_
from portal.models import User
from portal.rules.carriers import CARRIERS
from portal.rules.holds import HoldKind
from portal.services.orders.part_changes import PartChangedError
from portal.services.orders.release_hold import HoldOverError
from portal.services.returns.take_return import ReturnChangedError
from portal.statuses import status_of

if TYPE_CHECKING:
    from portal.queries.store_order import StoreHold


# What somebody else did that left the order's state as it was.
CHANGES = {
    "amended": N_("%(who)s changed the address or an option of this order on %(at)s. Nothing was changed by you."),
    "sent": N_("%(who)s sent a parcel of this order on %(at)s. Nothing was changed by you."),
    "gave_back": N_("%(who)s gave something of this order back on %(at)s. Nothing was changed by you."),
}


def hold_text(hold: StoreHold) -> str:
    """Why it is held, as far as the store may know."""
    if hold.kind == HoldKind.FRAUD:
        return str(_("The mall is checking this order. You will be told when you can go on."))
    return ": ".join(one for one in (word("hold", hold.reason), hold.note) if one)


def problem_text(session: Session, error: PortalError) -> str:
    """Why an act was refused; where somebody else was faster, who did what and when."""
    if isinstance(error, PartChangedError) and error.what in CHANGES:
        who, at = name_of(session, error.by), instant_zone(error.at)
        return fill(gettext(CHANGES[error.what]), {"who": who, "at": at})
    if isinstance(error, PartChangedError):
        return str(
            _(
                "%(who)s changed this order on %(at)s. It is now “%(state)s”; nothing was changed by you.",
                who=name_of(session, error.by),
                at=instant_zone(error.at),
                state=gettext(status_of(error.state, "part").word),
            )
        )
    if isinstance(error, ReturnChangedError):
        return str(
            _(
                "%(who)s changed this request on %(at)s. It is now “%(state)s”; nothing was changed by you.",
                who=name_of(session, error.by),
                at=instant_zone(error.at),
                state=gettext(status_of(error.state, "return").word),
            )
        )
    if isinstance(error, HoldOverError) and error.by and error.at:
        return str(
            _(
                "%(who)s ended this hold on %(at)s. Nothing was changed by you.",
                who=name_of(session, error.by),
                at=instant_zone(error.at),
            )
        )
    return say(error)


def name_of(session: Session, by: str) -> str:
    """The name behind a record's label; what no person did, the mall did."""
    kind, _colon, user_id = by.partition(":")
    name = session.scalar(select(User.name).where(User.id == uuid.UUID(user_id))) if kind == "user" else None
    return name or str(_("The mall"))


@dataclass(frozen=True, slots=True)
class ShipForm:
    """What stands in the form of a parcel: the carriers, the chosen one, and what was typed."""

    carriers: tuple[tuple[str, str, str], ...]
    carrier: str
    typed: Mapping[str, str]

    @property
    def example(self) -> str:
        return CARRIERS[self.carrier].example if self.carrier in CARRIERS else ""


def ship_form(last: str | None, typed: Mapping[str, str] | None) -> ShipForm:
    """The form as it opens: with the carrier of the last parcel, or with what was typed and refused."""
    typed = typed or {}
    carriers = tuple((one.code, gettext(one.name), one.example) for one in CARRIERS.values())
    chosen = typed.get("carrier") or last or carriers[0][0]
    return ShipForm(carriers, chosen, typed)
