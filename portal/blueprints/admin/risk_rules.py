"""Rules of risk: what each does, a version written and read back, tried on the past, put in force (FRD-02, A11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.admin.rules_replay import DaysForm
from portal.blueprints.checkout.words import say
from portal.blueprints.desk import zone_of_reader
from portal.blueprints.identity import current_actor
from portal.blueprints.risk_words import MODES, Seen, fault_of, seen_of, sentence, title_of
from portal.db import atomically, reading
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.risk_decisions import PAST_MAX, load_examples, load_past
from portal.queries.risk_rules import (
    Standing,
    VersionRow,
    event_currencies,
    list_releases,
    list_snoozes,
    list_versions,
    load_figures,
    load_standings,
    load_version,
)
from portal.rules.fraud import Mode, Rule
from portal.rules.fraud_evaluation import ask
from portal.rules.fraud_features import FEATURES, from_json
from portal.rules.fraud_language import ExpressionError, names_in, parse
from portal.rules.fraud_replay import amounts, replay
from portal.rules.permissions import Permission
from portal.services.fraud.release_rule import RiskRuleReasonUnfitError, release_rule
from portal.services.fraud.save_rule import NOTE_LENGTH_MAX, TITLE_LENGTH_MAX, RiskRuleUnfitError, RuleDraft, save_rule

FIGURES_OVER = timedelta(days=30)
REPLAY_DAYS = 30
SOURCE_LENGTH_MAX = 2000


def hang(bp: Blueprint) -> None:
    rule = "/risk/rules/<name>"
    bp.add_url_rule("/risk/rules", "risk_rules", index)
    bp.add_url_rule("/risk/rules/new", "risk_rule_new", create, methods=["GET", "POST"])
    bp.add_url_rule(rule, "risk_rule", show)
    bp.add_url_rule(f"{rule}/<int:version>", "risk_rule_version", show_version)
    bp.add_url_rule(f"{rule}/<int:version>/release", "risk_rule_release", release, methods=["POST"])


@dataclass(slots=True)
class RuleForm:
    """A version as it is being written; `faults` by the id of the field."""

    name: str = ""
    title: str = ""
    source: str = ""
    mode: str = Mode.MONITOR.value
    points: str = "0"
    note: str = ""
    newest: int = 0
    faults: dict[str, str] = field(default_factory=dict)

    def draft(self) -> RuleDraft:
        points = int(self.points) if self.points.isascii() and self.points.isdigit() and len(self.points) < 4 else -1
        return RuleDraft(self.name, self.title, self.source, self.mode, points, self.note)


@dataclass(frozen=True, slots=True)
class Example:
    """A past event: what the condition asks about, and what it would have said; None where it could not be asked."""

    seen: Sequence[Seen]
    holds: bool | None


@requires_all(Permission.FRAUD_VIEW)
def index() -> ResponseReturnValue:
    """Every rule with what is in force, how often it fired lately, and how often it was right."""
    with reading() as session:
        versions = list_versions(session)
        standings = load_standings(session)
        figures = load_figures(session, since=clock.now() - FIGURES_OVER)
        frame = around(session, "admin.risk_rules")
    rows = []
    for name, standing in sorted(standings.items()):
        shown = next(one for one in versions if one.name == name and one.version == (standing.live or standing.newest))
        rows.append((shown, _title(versions, name), standing, figures.get(name)))
    return render_template(
        "admin/risk/rules/index.html",
        rows=rows,
        sentence=sentence,
        days=FIGURES_OVER.days,
        **frame,
    )


@requires_all(Permission.FRAUD_VIEW)
def show(name: str) -> ResponseReturnValue:
    """One rule: what it says, all its versions, and when which was in force."""
    return rule_page(name)


def rule_page(
    name: str, error: PortalError | None = None, typed: Mapping[str, str] | None = None
) -> ResponseReturnValue:
    """The page of a rule; with an error, that of making it quiet for somebody."""
    now = clock.now()
    with reading() as session:
        versions = list_versions(session, name=name)
        if not versions:
            raise NotFoundError
        standing = load_standings(session)[name]
        releases = list_releases(session, name=name)
        snoozes = list_snoozes(session, name=name, now=now)
        figures = load_figures(session, since=now - FIGURES_OVER).get(name)
        frame = around(session, "admin.risk_rules")
    page = render_template(
        "admin/risk/rules/show.html",
        name=name,
        title=_title(versions, name),
        versions=versions,
        live=next((one for one in versions if one.version == standing.live), None),
        standing=standing,
        releases=releases,
        snoozes=snoozes,
        figures=figures,
        days=FIGURES_OVER.days,
        sentence=sentence,
        typed=typed or {},
        problem=say(error) if error else None,
        **frame,
    )
    return page, error.status if error else 200


@requires_all(Permission.FRAUD_VIEW)
def show_version(name: str, version: int) -> ResponseReturnValue:
    """One version beside the one in force, and what it would have done with the past."""
    return _version_page(name, version)


@requires_all(Permission.FRAUD_CONFIGURE)
def create() -> ResponseReturnValue:
    """A new rule, or a new version of the one that is named; `do` previews or saves."""
    if request.method == "GET":
        return _editor(_begun(request.args.get("rule", ""), request.args.get("from", type=int)))
    form = _read()
    if request.form.get("do") != "save":
        return _editor(form)
    actor, now = current_actor(), clock.now()
    try:
        version = atomically(
            lambda session: save_rule(session, actor=actor, draft=form.draft(), newest=form.newest, now=now)
        )
    except RiskRuleUnfitError as error:
        form.faults = {name: gettext(fault) for name, fault in error.faults.items()}
        if error.error is not None:
            form.faults["source"] = fault_of(error.error)
        return _editor(form, status=422)
    except PortalError as error:
        # Whoever has read who was quicker may save on top of that: a version overwrites nothing.
        with reading() as session:
            form.newest = load_standings(session).get(form.name, Standing()).newest
        return _editor(form, problem=error, status=error.status)
    flash(_("Version %(version)s is saved. It decides nothing until it is put in force.", version=version))
    return done(location=url_for("admin.risk_rule_version", name=form.name, version=version))


@requires_all(Permission.FRAUD_CONFIGURE)
def release(name: str, version: int) -> ResponseReturnValue:
    """Put it in force or in shadow, or take it out again."""
    actor, now = current_actor(), clock.now()
    reason = request.form.get("reason", "").replace("\0", "")
    wanted = request.form.get("do", "")
    if wanted == "live" and "warned" not in request.form and _is_too_many(name, version):
        return _version_page(name, version, reason=reason, tried=True)
    try:
        atomically(
            lambda session: release_rule(
                session,
                actor=actor,
                name=name,
                version=0 if wanted.endswith("off") else version,
                shadow=wanted.startswith("shadow"),
                replaces=request.form.get(
                    "replaces_shadow" if wanted.startswith("shadow") else "replaces", 0, type=int
                ),
                reason=reason,
                now=now,
            )
        )
    except PortalError as error:
        return _version_page(name, version, error, reason)
    flash(_("Done. Decisions go by it from now on."), "success")
    return done(location=url_for("admin.risk_rule", name=name))


def _days() -> DaysForm:
    """The days that were asked for, or the latest ones."""
    today = clock.now().astimezone(zone_of_reader()).date()
    return DaysForm(
        request.args.get("from", (today - timedelta(days=REPLAY_DAYS - 1)).isoformat()),
        request.args.get("to", today.isoformat()),
    )


def _is_too_many(name: str, version: int) -> bool:
    """Whether a version would fire on so much of the latest days that whoever puts it in force has to know."""
    days = _days().range()
    with reading() as session:
        row = load_version(session, name=name, version=version)
        if row is None or days is None:
            return False
        past = load_past(session, since=days[0], until=days[1])
    return replay(Rule(name, row.source, version), past.decisions).is_too_many


def _version_page(
    name: str, version: int, error: PortalError | None = None, reason: str = "", *, tried: bool = False
) -> ResponseReturnValue:
    form = _days()
    days = form.range()
    made = past = None
    with reading() as session:
        row = load_version(session, name=name, version=version)
        if row is None:
            raise NotFoundError
        standing = load_standings(session)[name]
        live = load_version(session, name=name, version=standing.live) if standing.live else None
        title = _title(list_versions(session, name=name), name)
        if days is not None and (tried or "from" in request.args):
            past = load_past(session, since=days[0], until=days[1])
            made = replay(Rule(name, row.source, version), past.decisions)
        frame = around(session, "admin.risk_rules")
    is_reason = isinstance(error, RiskRuleReasonUnfitError)
    page = render_template(
        "admin/risk/rules/version.html",
        row=row,
        live=live,
        standing=standing,
        title=title,
        changes=_changes(live, row) if live is not None and live.version != row.version else [],
        form=form,
        past=past,
        made=made,
        amounts=amounts,
        past_max=PAST_MAX,
        sentence=sentence,
        title_of=title_of,
        reason=reason,
        is_refused=tried,
        fault=say(error) if error and is_reason else None,
        problem=say(error) if error and not is_reason else None,
        has_errors=error is not None or bool(form.faults),
        **frame,
    )
    return page, error.status if error else 422 if form.faults or tried else 200


def _changes(live: VersionRow, row: VersionRow) -> list[tuple[str, str, str]]:
    """What differs from the version in force, each with before and after, as people read it."""
    asked = [
        (_("Condition"), sentence(live.source), sentence(row.source)),
        (_("As it is written"), live.source, row.source),
        (_("What it does"), gettext(MODES[live.mode]), gettext(MODES[row.mode])),
        (_("Points"), str(live.points), str(row.points)),
    ]
    return [one for one in asked if one[1] != one[2]]


def _begun(name: str, version: int | None) -> RuleForm:
    """A new rule, or the next version of one, which begins as the version in force or another one is."""
    with reading() as session:
        standing = load_standings(session).get(name)
        if standing is None:
            return RuleForm()
        row = load_version(session, name=name, version=version or standing.live or standing.newest)
    if row is None:
        raise NotFoundError
    return RuleForm(
        name=name,
        title=row.title or title_of(name),
        source=row.source,
        mode=row.mode,
        points=str(row.points),
        newest=standing.newest,
    )


def _read() -> RuleForm:
    def text(name: str, length: int) -> str:
        return request.form.get(name, "").replace("\0", "").strip()[:length]

    return RuleForm(
        name=text("name", 40),
        title=text("title", TITLE_LENGTH_MAX),
        # One more than may be, so that what is too long is refused and not cut.
        source=text("source", SOURCE_LENGTH_MAX + 1),
        mode=text("mode", 20),
        points=text("points", 4),
        note=text("note", NOTE_LENGTH_MAX),
        newest=request.form.get("newest", 0, type=int),
    )


def _editor(form: RuleForm, *, problem: PortalError | None = None, status: int = 200) -> ResponseReturnValue:
    said, examples = "", []
    with reading() as session:
        frame = around(session, "admin.risk_rules")
        if form.source and "source" not in form.faults:
            try:
                node = parse(form.source, sold_in=event_currencies(session))
            except ExpressionError as error:
                form.faults["source"] = fault_of(error)
            else:
                said = sentence(form.source)
                for features, currency in load_examples(session):
                    names = sorted(names_in(node))
                    seen = seen_of({name: features.get(name) for name in names}, features, currency)
                    examples.append(Example(seen, ask(node, from_json(features), currency).holds))
    page = page_or_partial(
        "admin/risk/rules/new.html",
        {"editor": "admin/risk/rules/_editor.html"},
        form=form,
        said=said,
        examples=examples,
        modes=[(mode.value, gettext(MODES[mode.value])) for mode in Mode],
        features=[(name, one.kind.value, gettext(one.words)) for name, one in FEATURES.items()],
        problem=say(problem) if problem else None,
        has_errors=bool(form.faults),
        **frame,
    )
    return page, status


def _title(versions: Sequence[VersionRow], name: str) -> str:
    """What a rule is called: as its newest version says."""
    return title_of(name, next((one.title for one in versions if one.name == name and one.title), ""))
