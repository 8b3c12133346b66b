"""What the results of automations suggest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0111"
down_revision = "0110"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
TABLE = "incentive_suggestion"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("automation_id", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("segment", sa.Text),
        sa.Column("people_max", sa.Integer),
        sa.Column("evidence", JSONB, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("renewed_at", AT, nullable=False),
        sa.Column("decided_at", AT),
        sa.Column("decided_by", sa.Uuid),
        sa.Column("reason", sa.Text),
        sa.CheckConstraint("kind IN ('raise', 'lower', 'stop', 'narrow')", name=op.f(f"ck_{TABLE}_kind")),
        sa.CheckConstraint("state IN ('open', 'taken', 'dismissed', 'withdrawn')", name=op.f(f"ck_{TABLE}_state")),
        sa.CheckConstraint("(kind = 'narrow') = (segment IS NOT NULL)", name=op.f(f"ck_{TABLE}_segment")),
        sa.CheckConstraint("(kind IN ('raise', 'lower')) = (people_max IS NOT NULL)", name=op.f(f"ck_{TABLE}_budget")),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name=op.f(f"ck_{TABLE}_decided")),
        sa.CheckConstraint("state <> 'dismissed' OR reason <> ''", name=op.f(f"ck_{TABLE}_reason")),
        sa.ForeignKeyConstraint(["automation_id"], ["automation.id"], name=op.f(f"fk_{TABLE}_automation_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["user_account.id"], name=op.f(f"fk_{TABLE}_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index(
        f"uq_{TABLE}_open", TABLE, ["automation_id"], unique=True, postgresql_where=sa.text("state = 'open'")
    )
    op.create_index(f"ix_{TABLE}_decided_at", TABLE, [sa.text("decided_at DESC")])
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON {TABLE} TO portal_app")


def downgrade() -> None:
    op.drop_table(TABLE)
