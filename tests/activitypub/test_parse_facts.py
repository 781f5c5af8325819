"""What a post says besides its text, in the shapes other servers write it."""

from collections.abc import Iterator
from typing import Any

import pytest

from fedi import clock, facts, limits
from fedi.activitypub import parse
from fedi.facts import NOTHING
from tests.activitypub.samples import NOTE

NOW = clock.parse_rfc3339("2026-11-22T12:00:00Z") or 0


def read_note(**changes: Any) -> parse.Note:
    return parse.note({**NOTE, **changes}, NOW)


def read(**changes: Any) -> facts.Facts:
    return read_note(**changes).facts


def test_a_plain_note_has_no_facts() -> None:
    assert read() == NOTHING
    assert read(summary="careful") == NOTHING
    assert read_note(summary="careful").warning == "careful"


@pytest.mark.parametrize("kind", ["Article", "Page", "Video", "Event", "Audio"])
def test_the_summary_of_an_article_and_its_like_is_an_abstract_unless_it_is_sensitive(kind: str) -> None:
    open_one = read_note(type=kind, summary="<p>In <b>short</b></p>", name="Title")
    hidden = read_note(type=kind, summary="<p>In short</p>", name="Title", sensitive=True)

    assert (open_one.warning, open_one.sensitive, open_one.facts.abstract) == ("", False, "In short")
    assert (hidden.warning, hidden.sensitive, hidden.facts.abstract) == ("<p>In short</p>", True, "")


def test_an_abstract_that_is_how_the_text_begins_is_not_said_twice() -> None:
    assert read(type="Article", summary="Welcome to the forum …", content="<h3>Welcome to the forum!</h3><p>More</p>").abstract == ""
    assert read(type="Article", summary="Another thing", content="<h3>Welcome to the forum!</h3>").abstract == "Another thing"


def test_what_has_an_abstract_only_has_a_text() -> None:
    note = read_note(type="Page", name="Title", summary="short", content=None)
    assert (note.content, note.facts.abstract) == ("short", "")


def test_an_event_has_its_time_zone_place_status_and_seats() -> None:
    found = read(
        type="Event", name="Party", startTime="2019-12-18T13:00:00Z", endTime="2019-12-18T14:00:00Z", timezone="Europe/Paris",
        maximumAttendeeCapacity=30, **{"ical:status": "CANCELLED"},
        location=[
            {"type": "VirtualLocation", "url": "https://meet.test/x"},
            {"type": "Place", "name": "Castle\u202e", "address": {"streetAddress": " ", "postalCode": "44000", "addressLocality": "Nantes",
                                                                 "addressCountry": "France", "addressRegion": None}},
        ],
    )  # fmt: skip

    assert (found.starts_at, found.ends_at) == (clock.parse_rfc3339("2019-12-18T13:00:00Z"), clock.parse_rfc3339("2019-12-18T14:00:00Z"))
    assert (found.place, found.address, found.online_url) == ("Castle", "44000 Nantes, France", "https://meet.test/x")
    assert (found.status, found.seats) == ("cancelled", 30)
    assert (found.timezone, found.offset_min) in (("Europe/Paris", 60), ("", 0))  # the second where the machine knows no zones


def test_an_event_without_a_zone_goes_by_the_clock_it_is_written_in() -> None:
    found = read(type="Event", startTime="2014-12-31T23:00:00-08:00", timezone="Nowhere/At_all", location={"address": "15 Street, Town"})
    assert (found.offset_min, found.timezone, found.address) == (-480, "", "15 Street, Town")
    assert read(type="Event", startTime="2014-12-31").starts_at is None
    assert read(type="Event", startTime="2014-12-31T23:00:00Z", endTime="2013-12-31T23:00:00Z").ends_at is None


@pytest.mark.parametrize("zone", ["../../etc/passwd", "Europe", "/etc/passwd", "x" * 5000, 7, ["Europe/Paris"], "Europe/\0"])
def test_a_zone_that_is_none_reads_no_file_and_fails_nothing(zone: object) -> None:
    assert read(type="Event", startTime="2014-12-31T23:00:00Z", timezone=zone).timezone == ""


def test_a_place_is_a_post_when_somebody_posts_it_and_part_of_a_note_when_they_were_there() -> None:
    place = read_note(type="Place", name="Old Town", content=None, address="Square 1")
    assert (place.title, place.facts.address, place.facts.place) == ("Old Town", "Square 1", "")
    assert read(location={"type": "Place", "name": "Wrocław", "country": "Poland"})[5:7] == ("Wrocław", "Poland")
    assert read(location="at home").place == "at home"


