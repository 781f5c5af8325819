"""Posts of every kind, as other servers write them and as nobody should."""

from typing import Any

import pytest

from fedi import clock, limits
from fedi.activitypub import parse, vocab
from fedi.errors import Malformed
from tests.activitypub.samples import CAROL, CREATE, FOLLOWERS, NOTE, NOW, read_note
from tests.pace import cost_s


def test_a_note_is_read() -> None:
    note = read_note()
    assert (note.id, note.type, note.attributed_to, note.content) == (NOTE["id"], "Note", CAROL, "<p>Hello</p>")
    assert (note.url, note.visibility, note.published_at, note.updated_at) == (NOTE["id"], "public", NOW - 1_006_000, None)
    assert note.content_type == "text/html"


@pytest.mark.parametrize(
    ("to", "cc", "expected"),
    [
        (vocab.PUBLIC, None, "public"),
        (["as:Public"], [], "public"),
        ([FOLLOWERS], "Public", "unlisted"),
        ([], [vocab.PUBLIC], "unlisted"),
        (FOLLOWERS, None, "followers"),
        (["https://home.test/users/alice"], [FOLLOWERS], "followers"),
        ("https://home.test/users/alice", None, "direct"),
        (None, None, "direct"),
        ([], [], "direct"),
        (["https://peer.test/#Public"], [], "direct"),
        ([{"id": vocab.PUBLIC}], 7, "public"),
        (["https://evil.test/users/mallory/followers"], [], "direct"),
    ],
)
def test_the_addressing_says_who_may_read(to: object, cc: object, expected: str) -> None:
    note = read_note(to=to, cc=cc)
    assert note.visibility == expected
    assert parse.visibility(note.to, note.cc, FOLLOWERS) == expected
    assert parse.visibility(note.to, note.cc, "") == (expected if expected != "followers" else "direct")


def test_a_chat_message_is_direct_whatever_it_says() -> None:
    assert read_note(type="ChatMessage").visibility == "direct"


def test_an_object_without_addressing_takes_that_of_its_activity() -> None:
    bare = {name: value for name, value in NOTE.items() if name not in ("to", "cc")}
    assert parse.note(bare, NOW, FOLLOWERS, CREATE).visibility == "public"
    assert parse.note({**bare, "to": []}, NOW, FOLLOWERS, CREATE).visibility == "direct"


@pytest.mark.parametrize(
    "kind",
    [
        "Note",
        "Article",
        "Page",
        "Video",
        "Audio",
        "Image",
        "Document",
        "Event",
        "Question",
        "ChatMessage",
        "Review",
        "Comment",
        "Quotation",
        "Rating",
        "https://x.test/ns#Recipe",
        ["Note", "Article"],
    ],
)
def test_every_kind_of_post_has_its_title_text_and_link(kind: object) -> None:
    note = read_note(type=kind, name="A title", url="https://peer.test/@carol/1")
    assert (note.title, note.content, note.url) == ("A title", "<p>Hello</p>", "https://peer.test/@carol/1")


@pytest.mark.parametrize(
    "kind", ["Tombstone", "Person", "Create", "Collection", "Story", "Edition", "Mention", None, [], {}, 5, ["Note", "Person"]]
)
def test_what_is_no_post_is_refused(kind: object) -> None:
    assert not parse.is_post({**NOTE, "type": kind})
    with pytest.raises(Malformed):
        read_note(type=kind)


def test_an_unknown_type_with_nothing_to_read_is_refused() -> None:
    with pytest.raises(Malformed):
        read_note(type="Frobnication", content=None)
    assert read_note(type="Frobnication", content=None, name="x").title == "x"


@pytest.mark.parametrize("author", [None, "", [], {}, 7, "acct:carol@peer.test", [{"type": "Person"}], "https://"])
def test_a_post_without_an_author_is_refused(author: object) -> None:
    with pytest.raises(Malformed):
        read_note(attributedTo=author)


def test_the_author_is_the_person_and_the_audience_the_group() -> None:
    group = {"type": "Group", "id": "https://peer.test/c/cats"}
    note = read_note(attributedTo=[group, {"type": "Person", "id": CAROL}], audience=["https://peer.test/c/dogs", "as:Public"])
    assert (note.attributed_to, note.audience) == (CAROL, ("https://peer.test/c/dogs", "https://peer.test/c/cats"))
    assert read_note(attributedTo=group).attributed_to == "https://peer.test/c/cats"


