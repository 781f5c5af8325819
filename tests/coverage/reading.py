"""Checks of endpoints that list: timelines, lists, filters, tags, search, trends."""

from typing import Any

from fedi.storage.accounts import Account
from tests import make
from tests.coverage.people import picture  # noqa: F401
from tests.coverage.world import Ask, World, covers, ids_of, names_of
from tests.coverage.writing import linked


@covers("GET /api/v1/timelines/home")
async def home(w: World, ask: Ask) -> None:
    post = w.post(w.friend(), "for followers", "followers")
    assert str(post.id) in ids_of(await ask()) and str(post.id) not in ids_of(await ask(by=w.bob))


@covers("GET /api/v1/timelines/public")
async def public(w: World, ask: Ask) -> None:
    here, there = w.post(w.bob), w.post(w.carol)
    assert str(here.id) in ids_of(await ask(params={"local": True}, by=None))
    assert str(here.id) not in (found := ids_of(await ask(params={"remote": True}))) and str(there.id) in found


@covers("GET /api/v1/timelines/tag/:hashtag")
async def tag(w: World, ask: Ask) -> None:
    post = w.post(w.bob, "#mushrooms everywhere")
    assert str(post.id) in ids_of(await ask(hashtag="Mushrooms", by=None))


# -- lists --


async def _list(w: World, **more: Any) -> tuple[str, Account]:
    friend = w.friend()
    made = await w.call("POST /api/v1/lists", json={"title": "near", "replies_policy": "list", **more})
    assert await w.call("POST /api/v1/lists/:id/accounts", id=made["id"], json={"account_ids": [str(friend.id)]}) == {}
    return made["id"], friend


@covers("GET /api/v1/lists")
async def lists(w: World, ask: Ask) -> None:
    made, _ = await _list(w)
    assert made in ids_of(await ask()) and made not in ids_of(await ask(by=w.bob))


@covers("GET /api/v1/lists/:id")
async def show_list(w: World, ask: Ask) -> None:
    made, _ = await _list(w)
    assert (await ask(id=made))["title"] == "near"
    await ask(id=made, by=w.bob, status=404)


@covers("POST /api/v1/lists")
async def create_list(w: World, ask: Ask) -> None:
    found = await ask(json={"title": "far", "replies_policy": "none", "exclusive": True})
    assert (found["replies_policy"], found["exclusive"]) == ("none", True)
    assert (await w.call("GET /api/v1/lists/:id", id=found["id"]))["title"] == "far"


@covers("PUT /api/v1/lists/:id")
async def change_list(w: World, ask: Ask) -> None:
    made, _ = await _list(w)
    assert (await ask(id=made, json={"title": "nearer", "replies_policy": "followed"}))["replies_policy"] == "followed"
    assert (await w.call("GET /api/v1/lists/:id", id=made))["title"] == "nearer"


@covers("DELETE /api/v1/lists/:id")
async def delete_list(w: World, ask: Ask) -> None:
    made, _ = await _list(w)
    assert await ask(id=made) == {}
    await w.call("GET /api/v1/lists/:id", id=made, status=404)


@covers("GET /api/v1/lists/:id/accounts")
async def members(w: World, ask: Ask) -> None:
    made, friend = await _list(w)
    assert names_of(await ask(id=made, params={"limit": 0})) == {friend.username}


@covers("POST /api/v1/lists/:id/accounts")
async def add_members(w: World, ask: Ask) -> None:
    made, friend = await _list(w)
    other = w.friend()
    assert await ask(id=made, json={"account_ids": [str(other.id)]}) == {}
    assert names_of(await w.call("GET /api/v1/lists/:id/accounts", id=made)) == {friend.username, other.username}


@covers("DELETE /api/v1/lists/:id/accounts")
async def remove_members(w: World, ask: Ask) -> None:
    made, friend = await _list(w)
    assert await ask(id=made, params={"account_ids": [friend.id]}) == {}
    assert not await w.call("GET /api/v1/lists/:id/accounts", id=made)


@covers("GET /api/v1/timelines/list/:list_id")
async def list_timeline(w: World, ask: Ask) -> None:
    made, friend = await _list(w)
    post, other = w.post(friend), w.post(w.friend())
    found = ids_of(await ask(list_id=made))
    assert str(post.id) in found and str(other.id) not in found
    await ask(list_id=made, by=w.bob, status=404)


# -- filters --


async def _filter(w: World, of: Account, **more: Any) -> dict[str, Any]:
    body = {"title": "spiders", "context": ["home", "public"], "filter_action": "warn", "keywords_attributes": [{"keyword": "spider"}]}
    found: dict[str, Any] = await w.call("POST /api/v2/filters", by=of, json={**body, **more})
    return found


@covers("GET /api/v2/filters")
async def filters(w: World, ask: Ask) -> None:
    person = w.person()
    made = await _filter(w, person)
    assert ids_of(await ask(by=person)) == [made["id"]] and made["id"] not in ids_of(await ask())


@covers("GET /api/v2/filters/:id")
async def show_filter(w: World, ask: Ask) -> None:
    person = w.person()
    made = await _filter(w, person)
    assert (await ask(id=made["id"], by=person))["keywords"][0]["keyword"] == "spider"
    await ask(id=made["id"], status=404)


