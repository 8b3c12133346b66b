"""What ordinary buyers and fraudsters do with a portal, each through the pages that everybody uses (FRD-01).

A fraudster goes on until he is refused or has done what he came for; whether anybody saw him is asked afterwards.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from portal.bench.browser import Browser, Page
from portal.bench.forms import Form, FormError, find_form
from portal.bench.journey import ENDS, Errand, WalkError, buy, follow, press, sign_in, tokenise
from portal.bench.people import PASSWORD, let_pass
from portal.kit.ids import new_code

DECLINED_CARD = "4000000000000002"
GOOD_CARD = "4242424242424242"
CARDS_TRIED = 12
# So slowly that fewer than ten fall into an hour.
SLOWLY = timedelta(minutes=7)
DECLINES_OF_A_BUYER = 3
FAMILY = 3
PEOPLE_ON_DEVICE = 6
TOP_UPS = 10
# Below every limit of a day: number, amount and the amount that asks for a proof.
STEPS_A_DAY, STEP_DAYS, STEP_MINOR = 5, 4, 90_000
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


async def be_declined(scene: Scene) -> Sequence[str]:
    """Somebody's card is declined a few times, and he pays with another."""
    browser = await _entered(scene, scene.emails[0])
    await _try(browser, scene, DECLINES_OF_A_BUYER)
    await buy(browser, scene.errand())
    return scene.emails[:1]


async def share_a_tablet(scene: Scene) -> Sequence[str]:
    """A family on one device: each tops the deposit up and buys."""
    browser = Browser()
    for number, email in enumerate(scene.emails[:FAMILY]):
        await _change_to(browser, scene, email)
        await _top_up(browser, scene, 30_000)
        await buy(browser, scene.errand(number))
    return scene.emails[:FAMILY]


async def try_cards(scene: Scene) -> Sequence[str]:
    """One account tries one stolen card number after another."""
    await _try(await _entered(scene, scene.emails[0]), scene, CARDS_TRIED)
    return scene.emails[:1]


async def try_cards_slowly(scene: Scene) -> Sequence[str]:
    """The same with minutes between the cards, so that no hour sees many."""
    await _try(await _entered(scene, scene.emails[0]), scene, CARDS_TRIED, SLOWLY)
    return scene.emails[:1]


async def _try(browser: Browser, scene: Scene, cards: int, pause: timedelta = timedelta()) -> None:
    for _number in range(cards):
        try:
            clicked = await press(browser, scene.errand(card=DECLINED_CARD))
        except WalkError:
            break
        await follow(browser, clicked.address, until=ENDS)
        let_pass(scene.emails, pause)


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
    return await _farm(scene, moves=False)


async def farm_accounts_everywhere(scene: Scene) -> Sequence[str]:
    """The same, and each account comes from a network of its own."""
    return await _farm(scene, moves=True)


async def _farm(scene: Scene, *, moves: bool) -> Sequence[str]:
    browser, run = Browser(), new_code(6).lower()
    made = []
    for number in range(PEOPLE_ON_DEVICE):
        if moves:
            browser.move_to(f"127.20.{number}.1")
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
        if not await _top_up(browser, scene, 10_000):
            break
    return scene.emails[:1]


async def launder_in_steps(scene: Scene) -> Sequence[str]:
    """The same day after day, a few a day, and nothing is ever bought."""
    browser = await _entered(scene, scene.emails[0])
    for number in range(STEPS_A_DAY * STEP_DAYS):
        if number and number % STEPS_A_DAY == 0:
            let_pass(scene.emails, timedelta(days=1))
        if not await _top_up(browser, scene, STEP_MINOR):
            break
    return scene.emails[:1]


async def _top_up(browser: Browser, scene: Scene, amount_minor: int) -> bool:
    """Top the deposit up by card; False where a proof is asked for first."""
    page = await browser.get(f"{scene.base}/account/deposit/top-up?amount={amount_minor}")
    form = find_form(page.text, id="checkout")
    form.choose("method", "credit_card")
    form.type("source_token", await tokenise(browser, page, GOOD_CARD))
    address, body = form.press(id="pay-button")
    answer = await browser.post(address, body, follow=False)
    return "/step-up/" not in answer.headers.get("location", "")


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
# Nobody of these may be stopped.
HONEST: Final = MappingProxyType(
    {USUAL: buy_as_usual, "declined at first": be_declined, "a family's tablet": share_a_tablet}
)
ATTACKS: Final = MappingProxyType(
    {
        "card testing": try_cards,
        "slow card testing": try_cards_slowly,
        "coupon leak": leak_a_coupon,
        "account farm": farm_accounts,
        "farm of many networks": farm_accounts_everywhere,
        "mileage gaming": gather_mileage,
        "top-up laundering": launder_top_ups,
        "laundering in steps": launder_in_steps,
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
    # Every page can be left from; the cart is a small one.
    page = await browser.get(f"{scene.base}/cart?lang=en")
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
