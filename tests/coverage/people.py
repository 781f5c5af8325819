"""Checks of endpoints about accounts: oneself, others, what stands between."""

import io

from aiohttp import FormData
from PIL import Image

from fedi import follows
from tests import make
from tests.coverage.world import Ask, World, covers, names_of


def picture(width: int = 64, height: int = 64, colour: str = "red") -> bytes:
    """A PNG."""
    made = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(made, "PNG")
    return made.getvalue()


# -- oneself --


@covers("GET /api/v1/accounts/verify_credentials")
async def verify_credentials(w: World, ask: Ask) -> None:
    found = await ask()
    assert found["id"] == str(w.alice.id) and found["source"]["privacy"] == "public"


@covers("PATCH /api/v1/accounts/update_credentials")
async def update_credentials(w: World, ask: Ask) -> None:
    form = FormData({"display_name": "Alice N.", "note": "about me", "locked": "false", "bot": "true", "source[language]": "fr"})
    form.add_field("fields_attributes[0][name]", "site")
    form.add_field("fields_attributes[0][value]", "https://alice.example")
    form.add_field("avatar", picture(), filename="a.png", content_type="image/png")
    found = await ask(data=form)
    assert found["display_name"] == "Alice N." and found["bot"] is True and found["source"]["language"] == "fr"
    assert found["fields"][0]["name"] == "site" and found["source"]["fields"][0]["value"] == "https://alice.example"
    again = await w.call("GET /api/v1/accounts/verify_credentials")
    assert again["display_name"] == "Alice N." and again["avatar"] == found["avatar"] and "/media/" in again["avatar"]


@covers("GET /api/v1/profile")
async def profile(w: World, ask: Ask) -> None:
    await w.call("PATCH /api/v1/accounts/update_credentials", json={"note": "raw *text*", "display_name": "A"})
    found = await ask()
    assert found["id"] == str(w.alice.id) and found["note"] == "raw *text*" and found["display_name"] == "A"


@covers("PATCH /api/v1/profile")
async def change_profile(w: World, ask: Ask) -> None:
    found = await ask(json={"display_name": "changed", "hide_collections": True})
    assert (found["display_name"], found["hide_collections"]) == ("changed", True)
    assert (await w.call("GET /api/v1/profile"))["display_name"] == "changed"
    await ask(json={"display_name": "", "hide_collections": False})


@covers("DELETE /api/v1/profile/avatar", "DELETE /api/v1/profile/header")
async def delete_picture(w: World, ask: Ask) -> None:
    form = FormData()
    form.add_field("avatar", picture(), filename="a.png", content_type="image/png")
    form.add_field("header", picture(96, 32), filename="h.png", content_type="image/png")
    before = await w.call("PATCH /api/v1/accounts/update_credentials", data=form)
    await ask()
    after = await w.call("GET /api/v1/accounts/verify_credentials")
    assert (before["avatar"], before["header"]) != (after["avatar"], after["header"])


@covers("GET /api/v1/preferences")
async def preferences(w: World, ask: Ask) -> None:
    await w.call("PATCH /api/v1/accounts/update_credentials", json={"source": {"privacy": "unlisted", "language": "de", "sensitive": True}})
    found = await ask()
    assert found["posting:default:visibility"] == "unlisted" and found["posting:default:language"] == "de"
    await w.call("PATCH /api/v1/accounts/update_credentials", json={"source": {"privacy": "public", "language": "en", "sensitive": False}})


# -- others --


@covers("GET /api/v1/accounts/:id")
async def show(w: World, ask: Ask) -> None:
    found = await ask(id=w.carol.id, by=None)
    assert found["acct"] == "carol@peer.test"


@covers("GET /api/v1/accounts")
async def several(w: World, ask: Ask) -> None:
    assert names_of(await ask(params={"id": [w.bob.id, w.carol.id]}, by=None)) == {"bob", "carol"}


@covers("GET /api/v1/accounts/lookup")
async def lookup(w: World, ask: Ask) -> None:
    assert (await ask(params={"acct": "carol@peer.test"}))["id"] == str(w.carol.id)


@covers("GET /api/v1/accounts/search")
async def search(w: World, ask: Ask) -> None:
    assert "carol" in names_of(await ask(params={"q": "caro"}))


@covers("GET /api/v1/accounts/:id/statuses")
async def statuses(w: World, ask: Ask) -> None:
    one, other = w.post(w.bob, "said by bob"), w.post(w.bob, "for his followers", "followers")
    found = [post["id"] for post in await ask(id=w.bob.id, by=None)]
    assert str(one.id) in found and str(other.id) not in found


@covers("GET /api/v1/accounts/:id/followers")
async def followers(w: World, ask: Ask) -> None:
    friend = w.friend()
    assert names_of(await ask(id=friend.id)) == {"alice"}


