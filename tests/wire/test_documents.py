"""What about 50 programs really send, against the real inbox: every document signed with a key made for its actor, delivered, settled.

The documents of the recorded folder are served under their own ids by a stand-in for the outgoing client, which has the same rules for
addresses. What a document lacks to concern anybody here (a follower, a target that is ours) the rig supplies. Prints what came of it.
"""

import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp.test_utils import TestClient
from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory

from fedi import clock, http, posts, uris
from fedi.activitypub import keys, parse, parse_objects, parse_values, signatures, vocab
from fedi.errors import Refused, RemoteError
from fedi.instance import Instance
from fedi.storage import follows as follow_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.streaming import Event
from tests import cast, make, remote
from tests.wire import fixtures

AP = vocab.ACTIVITY_JSON
EARLIEST, LATEST = 1_262_304_000_000, 2_051_222_400_000  # 2010, 2035
START = "2026-11-22T12:00:00Z"
CHANGING = {"Like", "EmojiReact", "Announce", "Follow", "Block", "Flag", "Accept", "Reject", "Undo", "Delete", "Update", "Move", "Dislike"}

Json = dict[str, Any]


class Document(NamedTuple):
    file: str
    number: int
    body: Json

    @property
    def name(self) -> str:
        return f"{self.file}#{self.number}" if self.number else self.file


class Result(NamedTuple):
    name: str
    outcome: str  # effect, ignored, refused
    why: str


def recorded() -> dict[str, list[Document]]:
    """The documents of each program, read; without W3C examples, contexts, vectors and the like."""
    found: dict[str, list[Document]] = {}
    for line in (fixtures.root() / "INDEX.tsv").read_text("utf-8").splitlines()[1:]:
        file, software, *_ = line.split("\t")
        if software.startswith("_") or not file.endswith(".json"):
            continue
        loaded = fixtures.load(file)
        listed = loaded if isinstance(loaded, list) else [loaded]
        made = [Document(file, number, one) for number, one in enumerate(listed) if isinstance(one, dict)]
        found.setdefault(software, []).extend(one for one in made if isinstance(one.body.get("type"), str | list))
    return found


# -- a web that knows these documents --


class Web:
    """Answers GETs of the instance by id, each actor with a key of ours."""

    def __init__(self, documents: list[Document]) -> None:
        self.documents: dict[str, Json] = {}
        for one in documents:
            for body in (one.body, *_inner(one.body)):
                if isinstance(body.get("id"), str):
                    self.documents.setdefault(body["id"], body)

    def actor(self, uri: str) -> Json:
        """The recorded actor, or a plain one; either with our key."""
        known = self.documents.get(uri, {})
        if not parse.is_actor(known):
            known = {"@context": vocab.CONTEXT, "id": uri, "type": "Person", "preferredUsername": re.sub(r"\W+", "", uri)[-20:]}
        key = {"id": key_uri(uri), "owner": uri, "publicKeyPem": keys.public_pem(cast.rsa_pem("extra"))}
        made = {**known, "publicKey": key}
        made.setdefault("inbox", f"{uri}/inbox")
        made.setdefault("followers", f"{uri}/followers")
        self.documents[uri] = made
        return made

    async def get_document(self, client: http.Client, url: str, **_: Any) -> http.Fetched:
        place = http.wire_url(url)  # raises what the real one raises
        found = self.documents.get(url) or self.documents.get(place)
        if found is None:
            raise Refused("The server answered 404.", 404)
        return http.Fetched(url, json.dumps(found).encode(), AP)

    async def get(self, client: http.Client, url: str, **_: Any) -> http.Fetched:
        raise Refused("The server answered 404.", 404)

    async def post(self, client: http.Client, url: str, **_: Any) -> http.Answer:
        return http.Answer(202, b"", None)


def _inner(body: Json) -> Iterator[Json]:
    for value in body.values():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict) and "type" in one:
                yield one
                yield from _inner(one)


def key_uri(actor_uri: str) -> str:
    return f"{actor_uri.partition('#')[0]}#rig-key"


