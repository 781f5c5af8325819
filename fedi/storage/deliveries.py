"""Rows of `activities`, `inboxes` and `deliveries`: what we said, to whom, and what they answered.

A delivery that was made stays as the receipt of it: an Update or Delete reaches whoever got the Create.
"""

import json
from collections.abc import Iterable
from typing import NamedTuple

from fedi import ids
from fedi.storage.db import Tx


class Activity(NamedTuple):
    """Something a local account did, as it goes over the wire. `object_uri` keeps its order per host."""

    id: int
    uri: str
    type: str
    account_id: int
    post_id: int | None
    object_uri: str
    public: int
    body: bytes
    created_at: int


class Delivery(NamedTuple):
    """One activity for one inbox."""

    activity_id: int
    inbox_id: int
    inbox_uri: str
    host: str
    state: str
    attempts: int
    next_at: int
    status: int
    answer: str
    updated_at: int
    type: str
    object_uri: str
    account_id: int


class Outcome(NamedTuple):
    """What an attempt came to; `next_at` counts where the state stays `queued`."""

    activity_id: int
    inbox_id: int
    state: str
    attempts: int
    next_at: int
    status: int
    answer: str


_A_COLUMNS = ", ".join(Activity._fields)
_D_COLUMNS = """d.activity_id, d.inbox_id, i.uri, d.host, d.state, d.attempts, d.next_at, d.status, d.answer, d.updated_at,
  v.type, v.object_uri, v.account_id"""
_D_FROM = "deliveries d JOIN inboxes i ON i.id = d.inbox_id JOIN activities v ON v.id = d.activity_id"


def insert_activity(tx: Tx, activity: Activity) -> None:
    tx.execute(f"INSERT INTO activities ({_A_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", activity)


def forget_activity(tx: Tx, uri: str) -> None:
    """What was said under an id to one server only is about to be said to all."""
    tx.execute("DELETE FROM activities WHERE uri = ?", (uri,))


def find_activity(tx: Tx, activity_id: int) -> Activity | None:
    row = tx.one(f"SELECT {_A_COLUMNS} FROM activities WHERE id = ?", (activity_id,))
    return Activity._make(row) if row else None


def find_activity_by_uri(tx: Tx, uri: str) -> Activity | None:
    row = tx.one(f"SELECT {_A_COLUMNS} FROM activities WHERE uri = ?", (uri,))
    return Activity._make(row) if row else None


def count_forwarded(tx: Tx, account_id: int, base_url: str, since: int) -> int:
    """How many activities of others an account has passed on after a time; those of our own have ids below `base_url`."""
    row = tx.one(
        "SELECT count(*) FROM activities WHERE account_id = ? AND id > ? AND substr(uri, 1, ?) <> ?",
        (account_id, ids.first_at(since), len(base_url) + 1, f"{base_url}/"),
    )
    return int(row[0]) if row else 0


def prune_forwarded(tx: Tx, base_url: str, before: int, limit: int) -> int:
    """Forget what others have said and was passed on before a time; at most `limit` of them."""
    return tx.execute(
        "DELETE FROM activities WHERE id IN (SELECT id FROM activities WHERE id < ? AND substr(uri, 1, ?) <> ? LIMIT ?)",
        (ids.first_at(before), len(base_url) + 1, f"{base_url}/", limit),
    )


def enqueue(tx: Tx, activity_id: int, inboxes: Iterable[tuple[str, str]]) -> list[str]:
    """Queue an activity for (inbox uri, host) pairs; returns the hosts, each once."""
    pairs = list(dict(inboxes).items())
    known = {
        row[0]: row[1]
        for row in tx.query(
            "SELECT uri, id FROM inboxes WHERE uri IN (SELECT value FROM json_each(?))", (json.dumps([uri for uri, _ in pairs]),)
        )
    }
    fresh = [(ids.new(tx.now), uri, host) for uri, host in pairs if uri not in known]
    if fresh:
        tx.executemany("INSERT INTO inboxes (id, uri, host) VALUES (?, ?, ?)", fresh)
        known |= {uri: inbox_id for inbox_id, uri, _ in fresh}
    tx.executemany(
        "INSERT INTO deliveries (activity_id, inbox_id, host, state, next_at, updated_at) VALUES (?, ?, ?, 'queued', ?, ?)"
        " ON CONFLICT DO NOTHING",
        [(activity_id, known[uri], host, tx.now, tx.now) for uri, host in pairs],
    )
    return list(dict.fromkeys(host for _, host in pairs))


def list_reached(tx: Tx, post_id: int) -> list[tuple[str, str]]:
    """(inbox uri, host) of everybody who got, or may have got, any activity about a post or about a boost of it."""
    rows = tx.query(
        """SELECT DISTINCT i.uri, i.host FROM activities v CROSS JOIN deliveries d ON d.activity_id = v.id
        CROSS JOIN inboxes i ON i.id = d.inbox_id
        WHERE v.post_id IN (SELECT ?1 UNION ALL SELECT id FROM posts WHERE boost_of_id = ?1)
          AND (d.state = 'delivered' OR d.attempts > 0 OR d.state = 'queued')""",
        (post_id,),
    )
    return [(row[0], row[1]) for row in rows]


