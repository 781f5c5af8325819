"""That ids of other people's things open nothing: alice has one of everything, others ask every route for it. Source: VIS-21."""

import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from fedi import accounts, clock, endorsements, filters, interactions, lists, markers, reports, warnings
from fedi import annual_reports as years
from fedi.storage import email_subscriptions as subscription_rows
from fedi.storage import severances as severance_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.web.api.routes import ROUTES
from fedi.web.api.table import EVENTS, PAGE, SOCKET, Access, Route
from fedi.web.limits import Window
from tests import make, pushed
from tests.web.api.conftest import EVERYTHING, Api
from tests.web.knocking import Said, knock

WORD = "sesame"  # stands in everything of alice's that is nobody else's business
YEAR = datetime.now(UTC).year
PARTY = "%F0%9F%8E%89"
# What alice's rows are named by, where they have no `account_id` of their own.
OTHER_OWNERS = {
    "filter_keywords": "SELECT k.id FROM filter_keywords k JOIN filters f ON f.id = k.filter_id WHERE f.account_id = ?",
    "filter_posts": "SELECT k.id FROM filter_posts k JOIN filters f ON f.id = k.filter_id WHERE f.account_id = ?",
    "collection_items": "SELECT i.id FROM collection_items i JOIN collections c ON c.id = i.collection_id WHERE c.account_id = ?",
    "interaction_requests": "SELECT r.id FROM interaction_requests r JOIN posts p ON p.id = r.post_id WHERE p.account_id = ?",
    "reports": "SELECT id FROM reports WHERE reporter_id = ?",
    "oauth_tokens": "SELECT id FROM oauth_tokens WHERE account_id = ?",
}
NOT_HERS = {  # tables with ids and accounts in which alice has nothing that an id of the client API could name
    "audit": "what was done by those who look after the server",
    "activities": "what was said to other servers, at addresses of its own",
}
ABOUT_ONESELF = {"DELETE /api/v1/suggestions/{id}": "whom one wants to be shown no more; nobody is not shown either"}
# What anybody who sees a post does about themselves, or reads of it; every other route is its author's.
ON_WHAT_ONE_SEES = re.compile(
    r"GET /api/v1/statuses/\{id\}(/(context|history|favourited_by|reblogged_by|card|quotes))?|GET /api/v1/polls/\{id\}"
    r"|POST /api/v1/statuses/\{id\}/unpin|GET /api/v1/collections/\{id\}"
    r"|POST /api/v1/statuses/\{id\}/(un)?(favourite|reblog|bookmark|mute)|POST /api/v1/statuses/\{id\}/(un)?react/\{emoji\}"
    r"|(GET|PUT|POST|DELETE) /api/v1/pleroma/statuses/\{id\}/reactions(/\{emoji\})?|POST /api/v1/polls/\{id\}/votes"
    r"|POST /api/v1/statuses/\{id\}/translate"
)


