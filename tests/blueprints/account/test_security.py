"""Second factors and proofs on the pages, without JavaScript: set up, confirm, go on by itself (IDN-04)."""

from __future__ import annotations

import re
import uuid
from html import unescape

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from portal.kit import clock
from portal.services.accounts.step_up import LIFETIME
from tests.blueprints.confirming import answer, by_mail, path_of, through
from tests.blueprints.desks import browser, fields
from tests.blueprints.pages import HTMX, send
from tests.factories.account import Person, make_person
from tests.factories.cart import make_mall
from tests.factories.refund import rows
from tests.factories.step_up import code_of, mailed_code, make_totp

pytestmark = pytest.mark.req("IDN-04")
SECURITY = "/account/security"


@pytest.fixture
def bea(app: APIFlask) -> Person:
    make_mall()
    return make_person("bea")


@pytest.fixture
def client(app: APIFlask, bea: Person) -> FlaskClient:
    return browser(app, bea)


def begin(client: FlaskClient, kind: str = "totp", **more: str) -> str:
    return path_of(send(client, f"{SECURITY}/factors", {"kind": kind, **more}, page=SECURITY))


def set_up(client: FlaskClient) -> str:
    """An app by way of the pages; returns its secret."""
    done = through(client, by_mail(client, begin(client)))
    assert done.status_code == 303
    page = client.get(done.location).text
    found = re.search(r'data-copy="([A-Z2-7]{32})"', page)
    assert found
    assert "qr-code" in page
    finished = send(client, done.location, {"code": code_of(found[1], step=-1)}, page=done.location)
    assert (finished.status_code, finished.location) == (303, SECURITY)
    return found[1]


def test_an_app_is_set_up_after_a_mailed_code_and_then_confirms_its_own_removal(client: FlaskClient) -> None:
    secret = set_up(client)
    assert "Authenticator app" in client.get(SECURITY).text
    factor = rows("SELECT id FROM second_factor")[0][0]
    path = path_of(send(client, f"{SECURITY}/factors/{factor}/removal", page=SECURITY))
    assert "Remove the authenticator app “Authenticator app”" in unescape(client.get(path).text)
    assert through(client, answer(client, path, "totp", code_of(secret))).location == SECURITY
    assert rows("SELECT count(*) FROM second_factor") == [(0,)]
    mailed_code()
    told = [row[0] for row in rows("SELECT template FROM mail ORDER BY created_at, id")]
    assert sorted(told) == ["factor_changed", "factor_changed", "step_up_code"]


def test_the_page_says_what_and_refuses_a_wrong_code(client: FlaskClient, bea: Person) -> None:
    make_totp(bea)
    path = begin(client, label="Work phone")
    page = client.get(path).text
    assert "Add the authenticator app “Work phone”" in unescape(page)
    assert "Send a code to bea@example.com" in page
    refused = answer(client, path, "totp", "000000")
    assert (refused.status_code, "Tries left: 4." in refused.text) == (422, True)
    assert 'aria-invalid="true"' in refused.text


def test_after_five_wrong_codes_one_press_begins_anew(client: FlaskClient, bea: Person) -> None:
    secret = make_totp(bea)
    path = begin(client)
    answers = [answer(client, path, "totp", "000000") for _ in range(5)]
    assert "too many wrong codes" in answers[-1].text
    again = client.post(f"{SECURITY}/factors", data=fields(answers[-1].text))
    fresh = path_of(again)
    assert fresh != path
    assert through(client, answer(client, fresh, "totp", code_of(secret))).status_code == 303


def test_too_late_is_said_and_nothing_is_done(client: FlaskClient, bea: Person) -> None:
    secret = make_totp(bea)
    path = begin(client)
    passed = answer(client, path, "totp", code_of(secret))
    with clock.frozen(clock.now() + LIFETIME):
        late = path_of(through(client, passed))
        assert "has become too old" in client.get(f"{late}?why=expired").text
    assert rows("SELECT count(*) FROM second_factor WHERE confirmed_at IS NULL") == [(0,)]


def test_the_same_confirmation_is_not_taken_twice(client: FlaskClient, bea: Person) -> None:
    passed = answer(client, begin(client), "totp", code_of(make_totp(bea)))
    assert through(client, passed).status_code == 303
    again = through(client, passed)
    assert (again.status_code, "Nothing was done a second time" in again.text) == (409, True)


def test_a_confirmation_goes_on_only_where_it_belongs(client: FlaskClient, bea: Person) -> None:
    passed = answer(client, begin(client), "totp", code_of(make_totp(bea)))
    elsewhere = client.post("/account", data=passed.sent)
    assert elsewhere.status_code == 410
    nonsense = client.post("/account", data={**passed.sent, "step_up": "x"})
    assert nonsense.status_code == 410


