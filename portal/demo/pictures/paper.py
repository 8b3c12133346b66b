"""Drawings of what is read and written on."""

# ruff: noqa: ARG001  # Every shape takes a seed, used or not; outlines are long.
from __future__ import annotations

from portal.demo.pictures.marks import circle, line, oval, path, rect, turned
from portal.demo.pictures.palette import Ink


def book(ink: Ink, seed: int) -> str:
    art = (
        circle(208, 164, 40, ink.accent) + path("M150 226c30-50 60-50 116 0Z", ink.deep),
        line("M150 130h116M150 152h116M150 174h116M150 196h116", ink.accent, 9),
        path("M150 226c10-80 50-60 58-110 8 50 48 30 58 110Z", ink.accent),
        circle(182, 160, 34, ink.accent) + circle(234, 184, 34, ink.deep),
        path("M150 226l58-110 58 110Z", ink.accent) + path("M150 226l34-56 34 56Z", ink.deep),
        oval(208, 170, 56, 30, ink.paper) + circle(208, 170, 24, ink.deep) + circle(214, 164, 7, ink.paper),
    )[seed % 6]
    return (
        rect(118, 76, 188, 268, "#1d1a16", 8, 0.16)
        + rect(112, 64, 188, 272, ink.paper, 6)
        + rect(106, 58, 188, 272, ink.body, 6)
        + rect(106, 58, 22, 272, ink.dark, 5)
        + art
        + line("M152 262h112M172 284h72", ink.paper, 8)
    )


def notebook(ink: Ink, seed: int) -> str:
    rings = "".join(rect(98, 92 + 34 * i, 30, 12, ink.accent_dark, 6) for i in range(7))
    return turned(
        6,
        rect(120, 74, 178, 268, "#1d1a16", 14, 0.15)
        + rect(118, 62, 178, 272, ink.paper, 12)
        + rect(112, 58, 178, 272, ink.body, 14)
        + rings
        + rect(160, 112, 96, 52, ink.paper, 6)
        + line("M176 132h64M176 148h40", ink.dark, 5)
        + rect(258, 58, 12, 272, ink.accent, opacity=0.9),
    )


def pen(ink: Ink, seed: int) -> str:
    one = (
        rect(184, 70, 32, 200, ink.body, 14)
        + path("M184 262h32l-16 66Z", "#d9c9a3")
        + path("M194 304h12l-6 24Z", ink.deep)
        + rect(184, 104, 32, 14, ink.accent)
        + rect(212, 78, 9, 82, ink.accent_dark, 4)
        + line("M192 130v110", "#fff", 6, 0.35)
    )
    return turned(38, f'<g opacity=".13" transform="translate(14 8)">{rect(184, 70, 32, 250, "#1d1a16", 14)}</g>' + one)


def poster(ink: Ink, seed: int) -> str:
    art = (
        circle(216, 150, 44, ink.accent) + path("M112 290c44-96 82-96 116-40 20-34 44-34 60 40Z", ink.body),
        rect(140, 118, 60, 140, ink.body, 30) + rect(208, 150, 60, 108, ink.accent, 30),
        path("M200 100c70 30 70 130 0 170-70-40-70-140 0-170Z", ink.body) + line("M200 130v170", ink.dark, 5),
    )[seed % 3]
    return (
        rect(98, 56, 216, 296, "#1d1a16", 3, 0.13)
        + rect(92, 46, 216, 296, ink.paper, 3)
        + rect(112, 68, 176, 222, ink.wall)
        + art
        + line("M150 314h100", ink.dark, 6)
    )


def cards(ink: Ink, seed: int) -> str:
    return (
        turned(-14, rect(96, 122, 200, 140, ink.dark, 8))
        + turned(-3, rect(98, 128, 204, 142, ink.accent, 8))
        + turned(
            9,
            rect(98, 132, 212, 148, "#1d1a16", 8, 0.14)
            + rect(94, 126, 212, 146, ink.paper, 8)
            + path("M94 232c40-46 76-46 104-10 26-30 64-30 108 12v38H94Z", ink.body)
            + circle(258, 166, 20, ink.accent),
        )
    )


def tape(ink: Ink, seed: int) -> str:
    def roll(x: int, y: int, fill: str, core: str) -> str:
        return oval(x + 5, y + 9, 74, 70, "#1d1a16", 0.14) + circle(x, y, 72, fill) + circle(x, y, 44, core)

    return (
        roll(146, 158, ink.body, ink.dark)
        + roll(254, 176, ink.accent, ink.accent_dark)
        + roll(196, 256, ink.dark, ink.deep)
        + circle(146, 158, 34, ink.wall)
        + circle(254, 176, 34, ink.wall)
        + circle(196, 256, 34, ink.ground)
    )


def pencils(ink: Ink, seed: int) -> str:
    sticks = "".join(
        rect(x, top, 24, 240 - top, fill)
        + path(f"M{x} {top}h24l-12-32Z", "#e2c79c")
        + path(f"M{x + 8} {top - 21}h8l-4-11Z", fill)
        for x, top, fill in (
            (140, 112, ink.accent),
            (170, 88, ink.dark),
            (200, 120, ink.accent_dark),
            (230, 98, ink.deep),
        )
    )
    return (
        oval(200, 322, 88, 13, "#1d1a16", 0.16)
        + sticks
        + rect(120, 190, 160, 130, ink.body, 18)
        + oval(200, 196, 80, 12, ink.dark, 0.5)
        + line("M120 262h160", ink.accent, 10)
    )


SHAPES = {
    "book": book, "notebook": notebook, "pen": pen, "poster": poster, "cards": cards, "tape": tape,
    "pencils": pencils,
}  # fmt: skip
