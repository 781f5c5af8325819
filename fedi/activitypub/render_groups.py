"""What the documents of groups and of posts in groups have besides. Source: FEP-1b12; FEDERATION.md, Groups."""

from typing import Any

from fedi.activitypub import vocab
from fedi.html import escape_text
from fedi.storage.accounts import Account
from fedi.storage.groups import Group
from fedi.uris import Uris

Json = dict[str, Any]


def community(us: Uris, account: Account, group: Group) -> Json:
    """What a group's actor has besides, as Lemmy reads it. The rules are part of what it says of itself."""
    rules = "".join(f"<p>{escape_text(line)}</p>" for line in group.rules.splitlines() if line.strip())
    source = "\n\n".join(part for part in (account.bio_source, group.rules) if part)
    return {
        "summary": f"{account.bio_html}{rules}" or None,
        "source": {"content": source, "mediaType": "text/plain"},
        "attributedTo": us.moderators(account.uri),
        "postingRestrictedToMods": group.posting == "moderators",
        "sensitive": False,
    }


def address(document: Json, group: Account, mention: Json) -> None:
    """Send a post to the group it is in: named in `audience`, in `cc`, and among the mentions, for servers that know one of these only."""
    document["audience"] = group.uri
    known = {*document["to"], *document["cc"]}
    document["cc"] = [*document["cc"], *(uri for uri in (group.uri, group.followers_uri) if uri and uri not in known)]
    if all(item.get("href") != group.uri for item in document["tag"]):
        document["tag"] = [*document["tag"], mention]


def decision(activity_type: str, uri: str, actor: Account, group: Account, object_: str | Json) -> Json:
    """What a moderator decides, as Lemmy says it."""
    return {
        "id": uri,
        "type": activity_type,
        "actor": actor.uri,
        "to": [vocab.PUBLIC],
        "cc": [group.uri],
        "audience": group.uri,
        "object": object_,
    }
