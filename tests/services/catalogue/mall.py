"""A small mall for the tests of the catalogue and of the pages that read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from portal.models import Channel
from portal.queries.channels import forget_channels
from portal.queries.sections import forget_sections
from portal.rules.permissions import SYSTEM
from portal.services.catalogue.create_store import StoreDraft, create_stores
from portal.services.catalogue.drafts import OptionDraft, PriceDraft, ProductDraft, VariantDraft
from portal.services.catalogue.save_sections import SectionDraft, save_sections
from tests.factories.refund import rows

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)  # A Monday noon in Seoul.
COLOUR = {"en": "Colour", "ko": "색상"}


@dataclass(frozen=True, slots=True)
class Mall:
    """Ids of what build() made."""

    kr: int
    us: int
    sams: int
    sues: int
    cups: int
    lamps: int


def build(session: Session) -> Mall:
    """Two channels, two stores, two sections, no products."""
    channels = [
        {
            "code": "kr", "name": {"en": "Portal Korea", "ko": "Portal 한국"}, "currency": "KRW", "country": "KR",
            "default_locale": "ko", "locales": ["ko", "en"], "time_zone": "Asia/Seoul",
        },
        {
            "code": "us", "name": {"en": "Portal US"}, "currency": "USD", "country": "US",
            "default_locale": "en", "locales": ["en", "ko"], "time_zone": "America/New_York",
        },
    ]  # fmt: skip
    kr, us = session.scalars(insert(Channel).returning(Channel.id, sort_by_parameter_order=True), channels).all()
    shipping = {
        "KRW": {"fee": 3000, "free_over": 50000, "days": [1, 3]},
        "USD": {"fee": 900, "free_over": None, "days": [5, 9]},
    }
    stores = create_stores(
        session,
        actor=SYSTEM,
        drafts=[
            StoreDraft("sam", "sams-cups", {"en": "Sam's Cups", "ko": "샘의 컵"}, shipping=shipping),
            StoreDraft("sue", "sues-lamps", {"en": "Sue's Lamps", "ko": "수의 램프"}, shipping=shipping),
        ],
    )
    sections = save_sections(
        session,
        actor=SYSTEM,
        drafts=[
            SectionDraft("cups", {"en": "Cups", "ko": "컵"}, 1),
            SectionDraft("lamps", {"en": "Lamps", "ko": "조명"}, 2),
        ],
    )
    forget_channels()
    forget_sections()
    return Mall(kr, us, stores["sam"], stores["sue"], sections["cups"], sections["lamps"])


def cup(mall: Mall, number: int = 1, *, price: int = 12000, on_hand: int = 10, **changes: object) -> ProductDraft:
    """A cup of Sam's in two colours, sold on both channels."""
    values: dict[str, object] = {
        "ref": f"cup-{number}",
        "slug": f"cup-{number}",
        "store_id": mall.sams,
        "section_id": mall.cups,
        "name": {"en": f"Quiet Cup {number}", "ko": f"조용한 머그컵 {number}"},
        "description": {"en": "Holds 330 ml.", "ko": "330 ml가 들어가요."},
        "picture": "mug.0001.sage",
        "variants": tuple(
            VariantDraft(
                sku=f"CUP-{number}-{code.upper()}",
                options=(OptionDraft(COLOUR, {"en": code.title(), "ko": korean}, code),),
                prices=(PriceDraft(mall.kr, price + 1000 * place), PriceDraft(mall.us, 1200 + 100 * place)),
                on_hand=on_hand,
                picture=f"mug.0001.{code}",
                position=place,
            )
            for place, (code, korean) in enumerate((("sage", "세이지"), ("coral", "코랄")))
        ),
    }
    return ProductDraft(**{**values, **changes})  # type: ignore[arg-type]  # Tests change any field.


def product_of(variant: int) -> int:
    return int(rows(f"SELECT product_id FROM variant WHERE id = {variant}")[0][0])  # noqa: S608  # Ours.
