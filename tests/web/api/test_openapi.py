"""The document of the API: a valid one, which has every route and every entity."""

import json

from aiohttp import web

from fedi.web.api import openapi, shapes, table
from fedi.web.api.routes import ROUTES
from tests.web.api.conftest import Api


async def test_the_document_has_every_route_and_no_reference_that_leads_nowhere(api: Api) -> None:
    found = (await api.get(None, "/api/openapi.json")).json

    assert found["openapi"].startswith("3.1") and found["servers"] == [{"url": "https://fedi.test"}]
    operations = {(method.upper(), path) for path, methods in found["paths"].items() for method in methods}
    assert len(operations) == len(ROUTES)
    references = {part.partition('"')[0] for part in json.dumps(found).split('"#/components/schemas/')[1:]}
    assert references <= set(found["components"]["schemas"]) and "Status" in references
    names = [operation["operationId"] for methods in found["paths"].values() for operation in methods.values()]
    assert len(names) == len(set(names))
    streams = [one["get"]["responses"] for path, one in found["paths"].items() if path.startswith("/api/v1/streaming/")]
    assert sum("text/event-stream" in answers["200"].get("content", {}) for answers in streams) == 9


async def _nothing(request: web.Request) -> web.Response:
    return web.Response()


def test_a_body_is_nested_as_json_and_flat_as_a_form() -> None:
    fields = (
        table.Field("status", required=True, example="hello"),
        table.Field("poll[options]", many=True),
        table.Field("media_ids", "id", many=True),
    )
    made = openapi.document(
        [table.user("POST", "/api/v1/{id:[0-9]+}/x", _nothing, "write:statuses", *fields, gives="[Status]")], "https://x"
    )

    operation = made["paths"]["/api/v1/{id}/x"]["post"]
    content = operation["requestBody"]["content"]
    nested = content["application/json"]["schema"]
    assert nested["properties"]["poll"]["properties"]["options"] == {"type": "array", "items": {"type": "string"}}
    assert nested["required"] == ["status"] and nested["properties"]["status"]["example"] == "hello"
    assert set(content["multipart/form-data"]["schema"]["properties"]) == {"status", "poll[options][]", "media_ids[]"}
    assert operation["security"] == [{"token": ["write:statuses"]}] and operation["parameters"][0]["name"] == "id"
    given = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert given == {"type": "array", "items": {"$ref": "#/components/schemas/Status"}}


def test_the_schema_of_an_entity_says_what_may_be_missing_or_null() -> None:
    made = shapes.schemas(shapes.load())

    assert made["Account"]["properties"]["last_status_at"]["type"] == ["string", "null"]
    assert "moved" not in made["Account"]["required"] and "acct" in made["Account"]["required"]
    assert made["CredentialAccount"]["allOf"][0] == {"$ref": "#/components/schemas/Account"}
    assert made["Tag"]["properties"]["history"]["items"]["properties"]["uses"]["type"] == "string"
    assert made["Instance"]["properties"]["usage"]["properties"]["users"]["properties"]["active_month"] == {"type": "integer"}
    assert made["WebPushSubscription"]["properties"]["alerts"]["properties"]["admin.sign_up"] == {"type": "boolean"}
