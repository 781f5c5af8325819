"""Posts with a title: what becomes an article, who sees what of it, and how it travels."""

import orjson
import pytest

from fedi import arrivals, limits, posts
from fedi.activitypub import parse, render
from fedi.errors import Invalid
from fedi.posts import Draft
from fedi.storage import posts as rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database
from tests import make

LONG = "# One\n\n" + "\n\n".join(["Some words of *weight* and [a link](https://site.test/x)."] * 60)


@pytest.fixture
def alice(db: Database) -> Account:
    return db.transact(make.account, "alice")


def test_a_long_text_with_a_title_is_an_article(db: Database, alice: Account) -> None:
    post = db.transact(posts.publish, alice, Draft(LONG, title="  A walk\u202e by  the sea "), {})
    assert (post.kind, post.title) == ("Article", "A walk by the sea")
    assert "<h1>One</h1>" in post.content_html


@pytest.mark.parametrize(
    "draft", [Draft("short", title="Title"), Draft(LONG[:4000]), Draft(LONG[:4000], title="Title", visibility="direct")]
)
def test_what_is_short_untitled_or_a_message_is_a_note(db: Database, alice: Account, draft: Draft) -> None:
    post = db.transact(posts.publish, alice, draft, {})
    assert (post.kind, post.title) == ("Note", draft.title)


def test_an_answer_is_a_note_whatever_it_is_called(db: Database, alice: Account) -> None:
    parent = db.transact(make.post, alice)
    assert db.transact(posts.publish, alice, Draft(LONG, title="Title", in_reply_to_id=parent.id), {}).kind == "Note"


def test_only_a_title_makes_room_for_more(db: Database, alice: Account) -> None:
    much = "word " * 5_000
    with pytest.raises(Invalid, match="too long"):
        db.transact(posts.publish, alice, Draft(much), {})
    assert db.transact(posts.publish, alice, Draft(much, title="Much"), {}).kind == "Article"
    with pytest.raises(Invalid, match="too long"):
        db.transact(posts.publish, alice, Draft("x" * (limits.ARTICLE_CHARS + 1), title="Much"), {})
    with pytest.raises(Invalid, match="too much"):
        db.transact(posts.publish, alice, Draft("*a* " * 7_000, title="Much"), {})


def test_an_article_travels_with_its_name_source_and_a_note_for_those_who_show_notes(db: Database, alice: Account) -> None:
    post = db.transact(posts.publish, alice, Draft(LONG, title="A <walk>"), {})
    document = db.read(render.note, post)

    assert (document["type"], document["name"], document["summary"], document["url"]) == ("Article", "A <walk>", None, post.url)
    assert document["source"] == {"content": LONG, "mediaType": "text/markdown"}
    preview = document["preview"]
    assert preview["type"] == "Note"
    assert preview["content"].startswith("<p><strong>A &lt;walk&gt;</strong></p><h1>One</h1>")
    assert len(preview["content"]) < len(document["content"]) / 2
    assert "preview" not in db.read(render.note, db.transact(posts.publish, alice, Draft("short", title="Title"), {}))


def test_behind_a_warning_the_preview_has_the_title_only(db: Database, alice: Account) -> None:
    post = db.transact(posts.publish, alice, Draft(LONG, title="The end", warning="spoilers"), {})
    preview = db.read(render.note, post)["preview"]
    assert (preview["summary"], preview["sensitive"], preview["content"]) == ("spoilers", True, "<p><strong>The end</strong></p>")


def test_an_article_arrives_elsewhere_as_it_was_written(db: Database, alice: Account) -> None:
    post = db.transact(posts.publish, alice, Draft(LONG, title="A walk", warning="wind"), {})
    note = parse.note(orjson.loads(render.dump(db.read(render.note, post))), post.published_at, alice.followers_uri)

    assert (note.type, note.title, note.warning, note.visibility) == ("Article", "A walk", "wind", "public")
    assert arrivals.html_of(note, lambda name: f"https://elsewhere.test/tags/{name}") == post.content_html


def test_an_edit_changes_the_title_keeps_the_kind_and_the_history(db: Database, alice: Account) -> None:
    post = db.transact(posts.publish, alice, Draft(LONG, title="First"), {})
    changed = db.transact(posts.edit, alice, post.id, Draft("short now", title="Second"), {})
    assert (changed.kind, changed.title) == ("Article", "Second")
    assert [edit.title for edit in db.read(rows.list_edits, post.id)] == ["First"]
    with pytest.raises(Invalid, match="keeps a title"):
        db.transact(posts.edit, alice, post.id, Draft("short now"), {})


def test_the_end_of_an_article_says_what_it_was(db: Database, alice: Account) -> None:
    carol = db.transact(make.remote, "carol")
    db.transact(make.follow, carol, alice)
    post = db.transact(posts.publish, alice, Draft(LONG, title="First"), {})
    db.transact(posts.remove, alice, post.id)
    (activity,) = db.read(make.activities, "Delete")
    assert orjson.loads(activity.body)["object"]["formerType"] == "Article"
