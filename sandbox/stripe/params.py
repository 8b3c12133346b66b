"""The parameters that each call knows, as in the vendor's typed SDK (a test compares them with it)."""

_TEXT = """
payment_intents.create:
  allowed_payment_method_types amount amount_details application_fee_amount automatic_payment_methods
  capture_method confirm confirmation_method confirmation_token currency customer customer_account description
  error_on_requires_action excluded_payment_method_types expand hooks mandate mandate_data metadata
  off_session on_behalf_of payment_details payment_method payment_method_configuration payment_method_data
  payment_method_options radar_options receipt_email return_url setup_future_usage shipping
  statement_descriptor statement_descriptor_suffix transfer_data transfer_group use_stripe_sdk
payment_intents.confirm:
  allowed_payment_method_types amount_details amount_to_confirm capture_method confirmation_token
  error_on_requires_action excluded_payment_method_types expand hooks mandate mandate_data off_session
  payment_details payment_method payment_method_data payment_method_options radar_options receipt_email
  return_url setup_future_usage shipping use_stripe_sdk
payment_intents.capture:
  amount_details amount_to_capture application_fee_amount expand final_capture hooks metadata payment_details
  statement_descriptor statement_descriptor_suffix transfer_data
payment_intents.cancel:
  cancellation_reason expand
payment_intents.update:
  allowed_payment_method_types amount amount_details application_fee_amount capture_method currency customer
  customer_account description excluded_payment_method_types expand hooks metadata payment_details
  payment_method payment_method_configuration payment_method_data payment_method_options receipt_email
  setup_future_usage shipping statement_descriptor statement_descriptor_suffix transfer_data transfer_group
payment_intents.retrieve:
  client_secret expand
payment_intents.list:
  created customer customer_account ending_before expand limit starting_after
payment_intents.search:
  expand limit page query
setup_intents.create:
  allowed_payment_method_types attach_to_self automatic_payment_methods confirm confirmation_token customer
  customer_account description excluded_payment_method_types expand flow_directions mandate_data metadata
  on_behalf_of payment_method payment_method_configuration payment_method_data payment_method_options
  return_url single_use usage use_stripe_sdk
setup_intents.confirm:
  allowed_payment_method_types confirmation_token expand mandate_data payment_method payment_method_data
  payment_method_options return_url use_stripe_sdk
setup_intents.cancel:
  cancellation_reason expand
setup_intents.retrieve:
  client_secret expand
setup_intents.list:
  attach_to_self created customer customer_account ending_before expand limit payment_method starting_after
customers.create:
  address balance business_name cash_balance description email expand individual_name invoice_prefix
  invoice_settings metadata name next_invoice_sequence payment_method phone preferred_locales shipping source
  tax tax_exempt tax_id_data test_clock validate
customers.update:
  address balance business_name cash_balance default_source description email expand individual_name
  invoice_prefix invoice_settings metadata name next_invoice_sequence phone preferred_locales shipping source
  tax tax_exempt validate
customers.list:
  created email ending_before expand limit starting_after test_clock
payment_methods.attach:
  customer customer_account expand
payment_methods.list:
  allow_redisplay customer customer_account ending_before expand limit starting_after type
refunds.create:
  amount charge currency customer expand instructions_email metadata origin payment_intent reason
  refund_application_fee reverse_transfer
refunds.update:
  expand metadata
refunds.list:
  charge created ending_before expand limit payment_intent starting_after
charges.list:
  created customer ending_before expand limit payment_intent starting_after transfer_group
events.list:
  created delivery_success ending_before expand limit starting_after type types
disputes.update:
  evidence expand intended_submission_method metadata submit
files.create:
  expand file file_link_data purpose
files.list:
  created ending_before expand limit purpose starting_after
disputes.list:
  charge created ending_before expand limit payment_intent starting_after
balance_transactions.list:
  created currency ending_before expand limit payout source starting_after type
webhook_endpoints.create:
  api_version connect description enabled_events expand metadata url
webhook_endpoints.list:
  ending_before expand limit starting_after
test_confirmation_tokens.create:
  expand payment_method payment_method_data payment_method_options return_url setup_future_usage shipping
"""


def _parsed(text: str) -> dict[str, frozenset[str]]:
    """A name that ends in a colon begins a call; what follows are its parameters."""
    found: dict[str, set[str]] = {}
    for word in text.split():
        if word.endswith(":"):
            found[word[:-1]] = names = set()
        else:
            names.add(word)
    return {call: frozenset(names) for call, names in found.items()}


KNOWN = _parsed(_TEXT)

# The element's own calls, which the SDK for servers does not have.
_ELEMENT = frozenset(
    ("payment_method", "payment_method_data", "return_url", "setup_future_usage", "expand", "shipping")
)
_CARD = frozenset(("number", "exp_month", "exp_year", "cvc", "token", "networks"))
KNOWN_HERE: dict[str, frozenset[str]] = {
    "confirmation_tokens.create": _ELEMENT | {"mandate_data", "use_stripe_sdk", "client_context"},
    "payment_methods.create": frozenset(("type", "card", "billing_details", "metadata", "expand", "allow_redisplay")),
    "expand_only": frozenset(("expand",)),
}
CARD_FIELDS = _CARD


def known(call: str) -> frozenset[str]:
    """The parameters of a call; a call that is not listed knows only `expand`."""
    return KNOWN.get(call) or KNOWN_HERE.get(call) or KNOWN_HERE["expand_only"]