@pytest.mark.parametrize("published", ["2026-11-22T12:16:47Z", "9999-01-01T00:00:00Z", "2026-11-23T13:16:46+00:00"])
def test_a_post_from_more_than_12_hours_ahead_is_refused(published: str) -> None:
    with pytest.raises(Malformed):
        read_note(published=published)


@pytest.mark.parametrize(
    "published", ["2026-11-22T12:16:46Z", "1950-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "-1", -1, None, "", [], "SCRUBBED_DATE"]
)
def test_any_other_odd_time_is_the_time_of_receipt(published: object) -> None:
    assert read_note(published=published).published_at == NOW


@pytest.mark.parametrize(
    ("updated", "expected"),
    [
        ("2026-11-22T00:10:00Z", NOW - 406_000),
        (NOTE["published"], None),
        ("2020-01-01T00:00:00Z", None),
        ("2099-01-01T00:00:00Z", NOW),
        (5, None),
        (None, None),
    ],
)
def test_an_edit_is_later_than_the_post_and_not_in_the_future(updated: object, expected: int | None) -> None:
    assert read_note(updated=updated).updated_at == expected


@pytest.mark.parametrize(
    "name",
    [
        "url",
        "name",
        "content",
        "contentMap",
        "summary",
        "summaryMap",
        "sensitive",
        "language",
        "to",
        "cc",
        "audience",
        "tag",
        "attachment",
        "image",
        "inReplyTo",
        "context",
        "conversation",
        "published",
        "updated",
        "quote",
        "quoteUrl",
        "oneOf",
        "anyOf",
        "endTime",
        "votersCount",
        "closed",
        "source",
        "mediaType",
        "replies",
        "icon",
    ],
)
@pytest.mark.parametrize("kind", ["Note", "Question", "Video", "Article"])
def test_one_bad_property_never_costs_the_post(name: str, kind: str) -> None:
    bad = [
        5,
        -1.5,
        True,
        None,
        "",
        "x",
        [],
        {},
        [[]],
        [{}],
        [None, 5],
        {"id": 5},
        {"type": {}},
        [{"type": [5], "name": {}, "href": []}],
        {"x": {"y": []}},
    ]
    for value in bad:
        assert read_note(type=kind, **{name: value}).id == NOTE["id"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"content": "x"}, "x"),
        ({"content": None, "contentMap": {"de": "hallo", "en": "hello"}}, "hallo"),
        ({"content": {"@value": "x"}}, "x"),
        ({"content": "", "contentMap": {"en": "y"}}, "y"),
        ({"content": ["a", "b"]}, "a"),
        ({"content": 5, "contentMap": 5}, ""),
        ({"content": {"en": "z"}}, "z"),
    ],
)
def test_content_has_many_shapes(changes: dict[str, Any], expected: str) -> None:
    assert read_note(**changes).content == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"contentMap": {"en": "<p>Hello</p>"}}, "en"),
        ({"contentMap": {"de": "Hallo", "en-US": "<p>Hello</p>"}}, "en-US"),
        ({"contentMap": {"FR": "Salut"}}, "fr"),
        ({"language": "pt_BR"}, "pt-BR"),
        ({"language": {"identifier": "fr", "name": "Français"}}, "fr"),
        ({"language": [{"identifier": "it"}]}, "it"),
        ({"contentMap": {"und": "x"}, "language": "nl"}, "nl"),
        ({"language": "not a language"}, ""),
        ({"content": {"@value": "x", "@language": "sv"}}, "sv"),
        ({"contentMap": {"": "x"}}, ""),
        ({}, ""),
    ],
)
def test_the_language_is_found(changes: dict[str, Any], expected: str) -> None:
    assert read_note(**changes).language == expected


def test_the_summary_of_a_note_warns_and_that_of_an_article_tells() -> None:
    assert read_note(summary="spiders").warning == "spiders"
    assert read_note(summary="spiders").sensitive
    article = read_note(type="Article", summary="In short", content=None)
    assert (article.warning, article.sensitive, article.content) == ("", False, "In short")
    assert read_note(type="Article", summary="gore", sensitive="true").warning == "gore"


@pytest.mark.parametrize(
    ("written", "expected"), [(True, True), ("true", True), ("True", True), (False, False), ("false", False), (1, False), (None, False)]
)
def test_sensitive_is_a_flag(written: object, expected: bool) -> None:
    assert read_note(sensitive=written).sensitive is expected


