from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from portal.demo.pictures import COLOURS, KINDS, draw, is_key

SEEDS = ("0000", "0001", "3f2a", "7e05", "ffff")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_is_a_small_harmless_picture_in_every_colour(kind: str) -> None:
    for colour in COLOURS:
        for seed in SEEDS:
            picture = draw(f"{kind}.{seed}.{colour}")
            assert len(picture.encode()) < 3072
            root = ET.fromstring(picture)  # noqa: S314  # Our own drawing.
            assert root.attrib["viewBox"] == "0 -50 400 500"
            for element in root.iter():
                assert element.tag.rpartition("}")[2] not in {"script", "style", "image", "foreignObject", "a"}
                assert not {name for name in element.attrib if name.startswith("on") or name in {"style", "href"}}


def test_the_same_key_is_always_the_same_picture() -> None:
    draw.cache_clear()
    first = draw("mug.3f2a.sage")
    draw.cache_clear()
    assert draw("mug.3f2a.sage") == first


def test_colour_and_seed_change_the_picture() -> None:
    assert len({draw(f"mug.3f2a.{colour}") for colour in COLOURS}) == len(COLOURS)
    assert len({draw(f"lamp.{seed}.sage") for seed in SEEDS}) > 2


NO_KEYS = [
    "mug",
    "mug.3f2a",
    "spoon.3f2a.sage",
    "mug.3f2.sage",
    "mug.3F2A.sage",
    "mug.3f2a.gold",
    "mug.3f2a.sage.x",
    "../mug.3f2a.sage",
]


@pytest.mark.parametrize("key", ["", "mug.3f2a.sage\n", *NO_KEYS])
def test_there_are_no_other_keys(key: str) -> None:
    assert not is_key(key)
    with pytest.raises(KeyError):
        draw(key)
