"""Every pair of colours that carries text is computed, in both themes (WCAG 1.4.3, 1.4.11)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.assets import ROOT
from portal.brand import READABLE, brand_css, contrast, normal_colour, rgb
from portal.statuses import TONES

GROUNDS = ("bg", "surface", "sunken", "raised")
SHAPE = 3.0
TEXT_PAIRS = [
    *((text, ground) for text in ("ink", "ink-2", "brand", "danger") for ground in GROUNDS),
    *((text, f"{tone}-tint") for tone in TONES for text in ("ink", f"{tone}-ink")),
    *((f"{tone}-ink", ground) for tone in TONES for ground in ("bg", "surface")),
    ("on-brand", "brand"),
    ("on-brand", "brand-strong"),
    ("on-danger", "danger"),
    ("on-danger", "danger-strong"),
    ("brand", "brand-tint"),
    ("ink", "brand-tint"),
    ("bg", "ink"),
]
SHAPE_PAIRS = [(shape, ground) for shape in ("line-strong", "focus") for ground in GROUNDS]


def tokens(css: str) -> dict[str, tuple[str, str]]:
    found = re.findall(r"--([a-z0-9-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)", css)
    return {name: (light, dark) for name, light, dark in found}


OURS = tokens((ROOT / "css/10-tokens.css").read_text("utf-8"))


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_pairs_can_be_told_apart(theme: int) -> None:
    pairs = [*((pair, READABLE) for pair in TEXT_PAIRS), *((pair, SHAPE) for pair in SHAPE_PAIRS)]
    shown = [
        (front, back, contrast(rgb(OURS[front][theme]), rgb(OURS[back][theme])), least)
        for (front, back), least in pairs
    ]
    assert [one for one in shown if one[2] < one[3]] == []


@given(st.from_regex(r"[0-9a-f]{6}", fullmatch=True))
def test_any_colour_of_a_channel_becomes_readable_shades(colour: str) -> None:
    shades = {**OURS, **tokens(brand_css(colour))}
    for theme in (0, 1):
        for front, back in [
            *(("brand", ground) for ground in GROUNDS),
            ("brand", "brand-tint"),
            ("ink", "brand-tint"),
            ("on-brand", "brand"),
            ("on-brand", "brand-strong"),
        ]:
            assert contrast(rgb(shades[front][theme]), rgb(shades[back][theme])) >= READABLE, (front, back, theme)


def test_what_is_not_a_colour_is_none() -> None:
    assert [normal_colour(c) for c in ("#0A6B55", "0a6b55", "red", "#12", "", None)] == ["0a6b55", "0a6b55"] + [
        None
    ] * 4
