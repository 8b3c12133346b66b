"""What tests make: people, goods, carts, orders."""
