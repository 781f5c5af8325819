"""What a well-behaved server sends, to be changed by the tests of the reader."""

import json
from typing import Any

from fedi import clock
from fedi.activitypub import parse, vocab

NOW = clock.parse_rfc3339("2026-11-22T00:16:46Z") or 0
CAROL = "https://peer.test/users/carol"
FOLLOWERS = f"{CAROL}/followers"
NOTE: dict[str, Any] = {
    "id": "https://peer.test/notes/1",
    "type": "Note",
    "attributedTo": CAROL,
    "content": "<p>Hello</p>",
    "published": "2026-11-22T00:00:00Z",
    "to": [vocab.PUBLIC],
    "cc": [FOLLOWERS],
}
CREATE: dict[str, Any] = {
    "@context": "https://www.w3.org/ns/activitystreams",
    "id": "https://peer.test/notes/1/activity",
    "type": "Create",
    "actor": CAROL,
    "to": [vocab.PUBLIC],
    "object": NOTE,
}
PERSON: dict[str, Any] = {
    "id": CAROL,
    "type": "Person",
    "preferredUsername": "carol",
    "inbox": f"{CAROL}/inbox",
    "publicKey": {"id": f"{CAROL}#main-key", "owner": CAROL, "publicKeyPem": "-----BEGIN PUBLIC KEY-----\n..."},
}


def dump(value: object) -> bytes:
    return json.dumps(value).encode()


def read_note(**changes: Any) -> parse.Note:
    return parse.note({**NOTE, **changes}, NOW, FOLLOWERS)


def read_actor(**changes: Any) -> parse.Actor:
    return parse.actor({**PERSON, **changes})


def read_activity(**changes: Any) -> parse.Activity:
    return parse.activity({**CREATE, **changes})
