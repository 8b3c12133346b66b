"""Claims for parcels, and what goes out once a return is decided."""
