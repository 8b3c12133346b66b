"""Trackhub: one who speaks for all carriers. A parcel that it is asked to follow moves by itself."""

from sandbox.http import Router
from sandbox.trackhub import api
from sandbox.trackhub.api import facts, handle


def add_routes(router: Router) -> None:
    api.add_routes(router)


__all__ = ["add_routes", "facts", "handle"]
