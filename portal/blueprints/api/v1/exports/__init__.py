"""Lists as files, asked for by programs."""
