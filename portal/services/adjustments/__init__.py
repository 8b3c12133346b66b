"""Corrections of balances by hand: prepared, decided, carried out line by line, undone by reversing entries."""
