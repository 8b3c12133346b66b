"""What the buyer is told when a payment was refused, and whether trying the same again can help (PAY-12).

A bank's suspicion is never shown: for lost, stolen and suspected cards the sentences send the buyer to the bank and
say no more, because whoever holds the card is not always its owner (docs.stripe.com/declines/codes).
"""

from dataclasses import dataclass

from portal.gateways.outcomes import DeclineReason
from portal.kit.text import N_


@dataclass(frozen=True, slots=True)
class Advice:
    """`retry_helps`: the same method may work, at once or with corrected details. Otherwise offer other methods."""

    sentence: str
    retry_helps: bool


ADVICE: dict[DeclineReason, Advice] = {
    DeclineReason.DECLINED: Advice(N_("The bank declined the payment. Ask the bank, or pay another way."), False),
    DeclineReason.INSUFFICIENT_FUNDS: Advice(
        N_("There is not enough money on this card or account. Pay another way, or try again later."), False
    ),
    DeclineReason.LIMIT_EXCEEDED: Advice(
        N_("The payment is above the limit of this card or account. Raise the limit at the bank, or pay another way."),
        False,
    ),
    DeclineReason.LOST_CARD: Advice(N_("This card cannot be used. Ask the bank, or pay another way."), False),
    DeclineReason.STOLEN_CARD: Advice(
        N_("The bank does not accept this card. Ask the bank, or pay another way."), False
    ),
    DeclineReason.SUSPECTED_FRAUD: Advice(
        N_("The payment could not be accepted with this card. Pay another way."), False
    ),
    DeclineReason.EXPIRED_CARD: Advice(N_("The card has expired. Use a card that is still valid."), False),
    DeclineReason.INCORRECT_CVC: Advice(
        N_("The security code is wrong. Check the three or four digits on the card and try again."), True
    ),
    DeclineReason.INCORRECT_NUMBER: Advice(N_("The card number is wrong. Check it and try again."), True),
    DeclineReason.INCORRECT_DETAILS: Advice(
        N_("Some of the card's details are wrong. Check the date and the postcode and try again."), True
    ),
    DeclineReason.AUTHENTICATION_FAILED: Advice(
        N_("The bank could not confirm that it is you. Try again, or pay another way."), True
    ),
    DeclineReason.AUTHENTICATION_REQUIRED: Advice(
        N_("The bank wants you to confirm this payment. Try again and follow the bank's steps."), True
    ),
    DeclineReason.PROCESSING_ERROR: Advice(
        N_("Something went wrong while the card was processed. Try again in a moment."), True
    ),
    DeclineReason.ISSUER_UNAVAILABLE: Advice(
        N_("The bank could not be reached. Try again in a few minutes, or pay another way."), True
    ),
    DeclineReason.NOT_SUPPORTED: Advice(
        N_("This card or account does not allow this kind of purchase. Pay another way."), False
    ),
    DeclineReason.CURRENCY_NOT_SUPPORTED: Advice(
        N_("This card or account cannot pay in this currency. Pay another way."), False
    ),
    DeclineReason.TOO_MANY_TRIES: Advice(
        N_("There were too many tries with this card. Wait a day, or pay another way."), False
    ),
    DeclineReason.DUPLICATE: Advice(
        N_("The bank saw the same payment a moment ago. Look at your orders before you try again."), False
    ),
    DeclineReason.SOURCE_UNUSABLE: Advice(N_("The payment details can no longer be used. Enter them again."), True),
    DeclineReason.CANCELLED_BY_BUYER: Advice(N_("You cancelled the payment. Nothing was charged."), True),
    DeclineReason.SESSION_EXPIRED: Advice(N_("The time to pay ran out. Nothing was charged; you can try again."), True),
}
