"""The ways of paying as the page shows them: the last used first, each usable or with its reason (B18, CAT-05)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portal.blueprints.checkout.method_names import METHODS
from portal.blueprints.checkout.offers import own_offers
from portal.blueprints.checkout.words import say
from portal.blueprints.identity import current_actor, current_locale
from portal.blueprints.templating import gettext
from portal.gateways.base import ElementConfig, Flow
from portal.queries.channels import ChannelView
from portal.queries.gateways import gateway_directory
from portal.queries.saved_methods import SavedMethodView
from portal.rules.invoices import METHOD as INVOICE

# More fold away; what is chosen is always in sight.
SHOWN_MAX = 4


@dataclass(frozen=True, slots=True)
class MethodCard:
    """One radio. `element` is set where the gateway's own fields open; `has_page` where one can pay without script.

    The fields are those of `account_id`, which routing names first: their token goes to it and to no other. `saved` are
    the buyer's own cards there.
    """

    method: str
    title: str
    hint: str
    picture: str
    reason: str | None
    is_chosen: bool
    element: ElementConfig | None
    account_id: int | None
    has_page: bool
    gives_account: bool
    files_receipts: bool
    saved: tuple[SavedMethodView, ...] = ()

    @property
    def needs_script(self) -> bool:
        """Only the gateway's fields take it: without a script it cannot be used."""
        return self.reason is None and self.element is not None and not self.has_page and not self.saved


@dataclass(frozen=True, slots=True)
class MethodList:
    """The radios in sight and those that are folded."""

    shown: tuple[MethodCard, ...]
    folded: tuple[MethodCard, ...]

    @property
    def all(self) -> tuple[MethodCard, ...]:
        return self.shown + self.folded

    @property
    def files_receipts(self) -> bool:
        return any(card.files_receipts for card in self.all)

    @property
    def usable(self) -> tuple[MethodCard, ...]:
        return tuple(card for card in self.all if card.reason is None)


def list_methods(
    channel: ChannelView,
    *,
    amount_minor: int,
    country: str | None,
    chosen: str | None,
    saved: Sequence[SavedMethodView] = (),
    only_money: bool = False,
    may_have_credit: bool = True,
) -> MethodList:
    """Every way of paying of the channel for this amount; `only_money` leaves out what is paid later by invoice."""
    directory = gateway_directory()
    cards: list[MethodCard] = []
    offers = own_offers(
        channel,
        amount_minor=amount_minor,
        country=country,
        locale=current_locale(),
        user_id=current_actor().user_id,
        may_have_credit=may_have_credit,
    )
    for offer in offers:
        if only_money and offer.method == INVOICE:
            continue
        title, hint, picture = METHODS.get(offer.method, (offer.method, "", "wallet"))
        element = None
        if offer.account_id is not None and offer.flow is Flow.ELEMENT:
            element = directory[offer.account_id].gateway.element
        cards.append(
            MethodCard(
                method=offer.method,
                title=gettext(title),
                hint=gettext(hint) if hint else "",
                picture=picture,
                reason=say(offer.rejection) if offer.rejection else None,
                is_chosen=offer.method == chosen,
                element=element,
                account_id=offer.account_id,
                has_page=offer.has_page,
                gives_account=offer.flow is Flow.NOTICE and offer.method != INVOICE,
                files_receipts=offer.files_receipts,
                saved=tuple(one for one in saved if element is not None and one.gateway_account_id == offer.account_id),
            )
        )
    return _folded(sorted(cards, key=lambda card: (not card.is_chosen, card.reason is not None)))


def _folded(cards: Sequence[MethodCard]) -> MethodList:
    if len(cards) <= SHOWN_MAX + 1:  # A fold for a single one would only hide it.
        return MethodList(tuple(cards), ())
    return MethodList(tuple(cards[:SHOWN_MAX]), tuple(cards[SHOWN_MAX:]))
