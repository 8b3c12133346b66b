"""What imported goods stand on: channels, stores and sections, found or made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.currency import is_currency
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Channel, Section, Store
from portal.rules.permissions import Actor
from portal.services.catalogue.create_store import StoreDraft, create_stores
from portal.services.catalogue.drafts import Texts
from portal.services.catalogue.save_sections import SectionDraft, save_sections

# For channels that an import makes: where the day begins. Any other country starts with UTC and can be changed.
TIME_ZONES = {"BR": "America/Sao_Paulo", "KR": "Asia/Seoul", "US": "America/New_York", "JP": "Asia/Tokyo"}


class ChannelNotThereError(PortalError):
    code = "channel_not_there"
    sentence = N_("There is no channel %(code)s. Name its currency and country to have it made.")


class ChannelCurrencyError(PortalError):
    code = "channel_currency"
    sentence = N_("The channel %(code)s is in %(currency)s.")


def ensure_channel(
    session: Session, *, code: str, currency: str | None, country: str | None, now: datetime
) -> tuple[int, str]:
    """Return id and currency of a channel; make it when it is not there and currency and country are given.

    Raises ChannelNotThereError, ChannelCurrencyError.
    """
    found = session.execute(select(Channel.id, Channel.currency).where(Channel.code == code)).one_or_none()
    if found is not None:
        if currency is not None and currency != found.currency:
            raise ChannelCurrencyError(code=code, currency=found.currency)
        return found.id, found.currency
    if currency is None or country is None or not is_currency(currency):
        raise ChannelNotThereError(code=code)
    channel = Channel(
        code=code,
        name={"en": code.upper()},
        currency=currency,
        country=country,
        default_locale="en",
        locales=["en", "ko"],
        time_zone=TIME_ZONES.get(country, "UTC"),
        created_at=now,
    )
    session.add(channel)
    session.flush()
    return channel.id, currency


def ensure_stores(session: Session, *, actor: Actor, wanted: Mapping[str, Texts]) -> dict[str, int]:
    """Ids of stores by slug. One that is not there is made, with the name given or its slug."""
    ids = {row.slug: row.id for row in session.execute(select(Store.slug, Store.id).where(Store.slug.in_(wanted)))}
    drafts = [
        StoreDraft(ref=f"csv:{slug}", slug=slug, name=name or {"en": titled(slug)})
        for slug, name in wanted.items()
        if slug not in ids
    ]
    made = create_stores(session, actor=actor, drafts=drafts) if drafts else {}
    return ids | {draft.slug: made[draft.ref] for draft in drafts}


def ensure_sections(session: Session, *, actor: Actor, wanted: Mapping[str, Texts]) -> dict[str, int]:
    """Ids of sections by slug. One that is not there is made at the end, with the name given or its slug."""
    found = session.execute(select(Section.slug, Section.id).where(Section.slug.in_(wanted)))
    ids = {row.slug: row.id for row in found}
    drafts = [
        SectionDraft(slug, name or {"en": titled(slug)}, position=1000)
        for slug, name in wanted.items()
        if slug not in ids
    ]
    return ids | (save_sections(session, actor=actor, drafts=drafts) if drafts else {})


def titled(words: str) -> str:
    """A readable name from a slug or a code: health_beauty is Health beauty."""
    text = " ".join(words.replace("_", " ").replace("-", " ").split())
    return text[:1].upper() + text[1:]


def currencies_of(session: Session, codes: Iterable[str]) -> dict[str, tuple[int, str]]:
    """Id and currency of channels by code; those that are not there are left out."""
    rows = session.execute(select(Channel.code, Channel.id, Channel.currency).where(Channel.code.in_(list(codes))))
    return {row.code: (row.id, row.currency) for row in rows}
