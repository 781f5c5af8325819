import asyncio
from typing import Any

import pytest
from aiohttp import FormData
from yarl import URL

from fedi import apps, interactions, moderation
from fedi.storage import posts as post_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from tests import make
from tests.web.api.conftest import Api


def multipart(fields: dict[str, str]) -> FormData:
    form = FormData(default_to_multipart=True)
    for name, value in fields.items():
        form.add_field(name, value)
    return form


@pytest.mark.parametrize("form", ["json", "urlencoded", "multipart"])
async def test_a_post_is_written_in_every_form_of_body(api: Api, alice: Account, form: str) -> None:
    fields = {"status": "hello *you* #Topic", "visibility": "unlisted", "spoiler_text": "careful", "language": "de"}
    sent: dict[str, Any] = {"json": fields} if form == "json" else {"data": fields if form == "urlencoded" else multipart(fields)}

    found = (await api.post(alice, "/api/v1/statuses", **sent)).json

    assert (found["visibility"], found["spoiler_text"], found["language"], found["sensitive"]) == ("unlisted", "careful", "de", True)
    assert "<em>you</em>" in found["content"] and found["tags"] == [{"name": "topic", "url": "https://fedi.test/tags/topic"}]
    assert found["account"]["acct"] == "alice" and found["account"]["statuses_count"] == 1


@pytest.mark.parametrize(
    ("theirs", "ours"), [("public", "public"), ("unlisted", "unlisted"), ("private", "followers"), ("direct", "direct"), ("", "public")]
)
async def test_visibilities_are_called_as_the_api_calls_them(api: Api, alice: Account, theirs: str, ours: str) -> None:
    found = await api.say(alice, "hello", visibility=theirs)

    assert found["visibility"] == (theirs or "public")
    assert api.run(post_rows.get, int(found["id"])).visibility == ours


async def test_plain_text_stays_plain_and_local_posts_stay_here(api: Api, alice: Account, carol: Account) -> None:
    api.run(make.follow, carol, alice)

    found = await api.say(alice, "a *star*", content_type="text/plain", local_only=True)

    assert found["content"] == "<p>a *star*</p>" and found["local_only"] is True
    assert api.run(make.inboxes, "Create") == set()
    assert (await api.get(None, f"/api/v1/statuses/{found['id']}")).status == 404


async def test_what_a_person_has_chosen_holds_where_a_program_does_not_say(api: Api, alice: Account) -> None:
    api.run(user_rows.set_settings, alice.id, {"visibility": "followers", "language": "fr", "sensitive": True})

    found = await api.say(alice, "bonjour")

    assert (found["visibility"], found["language"], found["sensitive"]) == ("private", "fr", True)


async def test_an_answer_hangs_below_what_it_answers(api: Api, alice: Account, bob: Account) -> None:
    above = await api.say(alice, "question")

    below = await api.say(bob, "answer", in_reply_to_id=above["id"])

    assert (below["in_reply_to_id"], below["in_reply_to_account_id"]) == (above["id"], str(alice.id))
    thread = (await api.get(None, f"/api/v1/statuses/{above['id']}/context")).json
    assert thread["ancestors"] == [] and [one["id"] for one in thread["descendants"]] == [below["id"]]
    thread = (await api.get(alice, f"/api/v1/statuses/{below['id']}/context")).json
    assert [one["id"] for one in thread["ancestors"]] == [above["id"]] and thread["descendants"] == []
    assert thread["ancestors"][0]["replies_count"] == 1


