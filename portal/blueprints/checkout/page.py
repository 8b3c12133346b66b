"""Everything that the checkout's page shows, gathered once for the page, its parts and its refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from flask_babel import gettext
from sqlalchemy.orm import Session

from portal import formatting
from portal.blueprints.checkout.amounts import Difference, Row, rows_of, shown, typed_amount
from portal.blueprints.checkout.crossing import Crossing, cross
from portal.blueprints.checkout.forms import NEW_ADDRESS, CheckoutForm, Typed
from portal.blueprints.checkout.methods import MethodList, list_methods
from portal.blueprints.checkout.words import say
from portal.blueprints.code_tries import CodeTries, admit_codes, keep_misses
from portal.blueprints.earning_words import earning_note
from portal.blueprints.identity import current_channel, current_identity, current_locale
from portal.db import reading
from portal.kit.currency import POINTS
from portal.kit.errors import RejectedError, Rejection
from portal.kit.ids import new_token
from portal.queries.accounts import AddressView, list_addresses
from portal.queries.carts import CartLineView, CartStoreView, CartView, load_cart
from portal.queries.channels import ChannelView
from portal.queries.held_balances import orders_holding
from portal.queries.saved_methods import SavedMethodView, list_saved_methods
from portal.rules.consents import CHECKOUT_CONSENTS, ConsentText
from portal.rules.coupons.rejection import Code, reject
from portal.services.checkout.choices import Choices
from portal.services.checkout.order_rows import DAYS_UNSAID
from portal.services.checkout.quote import CheckoutQuote, CouponOffer, quote_cart

# Eligible, and left out for the sake of others: the buyer may take it instead.
PICKABLE = frozenset({Code.NOT_BEST, Code.NOT_STACKABLE})


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the database says, in one read."""

    cart: CartView
    quoted: CheckoutQuote
    addresses: tuple[AddressView, ...]
    saved: tuple[SavedMethodView, ...] = ()
    tries: CodeTries = field(default_factory=CodeTries)
    # Orders that wait for their payment and keep some of a balance, by its kind.
    holding: Mapping[str, Sequence[str]] = field(default_factory=dict)


def load(session: Session, choices: Choices | None, *, now: datetime) -> Loaded:
    """Cart, quote and address book of whoever asks; without `choices` those that are kept with the cart."""
    channel, identity = current_channel(), current_identity()
    user_id = identity.user_id if identity else None
    session_id = identity.session_id if identity and user_id is None else None
    cart = load_cart(session, user_id=user_id, session_id=session_id, channel=channel)
    kept = Choices.from_json(cart.choices)
    chosen, tries = choices or kept, CodeTries()
    if user_id is not None and chosen.codes:
        tries = admit_codes(chosen.codes, known=kept.codes)
        chosen = replace(chosen, codes=tries.codes)
    quoted = quote_cart(
        session,
        cart=cart,
        user_id=user_id,
        channel=channel,
        choices=chosen,
        locale=current_locale(),
        now=now,
    )
    tries.settle(quoted.unknown_codes)
    addresses = list_addresses(session, user_id=user_id) if user_id is not None and cart.lines else ()
    saved = tuple(list_saved_methods(session, user_id=user_id)) if user_id is not None and cart.lines else ()
    balances = quoted.balances
    is_held = balances.deposit_held_minor or balances.mileage_held
    holding = orders_holding(session, user_id=user_id) if user_id is not None and is_held else {}
    return Loaded(cart, quoted, addresses, saved, tries, holding)


@dataclass(frozen=True, slots=True)
class StorePart:
    """What one store sends: its lines, fee and the days of arrival."""

    store: CartStoreView
    lines: tuple[CartLineView, ...]
    fee_minor: int
    first_on: date
    last_on: date


