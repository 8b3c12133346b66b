"""A channel's logo: drawn anew, beside its name on pages and in its mails, and changed by who runs the channel."""

from __future__ import annotations

import io
import re
import uuid
from types import SimpleNamespace

import pytest
from apiflask import APIFlask
from PIL import Image

from portal.blueprints.documents import document_pdf
from portal.db import atomically
from portal.documents.attachments import prepare_files
from portal.jobs.documents import issue_documents
from portal.kit import clock
from portal.services.channels.save_logo import save_logo
from portal.services.documents.want_document import want_receipt
from portal.services.notifications.render import render_mail
from portal.site import address
from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import make_order
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
        sent = {"csrf_token": hidden["csrf_token"], "version": hidden["version"], "why": "Our mark", **values}
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
    assert send(remove="1", why=" ") == 303
    assert "Say why the channel differs" in ada.get(page).text
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


@pytest.mark.req("PAY-15")
def test_it_stands_on_receipts_that_are_issued_while_it_is_there(app: APIFlask) -> None:
    mall, bea, ada = make_mall(), make_person("bea"), make_person("ada", roles=("admin",))

    def keep(content: bytes | None, version: int) -> None:
        file = prepare_files([("logo.png", content)])[0] if content else None
        atomically(
            lambda s: save_logo(
                s, channel_id=mall.kr.id, version=version, file=file, why="A mark", actor=ada.actor, now=clock.now()
            )
        )

    def receipt() -> tuple[uuid.UUID, str]:
        order = make_order(bea, mall, {make_variant(mall): 1})
        atomically(lambda s: want_receipt(s, order_id=order.id, now=clock.now()))
        issue_documents()
        return order.id, str(rows("SELECT label FROM document WHERE order_id = :id", id=order.id)[0][0])

    before = receipt()
    keep(picture(), 1)
    with_it = receipt()
    keep(None, 2)
    after = receipt()
    printed = [document_pdf(*one).content for one in (before, with_it, after)]
    assert [b"/Subtype /Image" in one for one in printed] == [False, True, False]
    assert printed[1] == document_pdf(*with_it).content
    assert len(printed[1]) - len(printed[0]) < 50_000  # It is as large as it is printed, not as it was sent.
