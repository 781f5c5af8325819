"""What a relay announces: read from its own server, within the relay's budget, and kept as a post like others."""

from fedi import relays, uris
from fedi.activitypub.remote import Remote
from fedi.errors import Refused, TooMany
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account


async def fetch(remote: Remote, uri: str, relay: Account) -> None:
    """Have the post here, if it may be had. Raises RemoteError; Refused beyond what one relay may make us fetch. Source: AUZ-22."""
    if remote.db.read(post_rows.find_by_uri, uri) is not None:
        return
    try:
        remote.spend_forwarded(uris.host(relay.uri))
    except TooMany:
        raise Refused("The relay sends more than is fetched in a minute.", 429) from None
    note, author = await remote.note(uri)
    content = await remote.content(note)
    await remote.db.write(relays.take, note, author, content)
