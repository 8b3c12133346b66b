"""One picture from one key."""

from __future__ import annotations

import re
from functools import lru_cache

from portal.demo.pictures.marks import circle, oval, path, rect
from portal.demo.pictures.palette import COLOURS, Ink, mix
from portal.demo.pictures.shapes import KINDS

_KEY = re.compile(r"([a-z]{3,12})\.([0-9a-f]{4})\.([a-z]{3,10})")


def is_key(key: str) -> bool:
    """Say whether there is a picture under this key."""
    found = _KEY.fullmatch(key)
    return found is not None and found[1] in KINDS and found[3] in COLOURS


@lru_cache(maxsize=2048)
def draw(key: str) -> str:
    """Return the picture of a key as SVG, four wide to five high, of at most 3 KB. Raises KeyError without one."""
    if not is_key(key):
        raise KeyError(key)
    kind, seed_text, colour = key.split(".")
    seed = int(seed_text, 16)
    ink = mix(colour, seed)
    gradient = (
        f'<linearGradient id="b"><stop offset="0" stop-color="{ink.light}"/>'
        f'<stop offset=".55" stop-color="{ink.flat}"/><stop offset="1" stop-color="{ink.dark}"/></linearGradient>'
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 -50 400 500" width="480" height="600">'
        f"<defs>{gradient}</defs>{_scene(ink, seed)}{KINDS[kind](ink, seed)}</svg>"
    )


def _scene(ink: Ink, seed: int) -> str:
    """The wall and what is on it: five arrangements, so that a shelf of pictures does not look stamped."""
    wall = rect(0, -50, 400, 500, ink.wall)
    scenes = (
        circle(200, 196, 148, ink.shape),
        rect(0, 300, 400, 150, ink.ground),
        path("M78 450V190a122 122 0 0 1 244 0V450Z", ink.shape) + rect(0, 332, 400, 118, ink.ground),
        circle(288, 92, 76, ink.shape) + rect(0, 306, 400, 144, ink.ground),
        oval(200, 322, 168, 44, ink.ground),
    )
    return wall + scenes[seed % len(scenes)]
