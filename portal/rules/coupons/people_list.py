"""Lists of people as they are typed or uploaded: one e-mail address or id to a row (CPN-10)."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from portal.kit.errors import PortalError
from portal.kit.text import N_

ROWS_MAX: Final = 50_000
BYTES_MAX: Final = 5_000_000
WHO_LENGTH_MAX: Final = 254
# What the column may be called; without such a head a list has one column and no head.
HEADS: Final = frozenset({"email", "e-mail", "user", "user_id", "id", "이메일", "회원", "회원번호"})
_DELIMITERS: Final = ",;\t"


class PeopleListUnfitError(PortalError):
    """The list cannot be read; nothing was done with any row of it."""

    code = "people_list_unfit"


class PeopleListEmptyError(PeopleListUnfitError):
    code = "people_list_empty"
    sentence = N_("The list is empty. Put one e-mail address on each line.")


class PeopleListTooLongError(PeopleListUnfitError):
    code = "people_list_too_long"
    sentence = N_("The list is too long. Send at most %(rows)s rows at a time.")


class PeopleListEncodingError(PeopleListUnfitError):
    code = "people_list_encoding"
    sentence = N_("The file cannot be read as text. Save it as CSV in UTF-8.")


class PeopleListColumnsError(PeopleListUnfitError):
    code = "people_list_columns"
    sentence = N_("No column is named email. The columns found are: %(columns)s.")


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of a list: its number as the reader counts, who it names, and whether an earlier row names the same."""

    position: int
    who: str
    is_double: bool = False


def read_people(content: bytes) -> tuple[Listed, ...]:
    """Read an uploaded or typed list. Raises PeopleListUnfitError in one of its kinds.

    UTF-8 with or without its mark, else the Korean code page that spreadsheets write (CP949, which holds EUC-KR).
    """
    if len(content) > BYTES_MAX:
        raise PeopleListTooLongError(rows=ROWS_MAX)
    rows = [row for row in _rows(_text(content)) if any(cell.strip() for _, cell in row)]
    if not rows:
        raise PeopleListEmptyError
    head = [cell.strip().casefold() for _, cell in rows[0]]
    column = next((at for at, name in enumerate(head) if name in HEADS), None)
    if column is not None:
        rows = rows[1:]
    elif max(len(row) for row in rows) > 1:
        raise PeopleListColumnsError(columns=", ".join(name[:40] for name in head[:10]))
    return _listed([(row[0][0], row[column or 0][1] if len(row) > (column or 0) else "") for row in rows])


def _text(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content:
        raise PeopleListEncodingError
    for encoding in ("utf-8-sig", "cp949"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise PeopleListEncodingError


def _rows(text: str) -> list[list[tuple[int, str]]]:
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return [[(reader.line_num, cell) for cell in row] for row in reader]
    except csv.Error as error:
        raise PeopleListEncodingError from error


def _listed(rows: Sequence[tuple[int, str]]) -> tuple[Listed, ...]:
    if not rows:
        raise PeopleListEmptyError
    if len(rows) > ROWS_MAX:
        raise PeopleListTooLongError(rows=ROWS_MAX)
    known: set[str] = set()
    listed, last = [], 0
    for line, cell in rows:
        who = cell.strip()[:WHO_LENGTH_MAX]
        # A cell may run over lines; positions still rise by one at least.
        last = max(last + 1, line)
        listed.append(Listed(last, who, who.casefold() in known))
        known.add(who.casefold())
    return tuple(listed)
