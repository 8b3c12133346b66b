"""Lists as people like to see them: filters, order and columns under a name (S03)."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class SavedView(Base):
    """A list's address under a name. `list_name` is the list's, such as `admin.orders`; `query` as rules write it.

    A shared one is seen by all members of `store_id`, or without a store by all who may open the list.
    """

    __tablename__ = "saved_view"
    __table_args__ = (
        Index(
            "uq_saved_view_name",
            "owner_id",
            "list_name",
            text("coalesce(store_id, 0)"),
            text("lower(name)"),
            unique=True,
        ),
        Index("ix_saved_view_shared", "list_name", "store_id", postgresql_where=text("is_shared")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    list_name: Mapped[str]
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    name: Mapped[str]
    query: Mapped[str]
    is_shared: Mapped[bool]
    made_at: Mapped[datetime]


class DefaultView(Base):
    """The view with which somebody's list opens, his own or a shared one."""

    __tablename__ = "default_view"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    list_name: Mapped[str] = mapped_column(primary_key=True)
    view_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("saved_view.id", ondelete="CASCADE"), index=True)
