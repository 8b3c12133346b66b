"""The deposit of one's own: how much there is, and how it comes back: as it was paid in, or to a bank (REF-08)."""

from __future__ import annotations

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal import formatting
from portal.blueprints.access import requires
from portal.blueprints.account.blueprint import bp
from portal.blueprints.account.own import own_id
from portal.blueprints.checkout.words import say
from portal.blueprints.identity import current_actor, current_channel
from portal.blueprints.payment_history import method_word
from portal.blueprints.velocity import count_act
from portal.db import atomically, reading
from portal.htmx import leave_for
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.ids import new_token
from portal.kit.money import parse_minor
from portal.queries.benefits import load_balances
from portal.queries.top_ups import latest_top_ups
from portal.queries.withdrawal_ways import ways_back
from portal.queries.withdrawals import own_withdrawals
from portal.rules.permissions import Permission
from portal.services.accounts.bank_details import FIELDS
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.accounts.throttle import DEPOSIT_WITHDRAW, TooOftenError
from portal.services.withdrawals.ask_withdrawal import WithdrawalBlockedError, ask_withdrawal


@bp.route("/account/deposit", methods=["GET", "POST"])
@requires(Permission.DEPOSIT_WITHDRAW)
def deposit() -> ResponseReturnValue:
    """The balance, the form, and the latest withdrawals."""
    user_id, currency = own_id(), current_channel().currency
    error: PortalError | None = None
    if request.method == "POST":
        try:
            _ask(currency)
        except (StepUpNeededError, TooOftenError):
            raise  # One leads to the page that asks, the other says when to come again.
        except PortalError as refused:
            error = refused
        else:
            return leave_for(url_for(".deposit"))
    with reading() as session:
        balances = load_balances(session, user_id=user_id, currency=currency)
        rows = own_withdrawals(session, user_id=user_id)
        ways = ways_back(session, user_id=user_id, currency=currency, now=clock.now())
        top_ups = latest_top_ups(session, user_id=user_id)
    page = render_template(
        "account/deposit.html",
        free_minor=balances.deposit_minor - balances.deposit_held_minor,
        held_minor=balances.deposit_held_minor,
        currency=currency,
        rows=rows,
        top_ups=top_ups,
        ways=ways,
        ways_minor=sum(one.way.left_minor for one in ways),
        method_word=method_word,
        error=say(error) if error else None,
        given=request.form,
        key=request.form.get("key") or new_token(),
    )
    return page, error.status if error else 200


def _ask(currency: str) -> None:
    count_act(DEPOSIT_WITHDRAW)
    actor, now = current_actor(), clock.now()
    amount = parse_minor(request.form.get("amount", ""), currency)
    bank = {name: request.form.get(f"bank_{name}", "") for name in FIELDS}
    key = request.form.get("key", "")
    made = atomically(
        lambda s: ask_withdrawal(
            s, actor=actor, currency=currency, amount_minor=amount, bank=bank, key=key, ip=request.remote_addr, now=now
        )
    )
    if made is None:
        raise WithdrawalBlockedError
    told = formatting.money(amount, currency)
    if made.status == "requested":
        flash(gettext("%(amount)s is set aside. Somebody looks at it first.", amount=told), "success")
    else:
        flash(gettext("%(amount)s is on its way to you.", amount=told), "success")