def test_the_media_type_of_the_text_is_kept_but_not_that_of_a_file() -> None:
    assert read_note(type="Video", mediaType="text/markdown; charset=utf-8").content_type == "text/markdown"
    assert read_note(type="Image", mediaType="image/png").content_type == "text/html"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://peer.test/@carol/1", "https://peer.test/@carol/1"),
        (["https://peer.test/a", "https://peer.test/b"], "https://peer.test/a"),
        (
            [
                {"type": "Link", "href": "https://peer.test/v.mp4", "mediaType": "video/mp4"},
                {"type": "Link", "href": "https://peer.test/w", "mediaType": "text/html"},
            ],
            "https://peer.test/w",
        ),
        ({"type": "Link", "href": "https://peer.test/w"}, "https://peer.test/w"),
        ([{"href": "https://peer.test/v.mp4", "mediaType": "video/mp4"}], "https://peer.test/v.mp4"),
        ("javascript:alert(1)", NOTE["id"]),
        ("data:text/html,x", NOTE["id"]),
        (None, NOTE["id"]),
        ("", NOTE["id"]),
        ([None, 5, "javascript:1"], NOTE["id"]),
    ],
)
def test_the_page_of_a_post_is_a_web_address(url: object, expected: str) -> None:
    assert read_note(url=url).url == expected


def test_a_page_that_leads_elsewhere_is_a_link_post() -> None:
    note = read_note(type="Page", url="https://news.test/story")
    assert (note.url, note.link) == (NOTE["id"], "https://news.test/story")
    assert read_note(type="Page", attachment=[{"type": "Link", "href": "https://news.test/story"}]).link == "https://news.test/story"


def test_mentions_go_by_href() -> None:
    note = read_note(
        tag=[
            {"type": "Mention", "href": "https://home.test/users/alice", "name": "@alice@home.test"},
            {"type": "as:Mention", "href": "https://home.test/users/bob"},
            {"type": "Mention", "href": "https://home.test/users/alice", "name": "again"},
            {"type": "Mention", "href": "acct:x@y", "name": "@x"},
            {"type": "Mention", "name": "@nobody"},
            "not a tag",
            None,
            5,
        ]
    )
    assert note.mention_hrefs == ("https://home.test/users/alice", "https://home.test/users/bob")
    assert note.mentions[0].name == "@alice@home.test"
    assert read_note(tag={"type": "Mention", "href": CAROL}).mention_hrefs == (CAROL,)


def test_hashtags_are_normalised() -> None:
    names = ["#CamelCase", "#camelcase", "ＷＩＤＥ", "Straße", "#1234", "#with-dash", "two words", "", "日本語", "#हिन्दी", "#90s"]
    tags = read_note(tag=[{"type": "Hashtag", "name": name} for name in names]).tags
    assert tags == ("camelcase", "wide", "strasse", "日本語", "हिन्दी", "90s")


def test_emojis_are_shortcodes_with_pictures() -> None:
    icon = {"type": "Image", "url": "https://peer.test/e.png"}
    tag = [
        {"type": "Emoji", "name": ":blob:", "icon": icon, "id": "https://peer.test/emojis/1", "updated": "2026-01-01T00:00:00Z"},
        {"type": "toot:Emoji", "name": "cat", "icon": [{"url": {"href": "https://peer.test/c.png"}}]},
        {"type": "Emoji", "name": ":no icon:", "icon": icon},
        {"type": "Emoji", "name": ":data:", "icon": {"url": "data:image/png;base64,x"}},
    ]
    assert read_note(tag=tag).emojis == (
        ("blob", "https://peer.test/e.png", "https://peer.test/emojis/1", 1_767_225_600_000),
        ("cat", "https://peer.test/c.png", "", 0),
    )


def test_an_attachment_is_read() -> None:
    picture = {
        "type": "Document",
        "mediaType": "image/png",
        "url": "https://peer.test/a.png",
        "name": "a cat",
        "width": 800,
        "height": 600.0,
        "blurhash": "LEHV6nWB2yk8pyo0adR*.7kCMdnj",
    }
    expected = parse.Attachment("https://peer.test/a.png", "image/png", "image", "a cat", 800, 600, "LEHV6nWB2yk8pyo0adR*.7kCMdnj")
    assert read_note(attachment=picture).attachments == (expected,)


