"""What ordinary buyers and fraudsters do with a portal, each through the pages that everybody uses (FRD-01).

A fraudster goes on until he is refused or has done what he came for; whether anybody saw him is asked afterwards.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from portal.bench.browser import Browser, Page
from portal.bench.forms import Form, FormError, find_form
from portal.bench.journey import ENDS, Errand, WalkError, buy, follow, press, sign_in, tokenise
from portal.bench.people import PASSWORD
from portal.kit.ids import new_code

DECLINED_CARD = "4000000000000002"
GOOD_CARD = "4242424242424242"
CARDS_TRIED = 12
PEOPLE_ON_DEVICE = 6
TOP_UPS = 10
ORDERS_GIVEN_BACK = 6
POINTS_SENT = "2000"


@dataclass(frozen=True, slots=True)
class Scene:
    """Where it happens, and who and what is there for it."""

    base: str
    pairs: Sequence[tuple[str, str]]
    code: str
    emails: Sequence[str]

    def errand(self, number: int = 0, *, code: str = "", card: str = GOOD_CARD) -> Errand:
        return Errand(self.base, self.pairs[number % len(self.pairs)], code, "", "", card=card)


Attack = Callable[[Scene], Awaitable[Sequence[str]]]


async def buy_as_usual(scene: Scene) -> Sequence[str]:
    """Everybody with a browser of his own: buys twice, once with a coupon. Returns the e-mails of those who acted."""
    for number, email in enumerate(scene.emails):
        browser = await _entered(scene, email)
        await buy(browser, scene.errand(number, code=scene.code))
        await buy(browser, scene.errand(number + 1))
        browser.close()
    return scene.emails


async def try_cards(scene: Scene) -> Sequence[str]:
    """One account tries one stolen card number after another."""
    browser = await _entered(scene, scene.emails[0])
    for _number in range(CARDS_TRIED):
        try:
            clicked = await press(browser, scene.errand(card=DECLINED_CARD))
        except WalkError:
            break
        await follow(browser, clicked.address, until=ENDS)
    return scene.emails[:1]


async def leak_a_coupon(scene: Scene) -> Sequence[str]:
    """A code that somebody has passed on is used by account after account in one browser."""
    browser = Browser()
    for number, email in enumerate(scene.emails[:PEOPLE_ON_DEVICE]):
        await _change_to(browser, scene, email)
        clicked = await press(browser, scene.errand(number, code=scene.code))
        await follow(browser, clicked.address, until=ENDS)
    return scene.emails[:PEOPLE_ON_DEVICE]


async def farm_accounts(scene: Scene) -> Sequence[str]:
    """Account after account is opened in one browser, and buys at once."""
    browser, run = Browser(), new_code(6).lower()
    made = []
    for number in range(PEOPLE_ON_DEVICE):
        made.append(f"farm-{run}-{number}@example.com")
        form = await _form(browser, f"{scene.base}/sign-up?lang=en", action=_path(scene.base, "/sign-up"))
        for name, value in (("name", "Farm Hand"), ("email", made[-1]), ("password", PASSWORD)):
            form.type(name, value)
        await _send(browser, form)
        clicked = await press(browser, scene.errand(number))
        await follow(browser, clicked.address, until=ENDS)
        await _leave(browser, scene)
    return made


async def gather_mileage(scene: Scene) -> Sequence[str]:
    """The points of many accounts are sent on to one from a single browser."""
    browser, hands = Browser(), scene.emails[1 : PEOPLE_ON_DEVICE + 1]
    for email in hands:
        await _change_to(browser, scene, email)
        form = await _form(browser, f"{scene.base}/account/mileage", id="send")
        form.type("email", scene.emails[0])
        form.type("points", POINTS_SENT)
        await _send(browser, form)
    return hands


async def launder_top_ups(scene: Scene) -> Sequence[str]:
    """One account tops its deposit up again and again in small amounts."""
    browser = await _entered(scene, scene.emails[0])
    for _number in range(TOP_UPS):
        page = await browser.get(f"{scene.base}/account/deposit/top-up?amount=10000")
        form = find_form(page.text, id="checkout")
        form.choose("method", "credit_card")
        form.type("source_token", await tokenise(browser, page, GOOD_CARD))
        address, body = form.press(id="pay-button")
        answer = await browser.post(address, body, follow=False)
        if "/step-up/" in answer.headers.get("location", ""):
            break
    return scene.emails[:1]


async def give_all_back(scene: Scene) -> Sequence[str]:
    """One buyer buys and gives back, again and again."""
    browser = await _entered(scene, scene.emails[0])
    for number in range(ORDERS_GIVEN_BACK):
        clicked = await press(browser, scene.errand(number))
        said = await follow(browser, clicked.address, until=ENDS)
        if said.stage != "paid":
            break
        form = await _form(browser, f"{clicked.address}/refund", id="refund")
        address, body = form.press(id="confirm-refund")
        await browser.post(address, body, follow=False)
    return scene.emails[:1]


USUAL: Final = "ordinary buyers"
ATTACKS: Final = MappingProxyType(
    {
        "card testing": try_cards,
        "coupon leak": leak_a_coupon,
        "account farm": farm_accounts,
        "mileage gaming": gather_mileage,
        "top-up laundering": launder_top_ups,
        "refund abuse": give_all_back,
    }
)


async def _entered(scene: Scene, email: str) -> Browser:
    browser = Browser()
    await sign_in(browser, scene.base, email, PASSWORD)
    return browser


async def _change_to(browser: Browser, scene: Scene, email: str) -> None:
    """Leave the browser to another account; what the device is stays."""
    await _leave(browser, scene)
    await sign_in(browser, scene.base, email, PASSWORD)


async def _leave(browser: Browser, scene: Scene) -> None:
    page = await browser.get(f"{scene.base}/?lang=en")
    try:
        form = find_form(page.text, action=_path(scene.base, "/sign-out"))
    except FormError:
        return  # Nobody is in.
    await _send(browser, form)


async def _form(browser: Browser, address: str, **wanted: str) -> Form:
    return find_form((await browser.get(address)).text, **wanted)


async def _send(browser: Browser, form: Form) -> Page:
    address, body = form.press()
    return await browser.post(address, body)


def _path(base: str, path: str) -> str:
    return "/" + base.split("/", 3)[3] + path if base.count("/") > 2 else path
