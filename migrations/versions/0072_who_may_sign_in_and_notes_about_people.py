"""Whose sign-in is blocked, where people signed up, notes about them, and what their list narrows to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_user_account_roles": (["id"], "roles <> '{buyer}'"),
    "ix_user_account_state": (["state", "id"], "state <> 'active'"),
    "ix_user_account_blocked": (["id"], "blocked_at IS NOT NULL"),
    "ix_user_account_channel_id": (["channel_id", "id"], None),
    "ix_user_account_created_at": (["created_at"], None),
}


def upgrade() -> None:
    op.add_column("user_account", sa.Column("blocked_at", sa.DateTime(timezone=True)))
    op.add_column("user_account", sa.Column("channel_id", sa.BigInteger))
    op.create_foreign_key("fk_user_account_channel_id", "user_account", "channel", ["channel_id"], ["id"])
    for name, (columns, where) in INDEXES.items():
        op.create_index(name, "user_account", columns, postgresql_where=sa.text(where) if where else None)
    op.create_index("ix_web_session_seen", "web_session", ["user_id", sa.text("last_seen_at DESC")])
    op.create_table(
        "user_note",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("text", sa.LargeBinary, nullable=False),
        sa.Column("author_id", sa.Uuid, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_user_note_user_id"),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name="fk_user_note_author_id"),
        sa.PrimaryKeyConstraint("id", name="pk_user_note"),
    )
    op.create_index("ix_user_note_user_id", "user_note", ["user_id", sa.text("at DESC")])
    # A new key is put on its texts as on everything else that is encrypted.
    op.execute("GRANT SELECT, INSERT, UPDATE ON user_note TO portal_app")


def downgrade() -> None:
    op.drop_table("user_note")
    op.drop_index("ix_web_session_seen", "web_session")
    for name in INDEXES:
        op.drop_index(name, "user_account")
    op.drop_constraint("fk_user_account_channel_id", "user_account", type_="foreignkey")
    op.drop_column("user_account", "channel_id")
    op.drop_column("user_account", "blocked_at")
