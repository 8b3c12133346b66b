"""Emptying the database between two tests, as cheaply as it goes."""

from __future__ import annotations

from sqlalchemy import Engine, text

from portal.db import Base

# Emptying tables by TRUNCATE makes some hundred new files, and all connections plan all statements anew, which takes
# longer than most tests: rows are deleted where there are any. What has grown larger than this gives its room back.
LARGE_BYTES = 1_000_000


def emptying(engine: Engine) -> str:
    """A function that empties every table, starts every sequence anew, and says which tables have grown large.

    It is one statement, whose parts stay planned.
    """
    names = [table.name for table in Base.metadata.sorted_tables]
    everything = ", ".join(names)
    with engine.begin() as connection:
        sequences = connection.execute(
            text("SELECT sequencename, start_value FROM pg_sequences WHERE schemaname = 'public'")
        ).all()
    # In groups: a table that was changed has only those of its own group planned anew.
    looked = "\n".join(
        f"written := written || ARRAY[{', '.join(f'EXISTS (SELECT FROM {name})' for name in group)}];"
        for group in (names[at : at + 16] for at in range(0, len(names), 16))
    )
    deleted = "\n".join(
        f"IF written[{at}] THEN DELETE FROM {name}; END IF;"  # noqa: S608  # Our names.
        for at, name in enumerate(names, 1)
    )
    restarted = "\n".join(
        f"IF pg_sequence_last_value('{name}') IS NOT NULL THEN PERFORM setval('{name}', {start}, false); END IF;"
        for name, start in sequences
    )
    # Whoever still writes, a page of the test before perhaps, is waited for; to lock all tables where nobody has a
    # transaction open would take as long as to empty them.
    return f"""
        CREATE FUNCTION pg_temp.wipe() RETURNS text LANGUAGE plpgsql AS $$
        DECLARE
            written boolean[] := '{{}}';
        BEGIN
            IF EXISTS (SELECT FROM pg_stat_get_activity(NULL)
                        WHERE datid = (SELECT oid FROM pg_database WHERE datname = current_database())
                          AND pid <> pg_backend_pid() AND xact_start IS NOT NULL) THEN
                LOCK TABLE {everything} IN ACCESS EXCLUSIVE MODE;
            END IF;
            {looked}
            {deleted}
            {restarted}
            RETURN (SELECT string_agg(name::text, ', ')
                      FROM unnest('{{{everything}}}'::regclass[], written) AS t (name, is_written)
                     WHERE is_written AND pg_relation_size(name) > {LARGE_BYTES});
        END $$
    """  # noqa: S608  # Our names.


def wipe(engine: Engine, made: str) -> None:
    """Empty the database; `made` is the function of emptying(), which each connection makes once."""
    with engine.begin() as connection:
        if not connection.info.get("can_wipe"):
            connection.execute(text(made))
            connection.info["can_wipe"] = True
        large = connection.scalar(text("SELECT pg_temp.wipe()"))
    if large:
        _give_back(engine, large)


def _give_back(engine: Engine, tables: str) -> None:
    """Give back the room of tables that are empty now, and forget that they are, or all plans would count on it."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"VACUUM {tables}"))
        connection.execute(
            text("UPDATE pg_class SET relpages = 0, reltuples = -1 WHERE oid = ANY (CAST(:tables AS regclass[]))"),
            {"tables": f"{{{tables}}}"},
        )
