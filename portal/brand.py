"""A channel's colour as a style sheet of its own: any colour becomes shades that can be read in both themes."""

import colorsys
import re
from functools import lru_cache

_HEX = re.compile(r"#?([0-9a-fA-F]{6})")
# White, and the grounds of each theme that are nearest to a readable shade.
_WHITE, _PAPER, _NIGHT = (255, 255, 255), (243, 243, 241), (34, 36, 40)
READABLE = 4.5  # WCAG 1.4.3

Rgb = tuple[int, int, int]


def normal_colour(colour: str | None) -> str | None:
    """Return six small hexadecimal digits, or None for anything that is not a colour."""
    match = _HEX.fullmatch(colour or "")
    return match[1].lower() if match else None


@lru_cache(maxsize=64)
def brand_css(colour: str) -> str:
    """Return the style sheet of a colour (six hexadecimal digits)."""
    own = rgb(colour)
    light = _shade(own, _PAPER, darker=True)
    dark = _shade(own, _NIGHT, darker=False)
    return (
        f":root{{--brand:light-dark({_hex(light)},{_hex(dark)});"
        f"--brand-strong:light-dark({_hex(_mix(light, (0, 0, 0), 18))},{_hex(_mix(dark, _WHITE, 22))});"
        f"--brand-tint:light-dark({_hex(_tint(light, darker=True))},{_hex(_tint(dark, darker=False))});"
        f"--on-brand:light-dark({_hex(_WHITE)},{_hex(_on_dark(dark))})}}"
    )


def rgb(colour: str) -> Rgb:
    """Read six hexadecimal digits, with or without the sign."""
    digits = colour.removeprefix("#")
    return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def contrast(one: Rgb, other: Rgb) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _shade(colour: Rgb, ground: Rgb, *, darker: bool) -> Rgb:
    """Return the nearest shade of the same hue that can be read on `ground` and on its own tint, and be written on."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*(part / 255 for part in colour))
    for step in range(101):
        level = lightness * (1 - step / 100) if darker else lightness + (1 - lightness) * step / 100
        red, green, blue = colorsys.hls_to_rgb(hue, level, saturation)
        shade = (int(red * 255), int(green * 255), int(blue * 255))
        on_shade = _WHITE if darker else _on_dark(shade)
        if min(contrast(shade, back) for back in (ground, _tint(shade, darker=darker), on_shade)) >= READABLE:
            return shade
    return (0, 0, 0) if darker else _WHITE


def _tint(shade: Rgb, *, darker: bool) -> Rgb:
    """Return the quiet ground that goes with a shade."""
    return _mix(shade, _WHITE, 91) if darker else _mix(shade, (24, 25, 28), 82)


def _on_dark(shade: Rgb) -> Rgb:
    """Return what is written on a shade of the dark theme: nearly black, of the same hue."""
    return _mix(shade, (0, 0, 0), 88)


def _mix(colour: Rgb, other: Rgb, percent: int) -> Rgb:
    red, green, blue = ((a * (100 - percent) + b * percent) // 100 for a, b in zip(colour, other, strict=True))
    return red, green, blue


def _luminance(colour: Rgb) -> float:
    red, green, blue = (
        part / 255 / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _hex(colour: Rgb) -> str:
    return "#" + "".join(f"{part:02x}" for part in colour)
