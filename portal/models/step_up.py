"""How people prove themselves a second time: their factors, and each proof with what it is good for (IDN-04)."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.crypto import EncryptedText
from portal.db import Base


class FactorKind(StrEnum):
    TOTP = "totp"
    PASSKEY = "passkey"


class SecondFactor(Base):
    """An authenticator app or a passkey. It counts from `confirmed_at` on; before that it is being set up.

    `last_counter` is the step of time whose code was taken last: no code is taken twice. A passkey works only under
    the name `rp_id` under which it was made.
    """

    __tablename__ = "second_factor"
    __table_args__ = (
        CheckConstraint("kind IN ('totp', 'passkey')", name="kind"),
        CheckConstraint("(kind = 'totp') = (secret IS NOT NULL)", name="secret"),
        Index("ix_second_factor_user_id", "user_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    kind: Mapped[str]
    label: Mapped[str]
    secret: Mapped[str | None] = mapped_column(EncryptedText("second_factor.secret"))
    last_counter: Mapped[int | None]
    rp_id: Mapped[str | None]
    credential_id: Mapped[bytes | None] = mapped_column(unique=True)
    public_key: Mapped[bytes | None]
    sign_count: Mapped[int] = mapped_column(server_default=text("0"))
    challenge: Mapped[bytes | None]
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class StepUp(Base):
    """One proof, asked for by a session or an API client and good only there, for what `digest` stands for, once.

    `told` is what the page says of it; `form` is what was sent and goes on by itself after the proof.
    """

    __tablename__ = "step_up"
    __table_args__ = (
        CheckConstraint("num_nonnulls(session_id, client_id) = 1", name="asked_by"),
        Index("ix_step_up_user_id", "user_id", text("created_at DESC")),
        Index("ix_step_up_expires_at", "expires_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    session_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("web_session.id"))
    client_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("api_client.id"))
    action: Mapped[str]
    digest: Mapped[bytes]
    told: Mapped[str] = mapped_column(EncryptedText("step_up.told"))
    path: Mapped[str | None]
    form: Mapped[str | None] = mapped_column(EncryptedText("step_up.form"))
    challenge: Mapped[bytes | None]
    code_hash: Mapped[bytes | None]
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    method: Mapped[str | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    passed_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
