"""Bank details as refunds and withdrawals know them; they are kept and checked in accounts, which payouts reach too."""

from portal.services.accounts.bank_details import FIELDS as FIELDS
from portal.services.accounts.bank_details import BankDetailsError as BankDetailsError
from portal.services.accounts.bank_details import check_bank as check_bank
from portal.services.accounts.bank_details import ends_of as ends_of
from portal.services.accounts.bank_details import keep_bank as keep_bank
from portal.services.accounts.bank_details import read_bank as read_bank