def test_a_passed_page_can_be_continued_by_one_press(client: FlaskClient, bea: Person) -> None:
    path = begin(client)
    answer(client, path, "totp", code_of(make_totp(bea)))
    page = client.get(path).text
    assert "Go on" in page
    assert client.post(f"{SECURITY}/factors", data=fields(page)).status_code == 303


def test_it_is_not_there_for_others_and_other_sessions(app: APIFlask, client: FlaskClient, bea: Person) -> None:
    path = begin(client)
    for stranger in (browser(app, bea), browser(app, make_person("max"))):
        assert stranger.get(path).status_code == 404
        assert send(stranger, f"{path}/mail", page="/account").status_code == 404
        assert send(stranger, f"{path}/answer", {"way": "totp"}, page="/account").status_code == 404
    assert browser(app).get(path).location.startswith("/sign-in")


def test_codes_are_mailed_five_times_in_a_quarter_of_an_hour(client: FlaskClient) -> None:
    path = begin(client)
    states = [send(client, f"{path}/mail", page=path).status_code for _ in range(6)]
    assert states == [303] * 5 + [429]


def test_wrong_codes_are_throttled_across_proofs(client: FlaskClient, bea: Person) -> None:
    make_totp(bea)
    for _ in range(2):
        path = begin(client)
        assert [answer(client, path, "totp", "1").status_code for _ in range(5)] == [422] * 5
    refused = answer(client, begin(client), "totp", "1")
    assert refused.status_code == 429
    assert "Retry-After" in refused.response.headers


def test_names_are_changed_and_checked(client: FlaskClient, bea: Person) -> None:
    make_totp(bea)
    factor = rows("SELECT id FROM second_factor")[0][0]
    path = f"{SECURITY}/factors/{factor}/name"
    assert send(client, path, {"label": " Old  phone "}, page=SECURITY).status_code == 303
    assert rows("SELECT label FROM second_factor") == [("Old phone",)]
    refused = send(client, path, {"label": "x" * 61}, page=SECURITY)
    assert (refused.status_code, "1 to 60 characters" in refused.text) == (422, True)


def test_anothers_factor_is_not_there(app: APIFlask, client: FlaskClient) -> None:
    make_totp(make_person("max"))
    factor = rows("SELECT id FROM second_factor")[0][0]
    for path in (f"{SECURITY}/factors/{factor}/name", f"{SECURITY}/factors/{factor}/removal"):
        assert send(client, path, {"label": "mine"}, page=SECURITY).status_code == 404
    assert send(client, f"{SECURITY}/factors/{uuid.uuid4()}/removal", page=SECURITY).status_code == 404
    assert client.get(f"{SECURITY}/factors/{factor}").status_code == 303


def test_what_is_begun_is_over_after_a_while(client: FlaskClient, bea: Person) -> None:
    done = through(client, answer(client, begin(client), "totp", code_of(make_totp(bea))))
    with clock.frozen(clock.now() + 4 * LIFETIME):
        late = client.get(done.location)
    assert (late.status_code, late.location) == (303, SECURITY)


def test_a_wrong_first_code_does_not_finish_it(client: FlaskClient, bea: Person) -> None:
    done = through(client, answer(client, begin(client), "totp", code_of(make_totp(bea))))
    refused = send(client, done.location, {"code": "123"}, page=done.location)
    assert (refused.status_code, "not the code of this moment" in refused.text) == (422, True)
    assert rows("SELECT count(*) FROM second_factor WHERE confirmed_at IS NULL") == [(1,)]


def test_a_passkey_needs_a_name_and_not_a_number(client: FlaskClient) -> None:
    assert "Add a passkey" in client.get(SECURITY).text
    bare = client.get(SECURITY, headers={"Host": "127.0.0.1:5000"}).text
    assert "Add a passkey" not in bare


def test_nonsense_in_place_of_a_passkey_is_refused(client: FlaskClient, bea: Person) -> None:
    make_totp(bea)
    path = begin(client)
    for credential in ("", "[]", "{}", '{"id": 1}', "\x00"):
        data = {"way": "passkey", "credential": credential}
        assert send(client, f"{path}/answer", data, page=path).status_code == 422


def test_htmx_is_led_to_the_proof_without_a_redirect_of_its_own(client: FlaskClient) -> None:
    act = send(client, f"{SECURITY}/factors", {"kind": "totp"}, page=SECURITY, headers=HTMX)
    assert act.status_code == 204
    assert act.headers["HX-Redirect"].startswith("/step-up/")


def test_on_a_channels_own_path_it_stays_there(client: FlaskClient, bea: Person) -> None:
    secret = make_totp(bea)
    act = send(client, f"/us{SECURITY}/factors", {"kind": "totp"}, page=f"/us{SECURITY}")
    assert act.location.startswith("/us/step-up/")
    answered = answer(client, act.location, "totp", code_of(secret))
    assert answered.response.location == f"/us{SECURITY}/factors"
    assert through(client, answered).location.startswith(f"/us{SECURITY}/factors/")
