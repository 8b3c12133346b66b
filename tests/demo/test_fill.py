from __future__ import annotations

from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.crypto import email_index
from portal.db import database, transaction
from portal.demo.fill import count_goods, fill, is_filled
from portal.demo.people import PASSWORD
from portal.demo.pictures import is_key
from portal.models import Order, User
from portal.process import start
from portal.queries.channels import forget_channels
from portal.queries.invariants import find_violations
from portal.queries.sections import forget_sections
from portal.services.accounts.passwords import password_matches
from tests.conftest import seal_whole_trail
from tests.services.catalogue.mall import NOW


@pytest.fixture
def filled(session: Session, settings: Settings) -> Session:
    forget_channels()
    forget_sections()
    fill(session, settings=settings, now=NOW)
    return session


def numbers(session: Session, query: str) -> list[int]:
    return list(session.execute(text(query)).one())


def test_the_mall_looks_like_one_in_every_product(filled: Session) -> None:
    # One test, because filling the mall takes longer than looking at it.
    _looks_like_a_mall(filled)
    _is_said_in_both_languages_with_a_picture(filled)
    _has_prices_in_its_channels_currencies(filled)


def _looks_like_a_mall(filled: Session) -> None:
    stores, products, sections, few, gone, one_channel = numbers(
        filled,
        """
        SELECT (SELECT count(*) FROM store), (SELECT count(*) FROM product),
               (SELECT count(DISTINCT section_id) FROM product),
               (SELECT count(*) FROM stock WHERE on_hand BETWEEN 1 AND 4),
               (SELECT count(*) FROM product p WHERE NOT EXISTS (
                    SELECT FROM variant v JOIN stock s ON s.variant_id = v.id
                     WHERE v.product_id = p.id AND s.on_hand > 0)),
               (SELECT count(*) FROM product p WHERE (SELECT count(*) FROM listing l WHERE l.product_id = p.id) = 1)
        """,
    )
    assert stores >= 14
    assert products == count_goods() >= 320
    assert sections >= 10
    assert min(few, gone, one_channel) > 0


def _is_said_in_both_languages_with_a_picture(filled: Session) -> None:
    untold = filled.scalar(
        text("SELECT count(*) FROM product WHERE NOT (name ?& ARRAY['en', 'ko'] AND description ?& ARRAY['en', 'ko'])")
    )
    assert untold == 0
    pictures = filled.scalars(text("SELECT picture FROM product UNION SELECT picture FROM variant")).all()
    assert all(is_key(picture) for picture in pictures)


def _has_prices_in_its_channels_currencies(filled: Session) -> None:
    wrong = "SELECT count(*) FROM price p JOIN channel c ON c.id = p.channel_id WHERE p.currency <> c.currency"
    assert filled.scalar(text(wrong)) == 0


def test_the_people_can_sign_in_and_bea_has_money(filled: Session) -> None:
    for name in ("bea", "max", "sam", "sue", "ada"):
        user = filled.query(User).filter_by(email_index=email_index(f"{name}@example.com")).one()
        assert password_matches(user.password_hash, PASSWORD)
    balances = "SELECT sum(balance_minor) FROM ledger_account WHERE owner LIKE 'user:%' AND kind = :kind"
    assert filled.scalar(text(balances), {"kind": "deposit"}) > 0
    points = filled.scalar(text(balances), {"kind": "mileage"})
    assert points == filled.scalar(text("SELECT sum(remaining) FROM mileage_lot"))


@pytest.fixture
def own_process(settings: Settings) -> Iterator[None]:
    """A command binds the process to its own connections; afterwards this one gets the tests' back."""
    yield
    start(settings, name="tests", connections=20)


