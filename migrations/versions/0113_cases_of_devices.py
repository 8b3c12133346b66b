"""A case is of a person or of a device: what is open at one device becomes one case, with all its people."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0113"
down_revision = "0112"
branch_labels = None
depends_on = None

PEOPLE = """
    INSERT INTO risk_case_person (case_id, user_id, case_state, froze)
    SELECT id, user_id, state, froze FROM risk_case
"""
DEVICES = """
    INSERT INTO risk_case_device (case_id, device_id, case_state)
    SELECT DISTINCT k.id, d.device_id, k.state
      FROM risk_case k JOIN risk_case_decision l ON l.case_id = k.id JOIN risk_decision d ON d.id = l.decision_id
     WHERE k.state <> 'merged' AND d.device_id IS NOT NULL
       AND (d.features ->> 'accounts_on_device')::numeric <= 50
       AND NOT coalesce(d.features -> 'trusted_by' ? 'device', false)
"""
# What an undone verdict has merged went on in the case of the same person that was opened last before it.
MERGED = """
    UPDATE risk_case m SET merged_into = (
           SELECT k.id FROM risk_case k
            WHERE k.user_id = m.user_id AND k.id <> m.id AND k.state <> 'merged' AND k.opened_at <= m.opened_at
            ORDER BY k.opened_at DESC, k.id LIMIT 1)
     WHERE m.state = 'merged'
"""
OPEN = """
    SELECT k.id, d.device_id
      FROM risk_case k JOIN risk_case_decision l ON l.case_id = k.id JOIN risk_decision d ON d.id = l.decision_id
     WHERE k.state = 'open' AND d.device_id IS NOT NULL
       AND (d.features ->> 'accounts_on_device')::numeric <= 50
       AND NOT coalesce(d.features -> 'trusted_by' ? 'device', false)
     ORDER BY k.opened_at, k.id
"""
MERGE = (
    "UPDATE risk_case SET state = 'merged', merged_into = :into, version = version + 1 WHERE id = :id",
    "UPDATE risk_case_decision SET case_id = :into WHERE case_id = :id",
    """
    INSERT INTO risk_case_person (case_id, user_id, case_state) SELECT :into, user_id, 'open'
      FROM risk_case_person WHERE case_id = :id ON CONFLICT DO NOTHING
    """,
    # What is at stake adds up: the orders of different people are different ones.
    """
    UPDATE risk_case k SET score = greatest(k.score, m.score), stake_minor = k.stake_minor + m.stake_minor,
           expected_loss_minor = round((k.stake_minor + m.stake_minor) * greatest(k.score, m.score) / 100.0),
           version = k.version + 1
      FROM risk_case m WHERE k.id = :into AND m.id = :id
    """,
)


def upgrade() -> None:
    op.create_unique_constraint("uq_risk_case_id_state", "risk_case", ["id", "state"])
    for name in ("merged_into", "apart_from"):
        op.add_column("risk_case", sa.Column(name, sa.Uuid))
        op.create_foreign_key(f"fk_risk_case_{name}", "risk_case", "risk_case", [name], ["id"])
    op.create_table(
        "risk_case_person",
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("case_state", sa.Text, nullable=False),
        sa.Column("froze", sa.Boolean, server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "case_state"], ["risk_case.id", "risk_case.state"], "fk_risk_case_person_case_id", "CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_risk_case_person_user_id"),
        sa.PrimaryKeyConstraint("case_id", "user_id", name="pk_risk_case_person"),
    )
    op.create_table(
        "risk_case_device",
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("device_id", sa.Uuid, nullable=False),
        sa.Column("case_state", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "case_state"], ["risk_case.id", "risk_case.state"], "fk_risk_case_device_case_id", "CASCADE"
        ),
        sa.PrimaryKeyConstraint("case_id", "device_id", name="pk_risk_case_device"),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON risk_case_person, risk_case_device TO portal_app")
    op.execute(PEOPLE)
    op.execute(MERGED)
    for case_id, into in _merges(op.get_bind().execute(sa.text(OPEN)).all()):
        for statement in MERGE:
            op.get_bind().execute(sa.text(statement), {"id": case_id, "into": into})
    op.execute(DEVICES)
    is_open = sa.text("case_state = 'open'")
    for name, column in (("person", "user_id"), ("device", "device_id")):
        index, table = f"uq_risk_case_{name}_open", f"risk_case_{name}"
        op.create_index(index, table, [column], unique=True, postgresql_where=is_open)
    op.create_index("ix_risk_case_person_user_id", "risk_case_person", ["user_id"])
    op.drop_index("uq_risk_case_open", "risk_case")
    op.drop_index("ix_risk_case_user_id", "risk_case")
    op.drop_column("risk_case", "froze")


def _merges(rows: Any) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Open cases that hang together by devices: each younger one with the oldest, from rows in order of age."""
    into: dict[uuid.UUID, uuid.UUID] = {}
    at: dict[uuid.UUID, uuid.UUID] = {}

    def oldest(case_id: uuid.UUID) -> uuid.UUID:
        while into[case_id] != case_id:
            case_id = into[case_id]
        return case_id

    order: dict[uuid.UUID, int] = {}
    for case_id, device_id in rows:
        order.setdefault(case_id, len(order))
        into.setdefault(case_id, case_id)
        one, other = sorted((oldest(case_id), oldest(at.setdefault(device_id, case_id))), key=order.__getitem__)
        into[other] = one
    return [(case_id, oldest(case_id)) for case_id in into if oldest(case_id) != case_id]


def downgrade() -> None:
    op.add_column("risk_case", sa.Column("froze", sa.Boolean, server_default=sa.text("false"), nullable=False))
    op.execute(
        "UPDATE risk_case k SET froze = true FROM risk_case_person p"
        " WHERE p.case_id = k.id AND p.user_id = k.user_id AND p.froze"
    )
    op.create_index("ix_risk_case_user_id", "risk_case", ["user_id", "opened_at"])
    op.create_index(
        "uq_risk_case_open", "risk_case", ["user_id"], unique=True, postgresql_where=sa.text("state = 'open'")
    )
    op.drop_table("risk_case_device")
    op.drop_table("risk_case_person")
    for name in ("merged_into", "apart_from"):
        op.drop_column("risk_case", name)
    op.drop_constraint("uq_risk_case_id_state", "risk_case")
