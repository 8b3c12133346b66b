"""Every component in all its states, outside production: for looking, screenshots and the accessibility test."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Email, InputRequired, Optional

from portal.blueprints.access import public
from portal.blueprints.shop.cards import ShownCard
from portal.kit.money import Money
from portal.kit.paging import Page
from portal.kit.rates import BUNDLED
from portal.rules.fx import Exchanged, FxRate
from portal.statuses import STATUSES

bp = Blueprint("gallery", __name__, url_prefix="/_gallery")

# The amounts of the first worked example, so that the page can be checked by hand.
TOTAL_MINOR = 30_269
_NOON = datetime(2026, 11, 20, 3, 4, tzinfo=UTC)


class AddressForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types.
    """Fields of every kind; nothing is done with them."""

    name = StringField("Name", [DataRequired("Enter the recipient's name")])
    email = StringField(
        "E-mail", [DataRequired("Enter an e-mail address"), Email("Write the address like name@example.com")]
    )
    phone = StringField("Phone", [Optional()])
    country = SelectField("Country", choices=[SelectChoice("KR", "South Korea"), SelectChoice("US", "United States")])
    note = TextAreaField("Note to the courier", [Optional()])
    place = RadioField(
        "Where to leave it",
        [InputRequired("Choose where to leave it")],
        choices=[SelectChoice("door", "At the door"), SelectChoice("guard", "With the guard")],
    )
    terms = BooleanField(
        "I accept the terms of purchase", [DataRequired("Tick the box to accept the terms of purchase")]
    )
    news = BooleanField("Send me offers by e-mail")
    deposit = StringField("Deposit", [Optional()])


@bp.get("/")
@public
def index() -> str:
    """The shop's components."""
    return render_template("gallery/shop.html", **_samples())


@bp.get("/desk")
@public
def desk() -> str:
    """The desks' components: lists, tiles, timeline."""
    page = Page(rows=tuple(_orders()), next_cursor="n", previous_cursor="p", total=10_000, total_is_capped=True)
    return render_template("gallery/desk.html", page=page, **_samples(), **_desk())


@bp.route("/form", methods=["GET", "POST"])
@public
def form() -> ResponseReturnValue:
    """Fields, with every error of theirs after a submit."""
    shown = AddressForm(meta={"csrf": False})
    wrong = request.method == "POST" and not shown.validate()
    return render_template("gallery/form.html", form=shown, has_errors=wrong, **_samples()), 422 if wrong else 200


@bp.get("/sign-in")
@public
def sign_in() -> str:
    """The narrow page."""
    return render_template("gallery/auth.html", form=AddressForm(meta={"csrf": False}))


@bp.get("/confirmation")
@public
def confirmation() -> str:
    """What the last click of something that cannot be undone looks like; a part of it fills the dialog."""
    inside = request.headers.get("HX-Target") == "dialog-body"
    return render_template("gallery/_confirm.html" if inside else "gallery/confirm.html", inside=inside)


@bp.get("/error/<int:status>")
@public
def error(status: int) -> ResponseReturnValue:
    """The page of a refusal."""
    if not 400 <= status <= 599:
        abort(404)
    sentence = _("This order belongs to another account, or it does not exist.")
    return render_template(
        "errors/page.html", status=status, code="sample", sentence=sentence, reference="7F3K9Q2M"
    ), 200


