"""What administrators do about people: roles, sign-in, sessions, second proofs, notes (IDN-03, IDN-05)."""
