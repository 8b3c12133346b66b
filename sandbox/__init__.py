"""Stand-ins for the outside world, as one small program of its own: payment vendors that keep state.

Start it with `python -m sandbox --help`. It never imports the portal and the portal never imports it; they speak HTTP,
in the vendors' own formats, so that pointing the portal at a real vendor is a change of keys and addresses.
"""
