"""A channel tells of a product in its own way, or follows the master by hand (CHN-03)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Channel, LocalProduct, Product, Section
from portal.rules.channel_goods import Field, Outcome, texts_faults
from portal.rules.overrides import SECTION, in_languages, why_faults
from portal.rules.permissions import Actor, Permission
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.catalogue.errors import ChannelUnknownError
from portal.services.catalogue.guard import require_stores
from portal.services.catalogue.note_catalogue import Note, note_catalogue
from portal.services.catalogue.refresh_listings import refresh_listings
from portal.services.overrides import note_overrides


class LocalTextsUnfitError(PortalError):
    """`faults` has a sentence for each field."""

    code = "local_texts_unfit"
    sentence = N_("The channel's texts were not saved: some fields need another look.")

    def __init__(self, faults: Mapping[str, str]) -> None:
        self.faults = dict(faults)
        super().__init__()


class LocalTextsChangedError(PortalError):
    code = "local_texts_changed"
    status = 409
    sentence = N_("Somebody has changed this channel's texts meanwhile. Look at them anew; nothing of yours was saved.")


@dataclass(frozen=True, slots=True)
class LocalTexts:
    """What a channel says in its own words, by language, and where it stands; empty follows the master.

    With `is_manual` what follows the master does so only when somebody takes it over.
    """

    name: Mapping[str, str]
    description: Mapping[str, str]
    section_id: int | None = None
    is_manual: bool = False

    @property
    def own(self) -> list[str]:
        held = {Field.NAME: any(self.name.values()), Field.DESCRIPTION: any(self.description.values())}
        held[Field.SECTION] = self.section_id is not None
        return [field.value for field, is_held in held.items() if is_held]


def save_local_texts(
    session: Session,
    *,
    product_id: int,
    channel_id: int,
    version: int | None,
    texts: LocalTexts,
    why: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Keep them; what is not the channel's own is taken over from the master now. `version` is None for the first.

    Each own text that changes is a decision with its `why`.

    Raises CatalogueForbiddenError, ChannelUnknownError, LocalTextsUnfitError, LocalTextsChangedError.
    """
    product = session.execute(select(Product).where(Product.id == product_id)).scalar_one()
    require_stores(actor, Permission.PRODUCT_EDIT, [product.store_id])
    if session.scalar(select(Channel.id).where(Channel.id == channel_id)) is None:
        raise ChannelUnknownError
    row = session.execute(
        select(LocalProduct)
        .where(LocalProduct.product_id == product_id, LocalProduct.channel_id == channel_id)
        .with_for_update()
    ).scalar_one_or_none()
    if (row.version if row else None) != version:
        raise LocalTextsChangedError
    was, will = _own_words(session, row), _words_of(session, texts)
    faults = texts_faults(texts.name, texts.description)
    known_section = texts.section_id is None or SECTION in will
    faults |= {} if known_section else {"section": N_("Choose the category in which the product stands.")}
    faults |= why_faults(was, will, why)
    if faults:
        raise LocalTextsUnfitError(faults)
    before = _told(row) if row else None
    if row is None:
        row = LocalProduct(product_id=product_id, channel_id=channel_id, version=0, master_version=0)
        session.add(row)
    _fill(row, product, texts)
    row.version, row.changed_by, row.changed_at = row.version + 1, label(actor), now
    try:
        session.flush()
    except IntegrityError:  # Two who wrote the first at once.
        raise LocalTextsChangedError from None
    refresh_listings(session, product_ids=[product_id])
    fact = Fact(AuditAction.LOCAL_TEXTS_SAVED, f"product:{product_id}", before, _told(row), why.strip() or None)
    record(session, fact, actor=actor, now=now)
    note_overrides(
        session,
        channel_id=channel_id,
        product_id=product_id,
        before=was,
        after=will,
        why=why,
        actor=actor,
        now=now,
    )
    notes = [
        Note(
            channel_id,
            product_id,
            field.value,
            Outcome.KEPT if field in row.own else Outcome.APPLIED,
            {"version": product.version},
        )
        for field in Field
    ]
    note_catalogue(session, notes, actor=actor, now=now)


def _own_words(session: Session, row: LocalProduct | None) -> dict[str, str]:
    """What the channel says itself now, by the terms of decisions; a category by its slug."""
    if row is None:
        return {}
    own = LocalTexts(
        (row.name if Field.NAME in row.own else None) or {},
        (row.description if Field.DESCRIPTION in row.own else None) or {},
        row.section_id if Field.SECTION in row.own else None,
    )
    return _words_of(session, own)


def _words_of(session: Session, texts: LocalTexts) -> dict[str, str]:
    section = session.get(Section, texts.section_id) if texts.section_id is not None else None
    return {
        **in_languages("product-name", texts.name),
        **in_languages("product-description", texts.description),
        **({SECTION: section.slug} if section else {}),
    }


def _fill(row: LocalProduct, product: Product, texts: LocalTexts) -> None:
    """The channel's own where it has it; of the rest a copy where it follows by hand, else nothing."""
    own = texts.own
    copied: dict[str, Any] = {Field.NAME: None, Field.DESCRIPTION: None, Field.SECTION: None}
    if texts.is_manual:
        copied = {
            Field.NAME: dict(product.name),
            Field.DESCRIPTION: dict(product.description),
            Field.SECTION: product.section_id,
        }
    row.name = _said(texts.name) if Field.NAME in own else copied[Field.NAME]
    row.description = _said(texts.description) if Field.DESCRIPTION in own else copied[Field.DESCRIPTION]
    row.section_id = texts.section_id if Field.SECTION in own else copied[Field.SECTION]
    row.own, row.is_manual, row.master_version = own, texts.is_manual, product.version


def _said(texts: Mapping[str, str]) -> dict[str, str]:
    return {locale: text for locale, text in texts.items() if text}


def _told(row: LocalProduct) -> dict[str, Any]:
    return {
        "channel": row.channel_id,
        "own": list(row.own),
        "manual": row.is_manual,
        "name": row.name,
        "section": row.section_id,
    }