@dataclass
class CheckoutPage:
    """The page's values. `differences` are set when something has changed since the buyer looked (B23)."""

    channel: ChannelView
    loaded: Loaded
    form: CheckoutForm
    now: datetime
    key: str = field(default_factory=new_token)
    account_mode: str = "new"
    applied_before: Sequence[str] = ()
    unticked: Sequence[str] = ()
    ticked_consents: Sequence[str] = ()
    keep_address: bool = True
    differences: Sequence[Difference] = ()
    kept_codes: tuple[str, ...] | None = None
    is_typed: bool = False

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes that the page goes on with: those that do nothing are left out."""
        return self.choices.codes if self.kept_codes is None else self.kept_codes

    @property
    def quoted(self) -> CheckoutQuote:
        return self.loaded.quoted

    @property
    def cart(self) -> CartView:
        return self.loaded.cart

    @property
    def choices(self) -> Choices:
        return self.quoted.choices

    @property
    def to_pay_minor(self) -> int:
        return self.quoted.quote.to_pay_now_minor

    @property
    def closed_because(self) -> str:
        """Why nothing is sold in this currency just now; empty while it is."""
        return say(self.quoted.closed) if self.quoted.closed else ""

    @cached_property
    def rows(self) -> list[Row]:
        return rows_of(self.quoted.quote)

    @property
    def shown(self) -> str:
        return shown(self.quoted.quote)

    @cached_property
    def parts(self) -> list[StorePart]:
        today = self.now.astimezone(ZoneInfo(self.channel.time_zone)).date()
        fees = {item.price.store_id: item.price.gross_minor for item in self.quoted.quote.shipping}
        parts = []
        for store in self.cart.stores:
            lines = tuple(line for line in self.quoted.lines if line.store_id == store.id)
            if lines:
                first, last = store.days or DAYS_UNSAID
                days = today + timedelta(days=first), today + timedelta(days=last)
                parts.append(StorePart(store, lines, fees.get(store.id, 0), *days))
        return parts

    @property
    def addresses(self) -> tuple[AddressView, ...]:
        return self.loaded.addresses

    @cached_property
    def address_id(self) -> str:
        """The chosen address of the book that this shop delivers to, else that a new one is typed."""
        fitting = [str(one.id) for one in self.addresses if one.body.country in self.served]
        wanted = self.choices.address_id
        # What was new at the last purchase is in the book by now; only who is typing one still means it.
        if wanted in fitting or (wanted == NEW_ADDRESS and self.is_typed):
            return wanted or NEW_ADDRESS
        return fitting[0] if fitting else NEW_ADDRESS

    @cached_property
    def served(self) -> tuple[str, ...]:
        return self.channel.borders(self.now).served

    @cached_property
    def crossing(self) -> Crossing:
        country = self.address.body.country if self.address else self.form.chosen_country(self.served)
        return cross(self.channel, self.cart, self.quoted, country=country, now=self.now)

    @property
    def address(self) -> AddressView | None:
        return next((one for one in self.addresses if str(one.id) == self.address_id), None)

    @cached_property
    def methods(self) -> MethodList:
        # With nothing left to pay the list is hidden, and must be there again when an amount is taken back.
        amount = self.to_pay_minor or self.quoted.quote.total_minor
        return list_methods(
            self.channel,
            amount_minor=amount,
            country=self.channel.country,
            chosen=self.choices.method,
            saved=[one for one in self.loaded.saved if not one.is_expired(self.now.date())],
            may_have_credit=self.quoted.balances.has_credit,
        )

    @property
    def consents(self) -> tuple[tuple[ConsentText, bool, str | None], ...]:
        """Every text, whether it is ticked, and what is said of it."""
        return tuple(
            (text, text.kind in self.ticked_consents, self.form.fault(f"consent_{text.kind}"))
            for text in CHECKOUT_CONSENTS
        )

    @cached_property
    def applied(self) -> list[CouponOffer]:
        return [offer for offer in self.quoted.coupons if offer.is_applied]

    @cached_property
    def not_applied(self) -> list[CouponOffer]:
        others = [offer for offer in self.quoted.coupons if not offer.is_applied]
        return sorted(others, key=lambda offer: (not self.can_pick(offer), -offer.saving_minor))

    def can_pick(self, offer: CouponOffer) -> bool:
        return offer.rejection is None or offer.rejection.code in PICKABLE

    def why_not(self, offer: CouponOffer) -> str:
        return say(offer.rejection) if offer.rejection else ""

    @cached_property
    def dropped(self) -> list[CouponOffer]:
        """Coupons that were applied a moment ago and are not any more, by no wish of the buyer (B13)."""
        lost = set(self.applied_before) - set(self.unticked)
        return [offer for offer in self.not_applied if offer.coupon.terms.key in lost]

    @property
    def deposit_all(self) -> str:
        return typed_amount(self.quoted.deposit_highest_minor, self.channel.currency)

    @property
    def mileage_all(self) -> str:
        return typed_amount(self.quoted.mileage_highest, POINTS)

    @property
    def mileage_bounds(self) -> str:
        """The rule of spending in words; nothing where there is none."""
        terms, share = self.quoted.mileage_terms, self.quoted.mileage_terms.max_share_basis_points
        words = {
            "minimum": formatting.money(terms.minimum_points, POINTS),
            "step": formatting.money(terms.step, POINTS),
            "share": formatting.rate(share),
        }
        sentences = []
        if share < 10_000:
            sentences.append(
                gettext("From %(minimum)s, in steps of %(step)s, for up to %(share)s of an order.", **words)
            )
        elif terms.minimum_points or terms.step > 1:
            sentences.append(gettext("From %(minimum)s, in steps of %(step)s.", **words))
        if terms.maximum_points is not None:
            most = formatting.money(terms.maximum_points, POINTS)
            sentences.append(gettext("At most %(maximum)s for an order.", maximum=most))
        return " ".join(sentences)

    @property
    def earning_note(self) -> str:
        """Why it earns more or less than usual."""
        return earning_note(self.quoted.earning)

    def lowered(self, kind: str) -> str:
        """That less is used than was chosen, because less is left to pay."""
        share = next((one for one in self.quoted.quote.split.tenders if one.kind == kind), None)
        if share is None or not share.is_lowered or kind == "gateway":
            return ""
        currency = POINTS if kind == "mileage" else self.channel.currency
        used = formatting.money(share.units, currency)
        return str(gettext("Only %(used)s are used: no more is left to pay.", used=used))


def show_quote_faults(page: CheckoutPage) -> None:
    """Put what the quote refuses at the fields: stored values out of bounds, codes that do not work (B12)."""
    for name, rejection in page.quoted.tender_rejections.items():
        if name in ("deposit", "mileage") and not page.form.fault(name):
            page.form.say(name, rejection)


def judge_code(page: CheckoutPage, typed: Typed) -> Rejection | None:
    """What became of the code in the field: None when it is used, or kept among the buyer's coupons."""
    if not typed.code_typed:
        return None
    fault = page.loaded.tries.fault
    if fault is not None and typed.code_typed not in page.choices.codes:
        return Rejection(fault.code, fault.sentence, fault.params)
    if typed.code_typed in page.quoted.unknown_codes:
        return reject(Code.UNKNOWN)
    offer = next((one for one in page.quoted.coupons if one.coupon.code == typed.code_typed), None)
    return offer.rejection if offer is not None and not offer.is_applied else None