@covers("GET /api/v1/accounts/:id/following")
async def following(w: World, ask: Ask) -> None:
    person = w.person()
    w.follow(person, w.carol)
    assert names_of(await ask(id=person.id)) == {"carol"}


@covers("GET /api/v1/accounts/:id/featured_tags")
async def featured_tags_of(w: World, ask: Ask) -> None:
    person = w.person()
    await w.call("POST /api/v1/featured_tags", by=person, json={"name": "gardens"})
    assert [tag["name"] for tag in await ask(id=person.id)] == ["gardens"]


@covers("GET /api/v1/accounts/:id/lists")
async def lists_of(w: World, ask: Ask) -> None:
    friend = w.friend()
    made = await w.call("POST /api/v1/lists", json={"title": "near"})
    await w.call("POST /api/v1/lists/:id/accounts", id=made["id"], json={"account_ids": [str(friend.id)]})
    assert [one["id"] for one in await ask(id=friend.id)] == [made["id"]]


@covers("GET /api/v1/accounts/relationships")
async def relationships(w: World, ask: Ask) -> None:
    friend = w.friend()
    found = await ask(params={"id": [friend.id, w.bob.id]})
    assert next((one["id"], one["following"]) for one in found) == (str(friend.id), True)


@covers("GET /api/v1/accounts/familiar_followers")
async def familiar_followers(w: World, ask: Ask) -> None:
    friend, star = w.friend(), w.person()
    w.follow(friend, star)
    (found,) = await ask(params={"id": [star.id]})
    assert found["id"] == str(star.id) and names_of(found["accounts"]) == {friend.username}


# -- what stands between --


@covers("POST /api/v1/accounts/:id/follow")
async def follow(w: World, ask: Ask) -> None:
    person = w.person()
    assert (await ask(id=person.id, json={"notify": True, "languages": ["en"]}))["notifying"] is True
    assert names_of(await w.call("GET /api/v1/accounts/:id/followers", id=person.id)) == {"alice"}


@covers("POST /api/v1/accounts/:id/unfollow")
async def unfollow(w: World, ask: Ask) -> None:
    friend = w.friend()
    assert (await ask(id=friend.id))["following"] is False
    assert not await w.call("GET /api/v1/accounts/:id/followers", id=friend.id)


@covers("POST /api/v1/accounts/:id/remove_from_followers")
async def remove_from_followers(w: World, ask: Ask) -> None:
    fan = w.person()
    w.follow(fan, w.alice)
    assert (await ask(id=fan.id))["followed_by"] is False


@covers("POST /api/v1/accounts/:id/block")
async def block(w: World, ask: Ask) -> None:
    person = w.person()
    assert (await ask(id=person.id))["blocking"] is True
    assert person.username in names_of(await w.call("GET /api/v1/blocks"))


@covers("POST /api/v1/accounts/:id/unblock")
async def unblock(w: World, ask: Ask) -> None:
    person = w.person()
    w.run(make.block, w.alice, person)
    assert (await ask(id=person.id))["blocking"] is False


@covers("POST /api/v1/accounts/:id/mute")
async def mute(w: World, ask: Ask) -> None:
    person = w.person()
    found = await ask(id=person.id, json={"duration": 3600, "notifications": False})
    assert found["muting"] is True and found["muting_notifications"] is False and found["muting_expires_at"] is not None


@covers("POST /api/v1/accounts/:id/unmute")
async def unmute(w: World, ask: Ask) -> None:
    person = w.person()
    await w.call("POST /api/v1/accounts/:id/mute", id=person.id)
    assert (await ask(id=person.id))["muting"] is False


@covers("POST /api/v1/accounts/:id/note")
async def note(w: World, ask: Ask) -> None:
    person = w.person()
    assert (await ask(id=person.id, json={"comment": "met in Rome"}))["note"] == "met in Rome"
    (found,) = await w.call("GET /api/v1/accounts/relationships", params={"id": [person.id]})
    assert found["note"] == "met in Rome"


@covers("POST /api/v1/accounts/:id/endorse", "POST /api/v1/accounts/:id/pin")
async def endorse(w: World, ask: Ask) -> None:
    friend = w.friend()
    assert (await ask(id=friend.id))["endorsed"] is True
    assert friend.username in names_of(await w.call("GET /api/v1/endorsements"))


@covers("POST /api/v1/accounts/:id/unendorse", "POST /api/v1/accounts/:id/unpin")
async def unendorse(w: World, ask: Ask) -> None:
    friend = w.friend()
    await w.call("POST /api/v1/accounts/:id/endorse", id=friend.id)
    assert (await ask(id=friend.id))["endorsed"] is False


@covers("GET /api/v1/endorsements")
async def endorsements(w: World, ask: Ask) -> None:
    friend = w.friend()
    await w.call("POST /api/v1/accounts/:id/endorse", id=friend.id)
    assert friend.username in names_of(await ask())


