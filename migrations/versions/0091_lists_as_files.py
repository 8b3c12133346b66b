"""Lists as files, made by workers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0091"
down_revision = "0090"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "list_export",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("listing", sa.Text, nullable=False),
        sa.Column("format", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("chosen", sa.LargeBinary, nullable=False),
        sa.Column("made_by", sa.Uuid, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("total", sa.BigInteger),
        sa.Column("done", sa.BigInteger, server_default=sa.text("0"), nullable=False),
        sa.Column("pieces", sa.Integer, server_default=sa.text("0"), nullable=False),
        sa.Column("cursor", sa.Text),
        sa.Column("worker", sa.Uuid),
        sa.Column("tries", sa.Integer, server_default=sa.text("0"), nullable=False),
        sa.Column("asked_at", AT, nullable=False),
        sa.Column("worked_at", AT, nullable=False),
        sa.Column("made_at", AT),
        sa.Column("expires_at", AT),
        sa.Column("size", sa.BigInteger),
        sa.Column("sha256", sa.Text),
        sa.Column("signature", sa.Text),
        sa.CheckConstraint(
            "state IN ('wanted', 'reading', 'writing', 'ready', 'failed', 'gone')", name=op.f("ck_list_export_state")
        ),
        sa.CheckConstraint("format IN ('csv', 'xlsx', 'pdf')", name=op.f("ck_list_export_format")),
        sa.CheckConstraint(
            "state <> 'ready' OR num_nulls(made_at, expires_at, size, sha256, signature) = 0",
            name=op.f("ck_list_export_ready"),
        ),
        sa.ForeignKeyConstraint(["made_by"], ["user_account.id"], name=op.f("fk_list_export_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_export")),
    )
    op.create_index("ix_list_export_asked_at", "list_export", [sa.text("asked_at DESC"), sa.text("id DESC")])
    op.create_index(
        "ix_list_export_open",
        "list_export",
        ["worked_at"],
        postgresql_where=sa.text("state IN ('wanted', 'reading', 'writing')"),
    )
    op.create_index(
        "ix_list_export_expires_at", "list_export", ["expires_at"], postgresql_where=sa.text("state = 'ready'")
    )
    op.create_table(
        "list_export_piece",
        sa.Column("export_id", sa.Uuid, nullable=False),
        sa.Column("part", sa.Text, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.CheckConstraint("part IN ('rows', 'file')", name=op.f("ck_list_export_piece_part")),
        sa.ForeignKeyConstraint(["export_id"], ["list_export.id"], name=op.f("fk_list_export_piece_export_id")),
        sa.PrimaryKeyConstraint("export_id", "part", "n", name=op.f("pk_list_export_piece")),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON list_export TO portal_app")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON list_export_piece TO portal_app")


def downgrade() -> None:
    op.drop_table("list_export_piece")
    op.drop_table("list_export")