class Belongings:
    """One of everything, by the table it stands in."""

    def __init__(self, api: Api, alice: Account, bob: Account) -> None:
        self.api, self.alice, self.bob = api, alice, bob
        self.names: dict[str, str] = {}

    async def make(self) -> None:
        run, alice, bob = self.api.run, self.alice, self.bob
        run(make.follow, bob, alice)
        run(lambda tx: tx.execute("UPDATE accounts SET discoverable = 1, created_at = ? WHERE id = ?", (tx.now - 60 * clock.DAY, bob.id)))
        self.public = run(make.post, alice, "for everybody")
        run(make.post, bob, f"@alice {WORD}", "direct", mentions=(alice,))  # a conversation and a notification
        for visibility in ("followers", "direct"):
            run(make.post, alice, WORD, visibility)
        run(make.post, alice, f"@bob {WORD}", "followers", local_only=True)
        hidden = run(make.post, alice, f"{WORD} again", "followers")
        run(interactions.bookmark, alice, hidden.id)
        await self._ask("POST", "/api/v1/statuses", {"status": WORD, "scheduled_at": clock.rfc3339(clock.now() + clock.DAY)})
        options = {"options": [WORD, "no"], "expires_in": 600}
        await self._ask("POST", "/api/v1/statuses", {"status": WORD, "visibility": "private", "poll": options})
        await self._ask("POST", "/api/v2/filters", {"title": WORD, "context": ["home"], "keywords_attributes": [{"keyword": WORD}]})
        await self._ask("POST", "/api/v1/collections", {"name": "seen", "description": "", "account_ids": [str(bob.id)]})
        await self._ask("POST", "/api/v1/collections", {"name": WORD, "discoverable": False, "account_ids": [str(bob.id)]})
        await self._ask("POST", "/api/v1/push/subscription", self._push())
        await self._ask("POST", f"/api/v1/accounts/{bob.id}/note", {"comment": WORD})
        await self._ask("POST", "/api/v1/domain_blocks", {"domain": f"{WORD}.test"})
        await self._ask("PATCH", "/api/v2/notifications/policy", {"for_not_following": "filter"})
        run(make.post, bob, "@alice kept apart", mentions=(alice,))
        run(self._rest)
        await self.api.rig.instance.settle()

    def _rest(self, tx: Tx) -> None:
        alice, bob = self.alice, self.bob
        make.picture(tx, alice, alt=WORD)
        made = lists.create(tx, alice, WORD)
        make.follow(tx, alice, bob)
        lists.add_members(tx, alice, made.id, [bob.id])
        kept = filters.list_of(tx, alice.id)[0]
        filters.add_post(tx, alice, kept.filter.id, self.public.id)
        markers.save(tx, alice.id, {"home": markers.Place(self.public.id, None)})
        endorsements.endorse(tx, alice, bob.id)
        reports.make(tx, alice, reports.Complaint(bob.id, comment=WORD))
        warnings.give(tx, alice, WORD)
        severance_rows.insert(tx, alice.id, "domain_block", f"{WORD}.test", 1, 1)
        interactions.pin(tx, alice, self.public.id)
        interactions.favourite(tx, alice, self.public.id)
        years.ask(tx, alice, YEAR)
        tx.execute(
            """INSERT INTO interaction_requests (id, kind, post_id, account_id, interaction_uri, state, created_at)
            VALUES (77, 'announce', ?, ?, 'https://fedi.test/asked', 'pending', ?)""",
            (self.public.id, bob.id, tx.now),
        )
        subscription_rows.insert(tx, 78, self.alice.id, f"{WORD}@mail.test", f"{WORD}@mail.test", "")

    async def _ask(self, method: str, path: str, said: Any) -> None:
        answer = await self.api.call(method, self.alice, path, json=said)
        assert answer.status == 200, (path, answer.json)

    @staticmethod
    def _push() -> dict[str, Any]:
        to = pushed.Subscriber()
        return {"subscription": {"endpoint": f"https://push.test/{WORD}", "keys": {"p256dh": to.p256dh, "auth": to.auth}}}

    def ids(self) -> dict[str, list[int]]:
        """All ids of hers by table. Raises AssertionError for a table of people's things in which she has none."""
        return self.api.rig.instance.db.read(self._ids)

    def _ids(self, tx: Tx) -> dict[str, list[int]]:
        found = {}
        for table in [row[0] for row in tx.query("SELECT name FROM sqlite_schema WHERE type = 'table'")]:
            columns = {row[1] for row in tx.query(f'PRAGMA table_info("{table}")')}
            if table in NOT_HERS or "id" not in columns or not ({"account_id"} <= columns or table in OTHER_OWNERS):
                continue
            sql = OTHER_OWNERS.get(table, f'SELECT id FROM "{table}" WHERE account_id = ?')
            found[table] = [row[0] for row in tx.query(sql, (self.alice.id,))]
            assert found[table], f"alice has nothing in {table}"
        return found


def parts(row_id: int) -> dict[str, str]:
    """What stands in addresses, by the names that routes give it: a new name is to be added here."""
    same = dict.fromkeys(("id", "item", "quoting"), str(row_id))
    return same | {"hashtag": "topic", "name": "topic", "emoji": PARTY, "date": "2026-01-01", "year": str(YEAR), "group_key": ""}


