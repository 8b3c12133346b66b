"""What the splits of figures call things, by id."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Automation, Campaign, Section, Store

Names = Mapping[int, Mapping[str, str]]


def store_names(session: Session) -> Names:
    return {row.id: row.name for row in session.execute(select(Store.id, Store.name))}


def section_names(session: Session) -> Names:
    return {row.id: row.name for row in session.execute(select(Section.id, Section.name))}


def campaign_names(session: Session) -> Names:
    return {row.id: row.name for row in session.execute(select(Campaign.id, Campaign.name))}


def automation_titles(session: Session) -> Mapping[str, str]:
    return {str(row.id): row.title for row in session.execute(select(Automation.id, Automation.title))}
