import io

import pytest
from aiohttp import FormData
from PIL import Image

from fedi.storage.accounts import Account
from tests import make
from tests.web.api.conftest import Api

UPDATE = "/api/v1/accounts/update_credentials"


def png(color: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (20, 20), color).save(out, "PNG")
    return out.getvalue()


async def test_what_is_named_changes_and_everything_else_stays(api: Api, alice: Account, bob: Account) -> None:
    body = {
        "display_name": "Alice A.",
        "note": "tomatoes #garden",
        "locked": True,
        "bot": True,
        "indexable": True,
        "hide_collections": True,
    }
    found = (await api.call("PATCH", alice, UPDATE, json=body)).json
    assert (found["display_name"], found["locked"], found["bot"], found["source"]["note"]) == ("Alice A.", True, True, "tomatoes #garden")
    assert found["hide_collections"] is True and "<a " in found["note"]

    found = (await api.call("PUT", alice, UPDATE, data={"locked": "false"})).json
    assert (found["display_name"], found["locked"], found["bot"], found["source"]["hide_collections"]) == ("Alice A.", False, True, True)
    assert (await api.get(bob, f"/api/v1/accounts/{alice.id}")).json["display_name"] == "Alice A."
    assert (await api.call("PATCH", alice, UPDATE, json={"bot": False})).json["bot"] is False


async def test_a_changed_profile_is_told_to_followers_elsewhere(api: Api, alice: Account, carol: Account) -> None:
    api.run(make.follow, carol, alice)
    await api.call("PATCH", alice, UPDATE, json={"display_name": "Another"})
    assert api.run(make.inboxes, "Update") == {carol.shared_inbox_uri}


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"fields_attributes": [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}, {"name": "", "value": ""}]}},
        {"json": {"fields_attributes": {"7": {"name": "a", "value": "1"}, "-99999999999999999999": {"name": "b", "value": "2"}}}},
        {"data": {"fields_attributes[0][name]": "a", "fields_attributes[0][value]": "1",
                  "fields_attributes[1][name]": "b", "fields_attributes[1][value]": "2"}},
        {"data": [("fields_attributes[][name]", "a"), ("fields_attributes[][value]", "1"),
                  ("fields_attributes[][name]", "b"), ("fields_attributes[][value]", "2")]},
    ],
)  # fmt: skip
async def test_fields_come_in_every_spelling(api: Api, alice: Account, sent: dict[str, object]) -> None:
    found = (await api.call("PATCH", alice, UPDATE, **sent)).json
    assert [(one["name"], one["value"]) for one in found["source"]["fields"]] == [("a", "1"), ("b", "2")]
    assert found["fields"][0] == {"name": "a", "value": "1", "verified_at": None}
    assert (await api.call("PATCH", alice, UPDATE, json={"note": "x"})).json["fields"] == found["fields"]
    assert (await api.call("PATCH", alice, UPDATE, json={"fields_attributes": []})).json["fields"] == []


async def test_habits_are_kept_and_read_as_preferences(api: Api, alice: Account, bob: Account) -> None:
    source = {"privacy": "private", "sensitive": True, "language": "de", "quote_policy": "followers"}
    found = (await api.call("PATCH", alice, UPDATE, json={"source": source})).json["source"]
    assert {name: found[name] for name in source} == source
    assert (await api.get(alice, "/api/v1/preferences")).json == {
        "posting:default:visibility": "private", "posting:default:sensitive": True, "posting:default:language": "de",
        "posting:default:quote_policy": "followers", "reading:expand:media": "default", "reading:expand:spoilers": False,
        "reading:autoplay:gifs": False,
    }  # fmt: skip
    assert (await api.get(bob, "/api/v1/preferences")).json["posting:default:visibility"] == "public"
    written = await api.say(alice, "hallo")
    assert (written["visibility"], written["sensitive"], written["language"]) == ("private", True, "de")


async def test_who_may_quote_what_one_writes_is_what_one_chose(api: Api, alice: Account) -> None:
    await api.call("PATCH", alice, UPDATE, data={"source[quote_policy]": "nobody"})
    assert (await api.say(alice, "mine"))["quote_approval"]["automatic"] == []
    await api.call("PATCH", alice, UPDATE, data={"source[quote_policy]": "public"})
    assert (await api.say(alice, "yours"))["quote_approval"]["automatic"] == ["public"]


