"""The application's role: it works in all tables, and only adds to the books."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

APPEND_ONLY = ("ledger_entry", "ledger_posting", "audit_row", "audit_link", "transition", "risk_decision")

# Roles belong to the whole server: another database of it may have made them already.
ROLE = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
        CREATE ROLE {role} NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""


def upgrade() -> None:
    op.execute(ROLE.format(role="portal_app"))
    # The login may become the application's role; whoever logs in, that role's limits hold for the portal.
    op.execute("GRANT portal_app TO CURRENT_USER")
    op.execute("GRANT USAGE ON SCHEMA public TO portal_app")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO portal_app")
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO portal_app")
    for table in APPEND_ONLY:
        op.execute(f"REVOKE UPDATE, DELETE ON {table} FROM portal_app")
    op.execute("REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM portal_app")


def downgrade() -> None:
    op.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM portal_app")
    op.execute("REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM portal_app")
    op.execute("REVOKE USAGE ON SCHEMA public FROM portal_app")
