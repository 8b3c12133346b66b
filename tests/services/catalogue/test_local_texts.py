"""Two who write the texts of a channel at the same moment (CHN-03)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from portal.db import reading, transaction
from portal.kit import clock
from portal.models import Variant
from portal.rules.permissions import SYSTEM
from portal.services.catalogue.local_product import LocalTexts, LocalTextsChangedError, save_local_texts
from tests.factories.cart import make_mall, make_variant


@pytest.mark.req("CHN-03")
@pytest.mark.usefixtures("books")
def test_of_two_who_write_the_first_texts_at_once_one_is_told() -> None:
    mall, meet = make_mall(), Barrier(2)
    variant = make_variant(mall)
    with reading() as session:
        product = session.get_one(Variant, variant).product_id

    def write(name: str) -> str:
        meet.wait()
        try:
            with transaction() as session:
                save_local_texts(
                    session,
                    product_id=product,
                    channel_id=mall.kr.id,
                    version=None,
                    texts=LocalTexts({"en": name}, {}),
                    why="Buyers there say so",
                    actor=SYSTEM,
                    now=clock.now(),
                )
        except LocalTextsChangedError:
            return "told"
        return "saved"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(write, ("Soup bowl", "Rice bowl"))) == ["saved", "told"]
