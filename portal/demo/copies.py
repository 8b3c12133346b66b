"""Copies of a pattern: the values that go into its places."""

from __future__ import annotations

import os
import secrets
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.crypto import EncryptedText, email_index, person_marks
from portal.demo.pattern import Pattern, Sealed, paper_year, sha256
from portal.kit.ids import new_codes
from portal.models import User
from portal.rules.posting import AccountRef

NUMBER_LENGTH = 10
_EMAIL: EncryptedText = User.__table__.c.email.type  # type: ignore[assignment]  # SQLAlchemy says TypeEngine.


PaperNumbers = Mapping[tuple[str, str, int], Iterator[int]]


@dataclass(slots=True)
class Supply:
    """Numbers reserved for a batch: of accounts, entries and shares, of orders and of people."""

    accounts: Iterator[int]
    entries: Iterator[int]
    shares: Iterator[int]
    codes: Iterator[str]
    run: str
    people: Iterator[int]


def order_codes(count: int) -> Iterator[str]:
    """So many different endings of public numbers."""
    return iter(new_codes(count, NUMBER_LENGTH))


class Copier:
    """Fills one pattern again and again; `shared` are the accounts that its copies have in common with everybody."""

    def __init__(self, pattern: Pattern, shared: Mapping[AccountRef, int]) -> None:
        self.pattern = pattern
        self.ids: list[tuple[int, int, str]] = []
        self.moments: list[tuple[int, datetime]] = []
        self.numbers: list[tuple[int, str]] = []
        self.bare: list[tuple[int, int]] = []
        self.shared: list[tuple[int, str]] = []
        self.plain: dict[str, list[int]] = {}
        for place, (kind, key) in enumerate(pattern.slots):
            if kind == "id":
                self.ids.append((place, *_halves(key)))
            elif kind == "hex":
                self.bare.append((place, key))
            elif kind == "moment":
                self.moments.append((place, key))
            elif kind == "number":
                self.numbers.append((place, key[:3]))
            elif kind == "shared":
                self.shared.append((place, str(shared[key])))
            else:
                self.plain.setdefault(kind, []).append(place)

    def fill(self, supply: Supply, *, back: timedelta) -> list[str]:
        """The values of one copy, that lived `back` before the pattern."""
        values = [""] * len(self.pattern.slots)
        earlier = back // timedelta(milliseconds=1)
        chance = os.urandom(8 * len(self.ids)).hex()
        for n, (place, ms, middle) in enumerate(self.ids):
            tail = chance[16 * n : 16 * n + 16]
            time = f"{ms - earlier:012x}"
            values[place] = f"{time[:8]}-{time[8:]}-{middle}-a{tail[1:4]}-{tail[4:]}"
        for place, whole in self.bare:
            values[place] = values[whole].replace("-", "")
        for place, at in self.moments:
            values[place] = (at - back).isoformat()
        for place, prefix in self.numbers:
            values[place] = prefix + next(supply.codes)
        for place, account in self.shared:
            values[place] = account
        for place in self.plain.get("share", ()):
            values[place] = str(next(supply.shares))
        for place in self.plain.get("account", ()):
            values[place] = str(next(supply.accounts))
        for place in self.plain.get("entry", ()):
            values[place] = str(next(supply.entries))
        for place in self.plain.get("parcel", ()):
            values[place] = f"OD{secrets.randbelow(10**8):08}"
        self._name(values, supply)
        return values

    def issue(self, values: list[str], numbers: PaperNumbers, *, back: timedelta) -> None:
        """Give the papers of a copy their numbers, each the next of its issuer, series and year."""
        for paper in self.pattern.papers:
            year = paper_year(paper, back=back)
            number = next(numbers[paper.issuer, paper.series, year])
            values[paper.number], values[paper.year] = str(number), str(year)
            values[paper.label] = f"{paper.issuer.upper()}-{year}-{paper.series}-{number:06}"
        for paper in self.pattern.papers:  # A credit note names its receipt, whose number is known by now.
            values[paper.sha256] = sha256(_seal(paper.content, values))

    def _name(self, values: list[str], supply: Supply) -> None:
        email = f"guest-{supply.run}-{next(supply.people)}@example.com"
        for place in self.plain.get("email", ()):
            values[place] = email
        for place in self.plain["email_mark"]:
            (values[place],) = person_marks(emails=[email])
        for place in self.plain["email_index"]:
            values[place] = _bytea(email_index(email))
        for place in self.plain["user_account.email"]:
            values[place] = _bytea(_encrypted(_EMAIL, email))
        for contact in self.pattern.contacts:
            _seal(contact, values)


def _seal(sealed: Sealed, values: list[str]) -> str:
    content = sealed.form.fill(values)
    values[sealed.slot] = _bytea(_encrypted(sealed.kind, content))
    return content


def _encrypted(kind: EncryptedText, value: str) -> bytes:
    made = kind.process_bind_param(value, None)  # type: ignore[arg-type]  # No dialect is asked.
    assert made is not None
    return made


def _bytea(value: bytes) -> str:
    return r"\\x" + value.hex()


def _halves(value: uuid.UUID) -> tuple[int, str]:
    """The milliseconds of an id, and its part between them and what is drawn anew."""
    return value.int >> 80, str(value)[14:18]
