"""Cash receipts: wanted at checkout, filed by a worker when the money is there, taken back with it."""
