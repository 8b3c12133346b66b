"""Codes, lists of people, claims, the life of a coupon, and the settings of abuse rules: all without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kit.ids import ALPHABET, new_codes, normalise_code
from portal.rules.coupons.abuse import (
    DEFAULTS,
    AbuseRule,
    AbuseSettingUnfitError,
    Act,
    AppealEmptyError,
    read_appeal,
    read_setting,
)
from portal.rules.coupons.claiming import Offer, why_not
from portal.rules.coupons.codes import (
    BATCH_MAX,
    BatchUnfitError,
    CodeSpaceTooSmallError,
    CodeUnfitError,
    plan_batch,
    shared_code,
    shortest_length,
)
from portal.rules.coupons.life import (
    CouponReasonMissingError,
    CouponState,
    may_become,
    reason_of,
    state_of,
)
from portal.rules.coupons.people_list import (
    Listed,
    PeopleListColumnsError,
    PeopleListEmptyError,
    PeopleListEncodingError,
    PeopleListTooLongError,
    read_people,
)

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.req("CPN-02")
@given(st.integers(1, 500), st.integers(8, 20))
def test_codes_are_different_readable_and_in_normal_form(count: int, length: int) -> None:
    codes = new_codes(count, length)
    assert len(set(codes)) == count
    assert all(len(code) == length and set(code) <= set(ALPHABET) and normalise_code(code) == code for code in codes)
    assert not set(ALPHABET) & set("01OILU")


@pytest.mark.req("CPN-02")
def test_each_character_is_drawn_as_often_as_another() -> None:
    drawn = "".join(new_codes(20_000, 12))
    expected = len(drawn) / len(ALPHABET)
    # 240,000 draws: seven standard deviations of a fair draw are below a tenth of what is expected.
    assert all(abs(drawn.count(character) - expected) < expected / 10 for character in ALPHABET)


@pytest.mark.req("CPN-02")
def test_a_batch_whose_codes_could_be_guessed_is_refused() -> None:
    needed = shortest_length(100_000)
    assert plan_batch(size=100_000, prefix=" vip-", length=needed, per_code_cap=1, label=" Spring  ").prefix == "VIP"
    with pytest.raises(CodeSpaceTooSmallError) as caught:
        plan_batch(size=100_000, prefix="VIP", length=needed - 1, per_code_cap=1, label="")
    assert caught.value.params["needed"] == needed
    assert len(ALPHABET) ** needed >= 100_000 * 1_000_000 > len(ALPHABET) ** (needed - 1)


@pytest.mark.req("CPN-02")
@pytest.mark.parametrize(
    ("size", "prefix", "length", "cap"),
    [
        (0, "", 12, 1),
        (-1, "", 12, 1),
        (BATCH_MAX + 1, "", 12, 1),
        (10, "", 0, 1),
        (10, "", 25, 1),
        (10, "", 12, 0),
        (10, "가나다", 12, 1),
        (10, "A" * 13, 12, 1),
        (10, "=CMD()", 12, 1),
    ],
)
def test_a_batch_out_of_bounds_is_refused(size: int, prefix: str, length: int, cap: int) -> None:
    with pytest.raises(BatchUnfitError):
        plan_batch(size=size, prefix=prefix, length=length, per_code_cap=cap, label="")


@pytest.mark.req("CPN-02")
def test_a_shared_code_is_kept_as_it_is_typed_later() -> None:
    assert shared_code(" wel-come 10 ") == "WELCOME10"
    for typed in ("", "ABC", "A" * 33, "WELCOME!", "환영합니다"):
        with pytest.raises(CodeUnfitError):
            shared_code(typed)


@pytest.mark.req("CPN-10")
def test_lists_come_with_and_without_a_head_and_in_what_spreadsheets_write() -> None:
    plain = read_people(b"bea@example.com\n\n max@example.com \nBEA@example.com\n")
    assert plain == (
        Listed(1, "bea@example.com"),
        Listed(3, "max@example.com"),
        Listed(4, "BEA@example.com", is_double=True),
    )
    marked = read_people("\ufeffname,email\n베아,bea@example.com\n".encode())
    assert marked == (Listed(2, "bea@example.com"),)
    assert read_people("이름;이메일\n베아;bea@example.com\n".encode("cp949"))[0].who == "bea@example.com"
    formula = read_people(b'email\n"=HYPERLINK(""x"")"\n')
    assert formula == (Listed(2, '=HYPERLINK("x")'),)


@pytest.mark.req("CPN-10")
@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", PeopleListEmptyError),
        (b" \n\r\n ", PeopleListEmptyError),
        (b"email\n", PeopleListEmptyError),
        (b"name,phone\nBea,010\n", PeopleListColumnsError),
        ("email\nbea@example.com\n".encode("utf-16"), PeopleListEncodingError),
        (b"email\nb\0ea@example.com\n", PeopleListEncodingError),
        (b"\xff\xff\xff", PeopleListEncodingError),
        (b"a@example.com\n" * 50_001, PeopleListTooLongError),
        (b"x" * 5_000_001, PeopleListTooLongError),
        (b"x" * 200_000, PeopleListEncodingError),
    ],
)
def test_a_list_that_cannot_be_read_is_refused_whole(content: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        read_people(content)


@pytest.mark.req("CPN-10")
@given(st.binary(max_size=300))
def test_any_bytes_are_a_list_or_are_refused(content: bytes) -> None:
    try:
        listed = read_people(content)
    except (PeopleListEmptyError, PeopleListColumnsError, PeopleListEncodingError):
        return
    positions = [one.position for one in listed]
    assert positions == sorted(set(positions))


@pytest.mark.req("CPN-02")
def test_a_coupon_is_claimed_while_it_is_offered() -> None:
    def because(**changes: object) -> str | None:
        facts = {"state": "running", "valid_from": NOW, "valid_until": NOW + DAY} | changes
        refused = why_not(Offer(**facts), now=NOW)  # type: ignore[arg-type]  # As the test says.
        return refused.code if refused else None

    assert because() is None
    assert because(state="scheduled") is None
    assert because(left=1) is None
    assert because(left=0) == "COUPON_USED_UP"
    assert because(left=0, held="held") is None
    assert because(valid_from=NOW + DAY, valid_until=NOW + 2 * DAY) == "COUPON_NOT_STARTED"
    assert because(valid_until=NOW) == "COUPON_EXPIRED"
    assert because(state="ended") == "COUPON_EXPIRED"
    assert because(state="paused") == "COUPON_PAUSED"
    assert because(state="draft") == "COUPON_PAUSED"
    assert because(state="revoked") == "COUPON_REVOKED"
    assert because(held="revoked") == "COUPON_REVOKED"


@pytest.mark.req("CPN-11", "CPN-16")
def test_a_coupon_stands_as_its_time_and_its_parts_say() -> None:
    def state(now: datetime = NOW, **changes: object) -> CouponState:
        facts: dict[str, object] = {
            "grant": "held",
            "code": None,
            "campaign": "running",
            "valid_from": NOW - DAY,
            "valid_until": NOW + DAY,
            "grace_hours": 24,
            "uses_left": None,
        }
        return state_of(**(facts | changes), now=now)  # type: ignore[arg-type]  # As the test says.

    assert state() is CouponState.USABLE
    assert state(NOW - DAY - timedelta(seconds=1)) is CouponState.COMING
    assert state(NOW + DAY) is CouponState.GRACE
    assert state(NOW + 2 * DAY - timedelta(microseconds=1)) is CouponState.GRACE
    assert state(NOW + 2 * DAY) is CouponState.EXPIRED
    assert state(uses_left=0) is CouponState.USED
    assert state(uses_left=1) is CouponState.USABLE
    assert state(code="suspended") is CouponState.SUSPENDED
    assert state(campaign="paused") is CouponState.PAUSED
    for part in ("grant", "code", "campaign"):
        assert state(NOW, **{part: "revoked"}) is CouponState.REVOKED


@pytest.mark.req("CPN-10")
def test_taking_back_can_be_undone_and_running_out_cannot() -> None:
    for back in ("held", "active"):
        assert may_become(back, "revoked")
        assert may_become("revoked", back)
    assert not may_become("expired", "held")
    assert not may_become("held", "held")
    assert reason_of("  a \n b\0 ") == "a b"
    with pytest.raises(CouponReasonMissingError):
        reason_of(" \0 ")


@pytest.mark.req("CPN-14")
def test_settings_of_rules_have_bounds() -> None:
    assert set(DEFAULTS) == set(AbuseRule)
    set_anew = read_setting("leaked", threshold=" 7 ", window_minutes="60", act="flag")
    assert (set_anew.threshold, set_anew.window, set_anew.act) == (7, timedelta(hours=1), Act.FLAG)
    for threshold, window in [("1", "60"), ("", "60"), ("7", "0"), ("7", "129601"), ("-7", "60"), ("7.5", "60")]:
        with pytest.raises(AbuseSettingUnfitError):
            read_setting("leaked", threshold=threshold, window_minutes=window, act="flag")
    for rule, act in [("none", "flag"), ("leaked", "none")]:
        with pytest.raises(ValueError, match="none"):
            read_setting(rule, threshold="7", window_minutes="60", act=act)
    with pytest.raises(AppealEmptyError):
        read_appeal(" \0\n")
