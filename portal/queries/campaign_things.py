"""What campaigns speak of, as lists to choose from, and whether what a draft names exists."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.crypto import email_index
from portal.gateways.base import Method
from portal.kit.text import N_
from portal.models import Channel, Product, Section, Store, User, Variant
from portal.queries.loyalty import loyalty_directory
from portal.queries.segments import list_segments
from portal.rules.coupons.conditions import kinds
from portal.rules.coupons.conditions.fields import Field
from portal.rules.coupons.draft import CampaignDraft, Fault, Faults
from portal.rules.coupons.segments import GROUPS, SEGMENTS

Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Option:
    """Something to choose. `names` by language are empty where a face knows the name by itself."""

    key: str
    names: Names = field(default_factory=dict)


Options = Mapping[str, Sequence[Option]]


def load_options(session: Session, *, now: datetime) -> Options:
    """Everything that fields of conditions let one choose from, by their source."""
    channels = session.execute(select(Channel.id, Channel.name, Channel.country).order_by(Channel.id)).all()
    sections = session.execute(
        select(Section.id, Section.name, Section.parent_id).order_by(Section.position, Section.id)
    ).all()
    stores = session.execute(select(Store.id, Store.name).order_by(Store.id)).all()
    return {
        "channel": [Option(str(row.id), row.name) for row in channels],
        "section": [Option(str(row.id), row.name) for row in sections if row.parent_id is None],
        "category": [Option(str(row.id), row.name) for row in sections if row.parent_id is not None],
        "store": [Option(str(row.id), row.name) for row in stores],
        "country": [Option(country) for country in sorted({row.country for row in channels})],
        "method": [Option(method.value) for method in Method],
        "tier": [Option(tier.code, tier.names) for tier in loyalty_directory(session).ladder(now).tiers],
        "segment": [
            *(Option(key) for key in SEGMENTS),
            *(Option(one.key, {"en": one.title}) for one in list_segments(session) if one.is_live),
        ],
        "group": [Option(key) for key in GROUPS],
    }


def unknown_things(session: Session, draft: CampaignDraft, *, now: datetime) -> Faults:
    """Faults of a draft that names what does not exist, or what is not its store's."""
    options = load_options(session, now=now)
    found: Faults = {}
    for one in draft.conditions:
        for part in kinds()[one.name].fields:
            keys = [str(key) for key in one.params.get(part.name) or ()] if part.source else []
            if keys and not _are_known(session, part, keys, options, draft.store_id):
                found[f"conditions.{one.name}.{part.name}"] = Fault(
                    "CAMPAIGN_UNKNOWN_THING", N_("Something that was named is not there any more, or is not yours.")
                )
    stores = {option.key for option in options["store"]}
    if any(str(store_id) not in stores for store_id in draft.funding.seller_shares):
        found["seller_shares"] = Fault("CAMPAIGN_UNKNOWN_THING", N_("There is no such store."))
    return found


def _are_known(session: Session, part: Field, keys: Sequence[str], options: Options, store_id: int | None) -> bool:
    if part.source == "product":
        statement = select(Product.id).where(Product.id.in_(map(int, keys)))
        if store_id is not None:
            statement = statement.where(Product.store_id == store_id)
        return len(set(session.scalars(statement))) == len(set(keys))
    if part.source == "user":
        people = session.scalars(select(User.id).where(User.id.in_([uuid.UUID(key) for key in keys])))
        return len(set(people)) == len(set(keys))
    if part.source not in options:
        return True
    return set(keys) <= {option.key for option in options[part.source]}


def find_products(session: Session, words: Iterable[str], *, store_id: int | None) -> Mapping[str, int]:
    """Product ids by what people type: a number, a SKU, or the name in the address of the product's page."""
    wanted = {word.rstrip("/").rsplit("/", 1)[-1]: word for word in words}
    numbers = [int(word) for word in wanted if word.isascii() and word.isdigit() and len(word) < 10]
    statement = (
        select(Product.id, Product.slug, Variant.sku)
        .outerjoin(Variant, Variant.product_id == Product.id)
        .where(or_(Product.id.in_(numbers), Product.slug.in_(wanted), Variant.sku.in_(wanted)))
    )
    if store_id is not None:
        statement = statement.where(Product.store_id == store_id)
    found = {}
    for row in session.execute(statement):
        for name in (str(row.id), row.slug, row.sku):
            if name in wanted:
                found[wanted[name]] = row.id
    return found


def find_people(session: Session, emails: Iterable[str]) -> Mapping[str, uuid.UUID]:
    """Ids of accounts by the address that was typed; closed ones are not found."""
    by_index = {email_index(email): email for email in emails if "@" in email}
    rows = session.execute(
        select(User.id, User.email_index).where(User.email_index.in_(by_index), User.state != "closed")
    )
    return {by_index[row.email_index]: row.id for row in rows}


def emails_of(session: Session, user_ids: Sequence[uuid.UUID]) -> Sequence[str]:
    """The addresses of these people, for administrators who edit a list of them."""
    return sorted(session.scalars(select(User.email).where(User.id.in_(user_ids))))
