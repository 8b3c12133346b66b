"""The two ways of saying no: an error that is raised, and a rejection that is returned."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.kit.text import N_


def fill(sentence: str, params: Mapping[str, object]) -> str:
    """Put the parameters into a sentence with %(name)s places. A sentence without parameters may hold a bare %."""
    return sentence % dict(params) if params else sentence


class PortalError(Exception):
    """The caller asked for what may not be. One handler shows it, in the buyer's language.

    Subclasses set `code` (stable, for programs), `sentence` (English, marked with N_) and the HTTP `status`;
    the keyword arguments fill the sentence.
    """

    code: str = "error"
    status: int = 422
    sentence: str = N_("This cannot be done.")

    def __init__(self, **params: object) -> None:
        self.params: dict[str, object] = params
        super().__init__(self.sentence)

    def __str__(self) -> str:
        return fill(self.sentence, self.params)


@dataclass(frozen=True, slots=True)
class Rejection:
    """An expected no, as a value. `alternatives` names what would work instead: codes, ids or methods.

    `hint` is a sentence of what would work now, with the same params; it may be empty.
    """

    code: str
    sentence: str
    params: Mapping[str, object] = field(default_factory=dict)
    alternatives: tuple[str, ...] = ()
    hint: str = ""

    def __str__(self) -> str:
        return fill(self.sentence, self.params)


class RejectedError(PortalError):
    """A rejection at a place where the caller can only stop: carries the rejection's own code and sentence."""

    code = "rejected"

    def __init__(self, rejection: Rejection) -> None:
        super().__init__(**rejection.params)
        self.rejection = rejection
        # The instance speaks for the rejection, so that a handler needs to know only PortalError.
        self.code = rejection.code
        self.sentence = rejection.sentence
