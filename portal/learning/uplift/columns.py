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
        "spend",
        "revenue",
        "y_factual",
        "label",
        "y",
    ),
    EXPOSURE: ("exposure", "exposed"),
}
# What stands in cells where nothing is known, in small letters.
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "<na>"})
_SIGNS = "$€£₩¥"
_GROUPED = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
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
    """Where to find what. `numbers` and `words` are the features; `left_out` says why another column is none."""

    roles: Mapping[str, str]
    numbers: tuple[str, ...]
    words: tuple[str, ...]
    left_out: Mapping[str, str]


def recognise(
    header: Sequence[str],
    first: Sequence[Sequence[str]],
    *,
    named: Mapping[str, str],
    without: Sequence[str] = (),
) -> ExperimentColumns:
    """Say which column is what: as `named` by role, else by the names that are known.

    Of the others those hold numbers that do so in all of the `first` lines. Raises ColumnsError.
    """
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise ColumnsError(f"The header names {twice or 'an empty column'} twice.")
    for role, name in (*named.items(), *(("", name) for name in without)):
        if role and role not in ROLES:
            raise ColumnsError(f"{role} is no role; there are {', '.join(ROLES)}.")
        if name.lower() not in header:
            raise ColumnsError(f"There is no column {name}; there are {', '.join(header)}.")
    roles = {role: name.lower() for role, name in named.items()}
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
    left_out = dict(_left_out(header, roles, {name.lower() for name in without}))
    others = [name for name in header if name not in roles.values() and name not in left_out]
    places = {name: place for place, name in enumerate(header)}
    numbers = tuple(
        name for name in others if all(len(row) <= places[name] or is_known(row[places[name]]) for row in first)
    )
    return ExperimentColumns(roles, numbers, tuple(name for name in others if name not in numbers), left_out)


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
    """Whether a cell is empty or a finite number."""
    try:
        return not cell or math.isfinite(number_of(cell))
    except (OverflowError, ValueError):
        return False


def is_known(cell: str) -> bool:
    """Whether a cell is a finite number, or says that nothing is known."""
    return cell.strip().lower() in MISSING or is_number(cell)


def _plain_name(name: str) -> str:
    """`Treatment Group` and `Revenue (USD)` as the known names are written."""
    return _CURRENCY.sub("", re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_"))


def _left_out(header: Sequence[str], roles: Mapping[str, str], without: set[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name in header:
        if name in roles.values():
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
