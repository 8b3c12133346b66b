"""Drawings of what one plays, trains and travels with."""

# ruff: noqa: ARG001  # Every shape takes a seed, used or not; outlines are long.
from __future__ import annotations

from portal.demo.pictures.marks import circle, line, oval, path, rect, shadow, shine, turned
from portal.demo.pictures.palette import Ink


def flask(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 66, 344)
        + rect(166, 58, 68, 58, ink.deep, 12)
        + line("M176 60c0-34 48-34 48 0", ink.deep, 9)
        + rect(140, 110, 120, 232, ink.body, 30)
        + rect(140, 290, 120, 16, ink.accent)
        + (circle(200, 206, 24, ink.accent) if seed % 2 else line("M178 190h44M178 210h44M178 230h26", ink.accent, 8))
        + shine(154, 142, 132, 10)
    )


def mat(ink: Ink, seed: int) -> str:
    spiral = "".join(
        f'<circle cx="112" cy="250" r="{r}" fill="none" stroke="{ink.deep}" stroke-width="6" opacity=".55"/>'
        for r in (48, 34, 20)
    )
    return (
        shadow(210, 140, 318)
        + path("M112 188h190a62 62 0 0 1 0 124H112Z", ink.body)
        + circle(112, 250, 62, ink.dark)
        + spiral
        + circle(112, 250, 8, ink.deep)
        + rect(186, 188, 20, 124, ink.accent)
        + rect(262, 188, 20, 124, ink.accent)
        + line("M150 204h130", "#fff", 8, 0.25)
    )


def tent(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 156, 320)
        + path("M196 84L46 318h150Z", ink.body)
        + path("M196 84l160 234H196Z", ink.dark)
        + path("M196 150l62 168h-62Z", ink.deep)
        + path("M196 150l-48 168h48Z", ink.accent)
        + line("M196 84V66M46 318l-22 10M356 318l22 10", ink.deep, 6)
    )


def dumbbell(ink: Ink, seed: int) -> str:
    return turned(
        -18,
        oval(204, 282, 150, 14, "#1d1a16", 0.15)
        + rect(130, 186, 140, 28, "#aab1b9", 12)
        + rect(66, 134, 62, 132, ink.body, 20)
        + rect(272, 134, 62, 132, ink.body, 20)
        + rect(118, 154, 28, 92, ink.accent, 10)
        + rect(254, 154, 28, 92, ink.accent, 10)
        + shine(78, 154, 84, 9)
        + shine(284, 154, 84, 9),
    )


def ball(ink: Ink, seed: int) -> str:
    seams = (
        line("M200 82v236M82 200h236", ink.deep, 5)
        + line("M118 116c60 50 60 118 0 168M282 116c-60 50-60 118 0 168", ink.deep, 5),
        path("M200 154l44 32-17 52h-54l-17-52Z", ink.deep)
        + line("M200 154V84M244 186l66-24M227 238l40 56M173 238l-40 56M156 186l-66-24", ink.deep, 5),
        line("M90 158c70 40 150 40 220 0M90 242c70-40 150-40 220 0", ink.accent, 11),
    )[seed % 3]
    return shadow(200, 100, 324) + circle(200, 200, 118, ink.body) + seams + oval(158, 142, 30, 18, "#fff", 0.3)


def lantern(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 78, 338)
        + line("M140 132c0-96 120-96 120 0", ink.deep, 9)
        + circle(200, 210, 110, "#ffe9a8", 0.45)
        + rect(142, 118, 116, 32, ink.dark, 12)
        + rect(154, 146, 92, 132, "#fff4cf", 10)
        + rect(182, 176, 36, 72, "#f7c65b", 18)
        + line("M154 160v110M246 160v110", ink.deep, 7)
        + rect(134, 274, 132, 60, ink.body, 16)
        + circle(200, 304, 11, ink.accent)
    )


