"""The stores and goods of the demo mall, from the files beside this module: the same every time."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.demo.options import combinations
from portal.services.catalogue.create_store import StoreDraft
from portal.services.catalogue.drafts import PriceDraft, ProductDraft, VariantDraft
from portal.services.catalogue.save_sections import SectionDraft

FOLDER = Path(__file__).parent / "mall"

SECTIONS = (
    ("kitchen", "Kitchen", "주방"),
    ("home", "Home", "홈·리빙"),
    ("fashion", "Fashion", "패션"),
    ("bags", "Shoes & Bags", "신발·가방"),
    ("beauty", "Beauty", "뷰티"),
    ("tech", "Tech", "디지털"),
    ("books", "Books & Paper", "책·문구"),
    ("food", "Food", "식품"),
    ("garden", "Garden", "가드닝"),
    ("sports", "Outdoors", "스포츠·아웃도어"),
    ("kids", "Kids", "키즈"),
)

KRW_PER_USD = 1330  # A round rate for making prices up; nothing is converted with it.
SINGLE_COLOURS = ("cream", "sage", "charcoal")


@dataclass(frozen=True, slots=True)
class Offer:
    """A demo product before it has ids: whose it is, where it stands, and what it is."""

    store: str
    section: str
    slug: str
    name: dict[str, str]
    text: dict[str, str]
    kind: str
    price_krw: int
    options: str
    colours: list[str]
    sells_in: frozenset[str]


def sections() -> list[SectionDraft]:
    """The shelves of the mall in their order."""
    return [SectionDraft(slug, {"en": en, "ko": ko}, place) for place, (slug, en, ko) in enumerate(SECTIONS, 1)]


def stores() -> list[StoreDraft]:
    """The stores, with their shipping terms in won and dollars."""
    return [
        StoreDraft(
            ref=f"demo:{slug}",
            slug=slug,
            name=data["name"],
            description=data["text"],
            picture=data["picture"],
            country=data["country"],
            shipping={code: _terms(data[code.lower()]) for code in ("KRW", "USD") if data[code.lower()]},
            commission_basis_points=800 + 100 * (_number(slug) % 5),
        )
        for slug, data in _files()
    ]


def offers() -> list[Offer]:
    """Every product of every store, the stores taking turns, so that what is new is not all of one kind."""
    queues = [list(_offers_of(slug, data)) for slug, data in _files()]
    longest = max(len(queue) for queue in queues)
    return [queue[place] for place in range(longest) for queue in queues if place < len(queue)]


def product(
    offer: Offer, *, store_ids: Mapping[str, int], section_ids: Mapping[str, int], channel_ids: Mapping[str, int]
) -> ProductDraft:
    """The product of an offer: variants with prices in both currencies, some reduced, some few, some gone."""
    seed = f"{_number(offer.slug) % 65536:04x}"
    first = offer.colours[_number(offer.slug) % len(offer.colours)]
    variants = []
    for place, each in enumerate(combinations(offer.options, offer.colours)):
        code = "-".join([offer.store[:3], offer.slug, *(option.code for option in each.options)]).upper()
        variant = VariantDraft(
            sku=code,
            options=each.options,
            prices=tuple(_prices(offer, each.percent, channel_ids)),
            on_hand=_on_hand(offer, code),
            picture=f"{offer.kind}.{seed}.{each.colour or first}",
            position=place,
        )
        variants.append(variant)
    return ProductDraft(
        ref=f"demo:{offer.store}:{offer.slug}",
        slug=offer.slug,
        store_id=store_ids[f"demo:{offer.store}"],
        section_id=section_ids[offer.section],
        name=offer.name,
        description=offer.text,
        picture=variants[0].picture,
        variants=tuple(variants),
    )


def _files() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted(FOLDER.glob("*.toml")):
        yield file.stem, tomllib.loads(file.read_text("utf-8"))


def _offers_of(store: str, data: dict[str, Any]) -> Iterator[Offer]:
    for series in data["series"] or [None]:
        for item in data["items"]:
            yield _offer(store, data, series, item)


def _offer(store: str, data: dict[str, Any], series: list[Any] | None, item: list[Any]) -> Offer:
    kind, section, en, ko, price, options, text_en, text_ko = item[:8]
    colours = [item[8], *SINGLE_COLOURS] if len(item) > 8 else list(SINGLE_COLOURS)
    more_en, more_ko = data["care"]["en"], data["care"]["ko"]
    if series is not None:
        en, ko, colours = f"{series[0]} {en}", f"{series[1]} {ko}", series[2]
        more_en, more_ko = f"{series[3]}\n\n{more_en}", f"{series[4]}\n\n{more_ko}"
        price = price * (100, 108, 95)[_number(series[0]) % 3] // 100
    elif options not in {"colour", "colours"}:
        colours = colours[:1]
    slug = re.sub(r"[^a-z0-9]+", "-", en.lower().replace("'", "")).strip("-")
    return Offer(
        store=store,
        section=section,
        slug=slug,
        name={"en": en, "ko": ko},
        text={"en": f"{text_en}\n\n{more_en}", "ko": f"{text_ko}\n\n{more_ko}"},
        kind=kind,
        price_krw=_round(price),
        options=options,
        colours=colours,
        sells_in=_sells_in(slug, data),
    )


def _sells_in(slug: str, data: dict[str, Any]) -> frozenset[str]:
    """Most goods are sold on both channels, some on one only."""
    if not data["usd"]:
        return frozenset({"kr"})
    chance = _number("sells " + slug) % 24
    home = "kr" if data["country"] == "KR" else "us"
    return frozenset({home}) if chance < 2 else frozenset({"kr", "us"})


def _prices(offer: Offer, percent: int, channel_ids: Mapping[str, int]) -> Iterator[PriceDraft]:
    amounts = {"kr": _round(offer.price_krw * percent // 100), "us": _cents(offer.price_krw * percent // 100)}
    reduced = _number("reduced " + offer.slug) % 6 == 0
    more = 112 + _number("by " + offer.slug) % 30
    before = {
        "kr": _round(amounts["kr"] * more // 100 + 500),
        "us": _cents(offer.price_krw * percent * more // 10000) + 100,
    }
    for code in sorted(offer.sells_in):
        yield PriceDraft(channel_ids[code], amounts[code], before[code] if reduced else None)


def _on_hand(offer: Offer, sku: str) -> int:
    """Some goods are gone, some variants are gone, some are few; the rest is plenty."""
    if _number("gone " + offer.slug) % 29 == 0:
        return 0
    chance = _number("stock " + sku) % 20
    if chance == 0:
        return 0
    return 1 + chance if chance < 4 else 20 + _number("count " + sku) % 180


def _terms(numbers: list[int]) -> dict[str, Any]:
    """A free-of-charge limit of 0 says that there is none, unless the fee itself is 0."""
    fee, free_over, shortest, longest = numbers
    return {"fee": fee, "free_over": free_over or None, "days": [shortest, longest]}


def _round(krw: int) -> int:
    """Won as shops write them: in steps of 100, from 10,000 on in steps of 500."""
    step = 500 if krw >= 10_000 else 100
    return max((krw + step // 2) // step * step, step)


def _cents(krw: int) -> int:
    """Dollars that end in .90."""
    return max((krw + KRW_PER_USD // 2) // KRW_PER_USD, 2) * 100 - 10


def _number(text: str) -> int:
    """A number that looks drawn by lot, and is the same on every machine."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6])
