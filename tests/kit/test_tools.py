"""The small tools: clock, ids, errors and pages."""

import threading
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from portal.kit import clock
from portal.kit.errors import PortalError, RejectedError, Rejection
from portal.kit.ids import ALPHABET, new_code, new_id, new_number, new_token, normalise_code
from portal.kit.paging import Cursor, CursorInvalidError, decode_cursor, encode_cursor, fingerprint, page_of

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
QUERY = fingerprint("orders", "newest", {"store": 7})


def test_a_frozen_clock_stands_still_for_every_thread() -> None:
    seen: list[datetime] = []
    with clock.frozen(AT) as held:
        reader = threading.Thread(target=lambda: seen.append(clock.now()))
        reader.start()
        reader.join()
        assert seen == [AT]
        assert held.tick(timedelta(hours=1)) == clock.now() == AT + timedelta(hours=1)
        with clock.frozen(AT):
            assert clock.now() == AT
        assert clock.now() == AT + timedelta(hours=1)
    assert clock.now() > AT + timedelta(hours=1)


def test_the_clock_is_aware_and_in_utc() -> None:
    assert clock.now().tzinfo is UTC
    with clock.frozen(datetime(2026, 3, 2, 18, 0, tzinfo=timezone(timedelta(hours=9)))):
        assert clock.now() == AT
        assert clock.now().tzinfo is UTC
    with pytest.raises(ValueError), clock.frozen(datetime(2026, 3, 2)):  # noqa: DTZ001 - the naive one is the point
        pass


def test_ids_rise_and_never_repeat() -> None:
    made: list[list[UUID]] = [[] for _ in range(4)]

    def make(into: list[UUID]) -> None:
        into.extend(new_id() for _ in range(3_000))

    threads = [threading.Thread(target=make, args=(into,)) for into in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(mine == sorted(mine) for mine in made)
    every = {one for mine in made for one in mine}
    assert len(every) == 12_000
    assert {(one.version, one.variant) for one in every} == {(7, "specified in RFC 4122")}


def test_numbers_and_codes_have_no_look_alikes() -> None:
    number = new_number("KR")
    prefix, _, rest = number.partition("-")
    assert (prefix, len(rest)) == ("KR", 10)
    assert not set("0O1ILU") & set(ALPHABET)
    codes = {new_code(12) for _ in range(500)}
    assert len(codes) == 500
    assert all(set(code) <= set(ALPHABET) and normalise_code(code) == code for code in codes)
    assert len(new_token()) >= 43


@pytest.mark.parametrize(
    "typed", ["spring-2026", " SPRING 2026 ", "ｓｐｒｉｎｇ２０２６", "Spring–2026", "spring\u3000\u200b20-26"]
)
def test_a_code_is_the_same_however_it_is_typed(typed: str) -> None:
    assert normalise_code(typed) == "SPRING2026"


def test_an_error_speaks_english_and_keeps_its_parts() -> None:
    class StockShortError(PortalError):
        code = "stock_short"
        status = 409
        sentence = "Only %(left)s are left."

    error = StockShortError(left=3)
    assert (str(error), error.code, error.status, error.params) == ("Only 3 are left.", "stock_short", 409, {"left": 3})
    assert str(PortalError()) == "This cannot be done."


def test_a_raised_rejection_speaks_for_itself() -> None:
    error = RejectedError(Rejection("COUPON_EXPIRED", "It expired on %(day)s.", {"day": "Monday"}, ("c2",)))
    assert (error.code, str(error), str(error.rejection)) == ("COUPON_EXPIRED",) + ("It expired on Monday.",) * 2
    assert RejectedError.code == "rejected"


def test_a_cursor_comes_back_as_it_was() -> None:
    cursor = Cursor((AT, new_id(), 7, "x", None), backwards=True)
    text = encode_cursor(cursor, query=QUERY)
    assert decode_cursor(text, query=QUERY, kinds=(datetime, UUID, int, str, int)) == cursor
    assert decode_cursor(None, query=QUERY) is decode_cursor("", query=QUERY) is None


@pytest.mark.parametrize(
    "text",
    ["x", "!!!!", "e30", "W10", "bnVsbA", "WzFd", "a" * 2_000, "ÄÖ", "W1tbW1tbW1tb"]
    + [encode_cursor(Cursor((AT, 7)), query=fingerprint("orders", "oldest"))]
    + [encode_cursor(Cursor(values), query=QUERY) for values in [(7,), (7, AT), (AT, 7, 7), (AT, 2**63), (AT, "7")]],
)
def test_a_cursor_that_this_query_did_not_give_is_refused(text: str) -> None:
    with pytest.raises(CursorInvalidError) as caught:
        decode_cursor(text, query=QUERY, kinds=(datetime, int))
    assert caught.value.code == "cursor_invalid"


def test_pages_lead_forth_and_back_again() -> None:
    rows = list(range(1, 8))

    def page(text: str | None):  # type: ignore[no-untyped-def]  # Rows are plain numbers here.
        cursor = decode_cursor(text, query=QUERY, kinds=(int,))
        if cursor is None:
            found = rows
        elif cursor.backwards:
            found = [one for one in reversed(rows) if one < cursor.values[0]]  # type: ignore[operator]  # The cursor holds whole numbers.
        else:
            found = [one for one in rows if one > cursor.values[0]]  # type: ignore[operator]  # The cursor holds whole numbers.
        return page_of(found[:4], limit=3, cursor=cursor, key=lambda one: (one,), query=QUERY)

    first = page(None)
    second = page(first.next_cursor)
    third = page(second.next_cursor)
    assert [first.rows, second.rows, third.rows] == [(1, 2, 3), (4, 5, 6), (7,)]
    assert first.previous_cursor is None
    assert third.next_cursor is None
    assert page(third.previous_cursor).rows == second.rows
    assert page(second.previous_cursor).rows == first.rows
    assert page(second.previous_cursor).previous_cursor is None
