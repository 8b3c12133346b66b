"""Rules of risk as data, in versions; what decisions share with each other; rules that are quiet for one value."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

# What became of a decision, where that is known: a dispute about a stolen card, an order refused or cleared in review. The
# worst that was said counts. Whoever decides elsewhere widens it.
LABELS = """
    CREATE VIEW risk_label AS
    SELECT DISTINCT ON (decision_id) decision_id, label, source, at
      FROM (SELECT d.id AS decision_id, true AS label, 'dispute' AS source, x.opened_at AS at, 1 AS place
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

SHARED = ("device_id", "ip_index", "network_index", "address_index", "card_index")


def upgrade() -> None:
    for column in (
        sa.Column("subject", sa.Text),
        sa.Column("currency", sa.Text),
        sa.Column("unsure", JSONB, server_default=sa.text("'[]'"), nullable=False),
        sa.Column("contributions", JSONB),
        sa.Column("device_id", sa.Uuid),
        *(sa.Column(name, sa.LargeBinary) for name in SHARED[1:]),
    ):
        op.add_column("risk_decision", column)
    op.create_index("ix_risk_decision_decided_at", "risk_decision", [sa.text("decided_at DESC"), sa.text("id DESC")])
    for name in SHARED:
        where = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"ix_risk_decision_{name}", "risk_decision", [name, "decided_at"], postgresql_where=where)
    op.create_index("ix_web_session_device_id", "web_session", ["device_id"])
    op.create_index("ix_coupon_act_user_id", "coupon_act", ["user_id", "at"])
    op.create_table(
        "risk_rule_version",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("points", sa.Integer, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("author_id", sa.Uuid, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_risk_rule_version_version")),
        sa.CheckConstraint(
            "mode IN ('monitor', 'score', 'step_up', 'review', 'block')", name=op.f("ck_risk_rule_version_mode")
        ),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name="fk_risk_rule_version_author_id"),
        sa.PrimaryKeyConstraint("name", "version", name="pk_risk_rule_version"),
    )
    op.create_table(
        "risk_rule_release",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("is_shadow", sa.Boolean, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("replaces_id", sa.BigInteger, nullable=False),
        sa.Column("released_by", sa.Uuid, nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.CheckConstraint("version >= 0", name=op.f("ck_risk_rule_release_version")),
        sa.ForeignKeyConstraint(["released_by"], ["user_account.id"], name="fk_risk_rule_release_released_by"),
        sa.PrimaryKeyConstraint("id", name="pk_risk_rule_release"),
        sa.UniqueConstraint("name", "is_shadow", "replaces_id", name="uq_risk_rule_release_name_is_shadow_replaces_id"),
    )
    op.create_table(
        "risk_snooze",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("value_index", sa.LargeBinary, nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created_by", sa.Uuid, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("kind IN ('user', 'ip')", name=op.f("ck_risk_snooze_kind")),
        sa.ForeignKeyConstraint(["created_by"], ["user_account.id"], name="fk_risk_snooze_created_by"),
        sa.PrimaryKeyConstraint("id", name="pk_risk_snooze"),
    )
    op.create_index(
        "ix_risk_snooze_value", "risk_snooze", ["value_index", "until"], postgresql_where=sa.text("ended_at IS NULL")
    )
    op.execute(LABELS)
    op.execute("GRANT SELECT ON risk_label TO portal_app")
    # What was written, and what was in force when, stays as it was.
    op.execute("GRANT SELECT, INSERT ON risk_rule_version, risk_rule_release TO portal_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON risk_snooze TO portal_app")


def downgrade() -> None:
    op.execute("DROP VIEW risk_label")
    op.drop_table("risk_snooze")
    op.drop_table("risk_rule_release")
    op.drop_table("risk_rule_version")
    op.drop_index("ix_coupon_act_user_id", "coupon_act")
    op.drop_index("ix_web_session_device_id", "web_session")
    op.drop_index("ix_risk_decision_decided_at", "risk_decision")
    for name in (*SHARED, "contributions", "unsure", "currency", "subject"):
        op.drop_column("risk_decision", name)