async def test_the_same_idempotency_key_makes_one_post(api: Api, alice: Account, bob: Account) -> None:
    headers = {"Idempotency-Key": "abc"}

    answers = await asyncio.gather(*(api.post(alice, "/api/v1/statuses", json={"status": "once"}, headers=headers) for _ in range(5)))
    other = await api.post(bob, "/api/v1/statuses", json={"status": "mine"}, headers=headers)

    assert len({answer.json["id"] for answer in answers}) == 1 and other.json["id"] != answers[0].json["id"]
    assert len((await api.get(None, f"/api/v1/accounts/{alice.id}/statuses")).json) == 1
    different = await api.post(alice, "/api/v1/statuses", json={"status": "twice"}, headers={"Idempotency-Key": "abd"})
    assert different.json["id"] != answers[0].json["id"]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 422),
        ({"status": ""}, 422),
        ({"status": "  \n "}, 422),
        ({"status": "x" * 5001}, 422),
        ({"status": ["a"]}, 422),
        ({"status": True}, 422),
        ({"status": {"a": 1}}, 422),
        ({"status": "a\ud800"}, 400),
        ({"status": "a\0"}, 422),
        ({"status": "a", "visibility": "followers"}, 422),
        ({"status": "a", "visibility": "friends"}, 422),
        ({"status": "a", "content_type": "text/html"}, 422),
        ({"status": "a", "language": "not a language"}, 422),
        ({"status": "a", "in_reply_to_id": "1"}, 404),
        ({"status": "a", "in_reply_to_id": "abc"}, 404),
        ({"status": "a", "in_reply_to_id": "9" * 30}, 404),
        ({"status": "a", "media_ids": ["1"]}, 422),
        ({"status": "a", "poll": {"options": ["a", "b"], "expires_in": 60}}, 422),
        ({"status": "a", "scheduled_at": "tomorrow"}, 422),
        ({"status": "a", "sensitive": [1]}, 422),
    ],
)
async def test_what_cannot_be_posted_says_why_and_posts_nothing_XSS_17(
    api: Api, alice: Account, fields: dict[str, Any], status: int
) -> None:
    answer = await api.post(alice, "/api/v1/statuses", json=fields)

    assert answer.status == status and isinstance(answer.json["error"], str)
    assert (await api.get(alice, f"/api/v1/accounts/{alice.id}/statuses")).json == []


@pytest.mark.parametrize("empty", [{"media_ids": []}, {"media_ids": None, "poll": None}, {"scheduled_at": None, "in_reply_to_id": None}])
async def test_what_programs_send_empty_counts_as_not_sent(api: Api, alice: Account, empty: dict[str, Any]) -> None:
    assert (await api.say(alice, "hello", **empty))["content"] == "<p>hello</p>"


# -- changing and taking back --


@pytest.mark.parametrize("verb", ["PUT", "PATCH"])
async def test_an_edit_keeps_what_is_not_said_and_leaves_a_history(api: Api, alice: Account, verb: str) -> None:
    post = await api.say(alice, "*first*", spoiler_text="careful", language="de", content_type="text/plain")
    path = f"/api/v1/statuses/{post['id']}"

    found = (await api.call(verb, alice, path, json={"status": "*second*"})).json

    assert (found["id"], found["content"], found["spoiler_text"], found["language"]) == (post["id"], "<p>*second*</p>", "careful", "de")
    assert found["edited_at"] is not None
    edits = (await api.get(None, f"{path}/history")).json
    assert [edit["content"] for edit in edits] == ["<p>*first*</p>", "<p>*second*</p>"]
    assert edits[0]["created_at"] == post["created_at"] and edits[1]["created_at"] == found["edited_at"]
    assert (await api.get(alice, f"{path}/source")).json["text"] == "*second*"


async def test_a_revision_has_what_its_poll_offered(api: Api, alice: Account) -> None:
    post = await api.say(alice, "where?", poll={"options": ["sea", "hills"], "expires_in": 3600})
    path = f"/api/v1/statuses/{post['id']}"
    for poll in ({"options": ["sea", "town", "hills"], "expires_in": 3600}, None):
        assert (await api.call("PUT", alice, path, json={"status": "where now?", **({"poll": poll} if poll else {})})).status == 200
    plain = await api.say(alice, "no question")
    await api.call("PUT", alice, f"/api/v1/statuses/{plain['id']}", json={"status": "none at all"})

    edits = (await api.get(None, f"{path}/history")).json

    assert [[one["title"] for one in edit["poll"]["options"]] for edit in edits][:2] == [["sea", "hills"], ["sea", "town", "hills"]]
    assert all("poll" not in edit for edit in (await api.get(None, f"/api/v1/statuses/{plain['id']}/history")).json)