@covers("POST /api/v2/filters")
async def create_filter(w: World, ask: Ask) -> None:
    person = w.person()
    body = {"title": "t", "context": ["public"], "filter_action": "warn", "keywords_attributes": [{"keyword": "wasp", "whole_word": True}]}
    made = await ask(by=person, json=body)
    post = w.post(w.bob, "a wasp!")
    found = await w.call("GET /api/v1/timelines/public", by=person)
    (match,) = next(one["filtered"] for one in found if one["id"] == str(post.id))
    assert match["filter"]["id"] == made["id"] and match["keyword_matches"] == ["wasp"]


@covers("PUT /api/v2/filters/:id")
async def change_filter(w: World, ask: Ask) -> None:
    person = w.person()
    made = await _filter(w, person)
    assert (await ask(by=person, id=made["id"], json={"title": "arachnids", "filter_action": "hide"}))["filter_action"] == "hide"
    assert (await w.call("GET /api/v2/filters/:id", by=person, id=made["id"]))["title"] == "arachnids"


@covers("DELETE /api/v2/filters/:id")
async def delete_filter(w: World, ask: Ask) -> None:
    person = w.person()
    made = await _filter(w, person)
    assert await ask(by=person, id=made["id"]) == {}
    await w.call("GET /api/v2/filters/:id", by=person, id=made["id"], status=404)


@covers("GET /api/v2/filters/:filter_id/keywords")
async def keywords(w: World, ask: Ask) -> None:
    person = w.person()
    made = await _filter(w, person)
    assert [one["keyword"] for one in await ask(by=person, filter_id=made["id"])] == ["spider"]


@covers("POST /api/v2/filters/:filter_id/keywords")
async def add_keyword(w: World, ask: Ask) -> None:
    person = w.person()
    made = await _filter(w, person)
    assert (await ask(by=person, filter_id=made["id"], json={"keyword": "web", "whole_word": True}))["whole_word"] is True
    assert len((await w.call("GET /api/v2/filters/:id", by=person, id=made["id"]))["keywords"]) == 2


@covers("GET /api/v2/filters/keywords/:id")
async def show_keyword(w: World, ask: Ask) -> None:
    person = w.person()
    made = await _filter(w, person)
    assert (await ask(by=person, id=made["keywords"][0]["id"]))["keyword"] == "spider"
    await ask(id=made["keywords"][0]["id"], status=404)


@covers("PUT /api/v2/filters/keywords/:id")
async def change_keyword(w: World, ask: Ask) -> None:
    person = w.person()
    made = await _filter(w, person)
    assert (await ask(by=person, id=made["keywords"][0]["id"], json={"keyword": "beetle"}))["keyword"] == "beetle"


@covers("DELETE /api/v2/filters/keywords/:id")
async def delete_keyword(w: World, ask: Ask) -> None:
    person = w.person()
    made = await _filter(w, person)
    assert await ask(by=person, id=made["keywords"][0]["id"]) == {}
    assert not await w.call("GET /api/v2/filters/:filter_id/keywords", by=person, filter_id=made["id"])


async def _filter_post(w: World, person: Account) -> tuple[dict[str, Any], dict[str, Any], str]:
    made, post = await _filter(w, person), w.post(w.bob)
    row = await w.call("POST /api/v2/filters/:filter_id/statuses", by=person, filter_id=made["id"], json={"status_id": str(post.id)})
    return made, row, str(post.id)


@covers("GET /api/v2/filters/:filter_id/statuses")
async def filtered_posts(w: World, ask: Ask) -> None:
    person = w.person()
    made, row, post = await _filter_post(w, person)
    assert [(one["id"], one["status_id"]) for one in await ask(by=person, filter_id=made["id"])] == [(row["id"], post)]


@covers("POST /api/v2/filters/:filter_id/statuses")
async def filter_post(w: World, ask: Ask) -> None:
    person, post = w.person(), w.post(w.bob)
    made = await _filter(w, person)
    assert (await ask(by=person, filter_id=made["id"], json={"status_id": str(post.id)}))["status_id"] == str(post.id)
    (found,) = [one for one in await w.call("GET /api/v1/timelines/public", by=person) if one["id"] == str(post.id)]
    assert found["filtered"][0]["status_matches"] == [str(post.id)]


@covers("GET /api/v2/filters/statuses/:id")
async def show_filtered_post(w: World, ask: Ask) -> None:
    person = w.person()
    _, row, post = await _filter_post(w, person)
    assert (await ask(by=person, id=row["id"]))["status_id"] == post


@covers("DELETE /api/v2/filters/statuses/:id")
async def unfilter_post(w: World, ask: Ask) -> None:
    person = w.person()
    made, row, _ = await _filter_post(w, person)
    assert await ask(by=person, id=row["id"]) == {}
    assert not await w.call("GET /api/v2/filters/:filter_id/statuses", by=person, filter_id=made["id"])


_V1 = {"phrase": "moth", "context": ["home", "public"], "whole_word": False, "irreversible": False}


