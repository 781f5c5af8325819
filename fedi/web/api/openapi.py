"""The client API as an OpenAPI 3.1 document, made from the table of routes. Source: OpenAPI Specification 3.1."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import orjson
from aiohttp import web

from fedi import __version__
from fedi.web.api import answers, shapes, table
from fedi.web.api.table import Access, Field, Route

ID: Final = {"type": "string", "pattern": "^[0-9]{1,19}$"}
_KINDS: Final[dict[str, dict[str, Any]]] = {
    "text": {"type": "string"},
    "number": {"type": "integer"},
    "real": {"type": "number"},
    "flag": {"type": "boolean"},
    "id": ID,
    "time": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "url": {"type": "string", "format": "uri"},
    "file": {"type": "string", "format": "binary"},
    "object": {"type": "object"},
}
_SAYS: Final = {200: "Done.", 202: "It is being made.", 206: "It is still being made."}
_FORMS: Final = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")


def document(routes: Iterable[Route], base_url: str) -> dict[str, Any]:
    """The document of these routes, at the server of `base_url`."""
    known = shapes.load()
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(_path(route), {})[route.method.lower()] = _operation(route, known)
    return {
        "openapi": "3.1.0",
        "info": {"title": "fedi: the Mastodon client API", "version": __version__},
        "servers": [{"url": base_url}],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": shapes.schemas(known), "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def _path(route: Route) -> str:
    """The path without the patterns of its names."""
    return re.sub(r"{(\w+):[^}]*}", r"{\1}", route.path)


def _operation(route: Route, known: shapes.Table) -> dict[str, Any]:
    queried = route.method in ("GET", "DELETE")
    names = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in re.findall(r"{(\w+)}", _path(route))]
    made: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{route.method.lower()}{_path(route)}").strip("_"),
        "tags": [_path(route).split("/")[3] if route.path.startswith("/api/v") else "oauth"],
        "parameters": names + ([_parameter(field) for field in route.takes] if queried else []),
        "responses": {**_answers(route, known), "4XX": _json(shapes.reference("Error"), "What is wrong, in words.")},
        "security": _security(route),
    }
    if route.takes and not queried:
        made["requestBody"] = _body(route.takes)
    return made


def _security(route: Route) -> list[dict[str, list[str]]]:
    shown = [{"token": list(route.scopes)}]
    return {Access.ANYONE: [], Access.READER: [{}, *shown]}.get(route.access, shown)


def _answers(route: Route, known: shapes.Table) -> dict[str, Any]:
    """What comes where all is well; of streams that they go on for ever."""
    if route.gives == table.SOCKET:
        return {"101": {"description": "A WebSocket."}}
    if route.gives == table.EVENTS:
        told = {table.EVENTS: {"schema": {"type": "string"}}}
        return {"200": {"description": "Events, as they happen, without an end.", "content": told}}
    by_status: dict[int, list[str]] = {}
    for status, gives in ((200, route.gives), *route.others):
        by_status.setdefault(status, []).append(gives)
    return {str(status): _answer(all_gives, known, _SAYS[status]) for status, all_gives in by_status.items()}


def _answer(all_gives: Sequence[str], known: shapes.Table, says: str) -> dict[str, Any]:
    given = [gives for gives in all_gives if gives.strip("[]") in known or gives.strip("[]") in shapes.PLAIN or gives == "{}"]
    if not given:
        return {"description": says}
    found = [shapes.reference(gives) for gives in given]
    return _json(found[0] if len(found) == 1 else {"anyOf": found}, says)


def _json(schema: dict[str, Any], says: str) -> dict[str, Any]:
    return {"description": says, "content": {"application/json": {"schema": schema}}}


def _parameter(field: Field) -> dict[str, Any]:
    name = f"{field.name}[]" if field.many else field.name
    return {"name": name, "in": "query", "required": field.required, "schema": _schema(field)}


def _body(takes: Iterable[Field]) -> dict[str, Any]:
    """JSON with nested objects, forms with names in brackets; files only where forms can have them."""
    fields = tuple(takes)
    nested: dict[str, Any] = {"type": "object", "properties": {}}
    for field in fields:
        if field.kind != "file":
            _place(nested, re.findall(r"[^\[\]]+", field.name), field)
    flat = {f"{field.name}[]" if field.many else field.name: _schema(field) for field in fields}
    required = [f"{field.name}[]" if field.many else field.name for field in fields if field.required]
    form = {"type": "object", "properties": flat, **({"required": required} if required else {})}
    content = {kind: {"schema": nested if kind == "application/json" else form} for kind in _FORMS}
    if any(field.kind == "file" and field.required for field in fields):
        content = {"multipart/form-data": {"schema": form}}
    return {"required": bool(required), "content": content}


def _place(into: dict[str, Any], path: list[str], field: Field) -> None:
    """Put a field where its name says: `poll[options]` into the object `poll`."""
    for part in path[:-1]:
        into = into["properties"].setdefault(part, {"type": "object", "properties": {}})
        into.setdefault("properties", {})
    into["properties"][path[-1]] = _schema(field)
    if field.required and len(path) == 1:
        into.setdefault("required", []).append(path[-1])


def _schema(field: Field) -> dict[str, Any]:
    one = _KINDS[field.kind] | ({"enum": list(field.choices)} if field.choices else {})
    made = {"type": "array", "items": one} if field.many else dict(one)
    return made | ({"example": field.example} if field.example is not None else {})


class Document:
    """The document of an application, made when it is first asked for."""

    def __init__(self, routes: Iterable[Route], base_url: str) -> None:
        self._routes, self._base_url = tuple(routes), base_url
        self._made = b""

    def made(self) -> bytes:
        self._made = self._made or orjson.dumps(document(self._routes, self._base_url))
        return self._made


DOCUMENT = web.AppKey[Document]("openapi")


async def show(request: web.Request) -> web.Response:
    return answers.entity(request.app[DOCUMENT].made())


ROUTES = (table.anyone("GET", "/api/openapi.json", show, gives=""),)
