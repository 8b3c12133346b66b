"""The few SVG elements that drawings are made of: attributes only, no style and no script."""

from __future__ import annotations


def rect(x: float, y: float, width: float, height: float, fill: str, round_by: float = 0, opacity: float = 1) -> str:
    corner = f' rx="{round_by:g}"' if round_by else ""
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"{corner}{_fill(fill, opacity)}/>'


def circle(x: float, y: float, radius: float, fill: str, opacity: float = 1) -> str:
    return f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}"{_fill(fill, opacity)}/>'


def oval(x: float, y: float, across: float, down: float, fill: str, opacity: float = 1) -> str:
    return f'<ellipse cx="{x:g}" cy="{y:g}" rx="{across:g}" ry="{down:g}"{_fill(fill, opacity)}/>'


def path(d: str, fill: str, opacity: float = 1) -> str:
    return f'<path d="{d}"{_fill(fill, opacity)}/>'


def line(d: str, stroke: str, width: float = 6, opacity: float = 1) -> str:
    faint = f' opacity="{opacity:g}"' if opacity != 1 else ""
    return (
        f'<path d="{d}" fill="none" stroke="{stroke}" stroke-width="{width:g}" stroke-linecap="round" '
        f'stroke-linejoin="round"{faint}/>'
    )


def turned(degrees: float, inside: str) -> str:
    return f'<g transform="rotate({degrees:g} 200 200)">{inside}</g>'


def shadow(x: float, across: float, y: float = 322) -> str:
    return oval(x, y, across, 13, "#1d1a16", 0.16)


def shine(x: float, y: float, height: float, width: float = 12) -> str:
    return rect(x, y, width, height, "#fff", width / 2, 0.32)


def _fill(fill: str, opacity: float) -> str:
    return f' fill="{fill}"' + (f' opacity="{opacity:g}"' if opacity != 1 else "")
