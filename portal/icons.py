"""The outline icons that pages draw inline: no web font, no request of their own."""

import re
from functools import cache
from pathlib import Path

from markupsafe import Markup

_FOLDER = Path(__file__).parent / "static" / "vendor" / "tabler-icons" / "outline"
_SHAPES = re.compile(r"<(?:path|circle|rect|line|polyline|polygon|ellipse)\b[^>]*?/>", re.DOTALL)


@cache
def icon(name: str, label: str = "", css: str = "") -> Markup:
    """Return an icon as inline SVG. Without a label it is decoration and hidden from screen readers.

    Raises KeyError for a name that is not among the vendored files.
    """
    title = Markup(' role="img" aria-label="{}"').format(label) if label else Markup(' aria-hidden="true"')
    return Markup(
        '<svg class="icon{}" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor"'
        ' stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" focusable="false"{}>{}</svg>'
    ).format(f" {css}" if css else "", title, _shapes()[name])


@cache
def _shapes() -> dict[str, Markup]:
    """Read every vendored file once. The first shape of each is an empty frame and is left out."""
    found = {}
    for file in sorted(_FOLDER.glob("*.svg")):
        shapes = [re.sub(r"\s+", " ", shape) for shape in _SHAPES.findall(file.read_text("utf-8"))]
        found[file.stem] = Markup("".join(shape for shape in shapes if 'stroke="none" d="M0 0h24' not in shape))  # noqa: S704 - files of our own tree
    return found