def list_told_of_end(tx: Tx, post_id: int) -> set[str]:
    """The inboxes that were, or are to be, told of the end of a post."""
    rows = tx.query(
        """SELECT DISTINCT i.uri FROM activities v CROSS JOIN deliveries d ON d.activity_id = v.id
        CROSS JOIN inboxes i ON i.id = d.inbox_id WHERE v.post_id = ? AND v.type = 'Delete'""",
        (post_id,),
    )
    return {row[0] for row in rows}


def supersede(tx: Tx, post_id: int) -> None:
    """A post was deleted: what did not get through of it is not sent any more, not even on request, and its text goes."""
    tx.execute(
        """UPDATE deliveries SET state = 'superseded', updated_at = ? WHERE state <> 'delivered'
        AND activity_id IN (SELECT id FROM activities WHERE post_id = ? AND type IN ('Create', 'Update'))""",
        (tx.now, post_id),
    )
    tx.execute("UPDATE activities SET body = x'' WHERE post_id = ? AND type IN ('Create', 'Update')", (post_id,))


def supersede_account(tx: Tx, account_id: int) -> None:
    """An account was deleted: of all it said only what it takes back is still sent, and the texts go."""
    tx.execute(
        """UPDATE deliveries SET state = 'superseded', updated_at = ? WHERE state <> 'delivered'
        AND activity_id IN (SELECT id FROM activities WHERE account_id = ? AND type <> 'Delete')""",
        (tx.now, account_id),
    )
    tx.execute("UPDATE activities SET body = x'' WHERE account_id = ? AND type <> 'Delete'", (account_id,))


def list_queued_hosts(tx: Tx) -> list[tuple[str, int]]:
    """(host, time of its next due delivery) of every host something waits for."""
    rows = tx.query("SELECT host, min(next_at) FROM deliveries WHERE state = 'queued' GROUP BY host")
    return [(row[0], row[1]) for row in rows]


def list_queued(tx: Tx, host: str, limit: int) -> list[Delivery]:
    """What waits for one host, oldest first, due or not."""
    rows = tx.query(
        f"""SELECT {_D_COLUMNS} FROM deliveries d INDEXED BY deliveries_queued
        CROSS JOIN inboxes i ON i.id = d.inbox_id CROSS JOIN activities v ON v.id = d.activity_id
        WHERE d.state = 'queued' AND d.host = ? ORDER BY d.activity_id, d.inbox_id LIMIT ?""",
        (host, limit),
    )
    return [Delivery._make(row) for row in rows]


def list_queued_of(tx: Tx, activity_id: int) -> list[Delivery]:
    """What of one activity waits, for whatever host."""
    rows = tx.query(f"SELECT {_D_COLUMNS} FROM {_D_FROM} WHERE d.state = 'queued' AND d.activity_id = ?", (activity_id,))
    return [Delivery._make(row) for row in rows]


def is_queued(tx: Tx, activity_id: int, inbox_id: int) -> bool:
    """Whether it is still to be sent: not superseded or dropped meanwhile."""
    row = tx.one("SELECT state FROM deliveries WHERE activity_id = ? AND inbox_id = ?", (activity_id, inbox_id))
    return row is not None and row[0] == "queued"


def find_body(tx: Tx, activity_id: int) -> bytes | None:
    """The bytes to send; None when what they told of is gone."""
    row = tx.one("SELECT body FROM activities WHERE id = ? AND length(body) > 0", (activity_id,))
    return bytes(row[0]) if row else None


def record(tx: Tx, outcomes: Iterable[Outcome]) -> None:
    """Write what attempts came to. A row that was dropped meanwhile keeps that state, and a superseded one unless it did arrive."""
    tx.executemany(
        """UPDATE deliveries SET state = CASE WHEN state = 'superseded' AND ?3 <> 'delivered' THEN state ELSE ?3 END,
          attempts = ?4, next_at = ?5, status = ?6, answer = ?7, updated_at = ?8
        WHERE activity_id = ?1 AND inbox_id = ?2 AND state IN ('queued', 'superseded')""",
        [(*outcome, tx.now) for outcome in outcomes],
    )


def postpone(tx: Tx, host: str, until: int) -> int:
    """A host's circuit has opened: nothing for it is due before."""
    return tx.execute("UPDATE deliveries SET next_at = ? WHERE state = 'queued' AND host = ? AND next_at < ?", (until, host, until))


def hasten(tx: Tx, host: str) -> int:
    """A host is back: what waits for it is due, one a second."""
    return tx.execute(
        """UPDATE deliveries SET next_at = :now + 1000 * (SELECT count(*) FROM deliveries o WHERE o.state = 'queued' AND o.host = :host
          AND o.activity_id < deliveries.activity_id) WHERE state = 'queued' AND host = :host AND next_at > :now""",
        {"now": tx.now, "host": host},
    )


