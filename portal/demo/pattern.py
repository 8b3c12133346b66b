"""The rows of a life as text with places to fill in: ids, moments, numbers, documents, who it is.

A pattern is what COPY says of the rows that a life wrote. A copy is the same text with other ids and every moment
moved back by the same span, so that whatever held between the rows holds between their copies.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.crypto import EncryptedText, person_marks
from portal.demo.life_tables import TABLES, condition
from portal.rules.posting import AccountKind, AccountRef

# Numbers by which other rows name a row; every other row's own is given by the database.
_NAMED: Final = {
    ("ledger_account", "id"): "account",
    ("ledger_posting", "account_id"): "account",
    ("ledger_hold", "account_id"): "account",
    ("mileage_lot", "account_id"): "account",
    ("ledger_entry", "id"): "entry",
    ("ledger_posting", "entry_id"): "entry",
    ("tender_share", "id"): "share",
}
_GIVEN: Final = {("audit_row", "xid")}
_ENCRYPTED: Final = {
    ("user_account", "email"): EncryptedText("user_account.email"),
    ("orders", "contact"): EncryptedText("orders.contact"),
    ("document", "content"): EncryptedText("document.content"),
}
_COLUMNS: Final = text(
    """
    SELECT a.attname AS name, a.attidentity <> '' AS is_numbered
      FROM pg_attribute a WHERE a.attrelid = CAST(:name AS regclass) AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY a.attnum
    """
)
_SHARED: Final = text(
    "SELECT id::text, kind, owner, currency FROM ledger_account WHERE id = ANY(CAST(:ids AS bigint[]))"
)
_STRANGERS: Final = text("SELECT id::text FROM user_account WHERE id = ANY(CAST(:ids AS uuid[])) AND id <> :user_id")
_UUID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_PLACES: Final = re.compile(
    rf"""(?P<id>{_UUID})
       | (?P<hex>(?<![0-9a-f])[0-9a-f]{{32}}(?![0-9a-f]))
       | (?P<moment>\d{{4}}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d(?::\d\d)?|Z))
       | (?P<number>(?<![A-Z])[A-Z]{{2}}-[2-9A-Z]{{10}}(?![0-9A-Z]))
       | (?P<entry>(?<=entry:)\d+|(?<="entry":)\d+|(?<="entry":\ )\d+)
       | (?P<share>(?<=\[)\d+(?=,\ \d+\]))
       | (?P<parcel>\bOD\d{{8}}\b)
    """,
    re.VERBOSE,
)
# What a life took over from before it began, such as the day of an exchange rate, stays what it was.
_OWN_TIME: Final = timedelta(days=300)

Slot = tuple[str, Any]


@dataclass(frozen=True, slots=True)
class Form:
    """Text with places: literals around the values that are filled in."""

    literals: tuple[str, ...]
    slots: tuple[int, ...]

    def fill(self, values: Sequence[str]) -> str:
        made = [""] * (len(self.literals) + len(self.slots))
        made[::2] = self.literals
        made[1::2] = map(values.__getitem__, self.slots)
        return "".join(made)


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted value that says who it is about: each copy has its own."""

    slot: int
    form: Form
    kind: EncryptedText


@dataclass(frozen=True, slots=True)
class Paper:
    """A receipt or credit note of the life: which numbers it wants, and where they go."""

    issuer: str
    series: str
    zone: str
    issued_at: datetime
    number: int
    year: int
    label: int
    sha256: int
    content: Sealed


@dataclass(slots=True)
class Pattern:
    """A life as it is copied. Slots are places in the list of values, told apart by what goes there."""

    orders: int
    began: datetime
    slots: list[Slot] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    forms: dict[str, Form] = field(default_factory=dict)
    papers: list[Paper] = field(default_factory=list)
    contacts: list[Sealed] = field(default_factory=list)
    taken: Counter[int] = field(default_factory=Counter)

    def count(self, kind: str) -> int:
        """How many slots of this kind there are."""
        return sum(1 for slot in self.slots if slot[0] == kind)


