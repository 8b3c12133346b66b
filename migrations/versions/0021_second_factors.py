"""Second factors, and the proofs that are asked for before large or delicate acts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "second_factor",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("secret", sa.LargeBinary),
        sa.Column("last_counter", sa.BigInteger),
        sa.Column("rp_id", sa.Text),
        sa.Column("credential_id", sa.LargeBinary),
        sa.Column("public_key", sa.LargeBinary),
        sa.Column("sign_count", sa.BigInteger, server_default=sa.text("0"), nullable=False),
        sa.Column("challenge", sa.LargeBinary),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("kind IN ('totp', 'passkey')", name=op.f("ck_second_factor_kind")),
        sa.CheckConstraint("(kind = 'totp') = (secret IS NOT NULL)", name=op.f("ck_second_factor_secret")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_second_factor_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_second_factor"),
        sa.UniqueConstraint("credential_id", name="uq_second_factor_credential_id"),
    )
    op.create_index("ix_second_factor_user_id", "second_factor", ["user_id"])
    op.create_table(
        "step_up",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("session_id", sa.Uuid),
        sa.Column("client_id", sa.Uuid),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("told", sa.LargeBinary, nullable=False),
        sa.Column("path", sa.Text),
        sa.Column("form", sa.LargeBinary),
        sa.Column("challenge", sa.LargeBinary),
        sa.Column("code_hash", sa.LargeBinary),
        sa.Column("attempts", sa.Integer, server_default=sa.text("0"), nullable=False),
        sa.Column("method", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("passed_at", sa.DateTime(timezone=True)),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("num_nonnulls(session_id, client_id) = 1", name=op.f("ck_step_up_asked_by")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_step_up_user_id"),
        sa.ForeignKeyConstraint(["session_id"], ["web_session.id"], name="fk_step_up_session_id"),
        sa.ForeignKeyConstraint(["client_id"], ["api_client.id"], name="fk_step_up_client_id"),
        sa.PrimaryKeyConstraint("id", name="pk_step_up"),
    )
    op.create_index("ix_step_up_user_id", "step_up", ["user_id", sa.text("created_at DESC")])
    op.create_index("ix_step_up_expires_at", "step_up", ["expires_at"])
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON second_factor, step_up TO portal_app")


def downgrade() -> None:
    op.drop_table("step_up")
    op.drop_table("second_factor")
