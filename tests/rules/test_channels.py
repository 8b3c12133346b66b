"""The life of a channel, by its rules alone (CHN-01, CHN-02)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.channels import (
    LOCALES,
    MOVES,
    ChannelTerms,
    Requirement,
    Standing,
    State,
    problems_of,
    read_extensions,
    why_not,
    write_extensions,
)

GOOD = ChannelTerms(
    code="jp",
    names={"en": "Portal Japan", "ko": "포털 재팬"},
    country="JP",
    currency="JPY",
    time_zone="Asia/Tokyo",
    locales=("en", "ko"),
    default_locale="en",
    colour="#1d4ed8",
    issuers={"en": "Portal Japan K.K.", "ko": "포털 재팬"},
    support_email="help@jp.example.com",
    kind="web",
    manager="mei@example.com",
    legal={"en": "Portal Japan K.K., Tokyo.", "ko": "포털 재팬, 도쿄."},
    extensions={},
    hosts=("jp.example.com",),
)
READY = Standing(State.READINESS, "user:1", (), LOCALES, 0, 0, is_wound_up=True)


def faults(**other: object) -> set[str]:
    terms = replace(GOOD, **other)  # type: ignore[arg-type]  # Fields of the dataclass.
    return set(problems_of(terms, codes={"kr"}, hosts={"kr.example.com"}))


@pytest.mark.req("CHN-01")
@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("code", "", "code"), ("code", "kr", "code"), ("code", "admin", "code"), ("code", "J P", "code"),
        ("names", {"en": "Japan"}, "name_ko"), ("names", {"en": "", "ko": "재팬"}, "name_en"),
        ("names", {"en": "x" * 61, "ko": "재팬"}, "name_en"),
        ("country", "ZZZ", "country"), ("country", "", "country"),
        ("currency", "XXQ", "currency"), ("currency", "PTS", "currency"),
        ("currency", "XXX", "currency"), ("currency", "XAU", "currency"), ("currency", "KRO", "currency"),
        ("country", "ZZ", "country"), ("country", "EU", "country"),
        ("time_zone", "Mars/Base", "time_zone"), ("locales", (), "locales"), ("locales", ("fr",), "locales"),
        ("default_locale", "fr", "default_locale"), ("colour", "red", "colour"),
        ("issuers", {"en": "K.K."}, "issuer_ko"), ("support_email", "nobody", "support_email"),
        ("hosts", ("kr.example.com",), "hosts"), ("hosts", ("https://jp.example.com/",), "hosts"),
        ("notices", {"en": "x" * 301}, "notice_en"), ("kind", "fridge", "kind"), ("kind", "", "kind"),
        ("manager", "", "manager"), ("legal", {"en": "K.K."}, "legal_ko"), ("extensions", None, "extensions"),
    ],
)  # fmt: skip
def test_each_field_that_cannot_be_so_is_named(field: str, value: object, fault: str) -> None:
    assert faults(**{field: value}) == {fault}


@pytest.mark.req("CHN-01")
@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("none", {}), ("push = on\n\nreader.model=S 1", {"push": "on", "reader.model": "S 1"}),
        ("", None), ("push", None), ("push = ", None), ("a = 1\na = 2", None), ("Push = on", None),
        ("\n".join(f"n{n} = 1" for n in range(31)), None), ("none\na = 1", None),
    ],
)  # fmt: skip
def test_settings_of_programs_are_read_as_they_are_shown(typed: str, read: dict[str, str] | None) -> None:
    assert read_extensions(typed) == read
    if read is not None:
        assert read_extensions(write_extensions(read)) == read


def test_what_is_complete_has_no_fault() -> None:
    assert faults() == set()


@pytest.mark.req("CHN-02")
@given(st.sampled_from(list(State)), st.sampled_from(list(State)))
def test_only_the_moves_of_the_table_are_made(old: State, new: State) -> None:
    ready = replace(READY, state=old, asked_by="user:2")
    assert (why_not(ready, new, actor="user:1") is None) == (new in MOVES[old])


@pytest.mark.req("CHN-02")
@pytest.mark.parametrize(
    ("standing", "new"),
    [
        (replace(READY, state=State.APPROVAL), State.READINESS),
        (replace(READY, missing=(Requirement.GOODS,)), State.LIVE),
        (replace(READY, state=State.LIVE, told_in=("en",)), State.MAINTENANCE),
        (replace(READY, state=State.LIVE, told_in=()), State.SUNSET),
        (replace(READY, state=State.SUNSET, open_payments=1), State.OFFBOARDING),
        (replace(READY, state=State.OFFBOARDING, open_orders=1), State.CLOSED),
        (replace(READY, state=State.OFFBOARDING, is_wound_up=False), State.CLOSED),
    ],
)
def test_each_move_waits_for_what_must_be_so_first(standing: Standing, new: State) -> None:
    assert new in MOVES[standing.state]
    assert why_not(standing, new, actor="user:1") is not None


def test_every_channel_can_be_ended() -> None:
    reached, frontier = {State.DRAFT}, [State.DRAFT]
    while frontier:
        for new in set(MOVES[frontier.pop()]) - reached:
            reached.add(new)
            frontier.append(new)
    assert reached == set(State)