async def test_a_deleted_post_comes_back_with_its_source_and_is_gone(api: Api, alice: Account) -> None:
    post = await api.say(alice, "hello *you*")
    path = f"/api/v1/statuses/{post['id']}"

    found = (await api.call("DELETE", alice, path)).json

    assert (found["id"], found["text"]) == (post["id"], "hello *you*")
    for who in (alice, None):
        for rest in ("", "/context", "/history"):
            assert (await api.get(who, path + rest)).status == 404
    assert (await api.call("DELETE", alice, path)).status == 404


@pytest.mark.parametrize("verb", ["PUT", "DELETE"])
async def test_nobody_changes_the_post_of_somebody_else(api: Api, alice: Account, bob: Account, verb: str) -> None:
    post = await api.say(alice, "mine")
    boost = (await api.post(bob, f"/api/v1/statuses/{post['id']}/reblog")).json

    for post_id in (post["id"], boost["id"]):
        assert (await api.call(verb, bob, f"/api/v1/statuses/{post_id}", json={"status": "yours"})).status in (403, 404)
    assert (await api.get(bob, f"/api/v1/statuses/{post['id']}")).json["content"] == "<p>mine</p>"


async def test_the_source_of_a_post_is_its_authors(api: Api, alice: Account, bob: Account) -> None:
    post = await api.say(alice, "mine")

    assert (await api.get(bob, f"/api/v1/statuses/{post['id']}/source")).status == 404


# -- acts --


@pytest.mark.parametrize(("act", "flag", "count"), [("favourite", "favourited", "favourites_count"), ("bookmark", "bookmarked", None)])
async def test_an_act_and_its_undoing_twice_over(api: Api, alice: Account, bob: Account, act: str, flag: str, count: str | None) -> None:
    post = await api.say(alice, "hello")
    path = f"/api/v1/statuses/{post['id']}"

    for name, on in ((act, True), (act, True), (f"un{act}", False), (f"un{act}", False)):
        found = (await api.post(bob, f"{path}/{name}")).json
        assert found[flag] is on and found["id"] == post["id"]
        assert count is None or found[count] == int(on)
    assert (await api.get(alice, path)).json[flag] is False


async def test_boosting_and_taking_it_back(api: Api, alice: Account, bob: Account) -> None:
    post = await api.say(alice, "hello")
    path = f"/api/v1/statuses/{post['id']}"

    boost = (await api.post(bob, f"{path}/reblog", json={"visibility": "unlisted"})).json
    again = (await api.post(bob, f"{path}/reblog")).json

    assert boost["id"] == again["id"] and boost["visibility"] == "unlisted" and boost["reblogged"] is True
    assert [one["acct"] for one in (await api.get(None, f"{path}/reblogged_by")).json] == ["bob"]
    assert (await api.get(alice, f"/api/v1/statuses/{boost['id']}")).json["reblog"]["id"] == post["id"]
    undone = (await api.post(bob, f"{path}/unreblog")).json
    assert (undone["id"], undone["reblogged"], undone["reblogs_count"]) == (post["id"], False, 0)
    assert (await api.get(alice, f"/api/v1/statuses/{boost['id']}")).status == 404
    assert (await api.post(bob, f"{path}/reblog", json={"visibility": "direct"})).status == 422


async def test_an_act_on_a_boost_is_one_on_what_it_boosts(api: Api, alice: Account, bob: Account) -> None:
    post = await api.say(alice, "hello")
    boost = (await api.post(bob, f"/api/v1/statuses/{post['id']}/reblog")).json

    found = (await api.post(bob, f"/api/v1/statuses/{boost['id']}/favourite")).json

    assert (found["id"], found["favourites_count"]) == (post["id"], 1)
    liked = await api.get(None, f"/api/v1/statuses/{boost['id']}/favourited_by?limit=1")
    assert [one["acct"] for one in liked.json] == ["bob"]
    assert (await api.get(bob, f"/api/v1/statuses/{boost['id']}")).json["reblog"]["favourited"] is True


