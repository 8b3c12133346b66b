"""SQL statements that the database has run, from pg_stat_statements."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from portal.kit import clock

_COUNT = """
    SELECT coalesce(sum(calls) FILTER (WHERE NOT moves), 0)::bigint,
           coalesce(sum(calls) FILTER (WHERE moves), 0)::bigint
      FROM (SELECT calls, query ~* '^\\s*(begin|commit|rollback|savepoint|release|start transaction)' AS moves
              FROM pg_stat_statements
             WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())) AS s
"""
_BY_STATEMENT = """
    SELECT calls, total_exec_time, rows, query FROM pg_stat_statements
     WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
     ORDER BY calls DESC
"""
_WAITING = """
    SELECT (SELECT count(*) FROM outbox_event WHERE handled_at IS NULL)
         + (SELECT count(*) FROM mail WHERE sent_at IS NULL AND given_up_at IS NULL)
"""
IDLE_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Statements:
    """Statements run so far, those that open and end transactions apart."""

    statements: int
    transaction_ends: int

    def __sub__(self, other: Statements) -> Statements:
        return Statements(self.statements - other.statements, self.transaction_ends - other.transaction_ends)


class Watch:
    """A connection as the owner of the database, beside the portal's own."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://"), autocommit=True)
        self.connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        self.connection.execute("SELECT pg_stat_statements_reset()")

    def count(self) -> Statements:
        row = self.connection.execute(_COUNT).fetchone()
        assert row is not None
        return Statements(int(row[0]), int(row[1]))

    def by_statement(self) -> list[tuple[int, float, int, str]]:
        """(calls, milliseconds, rows, statement), the most frequent first."""
        return [tuple(row) for row in self.connection.execute(_BY_STATEMENT).fetchall()]

    def is_quiet(self) -> bool:
        """Whether all events are handled and all mails sent: what purchases left to do is done."""
        row = self.connection.execute(_WAITING).fetchone()
        return row == (0,)

    def settings(self) -> dict[str, str]:
        """What makes the figures honest, as the server says it."""
        rows = self.connection.execute(
            "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'server_version')"
        ).fetchall()
        return {str(name): str(value) for name, value in rows}

    def close(self) -> None:
        self.connection.close()


def now_text() -> str:
    """This moment for the head of a report."""
    return clock.now().isoformat(timespec="seconds")
