"""The demo mall: what `portal seed --demo` fills an empty database with, and the pictures of its goods."""
