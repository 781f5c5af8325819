"""S13: films of PeerTube, reviews of BookWyrm and events of Mobilizon, sent as those programs do, from their page to their end."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fedi import clock, facts, logins
from fedi.storage import posts as post_rows
from fedi.storage.posts import Post
from tests import remote
from tests.remote import PUBLIC, Actor, Json, World


@pytest.fixture
async def w(tmp_path: Path, quick_keys: None) -> AsyncIterator[World]:
    async with remote.world(tmp_path) as made:
        yield made


def got(w: World, uri: str) -> Post:
    found = w.find(uri)
    assert found is not None
    return found


async def page(w: World, who: Actor, post: Post) -> str:
    """The post as alice reads it in a browser, and nothing that its text brought along."""
    secret = w.db.transact(logins.start_session, w.alice.id, "test")
    headers = {"Host": "fedi.test", "Cookie": f"__Host-fedi={secret}", "Accept": "text/html"}
    answer = await w.client.get(f"/{who.handle}/{post.id}", headers=headers)
    text = await answer.text()
    assert answer.status == 200 and "<script>" not in text and "<img src=x" not in text
    return text


async def api(w: World, post: Post) -> Json:
    token = w.db.transact(logins.new_token, w.alice.id, "read", "test")
    answer = await w.client.get(f"/api/v1/statuses/{post.id}", headers={"Host": "fedi.test", "Authorization": f"Bearer {token}"})
    found = await answer.json()
    assert answer.status == 200 and isinstance(found, dict)
    return found


async def lives_and_ends(w: World, who: Actor, document: Json, title: str) -> None:
    """What every kind does after its beginning: it is edited, liked, answered from here, and deleted."""
    changed = document | {"name": f"{title}, again", "updated": clock.rfc3339(clock.now() + clock.SECOND)}
    w.peer().documents[document["id"].removeprefix(w.peer().base)] = changed
    await w.accepted(who, who.activity("Update", changed, to=document["to"], cc=document["cc"]))
    post = got(w, document["id"])
    assert post.title == f"{title}, again" and post.edited_at
    answer = w.publish(w.alice, "well made", in_reply_to_id=post.id)
    await w.settle()
    assert [one["object"]["inReplyTo"] for one in w.peer().received("Create")] == [document["id"]]
    await w.accepted(who, who.activity("Delete", {"id": document["id"], "type": "Tombstone"}, to=[PUBLIC]))
    assert w.find(document["id"]) is None and w.db.read(post_rows.get, answer.id).in_reply_to_uri == document["id"]


async def test_s13_a_film_of_peertube_is_announced_by_its_channel_and_shown_with_its_length(w: World) -> None:
    """The account creates, the channel announces; both are authors. Its files are Links of every kind in `url`."""
    person = w.peer().actor("framasoft", key="carol")
    channel = w.peer().actor("films", key="dan", type="Group", attributedTo=[{"type": "Person", "id": person.uri}])
    await w.befriend(w.alice, channel)
    base = w.peer().base
    links = [
        {"type": "Link", "mediaType": "text/html", "href": f"{base}/w/abc"},
        {"type": "Link", "mediaType": "video/mp4", "href": f"{base}/static/1080.mp4", "height": 1080, "size": 90_000_000, "fps": 30},
        {"type": "Link", "mediaType": "video/mp4", "href": f"{base}/static/480.mp4", "height": 480, "size": 9_000_000, "fps": 30},
        {"type": "Link", "mediaType": "application/x-bittorrent", "href": f"{base}/torrents/480.torrent", "height": 480},
        {
            "type": "Link",
            "mediaType": "application/x-mpegURL",
            "href": f"{base}/hls/master.m3u8",
            "tag": [{"type": "Infohash", "name": "0"}],
        },
    ]
    film = person.note(
        "", cc=[person.followers], type="Video", name="A film", duration="PT3M2S", uuid="abc", views=5, state=1, commentsEnabled=True,
        category={"identifier": "11", "name": "News"}, language={"identifier": "fr", "name": "French"}, mediaType="text/markdown",
        content="About **it**.\r\n<img src=x onerror=alert(1)>", support="Give <script>", url=links, sensitive=False,
        icon=[{"type": "Image", "url": f"{base}/thumb.jpg", "width": 223}, {"type": "Image", "url": f"{base}/large.jpg", "width": 850}],
        tag=[{"type": "Hashtag", "name": "France3"}], subtitleLanguage=[],
        attributedTo=[{"type": "Person", "id": person.uri}, {"type": "Group", "id": channel.uri}],
    )  # fmt: skip
    await w.accepted(person, person.create(film))
    await w.accepted(channel, channel.activity("Announce", film["id"], to=[PUBLIC], cc=[channel.followers]))

    post, group = got(w, film["id"]), w.account(channel)
    (file,) = w.db.read(post_rows.list_media, [post.id])[post.id]
    assert group is not None and (post.kind, post.title, post.language, post.group_id) == ("Video", "A film", "fr", group.id)
    assert (file.kind, file.preview_url, file.duration_ms) == ("video", f"{base}/large.jpg", 182_000)
    assert post.url == f"{base}/w/abc" and "<strong>it</strong>" in post.content_html and w.home(w.alice).count(post.uri) <= 1
    assert "A film" in await page(w, person, post) and (await api(w, post))["media_attachments"][0]["type"] == "video"
    await lives_and_ends(w, person, film, "A film")


async def test_s13_a_review_of_bookwyrm_says_of_which_book_and_how_many_stars(w: World) -> None:
    """Its keys are `#main-key` behind a slash, its dates have microseconds."""
    mouse = w.peer().actor("mouse", key="carol")
    mouse.set_key("carol", "/#main-key")
    mouse.document["publicKey"] = mouse.public_key
    await w.befriend(w.alice, mouse)
    book = f"{w.peer().base}/book/1"
    review = mouse.note(
        "It has <b>charm</b>.<script>x</script>", cc=[mouse.followers], type="Review", name="A fine one", inReplyToBook=book, rating=4.5,
        published="2026-11-20T02:38:31.150343+00:00", inReplyTo=None, sensitive=False, summary=None,
        attachment=[{"type": "Document", "mediaType": "image/jpeg", "url": f"{w.peer().base}/cover.jpg", "name": "Emma (1815)"}],
    )  # fmt: skip
    await w.accepted(mouse, mouse.create(review))

    post = got(w, review["id"])
    told = facts.load(post.facts)
    assert (post.kind, post.title, told.rating, told.book_url) == ("Review", "A fine one", 4.5, book)
    text = await page(w, mouse, post)
    assert "A fine one" in text and "4.5 of 5" in text and book in text and (await api(w, post))["content"]
    assert w.home(w.alice) == [post.uri]
    await lives_and_ends(w, mouse, review, "A fine one")


async def test_s13_an_event_of_mobilizon_says_when_and_where_and_changes_its_mind(w: World) -> None:
    """A group announces what one of its people has made; who joins is told with activities that mean nothing here."""
    tcit = w.peer().actor("tcit", key="carol")
    group = w.peer().actor("framasoft", key="dan", type="Group")
    await w.befriend(w.alice, group)
    place: Json = {
        "type": "Place", "name": "The castle", "geo": {"type": "GeoCoordinates", "latitude": 47.2, "longitude": -1.5},
        "address": {"type": "PostalAddress", "streetAddress": "4 place", "postalCode": "44000", "addressLocality": "Nantes"},
    }  # fmt: skip
    event = tcit.note(
        "Come all", cc=[group.uri, group.followers], type="Event", name="Launch", startTime="2026-12-18T13:00:00Z",
        endTime="2026-12-18T14:00:00Z", timezone="Europe/Paris", location=place, joinMode="free", maximumAttendeeCapacity=40,
        category="meeting", commentsEnabled=True, repliesModerationOption="allow_all", mediaType="text/html",
        **{"ical:status": "CONFIRMED"},
        attachment=[{"type": "Link", "href": "https://something.test", "mediaType": "text/html", "name": "Another link"}],
        tag=[{"type": "Hashtag", "name": "#Federation", "href": "https://peer.test/tags/federation"}], attributedTo=tcit.uri,
    )  # fmt: skip
    await w.accepted(group, group.activity("Announce", event["id"], to=[PUBLIC], cc=[group.followers]))

    post = got(w, event["id"])
    told = facts.load(post.facts)
    assert (post.kind, post.title, told.place, told.seats, told.status) == ("Event", "Launch", "The castle", 40, "")
    assert (told.starts_at, told.offset_min) == (clock.parse_rfc3339("2026-12-18T13:00:00Z"), 60) and "44000 Nantes" in told.address
    text = await page(w, tcit, post)
    assert "Launch" in text and "The castle" in text and w.home(w.alice)
    before = w.rows()
    for kind in ("Join", "Leave", "Invite"):
        await w.accepted(tcit, tcit.activity(kind, event["id"]))
    assert w.rows() == before
    cancelled = event | {"ical:status": "CANCELLED", "updated": clock.rfc3339(clock.now())}
    w.peer().documents[event["id"].removeprefix(w.peer().base)] = cancelled
    await w.accepted(tcit, tcit.activity("Update", cancelled, to=event["to"], cc=event["cc"]))
    assert facts.load(got(w, event["id"]).facts).status == "cancelled"
    await lives_and_ends(w, tcit, cancelled, "Launch")


_ODD: list[Any] = [None, "", 5, -1e18, [], {}, [[]], "x" * 20_000, {"type": "Place", "name": {"a": []}}]
_SAYING = (
    "startTime endTime timezone location duration rating inReplyToBook progress progressMode icon image url maximumAttendeeCapacity"
    " ical:status track isLiveBroadcast externalParticipationUrl language attachment tag category summary"
).split()


@pytest.mark.parametrize("kind", ["Video", "Review", "Event", "Place"])
async def test_s13_no_oddity_in_what_such_a_post_says_of_itself_makes_anything_fail(w: World, kind: str) -> None:
    carol = w.peer().actor("carol")
    await w.befriend(w.alice, carol)
    for bad in _ODD:
        note = carol.note("still readable", type=kind, name="Odd", **dict.fromkeys(_SAYING, bad))
        await w.accepted(carol, carol.create(note))
        post = got(w, note["id"])
        assert "Odd" in await page(w, carol, post) and (await api(w, post))["id"] == str(post.id)