@pytest.mark.parametrize(
    "body",
    [
        {"display_name": "x" * 61}, {"note": "x" * 501}, {"source": {"privacy": "secret"}}, {"source": {"language": "not a language"}},
        {"source": {"quote_policy": "ask"}}, {"attribution_domains": ["_/_"]}, {"avatar_description": "x" * 1501},
        {"fields_attributes": [{"name": str(i), "value": "x"} for i in range(9)]}, {"locked": [1]},
    ],
)  # fmt: skip
async def test_what_cannot_be_changes_nothing(api: Api, alice: Account, body: dict[str, object]) -> None:
    before = (await api.get(alice, "/api/v1/profile")).json
    await api.call("PATCH", alice, UPDATE, data={"display_name": "A"})
    if "avatar_description" in body:
        await _picture(api, alice, "avatar")
        before = (await api.get(alice, "/api/v1/profile")).json
    assert (await api.call("PATCH", alice, UPDATE, json={"indexable": not before["indexable"], **body})).status == 422
    assert (await api.get(alice, "/api/v1/profile")).json["indexable"] == before["indexable"]


async def _picture(api: Api, who: Account, kind: str, **more: str) -> dict[str, object]:
    form = FormData({f"{kind}": io.BytesIO(png()), **more})
    answer = await api.call("PATCH", who, "/api/v1/profile", data=form)
    assert answer.status == 200, answer.json
    found: dict[str, object] = answer.json
    return found


async def test_pictures_come_with_words_and_go(api: Api, alice: Account, bob: Account) -> None:
    empty = (await api.get(alice, "/api/v1/profile")).json
    assert (empty["avatar"], empty["header_static"], empty["avatar_description"]) == (None, None, "")

    found = await _picture(api, alice, "avatar", avatar_description="Alice in the garden")
    assert str(found["avatar"]).startswith("https://fedi.test/media/") and found["avatar_description"] == "Alice in the garden"
    await _picture(api, alice, "header", header_description="Beds")
    changed = (await api.call("PATCH", alice, "/api/v1/profile", json={"avatar_description": "Alice"})).json
    assert (changed["avatar"], changed["avatar_description"], changed["header_description"]) == (found["avatar"], "Alice", "Beds")
    assert (await api.get(bob, f"/api/v1/accounts/{alice.id}")).json["avatar_description"] == "Alice"

    gone = (await api.call("DELETE", alice, "/api/v1/profile/avatar")).json
    assert gone["avatar"].endswith("/static/avatar.png") and "source" in gone
    assert (await api.call("DELETE", alice, "/api/v1/profile/avatar")).status == 200, "there was none"
    assert (await api.call("DELETE", alice, "/api/v1/profile/header")).json["header"].endswith("/static/header.png")
    assert (await api.get(alice, "/api/v1/profile")).json["header"] is None


async def test_what_stands_on_a_profile_is_chosen_by_its_owner(api: Api, alice: Account, bob: Account) -> None:
    body = {"show_media": False, "show_featured": False, "discoverable": False, "attribution_domains": ["example.org", "https://blog.test"]}
    found = (await api.call("PUT", alice, "/api/v1/profile", json=body)).json
    assert (found["show_media"], found["show_media_replies"], found["show_featured"]) == (False, True, False)
    assert found["attribution_domains"] == ["example.org", "blog.test"] and found["featured_tags"] == []
    seen = (await api.get(bob, f"/api/v1/accounts/{alice.id}")).json
    assert (seen["show_media"], seen["discoverable"], seen["feature_approval"]["current_user"]) == (False, False, "denied")
    assert "source" not in seen and "role" not in seen


async def test_who_leads_the_server_is_said_on_their_profile(api: Api, bob: Account) -> None:
    boss = api.run(make.account, "boss", "admin")
    assert (await api.get(bob, f"/api/v1/accounts/{boss.id}")).json["roles"] == [{"id": "2", "name": "Admin", "color": ""}]
    assert (await api.get(bob, f"/api/v1/accounts/{bob.id}")).json["roles"] == []