# -- the rig --


class Rig:
    """One instance, fresh for each program, and alice, whom everything is about."""

    def __init__(self, instance: Instance, client: TestClient[Any, Any], web: Web, time: FrozenDateTimeFactory) -> None:
        self.instance, self.client, self.web, self.time = instance, client, web, time
        self.db = instance.db
        self.alice: Account = self.db.transact(make.account, "alice")
        self.post = self.db.transact(posts.publish, self.alice, posts.Draft("hello"), {})

    async def know(self, uri: str) -> Account | None:
        """An actor as this server reads it, followed by alice; None when it cannot be one."""
        self.web.actor(uri)
        try:
            account = await self.instance.remote.actor(uri)
        except RemoteError:
            return None
        if self.db.read(follow_rows.find, self.alice.id, account.id) is None:
            self.db.transact(_follow, self.alice, account)
        return account

    def clear(self) -> None:
        """Forget everything but alice and her post: many documents tell of the same things."""
        self.db.transact(_clear, self.alice.id)

    def state(self) -> tuple[Any, ...]:
        """What an effect would change."""
        return self.db.read(_state)

    async def deliver(self, activity: Json) -> tuple[int, str]:
        """Sign it with its actor's key and send it, and let it have its effect."""
        body = json.dumps(activity).encode()
        actor = parse_values.first_id(activity["actor"])
        key = signatures.Key(key_uri(actor), keys.load_private(cast.rsa_pem("extra")))
        outgoing = signatures.Outgoing("POST", "https://fedi.test/inbox", content_type=AP, body_digest=signatures.digest(body))
        headers = {"Content-Type": AP, **signatures.sign(outgoing, key, clock.now())}
        answer = await self.client.post("/inbox", data=body, headers=headers)
        text = await answer.text()
        await self.instance.settle()
        return answer.status, text

    def move_to(self, document: Json) -> None:
        """Set the clock to soon after the document was made."""
        times = [clock.parse_rfc3339(str(one.get(name, ""))) for one in (document, *_inner(document)) for name in ("published", "updated")]
        known = [at for at in times if at is not None and EARLIEST < at < LATEST]
        self.time.move_to(clock.rfc3339(max(known) + clock.MINUTE) if known else START)

    # -- making a document concern alice --

    async def activity_of(self, document: Json, number: int) -> Json | None:
        """What to deliver for a document; None for what nobody delivers (collections, tags, keys)."""
        kind = parse_values.type_of(document, parse_objects.ACTIVITY_TYPES)
        if kind in parse_objects.ACTIVITY_TYPES:
            return await self._aimed(dict(document), kind, number)
        if parse.is_actor(document):
            return {"@context": vocab.CONTEXT, "id": f"{document.get('id')}#rig-{number}", "type": "Update", "actor": document.get("id"),
                    "object": document}  # fmt: skip
        if not parse.is_post(document):
            return None
        author = parse_objects.attribution(document)[0] or "https://rig.test/users/author"
        note = {"id": f"{author}/rig/{number}", "attributedTo": author, **document}
        self.web.documents[note["id"]] = note
        made = {"@context": document.get("@context", vocab.CONTEXT), "id": f"{note['id']}#rig-create", "type": "Create", "actor": author}
        return {**made, "to": note.get("to"), "cc": note.get("cc"), "object": note}

    async def _aimed(self, activity: Json, kind: str, number: int) -> Json:
        actor = parse_values.first_uri(activity.get("actor")) or "https://rig.test/users/author"
        activity["actor"] = actor
        identity = activity.get("id")
        if identity is not None and not uris.same_origin(str(identity), actor):
            activity["id"] = f"{actor}#rig-{number}"
        if kind not in CHANGING:
            return activity
        account = await self.know(actor)
        if account is None or account.is_hidden:
            return activity
        aim = getattr(self, f"_aim_{kind.lower()}", None)
        return await aim(activity, account) if aim else activity

    async def _aim_like(self, activity: Json, actor: Account) -> Json:
        return activity | {"object": self.post.uri}

    _aim_emojireact = _aim_like
    _aim_dislike = _aim_like

    async def _aim_follow(self, activity: Json, actor: Account) -> Json:
        return activity | {"object": self.alice.uri}

    _aim_block = _aim_follow

    async def _aim_flag(self, activity: Json, actor: Account) -> Json:
        return activity | {"object": [self.alice.uri, self.post.uri]}

    async def _aim_announce(self, activity: Json, actor: Account) -> Json:
        """A boost of something recorded stays; one of what nobody has becomes one of alice's post."""
        wanted = parse_values.first_id(activity.get("object"))
        known = self.web.documents.get(wanted, {})
        author = parse_objects.attribution(known)[0]
        if author:
            self.web.actor(author)
        return activity if parse.is_post(known) and author else activity | {"object": self.post.uri}

    async def _aim_accept(self, activity: Json, actor: Account) -> Json:
        """An answer to what alice asked, in the form the document has."""
        made = self.db.transact(_follow, self.alice, actor, "pending")
        inner = activity.get("object")
        if isinstance(inner, dict):
            named = {"id": made.uri} if "id" in inner else {}
            return activity | {"object": {**inner, **named, "type": "Follow", "actor": self.alice.uri, "object": actor.uri}}
        return activity | {"object": made.uri}

    _aim_reject = _aim_accept

    async def _aim_undo(self, activity: Json, actor: Account) -> Json:
        inner = activity.get("object")
        if not isinstance(inner, dict):
            return activity
        inner = {**inner, "actor": actor.uri}
        if inner.get("id") is not None and not uris.same_origin(str(inner["id"]), actor.uri):
            inner["id"] = f"{actor.uri}#rig-undone"
        aim = getattr(self, f"_aim_{parse_values.type_of(inner).lower()}", None)
        inner = await aim(inner, actor) if aim and parse_values.type_of(inner) not in ("Undo", "Accept") else inner
        await self.deliver({"@context": vocab.CONTEXT, **inner})
        return activity | {"object": inner}

    async def _aim_delete(self, activity: Json, actor: Account) -> Json:
        """What is to be deleted is here before."""
        target = parse_values.first_id(activity.get("object"))
        if target and target != actor.uri and uris.same_origin(target, actor.uri):
            self._store(target, actor)
        return activity

    async def _aim_update(self, activity: Json, actor: Account) -> Json:
        target = activity.get("object")
        if isinstance(target, dict) and parse.is_post(target) and uris.same_origin(str(target.get("id")), actor.uri):
            self._store(target["id"], actor, published_at=EARLIEST)
        return activity

    async def _aim_move(self, activity: Json, actor: Account) -> Json:
        target = parse_values.first_uri(activity.get("target"))
        if target:
            self.web.actor(target)["alsoKnownAs"] = [actor.uri]
        return activity

    def _store(self, uri: str, actor: Account, **more: Any) -> None:
        note = make.note(actor, "before")._replace(id=uri, url=uri, **more)
        self.db.transact(make.arrive, note)


