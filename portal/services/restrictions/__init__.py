"""What is kept from a person, and given back when he is cleared."""
