"""Fills an empty database with the demo mall, all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.demo import goods
from portal.demo.channels import make_channels, name_manager
from portal.demo.coupons import make_coupons
from portal.demo.gateway_accounts import make_gateway_accounts
from portal.demo.ip_tables import make_ip_tables
from portal.demo.loyalty import make_loyalty
from portal.demo.people import give_balances, make_people
from portal.demo.samples import make_samples
from portal.gateways.rates.bundled import BundledRates
from portal.models import StoreBank
from portal.rules.permissions import SYSTEM
from portal.services.accounts.bank_details import keep_bank
from portal.services.audit import label
from portal.services.catalogue.create_store import create_stores
from portal.services.catalogue.save_products import save_products
from portal.services.catalogue.save_sections import save_sections
from portal.services.rates.take_rates import take_rates

AT_ONCE = 50
# Where the demo pays its stores: a bank that nobody has an account with.
BANK = {"bank": "Demo Bank", "number": "110-000-123456", "holder": "Demo Store"}
_HAS_ROWS = text(
    "SELECT EXISTS (SELECT FROM channel) OR EXISTS (SELECT FROM store) OR EXISTS (SELECT FROM user_account)"
)

Progress = Callable[[int], object]


def is_filled(session: Session) -> bool:
    """Say whether somebody uses this database already, for a demo or in earnest."""
    return bool(session.scalar(_HAS_ROWS))


def count_goods() -> int:
    """How many products fill() makes: the length of its progress."""
    return len(goods.offers())


def fill(session: Session, *, settings: Settings, now: datetime, progress: Progress = lambda _: None) -> None:
    """Make channels, stores, goods, people, coupons and gateway accounts. Calls `progress` with products made."""
    channels = make_channels(session)
    table = BundledRates().table(now=now)
    take_rates(session, table=table, now=table.as_of)
    sections = save_sections(session, actor=SYSTEM, drafts=goods.sections())
    stores = create_stores(session, actor=SYSTEM, drafts=goods.stores())
    session.add_all(
        StoreBank(store_id=one, details=keep_bank(BANK), changed_by=label(SYSTEM), changed_at=now)
        for one in stores.values()
    )
    drafts = [
        goods.product(offer, store_ids=stores, section_ids=sections, channel_ids=channels) for offer in goods.offers()
    ]
    for start in range(0, len(drafts), AT_ONCE):
        batch = drafts[start : start + AT_ONCE]
        save_products(session, actor=SYSTEM, drafts=batch, now=now)
        progress(len(batch))
    people = make_people(session, store_ids=stores, now=now)
    name_manager(session, manager_id=people["ada@example.com"])
    make_coupons(session, store_ids=stores, section_ids=sections, people=people, now=now)
    make_loyalty(session, store_ids=stores, people=people, now=now)
    give_balances(session, people=people, now=now)
    make_gateway_accounts(session, settings, channel_ids=channels)
    make_ip_tables(session, now=now)
    make_samples(session, people=people, channel_ids=channels, now=now)