def test_the_length_of_a_film_is_among_its_facts() -> None:
    assert read(type="Video", duration="PT1H2M3S").duration_ms == 3_723_000
    assert read(type="Audio", duration=123).duration_ms == 123_000
    assert read(type="Audio", duration="soon").duration_ms == 0


def test_a_review_has_its_book_and_rating() -> None:
    cover = {"type": "Document", "name": "Emma (1815)", "url": "https://b.test/emma.jpg"}
    review = read(type="Review", inReplyToBook="https://b.test/book/2", rating=3.5, attachment=[cover])
    assert (review.book, review.book_url, review.rating) == ("Emma (1815)", "https://b.test/book/2", 3.5)
    named = read(type="GeneratedNote", tag={"type": "Book", "name": "Emma", "href": "https://b.test/book/2"})
    assert (named.book, named.book_url) == ("Emma", "https://b.test/book/2")
    assert read(type="Comment", inReplyToBook="https://b.test/book/2", progress=25, progressMode="PG").progress == "page 25"


@pytest.mark.parametrize("rating", [0, -1, 5.1, 10**400, True, "4", None, [4], float(10**300)])
def test_a_rating_that_is_none_is_left_out(rating: object) -> None:
    assert read(type="Review", inReplyToBook="https://b.test/book/2", rating=rating).rating == 0.0


def test_links_beside_the_text_keep_their_names() -> None:
    links = [{"type": "Link", "href": f"https://a{number}.test/", "name": f"Site {number}", "mediaType": "text/html"} for number in (1, 2)]
    note = read_note(type="Event", attachment=links)
    assert note.link == "https://a1.test/"
    assert note.facts.links == (("https://a1.test/", "Site 1"), ("https://a2.test/", "Site 2"))
    assert read_note(type="Page", attachment={"type": "Link", "href": "https://a1.test/"}).facts.links == ()


# -- pictures of what is no note --


def test_a_film_is_offered_in_a_size_that_plays_and_with_its_picture() -> None:
    films = [
        {"type": "Link", "mediaType": "video/mp4", "href": f"https://v.test/{lines}.mp4", "height": lines} for lines in (1080, 720, 360)
    ]
    icons = [{"type": "Image", "url": f"https://v.test/{width}.jpg", "width": width} for width in (223, 850)]
    note = read_note(
        type="Video", name="Film", duration="PT10S", icon=icons, url=[{"mediaType": "text/html", "href": "https://v.test/w"}, *films]
    )

    assert note.url == "https://v.test/w"
    shown = note.attachments[0]
    assert (shown.url, shown.kind, shown.preview_url, shown.duration_ms) == (
        "https://v.test/720.mp4",
        "video",
        "https://v.test/850.jpg",
        10_000,
    )
    assert len(note.attachments) == 1


def test_a_film_without_a_file_shows_its_picture() -> None:
    note = read_note(type="Video", name="Live", isLiveBroadcast=True, icon={"type": "Image", "url": "https://v.test/1.jpg"},
                     url={"mediaType": "application/x-mpegURL", "href": "https://v.test/live.m3u8"})  # fmt: skip
    assert [(one.url, one.kind) for one in note.attachments] == [("https://v.test/1.jpg", "image")]
    assert note.facts.is_live


def test_the_picture_of_an_article_stands_above_what_it_shows_once() -> None:
    cover = {"type": "Image", "url": "https://a.test/1.jpg?fit=980", "name": "A castle"}
    more = [{"type": "Image", "url": "https://a.test/1.jpg?w=100"}, {"type": "Image", "url": "https://a.test/2.jpg"}]
    note = read_note(type="Article", image=cover, attachment=more)
    assert [(one.url, one.alt) for one in note.attachments] == [("https://a.test/1.jpg?fit=980", "A castle"), ("https://a.test/2.jpg", "")]


def test_a_page_whose_address_is_a_picture_shows_it() -> None:
    note = read_note(type="Page", url="https://other.test/cat.jpg")
    assert (note.url, note.link, [one.kind for one in note.attachments]) == (NOTE["id"], "", ["image"])


def test_addresses_as_wordpress_writes_them_are_addresses() -> None:
    shown = read_note(attachment={"type": "Image", "url": "https://a.test/1.jpg?fit=1&#038;ssl=1"}).attachments[0]
    assert shown.url == "https://a.test/1.jpg?fit=1&ssl=1"


# -- bounds --


