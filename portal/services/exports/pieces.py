"""Pieces of exports: packed, encrypted, read one at a time."""

from __future__ import annotations

import base64
import uuid
import zlib
from collections.abc import Iterator

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.models import ListExportPiece


def put_piece(session: Session, export_id: uuid.UUID, part: str, n: int, content: bytes) -> None:
    """Keep one piece."""
    packed = base64.b64encode(zlib.compress(content, 1)).decode()
    session.add(ListExportPiece(export_id=export_id, part=part, n=n, content=packed))
    session.flush()


def pieces_of(session: Session, export_id: uuid.UUID, *, part: str) -> Iterator[bytes]:
    """The pieces in their order, each read when it is asked for."""
    n = 0
    while True:
        packed = session.scalar(
            select(ListExportPiece.content).where(
                ListExportPiece.export_id == export_id, ListExportPiece.part == part, ListExportPiece.n == n
            )
        )
        if packed is None:
            return
        yield zlib.decompress(base64.b64decode(packed))
        n += 1


def drop_pieces(session: Session, export_id: uuid.UUID, *, part: str | None = None) -> None:
    """Forget the pieces, of one part only if it is named."""
    statement = delete(ListExportPiece).where(ListExportPiece.export_id == export_id)
    session.execute(statement if part is None else statement.where(ListExportPiece.part == part))
