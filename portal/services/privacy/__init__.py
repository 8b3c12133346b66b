"""A person's own data: handed out, forgotten, and kept no longer than needed (IDN-06)."""
