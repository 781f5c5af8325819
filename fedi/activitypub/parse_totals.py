"""How many answers, boosts and likes a post's own server counts, as its document says. Source: FEDERATION.md, Collections."""

from typing import NamedTuple

from fedi.activitypub import parse_values as values
from fedi.activitypub.parse_values import Json


class Totals(NamedTuple):
    """None where the document does not say; an `*_uri` is where it may be asked, of the document's own server, or ''."""

    replies: int | None
    boosts: int | None
    favourites: int | None
    replies_uri: str
    boosts_uri: str
    favourites_uri: str

    @property
    def is_empty(self) -> bool:
        return not (self.replies or self.boosts or self.favourites)


def totals(document: Json) -> Totals:
    """Read them. Observed: Mastodon and GoToSocial embed the collections, PeerTube and Lemmy name them, Misskey has none."""
    own_id = values.uri(document.get("id"))
    replies, boosts, favourites = (document.get(name) for name in ("replies", "shares", "likes"))
    return Totals(
        replies=_total(replies),
        boosts=_total(boosts),
        favourites=_total(favourites),
        replies_uri=values.own_uri(replies, own_id),
        boosts_uri=values.own_uri(boosts, own_id),
        favourites_uri=values.own_uri(favourites, own_id),
    )


def _total(collection: object) -> int | None:
    counted = collection.get("totalItems") if isinstance(collection, dict) else None
    return values.number(counted) if isinstance(counted, int) and not isinstance(counted, bool) else None