def paths(route: Route, row_id: int) -> Iterator[str]:
    """A route with the id in all places where one may stand, in the ways it is written there."""
    written = parts(row_id)
    names = [f"ungrouped-{row_id}"] if "{group_key}" in route.path else []
    names += [f"context-{row_id}"] if "async_refreshes" in route.path else []
    for name in names or [str(row_id)]:
        yield re.sub(r"{(\w+)}", lambda found, name=name: name if found[1] in ("group_key", "id") else written[found[1]], route.path)


def named(route: Route) -> bool:
    return bool(re.search(r"{(id|item|quoting|group_key)}", route.path))


@pytest.fixture
async def belongings(api: Api, alice: Account, bob: Account, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Belongings]:
    for name in ("check", "spend"):
        monkeypatch.setattr(Window, name, lambda window, key: None)
    made = Belongings(api, alice, bob)
    await made.make()
    yield made


def body(api: Api, who: Account) -> dict[str, Any]:
    """What any route would take."""
    own = api.run(make.post, who, "mine")
    return {
        "status": "mine now", "text": "mine now", "title": "mine", "name": "mine", "context": ["home"], "phrase": "mine",
        "keyword": "mine", "status_id": str(own.id), "account_ids": [str(who.id)], "account_id": str(who.id), "choices": [0],
        "scheduled_at": clock.rfc3339(clock.now() + 2 * clock.DAY), "description": "mine", "comment": "mine", "language": "en",
        "quote_approval_policy": "nobody", "filter_action": "warn", "lang": "de",
    }  # fmt: skip


def wrong_with(api: Api, answer: Said, before: tuple[int, int], statuses: tuple[int, ...] = (403, 404)) -> list[str]:
    found = [f"{answer.status} {answer.text[:120]}"] if answer.status not in statuses else []
    found += [f"tells {answer.text[:300]}"] if WORD in answer.text else []
    return found + (["it had an effect"] if api.rig.instance.db.version() != before else [])


@pytest.mark.parametrize("role", ["no relation", "blocked", "moderator", "follower"])
async def test_ids_of_what_is_somebodys_own_open_nothing_to_others_VIS_21(api: Api, belongings: Belongings, role: str) -> None:
    """Every route with an id, every id of everything that alice has and did not publish."""
    eve = api.run(make.account, "eve", "moderator" if role == "moderator" else "user")
    if role == "blocked":
        api.run(make.block, belongings.alice, eve)
    if role == "follower":
        api.run(make.follow, eve, belongings.alice)
    token, said = api.run(make.token, eve, EVERYTHING), body(api, eve)
    ids = belongings.ids()
    if role == "follower":
        ids.pop("posts")
    public = {belongings.public.id, *_seen_collections(api)}
    wrong, tried = [], 0
    everything = api.rig.instance.db.read(make.everything)
    for route in ROUTES:
        if not named(route) or route.name in ABOUT_ONESELF:
            continue
        for table, row_ids in ids.items():
            tried_ids = {row_ids[-1], *(row_ids if table == "posts" else row_ids[:1] if role == "no relation" else ())}
            for row_id in sorted(tried_ids - public):
                for path in paths(route, row_id):
                    tried += 1
                    before = api.rig.instance.db.version()
                    answer = await knock(api.app, route.method, path, token, None if route.method == "GET" else said)
                    wrong += [f"{route.method} {path} (of {table}): {fault}" for fault in wrong_with(api, answer, before)]
    assert tried > 1000 and not wrong, "\n".join(wrong)
    assert api.rig.instance.db.read(make.everything) == everything


def _seen_collections(api: Api) -> list[int]:
    """Those everybody may look at: they are named and shown."""
    return [row[0] for row in api.rig.instance.db.read(lambda tx: tx.query("SELECT id FROM collections"))]


