"""What exchanges for something dearer cost: paid, and given back."""