@pytest.mark.usefixtures("db", "own_process")
def test_the_command_fills_once_and_then_leaves_everything(settings: Settings) -> None:
    from portal.cli.seed import seed

    environment = {
        "PORTAL_ENV": "test",
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        # A gateway that gives account numbers; no worker asks it here.
        "PORTONE_API_SECRET": "secret",
        "PORTONE_WEBHOOK_SECRETS": "whsec_c2VjcmV0",
        "PORTONE_STORE_ID": "store",
        "PORTONE_CHANNEL_KEY": "channel-key",
        "PORTONE_WINDOW_URL": "http://127.0.0.1:9",
        "PORTONE_API_BASE": "http://127.0.0.1:9",
    }
    first = CliRunner().invoke(seed, ["--demo"], env=environment)
    assert first.exit_code == 0, first.output
    with transaction() as session:
        assert is_filled(session)
        arrived, under_way, confirmed, reviews, tickets = numbers(
            session,
            """
            SELECT count(*) FILTER (WHERE status = 'delivered'), count(*) FILTER (WHERE status = 'shipped'),
                   count(*) FILTER (WHERE status = 'accepted'), (SELECT count(*) FROM remark),
                   (SELECT count(*) FROM ticket) FROM order_part
            """,
        )
        assert (arrived, under_way, confirmed, reviews, tickets) == (8, 6, 4, 3, 1)
        # No desk is empty to who looks around.
        samples = ("invoice", "segment_version", "automation", "offer", "figure_bound", "webhook_endpoint", "gift_card")
        assert numbers(session, f"SELECT {', '.join(f'(SELECT count(*) FROM {one})' for one in samples)}") == [1] * 7  # noqa: S608  # Ours.
        purposes = session.scalars(text("SELECT purpose FROM payment WHERE status = 'pending' ORDER BY purpose")).all()
        assert purposes == ["gift_card", "top_up"]
        # The status of channels says nothing of times in which nobody was there.
        late = "SELECT count(*) FROM outbox_event WHERE handled_at - created_at > interval '2 seconds'"
        assert session.scalar(text(late)) == 0
        of_bea = select(Order.id).join(User, User.id == Order.buyer_id)
        assert session.scalars(of_bea.where(User.email_index == email_index("bea@example.com"))).all()
    seal_whole_trail()
    with database.snapshot() as session:
        assert not {one.invariant.name: one.rows for one in find_violations(session) if one.rows}
    with transaction() as session:
        session.execute(text("DELETE FROM coupon_code WHERE code = 'SUMMER25'"))
    second = CliRunner().invoke(seed, ["--demo"], env=environment)
    assert second.exit_code == 0
    assert "filled already" in second.output
    with transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM coupon_code WHERE code = 'SUMMER25'")) == 0


@pytest.mark.usefixtures("db", "own_process")
def test_without_a_demo_mall_there_are_no_further_orders(settings: Settings) -> None:
    from portal.cli.seed import seed

    environment = {"PORTAL_ENV": "test", "DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
    for arguments, sentence in (
        (["--orders", "10"], "no demo mall"),
        (["--orders", "0"], "--orders"),
        ([], "Say what"),
    ):
        result = CliRunner().invoke(seed, arguments, env=environment)
        assert result.exit_code != 0
        assert sentence in result.output


@pytest.mark.usefixtures("own_process")
@pytest.mark.parametrize("wish", [["--demo"], ["--orders", "10"]])
def test_production_gets_no_demo_data(settings: Settings, wish: list[str]) -> None:
    from portal.cli.seed import seed
    from portal.config import ConfigurationError

    environment = {
        "PORTAL_ENV": "production",
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": "q8Zr1xV0bN3mK7tY5wL2dF9hJ4sG6pAc",
        "PORTAL_ENCRYPTION_KEYS": "k1:" + "8BP8OkGslIPRjNlsPAgUAwsY1gyFLaR0T1fp7dBfzC0=",
    }
    result = CliRunner().invoke(seed, wish, env=environment)
    assert isinstance(result.exception, ConfigurationError)
    assert "production" in str(result.exception)
