"""Give a channel a logo, or take it away; earlier ones stay where mails show them (CHN-01)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from portal.documents.attachments import Attachment
from portal.kit.ids import new_id
from portal.models import Photo
from portal.rules.overrides import LOGO, WHY_MISSING
from portal.rules.permissions import Actor
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.channels.save_channel import ChannelUnfitError, lock_channel
from portal.services.overrides import note_overrides


def save_logo(
    session: Session,
    *,
    channel_id: int,
    version: int | None,
    file: Attachment | None,
    why: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Show a picture that was made safe before as the channel's logo, on pages and in mails; None shows none.

    It is a version of the channel's brand, decided with a `why`, in the audit trail with the one before.
    Raises ChannelUnknownError, ChannelChangedError, ChannelUnfitError without a reason.
    """
    row = lock_channel(session, channel_id, version, actor)
    before = row.brand.get("logo")
    if (file or before) and not why.strip():
        raise ChannelUnfitError({"why": WHY_MISSING})
    brand = {name: value for name, value in row.brand.items() if name != "logo"}
    if file is not None:
        photo_id = new_id()
        photo = Photo(id=photo_id, channel_id=row.id, kind=file.kind.value, content=file.content)
        photo.made_by, photo.made_at = label(actor), now
        session.add(photo)
        brand["logo"] = f"/photos/{photo_id}"
    row.brand = brand
    row.version += 1
    session.flush()
    fact = Fact(
        AuditAction.CHANNEL_SAVED,
        f"channel:{row.id}",
        {"logo": before},
        {"logo": brand.get("logo")},
        why.strip() or None,
    )
    record(session, fact, actor=actor, now=now)
    was, will = {LOGO: before or ""}, {LOGO: brand.get("logo", "")}
    note_overrides(session, channel_id=row.id, before=was, after=will, why=why, actor=actor, now=now)
