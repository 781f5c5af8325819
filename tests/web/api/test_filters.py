"""Filters over the client API, in both versions, and what they say of posts wherever posts are shown."""

from typing import Any

from fedi.storage.accounts import Account
from tests import make
from tests.web.api.conftest import Api

SPOILERS = {"title": "Spoilers", "context": ["home", "public"], "keywords_attributes": [{"keyword": "ending"}]}


async def made(api: Api, who: Account, **fields: Any) -> dict[str, Any]:
    answer = await api.post(who, "/api/v2/filters", json={**SPOILERS, **fields})
    assert answer.status == 200, answer.json
    found: dict[str, Any] = answer.json
    return found


async def test_a_filter_is_made_changed_shown_and_deleted(api: Api, alice: Account, bob: Account) -> None:
    one = await made(api, alice, filter_action="blur", expires_in=3600)

    assert (one["title"], one["context"], one["filter_action"], one["statuses"]) == ("Spoilers", ["home", "public"], "blur", [])
    assert one["keywords"] == [{"id": one["keywords"][0]["id"], "keyword": "ending", "whole_word": True}]
    assert len(one["expires_at"]) == len("2026-11-22T12:00:00.000Z")
    assert (await api.get(alice, "/api/v2/filters")).json == [one] and (await api.get(bob, "/api/v2/filters")).json == []
    path = f"/api/v2/filters/{one['id']}"
    for method, action in (("PUT", "hide"), ("PATCH", "warn")):
        changed = (await api.call(method, alice, path, json={"title": method, "filter_action": action, "expires_in": ""})).json
        assert changed == {**one, "title": method, "filter_action": action, "expires_at": None}
    assert (await api.get(alice, path)).json == changed
    assert (await api.call("DELETE", alice, path)).json == {}
    assert (await api.get(alice, path)).status == 404


