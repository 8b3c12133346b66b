"""Drawings of what one eats and drinks."""

# ruff: noqa: ARG001  # Every shape takes a seed, used or not; outlines are long.
from __future__ import annotations

from portal.demo.pictures.marks import circle, line, oval, path, rect, shadow, shine, turned
from portal.demo.pictures.palette import Ink


def pouch(ink: Ink, seed: int) -> str:
    mark = (
        oval(200, 196, 24, 34, ink.deep) + line("M200 166c-12 20 12 40 0 60", ink.paper, 5),
        path("M200 160c40 20 40 60 0 84-40-24-40-64 0-84Z", ink.accent_dark) + line("M200 180v54", ink.paper, 4),
        circle(200, 198, 30, ink.accent),
    )[seed % 3]
    return (
        shadow(200, 92, 336)
        + path("M124 76h152l14 236a20 20 0 0 1-20 22H130a20 20 0 0 1-20-22Z", ink.body)
        + rect(118, 66, 164, 30, ink.dark, 4)
        + line("M128 108h144", ink.light, 4)
        + rect(142, 138, 116, 148, ink.paper, 8)
        + mark
        + line("M166 258h68", ink.dark, 6)
    )


def tin(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 88)
        + rect(122, 122, 156, 198, ink.body, 16)
        + rect(116, 88, 168, 52, ink.dark, 14)
        + oval(200, 94, 76, 12, ink.light)
        + rect(122, 178, 156, 94, ink.paper)
        + path("M200 190c30 14 30 46 0 66-30-20-30-52 0-66Z", ink.accent)
        + line("M200 206v44", ink.paper, 4)
        + shine(134, 150, 160, 7)
    )


def honey(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 92)
        + path(
            "M140 128h120c0 14 28 22 28 54v106a32 32 0 0 1-32 32H144a32 32 0 0 1-32-32V182c0-32 28-40 28-54Z", ink.body
        )
        + rect(132, 88, 136, 44, ink.accent, 10)
        + rect(132, 118, 136, 14, ink.accent_dark)
        + rect(138, 192, 124, 86, ink.paper, 10)
        + path("M200 206l24 14v28l-24 14-24-14v-28Z", ink.flat)
        + shine(124, 190, 96, 8)
    )


def chocolate(ink: Ink, seed: int) -> str:
    squares = "".join(rect(132 + 46 * x, 62 + 40 * y, 40, 34, "#7a4a30", 5) for y in range(3) for x in range(3))
    return turned(
        12,
        rect(124, 62, 164, 290, "#1d1a16", 10, 0.14)
        + rect(122, 52, 158, 136, "#5e3622", 8)
        + squares
        + path("M116 172l18-12 22 14 22-14 22 14 22-14 22 14 22-14 18 12v170H116Z", ink.body)
        + rect(146, 220, 108, 82, ink.paper, 6)
        + circle(200, 248, 15, ink.accent)
        + line("M168 280h64", ink.dark, 6),
    )


def bottle(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 60, 336)
        + rect(178, 44, 44, 32, ink.accent, 6)
        + path(
            "M182 72h36v56c0 24 36 34 36 74v106a26 26 0 0 1-26 26h-56a26 26 0 0 1-26-26V202c0-40 36-50 36-74Z", ink.body
        )
        + rect(146, 214, 108, 84, ink.paper)
        + (circle(200, 244, 17, ink.accent) if seed % 2 else oval(200, 244, 14, 20, ink.accent))
        + line("M172 280h56", ink.dark, 6)
        + shine(156, 190, 130, 7)
    )


def box(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 124, 330)
        + path("M84 148l116-34 116 34v150l-116 34-116-34Z", ink.dark)
        + path("M84 148l116 34v150l-116-34Z", ink.body)
        + path("M84 148l116-34 116 34-116 34Z", ink.light)
        + path("M132 133l118 34v24l-22 6v-24L112 140Z", ink.accent)
        + rect(104, 218, 70, 46, ink.paper, 6)
        + line("M118 236h40M118 250h26", ink.dark, 5)
    )


def bread(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 130, 300)
        + path("M70 224c0-74 60-100 130-100s130 26 130 100c0 44-28 72-60 72H130c-32 0-60-28-60-72Z", "#b87a3d")
        + path("M84 214c4-58 58-78 116-78s112 20 116 78c-40-24-192-24-232 0Z", "#d9a05e")
        + line("M140 156l16 32M190 148l10 34M242 152l8 34", "#f4dcb1", 10)
        + rect(150, 228, 100, 68, ink.body, 6)
        + line("M172 254h56", ink.paper, 6)
    )


SHAPES = {
    "pouch": pouch, "tin": tin, "honey": honey, "chocolate": chocolate, "bottle": bottle, "box": box, "bread": bread,
}  # fmt: skip
