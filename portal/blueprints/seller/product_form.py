"""The form of a product: what stands in it when it opens, and what was typed into it, with what is wrong of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from portal.blueprints.checkout.words import say
from portal.blueprints.context import translated
from portal.kit.errors import PortalError
from portal.kit.money import as_decimal, parse_minor
from portal.queries.channels import ChannelView, selling_channels
from portal.queries.store_products import EditableProduct, EditVariant
from portal.rules.csv_table import whole_number
from portal.rules.products import (
    LANGUAGES,
    OPTIONS_MAX,
    Option,
    OptionUnfitError,
    PriceEdit,
    ProductEdit,
    ProductState,
    TooManyVariantsError,
    Value,
    VariantEdit,
    code_of,
    combinations,
    read_option,
    typed_values,
)
from portal.rules.stock import ON_HAND_MAX

Typed = MultiDict[str, str]
# The fields at which refusals are told.
PLACES = {
    "product_name_missing": "name-%(language)s",
    "product_description_too_long": "description-%(language)s",
    "product_section_missing": "section",
    "product_customs_code_unfit": "customs-code",
    "product_too_many_pictures": "files",
    "product_picture_unknown": "files",
    "product_too_many_variants": "option-0-values",
    "product_nothing_for_sale": "state",
    "product_changed": "changed",
}
# The variant of a product that has no options.
ONLY = "only"
# Before the number of a variant that is made of what is no option any more.
GONE = "@"


@dataclass(frozen=True, slots=True)
class FormRow:
    """A variant in the form: `key` names its fields; `known` is the one that there is already."""

    key: str
    options: tuple[tuple[Mapping[str, str], Value], ...]
    known: EditVariant | None

    @property
    def label(self) -> str:
        return " / ".join(translated(value.texts) for _name, value in self.options) or _("The product")


@dataclass(slots=True)
class ProductForm:
    """Everything that stands in the form, and what is wrong with it by the ids of its fields."""

    typed: Typed
    rows: list[FormRow]
    pictures: list[str]
    faults: dict[str, str] = field(default_factory=dict)


def opened(product: EditableProduct | None) -> ProductForm:
    """The form as it opens: with what there is, or empty."""
    typed: Typed = MultiDict()
    if product is None:
        typed["state"] = ProductState.DRAFT.value
        typed[f"on-{ONLY}"] = "1"
        return ProductForm(typed, _rows((), ()), [])
    for language in LANGUAGES:
        typed[f"name-{language}"] = product.name.get(language, "")
        typed[f"description-{language}"] = product.description.get(language, "")
    typed["section"], typed["state"] = str(product.section_id), product.state
    typed["customs-code"] = product.customs_code or ""
    options = options_of(product.variants)
    for place, option in enumerate(options):
        for language in LANGUAGES:
            typed[f"option-{place}-{language}"] = option.name.get(language, "")
        typed[f"option-{place}-values"] = typed_values(option)
    rows = _rows(options, product.variants)
    for row in rows:
        _open_row(typed, row)
    for place, (_key, alt) in enumerate(product.pictures):
        for language in LANGUAGES:
            typed[f"alt-{place}-{language}"] = alt.get(language, "")
        typed[f"place-{place}"] = str(place + 1)
    return ProductForm(typed, rows, [key for key, _alt in product.pictures])


def _open_row(typed: Typed, row: FormRow) -> None:
    if row.known is None:
        return
    typed[f"sku-{row.key}"], typed[f"picture-{row.key}"] = row.known.sku, row.known.picture or ""
    typed[f"on-{row.key}"] = "1" if row.known.state == "active" else ""
    typed[f"stock-{row.key}"] = typed[f"was-stock-{row.key}"] = str(row.known.on_hand)
    typed[f"stock-version-{row.key}"] = str(row.known.stock_version)
    for channel in selling_channels():
        amount, compare = row.known.prices.get(channel.id, (None, None))
        typed[f"price-{row.key}-{channel.code}"] = _amount(amount, channel.currency)
        typed[f"compare-{row.key}-{channel.code}"] = _amount(compare, channel.currency)


def sent(typed: Typed, product: EditableProduct | None, added: Sequence[str]) -> ProductForm:
    """The form as it was sent, with the variants that its options make; `added` are pictures that came with it."""
    faults: dict[str, str] = {}
    known = product.variants if product else ()
    options = read_options(typed, known, faults)
    try:
        combinations(options)
    except TooManyVariantsError as error:
        faults["option-0-values"] = say(error)
    if faults:
        options = options_of(known)
    rows = _rows(options, known)
    shown = set(typed.getlist("row"))
    for row in rows:
        if row.key in shown:
            continue
        if row.known is not None:
            _open_row(typed, row)
        else:
            typed[f"on-{row.key}"] = "1"
        if row.key.startswith(GONE):
            typed[f"on-{row.key}"] = ""
        typed.setdefault(f"sku-{row.key}", _sku(typed, row))
    pictures = _in_order(typed)
    for key in (*pictures, *added):
        if key not in pictures:
            pictures.append(key)
    return ProductForm(typed, rows, pictures, faults)


def _in_order(typed: Typed) -> list[str]:
    """The pictures by their typed places, without those that were taken out; their texts move with them."""
    found = []
    for place, key in enumerate(typed.getlist("picture")):
        if typed.get(f"gone-{place}"):
            continue
        wanted = whole_number(typed.get(f"place-{place}", ""), 1_000)
        texts = [typed.get(f"alt-{place}-{language}", "") for language in LANGUAGES]
        found.append((place + 1 if wanted is None else wanted, place, key, texts))
    found.sort()
    for place, (_wanted, _was, _key, texts) in enumerate(found):
        typed[f"place-{place}"] = str(place + 1)
        for language, words in zip(LANGUAGES, texts, strict=True):
            typed[f"alt-{place}-{language}"] = words
    for name in [one for one in typed if one.startswith("gone-")]:
        del typed[name]
    return list(dict.fromkeys(key for _wanted, _was, key, _texts in found))


def read(form: ProductForm) -> ProductEdit:
    """What is wanted; what cannot be read stands in `faults` of the form."""
    typed = form.typed
    pictures = tuple(
        (
            key,
            {
                language: _line(typed, f"alt-{n}-{language}")
                for language in LANGUAGES
                if _line(typed, f"alt-{n}-{language}")
            },
        )
        for n, key in enumerate(form.pictures)
    )
    section = whole_number(typed.get("section", ""), 2**31 - 1)
    if section is None:
        form.faults["section"] = _("Choose the category in which the product stands.")
    state = typed.get("state", "")
    return ProductEdit(
        name={language: _line(typed, f"name-{language}") for language in LANGUAGES},
        description={
            language: typed.get(f"description-{language}", "").replace("\0", "").replace("\r\n", "\n").strip()
            for language in LANGUAGES
        },
        section_id=section or 0,
        state=ProductState(state) if state in set(ProductState) else ProductState.DRAFT,
        pictures=pictures,
        variants=tuple(_variant(form, row) for row in _wanted(form)),
        customs_code=_line(typed, "customs-code").replace(".", "") or None,
    )


def tell(form: ProductForm, error: PortalError) -> None:
    """Put a refusal at its field, unless something else is told there."""
    # Whether anything is for sale is not known while prices or options cannot be read.
    if error.code == "product_nothing_for_sale" and any(one.startswith(("price-", "option-")) for one in form.faults):
        return
    places = [PLACES.get(error.code, "variants") % error.params]
    if "sku" in error.params:
        skus = {f"sku-{row.key}": _line(form.typed, f"sku-{row.key}") for row in _wanted(form)}
        places = [place for place, sku in skus.items() if sku == error.params["sku"]] or places
    for place in places:
        form.faults.setdefault(place, say(error))


def _wanted(form: ProductForm) -> list[FormRow]:
    """The rows of variants that there are, and of those that shall be."""
    return [row for row in form.rows if row.known or form.typed.get(f"on-{row.key}")]


def _variant(form: ProductForm, row: FormRow) -> VariantEdit:
    typed = form.typed
    stock = typed.get(f"stock-{row.key}", "").strip()
    on_hand = whole_number(stock, ON_HAND_MAX)
    if stock and on_hand is None:
        form.faults[f"stock-{row.key}"] = _("“%(text)s” is no number of units.", text=stock[:20])
    picture = typed.get(f"picture-{row.key}", "")
    return VariantEdit(
        id=row.known.id if row.known else None,
        sku=_line(typed, f"sku-{row.key}"),
        options=row.options,
        picture=picture if picture in form.pictures else None,
        is_offered=bool(typed.get(f"on-{row.key}")),
        prices=tuple(_price(form, row, channel) for channel in selling_channels()),
        on_hand=on_hand,
    )


def _price(form: ProductForm, row: FormRow, channel: ChannelView) -> PriceEdit:
    amounts: list[int | None] = []
    for name in ("price", "compare"):
        field_id = f"{name}-{row.key}-{channel.code}"
        text = form.typed.get(field_id, "").strip()
        try:
            amounts.append(parse_minor(text, channel.currency) if text else None)
        except PortalError as error:
            form.faults[field_id] = say(error)
            amounts.append(None)
    amount, compare = amounts
    is_unread = f"price-{row.key}-{channel.code}" in form.faults
    if compare is not None and not is_unread and (amount is None or compare <= amount):
        form.faults.setdefault(
            f"compare-{row.key}-{channel.code}", _("The price before must be higher than the price.")
        )
        compare = None
    return PriceEdit(channel.id, amount, compare)


def fill_prices(form: ProductForm) -> None:
    """Write the first price that was typed for a channel wherever there is none yet."""
    for channel in selling_channels():
        for name in ("price", "compare"):
            ids = [f"{name}-{row.key}-{channel.code}" for row in form.rows]
            first = next((form.typed[one] for one in ids if form.typed.get(one)), "")
            for one in ids:
                if not form.typed.get(one):
                    form.typed[one] = first


def read_options(typed: Typed, known: Sequence[EditVariant], faults: dict[str, str]) -> tuple[Option, ...]:
    """The options as typed; values keep the codes that they have. What is none stands in `faults`."""
    before = options_of(known)
    found = []
    for place in range(OPTIONS_MAX):
        names = {language: _line(typed, f"option-{place}-{language}") for language in LANGUAGES}
        codes = {one.texts.get("en", ""): one.code for one in before[place].values} if place < len(before) else {}
        values = f"option-{place}-values"
        try:
            option = read_option(names, typed.get(values, "").replace("\0", ""), codes)
        except OptionUnfitError as error:
            faults[values] = say(error)
            continue
        if option is not None:
            found.append(option)
    return tuple(found)


def options_of(variants: Sequence[EditVariant]) -> tuple[Option, ...]:
    """The options that the offered variants have, with their values in the order in which they come."""
    offered = [one for one in variants if one.state == "active"] or variants
    most = max((len(one.options) for one in offered), default=0)
    found = []
    for place in range(min(most, OPTIONS_MAX)):
        chosen = [one.options[place] for one in offered if place < len(one.options)]
        values = {_code(one): Value(one["value"], _code(one)) for one in chosen}
        found.append(Option(chosen[0]["name"], tuple(values.values())))
    return tuple(found)


def _rows(options: Sequence[Option], known: Sequence[EditVariant]) -> list[FormRow]:
    """One row for each combination, then what is still offered and made of what is no option any more."""
    by_key: dict[str, EditVariant] = {}
    others = []
    for variant in sorted(known, key=lambda one: one.state != "active"):
        key = _key(_code(one) for one in variant.options)
        if by_key.setdefault(key, variant) is not variant:
            others.append(variant)
    rows = []
    for values in combinations(options):
        key = _key(one.code for one in values)
        names = [option.name for option in options]
        rows.append(FormRow(key, tuple(zip(names, values, strict=True)), by_key.pop(key, None)))
    for variant in (*by_key.values(), *others):
        if variant.state == "active":
            pairs = tuple((one["name"], Value(one["value"], _code(one))) for one in variant.options)
            rows.append(FormRow(f"{GONE}{variant.id}", pairs, variant))
    return rows


def _key(codes: Iterable[str]) -> str:
    """What the fields of a variant are called by."""
    return ".".join(code_of(one) for one in codes) or ONLY


def _code(option: Mapping[str, object]) -> str:
    value = option["value"]
    assert isinstance(value, Mapping)
    return str(option.get("code") or code_of(value.get("en") or next(iter(value.values()), "")))


def _sku(typed: Typed, row: FormRow) -> str:
    base = code_of(typed.get("name-en") or typed.get("name-ko") or "product")
    return "-".join([base, *(value.code for _name, value in row.options)]).upper()[:64]


def _amount(amount_minor: int | None, currency: str) -> str:
    return "" if amount_minor is None else f"{as_decimal(amount_minor, currency):f}"


def _line(typed: Typed, name: str) -> str:
    return " ".join(typed.get(name, "").replace("\0", "").split())
