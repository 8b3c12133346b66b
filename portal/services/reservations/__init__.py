"""How all that a pending order has reserved ends: used when it is paid, given back when it will not be."""
