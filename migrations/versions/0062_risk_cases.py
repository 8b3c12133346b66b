"""Cases of risk: what a person looks at and decides, and what follows from it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

# What became of a decision: what a reviewer says of the whole case comes before anything that is read from the facts.
LABELS = """
    CREATE OR REPLACE VIEW risk_label AS
    SELECT DISTINCT ON (decision_id) decision_id, label, source, at
      FROM (SELECT l.decision_id, k.verdict <> 'genuine' AS label, 'verdict' AS source, k.decided_at AS at, 0 AS place
              FROM risk_case k JOIN risk_case_decision l ON l.case_id = k.id
             WHERE k.state = 'closed' AND k.verdict <> 'inconclusive'
             UNION ALL
            {}
"""
FACTS = """
            SELECT d.id AS decision_id, true AS label, 'dispute' AS source, x.opened_at AS at, 1 AS place
              FROM dispute x JOIN payment p ON p.id = x.payment_id
              JOIN risk_decision d ON d.order_id = p.order_id OR d.subject = 'payment:' || p.id
             WHERE x.reason = 'fraudulent'
             UNION ALL
            SELECT d.id, true, 'refused', t.at, 2
              FROM transition t JOIN risk_decision d ON d.order_id = t.order_id
             WHERE t.subject = 'order' AND t.reason = 'risk_refused'
             UNION ALL
            SELECT d.id, false, 'cleared', h.released_at, 3
              FROM risk_decision d JOIN orders o ON o.id = d.order_id AND NOT o.fraud_hold
              JOIN order_hold h ON h.order_id = o.id AND h.reason = 'high_risk' AND h.released_at IS NOT NULL) told
     ORDER BY decision_id, place, at
"""


def upgrade() -> None:
    op.create_table(
        "risk_case",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("score", sa.Integer, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("stake_minor", sa.BigInteger, nullable=False),
        sa.Column("expected_loss_minor", sa.BigInteger, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("alarm_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True)),
        sa.Column("assignee_id", sa.Uuid),
        sa.Column("assigned_at", sa.DateTime(timezone=True)),
        sa.Column("verdict", sa.Text),
        sa.Column("note", sa.Text),
        sa.Column("froze", sa.Boolean, server_default=sa.text("false"), nullable=False),
        sa.Column("decided_by", sa.Uuid),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("effects_at", sa.DateTime(timezone=True)),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.BigInteger, server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("state IN ('open', 'decided', 'closed', 'merged')", name=op.f("ck_risk_case_state")),
        sa.CheckConstraint(
            "(state IN ('decided', 'closed')) = (verdict IS NOT NULL)", name=op.f("ck_risk_case_verdict")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_risk_case_user_id"),
        sa.ForeignKeyConstraint(["assignee_id"], ["user_account.id"], name="fk_risk_case_assignee_id"),
        sa.ForeignKeyConstraint(["decided_by"], ["user_account.id"], name="fk_risk_case_decided_by"),
        sa.PrimaryKeyConstraint("id", name="pk_risk_case"),
    )
    op.create_index(
        "uq_risk_case_open", "risk_case", ["user_id"], unique=True, postgresql_where=sa.text("state = 'open'")
    )
    op.create_index("ix_risk_case_user_id", "risk_case", ["user_id", "opened_at"])
    op.create_index(
        "ix_risk_case_queue", "risk_case", ["state", sa.text("expected_loss_minor DESC"), sa.text("id DESC")]
    )
    op.create_index("ix_risk_case_opened_at", "risk_case", ["opened_at"])
    op.create_index(
        "ix_risk_case_effects_at", "risk_case", ["effects_at"], postgresql_where=sa.text("state = 'decided'")
    )
    op.create_table(
        "risk_case_decision",
        sa.Column("decision_id", sa.Uuid, nullable=False),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["risk_decision.id"], name="fk_risk_case_decision_decision_id"),
        sa.ForeignKeyConstraint(["case_id"], ["risk_case.id"], name="fk_risk_case_decision_case_id"),
        sa.PrimaryKeyConstraint("decision_id", name="pk_risk_case_decision"),
    )
    op.create_index("ix_risk_case_decision_case_id", "risk_case_decision", ["case_id"])
    op.create_index(
        "ix_risk_decision_alarming",
        "risk_decision",
        ["decided_at"],
        postgresql_where=sa.text("outcome IN ('review', 'block')"),
    )
    op.execute(LABELS.format(FACTS.strip()))
    op.execute("GRANT SELECT, INSERT, UPDATE ON risk_case, risk_case_decision TO portal_app")


def downgrade() -> None:
    op.execute("DROP VIEW risk_label")
    op.execute(
        "CREATE VIEW risk_label AS SELECT DISTINCT ON (decision_id) decision_id, label, source, at FROM (" + FACTS
    )
    op.execute("GRANT SELECT ON risk_label TO portal_app")
    op.drop_index("ix_risk_decision_alarming", "risk_decision")
    op.drop_table("risk_case_decision")
    op.drop_table("risk_case")
