"""Drawings of what stands in a kitchen."""

# ruff: noqa: ARG001, E501  # Every shape takes a seed, used or not; outlines are long.
from __future__ import annotations

from portal.demo.pictures.marks import circle, line, oval, path, rect, shadow, shine, turned
from portal.demo.pictures.palette import Ink


def mug(ink: Ink, seed: int) -> str:
    band = (rect(112, 210, 160, 26, ink.accent, opacity=0.9), "", line("M116 222h152", ink.dark, 5))[seed % 3]
    return (
        shadow(196, 110)
        + line("M270 176c56-8 62 84-4 84", ink.dark, 20)
        + path("M112 140h160v128a50 50 0 0 1-50 50h-60a50 50 0 0 1-50-50Z", ink.body)
        + band
        + oval(192, 140, 80, 17, ink.dark)
        + oval(192, 143, 68, 12, "#5b3b28")
        + shine(130, 176, 96)
    )


def bowl(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 100)
        + rect(150, 296, 100, 24, ink.deep, 8)
        + path("M62 178h276c0 78-62 128-138 128S62 256 62 178Z", ink.body)
        + oval(200, 178, 138, 30, ink.dark)
        + oval(200, 184, 118, 22, (ink.paper, ink.accent, ink.light)[seed % 3])
        + line("M92 222c14 30 34 48 58 58", "#fff", 10, 0.3)
    )


def plate(ink: Ink, seed: int) -> str:
    rim = (ink.accent, ink.deep, ink.light)[seed % 3]
    return (
        circle(206, 212, 138, "#1d1a16", 0.14)
        + circle(200, 200, 138, ink.dark)
        + circle(200, 200, 130, ink.body)
        + f'<circle cx="200" cy="200" r="112" fill="none" stroke="{rim}" stroke-width="5"/>'
        + circle(200, 200, 84, ink.light, 0.75)
        + line("M136 150a82 82 0 0 1 62-32", "#fff", 8, 0.5)
    )


def teapot(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 110)
        + line("M288 196c60-18 66 78 2 82", ink.dark, 18)
        + path("M118 236c-34-4-52-34-62-76l24-2c10 26 26 40 52 44Z", ink.dark)
        + path("M112 236c0-58 40-88 88-88s88 30 88 88c0 50-36 82-88 82s-88-32-88-82Z", ink.body)
        + oval(200, 156, 52, 12, ink.deep)
        + path("M150 152c6-22 28-30 50-30s44 8 50 30Z", ink.flat)
        + circle(200, 114, 13, ink.accent)
        + shine(136, 200, 62)
    )


def carafe(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 76)
        + path(
            "M170 84h60v74c0 26 46 60 46 112a48 48 0 0 1-48 48h-56a48 48 0 0 1-48-48c0-52 46-86 46-112Z",
            ink.light,
            0.75,
        )
        + path("M130 246c20-14 50 12 74 2s44-14 66-4c8 40-12 68-42 68h-56c-28 0-48-26-42-66Z", ink.dark, 0.85)
        + rect(164, 76, 72, 18, ink.accent, 7)
        + rect(178, 52, 44, 30, "#b98a58", 7)
        + shine(150, 214, 74, 10)
    )


def pan(ink: Ink, seed: int) -> str:
    return (
        shadow(170, 120, 300)
        + turned(-24, rect(262, 188, 128, 26, ink.accent, 13) + rect(250, 190, 34, 22, ink.deep, 6))
        + circle(168, 214, 116, ink.deep)
        + circle(168, 208, 112, ink.body)
        + circle(168, 210, 90, ink.dark)
        + line("M100 180a76 76 0 0 1 60-46", "#fff", 8, 0.25)
    )


def knife(ink: Ink, seed: int) -> str:
    return turned(
        -38,
        path("M30 214c70-52 140-58 206-58v58Z", "#1d1a16", 0.12)
        + path("M24 206c70-56 144-60 212-60v60Z", "#d9dde1")
        + path("M24 206c70-22 144-26 212-26v26Z", "#b9c0c7")
        + rect(232, 146, 138, 48, ink.body, 18)
        + circle(268, 170, 6, ink.accent)
        + circle(334, 170, 6, ink.accent),
    )


def jar(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 92)
        + rect(114, 132, 172, 188, ink.body, 34)
        + rect(130, 92, 140, 44, ink.accent, 12)
        + rect(130, 122, 140, 14, ink.accent_dark)
        + rect(148, 196, 104, 68, ink.paper, 8)
        + line("M168 220h64M168 240h40", ink.dark, 6)
        + shine(126, 160, 120, 10)
    )


def board(ink: Ink, seed: int) -> str:
    return turned(
        16,
        rect(118, 66, 172, 276, "#1d1a16", 40, 0.13)
        + path(
            "M150 112h24V78a26 26 0 0 1 52 0v34h24a36 36 0 0 1 36 36v152a36 36 0 0 1-36 36H150a36 36 0 0 1-36-36V148a36 36 0 0 1 36-36Z",
            ink.body,
        )
        + circle(200, 84, 11, ink.ground)
        + line("M140 172c40-12 84 14 120 0M138 226c44 14 80-14 124 0M142 280c40-10 80 10 116 0", ink.dark, 4, 0.5),
    )


def kettle(ink: Ink, seed: int) -> str:
    return (
        shadow(196, 108)
        + line("M140 124c0-72 120-72 120 0", ink.accent_dark, 16)
        + path("M292 214c26-8 34-36 58-42l8 16c-24 12-24 52-62 64Z", ink.dark)
        + path("M126 130h148l34 166a22 22 0 0 1-22 24H114a22 22 0 0 1-22-24Z", ink.body)
        + oval(200, 130, 74, 14, ink.deep)
        + circle(200, 114, 12, ink.accent)
        + shine(126, 172, 110)
    )


SHAPES = {
    "mug": mug, "bowl": bowl, "plate": plate, "teapot": teapot, "carafe": carafe, "pan": pan, "knife": knife,
    "jar": jar, "board": board, "kettle": kettle,
}  # fmt: skip
