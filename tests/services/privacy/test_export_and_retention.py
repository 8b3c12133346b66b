"""What a person gets of his data, what he allows, and how long records are kept."""

from __future__ import annotations

import csv
import io
import uuid
import zipfile
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import text

from portal.db import atomically, reading, transaction
from portal.jobs import privacy as jobs
from portal.kit import clock
from portal.kit.ids import new_id
from portal.models import DataExport, Mail, Notice
from portal.queries.retention import retention_runs
from portal.rules.privacy import EXPORT_LIVES, EXPORTS_MAX, PURPOSES, Purpose
from portal.rules.retention import KEEPING, DaysUnfitError, RetentionKind
from portal.services.consents import (
    ConsentStaleError,
    ConsentUnknownError,
    allowed,
    choose,
    people_who_allow,
)
from portal.services.privacy.apply_retention import (
    RetentionForbiddenError,
    RetentionReasonMissingError,
    count_old,
    set_retention,
)
from portal.services.privacy.make_export import (
    ExportGoneError,
    TooManyExportsError,
    ask_export,
    make_export,
    take_export,
)
from tests.factories.account import Person, make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import make_order
from tests.factories.refund import rows
from tests.factories.step_up import confirmed, with_session
from tests.services.privacy.test_erasure import close_parts

pytestmark = [pytest.mark.req("IDN-06"), pytest.mark.usefixtures("books")]

VERSION = PURPOSES[Purpose.ANALYTICS].version


def asked(person: Person) -> uuid.UUID:
    return atomically(lambda s: ask_export(s, actor=person.actor, now=clock.now()))


@pytest.fixture
def bea() -> Person:
    return with_session(make_person("bea"))


@pytest.fixture
def ada() -> Person:
    return with_session(make_person("ada", roles=("buyer", "admin")))


def test_the_export_holds_her_rows_and_nobody_elses(bea: Person) -> None:
    mall = make_mall()
    mine = make_order(bea, mall, {make_variant(mall): 2})
    other = make_order(make_person("max"), mall, {make_variant(mall): 1})
    export_id = asked(bea)
    assert asked(bea) == export_id  # A double press makes one.
    jobs.put_together(str(export_id))
    jobs.put_together(str(export_id))

    packed = confirmed(bea.actor, lambda s: take_export(s, export_id=export_id, actor=bea.actor, now=clock.now()))

    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        names = archive.namelist()
        orders = orjson.loads(archive.read("json/orders.json"))
        profile = orjson.loads(archive.read("json/user_account.json"))
        lines = list(csv.DictReader(io.StringIO(archive.read("csv/order_line.csv").decode("utf-8-sig"))))
        everything = b"".join(archive.read(name) for name in names)
    assert [order["number"] for order in orders] == [mine.number]
    assert "010" in orders[0]["address"]
    assert profile[0]["email"] == bea.email
    assert "password_hash" not in profile[0]
    assert [line["quantity"] for line in lines] == ["2"]
    assert other.number.encode() not in everything
    assert rows("SELECT count(*) FROM audit_row WHERE action LIKE 'data-export:%'") == [(3,)]


def test_the_export_is_hers_for_some_days(bea: Person) -> None:
    export_id = asked(bea)
    max_ = with_session(make_person("max"))
    atomically(lambda s: make_export(s, export_id=export_id, now=clock.now()))
    for who, now in ((max_, clock.now()), (bea, clock.now() + EXPORT_LIVES)):
        with pytest.raises(ExportGoneError), transaction() as session:
            take_export(session, export_id=export_id, actor=who.actor, now=now)


def test_exports_are_few_a_day(bea: Person) -> None:
    for _ in range(EXPORTS_MAX):
        jobs.put_together(str(asked(bea)))
    with pytest.raises(TooManyExportsError):
        asked(bea)


def test_marketing_is_allowed_by_who_said_so_for_that_channel(bea: Person) -> None:
    make_mall()
    one, two = (row[0] for row in rows("SELECT id FROM channel ORDER BY id LIMIT 2"))
    offers = Purpose.OFFERS_MAIL

    def say(given: dict[tuple[Purpose, int | None], str]) -> int:
        return atomically(
            lambda s: choose(
                s,
                user_id=bea.id,
                given=given,
                asked=[(offers, one), (offers, two), (Purpose.ANALYTICS, None)],
                source="page",
                actor=bea.actor,
                now=clock.now(),
            )
        )

    with reading() as session:
        assert not allowed(session, user_id=bea.id, purpose=offers, channel_id=one)
    assert say({(offers, one): VERSION, (Purpose.ANALYTICS, None): VERSION}) == 2
    assert say({(offers, one): VERSION, (Purpose.ANALYTICS, None): VERSION}) == 0
    with reading() as session:
        assert allowed(session, user_id=bea.id, purpose=offers, channel_id=one)
        assert not allowed(session, user_id=bea.id, purpose=offers, channel_id=two)
        assert allowed(session, user_id=bea.id, purpose=Purpose.ANALYTICS)
        assert people_who_allow(session, user_ids=[bea.id, new_id()], purpose=offers, channel_id=one) == {bea.id}
        with pytest.raises(ConsentUnknownError):
            allowed(session, user_id=bea.id, purpose=offers)
    assert say({(Purpose.ANALYTICS, None): VERSION}) == 1
    with reading() as session:
        assert not allowed(session, user_id=bea.id, purpose=offers, channel_id=one)
    # The history stays: given, and taken back, with time, text and source.
    assert rows("SELECT is_given, version, source FROM consent_choice WHERE purpose = 'offers_mail' ORDER BY id") == [
        (True, VERSION, "page"),
        (False, VERSION, "page"),
    ]


