"""What others read of a collection of people. Source: FEDERATION.md, Collections."""

from collections.abc import Sequence

from fedi.activitypub.render import Json, collection
from fedi.storage.accounts import Account
from fedi.storage.collections import Collection
from fedi.uris import Uris


def recommended(us: Uris, shown: Collection, owner: Account, people: Sequence[str]) -> Json:
    """`people` are ids of actors."""
    about: Json = {"attributedTo": owner.uri, "name": shown.name, "url": us.collection_page(owner.username, shown.id)}
    if shown.description_source:
        about["summary"] = shown.description_html
    return {**collection(shown.uri, len(people), items=list(people)), **about, "sensitive": bool(shown.sensitive)}