def code_sentence(page: CheckoutPage, typed: Typed, rejection: Rejection) -> str:
    """The code, the reason and a coupon that would work, in one paragraph of full sentences (CPN-07)."""
    usable = page.applied or [offer for offer in page.not_applied if page.can_pick(offer)]
    sentences = [gettext("%(code)s was not applied.", code=typed.code_typed), say(rejection)]
    if usable:
        sentences.append(gettext("You can use “%(name)s”.", name=usable[0].coupon.terms.name))
    return " ".join(sentences)


def without_codes(choices: Choices, dropped: Sequence[str]) -> Choices:
    """The choices without codes that do nothing here."""
    return Choices(
        tuple(code for code in choices.codes if code not in dropped),
        choices.coupons,
        choices.deposit_minor,
        choices.mileage_points,
        choices.method,
        choices.address_id,
        choices.keep_gift,
    )


def gather(typed: Typed | None, *, now: datetime) -> CheckoutPage:
    """Read everything for the page: with what was typed, or with what is kept with the cart."""
    channel = current_channel()
    with reading() as session:
        loaded = load(session, typed.choices if typed else None, now=now)
    identity = current_identity()
    keep_misses(loaded.tries, user_id=identity.user_id if identity else None)
    form = typed.form if typed else CheckoutForm(None)
    page = CheckoutPage(channel, loaded, form, now)
    if typed is not None:
        page.is_typed = True
        page.applied_before, page.unticked = typed.applied_before, typed.unticked
        page.ticked_consents = tuple(typed.consents)
    else:
        form.deposit.data = typed_amount(page.choices.deposit_minor, channel.currency)
        form.mileage.data = typed_amount(page.choices.mileage_points, POINTS)
    if identity is not None and identity.email and not form.email.data:
        form.email.data = identity.email
    if identity is not None and identity.name and typed is None:
        form.name.data = identity.name
    return page


def refusal_of(error: RejectedError) -> str:
    """The field at which a refusal of the services is shown; empty for the page's head."""
    for prefix, name in (("DEPOSIT_", "deposit"), ("MILEAGE_", "mileage"), ("COUPON_", "")):
        if error.code.startswith(prefix):
            return name
    return "method"
