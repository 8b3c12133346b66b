"""Cards that buyers keep at a gateway: which is the first choice, how one is saved, and what paid with one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("saved_method", sa.Column("ref_index", sa.LargeBinary, nullable=False))
    op.add_column("saved_method", sa.Column("is_default", sa.Boolean, server_default=sa.false(), nullable=False))
    op.add_column("saved_method", sa.Column("removal", sa.Text))
    op.add_column("saved_method", sa.Column("due_at", sa.DateTime(timezone=True)))
    op.create_check_constraint(
        op.f("ck_saved_method_removal"),
        "saved_method",
        "removal IN ('wanted', 'done') AND (removal IS NULL OR removed_at IS NOT NULL)",
    )
    op.create_index("uq_saved_method_ref", "saved_method", ["gateway_account_id", "ref_index"], unique=True)
    op.create_index(
        "uq_saved_method_default",
        "saved_method",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("is_default AND removed_at IS NULL"),
    )
    op.create_index("ix_saved_method_due", "saved_method", ["due_at"], postgresql_where=sa.text("removal = 'wanted'"))
    op.create_table(
        "method_setup",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("gateway_account_id", sa.BigInteger, nullable=False),
        sa.Column("op_key", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("source", sa.LargeBinary),
        sa.Column("gateway_ref", sa.Text),
        sa.Column("action", sa.LargeBinary),
        sa.Column("reason", sa.Text),
        sa.Column("return_url", sa.Text, nullable=False),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("saved_method_id", sa.Uuid),
        sa.Column("calls", sa.Integer, server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('created', 'requires_action', 'saved', 'declined', 'given_up')",
            name=op.f("ck_method_setup_state"),
        ),
        sa.CheckConstraint("(state = 'saved') = (saved_method_id IS NOT NULL)", name=op.f("ck_method_setup_saved")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_method_setup_user_id"),
        sa.ForeignKeyConstraint(
            ["gateway_account_id"], ["gateway_account.id"], name="fk_method_setup_gateway_account_id"
        ),
        sa.ForeignKeyConstraint(["saved_method_id"], ["saved_method.id"], name="fk_method_setup_saved_method_id"),
        sa.PrimaryKeyConstraint("id", name="pk_method_setup"),
        sa.UniqueConstraint("op_key", name="uq_method_setup_op_key"),
    )
    op.create_index("ix_method_setup_user_id", "method_setup", ["user_id"])
    op.create_index("ix_method_setup_gateway_ref", "method_setup", ["gateway_ref"])
    op.create_index(
        "ix_method_setup_due",
        "method_setup",
        ["due_at"],
        postgresql_where=sa.text("state IN ('created', 'requires_action')"),
    )
    op.add_column("payment_attempt", sa.Column("saved_method_id", sa.Uuid))
    op.execute(
        "ALTER TABLE payment_attempt ADD CONSTRAINT fk_payment_attempt_saved_method_id"
        " FOREIGN KEY (saved_method_id) REFERENCES saved_method (id) NOT VALID"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON method_setup TO portal_app")
    # In a transaction of its own: the lock of the one above lets nobody pay meanwhile.
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE payment_attempt VALIDATE CONSTRAINT fk_payment_attempt_saved_method_id")


def downgrade() -> None:
    op.drop_constraint("fk_payment_attempt_saved_method_id", "payment_attempt")
    op.drop_column("payment_attempt", "saved_method_id")
    op.drop_table("method_setup")
    op.drop_index("ix_saved_method_due", "saved_method")
    op.drop_index("uq_saved_method_default", "saved_method")
    op.drop_index("uq_saved_method_ref", "saved_method")
    op.drop_constraint(op.f("ck_saved_method_removal"), "saved_method")
    for name in ("due_at", "removal", "is_default", "ref_index"):
        op.drop_column("saved_method", name)
