"""The form of a webhook: read as it was typed, with what is wrong beside each field."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from portal.kit.errors import PortalError
from portal.rules.webhooks import WebhookTerms, WebhookUnfitError

TEXT_MAX = 600


@dataclass(slots=True)
class Form:
    """What was typed; `faults` by the field's name. `only_on` is a channel's code, or nothing for all."""

    name: str = ""
    url: str = ""
    kinds: list[str] = field(default_factory=list)
    only_on: str = ""
    faults: dict[str, str] = field(default_factory=dict)

    def terms(self) -> WebhookTerms:
        return WebhookTerms(self.name, self.url, tuple(self.kinds))


def read_form(values: MultiDict[str, str]) -> Form:
    """What somebody has sent."""

    def text(name: str) -> str:
        return values.get(name, "").replace("\0", "").strip()[:TEXT_MAX]

    return Form(" ".join(text("name").split()), text("url"), values.getlist("kinds"), text("only_on"))


def faults_of(error: PortalError | None) -> dict[str, str]:
    """The sentences of a refusal that belong to fields, in the reader's language."""
    if not isinstance(error, WebhookUnfitError):
        return {}
    return {name: gettext(text) for name, text in error.faults.items()}