def blocks(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 130, 326)
        + rect(88, 214, 104, 104, ink.body, 12)
        + rect(204, 214, 104, 104, ink.accent, 12)
        + rect(146, 104, 104, 104, ink.dark, 12)
        + circle(140, 266, 26, ink.paper)
        + path("M256 240l28 50h-56Z", ink.paper)
        + rect(174, 132, 48, 48, ink.paper, 8)
    )


def teddy(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 110, 344)
        + circle(138, 92, 30, ink.dark)
        + circle(262, 92, 30, ink.dark)
        + circle(138, 92, 15, ink.accent)
        + circle(262, 92, 15, ink.accent)
        + oval(106, 240, 28, 50, ink.dark)
        + oval(294, 240, 28, 50, ink.dark)
        + oval(200, 264, 84, 76, ink.body)
        + oval(200, 272, 48, 46, ink.light)
        + oval(146, 328, 36, 20, ink.dark)
        + oval(254, 328, 36, 20, ink.dark)
        + circle(200, 142, 76, ink.body)
        + oval(200, 168, 32, 25, ink.light)
        + oval(200, 157, 12, 9, "#3a2a20")
        + circle(172, 132, 7, "#3a2a20")
        + circle(228, 132, 7, "#3a2a20")
        + line("M190 178c6 6 14 6 20 0", "#3a2a20", 4)
    )


def train(ink: Ink, seed: int) -> str:
    wheels = "".join(circle(x, 292, 30, ink.deep) + circle(x, 292, 12, ink.accent) for x in (110, 190, 284))
    return (
        shadow(200, 150, 326)
        + rect(82, 188, 160, 92, ink.body, 16)
        + rect(226, 112, 106, 168, ink.accent, 14)
        + rect(248, 136, 62, 56, ink.paper, 8)
        + path("M104 188l-10-54h54l-10 54Z", ink.dark)
        + rect(84, 122, 74, 18, ink.deep, 6)
        + rect(214, 98, 130, 22, ink.deep, 8)
        + wheels
        + circle(112, 96, 15, "#fff", 0.7)
        + circle(142, 70, 20, "#fff", 0.55)
    )


def puzzle(ink: Ink, seed: int) -> str:
    piece = "M0 0h42c-10-30 38-30 28 0h42v42c30-10 30 38 0 28v42H70c10-30-38-30-28 0H0Z"
    return (
        shadow(200, 130, 330)
        + f'<path d="{piece}" transform="translate(84 92)" fill="{ink.flat}"/>'
        + f'<path d="{piece}" transform="translate(206 92)" fill="{ink.accent}"/>'
        + f'<path d="{piece}" transform="translate(84 212)" fill="{ink.dark}"/>'
        + f'<path d="{piece}" transform="rotate(14 290 290) translate(222 214)" fill="{ink.paper}"/>'
    )


def stacker(ink: Ink, seed: int) -> str:
    rings = "".join(
        rect(200 - w / 2, 268 - 46 * i, w, 44, fill, 22)
        for i, (w, fill) in enumerate(((220, ink.body), (180, ink.accent), (142, ink.dark), (106, ink.paper)))
    )
    return (
        shadow(200, 118, 330)
        + rect(192, 84, 16, 220, ink.deep, 8)
        + rings
        + circle(200, 92, 26, ink.accent_dark)
        + rect(96, 310, 208, 16, ink.deep, 8)
    )


def kite(ink: Ink, seed: int) -> str:
    return (
        path("M206 52l104 116-104 150-84-150Z", ink.body)
        + path("M206 52l104 116H122Z", ink.accent)
        + path("M206 52v266l-84-150Z", ink.dark, 0.5)
        + line("M206 318c-30 20 20 30-10 56", ink.deep, 5)
        + path("M196 338l-18-10v22ZM196 338l18-12v22Z", ink.accent_dark)
    )


SHAPES = {
    "flask": flask, "mat": mat, "tent": tent, "dumbbell": dumbbell, "ball": ball, "lantern": lantern,
    "blocks": blocks, "teddy": teddy, "train": train, "puzzle": puzzle, "stacker": stacker, "kite": kite,
}  # fmt: skip
