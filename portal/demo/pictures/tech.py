"""Drawings of devices."""

# ruff: noqa: ARG001  # Every shape takes a seed, used or not; outlines are long.
from __future__ import annotations

from portal.demo.pictures.marks import circle, line, path, rect, shadow, shine, turned
from portal.demo.pictures.palette import Ink


def headphones(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 122, 336)
        + line("M98 232c-6-190 210-190 204 0", ink.dark, 20)
        + line("M118 180c20-84 144-84 164 0", ink.accent, 9)
        + rect(66, 208, 66, 116, ink.body, 32)
        + rect(268, 208, 66, 116, ink.body, 32)
        + rect(116, 222, 24, 88, ink.deep, 12)
        + rect(260, 222, 24, 88, ink.deep, 12)
        + shine(80, 230, 62, 9)
    )


def speaker(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 100)
        + rect(104, 64, 192, 256, ink.body, 34)
        + circle(200, 230, 64, ink.deep)
        + circle(200, 230, 46, ink.dark)
        + circle(200, 230, 18, ink.accent)
        + circle(200, 122, 32, ink.deep)
        + circle(200, 122, 14, ink.accent)
        + shine(116, 100, 150, 8)
    )


def keyboard(ink: Ink, seed: int) -> str:
    keys = "".join(
        rect(54 + 30 * x, 152 + 30 * y, 25, 25, ink.accent if (x, y) in {(0, 0), (9, 2)} else ink.light, 6)
        for y in range(3)
        for x in range(10)
    )
    return turned(
        -7,
        rect(40, 144, 326, 152, "#1d1a16", 20, 0.16)
        + rect(36, 134, 328, 150, ink.dark, 20)
        + keys
        + rect(54, 242, 55, 25, ink.light, 6)
        + rect(114, 242, 145, 25, ink.paper, 6)
        + rect(264, 242, 85, 25, ink.light, 6),
    )


def earbuds(ink: Ink, seed: int) -> str:
    bud = circle(0, 0, 30, ink.body) + rect(-11, 6, 22, 76, ink.body, 11) + circle(-6, -4, 11, ink.deep)
    return (
        shadow(200, 110, 334)
        + rect(92, 206, 216, 124, ink.dark, 50)
        + rect(92, 196, 216, 60, ink.body, 30)
        + circle(200, 282, 6, ink.accent)
        + f'<g transform="translate(146 112)">{bud}</g><g transform="translate(254 112) scale(-1 1)">{bud}</g>'
        + line("M120 222h70", "#fff", 8, 0.35)
    )


def charger(ink: Ink, seed: int) -> str:
    return (
        shadow(176, 100)
        + line("M258 258c90 6 96-70 60-120s-10-84 40-84", ink.accent, 11)
        + rect(92, 150, 172, 170, ink.body, 34)
        + rect(126, 108, 18, 48, "#b9c0c7", 4)
        + rect(210, 108, 18, 48, "#b9c0c7", 4)
        + path("M188 186l-42 62h28l-8 42 44-62h-30Z", ink.accent)
        + shine(106, 184, 92, 9)
    )


def watch(ink: Ink, seed: int) -> str:
    return (
        path("M156 128l12-96h64l12 96ZM156 272l12 96h64l12-96Z", ink.dark)
        + circle(206, 210, 92, "#1d1a16", 0.14)
        + rect(284, 188, 18, 26, ink.deep, 5)
        + circle(200, 200, 92, ink.body)
        + circle(200, 200, 76, (ink.paper, "#20242b", ink.paper)[seed % 3])
        + line("M200 200v-44M200 200l30 20", ink.accent_dark, 8)
        + circle(200, 200, 7, ink.accent_dark)
        + line("M146 158a68 68 0 0 1 34-26", "#fff", 7, 0.5)
    )


def phonecase(ink: Ink, seed: int) -> str:
    art = (
        circle(204, 236, 46, ink.accent),
        line("M140 210l124 60M140 250l124 60M140 290l90 44", ink.accent, 10),
        path("M138 340c20-90 60-50 70-120 10 60 50 60 58 120Z", ink.accent),
    )[seed % 3]
    return turned(
        8,
        rect(130, 52, 156, 306, "#1d1a16", 34, 0.15)
        + rect(122, 44, 156, 306, ink.body, 34)
        + art
        + rect(138, 60, 66, 74, ink.dark, 20)
        + circle(160, 84, 14, ink.deep)
        + circle(184, 110, 14, ink.deep),
    )


def mouse(ink: Ink, seed: int) -> str:
    return turned(
        14,
        rect(128, 78, 160, 262, "#1d1a16", 80, 0.15)
        + rect(120, 66, 160, 262, ink.body, 80)
        + path("M120 160v-14a80 80 0 0 1 76-80v94ZM280 160v-14a80 80 0 0 0-76-80v94Z", ink.dark, 0.6)
        + rect(190, 104, 20, 52, ink.accent, 10)
        + shine(138, 194, 80, 10),
    )


def stand(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 128, 326)
        + path("M112 320l66-190h22l-66 190ZM288 320l-66-190h-22l66 190Z", ink.dark)
        + rect(74, 306, 252, 18, ink.body, 9)
        + turned(-10, rect(70, 108, 260, 22, ink.body, 11) + rect(86, 60, 228, 50, "#2a2f38", 8))
        + circle(200, 152, 9, ink.accent)
    )


SHAPES = {
    "headphones": headphones, "speaker": speaker, "keyboard": keyboard, "earbuds": earbuds, "charger": charger,
    "watch": watch, "phonecase": phonecase, "mouse": mouse, "stand": stand,
}  # fmt: skip
