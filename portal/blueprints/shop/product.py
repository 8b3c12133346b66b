"""A product: its variants, when it arrives, who sells it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import render_template, request
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError, public
from portal.blueprints.identity import current_actor, current_channel, current_locale
from portal.blueprints.shop.blueprint import bp
from portal.blueprints.shop.cards import delivery_days, picture_url, product_url, shown, store_url
from portal.db import reading
from portal.htmx import is_htmx, page_or_partial
from portal.kit import clock
from portal.kit.ids import new_token
from portal.queries.catalogue import Filters, Sort, list_products
from portal.queries.product_looks import ProductLook, look_at
from portal.queries.products import ChoiceView, ProductView, VariantView, find_product
from portal.queries.remarks import RemarkRow, list_remarks
from portal.queries.sections import lineage, section_directory
from portal.rules.remarks import RemarkKind
from portal.services.checkout.earning import points_of_product
from portal.services.checkout.exchange import quote_rate

RELATED = 4
REMARKS = 5
QUANTITY_MAX = 99

PARTIALS = {"product": "shop/product/_product.html"}


@bp.get("/products/<slug>")
@public
def product(slug: str) -> str:
    """Show a product; `v` in the address names the variant."""
    channel = current_channel()
    with reading() as session:
        found = find_product(session, channel_id=channel.id, slug=slug)
        if found is None:
            raise NotFoundError
        related = list_products(
            session,
            channel_id=channel.id,
            filters=Filters(section_ids=(found.section_id,), in_stock=True),
            sort=Sort.NEW,
            locale=current_locale(),
            limit=RELATED + 1,
            count=False,
        ).rows
        now, chosen = clock.now(), _chosen(found, request.args.get("v", ""))
        look = look_at(session, product_id=found.id, variant_id=chosen.id, user_id=current_actor().user_id)
        taxes = channel.taxes(now)
        rate = quote_rate(session, channel=channel, now=now)
        points = points_of_product(
            session,
            channel=channel,
            product_id=found.id,
            store_id=found.store.id,
            section_id=found.section_id,
            amount_minor=chosen.amount_minor,
            buyer=look.membership,
            now=now,
        )
        spoken = {} if is_htmx() else _remarks(session, found.id, look)
    return page_or_partial(
        "shop/product/show.html",
        PARTIALS,
        product=found,
        chosen=chosen,
        **_seen(found, chosen),
        shelf=next((one for one in section_directory() if one.id == found.section_id), None),
        terms=found.store.shipping.get(channel.currency),
        delivery=delivery_days(found.store),
        quantity_max=min(max(chosen.left, 1), QUANTITY_MAX),
        related=shown((card for card in related if card.id != found.id), rate.usable if rate else None)[:RELATED],
        currency=channel.currency,
        points=points,
        tax_rate=taxes.rate_of(lineage(found.section_id)),
        tax_inclusive=taxes.inclusive,
        in_platform=rate.in_platform(chosen.amount_minor, channel.currency) if rate else None,
        picture_url=picture_url,
        store_url=store_url,
        wished=look.is_wished,
        **spoken,
    )


def show_preview(slug: str, *, back: str) -> str:
    """A product as buyers of this channel would see it, whatever its state; nothing on the page does anything.

    `back` is where the store changes it. The caller has checked whose it is.
    """
    channel = current_channel()
    with reading() as session:
        found = find_product(session, channel_id=channel.id, slug=slug, is_listed=False)
    chosen = _chosen(found, request.args.get("v", "")) if found and found.variants else None
    page = {"product": found, "chosen": chosen, "back": back, "picture_url": picture_url, "store_url": store_url}
    if found is None or chosen is None:
        return render_template("shop/product/preview.html", **page)
    return render_template(
        "shop/product/preview.html",
        **page,
        **_seen(found, chosen),
        terms=found.store.shipping.get(channel.currency),
        delivery=delivery_days(found.store),
        quantity_max=1,
        currency=channel.currency,
        points=0,
        in_platform=None,
        wished=False,
    )


def _seen(product: ProductView, chosen: VariantView) -> dict[str, Any]:
    """The choices and the pictures; one that `p` in the address names stands large, else that of the variant."""
    pictures = product.pictures
    keys = [key for key, _alt in pictures]
    named = request.args.get("p", "")
    shown = keys[int(named)] if named.isascii() and named.isdigit() and int(named) < len(keys) else None
    shown = shown or chosen.picture or product.picture
    alts = {key: alt for key, alt in pictures if alt}
    return {
        "groups": _groups(product, chosen),
        "thumbs": _own_thumbs(chosen, pictures, shown) if len(keys) > 1 else _thumbs(product, chosen),
        "shown_picture": shown,
        "shown_alt": alts.get(shown or ""),
    }


def _own_thumbs(
    chosen: VariantView, pictures: Sequence[tuple[str, Mapping[str, str]]], shown: str | None
) -> list[dict[str, Any]]:
    """The pictures that the store has put in order."""
    return [
        {
            "picture": picture_url(key),
            "href": f"{request.script_root}{request.path}?v={chosen.code}&p={place}",
            "text": alt or {"en": f"{place + 1}"},
            "current": key == shown,
        }
        for place, (key, alt) in enumerate(pictures)
    ]


def _remarks(session: Session, product_id: int, look: ProductLook) -> dict[str, Any]:
    """What buyers say of it: the latest, and how many stars in all."""

    def latest(kind: RemarkKind) -> tuple[RemarkRow, ...]:
        return list_remarks(session, kind=kind, product_id=product_id, limit=REMARKS, count=False).rows

    return {
        "rating": look.rating,
        "reviews": latest(RemarkKind.REVIEW) if look.rating.reviews else (),
        "questions": latest(RemarkKind.QUESTION) if look.has_questions else (),
        "question_key": new_token() if current_actor().is_signed_in else None,
    }


def _chosen(product: ProductView, code: str) -> VariantView:
    """The variant that the address names, else the first that can be had."""
    named = (variant for variant in product.variants if variant.code == code)
    in_stock = (variant for variant in product.variants if variant.left > 0)
    return next(named, None) or next(in_stock, None) or product.variants[0]


def _groups(product: ProductView, chosen: VariantView) -> list[dict[str, Any]]:
    """The choices, option by option: each value leads to the variant that differs from the chosen one in it alone."""
    groups, here = [], f"{request.script_root}{request.path}"
    for place, option in enumerate(chosen.options):
        values: dict[str, ChoiceView] = {}
        for variant in product.variants:
            if place < len(variant.options):
                values.setdefault(variant.options[place].code, variant.options[place])
        choices = []
        for code, value in values.items():
            variant = _with_value(product.variants, chosen, place, code)
            choices.append(
                {
                    "text": value.value,
                    "href": f"{here}?v={variant.code}",
                    "current": code == option.code,
                    "sold_out": variant.left <= 0,
                }
            )
        groups.append({"name": option.name, "chosen": option.value, "choices": choices})
    return groups


def _with_value(variants: Iterable[VariantView], chosen: VariantView, place: int, code: str) -> VariantView:
    """The variant with this value that shares the most other choices with the chosen one."""
    fitting = [v for v in variants if place < len(v.options) and v.options[place].code == code]
    codes = [option.code for option in chosen.options]
    return max(fitting, key=lambda v: sum(a == b.code for a, b in zip(codes, v.options, strict=False)))


def _thumbs(product: ProductView, chosen: VariantView) -> list[dict[str, Any]]:
    """One small picture for each that the variants have, leading to its first variant."""
    first: dict[str, VariantView] = {}
    for variant in product.variants:
        if variant.picture:
            first.setdefault(variant.picture, variant)
    if len(first) < 2:
        return []
    return [
        {
            "picture": picture_url(picture),
            "href": f"{product_url(product.slug)}?v={variant.code}",
            "text": variant.options[0].value if variant.options else product.name,
            "current": picture == chosen.picture,
        }
        for picture, variant in first.items()
    ]
