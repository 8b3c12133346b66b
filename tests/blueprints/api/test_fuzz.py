"""What the document allows and what it does not, made up by the hundred: no server error, no undocumented answer.

Schemathesis is loaded by the worker that runs these tests, and by none that only collects them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from portal.blueprints.api.operations import OPERATIONS
from tests.blueprints.api.conftest import World, place

if TYPE_CHECKING:
    from schemathesis import Case

# What does not fit is refused early and alike: it takes fewer to meet each kind of it.
EXAMPLES_EACH = {"positive": 2, "negative": 2}
WALKS, STEPS_EACH = 10, 8
PHASES = (Phase.explicit, Phase.generate)
# Semantic refusals of what is well-formed: an address that does not exist, a cursor of another query, a code tried out.
CONFIG = {
    # The key that goes with every request would stand in the place of what was made up.
    "generation": {"with-security-parameters": False},
    # The examples change with the document only, not with every word in the source.
    "analysis": {"constants": {"enabled": False}},
    "checks": {
        # Our key stands in the configuration and goes with every request, also with one whose key was made up:
        # test_keys.py asks every operation without a key and with wrong ones.
        "ignored_auth": {"enabled": False},
        "positive_data_acceptance": {
            "expected-statuses": ["2xx", "304", "400", "403", "404", "409", "412", "422", "429"]
        },
    },
}


@pytest.fixture
def described(world: World) -> Iterator[Any]:
    """The document of a portal in which there is something to find: goods, a cart, an order."""
    import schemathesis
    from schemathesis.checks import load_all_checks

    load_all_checks()
    app = world.api.client.application
    app.config["API_REQUESTS_PER_MINUTE"] = 1_000_000
    world.api.put(f"/cart/lines/{world.bowl}", {"quantity": 1})
    assert place(world.api).status_code == 201
    world.api.put(f"/cart/lines/{world.bowl}", {"quantity": 1})
    config = schemathesis.Config.from_dict({**CONFIG, "headers": {"Authorization": f"Bearer {world.api.key}"}})
    yield schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app, config=config)
    del app.config["API_REQUESTS_PER_MINUTE"]


@pytest.mark.slow
@pytest.mark.req("API-01")
@pytest.mark.parametrize("mode", EXAMPLES_EACH)
def test_every_answer_is_one_that_is_described(described: Any, mode: str) -> None:
    operations = [found.ok() for found in described.get_all_operations()]
    assert len(operations) == len(OPERATIONS)
    # Who takes the same by the same names refuses the same, before anything of its own is run.
    refusing = {taken(operation): operation for operation in operations if can_be_wrong(operation)}
    for operation in operations if mode == "positive" else refusing.values():
        fuzz(operation, mode)


@pytest.mark.slow
@pytest.mark.req("API-01")
def test_what_answers_tell_leads_on_and_every_step_is_described(described: Any) -> None:
    """Walks: what one answer tells (a number, an id) is asked for or changed by the next request."""
    asked: set[str] = set()

    def plain(_self: object, case: Case[Any]) -> dict[str, Any]:
        asked.add(case.operation.label)
        # The stand-in for a connection does not unpack what is compressed.
        return {"headers": {"Accept-Encoding": "identity"}}

    walk: Any = type("Walk", (described.as_state_machine(),), {"get_call_kwargs": plain})
    walk.run(
        settings=settings(
            max_examples=WALKS,
            stateful_step_count=STEPS_EACH,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=PHASES,
        )
    )
    assert len(asked) > STEPS_EACH


def fuzz(operation: Any, mode: str) -> None:
    """Send what fits the description, or what does not, and look at every answer with every check."""
    from schemathesis import GenerationMode

    @settings(max_examples=EXAMPLES_EACH[mode], database=None, suppress_health_check=list(HealthCheck), phases=PHASES)
    @given(case=operation.as_strategy(generation_mode=GenerationMode(mode)))
    def send(case: Case[Any]) -> None:
        # The stand-in for a connection does not unpack what is compressed.
        case.call_and_validate(headers={"Accept-Encoding": "identity"})

    send()


def can_be_wrong(operation: Any) -> bool:
    """Whether anything is wrong for an operation: any word is fit for a path that takes words, and for a header."""
    word = {"type": "string", "minLength": 1}.items()
    paths = [one.definition.get("schema", {}) for one in operation.path_parameters]
    return bool(operation.body or operation.query or any(schema.items() - word for schema in paths))


def taken(operation: Any) -> str:
    """What an operation takes, for comparing: the schemas of its path, its query and its body."""
    given = [[one.name, one.definition.get("schema")] for one in (*operation.path_parameters, *operation.query)]
    return json.dumps([given, [one.definition.get("schema") for one in operation.body]], sort_keys=True)
