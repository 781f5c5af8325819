"""Documents that real servers wrote, through the reader: none of them trips it, and what people would see is what they meant.

Sources and licences of the documents stand in the index of the folder; mbin's and Pleroma's hold placeholders, which are filled in here.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from fedi import clock
from fedi.activitypub import parse
from fedi.errors import Malformed
from tests.wire import fixtures

ROOT = fixtures.root()
NOW = clock.parse_rfc3339("2026-11-22T12:00:00Z") or 0
REAL = re.compile(r"[a-z]")  # folders of servers; those of specifications and vectors begin with `_`
FRAGMENTS = re.compile(r"(literal:|Document|Image|object$)")  # quoted from source code, or a part of a document


def read(name: str) -> dict[str, Any]:
    body = (ROOT / name).read_bytes()
    for placeholder, instead in (
        (b"SCRUBBED_ID", b"https://kbin.test/scrubbed/1"),
        (b"{{domain}}", b"domain.test"),
        (b"{{nickname}}", b"lain"),
    ):
        body = body.replace(placeholder, instead)
    return parse.document(body)


def index() -> Iterator[tuple[str, str]]:
    """(file, kind) of every recorded JSON document."""
    for line in (ROOT / "INDEX.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        name, _, kind, *_ = line.split("\t")
        if name.endswith(".json"):
            yield name, kind


def inner(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A document and everything in it."""
    yield document
    for value in document.values():
        for one in parse.as_list(value):
            if isinstance(one, dict):
                yield from inner(one)


def test_nothing_recorded_trips_any_reader() -> None:
    count = 0
    for name, kind in index():
        try:
            document = read(name)
        except Malformed:
            assert kind in ("array", "scalar"), name
            continue
        for one in inner(document):
            for reader in (parse.activity, lambda one: parse.note(one, NOW), parse.actor, parse.collection, parse.key):
                try:
                    reader(one)
                except Malformed:
                    continue
                count += 1
    assert count > 1_000


def test_every_actor_post_and_collection_of_a_server_is_understood() -> None:
    """But for those whose ids are no web addresses (templates, `tag:` ids of converters)."""
    counts = {"actor": 0, "post": 0, "collection": 0}
    for name, kind in index():
        if not REAL.match(name) or FRAGMENTS.match(kind) or kind in ("array", "scalar"):
            continue
        document = read(name)
        author = parse.first_uri(document.get("attributedTo") or document.get("actor"))
        has_id = parse.first_uri(document.get("id"))
        if parse.is_actor(document) and has_id:
            assert parse.actor(document).username, name
            counts["actor"] += 1
        elif parse.is_collection(document):
            parse.collection(document)
            counts["collection"] += 1
        elif parse.is_post(document) and has_id and author:
            note = parse.note(document, NOW)
            assert note.content or note.title or note.attachments or note.poll or note.quote_uri, name
            counts["post"] += 1
    assert counts["actor"] > 90
    assert counts["post"] > 60
    assert counts["collection"] > 30


def test_every_activity_of_a_server_is_understood_with_what_it_carries() -> None:
    count = 0
    for name, kind in index():
        document = read(name) if REAL.match(name) and kind not in ("array", "scalar") and not kind.startswith("literal") else {}
        if (
            not parse.first_uri(document.get("actor"))
            or parse.is_post(document)
            or not (document.get("id") is None or parse.first_uri(document.get("id")))
        ):
            continue
        if len(parse.as_list(document["actor"])) > 1:
            continue
        activity = parse.activity(document)
        count += 1
        if activity.type in ("Create", "Update"):
            for one in activity.object_docs:
                if parse.is_post(one) and parse.first_uri(one.get("id")) and parse.first_uri(one.get("attributedTo")):
                    parse.note(one, NOW, envelope=document)
                elif parse.is_actor(one):
                    parse.actor(one)
    assert count > 150


class Seen(NamedTuple):
    """What of a post matters to people. Attachments are (kind, description), the poll (answer, votes)."""

    type: str
    visibility: str
    title: str = ""
    mentions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    attachments: tuple[tuple[str, str], ...] = ()
    poll: tuple[tuple[str, int], ...] = ()
    more: dict[str, object] = {}  # noqa: RUF012


