"""From PostgreSQL's messages to one sentence for the person at the terminal."""

import re
from pathlib import Path

DISK_FULL = "No space left on device"
PORT_TAKEN = ("could not bind IPv4 address", "could not create any TCP/IP sockets", "Address already in use")
OTHER_VERSION = "database files are incompatible with server"
NOT_PERMITTED = ("Permission denied", "has wrong ownership", "has invalid permissions")
BROKEN = (
    "is not a valid data directory",
    "could not locate a valid checkpoint record",
    "invalid checkpoint record",
    "could not find the database system",
    "incorrect checksum in control file",
    "could not read file",
    "could not open file",
    "could not open directory",
    "PANIC:",
)


NOT_LET_IN = "password authentication failed"
PASSING = ("starting up", "shutting down", "recovery", "not yet accepting", "too many clients", "reserved for roles")


def refusal(answer: str, *, data_dir: Path, log_path: Path, port: int) -> str | None:
    """The sentence for an answer to a connection that will not become better; None if it may.

    A failed connection has no SQLSTATE in psycopg, so its English text is read; the server is started with LC_ALL=C.
    """
    if NOT_LET_IN in answer:
        return (
            f"The database in {data_dir} does not know the password in secrets.json: "
            "put the secrets.json back that belongs to it."
        )
    if "FATAL:" not in answer or any(sign in answer for sign in PASSING):
        return None
    return explain(answer, data_dir=data_dir, log_path=log_path, port=port)


def explain(log: str, *, data_dir: Path, log_path: Path, port: int) -> str:
    """The most likely reason in `log` why a server did not start, with what to do about it."""
    if DISK_FULL in log:
        return f"The disk under {data_dir.parent} is full: PostgreSQL could not write. Free some space and start again."
    if any(sign in log for sign in PORT_TAKEN):
        return f"PostgreSQL could not listen on port {port}: another program uses it."
    if OTHER_VERSION in log:
        return (
            f"The database in {data_dir} was made by another major version of PostgreSQL: dump it there, load it here."
        )
    if any(sign in log for sign in NOT_PERMITTED):
        return f"PostgreSQL may not use {data_dir}: {_last_complaint(log)}"
    if any(sign in log for sign in BROKEN):
        return (
            f"The database directory {data_dir} is broken ({_last_complaint(log)}): "
            "restore it from a backup, or move it away to begin anew."
        )
    return f"PostgreSQL did not start: {_last_complaint(log)} (see {log_path})."


def _last_complaint(log: str) -> str:
    found = re.findall(r"(?:FATAL|PANIC|ERROR|error):\s+(.*)", log)
    lines = found or [line for line in log.splitlines() if line.strip()] or ["it said nothing"]
    return str(lines[-1]).strip().rstrip(".")
