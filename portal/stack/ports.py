"""Ports on this machine: which are free, and one that is."""

import socket

PORTS_TRIED_MAX = 200
PORT_MAX = 65535


def free_port() -> int:
    """A port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket() as probe:
        # As servers do: connections of a server that has just ended must not count as a listener.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
        return True


def next_free(start: int, taken: set[int], host: str = "127.0.0.1") -> int:
    """The first free port from `start` on that is not in `taken`. Raises OSError if there is none nearby."""
    for port in range(start, min(start + PORTS_TRIED_MAX, PORT_MAX + 1)):
        if port not in taken and is_free(port, host):
            return port
    raise OSError(f"no free port from {start} on")