@pytest.mark.parametrize(("act", "name"), [(interactions.favourite, "favourited_by"), (interactions.boost, "reblogged_by")])
async def test_who_liked_or_boosted_is_read_page_by_page_both_ways(api: Api, alice: Account, act: Any, name: str) -> None:
    """The latest first, each once; who is suspended is in no page, and leaves no page short."""
    post = await api.say(alice, "hello")
    path, people = f"/api/v1/statuses/{post['id']}/{name}", [api.run(make.account, f"fan{number}") for number in range(7)]
    for who in (people[5], people[0], people[6], people[1], people[4], people[2], people[3]):
        api.run(act, who, int(post["id"]))
    api.run(moderation.suspend, people[1])
    latest = ["fan3", "fan2", "fan4", "fan6", "fan0", "fan5"]

    down, up = await walk(api, f"{path}?limit=2", "next"), await walk(api, f"{path}?limit=2&min_id=1", "prev")

    assert [[one["acct"] for one in page] for page in down] == [latest[:2], latest[2:4], latest[4:]]
    assert [[one["acct"] for one in page] for page in up] == [latest[4:], latest[2:4], latest[:2]]
    assert [one["acct"] for one in (await api.get(None, path)).json] == latest
    newest = URL(path_of := (await api.get(None, f"{path}?limit=3")).link("prev")).query["min_id"]
    assert (await api.get(None, path_of)).json == []
    assert (await api.get(None, f"{path}?since_id={newest}")).json == []
    assert (await api.get(None, f"{path}?limit=many")).status == 422
    assert len((await api.get(None, f"{path}?limit=1000000")).json) == 6 and (await api.get(None, f"{path}?max_id=x")).json == []


async def walk(api: Api, path: str, rel: str) -> list[list[Any]]:
    """The pages of a list to its end."""
    pages = []
    while path and len(pages) < 9 and (found := await api.get(None, path)).json:
        pages.append(found.json)
        path = found.link(rel)
    return pages


async def test_a_boost_for_followers_is_in_no_page_of_a_stranger(api: Api, alice: Account, bob: Account) -> None:
    post = await api.say(alice, "hello")
    await api.post(bob, f"/api/v1/statuses/{post['id']}/reblog", json={"visibility": "private"})

    shown = [(await api.get(who, f"/api/v1/statuses/{post['id']}/reblogged_by?min_id=1")).json for who in (None, bob)]

    assert [len(one) for one in shown] == [0, 1]


async def test_pinning_ones_own_posts(api: Api, alice: Account, bob: Account) -> None:
    post = await api.say(alice, "hello")
    path = f"/api/v1/statuses/{post['id']}"

    assert (await api.post(alice, f"{path}/pin")).json["pinned"] is True
    assert [one["id"] for one in (await api.get(None, f"/api/v1/accounts/{alice.id}/statuses?pinned=true")).json] == [post["id"]]
    assert (await api.post(bob, f"{path}/pin")).status == 403
    assert (await api.post(alice, f"{path}/unpin")).json["pinned"] is False


