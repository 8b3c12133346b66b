"""Colours that goods come in, and the tones that a drawing makes of one."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

# Hue in degrees, saturation and lightness in percent.
COLOURS: dict[str, tuple[int, int, int]] = {
    "white": (40, 22, 95),
    "cream": (42, 52, 86),
    "sand": (34, 34, 73),
    "oak": (31, 40, 60),
    "walnut": (24, 34, 36),
    "blush": (8, 54, 82),
    "coral": (9, 74, 66),
    "brick": (12, 52, 47),
    "mustard": (42, 72, 57),
    "sage": (132, 18, 62),
    "mint": (158, 34, 74),
    "forest": (152, 33, 30),
    "sky": (205, 52, 74),
    "denim": (214, 36, 48),
    "navy": (222, 42, 27),
    "lilac": (266, 36, 78),
    "plum": (318, 30, 36),
    "silver": (214, 10, 77),
    "charcoal": (220, 8, 32),
    "black": (225, 10, 17),
}
# What stands beside a colour well: labels, handles, laces.
ACCENTS = ("mustard", "coral", "cream", "denim", "sage", "walnut", "white", "brick")


@dataclass(frozen=True, slots=True)
class Ink:
    """The tones of one drawing, as CSS colours. `body` is a gradient across the thing."""

    body: str
    flat: str
    light: str
    dark: str
    deep: str
    accent: str
    accent_dark: str
    paper: str
    ground: str
    wall: str
    shape: str


def tone(hue: float, saturation: float, lightness: float) -> str:
    """A colour in hexadecimal; saturation and lightness are kept within 0 and 100."""
    light, full = min(max(lightness, 0), 100) / 100, min(max(saturation, 0), 100) / 100
    red, green, blue = colorsys.hls_to_rgb((hue % 360) / 360, light, full)
    return "#" + "".join(f"{int(part * 255 + 0.5):02x}" for part in (red, green, blue))


def mix(colour: str, seed: int) -> Ink:
    """The tones for a thing of this colour. The seed chooses accent and background."""
    hue, full, light = COLOURS[colour]
    others = [name for name in ACCENTS if abs(COLOURS[name][2] - light) > 14 and name != colour]
    accent_hue, accent_full, accent_light = COLOURS[others[seed % len(others)]]
    wall_hue = hue + (0, 24, -28, 165, 200)[seed // 7 % 5]
    # A pale thing stands before a deeper wall, a deep one before a paler wall.
    wall_light = 76 if light > 80 else 82 if light > 68 else 87
    wall_full = 26 if full > 15 else 20
    return Ink(
        body="url(#b)",
        flat=tone(hue, full, light),
        light=tone(hue, full, light + 9),
        dark=tone(hue + 4, full, light - 13),
        deep=tone(hue + 6, full, light - 24),
        accent=tone(accent_hue, accent_full, accent_light),
        accent_dark=tone(accent_hue, accent_full, accent_light - 14),
        paper=tone(42, 40, 96),
        ground=tone(wall_hue, wall_full - 2, wall_light - 10),
        wall=tone(wall_hue, wall_full, wall_light),
        shape=tone(wall_hue + 8, wall_full + 6, wall_light - 5),
    )
