"""Of a decision nothing changes but where its person was, which is forgotten when the person is erased."""

from __future__ import annotations

from alembic import op

revision = "0105"
down_revision = "0104"
branch_labels = None
depends_on = None

STAYS = """
CREATE FUNCTION portal_decision_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE was risk_decision%ROWTYPE := OLD;
BEGIN
    was.place := NULL;
    IF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM was THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$
"""


def upgrade() -> None:
    op.execute(STAYS)
    op.execute("DROP TRIGGER risk_decision_stays ON risk_decision")
    op.execute(
        "CREATE TRIGGER risk_decision_stays BEFORE UPDATE OR DELETE ON risk_decision "
        "FOR EACH ROW EXECUTE FUNCTION portal_decision_stays()"
    )
    op.execute("GRANT UPDATE (place) ON risk_decision TO portal_app")


def downgrade() -> None:
    op.execute("REVOKE UPDATE (place) ON risk_decision FROM portal_app")
    op.execute("DROP TRIGGER risk_decision_stays ON risk_decision")
    op.execute(
        "CREATE TRIGGER risk_decision_stays BEFORE UPDATE OR DELETE ON risk_decision "
        "FOR EACH ROW EXECUTE FUNCTION portal_refuse_change()"
    )
    op.execute("DROP FUNCTION portal_decision_stays()")
