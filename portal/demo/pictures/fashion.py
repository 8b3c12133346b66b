"""Drawings of what one wears and carries."""

# ruff: noqa: ARG001, E501  # Every shape takes a seed, used or not; outlines are long.
from __future__ import annotations

from portal.demo.pictures.marks import circle, line, oval, path, rect, shadow, shine
from portal.demo.pictures.palette import Ink

_TORSO = "M150 76c16 26 84 26 100 0l62 34 34 88-46 18-14-32v146H114V184l-14 32-46-18 34-88Z"


def tee(ink: Ink, seed: int) -> str:
    mark = (
        circle(200, 190, 34, ink.accent),
        line("M114 196h172M114 220h172M114 244h172", ink.accent, 10),
        rect(222, 158, 42, 46, ink.dark, 4, 0.6),
        "",
    )[seed % 4]
    return (
        shadow(204, 100, 338)
        + path(_TORSO, ink.body)
        + path("M150 76c16 26 84 26 100 0l-12-6c-14 16-62 16-76 0Z", ink.dark)
        + mark
        + line("M136 210v98M264 210v98", ink.dark, 4, 0.4)
    )


def sweater(ink: Ink, seed: int) -> str:
    return (
        shadow(204, 104, 344)
        + path(
            "M148 78c18 18 86 18 104 0l50 28c22 40 38 120 44 190l-40 8-22-106v118H116V198L94 304l-40-8c6-70 22-150 44-190Z",
            ink.body,
        )
        + rect(116, 310, 168, 22, ink.dark, 6)
        + path("M54 292l40 8 4-20-40-8ZM346 292l-40 8-4-20 40-8Z", ink.dark)
        + line("M150 82c20 22 80 22 100 0", ink.dark, 14)
        + line("M150 150v150M200 140v160M250 150v150", ink.accent, 7, (0.9, 0.35, 0.6)[seed % 3])
    )


def shirt(ink: Ink, seed: int) -> str:
    return (
        shadow(204, 100, 338)
        + path(_TORSO, ink.body)
        + path("M150 76l50 46 50-46-14-8h-72Z", ink.light)
        + path("M150 76l50 46-28 30-34-62ZM250 76l-50 46 28 30 34-62Z", ink.dark)
        + line("M200 124v204", ink.dark, 4)
        + "".join(circle(200, y, 5, ink.accent) for y in (164, 206, 248, 290))
        + rect(222, 170, 40, 44, ink.dark, 4, 0.5)
    )


def trousers(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 92, 350)
        + path("M122 64h156l22 282h-70l-30-190-30 190h-70Z", ink.body)
        + rect(120, 58, 160, 26, ink.dark, 4)
        + circle(200, 71, 6, ink.accent)
        + line("M200 84v58M136 100c8 22 22 28 32 30M264 100c-8 22-22 28-32 30", ink.deep, 4, 0.6)
        + line("M138 180l-8 140", "#fff", 7, 0.22)
    )


def dress(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 116, 350)
        + path("M152 60l18 4c10 22 50 22 60 0l18-4 18 62-24 62 70 160H88l70-160-24-62Z", ink.body)
        + rect(154, 178, 92, 18, ink.accent, 6)
        + line("M166 206l-36 128M200 206v130M234 206l36 128", ink.dark, 4, 0.45)
    )


def scarf(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 96, 346)
        + path("M112 120c0-60 176-60 176 0s-176 70-176 0Z", ink.dark)
        + path("M146 112c0-26 108-26 108 0s-108 30-108 0Z", ink.deep)
        + path("M150 142l66 12-14 184h-72Z", ink.body)
        + path("M210 150l54-12 22 160h-60Z", ink.flat)
        + line("M140 272h62M137 296h64M232 244h44", ink.accent, 11)
        + line("M136 338v16M154 338v16M172 338v16M190 338v16", ink.dark, 5)
    )


def socks(ink: Ink, seed: int) -> str:
    one = path("M0 0h62v124l52 42c26 24 2 60-30 48L18 184C4 178 0 166 0 150Z", ink.body)
    trim = rect(0, 0, 62, 26, ink.accent) + line("M0 52h62M0 74h62", ink.accent, 8, 0.8)
    toe = path("M92 150l22 16c26 24 2 60-30 48l-10-4c22-8 28-36 18-60Z", ink.accent)
    pair = one + trim + toe
    return (
        shadow(200, 110, 318) + f'<g transform="translate(86 92)">{pair}</g><g transform="translate(184 78)">{pair}</g>'
    )


