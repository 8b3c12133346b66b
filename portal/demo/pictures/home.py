"""Drawings of what makes a room."""

# ruff: noqa: ARG001  # Every shape takes a seed, used or not; outlines are long.
from __future__ import annotations

from portal.demo.pictures.marks import circle, line, oval, path, rect, shadow, shine, turned
from portal.demo.pictures.palette import Ink


def lamp(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 78)
        + circle(200, 170, 120, "#fff3c9", 0.45)
        + rect(193, 196, 14, 112, ink.deep)
        + path("M148 320c0-22 104-22 104 0Z", ink.deep)
        + path("M152 82h96l48 122H104Z", ink.body)
        + oval(200, 204, 96, 12, "#fff0bf")
        + line("M164 100l-28 86", "#fff", 8, 0.35)
    )


def pendant(ink: Ink, seed: int) -> str:
    dome = (
        path("M96 250a104 104 0 0 1 208 0Z", ink.body),
        path("M150 146h100l56 104H94Z", ink.body),
        path("M92 226a108 84 0 0 1 216 0l-20 24H112Z", ink.body),
    )[seed % 3]
    return (
        circle(200, 262, 104, "#fff3c9", 0.5)
        + rect(197, -50, 6, 200, ink.deep)
        + rect(180, 134, 40, 26, ink.accent, 6)
        + dome
        + oval(200, 250, 102, 13, "#fff0bf")
        + circle(200, 256, 22, "#fffbe9")
        + line("M134 222c8-28 24-44 46-52", "#fff", 8, 0.35)
    )


def vase(ink: Ink, seed: int) -> str:
    stems = line("M198 150c-4-50-30-66-46-92M202 150c0-56 14-76 38-104M200 150V46", "#5d7a5c", 5)
    heads = circle(150, 56, 20, ink.accent) + circle(242, 44, 22, ink.accent) + circle(200, 38, 17, ink.accent_dark)
    leaves = oval(170, 104, 9, 24, "#7c9b79") + oval(226, 100, 9, 24, "#6d8f6b")
    return (
        shadow(200, 74)
        + stems
        + leaves
        + heads
        + path("M168 136h64c0 46 50 62 50 116 0 40-30 68-58 68h-48c-28 0-58-28-58-68 0-54 50-70 50-116Z", ink.body)
        + oval(200, 136, 32, 8, ink.deep)
        + shine(142, 226, 60)
    )


def candle(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 86)
        + circle(200, 108, 62, "#fff0bf", 0.55)
        + path("M200 70c20 26 20 48 0 52-20-4-20-26 0-52Z", "#f2a33c")
        + path("M200 92c9 14 9 24 0 28-9-4-9-14 0-28Z", "#fff2c4")
        + rect(197, 118, 6, 28, ink.deep)
        + rect(124, 142, 152, 178, ink.body, 20)
        + oval(200, 150, 76, 15, ink.paper)
        + rect(150, 206, 100, 62, ink.paper, 6)
        + line("M170 228h60M182 246h36", ink.dark, 6)
        + shine(138, 176, 112, 9)
    )


def cushion(ink: Ink, seed: int) -> str:
    pattern = (
        line("M96 150h208M92 200h216M96 250h208", ink.accent, 9),
        circle(150, 160, 17, ink.accent)
        + circle(250, 160, 17, ink.accent)
        + circle(200, 206, 17, ink.accent)
        + circle(150, 252, 17, ink.accent)
        + circle(250, 252, 17, ink.accent),
        line("M118 118l164 164M282 118L118 282", ink.accent, 9),
    )[seed % 3]
    return (
        shadow(200, 128, 318)
        + path("M78 92c40 16 204 16 244 0-16 42-16 182 0 224-40-16-204-16-244 0 16-42 16-182 0-224Z", ink.body)
        + pattern
        + line("M104 122c6 20 8 60 6 90", "#fff", 9, 0.3)
    )


def clock(ink: Ink, seed: int) -> str:
    hour = 30 * (seed % 12)
    marks = "".join(
        f'<rect x="197" y="86" width="6" height="16" rx="3" fill="{ink.deep}" transform="rotate({a} 200 200)"/>'
        for a in range(0, 360, 90)
    )
    return (
        circle(207, 212, 132, "#1d1a16", 0.14)
        + circle(200, 200, 132, ink.body)
        + circle(200, 200, 112, ink.paper)
        + marks
        + f'<path d="M200 200V138" stroke="{ink.deep}" stroke-width="10" stroke-linecap="round" '
        f'transform="rotate({hour} 200 200)"/>'
        + line("M200 200l50 50", ink.accent_dark, 7)
        + circle(200, 200, 10, ink.accent_dark)
    )


