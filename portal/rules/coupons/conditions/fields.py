"""The parameters of a condition as forms and the API have them: one description for both (CPN-10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from portal.kit.currency import is_currency
from portal.kit.money import MAX_MINOR, AmountInvalidError, as_decimal, parse_minor
from portal.kit.text import N_

LIST_MAX: Final = 500
WHOLE_DIGITS: Final = 9


class FieldError(ValueError):
    """A parameter that cannot be so; `sentence` says why, marked for the catalogue."""

    def __init__(self, name: str, sentence: str, **params: object) -> None:
        self.name = name
        self.sentence = sentence
        self.params = params
        super().__init__(f"{name}: {sentence}")


class Kind(StrEnum):
    IDS = "ids"  # Numbers of things that exist, such as sections.
    KEYS = "keys"  # Words of a fixed list, such as ways of paying.
    DAYS = "days"  # Days of the week, 0 is Monday.
    AMOUNTS = "amounts"  # Minor units by currency.
    WHOLE = "whole"
    TIME = "time"  # HH:MM, 24:00 is the end of the day.
    FLAG = "flag"  # Nothing but that the condition is wanted.


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter. `source` names the list that a face offers; `is_long` asks for a field to type in instead."""

    name: str
    label: str
    kind: Kind
    source: str = ""
    hint: str = ""
    minimum: int = 1
    maximum: int = 10**6
    is_long: bool = False

    def schema(self) -> dict[str, Any]:
        """The parameter as JSON Schema."""
        kinds: dict[Kind, dict[str, Any]] = {
            Kind.IDS: {"type": "array", "items": {"type": "integer", "minimum": 1}, "maxItems": LIST_MAX},
            Kind.KEYS: {"type": "array", "items": {"type": "string"}, "maxItems": LIST_MAX},
            Kind.DAYS: {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 6}},
            Kind.AMOUNTS: {
                "type": "object",
                "additionalProperties": {"type": "integer", "minimum": 1, "maximum": MAX_MINOR},
            },
            Kind.WHOLE: {"type": "integer", "minimum": self.minimum, "maximum": self.maximum},
            Kind.TIME: {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$"},
        }
        return {"title": self.label, **kinds.get(self.kind, {})}

    def read(self, typed: Mapping[str, Sequence[str]]) -> Any:
        """What a form sent: values by the last part of their field's name, "" or a currency. None is nothing.

        Raises FieldError.
        """
        texts = [text.strip() for text in typed.get("", ()) if text.strip()]
        if self.kind is Kind.AMOUNTS:
            return self._amounts(typed) or None
        if not texts or self.kind is Kind.FLAG:
            return None
        if self.kind in {Kind.IDS, Kind.KEYS, Kind.DAYS} and self.is_long:
            texts = [word for text in texts for word in text.replace(",", " ").split()]
        if self.kind in {Kind.IDS, Kind.DAYS}:
            return sorted({self._whole(text) for text in texts})
        if self.kind is Kind.KEYS:
            return list(dict.fromkeys(texts))
        return self._whole(texts[0]) if self.kind is Kind.WHOLE else texts[0]

    def show(self, value: Any) -> dict[str, list[str]]:
        """What read() takes, for a form that is opened again."""
        if value is None:
            return {}
        if self.kind is Kind.AMOUNTS:
            return {currency: [f"{as_decimal(minor, currency):f}"] for currency, minor in value.items()}
        if isinstance(value, list | tuple | frozenset):
            texts = [str(one) for one in value]
            return {"": ["\n".join(texts)] if self.is_long else texts}
        return {"": [str(value)]}

    def _whole(self, text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= WHOLE_DIGITS):
            raise FieldError(self.name, N_("Enter whole numbers only."))
        return int(text)

    def _amounts(self, typed: Mapping[str, Sequence[str]]) -> dict[str, int]:
        found = {}
        for currency, texts in typed.items():
            if currency and (text := "".join(texts).strip()):
                try:
                    found[currency] = parse_minor(text, currency)
                except AmountInvalidError as error:
                    raise FieldError(self.name, error.sentence, **error.params) from error
        return found


def whole_of(params: Mapping[str, Any], field: Field) -> int | None:
    """Read a whole number within the field's bounds; a missing one is None. Raises FieldError."""
    value = params.get(field.name)
    if value is None:
        return None
    if type(value) is not int or not field.minimum <= value <= field.maximum:
        raise FieldError(
            field.name,
            N_("Enter a number from %(minimum)s to %(maximum)s."),
            minimum=field.minimum,
            maximum=field.maximum,
        )
    return value


def list_of(params: Mapping[str, Any], field: Field) -> frozenset[Any]:
    """Read a list of ids, keys or days; a missing one is empty. Raises FieldError."""
    value = params.get(field.name, ())
    wanted = str if field.kind is Kind.KEYS else int
    if isinstance(value, str | Mapping) or any(type(one) is not wanted for one in value):
        raise FieldError(field.name, N_("Choose from the list."))
    if len(value) > LIST_MAX:
        raise FieldError(field.name, N_("Choose at most %(maximum)s."), maximum=LIST_MAX)
    return frozenset(value)


def amounts_of(params: Mapping[str, Any], field: Field) -> Mapping[str, int]:
    """Read amounts by currency, each above zero; missing ones are none. Raises FieldError."""
    value = params.get(field.name) or {}
    if not isinstance(value, Mapping) or not all(is_currency(currency) for currency in value):
        raise FieldError(field.name, N_("Amounts need a currency."))
    if any(type(minor) is not int or not 0 < minor <= MAX_MINOR for minor in value.values()):
        raise FieldError(field.name, N_("An amount is above zero."))
    return dict(value)


def only(params: Mapping[str, Any], fields: Sequence[Field]) -> None:
    """Refuse parameters that the condition does not have. Raises FieldError."""
    unknown = set(params) - {field.name for field in fields if field.kind is not Kind.FLAG}
    if unknown:
        raise FieldError(min(unknown), N_("This condition has no such setting."))
