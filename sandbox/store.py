"""What the vendors remember: objects by id, in memory, with a log on disk from which a restart reads them back.

The log is written before a request is answered and without waiting for the disk: a killed process forgets nothing,
only a machine that loses power may.
"""

import os
import string
import time
from collections.abc import Iterator
from pathlib import Path

import orjson

from sandbox.http import Json

# Every byte as a letter or digit. That some come up a little more often does not matter for a stand-in's ids.
_LETTERS = bytes((string.ascii_letters + string.digits).encode()[byte % 62] for byte in range(256))
_LOG = "sandbox.jsonl"
_KEEP_KEYS_S = 24 * 3600  # docs.stripe.com/api/idempotent_requests


def new_id(prefix: str, length: int = 24) -> str:
    """An id such as pi_3kf…, in the shape of the vendor's."""
    return f"{prefix}_{os.urandom(length).translate(_LETTERS).decode()}"


class Store:
    """Tables of objects. `save` after every change; `flush` before every answer."""

    def __init__(self, directory: Path | None) -> None:
        self.tables: dict[str, dict[str, Json]] = {}
        self.by_metadata: dict[tuple[str, str], list[str]] = {}
        self._lines: list[bytes] = []
        self._file: int | None = None
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
            self._open(directory / _LOG)

    def _open(self, path: Path) -> None:
        if path.exists():
            with path.open("rb") as log:
                for line in log:
                    if not line.endswith(b"\n"):
                        break  # The process died while writing it, so nobody was answered.
                    table, key, found = orjson.loads(line)
                    self._apply(table, key, found)
        self._drop_old_keys()
        fresh = path.with_suffix(".new")
        with fresh.open("wb") as log:
            for table, rows in self.tables.items():
                for key, found in rows.items():
                    log.write(orjson.dumps([table, key, found]) + b"\n")
        fresh.replace(path)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND)

    def _drop_old_keys(self) -> None:
        limit = time.time() - _KEEP_KEYS_S
        keys = self.tables.get("keys", {})
        for key in [key for key, found in keys.items() if found["created"] < limit]:
            del keys[key]

    def _apply(self, table: str, key: str, found: Json | None) -> None:
        rows = self.tables.setdefault(table, {})
        if found is None:
            rows.pop(key, None)
            return
        if key not in rows:
            for pair in (found.get("metadata") or {}).items():
                self.by_metadata.setdefault(pair, []).append(key)
        rows[key] = found

    def save(self, table: str, found: Json, key: str | None = None) -> Json:
        """Remember an object, new or changed, under its id (or `key`)."""
        key = key or found["id"]
        self._apply(table, key, found)
        if self._file is not None:
            self._lines.append(orjson.dumps([table, key, found]) + b"\n")
        return found

    def remove(self, table: str, key: str) -> None:
        """Forget an object."""
        self._apply(table, key, None)
        if self._file is not None:
            self._lines.append(orjson.dumps([table, key, None]) + b"\n")

    def get(self, table: str, key: object) -> Json | None:
        """The object itself, not a copy: change it only to save it."""
        return self.tables.get(table, {}).get(key) if isinstance(key, str) else None

    def newest(self, table: str) -> Iterator[Json]:
        """Every object of a table, the newest first."""
        return reversed(self.tables.get(table, {}).values())

    def flush(self) -> None:
        """Write what was saved since the last time."""
        if self._lines and self._file is not None:
            content = b"".join(self._lines)
            self._lines.clear()
            while content:
                content = content[os.write(self._file, content) :]

    def clear(self) -> None:
        """Forget everything."""
        self.tables.clear()
        self.by_metadata.clear()
        self._lines.clear()
        if self._file is not None:
            os.ftruncate(self._file, 0)

    def close(self) -> None:
        """Write the rest and let go of the file."""
        self.flush()
        if self._file is not None:
            os.close(self._file)
            self._file = None
