"""Offers that are chosen for buyers as they look, the strategy and the models by which they are, and every choice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0089"
down_revision = "0088"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
FLOATS = sa.ARRAY(sa.Float)


def upgrade() -> None:
    op.create_table(
        "offer",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("campaign_id", sa.BigInteger, nullable=False),
        sa.Column("channel_id", sa.BigInteger),
        sa.Column("segment", sa.Text),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("people_max", sa.Integer, nullable=False),
        sa.Column("made", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("state", sa.Text, nullable=False, server_default="draft"),
        sa.Column("reason", sa.Text),
        sa.Column("author_id", sa.Uuid, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False, server_default=sa.text("1")),
        sa.CheckConstraint("state IN ('draft', 'running', 'paused', 'ended')", name=op.f("ck_offer_state")),
        sa.CheckConstraint("made BETWEEN 0 AND people_max", name=op.f("ck_offer_budget")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="fk_offer_campaign_id"),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name="fk_offer_channel_id"),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name="fk_offer_author_id"),
        sa.PrimaryKeyConstraint("id", name="pk_offer"),
    )
    op.create_table(
        "offer_strategy",
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("body", JSONB, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("author_id", sa.Uuid, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_offer_strategy_version")),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name="fk_offer_strategy_author_id"),
        sa.PrimaryKeyConstraint("version", name="pk_offer_strategy"),
    )
    op.create_table(
        "offer_model",
        sa.Column("version", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("model", JSONB, nullable=False),
        sa.Column("card", JSONB, nullable=False),
        sa.Column("choices", sa.Integer, nullable=False),
        sa.Column("fitted_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_offer_model"),
    )
    op.create_table(
        "offer_model_place",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("model_version", sa.BigInteger),
        sa.Column("is_pinned", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("placed_by", sa.Uuid),
        sa.Column("placed_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["model_version"], ["offer_model.version"], name="fk_offer_model_place_model_version"),
        sa.ForeignKeyConstraint(["placed_by"], ["user_account.id"], name="fk_offer_model_place_placed_by"),
        sa.PrimaryKeyConstraint("id", name="pk_offer_model_place"),
    )
    op.create_table(
        "offer_choice",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("arm", sa.Text, nullable=False),
        sa.Column("offer_id", sa.BigInteger),
        sa.Column("candidates", JSONB, nullable=False),
        sa.Column("probability", sa.Float, nullable=False),
        sa.Column("context", FLOATS, nullable=False),
        sa.Column("told_by", sa.Text, nullable=False),
        sa.Column("reasons", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("strategy_version", sa.BigInteger),
        sa.Column("model_version", sa.BigInteger),
        sa.Column("chosen_at", AT, nullable=False),
        sa.Column("stands_until", AT, nullable=False),
        sa.Column("window_days", sa.Integer, nullable=False),
        sa.Column("taken_at", AT),
        sa.Column("dismissed_at", AT),
        sa.Column("currency", sa.Text),
        sa.Column("reward_minor", sa.BigInteger),
        sa.Column("cost_minor", sa.BigInteger),
        sa.Column("rewarded_at", AT),
        sa.CheckConstraint("arm IN ('chosen', 'holdout')", name=op.f("ck_offer_choice_arm")),
        sa.CheckConstraint("place IN ('home', 'cart')", name=op.f("ck_offer_choice_place")),
        sa.CheckConstraint("told_by IN ('model', 'rule', 'draw')", name=op.f("ck_offer_choice_told_by")),
        sa.CheckConstraint("arm = 'chosen' OR offer_id IS NULL", name=op.f("ck_offer_choice_holdout")),
        sa.CheckConstraint("probability > 0 AND probability <= 1", name=op.f("ck_offer_choice_probability")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_offer_choice_user_id"),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name="fk_offer_choice_channel_id"),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name="fk_offer_choice_offer_id"),
        sa.ForeignKeyConstraint(["model_version"], ["offer_model.version"], name="fk_offer_choice_model_version"),
        sa.PrimaryKeyConstraint("id", name="pk_offer_choice"),
    )
    op.create_index("ix_offer_choice_user_id", "offer_choice", ["user_id", "stands_until"])
    op.create_index("ix_offer_choice_chosen_at", "offer_choice", ["chosen_at"])
    op.create_index(
        "ix_offer_choice_unrewarded", "offer_choice", ["chosen_at"], postgresql_where=sa.text("rewarded_at IS NULL")
    )
    op.execute("GRANT SELECT, INSERT ON offer_strategy, offer_model, offer_model_place, offer_choice TO portal_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON offer TO portal_app")
    # What was chosen, and how likely it was, is written once: what may change is only what came of it.
    op.execute(
        "GRANT UPDATE (taken_at, dismissed_at, currency, reward_minor, cost_minor, rewarded_at)"
        " ON offer_choice TO portal_app"
    )


def downgrade() -> None:
    for name in ("offer_choice", "offer_model_place", "offer_model", "offer_strategy", "offer"):
        op.drop_table(name)
