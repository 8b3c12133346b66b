"""A product as its store edits it: options make variants, and what must be there before it is sold (CAT-01)."""

from __future__ import annotations

import hashlib
import itertools
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.rules.borders import CUSTOMS_CODE

OPTIONS_MAX: Final = 3
VARIANTS_MAX: Final = 100
PICTURES_MAX: Final = 8
NAME_MAX: Final = 120
DESCRIPTION_MAX: Final = 5_000
VALUE_MAX: Final = 60
ALT_MAX: Final = 200
SKU: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@/-]{0,63}")
LANGUAGES: Final = ("en", "ko")
CODE_MAX: Final = 24


class ProductState(StrEnum):
    """A draft was not sold yet, an archived product is not any more; both can still be."""

    DRAFT = "draft"
    ACTIVE = "active"
    ARCHIVED = "archived"


class ProductUnfitError(PortalError):
    """Something in a product cannot be kept; what, says the sentence."""

    code = "product_unfit"


class NameMissingError(ProductUnfitError):
    code = "product_name_missing"
    sentence = N_("Give the product a name of at most 120 characters in both languages.")


class DescriptionTooLongError(ProductUnfitError):
    code = "product_description_too_long"
    sentence = N_("A description has at most 5,000 characters.")


class OptionUnfitError(ProductUnfitError):
    code = "product_option_unfit"
    sentence = N_("Each option needs a name and at least one value, none of them twice or longer than 60 characters.")


class TooManyVariantsError(ProductUnfitError):
    code = "product_too_many_variants"
    sentence = N_("These options would make %(count)s variants. At most %(maximum)s are kept.")


class SkuUnfitError(ProductUnfitError):
    code = "product_sku_unfit"
    sentence = N_(
        "“%(sku)s” is no SKU: letters, digits and . _ @ / - are, at most 64, and none twice within one product."
    )


class NothingForSaleError(ProductUnfitError):
    code = "product_nothing_for_sale"
    sentence = N_("Before it can be sold, one of its variants needs to be offered with a price.")


class CustomsCodeUnfitError(ProductUnfitError):
    code = "product_customs_code_unfit"
    sentence = N_("A customs code has 4 to 10 digits.")


class TooManyPicturesError(ProductUnfitError):
    code = "product_too_many_pictures"
    sentence = N_("A product has at most %(maximum)s pictures, each with a text of at most 200 characters.")


@dataclass(frozen=True, slots=True)
class Value:
    """One value of an option; `code` keeps it apart in addresses."""

    texts: Mapping[str, str]
    code: str


@dataclass(frozen=True, slots=True)
class Option:
    """What one can choose by, such as the colour, with its values in their order."""

    name: Mapping[str, str]
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class PriceEdit:
    """A price on a channel in minor units of its currency; without an amount it is not sold there."""

    channel_id: int
    amount_minor: int | None
    compare_at_minor: int | None = None


@dataclass(frozen=True, slots=True)
class VariantEdit:
    """A variant as it is wanted. `id` None makes it; `on_hand` is the first count of a new one."""

    id: int | None
    sku: str
    options: tuple[tuple[Mapping[str, str], Value], ...] = ()
    picture: str | None = None
    is_offered: bool = True
    prices: tuple[PriceEdit, ...] = ()
    on_hand: int | None = None


@dataclass(frozen=True, slots=True)
class ProductEdit:
    """A product as it is wanted; `pictures` are keys with their texts, the first is the main one.

    `customs_code` is its place in the tariff: digits that all countries share, and more where it needs them.
    """

    name: Mapping[str, str]
    description: Mapping[str, str]
    section_id: int
    state: ProductState
    pictures: tuple[tuple[str, Mapping[str, str]], ...] = ()
    variants: tuple[VariantEdit, ...] = field(default_factory=tuple)
    customs_code: str | None = None


def product_faults(edit: ProductEdit) -> Iterator[ProductUnfitError]:
    """Everything of it that cannot be kept: what is for sale needs more than a draft does.

    Of texts the errors have the `language` as well.
    """
    is_sold = edit.state is ProductState.ACTIVE
    names = {language: edit.name.get(language, "") for language in LANGUAGES}
    for language, name in names.items():
        if len(name) > NAME_MAX or (not name and (is_sold or not any(names.values()))):
            yield NameMissingError(language=language)
    for language, words in edit.description.items():
        if len(words) > DESCRIPTION_MAX:
            yield DescriptionTooLongError(language=language)
    if edit.customs_code is not None and not CUSTOMS_CODE.fullmatch(edit.customs_code):
        yield CustomsCodeUnfitError()
    if len(edit.pictures) > PICTURES_MAX or any(len(t) > ALT_MAX for _, alt in edit.pictures for t in alt.values()):
        yield TooManyPicturesError(maximum=PICTURES_MAX)
    yield from _variant_faults(edit.variants, is_sold=is_sold)


def _variant_faults(variants: Sequence[VariantEdit], *, is_sold: bool) -> Iterator[ProductUnfitError]:
    for sku, count in Counter(one.sku for one in variants).items():
        if count > 1 or not SKU.fullmatch(sku):
            yield SkuUnfitError(sku=sku)
    offered = [one for one in variants if one.is_offered]
    if len(offered) > VARIANTS_MAX:
        yield TooManyVariantsError(count=len(offered), maximum=VARIANTS_MAX)
    if is_sold and not any(price.amount_minor is not None for one in offered for price in one.prices):
        yield NothingForSaleError()


def read_option(names: Mapping[str, str], typed: str, codes: Mapping[str, str]) -> Option | None:
    """An option from its names and its values, one to a line as `English / 한국어`; None where all is empty.

    A line without " / " is said in both languages. `codes` are those that values had before, by their English text.
    Raises OptionUnfitError.
    """
    lines = [" ".join(line.split()) for line in typed.splitlines() if line.strip()]
    first = names.get("en") or names.get("ko") or ""
    if not lines and not first:
        return None
    values: list[Value] = []
    for line in lines:
        english, _slash, korean = (part.strip() for part in line.partition(" / "))
        texts = {"en": english, "ko": korean or english}
        code = codes.get(english) or code_of(english)
        values.append(Value(texts, code))
    found = [one.code for one in values]
    if not values or not first or len(set(found)) < len(found) or any(len(line) > 2 * VALUE_MAX for line in lines):
        raise OptionUnfitError
    return Option({"en": names.get("en") or first, "ko": names.get("ko") or first}, tuple(values))


def typed_values(option: Option) -> str:
    """The values of an option as read_option() takes them."""
    return "\n".join(
        english if korean in ("", english) else f"{english} / {korean}"
        for english, korean in ((one.texts.get("en", ""), one.texts.get("ko", "")) for one in option.values)
    )


def combinations(options: Sequence[Option]) -> tuple[tuple[Value, ...], ...]:
    """Every choice that the options make, in their order; without options there is one. Raises TooManyVariantsError."""
    count = math.prod(len(one.values) for one in options)
    if count > VARIANTS_MAX:
        raise TooManyVariantsError(count=count, maximum=VARIANTS_MAX)
    return tuple(itertools.product(*(one.values for one in options)))


def code_of(text: str) -> str:
    """What a text is called in addresses: its ASCII letters and digits, else a mark of its own."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    code = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:CODE_MAX].strip("-")
    return code or hashlib.sha256(text.encode()).hexdigest()[:8]
