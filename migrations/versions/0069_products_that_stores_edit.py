"""Products that their stores edit: states, pictures of their own, and which state an edit was made of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("product", sa.Column("version", sa.BigInteger, server_default=sa.text("1"), nullable=False))
    op.add_column("product", sa.Column("changed_by", sa.Text))
    op.create_check_constraint(op.f("ck_product_state"), "product", "state IN ('draft', 'active', 'archived')")
    op.create_check_constraint(op.f("ck_variant_state"), "variant", "state IN ('active', 'archived')")
    op.create_table(
        "photo",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("store_id", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_photo_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photo")),
    )
    op.create_table(
        "product_picture",
        sa.Column("product_id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("picture", sa.Text, nullable=False),
        sa.Column("alt", postgresql.JSONB, server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_product_picture_product_id")),
        sa.PrimaryKeyConstraint("product_id", "position", name=op.f("pk_product_picture")),
    )
    op.execute("GRANT SELECT, INSERT ON photo TO portal_app")
    op.execute("GRANT SELECT, INSERT, DELETE ON product_picture TO portal_app")


def downgrade() -> None:
    op.drop_table("product_picture")
    op.drop_table("photo")
    op.drop_constraint(op.f("ck_variant_state"), "variant")
    op.drop_constraint(op.f("ck_product_state"), "product")
    op.drop_column("product", "changed_by")
    op.drop_column("product", "version")