def expire(tx: Tx, before: int) -> int:
    """Give up what was first queued before a time."""
    return tx.execute(
        """UPDATE deliveries SET state = 'expired', updated_at = :now WHERE state = 'queued'
        AND activity_id IN (SELECT id FROM activities WHERE created_at < :before)""",
        {"now": tx.now, "before": before},
    )


def drop(tx: Tx, *, host: str = "", activity_id: int = 0, inbox_uri: str = "", answer: str = "") -> int:
    """Take queued deliveries out (of a host, an activity, an inbox, or all): they are not tried again."""
    return tx.execute(
        """UPDATE deliveries SET state = 'dropped', answer = :answer, updated_at = :now
        WHERE state = 'queued' AND (:host = '' OR host = :host) AND (:activity = 0 OR activity_id = :activity)
          AND (:inbox = '' OR inbox_id = (SELECT id FROM inboxes WHERE uri = :inbox))""",
        {"host": host, "activity": activity_id, "inbox": inbox_uri, "now": tx.now, "answer": answer},
    )


def drop_over(tx: Tx, host: str, keep: int) -> int:
    """A dead host keeps its latest deliveries only."""
    return tx.execute(
        """UPDATE deliveries SET state = 'dropped', answer = 'too many waiting', updated_at = :now WHERE state = 'queued' AND host = :host
        AND activity_id < (SELECT min(activity_id) FROM (SELECT activity_id FROM deliveries WHERE state = 'queued' AND host = :host
          ORDER BY activity_id DESC LIMIT :keep))""",
        {"host": host, "keep": keep, "now": tx.now},
    )


def retry(tx: Tx, *, host: str = "", activity_id: int = 0) -> int:
    """Try again now: what waits, and what was refused or given up."""
    return tx.execute(
        """UPDATE deliveries SET state = 'queued', attempts = 0, next_at = :now, updated_at = :now
        WHERE state IN ('queued', 'refused', 'expired', 'dropped') AND (:host = '' OR host = :host)
          AND (:activity = 0 OR activity_id = :activity)""",
        {"host": host, "activity": activity_id, "now": tx.now},
    )


def list_unfinished(tx: Tx, *, host: str = "", limit: int = 200) -> list[Delivery]:
    """What was not delivered, for people to look at: queued, refused, expired, dropped; the latest first."""
    rows = tx.query(
        f"""SELECT {_D_COLUMNS} FROM {_D_FROM} 
        WHERE d.state IN ('queued', 'refused', 'expired', 'dropped') AND (:host = '' OR d.host = :host)
        ORDER BY d.activity_id DESC, d.host LIMIT :limit""",
        {"host": host, "limit": limit},
    )
    return [Delivery._make(row) for row in rows]


def list_receipts(tx: Tx, post_id: int) -> list[Delivery]:
    """Where each activity about a post has got to, by host."""
    rows = tx.query(
        f"SELECT {_D_COLUMNS} FROM {_D_FROM} WHERE v.post_id = ? AND d.state <> 'superseded' ORDER BY d.host, d.activity_id", (post_id,)
    )
    return [Delivery._make(row) for row in rows]


def count_by_state(tx: Tx) -> dict[str, int]:
    return {row[0]: row[1] for row in tx.query("SELECT state, count(*) FROM deliveries GROUP BY state")}


def has_queued(tx: Tx, account_id: int) -> bool:
    """Whether anything of an account still waits to be sent: its keys are needed until then."""
    return bool(
        tx.one(
            "SELECT 1 FROM activities v JOIN deliveries d ON d.activity_id = v.id WHERE v.account_id = ? AND d.state = 'queued' LIMIT 1",
            (account_id,),
        )
    )


def list_other_inboxes(tx: Tx) -> list[tuple[str, str]]:
    """(inbox uri, host) of where something was once to be sent and that is no inbox of an account we know (any more)."""
    rows = tx.query(
        """SELECT uri, host FROM inboxes WHERE uri NOT IN (SELECT inbox_uri FROM accounts WHERE host <> '')
        AND uri NOT IN (SELECT shared_inbox_uri FROM accounts WHERE host <> '')"""
    )
    return [(row[0], row[1]) for row in rows]


def list_all_inboxes(tx: Tx) -> list[str]:
    """Every inbox we know of, the shared one where there is one: whom the end of an account is told."""
    rows = tx.query(
        """SELECT DISTINCT CASE WHEN shared_inbox_uri <> '' THEN shared_inbox_uri ELSE inbox_uri END FROM accounts
        WHERE host <> '' AND inbox_uri <> '' AND host_blocked = 0 AND suspended_at IS NULL AND deleted_at IS NULL"""
    )
    return [row[0] for row in rows]
