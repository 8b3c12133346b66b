"""What `portal import` can read: one file per subcommand."""
