"""Groups elsewhere: who moderates one, read from the collection that its actor names. Source: FEP-1b12; FEDERATION.md, Groups."""

from fedi import groups, limits
from fedi.activitypub import parse
from fedi.activitypub.remote import Remote
from fedi.errors import RemoteError, TooMany
from fedi.storage import accounts as account_rows
from fedi.storage import groups as group_rows

_UNKNOWN = 20  # moderators that are asked for because nobody here knows them yet


async def read_moderators(remote: Remote, group_id: int) -> None:
    """Replace what was known of a group's moderators by what its server says now. Raises RemoteError, NotFound."""
    group = remote.db.read(account_rows.get, group_id)
    document = await remote.document(group.moderators_uri)
    listed = parse.collection(document, group.moderators_uri)
    found: list[int] = []
    asked = 0
    for item in listed.items[: limits.GROUP_MODERATORS]:
        uri = parse.first_id(item)
        known = remote.db.read(account_rows.find_by_uri, uri)
        if known is None and asked < _UNKNOWN:
            asked += 1
            try:
                known = await remote.actor(uri)
            except TooMany:
                raise
            except RemoteError:
                continue
        if known is not None and known.kind != groups.KIND:
            found.append(known.id)
    await remote.db.write(group_rows.set_moderators, group_id, found)
