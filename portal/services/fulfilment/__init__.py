"""A seller's working day: confirm, pack, send, and what becomes of the parcels."""
