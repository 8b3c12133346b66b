"""Adyen, through its own SDK: cards in fields of its own in our page, and the European methods on pages of its own.

Adyen cannot be asked what became of a payment: the Checkout API has no such call. What it offers, and what this
connector makes of it ([ADR 15](docs/adr/0015-a-gateway-that-tells.md)):

- **An idempotency key replays its first answer** (for 7 days at the least), whatever is asked with it. `fetch` spends
  the key on a payment that can take no money: if that one is answered, the key was new, and now no request that is
  still under way can execute: NotFound is final. Otherwise the first answer comes back.
- **Notifications tell everything later**: whether a capture, cancel or refund that was "received" came to be, and what
  became of a buyer who never came back. `conclude` reads those that the portal holds, beside the replay.
- **Disputes are told** step by step; `conclude_dispute` puts the steps together, and the Disputes API takes answers.
- **The buyer brings a result back** from a page of Adyen's. A card's money is taken only by /payments/details, which
  `conclude` calls with it.
"""

from portal.gateways.adyen.config import ADYEN

__all__ = ["ADYEN"]