@covers("GET /api/v1/accounts/:id/endorsements")
async def endorsements_of(w: World, ask: Ask) -> None:
    friend = w.friend()
    await w.call("POST /api/v1/accounts/:id/endorse", id=friend.id)
    assert friend.username in names_of(await ask(id=w.alice.id, by=w.bob))


@covers("GET /api/v1/blocks")
async def blocks(w: World, ask: Ask) -> None:
    person = w.person()
    w.run(make.block, w.alice, person)
    assert person.username in names_of(await ask())


@covers("GET /api/v1/mutes")
async def mutes(w: World, ask: Ask) -> None:
    person = w.person()
    await w.call("POST /api/v1/accounts/:id/mute", id=person.id, json={"duration": 3600})
    assert {one["username"]: one["mute_expires_at"] for one in await ask()}[person.username] is not None


@covers("POST /api/v1/domain_blocks")
async def block_domain(w: World, ask: Ask) -> None:
    domain = f"loud{make.number()}.example"
    assert await ask(json={"domain": domain}) == {}
    assert domain in await w.call("GET /api/v1/domain_blocks")


@covers("GET /api/v1/domain_blocks")
async def domain_blocks(w: World, ask: Ask) -> None:
    await w.call("POST /api/v1/domain_blocks", json={"domain": "loud.example"})
    assert "loud.example" in await ask()


@covers("DELETE /api/v1/domain_blocks")
async def unblock_domain(w: World, ask: Ask) -> None:
    await w.call("POST /api/v1/domain_blocks", json={"domain": "once.example"})
    assert await ask(params={"domain": "once.example"}) == {}
    assert "once.example" not in await w.call("GET /api/v1/domain_blocks")


async def _asks(w: World) -> tuple[object, object]:
    owner, fan = w.person(locked=1), w.person()
    w.run(follows.follow, fan, owner.id)
    return owner, fan


@covers("GET /api/v1/follow_requests")
async def follow_requests(w: World, ask: Ask) -> None:
    owner, fan = await _asks(w)
    assert names_of(await ask(by=owner)) == {fan.username}  # type: ignore[attr-defined]


@covers("POST /api/v1/follow_requests/:account_id/authorize")
async def authorize(w: World, ask: Ask) -> None:
    owner, fan = await _asks(w)
    assert (await ask(by=owner, account_id=fan.id))["followed_by"] is True  # type: ignore[attr-defined]


@covers("POST /api/v1/follow_requests/:account_id/reject")
async def reject(w: World, ask: Ask) -> None:
    owner, fan = await _asks(w)
    found = await ask(by=owner, account_id=fan.id)  # type: ignore[attr-defined]
    assert found["followed_by"] is False and found["requested_by"] is False
    assert not await w.call("GET /api/v1/follow_requests", by=owner)


# -- hashtags on profiles, suggestions, directory --


@covers("GET /api/v1/featured_tags", "POST /api/v1/featured_tags")
async def featured_tags(w: World, ask: Ask) -> None:
    person = w.person()
    made = await w.call("POST /api/v1/featured_tags", by=person, json={"name": "birds"})
    found = await ask(by=person, **({"json": {"name": "trees"}} if "POST" in ask.__name__ else {}))
    shown = await w.call("GET /api/v1/featured_tags", by=person)
    assert made["id"] in {tag["id"] for tag in shown}
    if isinstance(found, list):
        assert [tag["name"] for tag in found] == ["birds"]
    else:
        assert found["name"] == "trees" and len(shown) == 2


@covers("DELETE /api/v1/featured_tags/:id")
async def unfeature_tag(w: World, ask: Ask) -> None:
    person = w.person()
    made = await w.call("POST /api/v1/featured_tags", by=person, json={"name": "birds"})
    assert await ask(by=person, id=made["id"]) == {}
    assert not await w.call("GET /api/v1/featured_tags", by=person)


@covers("GET /api/v1/featured_tags/suggestions")
async def tag_suggestions(w: World, ask: Ask) -> None:
    person = w.person()
    w.post(person, "about #rivers")
    assert [tag["name"] for tag in await ask(by=person)] == ["rivers"]


async def _suggested(w: World) -> tuple[object, object]:
    reader, friend, stranger = w.person(), w.person(), w.person()
    w.follow(reader, friend)
    w.follow(friend, stranger)
    return reader, stranger


@covers("GET /api/v2/suggestions", "GET /api/v1/suggestions")
async def suggestions(w: World, ask: Ask) -> None:
    reader, stranger = await _suggested(w)
    found = await ask(by=reader)
    assert stranger.username in names_of(one.get("account", one) for one in found)  # type: ignore[attr-defined]


