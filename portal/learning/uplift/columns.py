"""Which column of an experiment's CSV file is what."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from portal.learning.columns import ColumnsError

TREATMENT, OUTCOME, EXPOSURE = "treatment", "outcome", "exposure"
ROLES = (TREATMENT, OUTCOME, EXPOSURE)
# Names that public experiments give them, in small letters; the first that is there is taken.
KNOWN_AS = {
    TREATMENT: (
        "treatment",
        "treatment_flg",
        "treatment_group",
        "treatment_flag",
        "treated",
        "treat",
        "is_treated",
        "arm",
        "variant",
        "assignment",
        "test_group",
        "ab_group",
        "group",
        "promotion",
        "segment",
        "w",
        "t",
    ),
    OUTCOME: (
        "outcome",
        "visit",
        "conversion",
        "converted",
        "response",
        "response_att",
        "target",
        "purchase",
        "purchased",
        "bought",
        "spend",
        "revenue",
        "net_revenue",
        "purchase_amount",
        "y_factual",
        "label",
        "y",
    ),
    EXPOSURE: ("exposure", "exposed"),
}
# What stands in cells where nothing is known, in small letters.
MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "none", "<na>", "unknown", "missing", "?", "-", "\\n"})
# A column of numbers may hold so many cells that are none: their lines are refused, and not the column.
FAULTY_MAX = 0.02
_SIGNS = "$€£₩¥"
_GROUPED = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
_DECIMAL_COMMA = re.compile(r"\s*-?(\d+|\d{1,3}(\.\d{3})+),\d+\s*")
# Squares of larger ones are lost in the single precision that trees see.
NUMBER_MAX = 1e15
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")
_CURRENCY = re.compile(r"_(usd|eur|gbp|krw|jpy)$")
# What tells the answer in sets that were made by a formula: never a feature.
TRUTH = ("y_cfactual", "mu0", "mu1", "tau", "ite", "true_effect", "true_uplift", "treatment_effect")
NAMES_OF_ROWS = ("", "id", "client_id", "customer_id", "user_id", "unnamed: 0", "index", "cardholder")
CONTROLS = (
    "0",
    "0.0",
    "control",
    "control group",
    "control_group",
    "no e-mail",
    "no email",
    "no",
    "none",
    "false",
    "holdout",
    "placebo",
    "no treatment",
    "untreated",
)


@dataclass(frozen=True, slots=True)
class ExperimentColumns:
    """Where to find what. `numbers` and `words` are the features; `left_out` says why another column is none.

    `roles` names the first of the `outcomes`.
    """

    roles: Mapping[str, str]
    outcomes: tuple[str, ...]
    numbers: tuple[str, ...]
    words: tuple[str, ...]
    left_out: Mapping[str, str]


def recognise(
    header: Sequence[str],
    first: Sequence[Sequence[str]],
    *,
    named: Sequence[tuple[str, str]],
    without: Sequence[str] = (),
) -> ExperimentColumns:
    """Say which column is what: as `named` by role, else by the names that are known. Outcomes may be several.

    Of the others those hold numbers that do so in nearly all of the `first` lines. Raises ColumnsError.
    """
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise ColumnsError(f"The header (line 1) names {twice or 'an empty column'} twice.")
    for role, name in (*named, *(("", name) for name in without)):
        if role and role not in ROLES:
            raise ColumnsError(f"{role} is no role; there are {', '.join(ROLES)}.")
        if name.lower() not in header:
            raise ColumnsError(f"There is no column {name}; there are {', '.join(header)}.")
    roles: dict[str, str] = {}
    outcomes = tuple(dict.fromkeys(name.lower() for role, name in named if role == OUTCOME))
    for role, name in named:
        if role in roles and role != OUTCOME and roles[role] != name.lower():
            raise ColumnsError(f"--column {role} is said once; only outcomes may be several.")
        roles.setdefault(role, name.lower())
    both = [name for role, name in roles.items() if role != OUTCOME and name in outcomes]
    if both:
        raise ColumnsError(f"The column {both[0]} cannot be an outcome and something else.")
    for role in ROLES:
        known = (
            name for one in KNOWN_AS[role] for name in header if _plain_name(name) == one and name not in roles.values()
        )
        if role not in roles and (found := next(known, None)):
            roles[role] = found
    for role in (TREATMENT, OUTCOME):
        if role not in roles:
            raise ColumnsError(
                f"No column is known as {role}: name it with --column {role}=NAME, of {', '.join(header)}."
            )
    outcomes = outcomes or (roles[OUTCOME],)
    taken = {*roles.values(), *outcomes}
    left_out = dict(_left_out(header, taken, {name.lower() for name in without}))
    others = [name for name in header if name not in taken and name not in left_out]
    places = {name: place for place, name in enumerate(header)}
    numbers = tuple(name for name in others if _holds_numbers(first, places[name]))
    return ExperimentColumns(roles, outcomes, numbers, tuple(name for name in others if name not in numbers), left_out)


def _holds_numbers(first: Sequence[Sequence[str]], place: int) -> bool:
    cells = [row[place] for row in first if len(row) > place]
    faulty = sum(not is_known(cell) for cell in cells)
    return faulty <= FAULTY_MAX * len(cells)


def number_of(cell: str) -> float:
    """A cell as a number: an amount with its sign and commas, too, and a day as days since 1970.

    Raises ValueError for what is none.
    """
    try:
        return float(cell)
    except ValueError:
        pass
    bare = cell.strip().lstrip(_SIGNS)
    if bare.startswith("-") and bare[1:2] in tuple(_SIGNS):
        bare = "-" + bare[2:]
    if _GROUPED.fullmatch(bare):
        return float(bare.replace(",", ""))
    if _DAY.fullmatch(bare):
        at = datetime.fromisoformat(bare.removesuffix(" UTC"))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() / 86_400
    return float(bare)


def is_number(cell: str) -> bool:
    """Whether a cell is empty or a number that is not too large."""
    try:
        return not cell or abs(number_of(cell)) <= NUMBER_MAX
    except (OverflowError, ValueError):
        return False


def is_too_large(cell: str) -> bool:
    """Whether a cell is a number, and too large a one."""
    try:
        return NUMBER_MAX < abs(number_of(cell)) < math.inf
    except (OverflowError, ValueError):
        return False


def writes_decimal_commas(first: Sequence[Sequence[str]]) -> bool:
    """Whether cells such as `3,5` mean three and a half: where some can mean nothing else, and none says otherwise."""
    cells = {cell.strip() for row in first for cell in row if "," in cell}
    grouped = {cell for cell in cells if _GROUPED.fullmatch(cell.lstrip("-")) and not cell.lstrip("-").startswith("0,")}
    if any("." in cell or cell.count(",") > 1 for cell in grouped):
        return False
    return any(_DECIMAL_COMMA.fullmatch(cell) for cell in cells - grouped)


def with_decimal_point(cell: str) -> str:
    """A number with a decimal comma as one with a point; anything else as it is."""
    return cell.replace(".", "").replace(",", ".") if "," in cell and _DECIMAL_COMMA.fullmatch(cell) else cell


def is_known(cell: str) -> bool:
    """Whether a cell is a finite number, or says that nothing is known."""
    return cell.strip().lower() in MISSING or is_number(cell)


def is_no_arm(cell: str) -> bool:
    """Whether a cell says that the arm is not known; `none` is a name of the control."""
    return cell.lower() in MISSING and cell.lower() not in CONTROLS


def _plain_name(name: str) -> str:
    """`Treatment Group` and `Revenue (USD)` as the known names are written."""
    return _CURRENCY.sub("", re.sub(r"[\W_]+", "_", name.lower()).strip("_"))


def _left_out(header: Sequence[str], taken: set[str], without: set[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name in header:
        if name in taken:
            continue
        if name in without:
            found.append((name, "as you said"))
        elif name in NAMES_OF_ROWS or _plain_name(name) in NAMES_OF_ROWS:
            found.append((name, "it names the rows"))
        elif _plain_name(name) in TRUTH:
            found.append((name, "it tells the answer"))
        elif _plain_name(name) in KNOWN_AS[OUTCOME]:
            found.append((name, f"it is another outcome (--column outcome={name} asks about it)"))
        elif _plain_name(name) in KNOWN_AS[EXPOSURE]:
            found.append((name, "it came after the treatment"))
    return found
