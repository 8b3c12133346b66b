"""The checkout's one form. It looks at the shape only: amounts, prices and coupons are decided by the services."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext, lazy_gettext, lazy_pgettext
from wtforms import EmailField, PasswordField, StringField, TelField
from wtforms.validators import InputRequired

from portal.blueprints.account.forms import PortalForm
from portal.blueprints.checkout.words import say
from portal.kit.currency import POINTS
from portal.kit.errors import PortalError, Rejection
from portal.kit.ids import normalise_code
from portal.kit.money import AmountInvalidError, parse_minor
from portal.rules.addresses import AddressUnfitError
from portal.services.checkout.choices import Choices, clean_codes

ADDRESS_FIELDS = ("name", "phone", "postcode", "line1", "line2", "city", "region")
NEW_ADDRESS = "new"
SIGN_UP, SIGN_IN = "new", "known"

_required = (InputRequired(),)


class CheckoutForm(PortalForm):
    """Every field that people fill in. Radios and boxes are read from the request: their values are ours."""

    class Meta:
        csrf = False  # Checked for the whole application before any view.

    account_name = StringField(lazy_gettext("Name"), _required)
    account_email = EmailField(lazy_gettext("E-mail"), _required)
    account_password = PasswordField(lazy_gettext("Password"), _required)
    known_email = EmailField(lazy_gettext("E-mail"), _required)
    known_password = PasswordField(lazy_gettext("Password"), _required)
    email = EmailField(lazy_gettext("E-mail"), _required)
    name = StringField(lazy_gettext("Recipient"), _required)
    phone = TelField(lazy_gettext("Phone"), _required)
    postcode = StringField(lazy_gettext("Postcode"), _required)
    line1 = StringField(lazy_gettext("Street and number"), _required)
    line2 = StringField(lazy_gettext("Floor, unit, building"))
    city = StringField(lazy_gettext("City"), _required)
    region = StringField(lazy_pgettext("address", "State"), _required)
    country = StringField(lazy_gettext("Country"), _required)
    personal_code = StringField(lazy_gettext("Personal customs code"))
    code = StringField(lazy_gettext("Coupon code"))
    deposit = StringField(lazy_gettext("Deposit"))
    mileage = StringField(lazy_gettext("Mileage"))
    method = StringField(lazy_gettext("Way of paying"))
    cash_receipt = StringField(lazy_gettext("Cash receipt"))
    cash_receipt_number = StringField(lazy_gettext("Phone or business number"))
    consent_terms = StringField()
    consent_seller_data = StringField()
    consent_payment_agency = StringField()

    def say(self, name: str, refusal: Rejection | PortalError | str) -> None:
        """Show why a field cannot be taken."""
        self.show(name, gettext(refusal) if isinstance(refusal, str) else say(refusal))

    def fault(self, name: str) -> str | None:
        """The sentence shown at a field, if any."""
        errors = self._fields[name].errors
        return errors[0] if errors else None

    def address(self, served: Sequence[str]) -> dict[str, str | None]:
        """The new address as typed; of the countries that are `served` the first where none was chosen."""
        return {name: self._fields[name].data for name in ADDRESS_FIELDS} | {"country": self.chosen_country(served)}

    def chosen_country(self, served: Sequence[str]) -> str:
        """The country of a new address."""
        return self.country.data if self.country.data in served else served[0]

    def show_address_faults(self, fault: AddressUnfitError, *, only_typed: bool = False) -> None:
        """Show what is wrong with an address; `only_typed` leaves alone what nobody has filled in yet (B07)."""
        for name, rejection in fault.faults.items():
            if name in ADDRESS_FIELDS and (not only_typed or self._fields[name].data):
                self.say(name, rejection)


@dataclass
class Typed:
    """What a submitted checkout says. `codes_typed` is the code in the field, in normal form."""

    form: CheckoutForm
    choices: Choices
    code_typed: str = ""
    applied_before: tuple[str, ...] = ()
    unticked: tuple[str, ...] = ()
    fault_code: str | None = None
    consents: Mapping[str, str] = field(default_factory=dict)

    def refuse(self, name: str, refusal: Rejection | PortalError | str, code: str) -> None:
        """Show a fault at a field; the first one names the answer."""
        self.fault_code = self.fault_code or code
        self.form.say(name, refusal)


def read_typed(values: Any, *, currency: str) -> Typed:
    """Read a submitted form (a MultiDict). What cannot be read is shown at its field and counts as not chosen."""
    form = CheckoutForm(values)
    typed = Typed(form, Choices())
    deposit = _amount(typed, "deposit", currency)
    mileage = _amount(typed, "mileage", POINTS)
    typed.code_typed = normalise_code(values.get("code", ""))
    codes = clean_codes([*values.getlist("codes"), typed.code_typed])
    typed.applied_before = tuple(values.getlist("applied"))
    ticked = tuple(values.getlist("coupons"))
    typed.unticked = tuple(key for key in typed.applied_before if key not in ticked)
    typed.choices = Choices(
        codes=codes,
        # A new code is weighed together with all the others.
        coupons=None if typed.code_typed else _picked(values, ticked, typed.applied_before),
        deposit_minor=deposit,
        mileage_points=mileage,
        method=values.get("method") or None,
        address_id=values.get("address_id") or None,
        keep_gift="keep_gift" in values,
    )
    typed.consents = {
        name.removeprefix("consent_"): values[name] for name in values if name.startswith("consent_") and values[name]
    }
    return typed


def _amount(typed: Typed, name: str, currency: str) -> int:
    text = (typed.form[name].data or "").strip()
    if not text:
        return 0
    try:
        return parse_minor(text, currency)
    except AmountInvalidError as error:
        typed.refuse(name, error, error.code)
        return 0


def _picked(values: Any, ticked: tuple[str, ...], applied: tuple[str, ...]) -> tuple[str, ...] | None:
    """None lets the best set be found: as long as nobody has changed what it ticked, or when it is asked for."""
    if "use_best" in values or "coupon_mode" not in values:
        return None
    if values["coupon_mode"] == "best" and set(ticked) == set(applied):
        return None
    return ticked


def as_id(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None
