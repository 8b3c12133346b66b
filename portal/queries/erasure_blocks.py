"""What stands in the way of an erasure (IDN-06): asked when somebody wants it, and again when its day has come."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.rules.posting import POINTS
from portal.rules.privacy import PASSING, Block
from portal.rules.withdrawals import LIMITS


@dataclass(frozen=True, slots=True)
class Left:
    """A balance that would be lost, or has to be withdrawn first."""

    account_id: int
    kind: str
    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class ErasureView:
    """How it stands: what is in the way by kind and number, and which balances there are."""

    counts: dict[Block, int]
    left: list[Left]

    def blocks(self, *, gives_up: bool) -> list[Block]:
        """What is in the way, for who gives up what is left, or does not."""
        return [block for block in self.counts if not (gives_up and block is Block.LEFT_OVER)]

    @property
    def stopping(self) -> list[Block]:
        """What somebody has to do something about before it can be asked for."""
        return [block for block in self.blocks(gives_up=True) if block not in PASSING]


_COUNTS = text(
    """
    SELECT
      (SELECT count(DISTINCT o.id) FROM orders o LEFT JOIN order_part p ON p.order_id = o.id
        WHERE o.buyer_id = :user AND (o.status = 'pending' OR (o.status NOT IN ('cancelled', 'failed', 'expired')
              AND p.status NOT IN ('closed', 'cancelled')))) AS orders,
      (SELECT count(*) FROM payment WHERE user_id = :user AND order_id IS NULL
          AND status IN ('pending', 'requires_action', 'authorised')) AS payments,
      (SELECT count(*) FROM goods_return WHERE buyer_id = :user AND closed_at IS NULL) AS returns,
      (SELECT count(*) FROM refund r JOIN orders o ON o.id = r.order_id WHERE o.buyer_id = :user
          AND r.status NOT IN ('succeeded', 'refused', 'cancelled')) AS refunds,
      (SELECT count(*) FROM withdrawal WHERE user_id = :user AND status IN ('requested', 'approved')) AS withdrawals,
      (SELECT count(*) FROM dispute d JOIN payment p ON p.id = d.payment_id
        WHERE p.user_id = :user AND d.closed_at IS NULL) AS disputes,
      (SELECT count(*) FROM invoice WHERE user_id = :user AND closed_at IS NULL) AS invoices,
      (SELECT count(*) FROM mileage_gift WHERE sender_id = :user AND state = 'waiting')
        + (SELECT count(*) FROM gift_card WHERE buyer_id = :user AND state = 'unpaid') AS gifts,
      (SELECT count(*) FROM user_account WHERE id = :user AND state = 'frozen')
        + (SELECT count(*) FROM risk_case_person WHERE user_id = :user AND case_state IN ('open', 'decided')) AS frozen,
      (SELECT count(*) FROM store_member WHERE user_id = :user)
        + (SELECT count(*) FROM user_account WHERE id = :user AND NOT roles <@ '{buyer}') AS works_here,
      (SELECT count(*) FROM saved_method WHERE user_id = :user AND removal IS DISTINCT FROM 'done') AS cards
    """
)
_BALANCES = text(
    """
    SELECT id, kind, currency, balance_minor AS amount_minor FROM ledger_account
     WHERE owner = :owner AND kind IN ('deposit', 'gift', 'refund_credit', 'mileage') AND balance_minor > 0
     ORDER BY kind, currency
    """
)


def load_erasure_blocks(session: Session, *, user_id: uuid.UUID) -> ErasureView:
    """What stands in the way, in the order of rules/privacy.py. What is nothing is left out."""
    row = session.execute(_COUNTS, {"user": user_id}).mappings().one()
    left = [Left(*found) for found in session.execute(_BALANCES, {"owner": f"user:{user_id}"})]
    counts = dict(row) | {
        "deposit": sum(map(_must_go_back, left)),
        "left_over": sum(not _must_go_back(one) for one in left),
    }
    return ErasureView({block: counts[block] for block in Block if counts[block]}, left)


def _must_go_back(one: Left) -> bool:
    """Money that was paid in goes back to who paid it, unless it is less than what can be withdrawn."""
    if one.kind != "deposit" or one.currency == POINTS:
        return False
    return one.currency not in LIMITS or one.amount_minor >= LIMITS[one.currency].minimum_minor
