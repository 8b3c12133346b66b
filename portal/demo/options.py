"""The choices that demo goods come in, by the word that the store files use."""

from __future__ import annotations

from dataclasses import dataclass

from portal.services.catalogue.drafts import OptionDraft

Choice = tuple[str, str, str, int]  # code, English, Korean, percent of the price

COLOUR_NAMES: dict[str, tuple[str, str]] = {
    "white": ("White", "화이트"),
    "cream": ("Cream", "크림"),
    "sand": ("Sand", "샌드"),
    "oak": ("Oak", "오크"),
    "walnut": ("Walnut", "월넛"),
    "blush": ("Blush", "블러시"),
    "coral": ("Coral", "코랄"),
    "brick": ("Brick", "벽돌"),
    "mustard": ("Mustard", "머스터드"),
    "sage": ("Sage", "세이지"),
    "mint": ("Mint", "민트"),
    "forest": ("Forest", "포레스트"),
    "sky": ("Sky", "스카이"),
    "denim": ("Denim", "데님"),
    "navy": ("Navy", "네이비"),
    "lilac": ("Lilac", "라일락"),
    "plum": ("Plum", "플럼"),
    "silver": ("Silver", "실버"),
    "charcoal": ("Charcoal", "차콜"),
    "black": ("Black", "블랙"),
}
COLOUR = ("Colour", "색상")

SIZE = ("Size", "사이즈"), (("s", "S", "S", 100), ("m", "M", "M", 100), ("l", "L", "L", 100), ("xl", "XL", "XL", 100))
SHOE = (
    ("Size", "사이즈"),
    tuple((str(mm), f"{mm} mm", f"{mm} mm", 100) for mm in (230, 240, 250, 260, 270, 280)),
)
DRINK = (
    ("Volume", "용량"),
    (("350", "350 ml", "350 ml", 100), ("500", "500 ml", "500 ml", 118), ("750", "750 ml", "750 ml", 142)),
)

# Everything but colours: the name of the choice, and what can be chosen.
PLAIN: dict[str, tuple[tuple[str, str], tuple[Choice, ...]]] = {
    "size": SIZE,
    "shoe": SHOE,
    "drink": DRINK,
    "skin": (("Volume", "용량"), (("30", "30 ml", "30 ml", 100), ("50", "50 ml", "50 ml", 145))),
    "wash": (
        ("Volume", "용량"),
        (("250", "250 ml", "250 ml", 100), ("500", "500 ml", "500 ml", 170), ("refill", "Refill", "리필", 68)),
    ),
    "weight": (
        ("Weight", "중량"),
        (("250", "250 g", "250 g", 100), ("500", "500 g", "500 g", 180), ("1000", "1 kg", "1 kg", 330)),
    ),
    "kg": (
        ("Weight", "무게"),
        (("2", "2 × 2 kg", "2 kg × 2", 100), ("5", "2 × 5 kg", "5 kg × 2", 190), ("8", "2 × 8 kg", "8 kg × 2", 270)),
    ),
    "pack": (
        ("Pack", "묶음"),
        (("1", "1 piece", "1개", 100), ("3", "3 pieces", "3개", 270), ("6", "6 pieces", "6개", 510)),
    ),
    "grind": (
        ("Grind", "분쇄"),
        (("beans", "Whole beans", "홀빈", 100), ("filter", "For filter", "핸드드립용", 100),
         ("espresso", "For espresso", "에스프레소용", 100)),
    ),
    "pot": (
        ("Pot", "화분 크기"),
        (("10", "10 cm", "10 cm", 100), ("15", "15 cm", "15 cm", 165), ("21", "21 cm", "21 cm", 290)),
    ),
    "bunch": (
        ("Bunch", "크기"),
        (("s", "Small", "작게", 100), ("m", "Medium", "보통", 140), ("l", "Large", "크게", 190)),
    ),
    "cover": (
        ("Binding", "제본"),
        (("paper", "Paperback", "무선", 100), ("hard", "Hardcover", "양장", 152)),
    ),
    "print": (
        ("Print", "인쇄 크기"),
        (("a4", "A4", "A4", 100), ("a3", "A3", "A3", 160), ("a2", "A2", "A2", 240)),
    ),
    "rule": (
        ("Pages", "내지"),
        (("plain", "Plain", "무지", 100), ("lined", "Lined", "유선", 100), ("dotted", "Dotted", "도트", 100)),
    ),
    "scent": (
        ("Scent", "향"),
        (("fig", "Fig", "무화과", 100), ("cedar", "Cedar", "삼나무", 100), ("citrus", "Citrus", "시트러스", 100)),
    ),
    "phone": (
        ("Fits", "기종"),
        (("small", "6.1 inch", "6.1인치", 100), ("large", "6.7 inch", "6.7인치", 110)),
    ),
    "pieces": (
        ("Pieces", "조각 수"),
        (("24", "24 pieces", "24조각", 100), ("60", "60 pieces", "60조각", 130), ("120", "120 pieces", "120조각", 165)),
    ),
}  # fmt: skip

# Colour and something else.
WITH_COLOUR = {"colour-size": SIZE, "colour-shoe": SHOE, "drink-colour": DRINK}


@dataclass(frozen=True, slots=True)
class Combination:
    """One variant: its choices, its colour if it has one, and its price in percent of the product's."""

    options: tuple[OptionDraft, ...]
    colour: str | None
    percent: int


def combinations(word: str, colours: list[str]) -> list[Combination]:
    """Every variant of a product whose options are called `word`. Raises KeyError for an unknown word."""
    if word == "none":
        return [Combination((), None, 100)]
    if word in {"colour", "colours"}:
        return [Combination((_colour(name),), name, 100) for name in colours]
    if word in WITH_COLOUR:
        name, choices = WITH_COLOUR[word]
        return [
            Combination((_colour(colour), _option(name, choice)), colour, choice[3])
            for colour in colours
            for choice in choices
        ]
    name, choices = PLAIN[word]
    return [Combination((_option(name, choice),), None, choice[3]) for choice in choices]


def _colour(name: str) -> OptionDraft:
    english, korean = COLOUR_NAMES[name]
    return OptionDraft({"en": COLOUR[0], "ko": COLOUR[1]}, {"en": english, "ko": korean}, name)


def _option(name: tuple[str, str], choice: Choice) -> OptionDraft:
    code, english, korean, _percent = choice
    return OptionDraft({"en": name[0], "ko": name[1]}, {"en": english, "ko": korean}, code)