def _follow(tx: Tx, follower: Account, followed: Account, state: str = "accepted") -> follow_rows.Follow:
    uri = f"https://fedi.test/activities/{make.number()}"
    made = follow_rows.Follow(follower.id, followed.id, state, 1, uri, 1, 0, "[]", tx.now)
    follow_rows.put(tx, made)
    return made


def _clear(tx: Tx, alice_id: int) -> None:
    tx.execute("DELETE FROM accounts WHERE id <> ? AND host <> ''", (alice_id,))
    tx.execute("UPDATE posts SET favourites_count = 0, boosts_count = 0, replies_count = 0")
    for table in ("seen", "tombstones", "jobs", "deliveries", "activities", "hosts", "notifications", "reports", "settings"):
        tx.execute(f"DELETE FROM {table}")
    tx.emit(Event("storage.reopened"))


def _state(tx: Tx) -> tuple[Any, ...]:
    tables = ("posts", "follows", "favourites", "blocks", "reports", "notifications", "accounts", "home")
    counted = [tuple(row) for table in tables for row in tx.query(f"SELECT count(*) FROM {table}")]
    changed = [tuple(row) for row in tx.query("SELECT sum(version), sum(edited_at) FROM posts")]
    states = [tuple(row) for row in tx.query("SELECT follower_id, followed_id, state FROM follows ORDER BY 1, 2")]
    profiles = [tuple(row) for row in tx.query("SELECT id, version, moved_to_uri FROM accounts ORDER BY id")]
    return counted, changed, states, profiles


