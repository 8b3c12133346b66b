"""The rules of mileage: every version, and a new one, tried on past orders before it is saved (BAL-04)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.admin.loyalty_words import names_for, overlap_sentences, terms_sentences
from portal.blueprints.admin.mileage_form import MileageForm, filled_form, read_form
from portal.blueprints.checkout.words import say
from portal.blueprints.desk import zone_of_reader
from portal.blueprints.identity import current_actor
from portal.db import atomically, reading
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.goods_names import find_products
from portal.queries.loyalty import forget_loyalty, list_versions, loyalty_directory
from portal.queries.sections import section_directory
from portal.rules.earning import NO_TERMS, EarnTerms, from_json
from portal.rules.permissions import Permission
from portal.services.loyalty.replay_earning import EarningReplay, replay_earning
from portal.services.loyalty.write_version import LoyaltyStartError, LoyaltyUnfitError, write_version

REPLAYED = timedelta(days=30)


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/mileage", "mileage_rules", index)
    bp.add_url_rule("/mileage/new", "mileage_rules_new", create, methods=["GET", "POST"])
    bp.add_url_rule("/mileage/<int:version>", "mileage_rules_version", show)


@requires_all(Permission.MILEAGE_CONFIGURE)
def index() -> ResponseReturnValue:
    """All versions, and what the one in force says."""
    now = clock.now()
    with reading() as session:
        versions = list_versions(session, kind="mileage")
        live = loyalty_directory(session).terms(now)
        names = names_for(session, live.rules)
        frame = around(session, "admin.mileage_rules")
    return render_template(
        "admin/mileage/index.html",
        versions=versions,
        live=live,
        now=now,
        sentences=terms_sentences(live, names) if live.version else [],
        warnings=overlap_sentences(live.rules),
        **frame,
    )


@requires_all(Permission.MILEAGE_CONFIGURE)
def show(version: int) -> ResponseReturnValue:
    """One version in words, and on request what past orders would have earned by it."""
    now = clock.now()
    with reading() as session:
        row = next(iter(list_versions(session, kind="mileage", version=version)), None)
        if row is None:
            raise NotFoundError
        terms = from_json(row.version, row.body)
        names = names_for(session, terms.rules)
        made = replay_earning(session, terms=terms, since=now - REPLAYED, now=now) if "replay" in request.args else None
        frame = around(session, "admin.mileage_rules")
    return render_template(
        "admin/mileage/show.html",
        row=row,
        now=now,
        is_live=loyalty_directory().terms(now).version == version,
        sentences=terms_sentences(terms, names),
        warnings=overlap_sentences(terms.rules),
        made=made,
        names=names,
        days=REPLAYED.days,
        **frame,
    )


@requires_all(Permission.MILEAGE_CONFIGURE)
def create() -> ResponseReturnValue:
    """A new version, which begins as the one in force, or as the one that is named, is."""
    zone = zone_of_reader()
    if request.method == "GET":
        with reading() as session:
            versions = list_versions(session, kind="mileage")
            wanted = request.args.get("from", type=int) or loyalty_directory(session).terms(clock.now()).version
            row = next((one for one in versions if one.version == wanted), None)
            terms = from_json(row.version, row.body) if row else NO_TERMS
            slugs = names_for(session, terms.rules).slugs
        newest = versions[0].version if versions else 0
        return _editor(filled_form(terms, slugs, newest=newest, zone=zone))
    form = read_form(request.form, zone)
    wanted_act = request.form.get("do", "")
    if wanted_act not in {"save", "preview"}:
        form.act(wanted_act)
        return _editor(form)
    with reading() as session:
        products = find_products(session, slugs=form.slugs())
    terms, starts_at = form.terms(products), form.start()
    if form.faults:
        return _editor(form, status=422)
    if wanted_act == "preview":
        return _editor(form, preview=terms)
    actor, now = current_actor(), clock.now()
    try:
        made = atomically(
            lambda session: write_version(
                session,
                actor=actor,
                rules=terms,
                note=form.note,
                newest=form.newest,
                starts_at=starts_at,
                now=now,
            )
        )
    except LoyaltyUnfitError as error:
        form.refuse({place: gettext(sentence) for place, sentence in error.faults.items()})
        return _editor(form, status=422)
    except LoyaltyStartError as error:
        form.refuse({(0, "starts_at"): say(error)})
        return _editor(form, status=422)
    except PortalError as error:
        with reading() as session:
            versions = list_versions(session, kind="mileage")
        # Whoever has read what was written meanwhile may save on top of that: a version overwrites nothing.
        form.newest = versions[0].version if versions else 0
        return _editor(form, problem=error, status=error.status)
    forget_loyalty()
    flash(_("Version %(version)s is saved.", version=made), "success")
    return done(location=url_for("admin.mileage_rules_version", version=made))


def _editor(
    form: MileageForm, *, preview: EarnTerms | None = None, problem: PortalError | None = None, status: int = 200
) -> ResponseReturnValue:
    made: EarningReplay | None = None
    sentences: list[str] = []
    now = clock.now()
    with reading() as session:
        names = names_for(session, preview.rules if preview else ())
        if preview is not None:
            made = replay_earning(session, terms=preview, since=now - REPLAYED, now=now)
            sentences = terms_sentences(preview, names)
        frame = around(session, "admin.mileage_rules")
    values: dict[str, Any] = {
        "form": form,
        "stores": [(str(key), name) for key, name in names.stores.items()],
        "sections": [(str(one.id), names.sections[one.id], one.parent_id) for one in section_directory()],
        "channels": [(str(key), name) for key, name in names.channels.items()],
        "tiers": list(names.tiers.items()),
        # One that is off stays to be seen where a rule names it: without its tick the rule would be for everybody.
        "segments": list(({key: key for rule in form.rules for key in rule.segments} | dict(names.segments)).items()),
        "sentences": sentences,
        "warnings": overlap_sentences(preview.rules) if preview else [],
        "made": made,
        "names": names,
        "days": REPLAYED.days,
        "problem": say(problem) if problem else None,
        "has_errors": bool(form.faults),
    }
    page = page_or_partial("admin/mileage/new.html", {"editor": "admin/mileage/_editor.html"}, **values, **frame)
    return page, status
