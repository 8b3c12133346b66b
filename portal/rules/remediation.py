"""Procedures of remediation (FRD-07): what is to be done about a frozen account, as administrators say it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from portal.kit.errors import PortalError
from portal.kit.text import N_

STEPS_MAX: Final = 30
STEP_LENGTH_MAX: Final = 200
NAME_LENGTH_MAX: Final = 80
NOTE_LENGTH_MAX: Final = 500
# A line that begins so may be left out.
OPTIONAL: Final = "?"


class StepsUnfitError(PortalError):
    code = "steps_unfit"
    sentence = N_("Write 1 to %(steps)s steps, one on each line, each of at most %(letters)s letters and none twice.")

    def __init__(self) -> None:
        super().__init__(steps=STEPS_MAX, letters=STEP_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to be done; what may be left out stops nobody from clearing the account."""

    title: str
    is_optional: bool = False


def read_steps(typed: str) -> tuple[Step, ...]:
    """The steps of a text, one on each line. Raises StepsUnfitError."""
    lines = [" ".join(line.replace("\0", "").split()) for line in typed.splitlines()]
    steps = [Step(line.removeprefix(OPTIONAL).strip(), is_optional=line.startswith(OPTIONAL)) for line in lines if line]
    titles = [step.title for step in steps]
    if (
        not 1 <= len(steps) <= STEPS_MAX
        or len(set(titles)) < len(titles)
        or any(not 1 <= len(title) <= STEP_LENGTH_MAX for title in titles)
    ):
        raise StepsUnfitError
    return tuple(steps)


def write_steps(steps: Sequence[Step]) -> str:
    """The text that read_steps reads."""
    return "\n".join((f"{OPTIONAL} " if step.is_optional else "") + step.title for step in steps)


def to_json(steps: Sequence[Step]) -> list[Any]:
    """Steps as they are kept."""
    return [{"title": step.title, "optional": step.is_optional} for step in steps]


def from_json(kept: Sequence[Any]) -> tuple[Step, ...]:
    """Steps as they were kept."""
    return tuple(Step(one["title"], bool(one.get("optional"))) for one in kept)


def still_open(steps: Sequence[Step], ticked: Collection[int]) -> list[Step]:
    """What has to be done before the account may be cleared; `ticked` are places from 0."""
    return [step for n, step in enumerate(steps) if n not in ticked and not step.is_optional]