def cap(ink: Ink, seed: int) -> str:
    return (
        shadow(196, 124, 280)
        + path("M92 232c0-86 50-130 112-130s110 44 110 124Z", ink.body)
        + path("M88 226c70-22 170-22 230 0 40 12 56 26 50 40-84-22-196-24-282-6Z", ink.dark)
        + circle(204, 102, 11, ink.accent)
        + line("M204 112c-8 36-10 70-10 98", ink.dark, 4, 0.6)
        + rect(176, 162, 58, 36, ink.accent, 6)
    )


def tote(ink: Ink, seed: int) -> str:
    mark = (circle(200, 238, 40, ink.accent), line("M150 220h100M150 244h100M150 268h60", ink.accent, 9), "")[seed % 3]
    return (
        shadow(200, 112, 344)
        + line("M146 160c0-120 108-120 108 0", ink.dark, 14)
        + path("M96 148h208l16 194H80Z", ink.body)
        + rect(96, 148, 208, 14, ink.dark)
        + mark
        + shine(108, 186, 110, 9)
    )


def backpack(ink: Ink, seed: int) -> str:
    return (
        shadow(200, 106, 344)
        + line("M164 92c0-46 72-46 72 0", ink.deep, 12)
        + rect(84, 196, 44, 112, ink.dark, 20)
        + rect(272, 196, 44, 112, ink.dark, 20)
        + path("M106 176c0-60 40-92 94-92s94 32 94 92v140a28 28 0 0 1-28 28H134a28 28 0 0 1-28-28Z", ink.body)
        + rect(130, 214, 140, 100, ink.dark, 20)
        + line("M148 240h104", ink.accent, 7)
        + line("M128 164h144", ink.deep, 5, 0.6)
        + rect(190, 240, 20, 30, ink.accent, 6)
    )


def sneaker(ink: Ink, seed: int) -> str:
    return (
        shadow(204, 150, 300)
        + path("M62 166c16 14 40 14 58-6l28-14c26 46 66 62 118 72 48 8 74 22 74 54H58c-8-36-10-70 4-106Z", ink.body)
        + path("M62 166c16 14 40 14 58-6l14 112H58c-8-36-10-70 4-106Z", ink.dark)
        + path("M52 262h292c8 26-4 38-24 38H74c-18 0-28-14-22-38Z", ink.paper)
        + line("M56 276h286", ink.accent, 6)
        + line("M150 178l36-16M170 198l34-18M194 214l30-18", ink.paper, 9)
        + line("M96 240c34 6 74-4 96-24", ink.accent, 11)
    )


def boot(ink: Ink, seed: int) -> str:
    return (
        shadow(204, 128, 334)
        + path("M116 76h112v128c44 22 94 22 94 78v22H116Z", ink.body)
        + rect(110, 70, 124, 30, ink.dark, 10)
        + path("M108 298h222v24a10 10 0 0 1-10 10H118a10 10 0 0 1-10-10Z", ink.deep)
        + path("M172 100h34l-6 118h-22Z", ink.accent, 0.85)
        + line("M136 262c40 6 90 6 150 0", ink.dark, 4, 0.5)
    )


def wallet(ink: Ink, seed: int) -> str:
    return (
        rect(74, 124, 268, 184, "#1d1a16", 22, 0.14)
        + rect(94, 92, 210, 80, ink.paper, 12)
        + rect(110, 80, 180, 70, ink.accent, 12)
        + rect(66, 112, 268, 184, ink.body, 22)
        + path("M250 176h84v56h-84a28 28 0 0 1 0-56Z", ink.dark)
        + circle(254, 204, 11, ink.accent)
        + f'<rect x="78" y="124" width="244" height="160" rx="14" fill="none" stroke="{ink.light}" '
        'stroke-width="3" stroke-dasharray="9 7" opacity=".7"/>'
    )


def sunglasses(ink: Ink, seed: int) -> str:
    return (
        oval(204, 262, 130, 12, "#1d1a16", 0.12)
        + line("M60 176c-20-18-12-48 22-60M340 176c20-18 12-48-22-60", ink.dark, 11)
        + line("M172 182c10-14 46-14 56 0", ink.dark, 12)
        + path("M54 168h124c4 56-18 86-62 86s-66-30-62-86Z", ink.body)
        + path("M222 168h124c4 56-18 86-62 86s-66-30-62-86Z", ink.body)
        + path("M68 180h96c2 40-14 62-48 62s-50-22-48-62Z", ink.deep)
        + path("M236 180h96c2 40-14 62-48 62s-50-22-48-62Z", ink.deep)
        + line("M86 192l30 34M254 192l30 34", "#fff", 8, 0.35)
    )


SHAPES = {
    "tee": tee, "sweater": sweater, "shirt": shirt, "trousers": trousers, "dress": dress, "scarf": scarf,
    "socks": socks, "cap": cap, "tote": tote, "backpack": backpack, "sneaker": sneaker, "boot": boot,
    "wallet": wallet, "sunglasses": sunglasses,
}  # fmt: skip
