"""The state machines, written once as data: which move is allowed, and nothing else (ORD-12)."""

from collections.abc import Mapping
from enum import StrEnum

from portal.kit.errors import PortalError
from portal.kit.text import N_


class MoveRefusedError(PortalError):
    code = "move_refused"
    status = 409
    sentence = N_("This is %(old)s and cannot become %(new)s.")


class Machine(StrEnum):
    ORDER = "order"
    PART = "part"
    SHIPMENT = "shipment"
    LABEL = "label"
    PAYMENT = "payment"
    ATTEMPT = "attempt"
    TENDER = "tender"
    RESERVATION = "reservation"
    HOLD = "hold"
    COUPON_USE = "coupon_use"
    CAMPAIGN = "campaign"
    REFUND = "refund"
    REFUND_LEG = "refund_leg"
    WITHDRAWAL = "withdrawal"
    ADJUSTMENT = "adjustment"
    PAYOUT = "payout"
    DISPUTE = "dispute"
    INVOICE = "invoice"
    GIFT_CARD = "gift_card"
    TICKET = "ticket"
    RETURN = "return"
    RETURN_UNIT = "return_unit"


def _moves(text: str) -> Mapping[str, frozenset[str]]:
    """Read lines of `old > new new`. Every state stands on the left once; one without moves is final."""
    moves = {}
    for row in text.strip().splitlines():
        old, _, new = row.partition(">")
        moves[old.strip()] = frozenset(new.split())
    return moves


