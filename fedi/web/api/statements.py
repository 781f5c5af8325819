"""What a server says in words: its rules, about itself, its privacy policy and terms. Source: Mastodon documentation, instance."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from fedi import clock, languages, texts
from fedi.errors import NotFound
from fedi.storage import rules as rule_rows
from fedi.storage.db import Tx
from fedi.storage.rules import Rule
from fedi.web import headers, keys
from fedi.web.api import answers, table
from fedi.web.api.entities.places import Json


def rule(one: Rule) -> Json:
    """Source: Mastodon documentation, Rule."""
    return {"id": str(one.id), "text": one.text, "hint": one.hint, "translations": one.translated()}


def public(document: object) -> web.Response:
    """The same for everybody, kept for a while."""
    response = answers.entity(document)
    response.headers["Cache-Control"] = headers.PUBLIC
    response.headers["Vary"] = "Accept-Encoding"
    return response


def _read(request: web.Request, rule: Callable[..., Any], *args: object) -> web.Response:
    return public(request.app[keys.INSTANCE].db.read(rule, *args))


async def rules(request: web.Request) -> web.Response:
    return _read(request, list_rules)


def list_rules(tx: Tx) -> list[Json]:
    return [rule(one) for one in rule_rows.list_all(tx)]


async def extended_description(request: web.Request) -> web.Response:
    return _read(request, _text, texts.ABOUT)


async def privacy_policy(request: web.Request) -> web.Response:
    return _read(request, _text, texts.PRIVACY)


def _text(tx: Tx, name: str) -> Json:
    """Source: Mastodon documentation, ExtendedDescription and PrivacyPolicy."""
    found = texts.get(tx, name)
    return {"updated_at": clock.rfc3339(found.updated_at), "content": texts.render(tx, found.source)}


async def terms_of_service(request: web.Request) -> web.Response:
    return _read(request, _terms, "")


async def terms_of_day(request: web.Request) -> web.Response:
    day = request.match_info["date"]
    if not texts.is_date(day):
        raise NotFound("There are no terms of that day.")
    return _read(request, _terms, day)


def _terms(tx: Tx, day: str) -> Json:
    """Source: Mastodon documentation, TermsOfService."""
    found = texts.terms(tx, day)
    return {
        "effective_date": found.effective_on,
        "effective": found.effective_on <= texts.today(tx),
        "content": texts.render(tx, found.text_source),
        "succeeded_by": found.succeeded_by,
    }


_LANGUAGES = [{"code": code, "name": name} for code, name in languages.NAMES.items()]


async def list_languages(request: web.Request) -> web.Response:
    return public(_LANGUAGES)


ROUTES = (
    table.anyone("GET", "/api/v1/instance/rules", rules, gives="[Rule]"),
    table.anyone("GET", "/api/v1/instance/extended_description", extended_description, gives="ExtendedDescription"),
    table.anyone("GET", "/api/v1/instance/privacy_policy", privacy_policy, gives="PrivacyPolicy"),
    table.anyone("GET", "/api/v1/instance/terms_of_service", terms_of_service, gives="TermsOfService"),
    table.anyone("GET", "/api/v1/instance/terms_of_service/{date}", terms_of_day, gives="TermsOfService"),
    table.anyone("GET", "/api/v1/instance/languages", list_languages, gives="[Hash]"),
)
