"""A mail that nobody takes is given up some day, and a person can have it sent again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0114"
down_revision = "0113"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mail", sa.Column("given_up_at", sa.DateTime(timezone=True)))
    op.create_check_constraint(op.f("ck_mail_given_up"), "mail", "given_up_at IS NULL OR sent_at IS NULL")
    op.drop_index("ix_mail_waiting", table_name="mail")
    op.create_index(
        "ix_mail_waiting", "mail", ["due_at"], postgresql_where=sa.text("sent_at IS NULL AND given_up_at IS NULL")
    )
    op.create_index("ix_mail_unsent", "mail", ["id"], postgresql_where=sa.text("sent_at IS NULL"))
    op.create_index("ix_mail_user", "mail", ["user_id", "id"], postgresql_where=sa.text("user_id IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("ix_mail_user", table_name="mail")
    op.drop_index("ix_mail_unsent", table_name="mail")
    op.drop_index("ix_mail_waiting", table_name="mail")
    op.create_index("ix_mail_waiting", "mail", ["due_at"], postgresql_where=sa.text("sent_at IS NULL"))
    op.drop_constraint(op.f("ck_mail_given_up"), "mail")
    op.drop_column("mail", "given_up_at")
