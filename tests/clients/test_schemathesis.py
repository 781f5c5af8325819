"""The document of the API and the server against each other: one request of each operation that must go well, and 2,000 at random.

Source: OpenAPI Specification 3.1; DOS-16, XSS-17.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from fedi.web.api import openapi, table
from fedi.web.api.routes import ROUTES
from tests.clients import seeds as seeding
from tests.clients.seeds import Person, Seeds

pytestmark = pytest.mark.slow

CHECKS: Final = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
DOCUMENT: Final = openapi.document((route for route in ROUTES if route.gives not in (table.EVENTS, table.SOCKET)), "https://fedi.test")
SCHEMA: Final = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS: Final[dict[str, Any]] = {f"{one.ok().method.upper()} {one.ok().path}": one.ok() for one in SCHEMA.get_all_operations()}
EXAMPLES: Final = 2000
PHASES: Final = [Phase.generate]  # what fails once fails again: nothing is made smaller


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeds]:
    folder = tmp_path_factory.mktemp("schema")
    with seeding.serving(folder) as made:
        yield made
    log = (folder / "log").read_text("utf-8")
    assert "Traceback" not in log and "ERROR" not in log, log[-4000:]


# -- what must go well --

# What cannot stand in the document as an example, because it must be there: by `METHOD path`, fields of the query or the body.
FIELDS: Final[dict[str, Callable[[Seeds], dict[str, Any]]]] = {
    "GET /api/v1/accounts/lookup": lambda s: {"acct": s.person().name},
    "GET /api/v1/statuses": lambda s: {"id[]": [s.status()]},
    "GET /api/oembed": lambda s: {"url": s.ask("GET", f"/api/v1/statuses/{s.status()}")["url"]},
    "GET /api/v1/timelines/link": lambda s: {"url": "https://peer.test/bees"},
    "POST /oauth/token": lambda s: s.app(),
    "POST /oauth/revoke": lambda s: s.app(),
    "POST /api/v1/reports": lambda s: {"account_id": s.person().id},
    "POST /api/v1/notifications/dismiss": lambda s: {"id": s.notification()["id"]},
    "POST /api/v1/collections": lambda s: s.collection() and {},
    "POST /api/v1/collections/{id}/items": lambda s: {"account_id": s.friend()},
    "POST /api/v1/lists/{id}/accounts": lambda s: {"account_ids": [s.friend()]},
    "DELETE /api/v1/lists/{id}/accounts": lambda s: {"account_ids[]": [s.friend()]},
    "POST /api/v2/filters/{id}/statuses": lambda s: {"status_id": s.status()},
    "POST /api/v1/statuses/{id}/translate": lambda s: {"lang": "en"},
    "PUT /api/v1/scheduled_statuses/{id}": lambda s: {"scheduled_at": seeding.later(hours=5)},
    "PATCH /api/v1/scheduled_statuses/{id}": lambda s: {"scheduled_at": seeding.later(hours=5)},
}
# Who asks where it is not alice: a person or a token.
ASKS: Final[dict[str, Callable[[Seeds], Person | str]]] = {
    "GET /api/v1/apps/verify_credentials": Seeds.app_token,
    "POST /api/v1/accounts": Seeds.app_token,
    "POST /api/v1/emails/confirmations": Seeds.newcomer,
    "GET /oauth/token/info": Seeds.app_token,
    "GET /api/v1/annual_reports/{year}": Seeds.reported,
    "POST /api/v1/annual_reports/{year}/read": Seeds.reported,
    "POST /api/v1/annual_reports/{year}/generate": Seeds.year,
}


def _examples(schema: dict[str, Any]) -> Any:
    """The examples of a schema, nested as it is, with files in the place of files."""
    if "example" in schema:
        return schema["example"]
    if schema.get("format") == "binary":
        return seeding.picture()
    found = {name: _examples(inner) for name, inner in schema.get("properties", {}).items()}
    return {name: value for name, value in found.items() if value is not None} or None


def _case(operation: APIOperation, name: str, seeds: Seeds) -> Case:
    """The request with everything the document has as an example."""
    said = DOCUMENT["paths"][operation.path][operation.method]
    more = FIELDS.get(name, lambda _: {})(seeds)
    query = {one["name"]: one["schema"]["example"] for one in said["parameters"] if one["in"] == "query" and "example" in one["schema"]}
    if "requestBody" not in said:
        return operation.Case(path_parameters=seeding.names(seeds, name), query=query | more)
    media_type, content = next(iter(said["requestBody"]["content"].items()))
    body = (_examples(content["schema"]) or {}) | more
    return operation.Case(path_parameters=seeding.names(seeds, name), body=body, media_type=media_type)


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_the_document_has_as_an_example_goes_well(seeds: Seeds, name: str) -> None:
    by = ASKS.get(name, lambda s: s.me)(seeds)
    case = _case(OPERATIONS[name], name, seeds)

    answer = case.call(base_url=seeds.base, headers=seeds.headers(by), session=seeds.session, allow_redirects=False)

    assert 200 <= answer.status_code < 300, (name, answer.status_code, answer.text)
    case.validate_response(answer, checks=CHECKS)


# -- what must not go wrong --

_STRANGE: Final = ("0", "-1", "1.5", "9" * 19, "9" * 40, "%00", "x", "\u0661", "..")


def _modes(name: str) -> dict[GenerationMode, int]:
    """How many requests at random, by whether they are as the document says. What takes nothing is asked once, what takes an id as often
    as there are kinds of ids."""
    path = OPERATIONS[name].path
    said = DOCUMENT["paths"][path][OPERATIONS[name].method]
    if "requestBody" in said or any(one["in"] == "query" for one in said["parameters"]):
        return {GenerationMode.POSITIVE: 8, GenerationMode.NEGATIVE: 7}
    return {GenerationMode.POSITIVE: 4 if "{" in path else 1}


def test_there_are_2000_examples() -> None:
    assert sum(sum(_modes(name).values()) for name in OPERATIONS) >= EXAMPLES


@pytest.fixture(scope="module")
def others(seeds: Seeds) -> Seeds:
    """The other owner: what is done at random is not done to what must go well."""
    return Seeds(seeds.said, 1)


@pytest.fixture(scope="module")
def known(others: Seeds) -> list[str]:
    """Ids of one thing each, which may stand wherever an id may."""
    things = [others.me.id, others.person().id, others.said["carol"], others.said["abroad"], others.said["linked"]]
    return [*things, others.status(), others.poll(), others.media(), others.list(), others.scheduled()]


def _mixed(value: Any, schema: dict[str, Any], ids: st.SearchStrategy[str], draw: Any) -> Any:
    """The same with known ids in the place of made-up ones, every other time."""
    if isinstance(value, dict):
        return {key: _mixed(one, schema.get("properties", {}).get(key, {}), ids, draw) for key, one in value.items()}
    if isinstance(value, list):
        return [_mixed(one, schema.get("items", {}), ids, draw) for one in value]
    is_id = schema.get("pattern") == openapi.ID["pattern"] or (isinstance(value, str) and re.fullmatch(r"\d{1,19}", value))
    return draw(ids) if is_id and draw(st.booleans()) else value


@st.composite
def _cases(draw: Any, name: str, mode: GenerationMode, own: dict[str, str], known: list[str]) -> Case:
    operation, ids = OPERATIONS[name], st.sampled_from(known)
    case: Case = draw(operation.as_strategy(generation_mode=mode))
    said = DOCUMENT["paths"][operation.path][operation.method]
    for key, value in own.items():
        case.path_parameters[key] = draw(st.sampled_from([value, value, value, *_STRANGE, *known, case.path_parameters[key]]))
    parameters = {one["name"]: one["schema"] for one in said["parameters"]}
    case.query = {key: _mixed(value, parameters.get(key, {}), ids, draw) for key, value in (case.query or {}).items()}
    content = said.get("requestBody", {}).get("content", {}).get(case.media_type, {})
    if isinstance(case.body, dict | list):
        case.body = _mixed(case.body, content.get("schema", {}), ids, draw)
    return case


@pytest.mark.parametrize("name", OPERATIONS)
def test_nothing_at_random_is_a_fault_of_the_server_DOS_16(others: Seeds, known: list[str], name: str) -> None:
    own = seeding.names(others, name)
    for mode, number in _modes(name).items():
        assert _attacks(others, _cases(name, mode, own, known), number) == number


def _attacks(seeds: Seeds, cases: st.SearchStrategy[Case], number: int) -> int:
    """So many requests, whose answers are as the document says; how many there were."""
    seen: list[int] = []

    @settings(max_examples=number, derandomize=True, database=None, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
    @given(case=cases)
    def attack(case: Case) -> None:
        answer = case.call(base_url=seeds.base, headers=seeds.headers(seeds.me), session=seeds.session, allow_redirects=False)
        seen.append(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    attack()
    return len(seen)
