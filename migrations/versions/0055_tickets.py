"""Tickets between buyers, stores and the mall."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "ticket",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("buyer_id", sa.Uuid, nullable=False),
        sa.Column("store_id", sa.BigInteger),
        sa.Column("with_mall", sa.Boolean, nullable=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("about", sa.Text),
        sa.Column("order_id", sa.Uuid),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("assignee_id", sa.Uuid),
        sa.Column("answer_due_at", AT),
        sa.Column("warned_at", AT),
        sa.Column("missed_at", AT),
        sa.Column("opened_at", AT, nullable=False),
        sa.Column("moved_at", AT, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'waiting_buyer', 'waiting_store', 'solved', 'reopened', 'closed')",
            name=op.f("ck_ticket_state"),
        ),
        sa.CheckConstraint("store_id IS NOT NULL OR with_mall", name=op.f("ck_ticket_addressee")),
        sa.CheckConstraint(
            "(answer_due_at IS NOT NULL) = (state IN ('open', 'waiting_store', 'reopened'))",
            name=op.f("ck_ticket_answer_due"),
        ),
        sa.CheckConstraint(
            "num_nulls(warned_at, missed_at) = 2 OR answer_due_at IS NOT NULL", name=op.f("ck_ticket_deadline")
        ),
        sa.ForeignKeyConstraint(["buyer_id"], ["user_account.id"], name=op.f("fk_ticket_buyer_id")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_ticket_store_id")),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_ticket_channel_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_ticket_order_id")),
        sa.ForeignKeyConstraint(["assignee_id"], ["user_account.id"], name=op.f("fk_ticket_assignee_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
        sa.UniqueConstraint("number", name=op.f("uq_ticket_number")),
        sa.UniqueConstraint("buyer_id", "key", name="uq_ticket_buyer_id_key"),
    )
    op.create_index("ix_ticket_buyer_id", "ticket", ["buyer_id", sa.text("moved_at DESC"), sa.text("id DESC")])
    op.create_index("ix_ticket_store_id", "ticket", ["store_id", sa.text("moved_at DESC"), sa.text("id DESC")])
    op.create_index("ix_ticket_moved_at", "ticket", [sa.text("moved_at DESC"), sa.text("id DESC")])
    op.create_index(
        "ix_ticket_due", "ticket", ["answer_due_at", "id"], postgresql_where=sa.text("answer_due_at IS NOT NULL")
    )
    op.create_index("ix_ticket_order_id", "ticket", ["order_id"])
    op.create_index(
        "ix_ticket_silent",
        "ticket",
        ["moved_at"],
        postgresql_where=sa.text("state IN ('waiting_buyer', 'solved')"),
    )
    op.create_table(
        "ticket_message",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("ticket_id", sa.Uuid, nullable=False),
        sa.Column("author_id", sa.Uuid, nullable=False),
        sa.Column("side", sa.Text, nullable=False),
        sa.Column("is_internal", sa.Boolean, nullable=False),
        sa.Column("text", sa.LargeBinary, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.CheckConstraint("side IN ('buyer', 'store', 'mall')", name=op.f("ck_ticket_message_side")),
        sa.CheckConstraint("NOT is_internal OR side <> 'buyer'", name=op.f("ck_ticket_message_internal")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_message_ticket_id")),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name=op.f("fk_ticket_message_author_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_message")),
        sa.UniqueConstraint("ticket_id", "key", name="uq_ticket_message_ticket_id_key"),
    )
    op.create_table(
        "ticket_file",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("message_id", sa.Uuid, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("name", sa.LargeBinary, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["ticket_message.id"], name=op.f("fk_ticket_file_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_file")),
    )
    op.create_index("ix_ticket_file_message_id", "ticket_file", ["message_id"])
    op.execute("GRANT SELECT, INSERT, UPDATE ON ticket TO portal_app")
    op.execute("GRANT SELECT, INSERT ON ticket_message, ticket_file TO portal_app")


def downgrade() -> None:
    op.drop_table("ticket_file")
    op.drop_table("ticket_message")
    op.drop_table("ticket")
