"""Bank accounts of stores."""

from __future__ import annotations

from datetime import datetime

from portal.db import transaction
from portal.kit import clock
from portal.models import StoreBank
from portal.services.accounts.bank_details import keep_bank

BANK = {"bank": "KB", "number": "123456-01-987654", "holder": "Sam Seo"}


def give_bank(*store_ids: int, payouts_wait_until: datetime | None = None) -> None:
    """Committed accounts, given long ago unless payouts still wait."""
    with transaction() as session:
        for store_id in store_ids:
            session.add(
                StoreBank(
                    store_id=store_id,
                    details=keep_bank(BANK),
                    changed_by="system",
                    changed_at=clock.now(),
                    payouts_wait_until=payouts_wait_until,
                )
            )
