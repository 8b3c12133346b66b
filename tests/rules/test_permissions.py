"""Every role with every action of the register's matrix, on own and on foreign things (IDN-02, IDN-05)."""

from uuid import UUID

import pytest

from portal.rules.permissions import (
    ADMIN_ROLES,
    SYSTEM,
    VISITOR,
    Actor,
    Permission,
    Role,
    StoreRole,
    may,
    scopes_of,
    stores_for,
)

BEA, MAX, SAM, ADA = (UUID(int=i) for i in range(1, 5))
SAMS_STORE, SUES_STORE = 1, 2

bea = Actor(BEA, frozenset({Role.BUYER}))
sam = Actor(SAM, frozenset({Role.SELLER}), frozenset({SAMS_STORE}))
ada = Actor(ADA, frozenset({Role.ADMIN}))

# Of IDN-02: the action, whether a buyer may, whether a seller may. An admin may do all, a visitor none.
MATRIX = [
    (Permission.PAYMENT_INITIATE, True, True),
    (Permission.COUPON_APPLY, True, True),
    (Permission.DEPOSIT_TOP_UP, True, False),
    (Permission.MILEAGE_USE, True, False),
    (Permission.ANALYTICS_VIEW, False, True),
    (Permission.COUPON_ISSUE, False, True),
    (Permission.MILEAGE_ADJUST, False, False),
    (Permission.REFUND_HANDLE, True, True),
]


@pytest.mark.req("IDN-02")
@pytest.mark.parametrize(("action", "buyer", "seller"), MATRIX)
def test_the_matrix_of_the_register(action: Permission, buyer: bool, seller: bool) -> None:
    assert may(bea, action) is may(bea, action, owner_id=BEA, store_id=SAMS_STORE) is buyer
    assert not may(bea, action, owner_id=MAX)
    assert not may(bea, action, owner_id=MAX, store_id=SAMS_STORE)
    assert not may(bea, action, store_id=SAMS_STORE)
    assert may(sam, action) is may(sam, action, owner_id=BEA, store_id=SAMS_STORE) is seller
    assert not may(sam, action, owner_id=BEA, store_id=SUES_STORE)
    assert not may(sam, action, owner_id=SAM)
    assert may(ada, action)
    assert may(ada, action, owner_id=BEA, store_id=SUES_STORE)
    assert not may(VISITOR, action)
    assert not may(VISITOR, action, owner_id=BEA, store_id=SAMS_STORE)
    assert may(SYSTEM, action)


def test_a_seller_who_also_buys_keeps_the_two_apart() -> None:
    both = Actor(SAM, frozenset({Role.BUYER, Role.SELLER}), frozenset({SAMS_STORE}))
    assert may(both, Permission.REFUND_HANDLE, owner_id=SAM, store_id=SUES_STORE)
    assert may(both, Permission.REFUND_HANDLE, owner_id=BEA, store_id=SAMS_STORE)
    assert not may(both, Permission.REFUND_HANDLE, owner_id=BEA, store_id=SUES_STORE)


def test_nobody_owns_what_belongs_to_nobody() -> None:
    nameless = Actor(None, frozenset({Role.BUYER}))
    assert not may(nameless, Permission.ORDER_VIEW, owner_id=BEA)
    assert not may(nameless, Permission.ORDER_VIEW, store_id=SAMS_STORE)


@pytest.mark.req("IDN-05")
def test_an_auditor_reads_everything_and_changes_nothing() -> None:
    auditor = Actor(ADA, frozenset({Role.AUDITOR}))
    for permission in Permission:
        assert may(auditor, permission) is permission.endswith((":view", ":list"))


@pytest.mark.req("IDN-05")
@pytest.mark.parametrize(
    ("role", "allowed", "refused"),
    [
        (Role.FINANCE, Permission.WITHDRAWAL_APPROVE, Permission.FRAUD_DECIDE),
        (Role.RISK, Permission.FRAUD_DECIDE, Permission.MILEAGE_ADJUST),
        (Role.MARKETING, Permission.COUPON_ISSUE, Permission.BALANCE_VIEW),
        (Role.OPERATIONS, Permission.STORE_ORDER_FULFIL, Permission.LEDGER_VIEW),
    ],
)
def test_finer_administrators_have_their_own_field(role: Role, allowed: Permission, refused: Permission) -> None:
    actor = Actor(ADA, frozenset({role}))
    assert actor.is_admin
    assert may(actor, allowed, owner_id=BEA)
    assert not may(actor, refused)
    assert not may(actor, Permission.ROLE_GRANT)


def test_permissions_are_written_alike_and_somebody_holds_each() -> None:
    assert all(permission.count(":") == 1 for permission in Permission)
    assert all(scopes_of(ada, permission) for permission in Permission)
    assert not bea.is_admin
    assert not sam.is_admin
    assert Role.SYSTEM not in ADMIN_ROLES


# What an owner may do, and who else of the store may.
STORE = [
    (Permission.STORE_ORDER_VIEW, {"manager", "fulfilment", "support", "accountant"}),
    (Permission.STORE_ORDER_FULFIL, {"manager", "fulfilment"}),
    (Permission.STOCK_EDIT, {"manager", "fulfilment"}),
    (Permission.PRODUCT_EDIT, {"manager"}),
    (Permission.REFUND_HANDLE, {"manager", "support"}),
    (Permission.RETURN_RECEIVE, {"manager", "fulfilment", "support"}),
    (Permission.TICKET_ANSWER, {"manager", "support"}),
    (Permission.REMARK_ANSWER, {"manager", "support"}),
    (Permission.PAYMENT_VIEW, {"manager", "support", "accountant"}),
    (Permission.PAYOUT_VIEW, {"manager", "accountant"}),
    (Permission.ANALYTICS_VIEW, {"manager", "accountant"}),
    (Permission.COUPON_ISSUE, {"manager"}),
    (Permission.STORE_EDIT, {"manager"}),
    (Permission.STORE_BANK_EDIT, set()),
    (Permission.STORE_MEMBER_MANAGE, set()),
]


@pytest.mark.req("IDN-02")
@pytest.mark.parametrize(("action", "others"), STORE)
def test_the_roles_in_a_store_are_less_than_its_owner(action: Permission, others: set[str]) -> None:
    assert may(sam, action, store_id=SAMS_STORE)
    for role in StoreRole:
        member = Actor(SAM, frozenset({Role.SELLER}), frozenset({SAMS_STORE}), frozenset({(SAMS_STORE, role)}))
        allowed = role is StoreRole.OWNER or role.value in others
        assert may(member, action) is may(member, action, store_id=SAMS_STORE) is allowed, role
        assert not may(member, action, store_id=SUES_STORE)


def test_a_role_in_one_store_says_nothing_of_another() -> None:
    both = Actor(
        SAM, frozenset({Role.SELLER}), frozenset({SAMS_STORE, SUES_STORE}), frozenset({(SUES_STORE, StoreRole.SUPPORT)})
    )
    assert stores_for(both, Permission.PRODUCT_EDIT) == {SAMS_STORE}
    assert not may(both, Permission.PRODUCT_EDIT, store_id=SUES_STORE)
    assert may(both, Permission.TICKET_ANSWER, store_id=SUES_STORE)
