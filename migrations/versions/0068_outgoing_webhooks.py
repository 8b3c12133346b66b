"""Webhooks of ours: endpoints, messages and tries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "webhook_endpoint",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("channel_id", sa.BigInteger),
        sa.Column("store_id", sa.BigInteger),
        sa.Column("user_id", sa.Uuid),
        sa.Column("client_id", sa.Uuid),
        sa.Column("kinds", ARRAY(sa.Text), nullable=False),
        sa.Column("state", sa.Text, server_default="on", nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("secret_made_at", AT, nullable=False),
        sa.Column("previous_secret", sa.LargeBinary),
        sa.Column("previous_until", AT),
        sa.Column("failures", sa.Integer, server_default=sa.text("0"), nullable=False),
        sa.Column("failing_since", AT),
        sa.Column("lease", sa.Uuid),
        sa.Column("busy_until", AT, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("stopped_at", AT),
        sa.Column("version", sa.Integer, server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "state IN ('on', 'off', 'failed', 'gone', 'removed')", name=op.f("ck_webhook_endpoint_state")
        ),
        sa.CheckConstraint("num_nonnulls(store_id, user_id) <= 1", name=op.f("ck_webhook_endpoint_reach")),
        sa.CheckConstraint(
            "(previous_secret IS NULL) = (previous_until IS NULL)", name=op.f("ck_webhook_endpoint_previous")
        ),
        sa.CheckConstraint("(failures > 0) = (failing_since IS NOT NULL)", name=op.f("ck_webhook_endpoint_failing")),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_webhook_endpoint_channel_id")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_webhook_endpoint_store_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_webhook_endpoint_user_id")),
        sa.ForeignKeyConstraint(["client_id"], ["api_client.id"], name=op.f("fk_webhook_endpoint_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoint")),
    )
    op.create_index(
        "ix_webhook_endpoint_kinds",
        "webhook_endpoint",
        ["kinds"],
        postgresql_using="gin",
        postgresql_where=sa.text("state = 'on'"),
    )
    op.create_index("ix_webhook_endpoint_store_id", "webhook_endpoint", ["store_id"])
    op.create_index("ix_webhook_endpoint_client_id", "webhook_endpoint", ["client_id"])
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("message_id", sa.Uuid, server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("endpoint_id", sa.Uuid, nullable=False),
        sa.Column("event_id", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("facts", JSONB, nullable=False),
        sa.Column("occurred_at", AT, nullable=False),
        sa.Column("state", sa.Text, server_default="waiting", nullable=False),
        sa.Column("attempts", sa.Integer, server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("due_at", AT, nullable=False),
        sa.Column("last_at", AT),
        sa.Column("delivered_at", AT),
        sa.Column("status_code", sa.Integer),
        sa.Column("latency_ms", sa.Integer),
        sa.Column("problem", sa.Text),
        sa.CheckConstraint("state IN ('waiting', 'delivered', 'dead')", name=op.f("ck_webhook_delivery_state")),
        sa.CheckConstraint(
            "(state = 'delivered') = (delivered_at IS NOT NULL)", name=op.f("ck_webhook_delivery_delivered")
        ),
        sa.ForeignKeyConstraint(["endpoint_id"], ["webhook_endpoint.id"], name=op.f("fk_webhook_delivery_endpoint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
        sa.UniqueConstraint("endpoint_id", "event_id", name=op.f("uq_webhook_delivery_endpoint_id_event_id")),
        sa.UniqueConstraint("message_id", name=op.f("uq_webhook_delivery_message_id")),
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index("ix_webhook_delivery_list", "webhook_delivery", ["endpoint_id", sa.text("id DESC")])
    op.create_index(
        "ix_webhook_delivery_waiting", "webhook_delivery", ["endpoint_id", "event_id"], postgresql_where=waiting
    )
    op.create_index("ix_webhook_delivery_due", "webhook_delivery", ["due_at"], postgresql_where=waiting)
    op.create_index("ix_webhook_delivery_created_at", "webhook_delivery", ["created_at"])
    op.create_table(
        "webhook_attempt",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("delivery_id", sa.BigInteger, nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("latency_ms", sa.Integer, nullable=False),
        sa.Column("status_code", sa.Integer),
        sa.Column("problem", sa.Text),
        sa.Column("excerpt", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["webhook_delivery.id"], name=op.f("fk_webhook_attempt_delivery_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_attempt")),
    )
    op.create_index("ix_webhook_attempt_delivery_id", "webhook_attempt", ["delivery_id", "id"])
    op.execute("GRANT SELECT, INSERT, UPDATE ON webhook_endpoint TO portal_app")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_delivery TO portal_app")
    op.execute("GRANT SELECT, INSERT, DELETE ON webhook_attempt TO portal_app")


def downgrade() -> None:
    op.drop_table("webhook_attempt")
    op.drop_table("webhook_delivery")
    op.drop_table("webhook_endpoint")
