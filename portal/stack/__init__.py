"""What `portal up` runs on one machine: embedded PostgreSQL and Redis, the supervisor, the mail catcher."""
