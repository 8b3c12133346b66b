"""The tiers: every version, and a new one written as a table (BAL-08)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.admin.rule_list import whole
from portal.blueprints.checkout.words import say
from portal.blueprints.desk import zone_of_reader
from portal.blueprints.identity import current_actor
from portal.db import atomically, reading
from portal.htmx import done
from portal.kit import clock
from portal.kit.currency import exponent
from portal.kit.errors import PortalError
from portal.kit.moments import read_moment
from portal.kit.money import AmountInvalidError, parse_minor
from portal.queries.exchange import platform_currency
from portal.queries.loyalty import forget_loyalty, list_versions, loyalty_directory
from portal.queries.tier_benefits import list_welcomes, load_benefits
from portal.queries.tiers import count_members
from portal.rules.permissions import Permission
from portal.rules.tiers import NO_TIERS, TIERS_MAX, Ladder, Tier, from_json, read_decimal
from portal.services.loyalty.write_version import (
    NOTE_LENGTH_MAX,
    LoyaltyStartError,
    LoyaltyUnfitError,
    write_version,
)

FIELDS = ("code", "en", "ko", "from_minor", "multiplier")
FIELD_LENGTH_MAX = 60


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/tiers", "tiers", index)
    bp.add_url_rule("/tiers/new", "tiers_new", create, methods=["GET", "POST"])
    bp.add_url_rule("/tiers/<int:version>", "tiers_version", show)


@dataclass(slots=True)
class TiersForm:
    """A version as it is being written, everything as text; `faults` by the id of the field."""

    newest: int
    currency: str
    zone: ZoneInfo
    period_days: str = "365"
    starts_at: str = ""
    note: str = ""
    rows: list[dict[str, str]] = field(default_factory=list)
    # By the row, the ids of the chosen campaigns.
    welcomes: list[frozenset[int]] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)

    def ladder(self) -> Ladder:
        """What was typed; rows that are empty are none."""
        kept = [
            (row, chosen)
            for row, chosen in zip(self.rows, self.welcomes, strict=True)
            if any(row[name] for name in ("code", "en", "ko", "from_minor"))
        ]
        self.rows, self.welcomes = [row for row, _chosen in kept], [chosen for _row, chosen in kept]
        tiers = tuple(
            Tier(
                code=row["code"],
                names={"en": row["en"], "ko": row["ko"]},
                from_minor=self._amount(n, row["from_minor"]),
                multiplier=read_decimal(row["multiplier"] or "1"),
                welcome=tuple(sorted(chosen)),
            )
            for n, (row, chosen) in enumerate(kept, start=1)
        )
        return Ladder(tiers=tiers, period_days=whole(self.period_days))

    def start(self) -> datetime | None:
        """When the version is to hold from; None for at once."""
        if not self.starts_at:
            return None
        found = read_moment(self.starts_at, self.zone)
        if found is None:
            self.faults["starts_at"] = _("Write a moment like 2026-11-28 09:00.")
        return found

    def refuse(self, faults: dict[tuple[int, str], str]) -> None:
        """Put the sentences of tiers and fields to their fields."""
        for (n, name), sentence in faults.items():
            place = {"names": "en", "tiers": "code"}.get(name, name)
            self.faults.setdefault(f"tier{n or 1}-{place}" if n or name == "tiers" else place, sentence)

    def _amount(self, n: int, typed: str) -> int:
        try:
            return parse_minor(typed or "0", self.currency)
        except AmountInvalidError:
            self.faults[f"tier{n}-from_minor"] = _("Write amounts as the currency has them, such as 1,000.")
            return 0


@requires_all(Permission.MILEAGE_CONFIGURE)
def index() -> ResponseReturnValue:
    """All versions, the tiers in force, and how many stand in each."""
    now = clock.now()
    with reading() as session:
        versions = list_versions(session, kind="tiers")
        ladder = loyalty_directory(session).ladder(now)
        members = count_members(session)
        benefits = load_benefits(session, ladder=ladder, now=now)
        currency = platform_currency(session)
        frame = around(session, "admin.tiers")
    return render_template(
        "admin/tiers/index.html",
        versions=versions,
        ladder=ladder,
        benefits=benefits,
        members=members,
        currency=currency,
        now=now,
        **frame,
    )


@requires_all(Permission.MILEAGE_CONFIGURE)
def show(version: int) -> ResponseReturnValue:
    """One version."""
    now = clock.now()
    with reading() as session:
        row = next(iter(list_versions(session, kind="tiers", version=version)), None)
        if row is None:
            raise NotFoundError
        ladder = from_json(version, row.body)
        benefits = load_benefits(session, ladder=ladder, now=now)
        currency = platform_currency(session)
        frame = around(session, "admin.tiers")
    return render_template(
        "admin/tiers/show.html",
        row=row,
        ladder=ladder,
        benefits=benefits,
        members={},
        is_live=loyalty_directory().ladder(now).version == version,
        currency=currency,
        now=now,
        **frame,
    )


@requires_all(Permission.MILEAGE_CONFIGURE)
def create() -> ResponseReturnValue:
    """A new version, which begins as the one in force is."""
    zone = zone_of_reader()
    with reading() as session:
        currency = platform_currency(session)
        versions = list_versions(session, kind="tiers")
    newest = versions[0].version if versions else 0
    if request.method == "GET":
        ladder = loyalty_directory().ladder(clock.now())
        if not ladder.tiers and versions:
            ladder = from_json(newest, versions[0].body)
        return _editor(_filled(ladder, newest, currency, zone))
    form = _read(currency, zone)
    ladder, starts_at = form.ladder(), form.start()
    if form.faults:
        return _editor(form, status=422)
    actor, now = current_actor(), clock.now()
    try:
        made = atomically(
            lambda session: write_version(
                session, actor=actor, rules=ladder, note=form.note, newest=form.newest, starts_at=starts_at, now=now
            )
        )
    except LoyaltyUnfitError as error:
        form.refuse({place: gettext(sentence) for place, sentence in error.faults.items()})
        return _editor(form, status=422)
    except LoyaltyStartError as error:
        form.faults["starts_at"] = say(error)
        return _editor(form, status=422)
    except PortalError as error:
        form.newest = newest
        return _editor(form, problem=error, status=error.status)
    forget_loyalty()
    flash(_("Version %(version)s is saved.", version=made), "success")
    return done(location=url_for("admin.tiers_version", version=made))


def _filled(ladder: Ladder, newest: int, currency: str, zone: ZoneInfo) -> TiersForm:
    rows = [
        {
            "code": tier.code,
            "en": tier.names.get("en", ""),
            "ko": tier.names.get("ko", ""),
            "from_minor": f"{Decimal(tier.from_minor).scaleb(-exponent(currency)):f}",
            "multiplier": f"{tier.multiplier.normalize():f}",
        }
        for tier in ladder.tiers
    ]
    period = ladder.period_days if ladder is not NO_TIERS else 365
    welcomes = [frozenset(tier.welcome) for tier in ladder.tiers]
    return TiersForm(newest, currency, zone, period_days=str(period), rows=rows, welcomes=welcomes)


def _read(currency: str, zone: ZoneInfo) -> TiersForm:
    def text(name: str) -> str:
        return request.form.get(name, "").replace("\0", "").strip()[:FIELD_LENGTH_MAX]

    rows = [{name: text(f"tier{n}-{name}") for name in FIELDS} for n in range(1, TIERS_MAX + 1)]
    welcomes = [frozenset(map(whole, request.form.getlist(f"tier{n}-welcome"))) for n in range(1, TIERS_MAX + 1)]
    note = request.form.get("note", "").replace("\0", "").strip()[:NOTE_LENGTH_MAX]
    return TiersForm(
        whole(text("newest")), currency, zone, text("period_days"), text("starts_at"), note, rows, welcomes
    )


def _editor(form: TiersForm, *, problem: PortalError | None = None, status: int = 200) -> ResponseReturnValue:
    blank = dict.fromkeys(FIELDS, "")
    shown = [*form.rows, *[blank] * min(2, TIERS_MAX - len(form.rows))][:TIERS_MAX]
    with reading() as session:
        campaigns = list_welcomes(session, now=clock.now())
        frame = around(session, "admin.tiers")
    chosen = [*form.welcomes, *[frozenset[int]()] * TIERS_MAX]
    values: dict[str, Any] = {
        "form": form,
        "shown": shown,
        "chosen": chosen,
        "campaigns": campaigns,
        "problem": say(problem) if problem else None,
    }
    page = render_template("admin/tiers/new.html", **values, has_errors=bool(form.faults), **frame)
    return page, status