def test_ten_thousand_of_everything_come_down_to_the_limits_DOS_05() -> None:
    people = [f"https://p.test/{number}" for number in range(10_000)]
    tags = [{"type": "Mention", "href": uri, "name": "@x"} for uri in people]
    topics = [{"type": "Hashtag", "name": f"#t{number}"} for number in range(400)]
    emojis = [{"type": "Emoji", "name": f":e{number}:", "icon": {"url": "https://p.test/e.png"}} for number in range(10_000)]
    files = [{"type": "Image", "url": f"{uri}.png"} for uri in people]
    places = [{"type": "Place", "name": "x" * 10_000} for _ in range(10_000)]

    note = read_note(
        type="Article", content="x" * 500_000, summary="y" * 500_000, name="z" * 500_000, to=people, cc=people, tag=topics + tags,
        attachment=files, location=places, startTime="2019-12-18T13:00:00Z", **{"contentMap": {f"l{n}": "x" for n in range(10_000)}},
    )  # fmt: skip
    assert len(note.to) + len(note.cc) == limits.RECIPIENTS
    assert len(note.mentions) == limits.MENTIONS
    assert len(note.tags) == limits.TAGS
    assert len(note.attachments) == limits.ATTACHMENTS
    assert (len(note.content), len(note.title)) == (limits.CONTENT_CHARS, limits.NAME_CHARS)
    assert len(note.facts.abstract) <= limits.ABSTRACT_CHARS
    assert len(note.facts.place) == limits.FACT_CHARS
    assert len(read_note(tag=emojis).emojis) <= limits.EMOJIS
    links = [{"type": "Link", "href": uri} for uri in people]
    assert len(read_note(attachment=links).facts.links) == limits.LINKS


class Bounded(list[Any]):
    """A list of which only a part may be read: all of it is a failure."""

    def __iter__(self) -> Iterator[Any]:
        raise AssertionError("read as a whole")


def test_no_list_of_a_post_is_read_past_its_bound_DOS_05() -> None:
    uris = Bounded(f"https://p.test/{number}" for number in range(5))
    things = {"tag": "Mention", "attachment": "Image", "location": "Place", "image": "Image", "icon": "Image", "url": "Link"}
    lists = {name: Bounded([{"type": kind, "href": "https://p.test/1", "name": "x"}] * 5) for name, kind in things.items()}
    with pytest.raises(AssertionError):
        list(uris)

    for kind in ("Article", "Video", "Event", "Review"):
        note = read_note(type=kind, to=uris, cc=uris, audience=uris, language=uris, inReplyToBook="https://b.test/1", **lists)
        assert len(note.to) == 5


# -- shapes that were read wrongly once --


def test_a_summary_that_is_the_title_hides_nothing() -> None:
    """Observed: lotide."""
    note = read_note(name="image", summary="image")
    assert (note.title, note.warning, note.sensitive) == ("image", "", False)
    assert read_note(name="image", summary="blood").warning == "blood"


def test_hashtags_are_read_in_every_spelling() -> None:
    """Observed: Prismo says `tags`, Kbin `tag` for the name of one, PeerTube no number sign."""
    assert read_note(tags=[{"type": "Hashtag", "name": "#Prismo"}]).tags == ("prismo",)
    assert read_note(tag=[{"type": "as:Hashtag", "tag": "#Kbin"}, {"type": "Hashtag", "name": "pyg"}]).tags == ("kbin", "pyg")


def test_what_a_file_is_called_on_a_disk_is_no_title() -> None:
    """Observed: Hubzilla."""
    assert read_note(type="Image", name="daf82c18(1).jpg", url="https://h.test/1.jpg").title == ""
    assert read_note(type="Image", name="The sea", url="https://h.test/1.jpg").title == "The sea"
    assert read_note(type="Article", name="How to read a.jpg").title == "How to read a.jpg"


def test_the_content_of_a_picture_describes_it() -> None:
    """Observed: Owncast."""
    assert (
        read_note(attachment={"type": "Image", "url": "https://o.test/1.gif", "content": "The stream"}).attachments[0].alt == "The stream"
    )


def test_the_time_of_an_edit_in_an_object_of_its_own_is_read() -> None:
    """Observed: Mbin."""
    assert read_note(published="2026-11-20T00:00:00Z", object={"updated": "2026-11-21T00:00:00Z"}).updated_at is not None


@pytest.mark.parametrize("summary", ["Some words of it. #topic #other", "#topic #other", "Some words"])
def test_an_abstract_that_says_nothing_more_is_left_out(summary: str) -> None:
    assert read(type="Page", name="T", summary=summary, content="<p>Some words of it.</p>").abstract == ""