GOLDEN: dict[str, Seen] = {
    "gotosocial/live-create-note-3.json": Seen("Note", visibility="followers", more={"language": "en"}),
    "gotosocial/live-create-note-6.json": Seen(
        "Note",
        visibility="public",
        mentions=("https://localhost:8198/users/cap",),
        more={"language": "en", "in_reply_to": "https://localhost:8198/notes/2"},
    ),
    "gotosocial/live-create-question-1.json": Seen(
        "Question",
        visibility="public",
        poll=(("a", 0), ("b", 0), ("c", 0)),
        more={"language": "en", "url": "http://localhost:8110/@turtle/statuses/01M809SKZS1R4MMBWB2TCB49S5"},
    ),
    "snac/live-create-note-1.json": Seen("Note", visibility="unlisted"),
    "snac/live-create-note-3.json": Seen("Note", visibility="followers"),
    "mastodon/mastodon-mastodon-post-activity-hashtag.json": Seen(
        "Note",
        visibility="public",
        mentions=("https://testing.local/users/karen",),
        tags=("moo",),
        more={"warning": "cw", "url": "https://mastodon.local/@admin/99512778738411822"},
    ),
    "mastodon/mastodon-create-with-attachment.json": Seen(
        "Note", visibility="public", attachments=(("image", ""),), more={"url": "http://mastodon.example.org/@admin/99541822081679796"}
    ),
    "mastodon/mastodon-mastodon-post-activity-contentmap.json": Seen(
        "Note",
        visibility="public",
        mentions=("https://testing.local/users/karen",),
        more={"warning": "cw", "language": "en", "url": "https://mastodon.local/@admin/99512778738411822"},
    ),
    "mastodon/mastodon-mastodon-vote.json": Seen(
        "Note",
        title="suya..",
        visibility="direct",
        more={"in_reply_to": "https://testing.uguu.ltd/objects/9d300947-2dcb-445d-8978-9a3b4b84fa14", "is_vote": True},
    ),
    "mastodon/mastodon-mastodon-question-activity.json": Seen(
        "Question",
        visibility="public",
        poll=(("Dunno", 0), ("Everyone knows that!", 1), ("25 char limit is dumb", 0), ("I can't even fit a funny", 1)),
        more={"language": "en", "url": "https://masto.local/@rinpatch/102070944809637304"},
    ),
    "mastodon/objects-page.json": Seen(
        "Note",
        visibility="public",
        mentions=("https://enterprise.lemmy.ml/c/tenforward",),
        more={"language": "it", "url": "https://masto.qa.urbanwildlife.biz/110830743680706519"},
    ),
    "misskey/quote_post-misskey_quote_post.json": Seen(
        "Note", visibility="public", more={"quote_uri": "https://misskey.io/notes/8vs6wxufd0"}
    ),
    "misskey/misskey_poll_no_end_date-2.json": Seen(
        "Question", visibility="public", mentions=("https://marchgenso.me/users/march",), poll=(("Working", 0), ("Broken af", 1))
    ),
    "fedibird/fedibird-quote.json": Seen(
        "Note",
        visibility="unlisted",
        more={
            "language": "ja",
            "quote_uri": "https://example.com/objects/43479e20-c0f8-4f49-bf7f-13fab8234924",
            "url": "https://fedibird.com/@akkoma_ap_integration_tester/108707679228362674",
        },
    ),
    "pleroma/objects-chat_message.json": Seen("ChatMessage", visibility="direct"),
    "pixelfed/lit-vernissage-ActivityDtoDeserializationFixtures-11.json": Seen(
        "Note",
        visibility="public",
        tags=("streetphotography", "colorphotography"),
        attachments=(("image", "Stickers on the glass from the stairs, casting long and colourful shadows from the sun."),),
    ),
    "ghost/article-object.json": Seen(
        "Article", title="Post title", visibility="public", attachments=(("image", ""),), more={"url": "https://example.com/post/post-123"}
    ),
    "wordpress/wedistribute-article.json": Seen(
        "Article",
        title="The end is near: Mastodon plans to drop OStatus support",
        visibility="public",
        more={"url": "https://wedistribute.org/2019/07/mastodon-drops-ostatus/"},
    ),
    "wordpress/objects-page.json": Seen(
        "Article",
        title="An Epic 3D-Printed Fan Expansion for Last Light",
        visibility="public",
        tags=("3dprinting", "ai", "boardgames", "genai", "lastlight"),
        attachments=(("image", "A fleet of varied spacships"), ("image", ""), ("image", ""), ("image", "")),
        more={
            "language": "en",
            "audience": ("https://dbzer0.com/?author=0",),
            "url": "https://dbzer0.com/blog/an-epic-3d-printed-fan-expansion-for-last-light/",
        },
    ),
    "plume/baptiste.gelex.xyz-article.json": Seen(
        "Article",
        title="This Month in Plume: June 2018",
        visibility="public",
        mentions=("https://baptiste.gelez.xyz/@/Trinity", "https://baptiste.gelez.xyz/@/kaniini/"),
    ),
    "nodebb/objects-page.json": Seen(
        "Article", title="Welcome to your NodeBB!", visibility="public", more={"audience": ("https://bb.devnull.land/category/2",)}
    ),
    "bookwyrm/ap_quotation.json": Seen("Quotation", visibility="public"),
    "bookwyrm/bookwyrm-article.json": Seen(
        "Article",
        title='Review of "Death\'s End (The Three-Body Problem)": ab',
        visibility="public",
        attachments=(("image", "Death's End (The Three-Body Problem) (2018, Head of Zeus)"),),
    ),
    "peertube/framatube.org-video.json": Seen(
        "Video",
        title="Déframasoftisons Internet [Framasoft]",
        visibility="public",
        tags=("déframasoftisons", "epn23", "framaconf", "framasoft", "pyg"),
        attachments=(("video", ""),),
        more={"audience": ("https://framatube.org/video-channels/bf54d359-cfad-4935-9d45-9d6be93f63e8",), "content_type": "text/markdown"},
    ),
    "peertube/peertube.moe-vid-2.json": Seen(
        "Video",
        title="Friday Night",
        visibility="public",
        tags=("feels",),
        attachments=(("video", ""),),
        more={"audience": ("https://group.local/u/bernie2020",), "content_type": "text/markdown"},
    ),
    "funkwhale/funkwhale_create_audio.json": Seen(
        "Audio",
        title="Compositions - Test Audio for Pleroma",
        visibility="public",
        tags=("funkwhale", "test", "tests"),
        attachments=(("audio", ""),),
        more={"url": "https://channels.tests.funkwhale.audio/library/tracks/74"},
    ),
    "lemmy/objects-page_image_and_link.json": Seen(
        "Page",
        title="Post with image and link",
        visibility="public",
        attachments=(("image", ""),),
        more={"language": "fr", "link": "https://example.com/some-article", "audience": ("https://enterprise.lemmy.ml/c/tenforward",)},
    ),
    "lemmy/objects-page.json": Seen(
        "Page",
        title="Post title",
        visibility="public",
        mentions=("https://enterprise.lemmy.ml/c/tenforward",),
        attachments=(("image", ""),),
        more={"language": "fr", "audience": ("https://enterprise.lemmy.ml/c/tenforward",)},
    ),
    "mbin/CreateTest-CreateEntryWithUrlAndImage.json": Seen(
        "Page",
        title="test",
        visibility="public",
        tags=("test",),
        attachments=(("image", "kibby"),),
        more={"language": "en", "link": "https://joinmbin.org", "audience": ("https://kbin.test/m/test",)},
    ),
    "friendica/objects-page_1.json": Seen(
        "Page",
        title="ISS astronauts perform final spacewalk of Expedition 66",
        visibility="unlisted",
        mentions=("https://ds9.lemmy.ml/c/testcom",),
        more={"language": "de", "link": "https://www.nasaspaceflight.com/2022/03/us-eva-80/"},
    ),
    "mobilizon/mobilizon.org-event.json": Seen(
        "Event", title="Mobilizon Launching Party", visibility="public", tags=("mobilizon", "federation", "activitypub", "party")
    ),
    "smithereen/smithereen_non_anonymous_poll.json": Seen(
        "Question",
        title="тестовый опрос",
        visibility="public",
        poll=(("тестовый ответ 1", 4), ("тестовый ответ 2", 4), ("тестовый ответ 3", 6)),
    ),
    "hubzilla/hubzilla-create-image.json": Seen(
        "Image",
        visibility="public",
        attachments=(("image", ""),),
        more={"url": "https://hub.somaton.com/photos/testc6/image/452583b2-7e1f-4ac3-8334-ff666f134afe"},
    ),
    "owncast/owncast-note-with-attachment.json": Seen(
        "Note", visibility="public", tags=("owncast", "streaming"), attachments=(("image", "Live stream preview"),)
    ),
    "firefish/Create.json": Seen("Note", visibility="public"),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_what_people_see_is_what_the_server_meant(name: str) -> None:
    document = read(name)
    if not parse.is_post(document):
        document = parse.activity(document).object_doc or {}
    note = parse.note(document, NOW, followers_uri=f"{parse.first_uri(document['attributedTo'])}/followers")
    more = {field: getattr(note, field) for field in GOLDEN[name].more}
    seen = Seen(
        type=note.type,
        visibility=note.visibility,
        title=note.title,
        mentions=note.mention_hrefs,
        tags=note.tags,
        attachments=tuple((one.kind, one.alt) for one in note.attachments),
        poll=tuple(tuple(option) for option in note.poll.options) if note.poll else (),
        more=more,
    )
    assert seen == GOLDEN[name]
    assert note.content or note.is_vote


def test_actors_of_many_servers_are_who_they_say() -> None:
    expected = {
        "mastodon/actor-live-gargron-mastodon.social.json": ("Person", "Gargron", "https://mastodon.social/inbox", 1, 2),
        "gotosocial/live-key-stub-turtle.json": ("Person", "turtle", "", 1, 0),
        "gotosocial/live-actor-turtle.json": ("Person", "turtle", "", 1, 1),
        "snac/live-actor-alice.json": ("Person", "alice", "", 1, 0),
        "misskey/actor-live-https-misskey.io-syuilo.json": ("Person", "syuilo", "https://misskey.io/inbox", 1, 1),
        "discourse/objects-group.json": ("Group", "threadiverse-wg", "", 1, 0),
        "bookwyrm/ap_user_aliased.json": ("Person", "moose", "https://example.com/inbox", 1, 0),
        "wordpress/wedistribute-user.json": ("Organization", "blog", "", 1, 0),
        "_fep/fep-521a-01.json": ("Person", "alice", "", 1, 0),
    }
    for name, seen in expected.items():
        actor = parse.actor(read(name))
        assert (actor.type, actor.username, actor.shared_inbox, len(actor.keys), len(actor.fields)) == seen, name
        assert all(key.owner == actor.id and "PUBLIC KEY" in key.pem for key in actor.keys)