MACHINES: Mapping[Machine, Mapping[str, frozenset[str]]] = {
    # A refund that had succeeded may fail later (STR-04): then the order is again what it was before.
    Machine.ORDER: _moves("""
        pending > paid cancelled failed expired
        paid > shipped delivered partially_refunded refunded cancelled
        shipped > delivered partially_refunded refunded
        delivered > partially_refunded refunded
        partially_refunded > paid shipped delivered refunded cancelled
        refunded > paid shipped delivered partially_refunded
        cancelled >
        failed >
        expired >
    """),
    Machine.PART: _moves("""
        held > released accepted packed cancelled
        released > accepted packed shipped cancelled held
        accepted > packed shipped cancelled held
        packed > shipped cancelled held
        shipped > delivered returning
        delivered > closed returning
        returning > shipped delivered closed
        closed >
        cancelled >
    """),
    # What a carrier says may be corrected by it, except that a parcel has arrived.
    Machine.SHIPMENT: _moves("""
        sent > in_transit out_for_delivery delayed damaged lost delivered
        in_transit > out_for_delivery delayed damaged lost delivered
        out_for_delivery > in_transit delayed damaged lost delivered
        delayed > in_transit out_for_delivery damaged lost delivered
        damaged > in_transit out_for_delivery delayed lost delivered
        lost > in_transit out_for_delivery delayed damaged delivered
        delivered >
    """),
    # Like an attempt at a gateway: what is unknown is looked up, never bought again (ORD-003).
    Machine.LABEL: _moves("""
        wanted > sent failed voided
        sent > wanted bought unknown failed
        unknown > wanted bought failed
        bought > used voiding
        voiding > voided bought
        used >
        voided >
        failed >
    """),
    Machine.PAYMENT: _moves("""
        pending > requires_action authorised captured failed cancelled expired
        requires_action > pending authorised captured failed cancelled expired
        authorised > captured failed cancelled expired
        captured > partially_refunded refunded disputed
        partially_refunded > captured refunded disputed
        disputed > dispute_won dispute_lost
        dispute_won > partially_refunded refunded disputed
        dispute_lost > disputed dispute_won
        refunded > captured partially_refunded disputed
        failed >
        cancelled >
        expired >
    """),
    # An unknown outcome is looked up, never sent again: it has no way back to `sent` (PAY-06).
    Machine.ATTEMPT: _moves("""
        created > claimed cancelled
        claimed > sent created declined cancelled
        sent > created requires_action pending authorised captured declined unknown cancelled
        requires_action > pending authorised captured declined unknown cancelled
        pending > requires_action authorised captured declined unknown cancelled
        unknown > requires_action pending authorised captured declined cancelled
        authorised > captured declined cancelled
        captured >
        declined >
        cancelled >
    """),
    Machine.TENDER: _moves("""
        pending > authorised captured released failed unknown
        unknown > pending authorised captured released failed
        authorised > captured released failed
        captured >
        released >
        failed >
    """),
    Machine.RESERVATION: _moves("""
        active > used released expired
        used >
        released >
        expired >
    """),
    Machine.HOLD: _moves("""
        active > used released expired
        used >
        released >
        expired >
    """),
    Machine.COUPON_USE: _moves("""
        reserved > redeemed released
        redeemed > released
        released >
    """),
    # A pause or a revocation can be undone: then it runs again, or waits for its time.
    Machine.CAMPAIGN: _moves("""
        draft > scheduled running revoked
        scheduled > running paused ended revoked
        running > scheduled paused ended revoked
        paused > scheduled running ended revoked
        revoked > scheduled running paused
        ended >
    """),
    Machine.REFUND: _moves("""
        requested > approved refused cancelled
        approved > sent unknown succeeded failed
        sent > approved unknown succeeded failed
        unknown > approved sent succeeded failed
        failed > approved sent unknown succeeded
        succeeded > failed
        refused >
        cancelled >
    """),
    # One leg is one call under one key. What failed stays so: what it owed goes out by another leg.
    Machine.REFUND_LEG: _moves("""
        approved > sent succeeded failed
        sent > approved pending succeeded failed unknown
        pending > approved succeeded failed unknown
        unknown > approved pending succeeded failed
        succeeded > failed
        failed >
    """),
    Machine.WITHDRAWAL: _moves("""
        requested > approved refused cancelled
        approved > paid refused
        paid >
        refused >
        cancelled >
    """),
    # A large one waits for somebody else; what is undone has a reversing entry for each of its own.
    Machine.ADJUSTMENT: _moves("""
        draft > waiting running cancelled
        waiting > running refused cancelled
        running > done
        done > undoing
        undoing > undone
        undone >
        refused >
        cancelled >
    """),
    Machine.PAYOUT: _moves("""
        waiting > held approved
        held > waiting approved
        approved > held paid
        paid >
    """),
    Machine.GIFT_CARD: _moves("""
        unpaid > active void
        active > redeemed void expired given_back
        redeemed >
        void >
        expired >
        given_back >
    """),
    # Goods on their way back. Reception and inspection are two things; a claim is decided without either.
    Machine.RETURN: _moves("""
        requested > approved refused cancelled inspected settled
        approved > sent received cancelled lapsed
        sent > received lapsed
        received > inspected settled
        inspected > settled refused
        settled >
        refused >
        cancelled >
        lapsed >
    """),
    # Each unit by itself: what came is looked at, what is not taken goes back to its buyer, what never came is missing.
    Machine.RETURN_UNIT: _moves("""
        requested > approved refused cancelled accepted
        approved > sent received missing cancelled
        sent > received missing cancelled
        received > accepted rejected
        rejected > sent_back
        accepted > rejected refused
        missing >
        sent_back >
        refused >
        cancelled >
    """),
    # Partly paid or late, and in the end paid, lowered to nothing by refunds, or given up. None opens again.
    Machine.INVOICE: _moves("""
        open > partly_paid overdue paid credited written_off
        partly_paid > overdue paid credited written_off
        overdue > paid credited written_off
        paid >
        credited >
        written_off >
    """),
    # What the bank says counts, and it may think again even after it has decided.
    # What is solved is opened again by its buyer's next word, until it is closed for good.
    Machine.TICKET: _moves("""
        open > waiting_buyer solved closed
        waiting_buyer > waiting_store solved closed
        waiting_store > waiting_buyer solved closed
        solved > reopened closed
        reopened > waiting_buyer solved closed
        closed >
    """),
    Machine.DISPUTE: _moves("""
        inquiry > needs_response under_review won lost closed
        needs_response > under_review won lost closed
        under_review > inquiry needs_response won lost closed
        won > needs_response under_review lost
        lost > needs_response under_review won
        closed > needs_response under_review won lost
    """),
}


def states(machine: Machine | str) -> tuple[str, ...]:
    """Return every state of a machine, the first one first."""
    return tuple(MACHINES[Machine(machine)])


def may_move(machine: Machine | str, old: str, new: str) -> bool:
    """Say whether `old` may become `new`. Staying is not a move."""
    return new in MACHINES[Machine(machine)].get(old, frozenset())


def is_final(machine: Machine | str, state: str) -> bool:
    """Say whether nothing follows `state`."""
    return not MACHINES[Machine(machine)][state]


def check_move(machine: Machine | str, old: str, new: str) -> None:
    """Raise MoveRefusedError unless `old` may become `new`."""
    if not may_move(machine, old, new):
        raise MoveRefusedError(machine=str(machine), old=str(old), new=str(new))