async def test_what_is_published_is_changed_by_its_author_alone_VIS_21(api: Api, belongings: Belongings) -> None:
    """Every route that takes the id of a post or a collection and is no act about oneself."""
    eve = api.run(make.account, "eve")
    token, said = api.run(make.token, eve, EVERYTHING), body(api, eve)
    wrong, tried = [], 0
    for route in ROUTES:
        if not named(route) or route.name in ABOUT_ONESELF or ON_WHAT_ONE_SEES.fullmatch(route.name):
            continue
        for row_id in (belongings.public.id, *_seen_collections(api)):
            for path in paths(route, row_id):
                tried += 1
                before = api.rig.instance.db.version()
                answer = await knock(api.app, route.method, path, token, None if route.method == "GET" else said)
                wrong += [f"{route.method} {path}: {fault}" for fault in wrong_with(api, answer, before)]
    assert tried > 100 and not wrong, "\n".join(wrong)


def test_every_address_that_carries_an_id_is_tried() -> None:
    known = parts(1)
    assert [route.name for route in ROUTES for name in re.findall(r"{(\w+)}", route.path) if name not in known] == []
    assert {field.name for route in ROUTES for field in route.takes if field.kind == "id"} >= {"id", "in_reply_to_id", "media_ids"}


async def test_ids_sent_along_open_nothing_of_others_VIS_21(api: Api, belongings: Belongings) -> None:
    """Every parameter of every route that is said to be an id: what is eve's may change, what anybody had stays as it was."""
    eve = api.run(make.account, "eve")
    token, said = api.run(make.token, eve, EVERYTHING), body(api, eve)
    own = {row_id for row_ids in belongings.ids().values() for row_id in (row_ids[0], row_ids[-1])} - {belongings.public.id}
    own -= set(_seen_collections(api))
    wrong = []
    for route in ROUTES:
        fields = [field for field in route.takes if field.kind == "id"]
        if not fields or route.gives in (EVENTS, SOCKET) or route.access is Access.ANYONE:
            continue
        mine = re.sub(r"{(\w+)}", lambda found: parts(eve.id)[found[1]], route.path)
        for field in fields:
            before = hers(api, eve)
            for row_id in sorted(own)[:1] if field in PAGE else own:
                path = f"{mine}?{field.name}{'[]' if field.many else ''}={row_id}"
                sent = {**said, field.name: [str(row_id)] if field.many else str(row_id)}
                answer = await knock(api.app, route.method, path, token, None if route.method == "GET" else sent)
                if answer.status >= 500 or WORD in answer.text:
                    wrong.append(f"{route.method} {path}: {answer.status} {answer.text[:300]}")
            after = hers(api, eve)
            wrong += [f"{route.name} with {field.name} of others: changed {table}" for table in before if not before[table] <= after[table]]
    assert not wrong, "\n".join(wrong)


def hers(api: Api, eve: Account) -> dict[str, set[Any]]:
    """All rows in which eve is not named; not how often things were counted."""
    found = api.rig.instance.db.read(make.everything)
    return {
        table: {row for row in rows if eve.id not in row}
        for table, rows in found.items()
        if not table.startswith(("search_", "post_search", "account_search")) and table not in ("jobs", "settings")
    }


async def test_the_doings_of_one_person_change_nothing_of_another_VIS_21(api: Api, alice: Account, bob: Account) -> None:
    """Acts on somebody's account are about the one who acts."""
    eve = api.run(make.account, "eve")
    api.run(make.follow, bob, alice)
    api.run(accounts.update_profile, alice, accounts.Profile(locked=True))

    for act in ("unfollow", "remove_from_followers", "block", "unblock", "mute", "unmute"):
        assert (await api.post(eve, f"/api/v1/accounts/{alice.id}/{act}", scopes=EVERYTHING)).status == 200
    assert (await api.post(eve, f"/api/v1/follow_requests/{bob.id}/authorize")).status == 404

    found = (await api.get(bob, f"/api/v1/accounts/relationships?id[]={alice.id}")).json[0]
    assert (found["following"], found["muting"], found["blocking"], found["blocked_by"]) == (True, False, False, False)
