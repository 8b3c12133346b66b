"""Triggers: what is written in the books stays, and every entry balances."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = ("ledger_entry", "ledger_posting", "audit_row", "audit_link", "transition", "risk_decision")

REFUSE = """
CREATE FUNCTION portal_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$
"""

# All postings of an entry come in one INSERT, so that one look per statement is enough and nothing is deferred.
BALANCE = """
CREATE FUNCTION portal_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE bad record;
BEGIN
    SELECT entry_id, currency, sum(amount_minor) AS total INTO bad
      FROM added GROUP BY entry_id, currency HAVING sum(amount_minor) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % does not balance: % %', bad.entry_id, bad.total, bad.currency
            USING ERRCODE = 'check_violation';
    END IF;
    SELECT added.entry_id, added.account_id INTO bad
      FROM added JOIN ledger_account a ON a.id = added.account_id WHERE a.currency <> added.currency LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % posts another currency to account %', bad.entry_id, bad.account_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute(REFUSE)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION portal_refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_is_kept BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION portal_refuse_change()"
        )
    op.execute(BALANCE)
    op.execute(
        "CREATE TRIGGER ledger_posting_balances AFTER INSERT ON ledger_posting REFERENCING NEW TABLE AS added "
        "FOR EACH STATEMENT EXECUTE FUNCTION portal_entry_balances()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER ledger_posting_balances ON ledger_posting")
    op.execute("DROP FUNCTION portal_entry_balances()")
    for table in APPEND_ONLY:
        op.execute(f"DROP TRIGGER {table}_stays ON {table}")
        op.execute(f"DROP TRIGGER {table}_is_kept ON {table}")
    op.execute("DROP FUNCTION portal_refuse_change()")