@pytest.mark.parametrize(
    ("attachment", "kind"),
    [
        ({"type": "Image", "url": "https://p.test/a"}, "image"),
        ({"type": "Document", "url": "https://p.test/a.MP4?x=1"}, "video"),
        ({"url": "https://p.test/a", "mediaType": "audio/ogg; codecs=opus"}, "audio"),
        ({"type": "Document", "url": "https://p.test/a.pdf"}, "unknown"),
        (
            {
                "type": "Video",
                "url": [{"href": "https://p.test/a", "mediaType": "text/html"}, {"href": "https://p.test/v", "mediaType": "video/mp4"}],
            },
            "video",
        ),
        ({"type": "Link", "href": "https://p.test/a.png", "mediaType": "image/png"}, "image"),
    ],
)
def test_the_kind_of_an_attachment_is_found(attachment: object, kind: str) -> None:
    assert [one.kind for one in read_note(attachment=[attachment]).attachments] == [kind]


@pytest.mark.parametrize(
    "attachment",
    [
        {"type": "PropertyValue", "name": "x", "value": "y", "url": "https://p.test/"},
        {"type": "Note", "url": "https://p.test/n"},
        {"type": "Recipe", "url": "https://p.test/r"},
        {"type": "Image", "url": "data:image/png;base64,AAAA"},
        {"type": "Image"},
        {"type": "Image", "url": "file:///etc/passwd"},
        5,
        "nothing",
    ],
)
def test_what_is_no_file_is_no_attachment(attachment: object) -> None:
    assert read_note(attachment=[attachment]).attachments == ()


@pytest.mark.parametrize(
    ("written", "read"),
    [([0.5, -1], (0.5, -1.0)), ([2, 0], (0, 0)), ([0.1], (0, 0)), ("0,0", (0, 0)), ([True, False], (0, 0)), (None, (0, 0))],
)
def test_the_point_that_matters_is_two_numbers(written: object, read: tuple[float, float]) -> None:
    image = {"type": "Image", "url": "https://p.test/a.png", "focalPoint": written}
    assert read_note(attachment=image).attachments[0].focus == read


@pytest.mark.parametrize(
    ("written", "read"),
    [("PT1H2M3.5S", 3_723_500), ("P1D", 86_400_000), ("PT5S", 5000), (12.5, 12_500), (-1, 0), ("5", 0), (True, 0), (10**30, 2**31 - 1)],
)
def test_how_long_something_plays_is_read_in_both_spellings(written: object, read: int) -> None:
    video = {"type": "Video", "url": "https://p.test/a.mp4", "duration": written, "icon": {"url": "https://p.test/a.jpg"}}
    found = read_note(attachment=video).attachments[0]
    assert (found.duration_ms, found.preview_url) == (read, "https://p.test/a.jpg")


def test_sizes_and_blurhashes_of_nonsense_are_dropped() -> None:
    wild = {"type": "Image", "url": "https://p.test/a.png", "width": 10**18, "height": -5, "blurhash": "<script>"}
    assert read_note(attachment=wild).attachments[0][4:7] == (65_535, 0, "")


def test_a_video_is_its_own_attachment_even_inside_a_playlist() -> None:
    playlist = {
        "type": "Link",
        "mediaType": "application/x-mpegURL",
        "href": "https://p.test/m.m3u8",
        "tag": [
            {"type": "Infohash", "name": "x"},
            {"type": "Link", "mediaType": "video/mp4", "href": "https://p.test/v.mp4", "height": 720},
        ],
    }
    note = read_note(type="Video", url=[{"type": "Link", "mediaType": "text/html", "href": "https://peer.test/w"}, playlist])
    assert (note.url, [(one.url, one.kind, one.height) for one in note.attachments]) == (
        "https://peer.test/w",
        [("https://p.test/v.mp4", "video", 720)],
    )


def test_the_cover_of_an_article_is_shown_when_there_is_nothing_else() -> None:
    assert [one.url for one in read_note(type="Article", image="https://p.test/c.jpg").attachments] == ["https://p.test/c.jpg"]
    assert read_note(image="https://p.test/c.jpg").attachments == ()


@pytest.mark.parametrize(
    "parent",
    [
        "https://p.test/1",
        ["https://p.test/1", "https://p.test/2"],
        {"id": "https://p.test/1", "type": "Note"},
        {"type": "Link", "href": "https://p.test/1"},
    ],
)
def test_the_parent_has_many_shapes(parent: object) -> None:
    assert read_note(inReplyTo=parent).in_reply_to == "https://p.test/1"


