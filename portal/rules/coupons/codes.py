"""What codes may look like, and how many of them: nobody should hit one by guessing (CPN-02)."""

import re
from dataclasses import dataclass
from typing import Final

from portal.kit.errors import PortalError
from portal.kit.ids import ALPHABET, normalise_code
from portal.kit.text import N_

BATCH_MAX: Final = 200_000
LENGTH_MAX: Final = 24
PREFIX_LENGTH_MAX: Final = 12
LABEL_LENGTH_MAX: Final = 80
CODE_LENGTH: Final = range(4, 33)
PER_CODE_MAX: Final = 1_000_000
# Of so many codes that could be, at most one exists.
POSSIBLE_PER_CODE: Final = 1_000_000
_PLAIN = re.compile(r"[A-Z0-9]*")


class BatchUnfitError(PortalError):
    code = "batch_unfit"
    sentence = N_("A batch has from 1 to %(most)s codes, with up to %(length)s characters after the prefix.")


class CodeUnfitError(PortalError):
    code = "code_unfit"
    sentence = N_("A code is from %(shortest)s to %(longest)s letters and digits.")


class CodeSpaceTooSmallError(PortalError):
    """Codes of this length could be guessed; `needed` is the shortest that is long enough."""

    code = "code_space_too_small"
    sentence = N_("So many codes of %(length)s characters could be guessed. Take %(needed)s characters or more.")


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """A batch that may be made: `length` random characters after the prefix in normal form."""

    size: int
    prefix: str
    length: int
    per_code_cap: int | None
    label: str


def plan_batch(*, size: int, prefix: str, length: int, per_code_cap: int | None, label: str) -> BatchPlan:
    """Check what was asked for. Raises BatchUnfitError, CodeUnfitError, CodeSpaceTooSmallError."""
    kept = normalise_code(prefix)
    is_counted = per_code_cap is None or 1 <= per_code_cap <= PER_CODE_MAX
    if not (1 <= size <= BATCH_MAX and 1 <= length <= LENGTH_MAX and is_counted):
        raise BatchUnfitError(most=BATCH_MAX, length=LENGTH_MAX)
    if len(kept) > PREFIX_LENGTH_MAX or not _PLAIN.fullmatch(kept):
        raise BatchUnfitError(most=BATCH_MAX, length=LENGTH_MAX)
    needed = shortest_length(size)
    if length < needed:
        raise CodeSpaceTooSmallError(length=length, needed=needed)
    return BatchPlan(size, kept, length, per_code_cap, " ".join(label.split())[:LABEL_LENGTH_MAX])


def shortest_length(size: int) -> int:
    """How many random characters `size` codes need."""
    length = 1
    while len(ALPHABET) ** length < size * POSSIBLE_PER_CODE:
        length += 1
    return length


def shared_code(typed: str) -> str:
    """A code that many people are to type, in normal form. Raises CodeUnfitError."""
    kept = normalise_code(typed)
    if len(kept) not in CODE_LENGTH or not _PLAIN.fullmatch(kept):
        raise CodeUnfitError(shortest=CODE_LENGTH.start, longest=CODE_LENGTH.stop - 1)
    return kept
