"""Drawings of what grows, and of what helps it."""

# ruff: noqa: ARG001, E501  # Every shape takes a seed, used or not; outlines are long.
from __future__ import annotations

from portal.demo.pictures.marks import circle, line, oval, path, rect, shadow, shine
from portal.demo.pictures.palette import Ink

_LEAF, _LEAF_DARK, _LEAF_PALE = "#5f8a62", "#46704d", "#8bb086"


def _pot(ink: Ink) -> str:
    return (
        shadow(200, 80, 338)
        + path("M134 236h132l-14 84a18 18 0 0 1-18 16h-68a18 18 0 0 1-18-16Z", ink.body)
        + rect(126, 218, 148, 30, ink.dark, 8)
        + shine(150, 260, 56, 8)
    )


def plant(ink: Ink, seed: int) -> str:
    if seed % 3 == 0:
        spears = "".join(
            path(
                f"M200 226c-16-60 {x - 12}-110 {x}-{160 + abs(x) // 2} 12 50 {12 - x // 2} 110 {-x} {160 + abs(x) // 2}Z",
                fill,
            )
            for x, fill in ((-64, _LEAF_DARK), (56, _LEAF_DARK), (-26, _LEAF), (24, _LEAF_PALE))
        )
        return spears + _pot(ink)
    if seed % 3 == 1:
        stems = line("M200 226c-2-50-40-70-70-90M200 226c0-60 30-90 66-108M200 226V92", _LEAF_DARK, 6)
        leaves = (
            oval(116, 128, 42, 26, _LEAF)
            + oval(282, 112, 42, 26, _LEAF_DARK)
            + oval(200, 78, 28, 42, _LEAF_PALE)
            + oval(144, 186, 34, 20, _LEAF_PALE)
            + oval(256, 178, 34, 20, _LEAF)
        )
        return stems + leaves + _pot(ink)
    bush = (
        circle(150, 168, 56, _LEAF_DARK)
        + circle(250, 168, 56, _LEAF_DARK)
        + circle(200, 124, 64, _LEAF)
        + circle(174, 112, 22, _LEAF_PALE)
        + circle(232, 150, 18, _LEAF_PALE)
        + circle(150, 170, 16, _LEAF)
    )
    return rect(193, 190, 14, 40, "#7a5a3c") + bush + _pot(ink)


def cactus(ink: Ink, seed: int) -> str:
    arms = line("M200 170h-56v-44", _LEAF, 34) + line("M200 196h58v-62", _LEAF, 34)
    flower = circle(200, 66, 15, ink.accent) + circle(144, 108, 11, ink.accent)
    return (
        arms
        + rect(170, 70, 60, 162, _LEAF, 30)
        + line("M188 96v116M212 96v116", _LEAF_DARK, 4, 0.6)
        + flower
        + _pot(ink)
    )


def planter(ink: Ink, seed: int) -> str:
    sprigs = "".join(
        line(f"M{x} 190c-2-30-{8 - i * 4}-44-{14 - i * 6}-70", _LEAF_DARK, 5) + oval(x - 12 + i * 5, 116, 15, 30, fill)
        for i, (x, fill) in enumerate(((110, _LEAF), (156, _LEAF_PALE), (204, _LEAF), (250, _LEAF_PALE), (296, _LEAF)))
    )
    return (
        shadow(200, 140, 316)
        + sprigs
        + rect(68, 178, 264, 132, ink.body, 16)
        + rect(58, 170, 284, 28, ink.dark, 10)
        + rect(160, 228, 80, 44, ink.paper, 6)
        + line("M176 250h48", ink.dark, 5)
    )


def wateringcan(ink: Ink, seed: int) -> str:
    return (
        shadow(190, 110)
        + line("M244 168c70-40 84 90 8 112", ink.dark, 15)
        + path("M128 236L54 150l18-16 70 60Z", ink.dark)
        + path("M38 152l40-40 12 14-38 40Z", ink.accent)
        + path("M120 158h132l14 142a20 20 0 0 1-20 20H126a20 20 0 0 1-20-20Z", ink.body)
        + oval(186, 158, 66, 14, ink.deep)
        + shine(130, 194, 92, 10)
    )


def bouquet(ink: Ink, seed: int) -> str:
    petals = "".join(
        circle(x, y, 26, fill) + circle(x, y, 10, ink.paper)
        for x, y, fill in (
            (148, 122, ink.flat),
            (206, 88, ink.accent),
            (260, 128, ink.flat),
            (180, 164, ink.accent_dark),
            (232, 166, ink.dark),
        )
    )
    return (
        shadow(200, 70, 346)
        + line("M160 140l36 110M206 110l-4 140M256 140l-46 110", _LEAF_DARK, 6)
        + oval(116, 160, 16, 34, _LEAF)
        + oval(288, 162, 16, 34, _LEAF_PALE)
        + petals
        + path("M118 190l164 0-52 150h-60Z", ink.paper)
        + path("M118 190l82 26-30 124h-2Z", ink.ground, 0.7)
        + rect(162, 268, 76, 18, ink.accent, 6)
    )


def seeds(ink: Ink, seed: int) -> str:
    return (
        rect(112, 74, 192, 268, "#1d1a16", 8, 0.14)
        + rect(104, 62, 192, 272, ink.body, 8)
        + path("M104 62h192v40c-60 20-132 20-192 0Z", ink.dark)
        + rect(128, 130, 144, 132, ink.paper, 8)
        + line("M200 246v-58", _LEAF_DARK, 6)
        + path("M200 200c-36 4-48-20-50-40 30-2 50 12 50 40ZM200 190c30 2 44-16 46-36-28-2-46 10-46 36Z", _LEAF)
        + line("M150 290h100M170 310h60", ink.paper, 7)
    )


SHAPES = {
    "plant": plant, "cactus": cactus, "planter": planter, "wateringcan": wateringcan, "bouquet": bouquet,
    "seeds": seeds,
}  # fmt: skip
