"""Every field that programs count on is there, with a value of its type. The lists are those of Mastodon 4.6's documentation."""

from typing import Any

import pytest

from fedi import accounts, facts, interactions, posts
from fedi.storage import media as media_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from tests import make
from tests.web.api.conftest import Api

ID, TEXT, FLAG, NUMBER, LIST, HASH, NONE = "id", str, bool, int, list, dict, type(None)
URL, TIME, DAY = "url", "time", "day"

ACCOUNT: dict[str, Any] = {
    "id": ID, "username": TEXT, "acct": TEXT, "url": URL, "uri": URL, "display_name": TEXT, "note": TEXT, "avatar": URL,
    "avatar_static": URL, "avatar_description": TEXT, "header": URL, "header_static": URL, "header_description": TEXT, "locked": FLAG,
    "fields": LIST, "emojis": LIST, "bot": FLAG, "group": FLAG, "discoverable": (FLAG, NONE), "indexable": FLAG, "created_at": TIME,
    "last_status_at": (DAY, NONE), "statuses_count": NUMBER, "followers_count": NUMBER, "following_count": NUMBER,
    "hide_collections": (FLAG, NONE), "show_media": FLAG, "show_media_replies": FLAG, "show_featured": FLAG, "roles": LIST,
    "feature_approval": HASH,
}  # fmt: skip
SOURCE: dict[str, Any] = {
    "note": TEXT, "fields": LIST, "privacy": TEXT, "sensitive": FLAG, "language": TEXT, "follow_requests_count": NUMBER,
    "hide_collections": (FLAG, NONE), "discoverable": (FLAG, NONE), "indexable": FLAG, "attribution_domains": LIST, "quote_policy": TEXT,
}  # fmt: skip
ROLE: dict[str, Any] = {"id": TEXT, "name": TEXT, "color": TEXT, "permissions": ID, "highlighted": FLAG, "collection_limit": NUMBER}
STATUS: dict[str, Any] = {
    "id": ID, "uri": URL, "created_at": TIME, "account": HASH, "content": TEXT, "visibility": TEXT, "sensitive": FLAG, "spoiler_text": TEXT,
    "media_attachments": LIST, "mentions": LIST, "tags": LIST, "emojis": LIST, "reblogs_count": NUMBER, "favourites_count": NUMBER,
    "quotes_count": NUMBER, "replies_count": NUMBER, "url": (URL, NONE), "in_reply_to_id": (ID, NONE), "in_reply_to_account_id": (ID, NONE),
    "reblog": (HASH, NONE), "poll": NONE, "card": NONE, "language": (TEXT, NONE), "text": (TEXT, NONE), "edited_at": (TIME, NONE),
    "quote": NONE, "quote_approval": HASH, "tagged_collections": LIST,
}  # fmt: skip
MINE: dict[str, Any] = {"favourited": FLAG, "reblogged": FLAG, "muted": FLAG, "bookmarked": FLAG, "filtered": LIST}
MEDIA: dict[str, Any] = {
    "id": ID, "type": TEXT, "url": (URL, NONE), "preview_url": (URL, NONE), "remote_url": (URL, NONE), "text_url": (URL, NONE),
    "meta": HASH, "description": (TEXT, NONE), "blurhash": (TEXT, NONE),
}  # fmt: skip
RELATIONSHIP: dict[str, Any] = {
    "id": ID, "following": FLAG, "showing_reblogs": FLAG, "notifying": FLAG, "languages": (LIST, NONE), "followed_by": FLAG,
    "blocking": FLAG, "blocked_by": FLAG, "muting": FLAG, "muting_notifications": FLAG, "muting_expires_at": (TIME, NONE),
    "requested": FLAG, "requested_by": FLAG, "domain_blocking": FLAG, "endorsed": FLAG, "note": TEXT,
}  # fmt: skip
NOTIFICATION: dict[str, Any] = {"id": ID, "type": TEXT, "group_key": TEXT, "created_at": TIME, "account": HASH}
EDIT: dict[str, Any] = {
    "content": TEXT, "spoiler_text": TEXT, "sensitive": FLAG, "created_at": TIME, "account": HASH, "media_attachments": LIST, "emojis": LIST
}  # fmt: skip
APPROVAL: dict[str, Any] = {"automatic": LIST, "manual": LIST, "current_user": TEXT}
TAG: dict[str, Any] = {"id": ID, "name": TEXT, "url": URL, "history": LIST}


