"""Reviews and questions of products."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "remark",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("product_id", sa.BigInteger, nullable=False),
        sa.Column("store_id", sa.BigInteger, nullable=False),
        sa.Column("author_id", sa.Uuid, nullable=False),
        sa.Column("line_id", sa.Uuid),
        sa.Column("stars", sa.Integer),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("answer", sa.Text),
        sa.Column("answered_at", AT),
        sa.Column("answered_by", sa.Uuid),
        sa.Column("hidden_at", AT),
        sa.Column("hidden_reason", sa.Text),
        sa.Column("hidden_by", sa.Uuid),
        sa.Column("rewarded_at", AT),
        sa.Column("version", sa.Integer, server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("kind IN ('review', 'question')", name=op.f("ck_remark_kind")),
        sa.CheckConstraint(
            "(kind = 'review') = (line_id IS NOT NULL) AND (kind = 'review') = (stars IS NOT NULL)",
            name=op.f("ck_remark_review"),
        ),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name=op.f("ck_remark_stars")),
        sa.CheckConstraint("num_nulls(answer, answered_at, answered_by) IN (0, 3)", name=op.f("ck_remark_answer")),
        sa.CheckConstraint("num_nulls(hidden_at, hidden_reason, hidden_by) IN (0, 3)", name=op.f("ck_remark_hidden")),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_remark_{column}"))
            for column, table in (
                ("product_id", "product"),
                ("store_id", "store"),
                ("author_id", "user_account"),
                ("line_id", "order_line"),
                ("answered_by", "user_account"),
                ("hidden_by", "user_account"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remark")),
    )
    later = [sa.text("at DESC"), sa.text("id DESC")]
    op.create_index("uq_remark_line_id", "remark", ["line_id"], unique=True)
    op.create_index("uq_remark_key", "remark", ["author_id", "key"], unique=True)
    op.create_index("ix_remark_product_id", "remark", ["product_id", "kind", *later])
    op.create_index("ix_remark_store_id", "remark", ["store_id", "kind", *later])
    op.create_index("ix_remark_at", "remark", ["kind", *later])
    op.create_index(
        "ix_remark_unrewarded",
        "remark",
        ["at"],
        postgresql_where=sa.text("kind = 'review' AND rewarded_at IS NULL"),
    )
    op.create_table(
        "remark_picture",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("remark_id", sa.Uuid, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["remark_id"], ["remark.id"], name=op.f("fk_remark_picture_remark_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remark_picture")),
    )
    op.create_index("ix_remark_picture_remark_id", "remark_picture", ["remark_id"])
    op.create_table(
        "product_rating",
        sa.Column("product_id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("reviews", sa.Integer, nullable=False),
        sa.Column("stars", sa.Integer, nullable=False),
        sa.CheckConstraint(
            "reviews >= 0 AND stars BETWEEN reviews AND 5 * reviews", name=op.f("ck_product_rating_stars")
        ),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_product_rating_product_id")),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_product_rating")),
    )
    op.create_table(
        "review_invitation",
        sa.Column("part_id", sa.Uuid, nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.ForeignKeyConstraint(["part_id"], ["order_part.id"], name=op.f("fk_review_invitation_part_id")),
        sa.PrimaryKeyConstraint("part_id", name=op.f("pk_review_invitation")),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON remark, product_rating TO portal_app")
    op.execute("GRANT SELECT, INSERT ON remark_picture, review_invitation TO portal_app")


def downgrade() -> None:
    op.drop_table("review_invitation")
    op.drop_table("product_rating")
    op.drop_table("remark_picture")
    op.drop_table("remark")