async def test_keywords_come_in_every_way_that_programs_write_them(api: Api, alice: Account) -> None:
    rails = "title=t&context[]=home" + "".join(
        f"&keywords_attributes[][{name}]={value}"
        for name, value in (("keyword", "foo"), ("whole_word", "false"), ("keyword", "bar"), ("keyword", "baz"), ("whole_word", "true"))
    )
    numbered = "title=t&context[]=home&keywords_attributes[0][keyword]=foo&keywords_attributes[0][whole_word]=false" + "".join(
        f"&keywords_attributes[{number}][keyword]={word}" for number, word in ((1, "bar"), (2, "baz"))
    )
    for body in (rails, numbered):
        answer = await api.post(alice, "/api/v2/filters", data=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
        words = [(one["keyword"], one["whole_word"]) for one in answer.json["keywords"]]
        assert words == [("foo", False), ("bar", True), ("baz", True)], body

    one, two, three = (word["id"] for word in answer.json["keywords"])
    query = f"keywords_attributes[][id]={one}&keywords_attributes[][_destroy]=true"
    query += f"&keywords_attributes[][id]={two}&keywords_attributes[][keyword]=other"
    changed = (await api.call("PUT", alice, f"/api/v2/filters/{answer.json['id']}?{query}")).json
    assert changed["keywords"] == [
        {"id": two, "keyword": "other", "whole_word": True},
        {"id": three, "keyword": "baz", "whole_word": True},
    ]


async def test_what_is_no_filter_is_refused(api: Api, alice: Account) -> None:
    for fields in (
        {"title": ""},
        {"context": []},
        {"context": ["moon"]},
        {"filter_action": "no"},
        {"keywords_attributes": [{"keyword": ""}]},
    ):
        answer = await api.post(alice, "/api/v2/filters", json={**SPOILERS, **fields})
        assert answer.status == 422 and answer.json["error"], fields
    assert (await api.post(alice, "/api/v2/filters", json={**SPOILERS, "keywords_attributes": [{"id": "7", "keyword": "a"}]})).status == 404
    assert (await api.get(alice, "/api/v2/filters")).json == []


async def test_keywords_and_posts_of_a_filter_have_addresses_of_their_own(api: Api, alice: Account, bob: Account) -> None:
    one = await made(api, alice)
    path = f"/api/v2/filters/{one['id']}"
    word = (await api.post(alice, f"{path}/keywords", data={"keyword": "cats", "whole_word": "false"})).json
    assert word == {"id": word["id"], "keyword": "cats", "whole_word": False}
    assert (await api.get(alice, f"{path}/keywords")).json == [*one["keywords"], word]
    assert (await api.post(alice, f"{path}/keywords", json={})).status == 422
    for method, text in (("PUT", "dogs"), ("PATCH", "birds")):
        changed = (await api.call(method, alice, f"/api/v2/filters/keywords/{word['id']}", json={"keyword": text})).json
        assert changed == {**word, "keyword": text}
    assert (await api.get(alice, f"/api/v2/filters/keywords/{word['id']}")).json == changed
    assert (await api.call("DELETE", alice, f"/api/v2/filters/keywords/{word['id']}")).json == {}

    post = await api.say(bob, "hello")
    row = (await api.post(alice, f"{path}/statuses", json={"status_id": post["id"]})).json
    assert row == {"id": row["id"], "status_id": post["id"]}
    assert (await api.get(alice, f"{path}/statuses")).json == [row]
    assert (await api.get(alice, f"/api/v2/filters/statuses/{row['id']}")).json == row
    assert (await api.get(alice, path)).json == {**one, "statuses": [row]}
    for address in (f"keywords/{one['keywords'][0]['id']}", f"statuses/{row['id']}", f"{one['id']}/keywords", f"{one['id']}/statuses"):
        assert (await api.get(bob, f"/api/v2/filters/{address}")).status == 404
    assert (await api.call("DELETE", alice, f"/api/v2/filters/statuses/{row['id']}")).json == {}
    assert (await api.get(alice, f"{path}/statuses")).json == []


async def test_old_programs_see_each_keyword_as_a_filter(api: Api, alice: Account) -> None:
    fields = {"phrase": "ending", "context": ["home"], "irreversible": True, "whole_word": False, "expires_in": 60}
    one = (await api.post(alice, "/api/v1/filters", json=fields)).json
    assert one == {
        "id": one["id"], "phrase": "ending", "context": ["home"],
        "whole_word": False, "irreversible": True, "expires_at": one["expires_at"],
    }  # fmt: skip
    assert (await api.get(alice, "/api/v2/filters")).json[0]["filter_action"] == "hide"
    path = f"/api/v1/filters/{one['id']}"
    for method in ("PUT", "PATCH"):
        data = {"phrase": "end", "context[]": "public", "irreversible": "false"}
        assert (await api.call(method, alice, path, data=data)).json == {
            **one,
            "phrase": "end",
            "context": ["public"],
            "irreversible": False,
        }
    assert (await api.get(alice, path)).json["phrase"] == "end"
    assert [found["id"] for found in (await api.get(alice, "/api/v1/filters")).json] == [one["id"]]
    assert (await api.post(alice, "/api/v1/filters", json={"context": ["home"]})).status == 422
    assert (await api.call("DELETE", alice, path)).json == {}
    assert (await api.get(alice, "/api/v1/filters")).json == []


async def test_posts_say_which_filters_they_meet_wherever_they_are_shown(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    api.run(make.follow, alice, bob)
    post = await api.say(bob, "@alice the ending is sad")
    quiet = await api.say(bob, "@alice hello")
    boost = (await api.post(bob, f"/api/v1/statuses/{quiet['id']}/reblog")).json
    one = await made(api, alice, context=["thread"])
    added = (await api.post(alice, f"/api/v2/filters/{one['id']}/statuses", json={"status_id": quiet["id"]})).json
    about = {name: one[name] for name in ("id", "title", "context", "expires_at", "filter_action")}
    by_word = [{"filter": about, "keyword_matches": ["ending"], "status_matches": None}]
    by_post = [{"filter": about, "keyword_matches": None, "status_matches": [quiet["id"]]}]

    shown = {one["id"]: one for one in (await api.get(alice, "/api/v1/timelines/home")).json}
    assert shown[post["id"]]["filtered"] == by_word and shown[quiet["id"]]["filtered"] == by_post
    reblog = (await api.get(alice, f"/api/v1/statuses/{boost['id']}")).json
    assert reblog["filtered"] == reblog["reblog"]["filtered"] == by_post
    for path in (f"/api/v1/accounts/{bob.id}/statuses", "/api/v1/timelines/public"):
        assert {one["id"]: one["filtered"] for one in (await api.get(alice, path)).json}[post["id"]] == by_word
    told = {
        one["status"]["id"]: one["status"]["filtered"] for one in (await api.get(alice, "/api/v1/notifications")).json if "status" in one
    }
    assert told[post["id"]] == by_word
    assert (await api.get(bob, f"/api/v1/statuses/{post['id']}")).json["filtered"] == []
    assert "filtered" not in (await api.get(None, f"/api/v1/statuses/{post['id']}")).json
    await api.call("DELETE", alice, f"/api/v2/filters/statuses/{added['id']}")
    assert (await api.get(alice, f"/api/v1/statuses/{quiet['id']}")).json["filtered"] == []


async def test_no_text_can_look_like_the_place_of_a_filter(api: Api, alice: Account, bob: Account) -> None:
    await made(api, alice)
    text = 'the ending "filtered":[] x'
    post = await api.say(bob, text)
    found = (await api.get(alice, f"/api/v1/statuses/{post['id']}")).json
    assert len(found["filtered"]) == 1 and '"filtered":[]' in found["content"].replace("&quot;", '"')