def _is(value: Any, kind: Any) -> bool:
    if isinstance(kind, tuple):
        return any(_is(value, one) for one in kind)
    match kind:
        case "id":
            return isinstance(value, str) and value.isascii() and value.isdigit()
        case "url":
            return isinstance(value, str) and value.startswith(("https://", "wss://"))
        case "time":
            return isinstance(value, str) and len(value) == 24 and value[10] == "T" and value[19] == "." and value.endswith("Z")
        case "day":
            return isinstance(value, str) and len(value) == 10 and value[4] == value[7] == "-"
    return type(value) is kind


def complete(found: dict[str, Any], fields: dict[str, Any]) -> None:
    missing = fields.keys() - found.keys()
    wrong = {name: found[name] for name, kind in fields.items() if name in found and not _is(found[name], kind)}
    assert (missing, wrong) == (set(), {})


@pytest.fixture
def rich(api: Api, alice: Account, bob: Account, carol: Account) -> Any:
    """Carol's answer to alice, naming bob, with a picture, a film, a topic and a warning, edited; known here."""

    def write(tx: Any) -> Any:
        make.follow(tx, alice, carol)
        above = make.post(tx, alice, "a question")
        post = make.post(
            tx,
            carol,
            "the answer #Topic",
            mentions=(alice, bob),
            reply_to=above,
            warning="careful",
            language="en",
            tags=("topic",),
            title="Title",
        )
        files = [
            media_rows.insert(tx, kind="image", account_id=carol.id, mime="image/png", width=40, height=20, alt="a cat", blurhash="LEHV6n", remote_url="https://peer.test/cat.png"),
            media_rows.insert(tx, kind="video", account_id=carol.id, remote_url="https://peer.test/film.mp4"),
            media_rows.insert(tx, kind="image", account_id=carol.id, remote_url="javascript:alert(1)"),
        ]  # fmt: skip
        post_rows.set_media(tx, post.id, [file.id for file in files])
        post_rows.set_tags(tx, post.id, ["topic"])
        post_rows.insert_edit(tx, post)
        post_rows.update(tx, post.id, edited_at=tx.now + 1, content_html="<p>now</p>")
        return post

    return api.run(write)


async def test_a_status_has_every_field(api: Api, alice: Account, carol: Account, rich: Any) -> None:
    found = (await api.get(alice, f"/api/v1/statuses/{rich.id}")).json

    complete(found, STATUS | MINE)
    complete(found["account"], ACCOUNT)
    complete(found["quote_approval"], APPROVAL)
    assert found["id"] == str(rich.id) and found["uri"] == rich.uri
    assert found["content"] == "<h2>Title</h2><p>now</p>"
    assert (found["spoiler_text"], found["sensitive"], found["language"], found["visibility"]) == ("careful", True, "en", "public")
    assert found["in_reply_to_account_id"] == str(alice.id) and found["in_reply_to_id"] == str(rich.in_reply_to_id)
    assert found["tags"] == [{"name": "topic", "url": "https://fedi.test/tags/topic"}]
    assert {mention["acct"] for mention in found["mentions"]} == {"alice", "bob"}
    assert set(found["mentions"][0]) == {"id", "username", "url", "acct"}


async def test_pictures_come_from_our_own_origin_and_films_do_not_load_themselves(api: Api, alice: Account, rich: Any) -> None:
    picture, film, bad = (await api.get(alice, f"/api/v1/statuses/{rich.id}")).json["media_attachments"]

    for file in (picture, film, bad):
        complete(file, MEDIA)
    assert picture["preview_url"] == f"{picture['url']}/preview" and picture["url"].startswith("https://fedi.test/media/")
    assert (picture["type"], picture["description"], picture["blurhash"]) == ("image", "a cat", "LEHV6n")
    assert picture["meta"]["original"] == {"width": 40, "height": 20, "size": "40x20", "aspect": 2.0}
    assert (film["type"], film["preview_url"], film["remote_url"]) == ("video", None, "https://peer.test/film.mp4")
    assert film["url"].startswith("https://fedi.test/media/")
    assert bad["remote_url"] is None