def read_pattern(session: Session, *, user_id: uuid.UUID, email: str, now: datetime) -> Pattern:
    """Read what the life of a person with this address wrote, before it is taken back."""
    rows = {name: list(_rows(session, name, user_id)) for name in TABLES}
    ids = set(re.findall(_UUID, "\n".join("\t".join(row.values()) for table in rows.values() for row in table)))
    strangers = set(session.scalars(_STRANGERS, {"ids": sorted(ids), "user_id": user_id}))
    known = {row["label"]: ("label", row["id"]) for row in rows["document"]}
    known |= {row["sha256"]: ("sha256", row["id"]) for row in rows["document"]}
    known |= dict.fromkeys(person_marks(emails=[email]), ("email_mark", ""))
    writer = _Writer(strangers, known, since=now - _OWN_TIME)
    began = min(_moment(row["placed_at"]) for row in rows["orders"])
    pattern = Pattern(len(rows["orders"]), began)
    for table in ("ledger_account", "ledger_entry", "tender_share"):
        kind = _NAMED[table, "id"]
        writer.known |= {(kind, row["id"]) for row in rows[table]}
    posted_to = {row["account_id"] for row in rows["ledger_posting"]}
    for shared in session.execute(_SHARED, {"ids": [int(one) for one in posted_to]}):
        if ("account", shared.id) not in writer.known:
            writer.shared[shared.id] = AccountRef(AccountKind(shared.kind), shared.owner, shared.currency)
    zones = _zones(session)
    channels = {row["id"]: row["channel_id"] for row in rows["orders"]}
    for name, found in rows.items():
        writer.table = name
        pieces: list[str | int] = []
        for row in found:
            _write_row(writer, pattern, name, row, pieces)
        pattern.forms[name] = _form(pieces)
        pattern.columns[name] = ", ".join(found[0]) if found else ""
    for row in rows["document"]:
        pattern.papers.append(_paper(writer, row, zones[channels[row["order_id"]]]))
    for row in rows["stock_move"]:
        pattern.taken[int(row["variant_id"])] -= int(row["delta"])
    pattern.slots = list(writer.slots)
    return pattern


def _rows(session: Session, name: str, user_id: uuid.UUID) -> Iterator[dict[str, str]]:
    """Rows as COPY writes them, by column; without numbers that the database gives and nobody names."""
    found = session.execute(_COLUMNS, {"name": name}).all()
    columns = [
        row.name for row in found if (name, row.name) in _NAMED or not (row.is_numbered or (name, row.name) in _GIVEN)
    ]
    where = condition(name, user_id)
    order = "id" if any(row.name == "id" and row.is_numbered for row in found) else columns[0]
    query = f"COPY (SELECT {', '.join(columns)} FROM {name} WHERE {where} ORDER BY {order}) TO STDOUT"  # noqa: S608  # Names of this file.
    raw = session.connection().connection.driver_connection
    assert raw is not None
    with raw.cursor() as cursor, cursor.copy(query) as copy:
        whole = b"".join(copy).decode()
    for line in whole.splitlines():
        yield dict(zip(columns, line.split("\t"), strict=True))


