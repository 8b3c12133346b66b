"""Why accounts are frozen, since when, and what was suspended with them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_freeze",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("grants", ARRAY(sa.Uuid), nullable=False),
        sa.Column("frozen_by", sa.Text, nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_by", sa.Text),
        sa.Column("lifted_at", sa.DateTime(timezone=True)),
        sa.Column("lift_note", sa.Text),
        sa.CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name=op.f("ck_account_freeze_lifted")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_account_freeze_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_account_freeze"),
    )
    op.create_index("ix_account_freeze_user_id", "account_freeze", ["user_id", sa.text("frozen_at DESC")])
    op.create_index(
        "uq_account_freeze_open",
        "account_freeze",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON account_freeze TO portal_app")
    # Who is frozen already was frozen by hand.
    op.execute(
        """
        INSERT INTO account_freeze (id, user_id, reason, grants, frozen_by, frozen_at)
        SELECT gen_random_uuid(), id, 'other', '{}', 'system', now() FROM user_account WHERE state = 'frozen'
        """
    )
    op.execute(
        """
        UPDATE ledger_account a SET frozen_at = now() FROM user_account u
         WHERE u.state = 'frozen' AND a.owner = 'user:' || u.id AND a.frozen_at IS NULL
        """
    )


def downgrade() -> None:
    op.drop_table("account_freeze")