async def test_a_thread_leaves_out_what_the_reader_may_not_see(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    root = api.run(make.post, alice)
    api.run(make.post, alice, "secret", "direct", reply_to=root)
    seen = api.run(make.post, bob, reply_to=root)
    api.run(interactions.favourite, bob, root.id)

    thread = (await api.get(bob, f"/api/v1/statuses/{root.id}/context")).json

    assert [one["id"] for one in thread["descendants"]] == [str(seen.id)]
    assert len((await api.get(alice, f"/api/v1/statuses/{root.id}/context")).json["descendants"]) == 2


async def test_an_answer_names_what_it_answers_to_those_only_who_may_see_that(
    api: Api, alice: Account, bob: Account, carol: Account
) -> None:
    """VIS: a public answer to a post for followers, and to one that stays here."""
    dave = api.run(make.account, "dave")
    api.run(make.follow, bob, alice)
    for given, insiders in (({"visibility": "private"}, [alice, bob]), ({"local_only": True}, [alice, bob, dave])):
        parent = await api.say(alice, "for some", **given)
        said = await api.say(bob, "@alice what others read", in_reply_to_id=parent["id"])
        both = ("in_reply_to_id", "in_reply_to_account_id")
        for viewer in (alice, bob, dave, None, bob):
            for _ in range(2):  # rendered, and kept
                found = (await api.get(viewer, f"/api/v1/statuses/{said['id']}")).json
                expected = (parent["id"], str(alice.id)) if viewer in insiders else (None, None)
                assert tuple(found[key] for key in both) == expected, (given, viewer and viewer.username)
        listed = (await api.get(dave, f"/api/v1/accounts/{bob.id}/statuses")).json[0]
        assert (listed["in_reply_to_id"] is not None) == (dave in insiders)
        api.run(interactions.boost, dave, int(said["id"]))
        boosted = (await api.get(None, f"/api/v1/accounts/{dave.id}/statuses")).json[0]["reblog"]
        assert boosted["id"] == said["id"] and boosted["in_reply_to_id"] is None


async def test_several_are_read_by_their_ids_without_those_one_may_not_see_VIS_02(api: Api, alice: Account, bob: Account) -> None:
    made = [api.run(make.post, alice, visibility=visibility).id for visibility in ("public", "direct", "unlisted")]
    query = "&".join(f"id[]={post_id}" for post_id in reversed(made))

    assert [one["id"] for one in (await api.get(alice, f"/api/v1/statuses?{query}")).json] == [str(one) for one in reversed(made)]
    assert [one["id"] for one in (await api.get(bob, f"/api/v1/statuses?{query}")).json] == [str(made[2]), str(made[0])]
    assert (await api.get(bob, "/api/v1/statuses")).json == []


async def test_what_is_only_for_here_may_be_said_as_a_visibility(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    api.run(make.follow, carol, alice)

    found = await api.say(alice, "hello house", visibility="local")

    assert (found["visibility"], found["local_only"]) == ("public", True)
    assert api.run(make.inboxes, "Create") == set()
    assert (await api.get(bob, f"/api/v1/statuses/{found['id']}")).status == 200


@pytest.mark.parametrize("delete_media", [False, True])
async def test_the_files_of_a_deleted_post_may_be_shown_again_unless_they_were_to_go(api: Api, alice: Account, delete_media: bool) -> None:
    picture = api.run(make.picture, alice)
    post = await api.say(alice, "look", media_ids=[str(picture.id)])

    query = "?delete_media=true" if delete_media else ""
    gone = (await api.call("DELETE", alice, f"/api/v1/statuses/{post['id']}{query}")).json

    assert gone["text"] == "look" and [file["id"] for file in gone["media_attachments"]] == [str(picture.id)]
    again = await api.post(alice, "/api/v1/statuses", json={"status": "look again", "media_ids": [str(picture.id)]})
    assert again.status == (422 if delete_media else 200)


async def test_posts_for_followers_can_be_pinned_and_messages_cannot(api: Api, alice: Account) -> None:
    for visibility, status in (("public", 200), ("unlisted", 200), ("followers", 200), ("direct", 422)):
        post = api.run(make.post, alice, visibility=visibility)
        answer = await api.post(alice, f"/api/v1/statuses/{post.id}/pin")
        assert answer.status == status and (status == 422 or answer.json["pinned"] is True)


async def test_what_a_post_was_written_with_is_shown_to_everybody(api: Api, alice: Account) -> None:
    def of_app(tx: Tx) -> None:
        app, _ = apps.register(tx, "Tapp", ["https://tapp.test/"], "read write", "https://tapp.test/")
        tx.execute("UPDATE oauth_tokens SET app_id = ? WHERE account_id = ?", (app.id, alice.id))

    api.token(alice)
    api.run(of_app)
    made = await api.say(alice, "hello")
    by_hand = api.run(make.post, alice)

    assert (await api.get(None, f"/api/v1/statuses/{made['id']}")).json["application"] == {"name": "Tapp", "website": "https://tapp.test/"}
    assert "application" not in (await api.get(None, f"/api/v1/statuses/{by_hand.id}")).json