def blanket(ink: Ink, seed: int) -> str:
    folds = "".join(
        rect(86, 300 - 52 * i, 228, 48, fill, 24) + rect(270, 308 - 52 * i, 36, 32, ink.deep, 16, 0.35)
        for i, fill in enumerate((ink.dark, ink.body, ink.accent))
    )
    fringe = line("M100 204l-4 22M124 204l-4 22M148 204l-4 22M172 204l-4 22", ink.accent_dark, 5)
    return shadow(200, 124, 350) + folds + fringe + line("M118 268h120M118 320h120", "#fff", 6, 0.3)


def basket(ink: Ink, seed: int) -> str:
    weave = line("M100 214h200M104 246h192M110 278h180", ink.deep, 5, 0.45) + line(
        "M140 190l8 128M180 190l4 130M220 190l-4 130M260 190l-8 128", ink.deep, 5, 0.3
    )
    return (
        shadow(200, 108)
        + line("M132 186c0-86 136-86 136 0", ink.dark, 13)
        + path("M92 182h216l-22 118a24 24 0 0 1-24 20H138a24 24 0 0 1-24-20Z", ink.body)
        + weave
        + rect(84, 170, 232, 24, ink.accent, 12)
    )


def stool(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 112, 338)
        + path("M132 170h22l-18 168h-20Z", ink.dark)
        + path("M268 170h-22l18 168h20Z", ink.dark)
        + rect(134, 262, 132, 13, ink.deep, 6)
        + rect(191, 170, 18, 168, ink.deep)
        + oval(200, 168, 116, 30, ink.deep)
        + oval(200, 156, 116, 30, ink.body)
        + oval(180, 150, 62, 11, "#fff", 0.25)
    )


def frame(ink: Ink, seed: int) -> str:
    art = (
        circle(200, 172, 36, ink.accent) + path("M130 282c36-74 64-74 92-24 16-26 32-26 50 24Z", ink.flat),
        path("M132 268c24-70 60-50 68-104 10 54 48 40 68 104Z", ink.accent) + rect(132, 262, 136, 16, ink.dark),
        circle(176, 186, 40, ink.flat) + circle(224, 224, 40, ink.accent, 0.85),
    )[seed % 3]
    return (
        rect(92, 70, 230, 280, "#1d1a16", 6, 0.14)
        + rect(84, 58, 232, 284, ink.deep, 6)
        + rect(98, 72, 204, 256, ink.paper)
        + rect(124, 112, 152, 176, ink.wall)
        + art
    )


def fan(ink: Ink, seed: int) -> str:
    blades = "".join(
        f'<ellipse cx="200" cy="122" rx="26" ry="44" fill="{ink.accent}" transform="rotate({a} 200 168)"/>'
        for a in (0, 120, 240)
    )
    ring = f'<circle cx="200" cy="168" r="104" fill="none" stroke="{ink.dark}" stroke-width="11"/>'
    return (
        shadow(200, 74, 340)
        + rect(192, 262, 16, 70, ink.deep)
        + path("M144 340c0-24 112-24 112 0Z", ink.body)
        + circle(200, 168, 100, ink.paper, 0.55)
        + blades
        + ring
        + circle(200, 168, 19, ink.body)
    )


def tray(ink: Ink, seed: int) -> str:
    return turned(
        -8,
        rect(52, 142, 304, 152, "#1d1a16", 60, 0.14)
        + rect(48, 126, 304, 152, ink.dark, 60)
        + rect(60, 136, 280, 130, ink.body, 52)
        + circle(142, 200, 36, ink.accent)
        + circle(142, 200, 25, ink.accent_dark)
        + rect(214, 178, 80, 44, ink.paper, 8),
    )


SHAPES = {
    "lamp": lamp, "pendant": pendant, "vase": vase, "candle": candle, "cushion": cushion, "clock": clock,
    "blanket": blanket, "basket": basket, "stool": stool, "frame": frame, "fan": fan, "tray": tray,
}  # fmt: skip
