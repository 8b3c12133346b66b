"""Drawings of what cares for skin and hair."""

# ruff: noqa: ARG001  # Every shape takes a seed, used or not; outlines are long.
from __future__ import annotations

from portal.demo.pictures.marks import circle, line, oval, path, rect, shadow, shine, turned
from portal.demo.pictures.palette import Ink


def _label(ink: Ink, x: float, y: float, width: float, height: float) -> str:
    middle = x + width / 2
    bars = line(f"M{middle - width * 0.28:g} {y + height * 0.6:g}h{width * 0.56:g}", ink.dark, 5)
    return rect(x, y, width, height, ink.paper, 4) + circle(middle, y + height * 0.3, height * 0.13, ink.accent) + bars


def dropper(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 70)
        + rect(184, 56, 32, 58, ink.deep, 15)
        + rect(170, 106, 60, 34, ink.accent, 6)
        + path(
            "M168 138h64c0 22 30 26 30 56v98a28 28 0 0 1-28 28h-68a28 28 0 0 1-28-28v-98c0-30 30-34 30-56Z", ink.body
        )
        + _label(ink, 152, 202, 96, 82)
        + shine(144, 196, 96, 8)
    )


def tube(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 64, 336)
        + path("M130 62h140l-20 214H150Z", ink.body)
        + rect(126, 54, 148, 22, ink.dark, 4)
        + rect(150, 274, 100, 58, ink.accent, 10)
        + line("M170 284v40M190 284v40M210 284v40M230 284v40", ink.accent_dark, 4)
        + _label(ink, 158, 124, 84, 96)
    )


def cream(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 122)
        + rect(88, 186, 224, 134, ink.body, 30)
        + rect(96, 132, 208, 66, ink.accent, 16)
        + rect(96, 180, 208, 18, ink.accent_dark, 6)
        + _label(ink, 150, 220, 100, 74)
        + shine(104, 212, 78, 10)
        + line("M116 150h104", "#fff", 8, 0.4)
    )


def soap(ink: Ink, seed: int) -> str:
    return turned(
        -10,
        oval(206, 288, 136, 18, "#1d1a16", 0.15)
        + rect(72, 152, 256, 136, ink.dark, 44)
        + rect(72, 138, 256, 134, ink.body, 44)
        + rect(150, 138, 100, 148, ink.paper)
        + circle(200, 190, 22, ink.accent)
        + line("M172 234h56", ink.dark, 6)
        + line("M100 164c10-8 22-10 34-10", "#fff", 8, 0.5),
    )


def pump(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 82)
        + line("M198 92h-52v16", ink.deep, 15)
        + rect(190, 86, 20, 56, ink.deep)
        + rect(166, 132, 68, 28, ink.deep, 7)
        + rect(122, 154, 156, 166, ink.body, 30)
        + _label(ink, 148, 190, 104, 96)
        + shine(132, 186, 100, 9)
    )


def perfume(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 92)
        + rect(172, 72, 56, 62, ink.accent, 8)
        + rect(182, 126, 36, 26, "#c9b37c")
        + rect(110, 146, 180, 174, ink.light, 22, 0.7)
        + rect(124, 190, 152, 116, ink.body, 14)
        + _label(ink, 152, 206, 96, 76)
        + shine(120, 166, 130, 9)
    )


def brush(ink: Ink, seed: int) -> str:
    return turned(
        32,
        rect(184, 186, 32, 176, ink.body, 16)
        + rect(178, 150, 44, 44, "#c9b37c", 5)
        + path("M178 152c-34-44-20-96 22-122 42 26 56 78 22 122Z", ink.accent)
        + path("M188 152c-16-44-8-90 12-116 20 26 28 72 12 116Z", ink.accent_dark, 0.6)
        + shine(192, 212, 110, 7),
    )


def lipstick(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 52)
        + path("M172 190V112c0-26 30-46 56-54v132Z", ink.accent)
        + path("M200 190V82c8-12 18-20 28-24v132Z", ink.accent_dark, 0.6)
        + rect(160, 186, 80, 44, "#d7c08a", 4)
        + rect(148, 222, 104, 98, ink.body, 8)
        + shine(160, 236, 66, 8)
    )


SHAPES = {
    "dropper": dropper, "tube": tube, "cream": cream, "soap": soap, "pump": pump, "perfume": perfume,
    "brush": brush, "lipstick": lipstick,
}  # fmt: skip
