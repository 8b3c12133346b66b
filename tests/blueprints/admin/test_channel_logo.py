"""A channel's logo: drawn anew, beside its name on pages and in its mails, and changed by who runs the channel."""

from __future__ import annotations

import io
import re
from types import SimpleNamespace

import pytest
from apiflask import APIFlask
from PIL import Image

from portal.services.notifications.render import render_mail
from portal.site import address
from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person
from tests.factories.cart import make_mall
from tests.factories.refund import rows

pytestmark = [pytest.mark.req("CHN-01"), pytest.mark.usefixtures("books")]


def picture(size: int = 2_000) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (size, size), "#2b5bd7").save(out, "PNG", pnginfo=None)
    return out.getvalue()


def test_a_logo_is_drawn_anew_and_stands_on_pages_and_in_mails_until_it_is_taken_away(app: APIFlask) -> None:
    mall = make_mall()
    ada = browser(app, make_person("ada", roles=("admin",)))
    page = f"/admin/channels/{mall.kr.id}"

    def send(**values: object) -> int:
        hidden = fields(ada.get(page).text)
        sent = {"csrf_token": hidden["csrf_token"], "version": hidden["version"], **values}
        return ada.post(f"{page}/logo", data=sent).status_code

    assert send(logo_file=(io.BytesIO(b"<svg onload=alert(1)>"), "logo.svg")) == 303
    assert rows("SELECT count(*) FROM photo") == [(0,)]
    assert send(logo_file=(io.BytesIO(picture()), "logo.png")) == 303
    shown = re.search(r'<a class="brand".*?<img src="(/photos/[^"]+)"', ada.get("/kr/").text, re.DOTALL)
    assert shown
    assert "/photos/" not in ada.get("/us/").text.partition("</header>")[0]
    kept = ada.get(shown[1])
    assert kept.status_code == 200
    assert max(Image.open(io.BytesIO(kept.data)).size) == 1_600
    [(brand,)] = rows("SELECT brand FROM channel WHERE code = 'kr'")
    assert brand["logo"] == shown[1]
    assert rows("SELECT count(*) FROM audit_row WHERE action = 'channel:saved'") == [(1,)]
    facts = {"number": "KR-1", "amount_minor": 500, "currency": "KRW"}
    order = SimpleNamespace(brand=brand, channel_name={"en": "Portal Korea"}, **facts)
    mail = render_mail("hold", locale="en", name="Bea", link="http://127.0.0.1/x", order=order, is_lost=False)
    assert f'<img src="{address(shown[1])}"' in mail.html
    assert send(remove="1") == 303
    assert shown[1] not in ada.get("/kr/").text
    assert ada.get(shown[1]).status_code == 200  # Mails that were sent show it still.


def test_a_stranger_changes_no_logo(app: APIFlask) -> None:
    mall = make_mall()
    max_ = browser(app, make_person("max", roles=("marketing",)))
    token = fields(max_.get("/kr/sign-in").text).get("csrf_token", "")
    sent = {"csrf_token": token, "version": "1", "logo_file": (io.BytesIO(picture(8)), "logo.png")}
    assert max_.post(f"/admin/channels/{mall.kr.id}/logo", data=sent).status_code in {400, 403}
    assert rows("SELECT count(*) FROM photo") == [(0,)]
