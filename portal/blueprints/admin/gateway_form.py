"""The form of a gateway account, made from what its connector asks for: read as it was typed, shown as it was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from portal.gateways.base import Method
from portal.kit.currency import exponent, is_currency
from portal.kit.money import AmountInvalidError, parse_minor
from portal.queries.channels import channel_currencies
from portal.queries.gateway_accounts import GatewayAccountView, SettingView, setting_views
from portal.rules.capture import CaptureOn
from portal.services.payments.save_gateway_account import AccountTerms

FIELD_LENGTH_MAX = 4_000
DIGITS_MAX = 9


@dataclass(slots=True)
class AccountForm:
    """Everything as text, as people type it; `faults` by the field's name."""

    gateway: str
    name: str = ""
    channel: str = ""
    countries: str = ""
    methods: list[str] = field(default_factory=list)
    currencies: str = ""
    limits: dict[str, tuple[str, str]] = field(default_factory=dict)
    priority: str = "100"
    is_on: bool = True
    capture_on: str = CaptureOn.CHECKOUT
    version: int | None = None
    settings: dict[str, str] = field(default_factory=dict, repr=False)
    shown: tuple[SettingView, ...] = ()
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def captures(self) -> list[tuple[str, str]]:
        """When what a gateway can hold is taken, in words."""
        return [
            (CaptureOn.CHECKOUT, _("At checkout")),
            (CaptureOn.SHIPMENT, _("When the first parcel leaves")),
            (CaptureOn.SHIPMENT_OR_END, _("When the first parcel leaves, or before the hold ends")),
        ]

    @property
    def all_methods(self) -> list[str]:
        return [method.value for method in Method]

    def terms(self) -> AccountTerms:
        """What was typed, as values. Only after `faults` was found empty."""
        currencies = _words(self.currencies)
        return AccountTerms(
            name=self.name,
            channel_id=int(self.channel) if self.channel else None,
            countries=_words(self.countries),
            methods=self.methods,
            currencies=currencies,
            limits={code: _bounds(code, self.limits[code]) for code in currencies if code in self.limits},
            priority=int(self.priority),
            is_on=self.is_on,
            capture_on=self.capture_on,
        )


def empty_form(gateway: str) -> AccountForm:
    """A new account: all that the channels sell in is offered."""
    form = AccountForm(gateway, shown=setting_views(gateway))
    form.currencies = ", ".join(sorted(channel_currencies()))
    form.limits = dict.fromkeys(_words(form.currencies), ("", ""))
    return form


def filled_form(account: GatewayAccountView) -> AccountForm:
    """An account as it is configured."""
    return AccountForm(
        gateway=account.gateway,
        name=account.name,
        channel=str(account.channel_id or ""),
        countries=", ".join(account.countries),
        methods=list(account.methods),
        currencies=", ".join(account.currencies),
        limits={code: _typed(code, account.limits.get(code)) for code in account.currencies},
        priority=str(account.priority),
        is_on=account.is_on,
        capture_on=account.capture_on,
        version=account.version,
        shown=account.settings,
    )


def read_form(gateway: str, values: MultiDict[str, str], account: GatewayAccountView | None = None) -> AccountForm:
    """What somebody has sent, with the faults of its shape; what it means is the service's business."""

    def text(name: str) -> str:
        return values.get(name, "").replace("\0", "").strip()[:FIELD_LENGTH_MAX]

    shown = account.settings if account else setting_views(gateway)
    form = AccountForm(
        gateway=gateway,
        name=text("name"),
        channel=text("channel"),
        countries=text("countries").upper(),
        methods=[one for one in values.getlist("methods") if one in set(Method)],
        currencies=text("currencies").upper(),
        priority=text("priority"),
        is_on="is_on" in values,
        capture_on=text("capture_on") or CaptureOn.CHECKOUT,
        version=int(text("version")) if _is_number(text("version")) else None,
        settings={one.name: text(f"setting_{one.name}") for one in shown},
        shown=tuple(_kept(one, text(f"setting_{one.name}")) for one in shown),
    )
    for code in _words(form.currencies):
        form.limits[code] = (text(f"lowest_{code}"), text(f"highest_{code}"))
    form.faults = _faults(form)
    return form


def _kept(view: SettingView, typed: str) -> SettingView:
    """A plain setting as it was typed; a secret is never sent back, not even to who has typed it."""
    if view.is_secret:
        return view
    return SettingView(view.name, view.is_secret, view.is_required, typed, view.hint)


def _faults(form: AccountForm) -> dict[str, str]:
    faults = {}
    if form.channel and not _is_number(form.channel):
        faults["channel"] = _("Choose one of the channels.")
    if not _is_number(form.priority):
        faults["priority"] = _("The place in the order is a whole number from 0 to 10,000.")
    for code, bounds in form.limits.items():
        try:
            _bounds(code, bounds)
        except AmountInvalidError:
            faults[f"limit_{code}"] = _("Write amounts as the currency has them, such as 1,000.")
    return faults


def _words(text: str) -> list[str]:
    return list(dict.fromkeys(part for part in text.replace(",", " ").split() if part))


def _bounds(code: str, typed: tuple[str, str]) -> tuple[int | None, int | None]:
    if not is_currency(code):
        return (None, None)
    lowest, highest = (parse_minor(one, code) if one else None for one in typed)
    return lowest, highest


def _typed(code: str, bounds: Sequence[int | None] | None) -> tuple[str, str]:
    lowest, highest = (_amount(one, exponent(code)) for one in bounds or (None, None))
    return lowest, highest


def _amount(minor: int | None, places: int) -> str:
    """As one would type it: 1234 cents are 12.34."""
    return "" if minor is None else str(Decimal(minor).scaleb(-places))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX
