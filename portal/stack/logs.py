"""Logs of the parts, kept small while they are written."""

import shutil
from pathlib import Path

LOG_BYTES_MAX = 10 * 1024**2
KEPT = 3


def rotate(directory: Path, *, bytes_max: int = LOG_BYTES_MAX) -> None:
    """Move the contents of logs that have grown above `bytes_max` aside, keeping the last few.

    The parts hold their logs open for appending, so the file is copied and emptied in place; a line written between the
    two is lost. A full disk keeps the log as it is.
    """
    for log in directory.glob("*.log"):
        if log.stat().st_size <= bytes_max:
            continue
        for number in range(KEPT - 1, 0, -1):
            older = log.with_name(f"{log.name}.{number}")
            if older.exists():
                older.replace(log.with_name(f"{log.name}.{number + 1}"))
        try:
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
        except OSError:
            log.with_name(f"{log.name}.1").unlink(missing_ok=True)
        with log.open("r+b") as file:
            file.truncate(0)
