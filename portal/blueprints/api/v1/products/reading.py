"""A product that a program has sent, as the service wants it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from portal.blueprints.api.v1.products.schemas import Language, OptionIn, PriceIn, ProductIn, VariantIn
from portal.queries.channels import channel_directory
from portal.queries.sections import section_directory
from portal.queries.store_products import EditableProduct
from portal.rules.products import LANGUAGES, PriceEdit, ProductEdit, ProductState, Value, VariantEdit, code_of
from portal.services.catalogue.edit_product import SectionMissingError
from portal.services.catalogue.errors import ChannelUnknownError

Codes = Mapping[str, str]


def edit_of(body: ProductIn, before: EditableProduct | None) -> ProductEdit:
    """The product as it is wanted; values of options keep the codes that they had `before`.

    Raises SectionMissingError and ChannelUnknownError.
    """
    section = next((one.id for one in section_directory() if one.slug == body.section), None)
    if section is None:
        raise SectionMissingError
    known = [option for one in before.variants for option in one.options] if before else []
    codes = {str(one["value"].get("en", "")): str(one["code"]) for one in known if one.get("code")}
    priced = {one.id: list(one.prices) for one in before.variants} if before else {}
    return ProductEdit(
        name={language: body.name.get(language, "") for language in LANGUAGES},
        description={language: body.description.get(language, "") for language in LANGUAGES},
        section_id=section,
        state=ProductState(body.state),
        pictures=tuple((one.key, {str(k): v for k, v in one.alt.items()}) for one in body.pictures),
        variants=tuple(_variant(one, codes, priced.get(one.id or 0, ())) for one in body.variants),
        customs_code=body.customs_code,
    )


def _variant(given: VariantIn, codes: Codes, priced: Collection[int]) -> VariantEdit:
    return VariantEdit(
        id=given.id,
        sku=given.sku,
        options=tuple((_texts(one.name), _value(one, codes)) for one in given.options),
        picture=given.picture,
        is_offered=given.is_offered,
        prices=_prices(given.prices, priced),
        on_hand=given.on_hand if given.id is None else None,
    )


def _value(given: OptionIn, codes: Codes) -> Value:
    texts = _texts(given.value)
    return Value(texts, codes.get(texts["en"]) or code_of(texts["en"]))


def _texts(given: Mapping[Language, str]) -> dict[str, str]:
    """In both languages; what is given in one is said in both."""
    first = next(iter(given.values()))
    return {language: given.get(language) or first for language in LANGUAGES}


def _prices(given: Sequence[PriceIn], priced: Collection[int]) -> tuple[PriceEdit, ...]:
    """What is named, and no price where there was one and none is named."""
    channels = channel_directory().channels
    if any(one.channel not in channels for one in given):
        raise ChannelUnknownError
    named = [PriceEdit(channels[one.channel].id, one.amount_minor, one.compare_at_minor) for one in given]
    kept = {one.channel_id for one in named}
    gone = [PriceEdit(one, None) for one in sorted(set(priced) - kept)]
    return (*named, *gone)