async def test_a_boost_holds_the_post_and_has_every_field_itself(api: Api, alice: Account, rich: Any) -> None:
    boost = (await api.post(alice, f"/api/v1/statuses/{rich.id}/reblog")).json

    complete(boost, STATUS | MINE)
    complete(boost["reblog"], STATUS | MINE)
    assert boost["account"]["acct"] == "alice" and boost["reblog"]["account"]["acct"] == "carol@peer.test"
    assert boost["reblog"]["id"] == str(rich.id) != boost["id"] and boost["reblog"]["reblog"] is None
    assert boost["reblog"]["reblogs_count"] == 1 and boost["reblog"]["reblogged"] is True


async def test_nobody_in_particular_has_no_flags(api: Api, rich: Any) -> None:
    found = (await api.get(None, f"/api/v1/statuses/{rich.id}")).json

    complete(found, STATUS)
    assert not MINE.keys() & found.keys() and "pinned" not in found


async def test_only_the_author_hears_whether_it_is_pinned(api: Api, alice: Account, bob: Account) -> None:
    post = api.run(make.post, alice)
    api.run(interactions.pin, alice, post.id)

    assert (await api.get(alice, f"/api/v1/statuses/{post.id}")).json["pinned"] is True
    assert "pinned" not in (await api.get(bob, f"/api/v1/statuses/{post.id}")).json


@pytest.mark.parametrize("who", ["alice", "carol@peer.test"])
async def test_an_account_has_every_field(api: Api, alice: Account, carol: Account, who: str) -> None:
    api.run(make.post, alice)
    profile = accounts.Profile("Alice A.", "hello #topic", (("web", "https://alice.test/"), ("b", "<b>")), locked=True, discoverable=True)
    api.run(accounts.update_profile, alice, profile)

    found = (await api.get(None, f"/api/v1/accounts/lookup?acct={who}")).json

    complete(found, ACCOUNT)
    complete(found["feature_approval"], APPROVAL)
    assert found["acct"] == who and found["created_at"].endswith("T00:00:00.000Z")
    if who == "alice":
        assert (found["display_name"], found["locked"], found["statuses_count"], found["discoverable"]) == ("Alice A.", True, 1, True)
        assert found["last_status_at"] is not None and found["hide_collections"] is False
        assert found["fields"][0]["value"].startswith('<a href="https://alice.test/"') and found["fields"][0]["verified_at"] is None
        assert found["fields"][1]["value"] == "&lt;b&gt;"


async def test_credentials_have_every_field_and_the_sources(api: Api, alice: Account) -> None:
    api.run(accounts.update_profile, alice, accounts.Profile("A", "my *bio*", (("web", "https://alice.test/"),)))

    found = (await api.get(alice, "/api/v1/accounts/verify_credentials")).json

    complete(found, ACCOUNT)
    complete(found["source"], SOURCE)
    complete({**found["role"], "permissions": found["role"]["permissions"]}, ROLE)
    assert found["source"]["note"] == "my *bio*"
    assert found["source"]["fields"] == [{"name": "web", "value": "https://alice.test/", "verified_at": None}]
    assert "source" not in (await api.get(alice, f"/api/v1/accounts/{alice.id}")).json


async def test_default_pictures_exist_and_are_pngs(api: Api, alice: Account) -> None:
    found = (await api.get(alice, f"/api/v1/accounts/{alice.id}")).json

    for name in ("avatar", "header"):
        async with api.rig.client.get(found[name].removeprefix("https://fedi.test")) as answer:
            assert (answer.status, answer.content_type) == (200, "image/png")


async def test_an_account_that_moved_names_its_successor(api: Api, alice: Account, carol: Account, bob: Account) -> None:
    api.run(lambda tx: make.account_rows.update(tx, carol.id, moved_to_uri=bob.uri))

    found = (await api.get(alice, f"/api/v1/accounts/{carol.id}")).json

    complete(found["moved"], ACCOUNT)
    assert found["moved"]["acct"] == "bob"


