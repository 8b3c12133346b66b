"""What `portal bench` is made of: buyers who walk through the shop over HTTP, and the instruments that watch."""
