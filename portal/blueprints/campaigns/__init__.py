"""The pages of campaigns, for sellers and administrators alike; each desk hangs them into its own."""
