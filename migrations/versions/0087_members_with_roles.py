"""Members of stores have roles, and are invited."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0087"
down_revision = "0086"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
ROLES = "'owner', 'manager', 'fulfilment', 'support', 'accountant'"


def upgrade() -> None:
    op.create_check_constraint(op.f("ck_store_member_role"), "store_member", f"role IN ({ROLES})")
    op.create_table(
        "store_invitation",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("store_id", sa.BigInteger, nullable=False),
        sa.Column("email", sa.LargeBinary, nullable=False),
        sa.Column("email_index", sa.LargeBinary, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("invited_by", sa.Uuid, nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("expires_at", AT, nullable=False),
        sa.Column("ended_at", AT),
        sa.Column("accepted_by", sa.Uuid),
        sa.CheckConstraint(f"role IN ({ROLES})", name=op.f("ck_store_invitation_role")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_store_invitation_store_id")),
        sa.ForeignKeyConstraint(["invited_by"], ["user_account.id"], name=op.f("fk_store_invitation_invited_by")),
        sa.ForeignKeyConstraint(["accepted_by"], ["user_account.id"], name=op.f("fk_store_invitation_accepted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_store_invitation")),
    )
    op.create_index(
        "uq_store_invitation_open",
        "store_invitation",
        ["store_id", "email_index"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON store_invitation TO portal_app")


def downgrade() -> None:
    op.drop_table("store_invitation")
    op.drop_constraint(op.f("ck_store_member_role"), "store_member")