class _Writer:
    """Finds the places in a text, and gives the same place to the same thing."""

    def __init__(self, strangers: set[str], texts: Mapping[str, Slot], *, since: datetime) -> None:
        self.slots: dict[Slot, int] = {}
        self.strangers = strangers
        self.since = since
        self.known: set[tuple[str, str]] = set()
        self.texts = texts
        self.any_text = re.compile("(" + "|".join(map(re.escape, texts)) + ")")
        self.shared: dict[str, AccountRef] = {}
        self.table = ""

    def slot(self, kind: str, key: Any) -> int:
        return self.slots.setdefault((kind, key), len(self.slots))

    def named(self, kind: str, value: str) -> str | int:
        """The place of a number by which a row is named; accounts of the mall and its stores are the copies', too."""
        if kind == "account" and value in self.shared:
            return self.slot("shared", self.shared[value])
        return self.slot(kind, value) if (kind, value) in self.known else value

    def pieces(self, value: str) -> Iterator[str | int]:
        """The text with its places; known texts first: labels and hashes of papers, the mark of the address."""
        for part in self.any_text.split(value):
            if part in self.texts:
                yield self.slot(*self.texts[part])
            else:
                yield from self._plain(part)

    def _plain(self, value: str) -> Iterator[str | int]:
        end = 0
        for match in _PLACES.finditer(value):
            slot = self._place(str(match.lastgroup), match[0])
            if slot is not None:
                yield value[end : match.start()]
                yield slot
                end = match.end()
        yield value[end:]

    def _place(self, kind: str, found: str) -> int | None:
        if kind == "id":
            return None if found in self.strangers else self.slot("id", uuid.UUID(found))
        if kind == "hex":
            known = ("id", uuid.UUID(found))
            return self.slot("hex", self.slots[known]) if known in self.slots else None
        if kind == "moment":
            at = _moment(found)
            return None if at < self.since else self.slot("moment", at)
        if kind == "entry" or (kind == "share" and self.table == "refund"):
            return self.slot(kind, found) if (kind, found) in self.known else None
        if kind == "share":
            return None  # Pairs of numbers that are something else.
        return self.slot(kind, found)


def _write_row(writer: _Writer, pattern: Pattern, name: str, row: Mapping[str, str], pieces: list[str | int]) -> None:
    for position, (column, value) in enumerate(row.items()):
        pieces.append("\t" if position else "")
        kind = _NAMED.get((name, column))
        if kind is not None:
            pieces.append(writer.named(kind, value))
        elif (name, column) == ("user_account", "email_index"):
            pieces.append(writer.slot("email_index", ""))
        elif name == "document" and column in ("number", "year"):
            pieces.append(writer.slot(column, row["id"]))
        elif (sealed := _ENCRYPTED.get((name, column))) is not None and value != r"\N":
            slot = writer.slot(f"{name}.{column}", row["id"])
            pieces.append(slot)
            if name == "orders":
                pattern.contacts.append(_sealed(writer, value, slot, sealed))
        else:
            pieces.extend(writer.pieces(value))
    pieces.append("\n")


def _sealed(writer: _Writer, value: str, slot: int, kind: EncryptedText) -> Sealed:
    plain = kind.process_result_value(bytes.fromhex(value.removeprefix(r"\\x")), None)  # type: ignore[arg-type]  # No dialect is asked.
    assert plain is not None
    pieces: list[str | int] = []
    for part in re.split(r"([0-9a-z_-]{12}@example\.com)", plain):
        pieces.extend([writer.slot("email", "")] if part.endswith("@example.com") else writer.pieces(part))
    return Sealed(slot, _form(pieces), kind)


def _paper(writer: _Writer, row: Mapping[str, str], zone: str) -> Paper:
    content = writer.slot("document.content", row["id"])
    return Paper(
        issuer=row["issuer"],
        series=row["series"],
        zone=zone,
        issued_at=_moment(row["issued_at"]),
        number=writer.slot("number", row["id"]),
        year=writer.slot("year", row["id"]),
        label=writer.slot("label", row["id"]),
        sha256=writer.slot("sha256", row["id"]),
        content=_sealed(writer, row["content"], content, _ENCRYPTED["document", "content"]),
    )


def paper_year(paper: Paper, *, back: timedelta) -> int:
    """The year in which the copy of a paper is issued where its channel is."""
    return (paper.issued_at - back).astimezone(ZoneInfo(paper.zone)).year


def sha256(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def _zones(session: Session) -> dict[str, str]:
    return {str(row.id): row.time_zone for row in session.execute(text("SELECT id, time_zone FROM channel"))}


def _moment(value: str) -> datetime:
    return datetime.fromisoformat(value)


def _form(pieces: Sequence[str | int]) -> Form:
    """Literals and slots in turn."""
    literals, slots = [""], []
    for piece in pieces:
        if isinstance(piece, int):
            slots.append(piece)
            literals.append("")
        else:
            literals[-1] += piece
    return Form(tuple(literals), tuple(slots))