async def test_a_relationship_a_notification_an_edit_and_a_tag_have_every_field(api: Api, alice: Account, bob: Account, rich: Any) -> None:
    api.run(interactions.favourite, bob, api.run(make.post, alice).id)

    relationship = (await api.get(alice, f"/api/v1/accounts/relationships?id[]={bob.id}")).json[0]
    told = (await api.get(alice, "/api/v1/notifications")).json
    edits = (await api.get(alice, f"/api/v1/statuses/{rich.id}/history")).json
    source = (await api.get(alice, f"/api/v1/statuses/{api.run(make.post, alice, 'mine').id}/source")).json
    tag = (await api.get(alice, "/api/v2/search?q=topic")).json["hashtags"][0]

    complete(relationship, RELATIONSHIP)
    for one in told:
        complete(one, NOTIFICATION)
        complete(one["account"], ACCOUNT)
        complete(one["status"], STATUS | MINE)
    assert {one["type"] for one in told} == {"favourite", "mention"}
    for edit in edits:
        complete(edit, EDIT)
    assert [edit["content"][-10:] for edit in edits] == [edits[0]["content"][-10:], "<p>now</p>"] and len(edits) == 2
    assert source == {"id": source["id"], "text": "mine", "spoiler_text": "", "content_type": "text/markdown", "title": ""}
    complete(tag, TAG)


async def test_an_edit_a_counter_and_a_new_name_are_seen_at_once(api: Api, alice: Account, bob: Account) -> None:
    """What is kept is asked for by version."""
    post = api.run(make.post, alice, "before")
    api.run(make.follow, bob, alice)

    async def shown() -> dict[str, Any]:
        found: dict[str, Any] = (await api.get(bob, "/api/v1/timelines/home")).json[0]
        return found

    assert (await shown())["content"] == "<p>before</p>" == (await shown())["content"]
    api.run(posts.edit, alice, post.id, posts.Draft("after"), {})
    api.run(accounts.update_profile, alice, accounts.Profile("New name"))
    api.run(interactions.favourite, bob, post.id)
    api.run(interactions.bookmark, bob, post.id)

    found = await shown()
    assert (found["content"], found["favourites_count"], found["favourited"], found["bookmarked"]) == ("<p>after</p>", 1, True, True)
    assert found["account"]["display_name"] == "New name" and found["edited_at"] is not None
    api.run(posts.remove, alice, post.id)
    assert (await api.get(bob, "/api/v1/timelines/home")).json == []


async def test_an_answer_to_what_is_deleted_names_nothing_that_is_gone(api: Api, alice: Account, bob: Account) -> None:
    above = api.run(make.post, alice)
    below = api.run(make.post, bob, reply_to=above)
    assert (await api.get(bob, f"/api/v1/statuses/{below.id}")).json["in_reply_to_id"] == str(above.id)

    api.run(posts.remove, alice, above.id)

    found = (await api.get(bob, f"/api/v1/statuses/{below.id}")).json
    assert (found["in_reply_to_id"], found["in_reply_to_account_id"]) == (None, None)


async def test_what_programs_have_no_place_for_stands_in_the_content_and_a_known_link_is_a_card(api: Api, alice: Account) -> None:
    dan = api.run(make.remote, "dan")
    said = facts.Facts(
        abstract="In <short>", starts_at=0, place="Castle", online_url="https://meet.test/", links=(("https://n.test/s", "A story"),)
    )
    note = make.note(dan, "text", type="Event", title="A & B", link="https://n.test/s", facts=said, mentions=(alice,))
    post = api.run(make.arrive, note)

    found = (await api.get(alice, f"/api/v1/statuses/{post.id}")).json
    assert found["content"] == (
        "<h2>A &amp; B</h2><p>In &lt;short&gt;</p><p>When: Thursday 1 January 1970, 00:00 (UTC)<br>Where: Castle<br>"
        'Online: <a href="https://meet.test/" rel="nofollow noopener noreferrer" target="_blank">https://meet.test/</a></p>'
        '<p><a href="https://n.test/s" rel="nofollow noopener noreferrer" target="_blank">A story</a></p><p>text</p>'
    )
    assert (found["card"]["url"], found["card"]["title"], found["card"]["type"]) == ("https://n.test/s", "A story", "link")


async def test_a_title_is_taken_kept_and_given_back(api: Api, alice: Account) -> None:
    made = await api.say(alice, "short", title="Title")
    assert made["content"] == "<h2>Title</h2><p>short</p>"
    changed = (await api.call("PUT", alice, f"/api/v1/statuses/{made['id']}", json={"status": "shorter"})).json
    assert changed["content"] == "<h2>Title</h2><p>shorter</p>"
    assert (await api.get(alice, f"/api/v1/statuses/{made['id']}/source")).json["title"] == "Title"
