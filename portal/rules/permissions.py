"""Who may do what, to whose things: the matrices of mall and stores as data, and may() (IDN-02, IDN-05)."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from portal.rules.actors import ADMIN_ROLES as ADMIN_ROLES
from portal.rules.actors import SYSTEM as SYSTEM
from portal.rules.actors import VISITOR as VISITOR
from portal.rules.actors import Actor as Actor
from portal.rules.actors import Role as Role
from portal.rules.actors import Scope as Scope
from portal.rules.actors import StoreRole as StoreRole
from portal.rules.actors import roles_in as roles_in
from portal.rules.actors import roles_of as roles_of
from portal.rules.permission_names import Permission as Permission

P = Permission


def _all(permissions: Iterable[Permission]) -> Mapping[Permission, Scope]:
    return dict.fromkeys(permissions, Scope.ALL)


_VIEWS = [permission for permission in Permission if permission.endswith((":view", ":list"))]

MATRIX: Mapping[Role, Mapping[Permission, Scope]] = {
    # A visitor may look and fill a cart; buying needs an account (IDN-07).
    Role.VISITOR: {P.CATALOGUE_VIEW: Scope.ALL, P.CART_EDIT: Scope.OWN},
    Role.BUYER: {P.CATALOGUE_VIEW: Scope.ALL}
    | dict.fromkeys(
        [
            P.CART_EDIT,
            P.PAYMENT_INITIATE,
            P.PAYMENT_VIEW,
            P.METHOD_MANAGE,
            P.COUPON_APPLY,
            P.COUPON_VIEW,
            P.DEPOSIT_TOP_UP,
            P.DEPOSIT_WITHDRAW,
            P.INVOICE_VIEW,
            P.INVOICE_PAY,
            P.GIFT_CARD_USE,
            P.GIFT_CARD_VIEW,
            P.MILEAGE_USE,
            P.REFUND_HANDLE,
            P.ORDER_VIEW,
            P.ORDER_LIST,
            P.ORDER_EDIT,
            P.BALANCE_VIEW,
            P.USER_VIEW,
            P.USER_EXPORT,
            P.TICKET_VIEW,
            P.TICKET_WRITE,
            P.REMARK_WRITE,
            P.WISH_KEEP,
            P.WEBHOOK_VIEW,
            P.WEBHOOK_MANAGE,
        ],
        Scope.OWN,
    ),
    Role.SELLER: {P.CATALOGUE_VIEW: Scope.ALL}
    | dict.fromkeys(
        [
            P.PAYMENT_INITIATE,
            P.PAYMENT_VIEW,
            P.COUPON_APPLY,
            P.COUPON_ISSUE,
            P.COUPON_VIEW,
            P.ANALYTICS_VIEW,
            P.REFUND_HANDLE,
            P.RETURN_RECEIVE,
            P.STORE_ORDER_VIEW,
            P.STORE_ORDER_FULFIL,
            P.STORE_EDIT,
            P.STORE_BANK_EDIT,
            P.STORE_MEMBER_MANAGE,
            P.STOCK_EDIT,
            P.PRODUCT_EDIT,
            P.PAYOUT_VIEW,
            P.REPORT_EXPORT,
            P.TICKET_VIEW,
            P.TICKET_ANSWER,
            P.REMARK_VIEW,
            P.REMARK_ANSWER,
            P.WEBHOOK_VIEW,
            P.WEBHOOK_MANAGE,
        ],
        Scope.STORE,
    ),
    Role.ADMIN: _all(Permission),
    Role.SYSTEM: _all(Permission),
    Role.FINANCE: _all(
        [
            P.CATALOGUE_VIEW,
            P.PAYMENT_VIEW,
            P.ORDER_VIEW,
            P.ORDER_LIST,
            P.STORE_ORDER_VIEW,
            P.STORE_LIST,
            P.BALANCE_VIEW,
            P.BALANCE_ADJUST,
            P.LEDGER_VIEW,
            P.BOOKS_RECONCILE,
            P.PAYOUT_VIEW,
            P.PAYOUT_MAKE,
            P.REFUND_HANDLE,
            P.REFUND_APPROVE,
            P.WITHDRAWAL_APPROVE,
            P.INVOICE_VIEW,
            P.CREDIT_GRANT,
            P.GIFT_CARD_VIEW,
            P.GIFT_CARD_MANAGE,
            P.MILEAGE_ADJUST,
            P.DISPUTE_HANDLE,
            P.GATEWAY_VIEW,
            P.GATEWAY_CONFIGURE,
            P.USER_LIST,
            P.USER_VIEW,
            P.ANALYTICS_VIEW,
            P.REPORT_EXPORT,
            P.TICKET_VIEW,
            P.TICKET_ANSWER,
        ]
    ),
    Role.RISK: _all(
        [
            P.CATALOGUE_VIEW,
            P.PAYMENT_VIEW,
            P.ORDER_VIEW,
            P.ORDER_LIST,
            P.ORDER_REVIEW,
            P.STORE_ORDER_VIEW,
            P.STORE_LIST,
            P.BALANCE_VIEW,
            P.COUPON_VIEW,
            P.FRAUD_VIEW,
            P.FRAUD_DECIDE,
            P.FRAUD_CONFIGURE,
            P.DISPUTE_HANDLE,
            P.USER_LIST,
            P.USER_VIEW,
            P.USER_RESTRICT,
            P.USER_SUPPORT,
            P.AUDIT_VIEW,
            P.ANALYTICS_VIEW,
        ]
    ),
    Role.MARKETING: _all(
        [
            P.CATALOGUE_VIEW,
            P.COUPON_VIEW,
            P.COUPON_ISSUE,
            P.MILEAGE_CONFIGURE,
            P.CHANNEL_VIEW,
            P.STORE_LIST,
            P.USER_LIST,
            P.ANALYTICS_VIEW,
            P.REPORT_EXPORT,
            P.REMARK_VIEW,
            P.REMARK_MODERATE,
        ]
    ),
    Role.OPERATIONS: _all(
        [
            P.CATALOGUE_VIEW,
            P.PAYMENT_VIEW,
            P.ORDER_VIEW,
            P.ORDER_LIST,
            P.ORDER_EDIT,
            P.STORE_ORDER_VIEW,
            P.STORE_ORDER_FULFIL,
            P.STORE_LIST,
            P.STORE_EDIT,
            P.STOCK_EDIT,
            P.PRODUCT_EDIT,
            P.REFUND_HANDLE,
            P.COUPON_VIEW,
            P.GATEWAY_VIEW,
            P.CHANNEL_VIEW,
            P.CHANNEL_CONFIGURE,
            P.USER_LIST,
            P.USER_VIEW,
            P.USER_SUPPORT,
            P.EVENT_VIEW,
            P.EVENT_REPLAY,
            P.WEBHOOK_VIEW,
            P.WEBHOOK_MANAGE,
            P.ANALYTICS_VIEW,
            P.REPORT_EXPORT,
            P.TICKET_VIEW,
            P.TICKET_ANSWER,
            P.REMARK_VIEW,
            P.REMARK_ANSWER,
            P.REMARK_MODERATE,
        ]
    ),
    # One channel: what it says of itself, its limits and life, its orders to look at, campaigns for it alone, what it
    # sells, and how changes come through to it; nothing of other channels, and nothing that names buyers.
    Role.CHANNEL_MANAGER: dict.fromkeys(
        [
            P.CHANNEL_VIEW,
            P.CHANNEL_CONFIGURE,
            P.ORDER_LIST,
            P.ORDER_VIEW,
            P.COUPON_VIEW,
            P.COUPON_ISSUE,
            P.PRODUCT_EDIT,
            P.EVENT_VIEW,
            P.EVENT_REPLAY,
        ],
        Scope.CHANNEL,
    ),
    # Reads everything, changes nothing.
    Role.AUDITOR: _all(_VIEWS),
}

_OF_STORES = frozenset(one for one, scope in MATRIX[Role.SELLER].items() if scope is Scope.STORE)
# What the roles in a store may do, of all that a store can.
STORE_MATRIX: Mapping[StoreRole, frozenset[Permission]] = {
    StoreRole.OWNER: _OF_STORES,
    # Runs the shop, but neither says where its money goes nor who works for it.
    StoreRole.MANAGER: _OF_STORES - {P.STORE_BANK_EDIT, P.STORE_MEMBER_MANAGE},
    StoreRole.FULFILMENT: frozenset({P.STORE_ORDER_VIEW, P.STORE_ORDER_FULFIL, P.RETURN_RECEIVE, P.STOCK_EDIT}),
    StoreRole.SUPPORT: frozenset(
        {
            P.STORE_ORDER_VIEW,
            P.PAYMENT_VIEW,
            P.REFUND_HANDLE,
            P.RETURN_RECEIVE,
            P.COUPON_VIEW,
            P.TICKET_VIEW,
            P.TICKET_ANSWER,
            P.REMARK_VIEW,
            P.REMARK_ANSWER,
        }
    ),
    # Reads what the books need, changes nothing.
    StoreRole.ACCOUNTANT: frozenset(
        {P.STORE_ORDER_VIEW, P.PAYMENT_VIEW, P.PAYOUT_VIEW, P.ANALYTICS_VIEW, P.COUPON_VIEW, P.REPORT_EXPORT}
    ),
}

# Two questions per request are asked of this, so it is turned once into what they need.
_BY_PERMISSION: Mapping[Permission, Mapping[Role, Scope]] = {
    permission: {role: scopes[permission] for role, scopes in MATRIX.items() if permission in scopes}
    for permission in Permission
}


def scopes_of(actor: Actor, permission: Permission) -> frozenset[Scope]:
    """Return every scope in which the actor holds the permission; empty means not at all."""
    if actor.limited_to is not None and permission not in actor.limited_to:
        return frozenset()
    granted = _BY_PERMISSION[permission]
    found = frozenset(granted[role] for role in actor.roles if role in granted)
    if actor.store_roles and Scope.STORE in found and not stores_for(actor, permission):
        return found - {Scope.STORE}
    return found


def stores_for(actor: Actor, permission: Permission) -> frozenset[int]:
    """The stores for which the actor's role in each lets him do this."""
    if not actor.store_roles:
        return actor.store_ids
    roles = dict(actor.store_roles)
    return frozenset(one for one in actor.store_ids if permission in STORE_MATRIX[roles.get(one, StoreRole.OWNER)])


def roles_with(permission: Permission) -> list[str]:
    """The roles in a store that may do this."""
    return [role.value for role, allowed in STORE_MATRIX.items() if permission in allowed]


def may(
    actor: Actor,
    permission: Permission,
    *,
    owner_id: UUID | None = None,
    store_id: int | None = None,
    channel_id: int | None = None,
) -> bool:
    """Say whether the actor may do this to what belongs to `owner_id`, to the store or to the channel.

    Without any of them it asks whether he may do it to anything at all: enough to open a list of his own things,
    never enough to touch a row. Name the row's owner, store or channel for that.
    """
    scopes = scopes_of(actor, permission)
    if not scopes or Scope.ALL in scopes:
        return bool(scopes)
    if owner_id is None and store_id is None and channel_id is None:
        return True
    if Scope.CHANNEL in scopes and channel_id is not None and channel_id in actor.managed_ids:
        return True
    if Scope.OWN in scopes and owner_id is not None and owner_id == actor.user_id:
        return True
    return Scope.STORE in scopes and store_id is not None and store_id in stores_for(actor, permission)
