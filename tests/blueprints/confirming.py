"""A browser without JavaScript that confirms: the proof's page is filled in, and followed to where it leads."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from html import unescape

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.blueprints.desks import fields
from tests.blueprints.pages import send
from tests.factories.step_up import mailed_code, pass_step_up


@dataclass(frozen=True)
class Answered:
    """What the page of a proof was sent, and what came back."""

    sent: dict[str, str]
    response: TestResponse

    @property
    def status_code(self) -> int:
        return self.response.status_code

    @property
    def text(self) -> str:
        return self.response.text


def path_of(answer: TestResponse) -> str:
    """The proof's page that an act has led to."""
    assert answer.status_code == 303, answer.text
    found = re.match(r"/step-up/[0-9a-f-]{36}", answer.location)
    assert found, answer.location
    return found[0]


def answer(client: FlaskClient, path: str, way: str, code: str) -> Answered:
    """Fill in one of the forms of the proof's page as it stands there."""
    page = client.get(path).text
    forms = [one for one in re.findall(r"<form.*?</form>", page, re.DOTALL) if f'name="way" value="{way}"' in one]
    assert forms, f"no way {way}"
    sent = {**fields(forms[0]), way: code}
    return Answered(sent, client.post(f"{path}/answer", data=sent))


def by_mail(client: FlaskClient, path: str) -> Answered:
    """Have a code sent, and type it."""
    assert send(client, f"{path}/mail", page=path).status_code == 303
    return answer(client, path, "email", mailed_code())


def through(client: FlaskClient, answered: Answered) -> TestResponse:
    """Follow as browsers do: 307 keeps method and body."""
    assert answered.status_code == 307, answered.text
    return client.post(answered.response.location, data=answered.sent)


def let_through(client: FlaskClient, act: TestResponse) -> TestResponse:
    """As if the person had confirmed what the act asks for; the one press that is left then."""
    path = path_of(act)
    pass_step_up(uuid.UUID(path.rpartition("/")[2]))
    page = client.get(path).text
    forms = [one for one in re.findall(r"<form.*?</form>", page, re.DOTALL) if 'name="step_up"' in one]
    (address,) = re.findall(r'action="([^"]+)"', forms[0])
    return client.post(unescape(address), data=fields(forms[0]))


def confirm(client: FlaskClient, act: TestResponse) -> TestResponse:
    """Confirm by mail what an act asks for, and let it go on; returns the act's own answer."""
    return through(client, by_mail(client, path_of(act)))
