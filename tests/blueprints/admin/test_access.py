"""Who may open what on the desks: every role against every permission and route (IDN-02, IDN-05, A28)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest
from apiflask import APIFlask

from portal.blueprints.access import ACCESS
from portal.rules.permissions import MATRIX, Permission, Role, Scope
from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import LONG_AGO, REVIEWED_KRW, give_deposit, make_order

P = Permission
OFFERING = ("automation_save", "automation_simulation", "automation_state", "segment_save", "offer_save",
            "offer_state", "offer_strategy_save", "offer_strategy_revert", "offer_model_place",
           "suggestion_decide")  # fmt: skip
OFFERED = ("automation", "automations", "segment", "segments", "offers", "offer_strategy", "offer_models",
           "experiments")  # fmt: skip
# endpoint -> the permissions that it takes, all of them for everybody's things.
READING = {
    "admin.taxes": P.CHANNEL_VIEW,
    "admin.refund_rules": P.CHANNEL_VIEW,
    **{f"admin.{n}{end}": P.MILEAGE_CONFIGURE for n in ("mileage_rules", "tiers") for end in ("", "_new", "_version")},
    **{f"admin.campaign_{n}": P.COUPON_VIEW for n in ("codes", "holders", "uses", "abuse")},
    **dict.fromkeys(("admin.webhook", "admin.webhook_message", "admin.webhooks"), P.WEBHOOK_VIEW),
    "admin.propagation": P.EVENT_VIEW,
    "admin.webhook_new": P.WEBHOOK_MANAGE,
    "admin.causes": P.MILEAGE_CONFIGURE,
    "admin.channel": P.CHANNEL_VIEW,
    "admin.channel_new": P.CHANNEL_CONFIGURE,
    "admin.channel_terms": P.CHANNEL_VIEW,
    "admin.channel_wind_up": P.CHANNEL_CONFIGURE,
    **dict.fromkeys(("admin.border_records", "admin.channel_borders"), P.CHANNEL_VIEW),
    **dict.fromkeys(("admin.channels", "admin.house_rules"), P.CHANNEL_VIEW),
    **{f"admin.channel_goods{end}": P.PRODUCT_EDIT for end in ("", "_import", "_notes", "_template")},
    "admin.credit_lines": P.INVOICE_VIEW,
    **dict.fromkeys(("admin.figures", "admin.figures_file", "admin.figure_rows"), P.ANALYTICS_VIEW),
    "admin.fulfilment": P.ORDER_LIST,
    "admin.gift_card": P.GIFT_CARD_VIEW,
    "admin.gift_cards": P.GIFT_CARD_VIEW,
    "admin.invoice": P.INVOICE_VIEW,
    "admin.invoices": P.INVOICE_VIEW,
    "admin.order_hold": P.ORDER_VIEW,
    "admin.remarks": P.REMARK_VIEW,
    "admin.home": P.ANALYTICS_VIEW,
    **dict.fromkeys(("admin.ticket", "admin.ticket_file", "admin.tickets"), P.TICKET_VIEW),
    **dict.fromkeys(("admin.campaign_batch_file", "admin.campaign_list", "admin.campaign_list_file"), P.COUPON_ISSUE),
    "admin.campaign_state": P.COUPON_ISSUE,
    "admin.campaign_code_state": P.COUPON_ISSUE,
    "admin.campaign_batch_state": P.COUPON_ISSUE,
    "admin.campaign_holder_state": P.COUPON_ISSUE,
    "admin.campaign_list_new": P.COUPON_ISSUE,
    **dict.fromkeys(("admin.coupon_flags", "admin.coupon_flag", "admin.coupon_rules"), P.FRAUD_VIEW),
    "admin.orders": P.ORDER_LIST,
    "admin.order": P.ORDER_VIEW,
    **dict.fromkeys(("admin.payments", "admin.payment"), P.PAYMENT_VIEW),
    **dict.fromkeys(("admin.ledger", "admin.ledger_accounts", "admin.ledger_account"), P.LEDGER_VIEW),
    **dict.fromkeys(("admin.ledger_entry", "admin.trial_balance", "admin.ledger_holds"), P.LEDGER_VIEW),
    "admin.balance_views": P.AUDIT_VIEW,
    **dict.fromkeys(("admin.payouts", "admin.payout_rules", "admin.payout", "admin.payout_file"), P.PAYOUT_VIEW),
    "admin.payout_paper": P.PAYOUT_VIEW,
    **dict.fromkeys(("admin.adjustments", "admin.adjustment", "admin.adjustment_report"), P.LEDGER_VIEW),
    "admin.adjustment_new": P.BALANCE_ADJUST,
    "admin.store": P.STORE_LIST,
    "admin.stores": P.STORE_LIST,
    "admin.user_block": P.USER_RESTRICT,
    "admin.user_factor_reset": P.USER_RESTRICT,
    "admin.user_password_link": P.USER_SUPPORT,
    "admin.user_roles": P.ROLE_GRANT,
    "admin.user_sign_out": P.USER_SUPPORT,
    "admin.user_unblock": P.USER_RESTRICT,
    "admin.users": P.USER_LIST,
    "admin.user": P.USER_VIEW,
    "admin.risk_lists": P.FRAUD_VIEW,
    "admin.risk_lists_file": P.FRAUD_CONFIGURE,
    "admin.case": P.FRAUD_VIEW,
    "admin.cases": P.FRAUD_VIEW,
    "admin.user_clearance": P.USER_RESTRICT,
    "admin.user_erasure": P.USER_ERASE,
    "admin.procedures": P.FRAUD_VIEW,
    "admin.procedure": P.FRAUD_CONFIGURE,
    "admin.procedure_new": P.FRAUD_CONFIGURE,
    "admin.privacy": P.RETENTION_VIEW,
    "admin.user_freeze": P.USER_RESTRICT,
    "admin.audit": P.AUDIT_VIEW,
    "admin.outbox": P.EVENT_VIEW,
    "admin.mails": P.EVENT_VIEW,
    "admin.search": P.ANALYTICS_VIEW,
    "admin.order_clearance": P.ORDER_REVIEW,
    "admin.order_refusal": P.ORDER_REVIEW,
    "admin.order_document": P.USER_VIEW,
    "admin.exceptions": P.PAYMENT_VIEW,
    "admin.exception_attempt": P.PAYMENT_VIEW,
    **dict.fromkeys(("admin.rates", "admin.gateways", "admin.gateway"), P.GATEWAY_VIEW),
    "admin.gateway_new": P.GATEWAY_CONFIGURE,
    "admin.incidents": P.GATEWAY_VIEW,
    "admin.risk_models": P.FRAUD_VIEW,
    "admin.risk_rule": P.FRAUD_VIEW,
    "admin.risk_rule_new": P.FRAUD_CONFIGURE,
    "admin.risk_rule_version": P.FRAUD_VIEW,
    "admin.risk_rules": P.FRAUD_VIEW,
    **dict.fromkeys(("admin.rules", "admin.rules_version", "admin.rules_replay"), P.GATEWAY_VIEW),
    "admin.rules_new": P.GATEWAY_CONFIGURE,
    "admin.reconciliation": P.LEDGER_VIEW,
    "admin.reconciliation_break": P.LEDGER_VIEW,
    "admin.withdrawals": P.WITHDRAWAL_APPROVE,
    "admin.withdrawal": P.WITHDRAWAL_APPROVE,
    **dict.fromkeys(("admin.disputes", "admin.dispute", "admin.dispute_record"), P.DISPUTE_HANDLE),
    "admin.exception_surplus": P.PAYMENT_VIEW,
    "admin.dispute_letter": P.DISPUTE_HANDLE,
    "admin.dispute_acceptance": P.DISPUTE_HANDLE,
    **dict.fromkeys(("admin.refunds", "admin.refund", "admin.order_refund", "admin.returns"), P.REFUND_HANDLE),
    **dict.fromkeys(("admin.return", "admin.return_label", "admin.return_picture"), P.REFUND_HANDLE),
    "admin.order_change": P.ORDER_EDIT,
    "admin.campaign": P.COUPON_VIEW,
    "admin.campaign_dry_run": P.COUPON_VIEW,
    "admin.campaign_edit": P.COUPON_ISSUE,
    "admin.campaign_figures": P.COUPON_VIEW,
    "admin.campaign_new": P.COUPON_ISSUE,
    "admin.campaigns": P.COUPON_VIEW,
}
WRITING = {
    **dict.fromkeys(("admin.channel_wind_up_record", "admin.channel_logo"), P.CHANNEL_CONFIGURE),
    **dict.fromkeys(("admin.channel_border_new", "admin.channel_border_end"), P.CHANNEL_CONFIGURE),
    **dict.fromkeys(("admin.house_rule_new", "admin.house_rule_confirmation"), P.CHANNEL_CONFIGURE),
    **{f"admin.channel_goods_{n}": P.PRODUCT_EDIT for n in ("assignment", "look", "rows")},
    "admin.tax_rate_new": P.CHANNEL_CONFIGURE,
    "admin.refund_rule_new": P.CHANNEL_CONFIGURE,
    "admin.refund_rule_withdrawal": P.CHANNEL_CONFIGURE,
    "admin.tax_rate_withdrawal": P.CHANNEL_CONFIGURE,
    **{
        f"admin.webhook_{n}": P.WEBHOOK_MANAGE
        for n in ["making", "redelivery", "replay", "saving", "secret", "state", "test"]
    },
    **dict.fromkeys(("admin.mail_again", "admin.mails_again", "admin.propagation_reconciliation"), P.EVENT_REPLAY),
    "admin.propagation_retry": P.EVENT_REPLAY,
    **{f"admin.remark_{n}": P.REMARK_MODERATE for n in ("hiding", "showing")},
    "admin.automation_save": P.COUPON_ISSUE,
    "admin.automation_simulation": P.COUPON_ISSUE,
    "admin.automation_state": P.COUPON_ISSUE,
    "admin.segment_save": P.COUPON_ISSUE,
    "admin.risk_list_entries": P.FRAUD_CONFIGURE,
    "admin.risk_list_removal": P.FRAUD_CONFIGURE,
    "admin.risk_lists_import": P.FRAUD_CONFIGURE,
    **dict.fromkeys(("admin.case_assignment", "admin.case_undoing", "admin.case_verdict"), P.FRAUD_DECIDE),
    **dict.fromkeys(("admin.ticket_addressee", "admin.ticket_assignee", "admin.ticket_message"), P.TICKET_ANSWER),
    "admin.ticket_state": P.TICKET_ANSWER,
    **dict.fromkeys(("admin.credit_closure", "admin.credit_consent", "admin.credit_grant"), P.CREDIT_GRANT),
    "admin.gift_card_end": P.GIFT_CARD_MANAGE,
    "admin.gift_card_return": P.GIFT_CARD_MANAGE,
    "admin.invoice_write_off": P.CREDIT_GRANT,
    **dict.fromkeys(("admin.mileage_rules_new", "admin.causes", "admin.cause_state"), P.MILEAGE_CONFIGURE),
    "admin.order_arrival": P.ORDER_EDIT,
    "admin.order_hold": P.ORDER_VIEW,
    "admin.order_hold_end": P.ORDER_VIEW,
    "admin.tiers_new": P.MILEAGE_CONFIGURE,
    "admin.campaign_state": P.COUPON_ISSUE,
    "admin.campaign_code_state": P.COUPON_ISSUE,
    "admin.campaign_batch_state": P.COUPON_ISSUE,
    "admin.campaign_holder_state": P.COUPON_ISSUE,
    "admin.campaign_list_new": P.COUPON_ISSUE,
    "admin.campaign_code_new": P.COUPON_ISSUE,
    "admin.campaign_batch_new": P.COUPON_ISSUE,
    "admin.coupon_flag_confirmation": P.FRAUD_DECIDE,
    "admin.coupon_flag_undoing": P.FRAUD_DECIDE,
    "admin.coupon_flags_decide": P.FRAUD_DECIDE,
    "admin.campaigns_move": P.COUPON_ISSUE,
    "admin.coupon_rule": P.FRAUD_CONFIGURE,
    **dict.fromkeys(("admin.payout_rule", "admin.payout_approval", "admin.payout_hold"), P.PAYOUT_MAKE),
    "admin.payout_payment": P.PAYOUT_MAKE,
    "admin.adjustment_new": P.BALANCE_ADJUST,
    "admin.adjustment_confirmation": P.BALANCE_ADJUST,
    "admin.adjustment_approval": P.BALANCE_ADJUST,
    "admin.adjustment_refusal": P.BALANCE_ADJUST,
    "admin.adjustment_cancellation": P.BALANCE_ADJUST,
    "admin.adjustment_reversal": P.BALANCE_ADJUST,
    "admin.adjustment_balance_view": P.BALANCE_VIEW,
    "admin.order_refund": P.REFUND_HANDLE,
    "admin.gateway": P.GATEWAY_VIEW,
    "admin.gateway_new": P.GATEWAY_CONFIGURE,
    "admin.gateway_test": P.GATEWAY_CONFIGURE,
    "admin.risk_rule_new": P.FRAUD_CONFIGURE,
    "admin.risk_model_place": P.FRAUD_CONFIGURE,
    "admin.risk_model_training": P.FRAUD_CONFIGURE,
    "admin.risk_rule_snooze": P.FRAUD_DECIDE,
    "admin.risk_rule_snooze_end": P.FRAUD_DECIDE,
    "admin.risk_rule_release": P.FRAUD_CONFIGURE,
    "admin.rules_new": P.GATEWAY_CONFIGURE,
    "admin.rules_release": P.GATEWAY_CONFIGURE,
    "admin.exception_dry_run": P.PAYMENT_VIEW,
    "admin.exception_inquiry": P.REFUND_APPROVE,
    "admin.exception_notice": P.REFUND_APPROVE,
    "admin.reconciliation_owner": P.BOOKS_RECONCILE,
    "admin.reconciliation_explanation": P.BOOKS_RECONCILE,
    "admin.withdrawal_approval": P.WITHDRAWAL_APPROVE,
    "admin.withdrawal_refusal": P.WITHDRAWAL_APPROVE,
    "admin.withdrawal_payment": P.WITHDRAWAL_APPROVE,
    "admin.dispute_statement": P.DISPUTE_HANDLE,
    "admin.exception_surplus_deposit": P.REFUND_APPROVE,
    "admin.exception_surplus_return": P.REFUND_APPROVE,
    **dict.fromkeys(("admin.dispute_record", "admin.dispute_letters", "admin.dispute_evidence"), P.DISPUTE_HANDLE),
    "admin.dispute_acceptance": P.DISPUTE_HANDLE,
    "admin.refund_approval": P.REFUND_APPROVE,
    "admin.return_step": P.REFUND_HANDLE,
    "admin.order_address": P.ORDER_EDIT,
    "admin.order_option": P.ORDER_EDIT,
    **dict.fromkeys(("admin.refund_refusal", "admin.refund_replacement", "admin.refund_payment"), P.REFUND_APPROVE),
    "admin.order_clearance": P.ORDER_REVIEW,
    "admin.order_refusal": P.ORDER_REVIEW,
    "admin.order_buyer_view": P.USER_VIEW,
    "admin.user_clearance": P.USER_RESTRICT,
    "admin.user_erasure": P.USER_ERASE,
    **dict.fromkeys(("admin.procedure", "admin.procedure_new", "admin.procedure_state"), P.FRAUD_CONFIGURE),
    "admin.remediation_step": P.USER_RESTRICT,
    "admin.user_erasure_end": P.USER_ERASE,
    **dict.fromkeys(("admin.retention_rule", "admin.retention_run", "admin.retention_trial"), P.RETENTION_CONFIGURE),
    **dict.fromkeys(("admin.user_freeze", "admin.user_block", "admin.user_factor_reset"), P.USER_RESTRICT),
    "admin.users_freeze": P.USER_RESTRICT,
    "admin.user_notes": P.USER_SUPPORT,
    "admin.view": P.ANALYTICS_VIEW,
    "admin.views": P.ANALYTICS_VIEW,
    "admin.user_password_link": P.USER_SUPPORT,
    "admin.user_roles": P.ROLE_GRANT,
    "admin.user_session_end": P.USER_SUPPORT,
    "admin.user_sign_out": P.USER_SUPPORT,
    "admin.user_unblock": P.USER_RESTRICT,
    "admin.user_profile_view": P.USER_VIEW,
    "admin.user_balance_view": P.BALANCE_VIEW,
    "admin.ledger_balance_view": P.BALANCE_VIEW,
    **{f"admin.channel_{n}": P.CHANNEL_CONFIGURE for n in ("check", "new", "save", "state")},
    "admin.channel_terms_save": P.CHANNEL_CONFIGURE,
    **dict.fromkeys(("admin.campaign_edit", "admin.campaign_launch", "admin.campaign_new"), P.COUPON_ISSUE),
}
READING |= dict.fromkeys([f"admin.{one}" for one in OFFERED], P.COUPON_VIEW)
READING |= dict.fromkeys(["admin.automation_new", "admin.offer_new", "admin.segment_new"], P.COUPON_ISSUE)
WRITING |= dict.fromkeys([f"admin.{one}" for one in OFFERING], P.COUPON_ISSUE)
FILES = ("exports", "export", "export_file", "export_signature")
READING |= dict.fromkeys([f"admin.{one}" for one in FILES], P.REPORT_EXPORT)
READING |= {"admin.balances": P.BALANCE_VIEW, "admin.redemptions": P.COUPON_VIEW}
WRITING |= dict.fromkeys(
    [f"admin.{one}" for one in ("export_ask", "report_plan_new", "report_plan_end")], P.REPORT_EXPORT
)
READING |= {"admin.alerts": P.ANALYTICS_VIEW}
WRITING |= dict.fromkeys([f"admin.alert_{one}" for one in ("bound_new", "bound_end", "look")], P.ANALYTICS_VIEW)
WRITING |= dict.fromkeys(["admin.figures_mail", "admin.figures_mail_end"], P.ANALYTICS_VIEW)
# What a route takes besides.
ALSO = {"admin.ledger_balance_view": P.LEDGER_VIEW}
# Managers of channels open pages by channel: tests/blueprints/admin/test_channels.py.
ROLES = [role for role in Role if role not in {Role.SYSTEM, Role.VISITOR, Role.CHANNEL_MANAGER}]
EVERYWHERE = frozenset({Role.BUYER, Role.ADMIN})


def test_the_table_names_every_route_of_the_desk(application: APIFlask) -> None:
    routes = [rule for rule in application.url_map.iter_rules() if rule.endpoint.startswith("admin.")]

    assert {rule.endpoint for rule in routes if "GET" in (rule.methods or ())} == set(READING)
    assert {rule.endpoint for rule in routes if "POST" in (rule.methods or ())} == set(WRITING)
    for rule in routes:
        asked = getattr(application.view_functions[rule.endpoint], ACCESS)
        assert asked == (READING | WRITING)[rule.endpoint]


@pytest.mark.req("IDN-02", "IDN-05")
def test_each_role_opens_what_its_permissions_say_and_nothing_else(app: APIFlask) -> None:
    mall = make_mall()
    bea = make_person("bea", now=LONG_AGO)
    give_deposit(bea, 1_000)
    order = make_order(bea, mall, {make_variant(mall, krw=REVIEWED_KRW): 1}, outcome="authorised")
    values = {"number": order.number, "account_id": 1, "entry_id": 1}
    values |= {name: bea.id for rule in app.url_map.iter_rules() for name in re.findall(r"<uuid:(\w+)>", rule.rule)}
    ids = {name for rule in app.url_map.iter_rules() for name in rule.arguments if name.endswith("_id")}
    values |= dict.fromkeys(ids - set(values), bea.id)
    values |= {
        "payment_id": order.payment_id,
        "label": "KR-1999-R-000001",
        "event_id": 1,
        "version": 1,
        "store_id": 1,
        "campaign_id": 1,
        "automation_id": 1,
        "suggestion_id": 1,
        "offer_id": 1,
        "cause_id": 1,
        "channel_id": 1,
        "code": "X",
        "key": "leaked",
        "name": "amount_above",
        "step": "approval",
        "tax_rate_id": 1,
        "rule_id": 1,
        "kind": "mails",
        "n": 0,
    }
    paths = {endpoint: _path(app, endpoint, values) for endpoint in READING | WRITING}
    wrong = []
    for turn, role in enumerate(ROLES):
        person = make_person(f"the-{role}", roles=(role,), store_ids=mall.store_ids if role is Role.SELLER else ())
        client = browser(app, person)
        token = {"csrf_token": fields(client.get("/admin/").text)["csrf_token"]}
        for method, table in (("GET", READING), ("POST", WRITING)):
            for endpoint, asked in _asked_by(role, turn, table):
                granted = all(MATRIX[role].get(one) is Scope.ALL for one in asked)
                sent = token if method == "POST" else None
                # A refusal comes as a fragment: the page around hundreds of them would say nothing more.
                answer = client.open(paths[endpoint], method=method, data=sent, headers={"HX-Request": "true"})
                if (answer.status_code == 403) is granted:
                    wrong.append((role.value, method, endpoint, answer.status_code))
    assert wrong == []


def _asked_by(role: Role, turn: int, table: Mapping[str, P]) -> Iterator[tuple[str, frozenset[P]]]:
    """The routes that a role tries, with what they take: all of them, or one of those that take the same.

    A buyer and an administrator show that every route asks what the table says, and who has a permission for his
    own things that each route refuses him. What else a role may, it shows by one route, each by another one.
    """
    alike: dict[frozenset[P], list[str]] = {}
    for endpoint, permission in table.items():
        alike.setdefault(frozenset({permission, ALSO.get(endpoint, permission)}), []).append(endpoint)
    for asked, endpoints in alike.items():
        is_wholly = role in EVERYWHERE or any(MATRIX[role].get(one, Scope.ALL) is not Scope.ALL for one in asked)
        for endpoint in endpoints if is_wholly else [endpoints[turn % len(endpoints)]]:
            yield endpoint, asked


def _path(app: APIFlask, endpoint: str, values: Mapping[str, object]) -> str:
    with app.test_request_context():
        adapter = app.url_map.bind("localhost")
        rule = next(iter(app.url_map.iter_rules(endpoint)))
        return adapter.build(endpoint, {name: values[name] for name in rule.arguments})


@pytest.mark.parametrize(
    ("accepts", "language"), [("ko-KR,ko;q=0.8", "ko"), ("en-GB,en", "en"), ("fr", "en"), ("", "en")]
)
def test_a_desk_speaks_as_the_browser_asks_and_a_shop_as_its_channel(
    app: APIFlask, accepts: str, language: str
) -> None:
    make_mall()
    client = browser(app, make_person("ada", roles=("admin",)))
    headers = {"Accept-Language": accepts}
    assert f'<html lang="{language}"' in client.get("/admin/", headers=headers).text
    assert '<html lang="en"' in client.get("/kr/", headers=headers).text
    client.get("/admin/?lang=ko")
    assert '<html lang="ko"' in client.get("/admin/", headers=headers).text
