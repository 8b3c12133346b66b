"""What stores are paid: periods are closed into statements, and their balances go out when somebody lets them."""