@covers("GET /api/v1/filters", "GET /api/v1/filters/:id", "PUT /api/v1/filters/:id", "DELETE /api/v1/filters/:id")
async def old_filters(w: World, ask: Ask) -> None:
    person = w.person()
    made = await w.call("POST /api/v1/filters", by=person, json=_V1)
    method, _, path = ask.__name__.partition(" ")
    where = {"id": made["id"]} if path.endswith(":id") else {}
    found = await ask(by=person, **where, **({"json": {**_V1, "phrase": "fly"}} if method == "PUT" else {}))
    if method == "DELETE":
        assert found == {} and not await w.call("GET /api/v1/filters", by=person)
    elif method == "PUT":
        assert found["phrase"] == "fly"
    else:
        assert (found[0] if isinstance(found, list) else found)["phrase"] == "moth"


@covers("POST /api/v1/filters")
async def create_old_filter(w: World, ask: Ask) -> None:
    person = w.person()
    made = await ask(by=person, json=_V1)
    assert (made["phrase"], made["context"]) == ("moth", ["home", "public"])
    assert [one["keywords"][0]["keyword"] for one in await w.call("GET /api/v2/filters", by=person)] == ["moth"]


# -- hashtags --


@covers("GET /api/v1/tags/:name")
async def show_tag(w: World, ask: Ask) -> None:
    w.post(w.bob, "so much #lichen")
    found = await ask(name="lichen", by=None)
    assert found["name"] == "lichen" and found["history"][0]["uses"] == "1" and len(found["history"]) == 7


@covers("POST /api/v1/tags/:name/follow")
async def follow_tag(w: World, ask: Ask) -> None:
    assert (await ask(name="ferns"))["following"] is True
    assert "ferns" in {tag["name"] for tag in await w.call("GET /api/v1/followed_tags")}


@covers("POST /api/v1/tags/:name/unfollow")
async def unfollow_tag(w: World, ask: Ask) -> None:
    await w.call("POST /api/v1/tags/:name/follow", name="moss")
    assert (await ask(name="moss"))["following"] is False


@covers("GET /api/v1/followed_tags")
async def followed_tags(w: World, ask: Ask) -> None:
    person = w.person()
    await w.call("POST /api/v1/tags/:name/follow", by=person, name="ferns")
    assert [tag["name"] for tag in await ask(by=person)] == ["ferns"]


@covers("POST /api/v1/tags/:id/feature")
async def feature_tag(w: World, ask: Ask) -> None:
    person = w.person()
    assert (await ask(id="ferns", by=person))["featuring"] is True
    assert [tag["name"] for tag in await w.call("GET /api/v1/featured_tags", by=person)] == ["ferns"]


@covers("POST /api/v1/tags/:id/unfeature")
async def unfeature_tag(w: World, ask: Ask) -> None:
    person = w.person()
    await w.call("POST /api/v1/tags/:id/feature", id="ferns", by=person)
    assert (await ask(id="ferns", by=person))["featuring"] is False
    assert not await w.call("GET /api/v1/featured_tags", by=person)


# -- finding --


@covers("GET /api/v2/search")
async def search(w: World, ask: Ask) -> None:
    post, hidden = w.post(w.bob, "zebrafish in #aquaria"), w.post(w.bob, "zebrafish in secret", "direct")
    found = ids_of((await ask(params={"q": "zebrafish", "type": "statuses"}))["statuses"])
    assert str(post.id) in found and str(hidden.id) not in found
    assert "bob" in names_of((await ask(params={"q": "bob", "type": "accounts"}))["accounts"])
    assert "aquaria" in {tag["name"] for tag in (await ask(params={"q": "aquar", "type": "hashtags"}))["hashtags"]}


@covers("GET /api/v1/search")
async def old_search(w: World, ask: Ask) -> None:
    w.post(w.bob, "#terraria")
    found = await ask(params={"q": "terraria"})
    assert found["hashtags"] == ["terraria"]


async def _trending(w: World) -> str:
    w.post(w.bob, "#popular thing")
    post = w.post(w.bob, "all love this #popular thing")
    for _ in range(3):
        fan = w.person()
        w.post(fan, "me too #popular")
        await w.call("POST /api/v1/statuses/:id/favourite", by=fan, id=post.id)
        w.run(make.boost, fan, post)
    await w.instance.jobs.run_chore("trends")
    return str(post.id)


@covers("GET /api/v1/trends/tags", "GET /api/v1/trends")
async def trending_tags(w: World, ask: Ask) -> None:
    await _trending(w)
    assert "popular" in {tag["name"] for tag in await ask(by=None)}


@covers("GET /api/v1/trends/statuses")
async def trending_posts(w: World, ask: Ask) -> None:
    post = await _trending(w)
    assert post in ids_of(await ask(by=None))


@covers("GET /api/v1/trends/links")
async def trending_links(w: World, ask: Ask) -> None:
    await linked(w)
    for _ in range(3):
        w.post(w.person(), "https://peer.test/bees is good")
    await w.instance.jobs.run_chore("trends")
    assert "https://peer.test/bees" in {link["url"] for link in await ask(by=None)}
