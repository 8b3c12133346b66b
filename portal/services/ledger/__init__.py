"""The ledger: post() is the only writer of entries, holds set amounts aside."""
