"""Addresses: what is taken, in which form it is kept, and whose they are."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select, text

from portal.db import reading, transaction
from portal.kit import clock
from portal.models import Address
from portal.queries.accounts import list_addresses, load_address
from portal.rules.addresses import AddressUnfitError, read_address
from portal.services.accounts.save_address import (
    ADDRESSES_MAX,
    AddressBookFullError,
    AddressMissingError,
    remove_address,
    save_address,
)
from tests.factories.account import ADDRESS_KR, ADDRESS_US, Person, make_person


def save(person: Person, fields: dict[str, str], *, default: bool = False, of: uuid.UUID | None = None) -> uuid.UUID:
    with transaction() as session:
        return save_address(
            session, user_id=person.id, fields=fields, now=clock.now(), address_id=of, make_default=default
        )


def defaults(person: Person) -> list[uuid.UUID]:
    with reading() as session:
        return list(session.scalars(select(Address.id).where(Address.user_id == person.id, Address.is_default)).all())


@pytest.mark.parametrize(
    ("phone", "kept"),
    [
        ("010-1234-5678", "010-1234-5678"),
        ("01012345678", "010-1234-5678"),
        ("０１０　１２３４　５６７８", "010-1234-5678"),
        ("010–1234–5678", "010-1234-5678"),
        ("+82 10 1234 5678", "010-1234-5678"),
        ("+82 (0)10-1234-5678", "010-1234-5678"),
        ("02 123 4567", "02-123-4567"),
        ("031.1234.5678", "031-1234-5678"),
        ("1588-1234", "1588-1234"),
    ],
)
def test_korean_phone_numbers_are_taken_as_people_write_them(phone: str, kept: str) -> None:
    assert read_address(ADDRESS_KR | {"phone": phone}).phone == kept


@pytest.mark.parametrize(
    ("postcode", "kept"), [("04524", "04524"), ("０４５２４", "04524"), (" 045 24 ", "04524"), ("045-24", "04524")]
)
def test_korean_postcodes_too(postcode: str, kept: str) -> None:
    assert read_address(ADDRESS_KR | {"postcode": postcode}).postcode == kept


def test_an_american_address_gets_its_form() -> None:
    body = read_address(
        ADDRESS_US | {"phone": "+1 212 555 0123", "postcode": "10001 1234", "line1": " 350  Fifth Ave "}
    )
    assert (body.phone, body.postcode, body.region, body.line1, body.line2) == (
        "212-555-0123",
        "10001-1234",
        "NY",
        "350 Fifth Ave",
        "",
    )


@pytest.mark.parametrize(
    ("base", "changed", "code"),
    [
        (ADDRESS_KR, {"phone": "12"}, "phone_unfit"),
        (ADDRESS_KR, {"phone": "call me"}, "phone_unfit"),
        (ADDRESS_KR, {"phone": ""}, "phone_missing"),
        (ADDRESS_KR, {"postcode": "4524"}, "postcode_unfit"),
        (ADDRESS_KR, {"postcode": "045241"}, "postcode_unfit"),
        (ADDRESS_KR, {"name": "   "}, "name_missing"),
        (ADDRESS_KR, {"line1": "x" * 121}, "too_long"),
        (ADDRESS_KR, {"country": "XX"}, "country_missing"),
        (ADDRESS_KR, {"country": "001"}, "country_missing"),
        (ADDRESS_US, {"region": "Nowhere"}, "region_unfit"),
        (ADDRESS_US, {"region": ""}, "region_missing"),
        (ADDRESS_US, {"city": ""}, "city_missing"),
        (ADDRESS_US, {"postcode": "100012"}, "postcode_unfit"),
        (ADDRESS_US, {"phone": "555-0123"}, "phone_unfit"),
    ],
)
def test_each_fault_has_its_own_words_at_its_field(base: dict[str, str], changed: dict[str, str], code: str) -> None:
    with pytest.raises(AddressUnfitError) as caught:
        read_address(base | changed)
    assert {field: fault.code for field, fault in caught.value.faults.items()} == {next(iter(changed)): code}


def test_everything_that_is_missing_is_said_at_once() -> None:
    with pytest.raises(AddressUnfitError) as caught:
        read_address({"country": "US"})
    assert set(caught.value.faults) == {"name", "phone", "postcode", "line1", "city", "region"}


def test_the_first_address_is_the_default_and_there_is_one(db: None) -> None:
    bea = make_person("bea")
    first, second = save(bea, ADDRESS_KR), save(bea, ADDRESS_US)
    assert defaults(bea) == [first]
    save(bea, ADDRESS_US, of=second, default=True)
    assert defaults(bea) == [second]
    third = save(bea, ADDRESS_KR, default=True)
    assert defaults(bea) == [third]
    with reading() as session:
        listed = list_addresses(session, user_id=bea.id)
    assert [(one.id, one.is_default, one.body.country) for one in listed] == [
        (third, True, "KR"),
        (second, False, "US"),
        (first, False, "KR"),
    ]


def test_removing_the_default_promotes_the_newest(db: None) -> None:
    bea = make_person("bea")
    first, second, third = save(bea, ADDRESS_KR), save(bea, ADDRESS_US), save(bea, ADDRESS_KR)
    for address_id, left in ((first, [third]), (second, [third]), (third, [])):
        with transaction() as session:
            remove_address(session, user_id=bea.id, address_id=address_id)
        assert defaults(bea) == left


def test_the_address_of_another_cannot_be_seen_changed_or_removed(db: None) -> None:
    bea, stranger = make_person("bea"), make_person("max")
    hers = save(bea, ADDRESS_KR)
    with pytest.raises(AddressMissingError):
        save(stranger, ADDRESS_US, of=hers)
    with pytest.raises(AddressMissingError), transaction() as session:
        remove_address(session, user_id=stranger.id, address_id=hers)
    with reading() as session:
        assert load_address(session, user_id=stranger.id, address_id=hers) is None
        assert list_addresses(session, user_id=stranger.id) == ()
        found = load_address(session, user_id=bea.id, address_id=hers)
    assert found is not None
    assert found.body.line1 == ADDRESS_KR["line1"]


def test_the_book_is_full_at_20(db: None) -> None:
    bea = make_person("bea")
    kept = [save(bea, ADDRESS_KR) for _ in range(ADDRESSES_MAX)]
    with pytest.raises(AddressBookFullError):
        save(bea, ADDRESS_KR)
    save(bea, ADDRESS_US, of=kept[3])


@pytest.mark.req("BAL-12")
def test_nothing_personal_of_an_address_is_readable_in_the_table(db: None) -> None:
    save(make_person("bea"), ADDRESS_KR)
    with reading() as session:
        row = session.execute(text("SELECT encode(body, 'escape') || a::text FROM address a")).scalar_one()
    # Long enough that no ciphertext spells them by chance.
    assert not [piece for piece in ("1234-5678", "12345678", "postcode") if piece in row]
