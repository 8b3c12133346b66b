"""A mall, a buyer and a bowl in stock, for what channels sell."""

from __future__ import annotations

import pytest

from portal.db import transaction
from portal.services.catalogue.refresh_listings import refresh_listings
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import make_gateway
from tests.services.catalogue.mall import product_of


@pytest.fixture
def mall(books: None) -> Mall:
    make_gateway()
    return make_mall()


@pytest.fixture
def bea(mall: Mall) -> Person:
    return make_person("bea")


@pytest.fixture
def bowl(mall: Mall) -> int:
    variant = make_variant(mall, krw=12_000, usd=1_000, on_hand=10)
    with transaction() as session:
        refresh_listings(session, product_ids=[product_of(variant)])
    return variant
