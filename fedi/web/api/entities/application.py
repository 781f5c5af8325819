"""Application and CredentialApplication: a program, as it is told about itself."""

from typing import Any

from fedi import apps
from fedi.storage.apps import App

Json = dict[str, Any]


def application(app: App, vapid: str) -> Json:
    """Source: Mastodon documentation, Application. Old clients look for all its places in lines, and for the server's key, `vapid`."""
    places = app.places()
    return {
        "id": str(app.id),
        "name": app.name,
        "website": app.website or None,
        "scopes": app.scopes.split(),
        "redirect_uris": places,
        "redirect_uri": "\n".join(places),
        "vapid_key": vapid,
    }


def with_secret(app: App, secret: str, vapid: str) -> Json:
    """Source: Mastodon documentation, CredentialApplication. The secret never expires: 0."""
    return {**application(app, vapid), "client_id": app.client_id, "client_secret": secret, "client_secret_expires_at": 0}


def made_by_hand(token_id: int, held: list[str], vapid: str) -> Json:
    """What a token is to programs that no program asked for: one made on the command line."""
    place = apps.OUT_OF_BAND
    return {
        "id": str(token_id),
        "name": "command line",
        "website": None,
        "scopes": held,
        "redirect_uris": [place],
        "redirect_uri": place,
        "vapid_key": vapid,
    }
