"""Figures say what incentives return, and what of what people were offered or asked they took: days are counted again."""

from __future__ import annotations

from alembic import op

revision = "0120"
down_revision = "0119"
branch_labels = None
depends_on = None

DRAWN = "ix_incentive_assignment_automation_id"
ASKED = "ix_review_invitation_at"
COUNT_AGAIN = "UPDATE figure_state SET renewed_at = NULL"


def upgrade() -> None:
    op.execute(COUNT_AGAIN)
    # Built beside the running shop: nobody waits for them.
    with op.get_context().autocommit_block():
        op.create_index(
            DRAWN,
            "incentive_assignment",
            ["automation_id", "assigned_at"],
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.create_index(ASKED, "review_invitation", ["at"], postgresql_concurrently=True, if_not_exists=True)


def downgrade() -> None:
    op.drop_index(ASKED, "review_invitation")
    op.drop_index(DRAWN, "incentive_assignment")
    op.execute(COUNT_AGAIN)