@asynccontextmanager
async def rig(folder: Path, documents: list[Document], time: FrozenDateTimeFactory, patch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    web = Web(documents)
    for name in ("get_document", "get", "post"):
        patch.setattr(http.Client, name, lambda client, url, _name=name, **more: getattr(web, _name)(client, url, **more))
    instance = await Instance.in_memory(make.settings(folder))
    try:
        async with remote.serving(instance) as client:
            client.session.headers["Host"] = "fedi.test"
            yield Rig(instance, client, web, time)
    finally:
        await instance.close()


async def play(there: Rig, document: Document, number: int) -> Result:
    """Deliver one document and see what came of it."""
    there.clear()
    there.move_to(document.body)
    activity = await there.activity_of(document.body, number)
    if activity is None:
        return Result(document.name, "no message", parse_values.type_of(document.body))
    actor = await there.know(parse_values.first_id(activity["actor"]))
    before = there.state()
    status, text = await there.deliver(activity)
    assert status < 500, f"{document.name}: {status} {text}"
    kind = parse_values.type_of(activity, parse_objects.ACTIVITY_TYPES)
    if status >= 400:
        why = "its actor cannot be read" if actor is None else json.loads(text)["error"]
        return Result(document.name, "refused", f"{kind}: {status} {why}")
    has_effect = there.state() != before
    if kind == "Create":
        _must_have_a_post(there, document, activity, actor)
    if kind == "Update" and parse.is_actor(document.body):
        has_effect = actor is not None
    return Result(document.name, "effect" if has_effect else "ignored", kind)


def _must_have_a_post(there: Rig, document: Document, activity: Json, actor: Account | None) -> None:
    """Every Create of a Note by its own author, on the author's server, is a post now; votes are none."""
    note = activity.get("object")
    if isinstance(note, str):
        note = there.web.documents.get(note)
    if not isinstance(note, dict) or actor is None or "Note" not in parse_values.types(note) or not parse.belongs_to(note, actor.uri):
        return
    read = parse.note(note, clock.now(), actor.followers_uri, activity)
    assert read.is_vote or there.db.read(post_rows.find_by_uri, read.id) is not None, f"{document.name}: no post"


@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_what_fifty_programs_send_is_understood(
    tmp_path: Path, quick_keys: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    recordings = recorded()
    lines = []
    total: Counter[str] = Counter()
    with freeze_time(START, real_asyncio=True) as time:
        for software, documents in sorted(recordings.items()):
            async with rig(tmp_path, documents, time, monkeypatch) as there:
                results = [await play(there, document, number) for number, document in enumerate(documents)]
            counted = Counter(result.outcome for result in results)
            total += counted
            reasons = Counter(f"{one.outcome}: {one.why}" for one in results if one.outcome in ("ignored", "refused"))
            told = "; ".join(f"{count}x {why}" for why, count in reasons.most_common())
            lines.append(
                f"{software:<14}{counted['effect']:>7}{counted['ignored']:>8}{counted['refused']:>8}{counted['no message']:>11}  {told}"
            )
    errors = [record.getMessage() for record in caplog.records if record.exc_info or record.levelname in ("ERROR", "CRITICAL")]
    assert not errors
    with capsys.disabled():
        print(f"\n{'':<14}{'effect':>7}{'ignored':>8}{'refused':>8}{'no message':>11}  why", *lines, dict(total), sep="\n")  # noqa: T201 (the report is what the test is for)
    assert total["effect"] > 200
