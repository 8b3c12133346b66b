"""Pictures of goods, drawn by the project itself: the same key is always the same small SVG.

A key is `kind.seed.colour`, such as `mug.3f2a.sage`. Nothing is stored: the key says it all, so that a picture can be
served for ever under its address.
"""

from portal.demo.pictures.draw import draw, is_key
from portal.demo.pictures.palette import COLOURS
from portal.demo.pictures.shapes import KINDS

__all__ = ["COLOURS", "KINDS", "draw", "is_key"]
