"""What buyers say of products: reviews of what they got, questions, the answers, and what is hidden (CAT-03)."""
