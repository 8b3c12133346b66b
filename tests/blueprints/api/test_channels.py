"""Programs of the mall read channels and move them through their life, by the rules of the desk (CHN-02)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from portal.db import transaction
from portal.models import Channel
from portal.queries.channels import forget_channels
from portal.rules.permissions import Permission
from tests.blueprints.api.conftest import Api, World, data, make_key, place
from tests.factories.account import make_person


@pytest.mark.req("CHN-02", "API-01")
def test_a_channel_is_read_moved_and_sells_nothing_meanwhile(world: World) -> None:
    ada = make_person("ada", roles=("admin",))
    api = Api(world.api.client, make_key(ada, world.mall.us))
    [korea] = [one for one in api.read("/channels")["items"] if one["code"] == "kr"]
    path = f"/channels/{korea['id']}"
    found = api.read(path)
    assert (found["state"], found["next_states"]) == ("live", ["maintenance", "sunset"])
    assert {one["requirement"]: one["by_hand"] for one in found["requirements"]}["goods"] is False

    closed = api.post(f"{path}/state", {"state": "closed", "version": found["version"]})
    assert (closed.status_code, data(closed)["code"]) == (409, "channel_move_refused")
    assert len(data(closed)["detail"]) > len("The channel stays in its state. ")
    stale = api.post(f"{path}/state", {"state": "sunset", "version": found["version"] + 1})
    assert (stale.status_code, data(stale)["code"]) == (409, "channel_changed")
    change("kr", notices={"en": "Back at noon.", "ko": "정오에 다시 열어요."})
    wish = {"state": "maintenance", "note": "New readers.", "version": found["version"]}
    moved = data(api.post(f"{path}/state", wish))
    assert (moved["state"], moved["moves"][0]["note"]) == ("maintenance", "New readers.")
    world.api.put(f"/cart/lines/{world.bowl}", {"quantity": 1})
    refused = place(world.api)
    assert (refused.status_code, data(refused)["code"]) == (503, "channel_closed")
    for missing in (api.get("/channels/99999999999999999999"), api.get("/channels/9999")):
        assert missing.status_code == 404


@pytest.mark.req("CHN-02", "API-01")
def test_what_is_said_by_hand_is_ticked_and_the_rest_is_looked_up(world: World) -> None:
    change("kr", state="readiness")
    api = Api(world.api.client, make_key(make_person("ada", roles=("admin",)), world.mall.us))
    [korea] = [one for one in api.read("/channels")["items"] if one["code"] == "kr"]
    path = f"/channels/{korea['id']}"
    tick = {"is_met": True, "version": api.read(path)["version"]}
    ticked = data(api.call("PUT", f"{path}/requirements/support", tick))
    assert {one["requirement"]: one["is_met"] for one in ticked["requirements"]}["support"]
    looked_up = api.call("PUT", f"{path}/requirements/goods", tick)
    assert (looked_up.status_code, data(looked_up)["code"]) == (422, "requirement_unfit")
    assert api.call("PUT", f"{path}/requirements/none", tick).status_code == 404


def change(code: str, **values: Any) -> None:
    with transaction() as session:
        session.execute(update(Channel).where(Channel.code == code).values(**values))
    forget_channels()


@pytest.mark.req("CHN-02")
def test_who_may_not_configure_moves_nothing(world: World) -> None:
    auditor = make_person("ann", roles=("auditor",))
    reader = Api(world.api.client, make_key(auditor, world.mall.kr, Permission.CHANNEL_VIEW))
    [korea] = [one for one in reader.read("/channels")["items"] if one["code"] == "kr"]
    refused = reader.post(f"/channels/{korea['id']}/state", {"state": "sunset", "version": 1})
    assert (refused.status_code, data(refused)["code"]) == (403, "permission_missing")
    assert world.api.get("/channels").status_code == 403
    world.api.put(f"/cart/lines/{world.bowl}", {"quantity": 1})
    assert place(world.api).status_code == 201
