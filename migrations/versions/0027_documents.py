"""Receipts and credit notes: numbered without gaps, never changed; mails that carry them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

# What encrypts the content may change, what it says may not: its hash stands beside it.
GUARD = """
CREATE FUNCTION keep_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.issued_at IS NULL AND TG_OP = 'UPDATE' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'content' = to_jsonb(OLD) - 'content' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'document % is issued and cannot be changed', OLD.id USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER keep_document BEFORE UPDATE OR DELETE ON document FOR EACH ROW EXECUTE FUNCTION keep_document();
"""


def upgrade() -> None:
    op.create_table(
        "document_series",
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("series", sa.Text, nullable=False),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("last_number", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("issuer", "series", "year", name="pk_document_series"),
    )
    op.create_table(
        "document",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("order_id", sa.Uuid, nullable=False),
        sa.Column("refund_id", sa.Uuid),
        sa.Column("corrects_id", sa.Uuid),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("total_minor", sa.BigInteger, nullable=False),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issuer", sa.Text),
        sa.Column("series", sa.Text),
        sa.Column("year", sa.Integer),
        sa.Column("number", sa.BigInteger),
        sa.Column("label", sa.Text),
        sa.Column("content", sa.LargeBinary),
        sa.Column("sha256", sa.Text),
        sa.Column("issued_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("(kind = 'credit_note') = (refund_id IS NOT NULL)", name=op.f("ck_document_kind")),
        sa.CheckConstraint(
            "(issued_at IS NULL) = (number IS NULL) AND (issued_at IS NULL) = (content IS NULL)",
            name=op.f("ck_document_issued"),
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_document_order_id"),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name="fk_document_refund_id"),
        sa.ForeignKeyConstraint(["corrects_id"], ["document.id"], name="fk_document_corrects_id"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_document_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_document"),
        sa.UniqueConstraint("label", name="uq_document_label"),
        sa.UniqueConstraint("issuer", "series", "year", "number", name="uq_document_issuer_series_year_number"),
        sa.UniqueConstraint("refund_id", name="uq_document_refund_id"),
    )
    op.create_index(
        "uq_document_receipt", "document", ["order_id"], unique=True, postgresql_where=sa.text("kind = 'receipt'")
    )
    op.create_index("ix_document_order_id", "document", ["order_id"])
    op.create_index("ix_document_user_id", "document", ["user_id", sa.text("issued_at DESC")])
    op.create_index("ix_document_wanted", "document", ["wanted_at"], postgresql_where=sa.text("issued_at IS NULL"))
    op.execute(GUARD)
    op.add_column("mail", sa.Column("document_id", sa.Uuid))
    op.create_foreign_key("fk_mail_document_id", "mail", "document", ["document_id"], ["id"])
    op.execute("GRANT SELECT, INSERT, UPDATE ON document, document_series TO portal_app")


def downgrade() -> None:
    op.drop_constraint("fk_mail_document_id", "mail")
    op.drop_column("mail", "document_id")
    op.drop_table("document")
    op.execute("DROP FUNCTION keep_document()")
    op.drop_table("document_series")