def test_an_old_text_is_not_agreed_to(bea: Person) -> None:
    analytics = (Purpose.ANALYTICS, None)
    with pytest.raises(ConsentStaleError), transaction() as session:
        choose(
            session,
            user_id=bea.id,
            given={analytics: "2020-01"},
            asked=[analytics],
            source="page",
            actor=bea.actor,
            now=clock.now(),
        )


def test_what_is_too_old_goes_once_and_the_rest_stays(bea: Person) -> None:
    now = clock.now()
    old = now - timedelta(days=KEEPING[RetentionKind.MAILS].days, minutes=1)
    with transaction() as session:
        for n, at in enumerate((old, now)):
            session.add(
                Mail(
                    id=new_id(),
                    dedup_key=f"m{n}",
                    user_id=bea.id,
                    template="x",
                    recipient="a@b.c",
                    subject="s",
                    body="b",
                    created_at=at,
                    due_at=at,
                    sent_at=at,
                )
            )
            session.add(
                Notice(
                    id=new_id(),
                    user_id=bea.id,
                    kind="order_paid",
                    params={},
                    path="/",
                    dedup_key=f"n{n}",
                    created_at=at,
                    read_at=at,
                )
            )
        session.add(DataExport(id=new_id(), user_id=bea.id, state="ready", asked_at=old, made_at=old, content="eA=="))
    with reading() as session:
        planned = {kind: number for kind, number in count_old(session, now=now).items() if number}
    assert planned == {"mails": 1, "notices": 1, "exports": 1}
    assert rows("SELECT count(*) FROM mail") == [(2,)]  # A dry run takes nothing.

    assert {kind: number for kind, number in jobs.apply_retention().items() if number} == planned
    assert rows("SELECT (SELECT count(*) FROM mail), (SELECT count(*) FROM notice)") == [(1, 1)]
    assert not any(jobs.apply_retention().values())
    jobs.keep_no_longer()  # Today it was done.
    with reading() as session:
        assert [(run.is_dry, any(run.counts.values())) for run in retention_runs(session)] == [
            (False, False),
            (False, True),
        ]


def test_contacts_of_old_orders_go_and_open_ones_stay(bea: Person) -> None:
    mall = make_mall()
    done, still_open = (make_order(bea, mall, {make_variant(mall): 1}) for _ in range(2))
    with transaction() as session:
        session.execute(
            text("UPDATE orders SET placed_at = placed_at - interval '6 years', paid_at = paid_at - interval '6 years'")
        )
    close_parts(done)
    with transaction() as session:
        session.execute(text("UPDATE order_part SET closed_at = closed_at - interval '6 years'"))
    jobs.apply_retention()
    assert rows("SELECT contact IS NULL, address IS NULL FROM orders WHERE id = :id", id=done.id) == [(True, True)]
    assert rows("SELECT contact IS NULL FROM orders WHERE id = :id", id=still_open.id) == [(False,)]


def test_days_are_set_with_a_reason_within_the_law(bea: Person, ada: Person) -> None:
    def put(by: Person, kind: RetentionKind, days: int, reason: str = "Asked by our lawyer") -> None:
        atomically(lambda s: set_retention(s, kind=kind, days=days, reason=reason, actor=by.actor, now=clock.now()))

    with pytest.raises(RetentionForbiddenError):
        put(bea, RetentionKind.MAILS, 90)
    with pytest.raises(RetentionReasonMissingError):
        put(ada, RetentionKind.MAILS, 90, " ")
    with pytest.raises(DaysUnfitError):
        put(ada, RetentionKind.ORDER_CONTACTS, 365)
    put(ada, RetentionKind.MAILS, 90)
    put(ada, RetentionKind.MAILS, 60)
    assert rows("SELECT kind, days FROM retention_rule") == [("mails", 60)]
    assert rows("SELECT count(*) FROM audit_row WHERE action = 'retention:changed'") == [(2,)]


def test_every_condition_of_retention_is_sound() -> None:
    """Each kind's statements run, on an empty database too."""
    assert not any(jobs.apply_retention().values())
    with reading() as session:
        assert set(count_old(session, now=clock.now())) == set(RetentionKind)