def _samples() -> dict[str, Any]:
    return {
        "products": [_product(n) for n in range(8)],
        "statuses": [key.partition(".")[::-2] if "." in key else (key, None) for key in STATUSES],
        "rows": [
            {"label": _("Items"), "amount_minor": 35_299},
            {"label": _("Coupon"), "note": "Autumn 10%", "amount_minor": -3_530},
            {"label": _("Shipping"), "note": "Aram 3,000 · Bitna 2,500", "amount_minor": 5_500},
            {"label": _("Tax included"), "amount_minor": 3_388, "included": True},
            {"label": _("Deposit"), "amount_minor": -5_000},
            {"label": _("Mileage"), "amount_minor": -2_000},
        ],
        "total_minor": TOTAL_MINOR,
        "exchanged": Exchanged(Money(2_197, "USD"), FxRate("KRW", "USD", Decimal("0.000725831604356"), BUNDLED, _NOON)),
        "events": [
            {"title": _("Order placed"), "at": _NOON, "who": "Bea Kim", "icon": "shopping-bag", "tone": "blue"},
            {"state": "paid", "at": _NOON + timedelta(seconds=9), "who": "Stripe", "text": "30,269"},
            {"state": "shipped", "at": _NOON + timedelta(hours=20), "who": "Aram"},
        ],
        "noon": _NOON,
        "today": date(2026, 11, 24),
    }


def _product(n: int) -> ShownCard:
    names = [
        "Linen shirt with wooden buttons",
        "Stoneware cup, set of two",
        "Wool scarf",
        "Oak side table for small rooms",
        "Green tea from Boseong, 100 g",
        "Leather card holder",
        "Ceramic drip cone",
        "Cotton bed linen, double",
    ]
    return ShownCard(
        href="#product",
        name=names[n],
        store=["Aram Living", "Bitna", "Onda Studio"][n % 3],
        picture=_picture(n),
        amount_minor=12_900 + n * 7_300,
        was_minor=24_000 if n == 0 else None,
        other_minor=1_290 + n * 700,
        other_currency="USD",
        state={2: "sold_out", 5: "low_stock"}.get(n),
        mark="−46%" if n == 0 else None,
        from_price=n == 3,
    )


def _picture(n: int) -> str:
    """Return a plain drawing as a data address: the gallery needs no catalogue."""
    hue = (n * 47 + 24) % 360
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 5">'
        f'<rect width="4" height="5" fill="hsl({hue} 24% 88%)"/>'
        f'<circle cx="2" cy="2.6" r="{0.8 + n % 3 / 6:.2f}" fill="hsl({hue} 32% 62%)"/>'
        f'<rect x="1.2" y="{2.2 + n % 4 / 5:.2f}" width="1.6" height="1.7" rx=".14"'
        f' fill="hsl({(hue + 30) % 360} 38% 44%)"/></svg>'
    )
    return "data:image/svg+xml," + quote(drawing)


def _orders() -> list[dict[str, Any]]:
    states = ["pending", "paid", "shipped", "delivered", "partially_refunded", "refunded", "failed", "cancelled"]
    buyers = ["Bea Kim", "김서연", "Max Mustermann", "이도현", "Joan Ferrer", "박지우", "Sam Lee", "최유진"]
    return [
        {"id": n, "number": f"KR-7F3K9Q2{'MXABCDEF'[n]}A", "buyer": buyers[n], "state": state,
         "amount_minor": 30_269 * (n + 1) ** (n % 4 + 1), "at": _NOON - timedelta(hours=7 * n)}
        for n, state in enumerate(states)
    ]  # fmt: skip


def _desk() -> dict[str, Any]:
    first = [("Home", "home", 0), ("Orders", "list-details", 12), ("Returns", "arrow-back-up", 3)]
    money = [("Payments", "credit-card", 0), ("Ledger", "book-2", 0), ("Coupons", "ticket", 0)]
    return {
        "desk_name": _("Seller desk"),
        "desk_search": "/_gallery/desk",
        "desk_nav": [{"title": "", "items": _items(first)}, {"title": _("Money"), "items": _items(money)}],
    }


def _items(entries: list[tuple[str, str, int]]) -> list[dict[str, Any]]:
    return [
        {"label": label, "icon": icon, "count": count, "href": f"#{label}", "current": label == "Orders"}
        for label, icon, count in entries
    ]


def blueprints() -> list[Blueprint]:
    """What this area hangs into the application."""
    return [bp]
