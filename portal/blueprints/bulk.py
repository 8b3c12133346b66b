"""Doing the same to several rows of a list: each by itself, so that one that cannot be is no harm to the others."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from flask import flash, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from portal.blueprints.checkout.words import say
from portal.db import atomically
from portal.kit.errors import PortalError

T = TypeVar("T")
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# A page of a list has fewer rows.
AT_ONCE_MAX = 200


def chosen_uuids() -> list[uuid.UUID]:
    """What a form has chosen of a list whose rows are known by UUIDs."""
    return [uuid.UUID(one) for one in request.form.getlist("ids") if _UUID.fullmatch(one)]


def of_list(endpoint: str, **more: str) -> str:
    """An address that keeps the filters of the list that is shown, so that one comes back to it."""
    kept: dict[str, Any] = {
        name: values for name, values in request.args.lists() if not name.startswith("_") and name != "list"
    }
    return url_for(endpoint, **{**kept, **more})


def do_each(chosen: Sequence[T], work: Callable[[Session, T], None]) -> None:
    """Do it to each of the chosen, and say in the next page to how many, and why not to others."""
    if not chosen:
        flash(_("Choose something in the list first."), "error")
        return
    done, refused = 0, dict[str, int]()
    for one in chosen[:AT_ONCE_MAX]:
        try:
            atomically(partial(_with, work, one))
        except PortalError as error:
            sentence = say(error)
            refused[sentence] = refused.get(sentence, 0) + 1
        else:
            done += 1
    if done:
        flash(ngettext("Done with %(num)s of the list.", "Done with %(num)s of the list.", done), "success")
    for sentence, times in refused.items():
        flash(f"{sentence} ({times})" if times > 1 else sentence, "error")


def _with(work: Callable[[Session, T], None], one: T, session: Session) -> None:
    work(session, one)
