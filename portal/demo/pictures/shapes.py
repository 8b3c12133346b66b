"""Every kind of thing that can be drawn, by name."""

from __future__ import annotations

from collections.abc import Callable

from portal.demo.pictures import care, fashion, garden, home, kitchen, pantry, paper, play, tech
from portal.demo.pictures.palette import Ink

KINDS: dict[str, Callable[[Ink, int], str]] = {
    name: shape
    for group in (kitchen, home, fashion, care, tech, paper, pantry, garden, play)
    for name, shape in group.SHAPES.items()
}
