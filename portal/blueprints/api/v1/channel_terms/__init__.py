"""What channels decide for themselves, what the mall asks of them, and what they leave."""