def test_a_vote_has_a_name_and_a_parent_and_no_content() -> None:
    vote = {"name": "yes", "inReplyTo": "https://home.test/notes/9", "content": None}
    assert read_note(**vote).is_vote
    assert read_note(**{**vote, "content": "<br>"}).is_vote, "snac"
    assert not read_note(**{**vote, "content": "well"}).is_vote
    assert not read_note(**{**vote, "inReplyTo": None}).is_vote
    assert not read_note(**{**vote, "type": "Article"}).is_vote


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"quote": "https://q.test/1", "quoteUrl": "https://q.test/2"}, "https://q.test/1"),
        ({"quoteUri": "https://q.test/3"}, "https://q.test/3"),
        ({"quote": {"id": "https://q.test/1", "type": "Note"}}, "https://q.test/1"),
        ({"quote": {"type": "Tombstone"}, "quoteUrl": "https://q.test/2"}, ""),
        ({"_misskey_quote": "https://q.test/4"}, "https://q.test/4"),
        ({"type": "Quotation", "quote": "https://q.test/1"}, ""),
        ({"tag": {"type": "Link", "href": "https://q.test/5", "rel": "https://misskey-hub.net/ns#_misskey_quote"}}, "https://q.test/5"),
        (
            {
                "tag": {
                    "type": "Link",
                    "href": "https://q.test/6",
                    "name": "RE: x",
                    "mediaType": 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"',
                }
            },
            "https://q.test/6",
        ),
        ({"tag": {"type": "Link", "href": "https://q.test/7", "name": "other"}}, ""),
        ({"quote": "prose"}, ""),
    ],
)
def test_a_quote_is_found_in_all_its_spellings(changes: dict[str, Any], expected: str) -> None:
    assert read_note(**changes).quote_uri == expected


def test_the_prose_a_book_quotation_quotes_is_part_of_its_text() -> None:
    assert read_note(type="Quotation", quote="To be", content="deep").content == "<blockquote>To be</blockquote>deep"


def test_a_poll_is_read_and_its_numbers_are_bounded() -> None:
    def option(name: object, votes: object) -> dict[str, Any]:
        return {"type": "Note", "name": name, "replies": {"type": "Collection", "totalItems": votes}}

    options = [option("yes", 2), option("no", -3), option("yes", 9), option("", 1), option("lots", 10**18), "x", None]
    poll = read_note(type="Question", anyOf=options, endTime="2026-11-23T00:00:00Z", votersCount=10**18).poll
    assert poll is not None
    assert poll.options == (("yes", 2), ("no", 0), ("lots", 2**31 - 1))
    assert (poll.multiple, poll.ends_at, poll.closed, poll.voters) == (True, clock.parse_rfc3339("2026-11-23T00:00:00Z"), False, 2**31 - 1)
    closed = read_note(type="Question", oneOf=option("a", None), closed="2026-11-20T00:00:00Z").poll
    assert closed is not None
    assert (closed.multiple, closed.closed, closed.ends_at) == (False, True, clock.parse_rfc3339("2026-11-20T00:00:00Z"))
    assert read_note(type="Question").poll is None
    assert len(read_note(type="Question", oneOf=[option(str(i), 0) for i in range(500)]).poll or ((),)) == 5


def test_what_the_author_typed_is_kept() -> None:
    note = read_note(source={"content": "*hi*", "mediaType": "text/markdown"})
    assert (note.source, note.source_type) == ("*hi*", "text/markdown")
    assert read_note(_misskey_content="$[x]").source_type == "text/x.misskeymarkdown"


def test_everything_is_cut_to_its_limit_in_bounded_time() -> None:
    people = [{"type": "Mention", "href": f"https://p.test/u/{i}", "name": "@x"} for i in range(3_000)]
    others = [
        [{"type": kind, "name": f"t{i}", "icon": {"url": f"https://p.test/{i}.png"}} for i in range(3_000)] for kind in ("Hashtag", "Emoji")
    ]
    huge = {
        "content": "x" * 500_000,
        "summary": "w" * 90_000,
        "name": "n" * 90_000,
        "to": [f"https://p.test/u/{i}" for i in range(10_000)],
        "attachment": [{"type": "Image", "url": f"https://p.test/{i}.png", "name": "a" * 20_000} for i in range(1_000)],
    }
    notes = []
    assert cost_s(lambda: notes.extend(read_note(**huge, tag=tag) for tag in (people, *others)), times=2) < 1.5
    note = notes[0]
    assert (len(note.content), len(note.warning), len(note.title)) == (limits.CONTENT_CHARS, limits.WARNING_CHARS, limits.NAME_CHARS)
    assert (len(note.to), len(note.attachments), len(note.attachments[0].alt)) == (limits.RECIPIENTS, limits.ATTACHMENTS, limits.ALT_CHARS)
    assert (len(notes[0].mentions), len(notes[1].tags), len(notes[2].emojis)) == (limits.MENTIONS, limits.TAGS, limits.EMOJIS)
