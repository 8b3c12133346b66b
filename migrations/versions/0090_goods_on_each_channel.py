"""What each channel sells: switched off, at a price of its own time, under texts of its own, with units of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0090"
down_revision = "0089"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
ID = sa.BigInteger

# What a variant costs on a channel at this moment: its price, or that of a window that is open.
PRICE_NOW = """
CREATE VIEW price_now AS
SELECT p.variant_id, p.channel_id, p.currency, coalesce(w.amount_minor, p.amount_minor) AS amount_minor,
       CASE WHEN w.id IS NULL THEN p.compare_at_minor
            WHEN coalesce(p.compare_at_minor, p.amount_minor) > w.amount_minor
            THEN coalesce(p.compare_at_minor, p.amount_minor) END AS compare_at_minor
  FROM price p
  LEFT JOIN price_window w ON w.variant_id = p.variant_id AND w.channel_id = p.channel_id
                          AND w.valid_from <= now() AND w.valid_until > now()
 WHERE NOT p.is_off
"""


def upgrade() -> None:
    # For ranges that may not overlap within one variant and channel.
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.add_column("price", sa.Column("is_off", sa.Boolean, server_default=sa.text("false"), nullable=False))
    op.add_column("stock", sa.Column("set_aside", postgresql.JSONB))
    op.add_column("reservation", sa.Column("set_aside", sa.Integer, server_default=sa.text("0"), nullable=False))
    op.create_check_constraint(op.f("ck_reservation_set_aside"), "reservation", "set_aside BETWEEN 0 AND quantity")
    op.create_table(
        "price_window",
        sa.Column("id", ID, sa.Identity(always=True), nullable=False),
        sa.Column("variant_id", ID, nullable=False),
        sa.Column("channel_id", ID, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount_minor", ID, nullable=False),
        sa.Column("valid_from", AT, nullable=False),
        sa.Column("valid_until", AT, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("began_at", AT),
        sa.Column("ended_at", AT),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_price_window_amount")),
        sa.CheckConstraint("valid_from < valid_until", name=op.f("ck_price_window_times")),
        sa.ForeignKeyConstraint(
            ["variant_id", "channel_id"],
            ["price.variant_id", "price.channel_id"],
            name=op.f("fk_price_window_variant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_window")),
        postgresql.ExcludeConstraint(
            ("variant_id", "="),
            ("channel_id", "="),
            (sa.text("tstzrange(valid_from, valid_until)"), "&&"),
            name="ex_price_window_times",
            using="gist",
        ),
    )
    op.create_index("ix_price_window_variant_id", "price_window", ["variant_id", "channel_id", "valid_until"])
    op.create_index(
        "ix_price_window_turns", "price_window", ["valid_from"], postgresql_where=sa.text("ended_at IS NULL")
    )
    op.execute(PRICE_NOW)
    op.create_table(
        "local_product",
        sa.Column("channel_id", ID, autoincrement=False, nullable=False),
        sa.Column("product_id", ID, autoincrement=False, nullable=False),
        sa.Column("name", postgresql.JSONB),
        sa.Column("description", postgresql.JSONB),
        sa.Column("section_id", ID),
        sa.Column("own", postgresql.ARRAY(sa.Text), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("is_manual", sa.Boolean, server_default=sa.text("false"), nullable=False),
        sa.Column("master_version", ID, nullable=False),
        sa.Column("version", ID, server_default=sa.text("1"), nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("changed_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_local_product_channel_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_local_product_product_id")),
        sa.ForeignKeyConstraint(["section_id"], ["section.id"], name=op.f("fk_local_product_section_id")),
        sa.PrimaryKeyConstraint("channel_id", "product_id", name=op.f("pk_local_product")),
    )
    op.create_index("ix_local_product_product_id", "local_product", ["product_id"])
    op.add_column("listing", sa.Column("name", postgresql.JSONB))
    op.create_table(
        "catalogue_note",
        sa.Column("id", ID, sa.Identity(always=True), nullable=False),
        sa.Column("channel_id", ID, nullable=False),
        sa.Column("product_id", ID, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("detail", postgresql.JSONB, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.CheckConstraint(
            "outcome IN ('applied', 'kept', 'waits', 'not_here')", name=op.f("ck_catalogue_note_outcome")
        ),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_catalogue_note_channel_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_catalogue_note_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_note")),
    )
    op.create_index("ix_catalogue_note_channel_id", "catalogue_note", ["channel_id", sa.text("id DESC")])
    op.create_index("ix_catalogue_note_product_id", "catalogue_note", ["product_id", sa.text("id DESC")])
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON price_window, local_product TO portal_app")
    op.execute("GRANT SELECT, INSERT ON catalogue_note TO portal_app")
    op.execute("GRANT SELECT ON price_now TO portal_app")


def downgrade() -> None:
    op.drop_table("catalogue_note")
    op.drop_column("listing", "name")
    op.drop_table("local_product")
    op.execute("DROP VIEW price_now")
    op.drop_table("price_window")
    op.drop_constraint(op.f("ck_reservation_set_aside"), "reservation")
    op.drop_column("reservation", "set_aside")
    op.drop_column("stock", "set_aside")
    op.drop_column("price", "is_off")
    op.execute("DROP EXTENSION btree_gist")