@covers("DELETE /api/v1/suggestions/:account_id")
async def dismiss_suggestion(w: World, ask: Ask) -> None:
    reader, stranger = await _suggested(w)
    assert await ask(by=reader, account_id=stranger.id) == {}  # type: ignore[attr-defined]
    found = await w.call("GET /api/v2/suggestions", by=reader)
    assert stranger.username not in names_of(one["account"] for one in found)  # type: ignore[attr-defined]


@covers("GET /api/v1/directory")
async def directory(w: World, ask: Ask) -> None:
    w.post(w.bob)
    assert "bob" in names_of(await ask(params={"local": True, "order": "active"}, by=None))


# -- collections --


async def _collection(w: World, **more: object) -> tuple[dict, dict]:  # type: ignore[type-arg]
    friend = w.friend()
    made = (
        await w.call(
            "POST /api/v1/collections", json={"name": "People of note", "description": "few", "discoverable": True, "sensitive": False}
        )
    )["collection"]
    item = (await w.call("POST /api/v1/collections/:collection_id/items", collection_id=made["id"], json={"account_id": str(friend.id)}))[
        "collection_item"
    ]
    return made, item


@covers("POST /api/v1/collections")
async def create_collection(w: World, ask: Ask) -> None:
    made = (await ask(json={"name": "Fine people", "description": "few", "discoverable": True, "sensitive": False}))["collection"]
    assert (await w.call("GET /api/v1/collections/:id", id=made["id"], by=None))["collection"]["name"] == "Fine people"
    await w.call("DELETE /api/v1/collections/:id", id=made["id"])


@covers("GET /api/v1/collections/:id")
async def show_collection(w: World, ask: Ask) -> None:
    made, item = await _collection(w)
    found = await ask(id=made["id"], by=None)
    assert [one["id"] for one in found["collection"]["items"]] == [item["id"]]
    await w.call("DELETE /api/v1/collections/:id", id=made["id"])


@covers("PATCH /api/v1/collections/:id")
async def change_collection(w: World, ask: Ask) -> None:
    made, _ = await _collection(w)
    assert (await ask(id=made["id"], json={"name": "Renamed"}))["collection"]["name"] == "Renamed"
    await w.call("DELETE /api/v1/collections/:id", id=made["id"])


@covers("DELETE /api/v1/collections/:id")
async def delete_collection(w: World, ask: Ask) -> None:
    made, _ = await _collection(w)
    try:
        await ask(id=made["id"])
        await w.call("GET /api/v1/collections/:id", id=made["id"], status=404)
    finally:
        await w.call("DELETE /api/v1/collections/:id", id=made["id"], status=None)


@covers("GET /api/v1/accounts/:account_id/collections")
async def collections_of(w: World, ask: Ask) -> None:
    made, _ = await _collection(w)
    assert made["id"] in {one["id"] for one in (await ask(account_id=w.alice.id, by=w.bob))["collections"]}
    await w.call("DELETE /api/v1/collections/:id", id=made["id"])


@covers("GET /api/v1/accounts/:account_id/in_collections")
async def in_collections(w: World, ask: Ask) -> None:
    made, item = await _collection(w)
    person = w.run(make.account_rows.get, int(item["account_id"]))
    found = await ask(account_id=person.id, by=person)
    assert made["id"] in {one["id"] for one in found["collections"]}
    await w.call("DELETE /api/v1/collections/:id", id=made["id"])


@covers("POST /api/v1/collections/:collection_id/items")
async def add_to_collection(w: World, ask: Ask) -> None:
    made, _ = await _collection(w)
    other = w.friend()
    found = (await ask(collection_id=made["id"], json={"account_id": str(other.id)}))["collection_item"]
    shown = (await w.call("GET /api/v1/collections/:id", id=made["id"]))["collection"]["items"]
    assert found["id"] in {one["id"] for one in shown}
    await w.call("DELETE /api/v1/collections/:id", id=made["id"])


@covers("DELETE /api/v1/collections/:collection_id/items/:id")
async def remove_from_collection(w: World, ask: Ask) -> None:
    made, item = await _collection(w)
    await ask(collection_id=made["id"], id=item["id"])
    assert not (await w.call("GET /api/v1/collections/:id", id=made["id"]))["collection"]["items"]
    await w.call("DELETE /api/v1/collections/:id", id=made["id"])


@covers("POST /api/v1/collections/:collection_id/items/:id/revoke")
async def leave_collection(w: World, ask: Ask) -> None:
    made, item = await _collection(w)
    person = w.run(make.account_rows.get, int(item["account_id"]))
    await ask(collection_id=made["id"], id=item["id"], by=person)
    assert not (await w.call("GET /api/v1/collections/:id", id=made["id"]))["collection"]["items"]
    await w.call("DELETE /api/v1/collections/:id", id=made["id"])
