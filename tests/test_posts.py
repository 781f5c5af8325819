from collections.abc import Callable
from typing import Any

import pytest

from fedi import arrivals, fanout, interactions, posts
from fedi.activitypub import parse
from fedi.errors import Forbidden, Invalid, NotFound
from fedi.posts import Draft
from fedi.storage import accounts as account_rows
from fedi.storage import media as media_rows
from fedi.storage import notifications as notification_rows
from fedi.storage import posts as post_rows
from fedi.storage import threads as thread_rows
from fedi.storage import tombstones as tombstone_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database, Tx
from fedi.storage.posts import Post
from tests import make

Run = Callable[..., Any]


def publish(tx: Tx, by: Account, text: str = "hello", **more: Any) -> Post:
    return posts.publish(tx, by, Draft(text, **more), {})


def kinds(tx: Tx, owner: Account) -> list[str]:
    return sorted(n.kind for n in notification_rows.list_of(tx, owner.id))


# -- writing --


def test_a_post_has_its_text_its_address_and_its_place(db: Database, run: Run, alice: Account) -> None:
    post = run(publish, alice, "Hello *you* #Topic", warning="careful", language="en")
    assert post.uri == f"https://fedi.test/users/alice/posts/{post.id}"
    assert post.url == f"https://fedi.test/@alice/{post.id}"
    assert "<em>you</em>" in post.content_html
    assert (post.content_source, post.content_type) == ("Hello *you* #Topic", "text/markdown")
    assert (post.warning, post.sensitive, post.language) == ("careful", 1, "en")
    assert db.read(post_rows.list_tags, [post.id]) == {post.id: ["topic"]}
    assert db.read(make.again, alice).posts_count == 1
    assert db.read(make.again, alice).last_post_at == post.published_at


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (Draft(""), "status"),
        (Draft(" \n\t "), "status"),
        (Draft("x" * 11), "status"),
        (Draft("x" * 1000), "status"),
        (Draft("hi", visibility="private"), "visibility"),
        (Draft("hi", visibility="deleted"), "visibility"),
        (Draft("hi", fmt="html"), "content_type"),  # type: ignore[arg-type]
        (Draft("hi", language="x" * 36), "language"),
        (Draft("hi", language="<script>"), "language"),
        (Draft("hi", idempotency_key="k" * 256), "Idempotency-Key"),
    ],
)
def test_what_cannot_be_a_post_is_refused_by_name(draft: Draft, field: str) -> None:
    with make.database(post_chars=10) as db:
        alice = db.transact(make.account, "alice")
        with pytest.raises(Invalid) as caught:
            db.transact(posts.publish, alice, draft, {})
        assert caught.value.field == field
        assert db.read(make.again, alice).posts_count == 0


def test_the_length_of_a_post_is_counted_in_characters() -> None:
    with make.database(post_chars=10) as db:
        alice = db.transact(make.account, "alice")
        assert db.transact(publish, alice, "  " + "🦊" * 10 + "  ").content_source == "🦊" * 10


def test_the_same_request_again_gives_the_same_post(db: Database, run: Run, alice: Account, bob: Account) -> None:
    first = run(publish, alice, "once", idempotency_key="key")
    assert run(publish, alice, "once", idempotency_key="key") == first
    assert run(publish, bob, "mine", idempotency_key="key").id != first.id, "keys are one's own"
    assert db.read(make.again, alice).posts_count == 1
    run(posts.remove, alice, first.id)
    assert run(publish, alice, "once", idempotency_key="key").id != first.id, "what was deleted does not answer"


def test_an_answer_to_what_one_may_not_see_is_refused(run: Run, alice: Account, bob: Account) -> None:
    secret = run(make.post, alice, "secret", "direct")
    with pytest.raises(NotFound):
        run(publish, bob, "what?", in_reply_to_id=secret.id)
    with pytest.raises(NotFound):
        run(publish, bob, "what?", in_reply_to_id=1)


def test_an_answer_to_a_boost_answers_what_was_boosted(db: Database, run: Run, alice: Account, bob: Account, carol: Account) -> None:
    original = run(make.post, carol)
    boost = run(make.boost, alice, original)
    answer = run(publish, bob, "indeed", in_reply_to_id=boost.id)
    assert (answer.in_reply_to_id, answer.in_reply_to_uri, answer.in_reply_to_account_id) == (original.id, original.uri, carol.id)
    assert [a.id for a in db.read(post_rows.list_mentions, [answer.id])[answer.id]] == [carol.id], "who is answered is told"


def test_the_named_are_told_and_linked_once_each(db: Database, run: Run, alice: Account, bob: Account, carol: Account) -> None:
    post = run(publish, alice, "@bob @BOB@fedi.test @carol@peer.test @nobody and @alice")
    assert {a.username for a in db.read(post_rows.list_mentions, [post.id])[post.id]} == {"alice", "bob", "carol"}
    assert "https://peer.test/@carol" in post.content_html
    assert "@nobody" in post.content_html and post.content_html.count("<a ") == 4
    assert db.read(kinds, bob) == ["mention"]
    assert db.read(kinds, alice) == [], "nobody is told of themselves"


def test_a_name_that_was_looked_up_is_believed_before_the_one_stored(db: Database, run: Run, alice: Account, carol: Account) -> None:
    other = run(make.remote, "carol", "sub.peer.test")
    post = run(posts.publish, alice, Draft("@carol@peer.test hi"), {("carol", "peer.test"): other.id})
    assert [a.id for a in db.read(post_rows.list_mentions, [post.id])[post.id]] == [other.id]


def test_a_suspended_account_is_not_mentioned(db: Database, run: Run, alice: Account, mallory: Account) -> None:
    run(account_rows.update, mallory.id, suspended_at=1)
    post = run(publish, alice, "@mallory@evil.test hm")
    assert db.read(post_rows.list_mentions, [post.id]) == {}


def test_a_direct_answer_goes_to_the_named_and_not_to_whom_it_answers(db: Database, run: Run, alice: Account, bob: Account) -> None:
    asked = run(make.post, bob)
    answer = run(publish, alice, "talking about him", visibility="direct", in_reply_to_id=asked.id)
    assert db.read(post_rows.list_mentions, [answer.id]) == {}
    assert db.read(post_rows.find_visible, bob.id, answer.id) is None
    assert db.read(kinds, bob) == []


# -- counters --


@pytest.mark.parametrize(("visibility", "counted"), [("public", 1), ("unlisted", 1), ("followers", 0), ("direct", 0)])
def test_counters_count_what_everybody_may_see(db: Database, run: Run, alice: Account, bob: Account, visibility: str, counted: int) -> None:
    asked = run(make.post, bob)
    answer = run(make.post, alice, "yes", visibility, (bob,), reply_to=asked)
    assert db.read(make.fresh, asked).replies_count == counted
    assert db.read(make.again, alice).posts_count == counted
    run(posts.remove, alice, answer.id)
    assert db.read(make.fresh, asked).replies_count == 0
    assert db.read(make.again, alice).posts_count == 0


def test_a_local_only_post_is_not_counted(db: Database, run: Run, alice: Account, bob: Account) -> None:
    asked = run(make.post, bob)
    run(publish, alice, "between us", local_only=True, in_reply_to_id=asked.id)
    assert db.read(make.fresh, asked).replies_count == 0
    assert db.read(make.again, alice).posts_count == 0


# -- editing --


def test_an_edit_keeps_what_was_said_before(db: Database, run: Run, alice: Account) -> None:
    post = run(publish, alice, "first", warning="w")
    for text in ("second", "third"):
        edited = run(posts.edit, alice, post.id, Draft(text), {})
    assert "third" in edited.content_html and edited.edited_at is not None and edited.edited_at > post.published_at
    edits = db.read(post_rows.list_edits, post.id)
    assert [("first" in e.content_html, "second" in e.content_html) for e in edits] == [(True, False), (False, True)]
    assert [e.warning for e in edits] == ["w", ""]
    assert edited.version > post.version


def test_an_edit_that_changes_nothing_is_none(db: Database, run: Run, alice: Account, carol: Account) -> None:
    post = run(publish, alice, "same @carol@peer.test")
    assert run(posts.edit, alice, post.id, Draft("same @carol@peer.test"), {}) == post
    assert db.read(post_rows.list_edits, post.id) == []
    assert db.read(make.activities, "Update") == []


def test_an_edit_changes_neither_who_may_see_it_nor_what_it_answers(run: Run, alice: Account, bob: Account) -> None:
    asked = run(make.post, bob)
    post = run(publish, alice, "a", visibility="followers", in_reply_to_id=asked.id)
    edited = run(posts.edit, alice, post.id, Draft("b", visibility="public", local_only=True), {})
    assert (edited.visibility, edited.local_only, edited.in_reply_to_id) == ("followers", 0, asked.id)


def test_an_edit_tells_the_newly_named_and_those_here_who_boosted(db: Database, run: Run, alice: Account, bob: Account) -> None:
    erin = run(make.account, "erin")
    post = run(publish, alice, "hello")
    run(interactions.boost, erin, post.id)
    run(posts.edit, alice, post.id, Draft("hello @bob #new"), {})
    run(posts.edit, alice, post.id, Draft("hello again @bob #new"), {})
    assert db.read(kinds, bob) == ["mention"], "once, however often it is edited"
    assert db.read(kinds, erin) == ["edit"]
    assert db.read(post_rows.list_tags, [post.id]) == {post.id: ["new"]}


@pytest.mark.parametrize("act", ["edit", "remove"])
def test_only_the_author_changes_a_post(db: Database, run: Run, alice: Account, bob: Account, act: str) -> None:
    args: tuple[Any, ...] = (Draft("mine"), {}) if act == "edit" else ()
    public, secret = run(make.post, alice), run(make.post, alice, "s", "direct")
    with pytest.raises(Forbidden):
        run(getattr(posts, act), bob, public.id, *args)
    with pytest.raises(NotFound):
        run(getattr(posts, act), bob, secret.id, *args)
    with pytest.raises(NotFound):
        run(getattr(posts, act), bob, 1, *args)
    boost = run(make.boost, alice, public)
    with pytest.raises(Forbidden):
        run(getattr(posts, act), alice, boost.id, *args)
    assert db.read(make.fresh, public) == public._replace(boosts_count=1)


# -- removing --


def test_a_removed_post_leaves_no_text_anywhere(
    db: Database, run: Run, dump: Callable[[], str], alice: Account, bob: Account, carol: Account
) -> None:
    run(make.follow, carol, alice)
    post = run(publish, alice, "xyzzy-one @bob @carol@peer.test #plugh", warning="xyzzy-warn", idempotency_key="xyzzy-key")
    run(posts.edit, alice, post.id, Draft("xyzzy-two @bob"), {})
    run(interactions.favourite, bob, post.id)
    run(interactions.bookmark, bob, post.id)
    run(interactions.pin, alice, post.id)
    run(make.boost, bob, post)
    picture = run(media_rows.insert, kind="image", account_id=alice.id, sha256="ab", alt="xyzzy-alt")
    run(post_rows.set_media, post.id, [picture.id])
    assert dump().count("xyzzy") > 5
    run(posts.remove, alice, post.id)
    assert "xyzzy" not in dump()
    assert db.read(media_rows.find_by_key, picture.key) is None, "its files answer no more"
    assert db.read(kinds, bob) == []
    assert db.read(lambda tx: tx.query("PRAGMA foreign_key_check")) == []
    stone = db.read(tombstone_rows.find, post.uri)
    assert stone is not None and (stone.actor_uri, stone.former_type) == (alice.uri, "Note")


def test_a_file_that_another_post_shows_stays(db: Database, run: Run, alice: Account) -> None:
    one, other = run(publish, alice, "1"), run(publish, alice, "2")
    picture = run(media_rows.insert, kind="image", account_id=alice.id, sha256="ab")
    run(post_rows.set_media, one.id, [picture.id])
    run(post_rows.set_media, other.id, [picture.id])
    run(posts.remove, alice, one.id)
    assert db.read(media_rows.find_by_key, picture.key)
    run(posts.remove, alice, other.id)
    assert db.read(media_rows.find_by_key, picture.key) is None


def test_with_a_post_go_its_boosts_and_what_they_counted(db: Database, run: Run, alice: Account, bob: Account, carol: Account) -> None:
    run(make.follow, bob, carol)
    post = run(make.post, alice)
    boosts = [run(make.boost, who, post) for who in (bob, carol)]
    assert db.read(make.again, carol).posts_count == 1
    run(posts.remove, alice, post.id)
    for who, boost in zip((bob, carol), boosts, strict=True):
        assert db.read(make.again, who).posts_count == 0
        assert db.read(post_rows.find, boost.id) is None


def test_answers_stay_when_what_they_answer_goes(db: Database, run: Run, alice: Account, bob: Account) -> None:
    asked = run(make.post, alice)
    answer = run(make.post, bob, "yes", reply_to=asked)
    run(posts.remove, alice, asked.id)
    kept = db.read(make.fresh, answer)
    assert (kept.in_reply_to_id, kept.in_reply_to_uri) == (None, asked.uri)
    run(posts.remove, bob, answer.id)


def test_a_removed_post_is_not_removed_twice(run: Run, alice: Account) -> None:
    post = run(make.post, alice)
    assert run(posts.remove, alice, post.id).id == post.id
    with pytest.raises(NotFound):
        run(posts.remove, alice, post.id)


def test_listeners_hear_of_a_post_after_its_commit_and_of_nothing_when_it_fails(
    db: Database, run: Run, heard: Callable[[str], list[Any]], alice: Account
) -> None:
    added, edited, removed = heard("post"), heard("post_edited"), heard("post_removed")
    post = run(make.post, alice)
    run(posts.edit, alice, post.id, Draft("x"), {})
    run(posts.remove, alice, post.id)
    assert [[(e.id, e.data) for e in events] for events in (added, edited, removed)] == [[(post.id, alice.id)]] * 3

    def fails(tx: Tx) -> None:
        publish(tx, alice)
        raise LookupError

    with pytest.raises(LookupError):
        run(fails)
    assert len(added) == 1


# -- from the wire --


def test_a_post_that_arrives_again_stays_as_it_is(db: Database, run: Run, carol: Account) -> None:
    note = make.note(carol, "first")
    post = run(make.arrive, note)
    assert run(make.arrive, note._replace(content="<p>changed</p>")) == post
    assert db.read(make.again, carol).posts_count == 1


def test_a_delete_before_its_create_wins(db: Database, run: Run, carol: Account, dan: Account) -> None:
    note = make.note(carol)
    run(arrivals.receive_removal, note.id, carol)
    assert run(make.arrive, note) is None
    assert db.read(post_rows.find_by_uri, note.id) is None
    other = make.note(carol)
    run(arrivals.receive_removal, other.id, dan)
    assert run(make.arrive, other) is not None, "only the author's word counts"


def test_only_the_author_edits_and_removes_from_elsewhere(db: Database, run: Run, carol: Account, dan: Account) -> None:
    note = make.note(carol, "mine")
    post = run(make.arrive, note)
    late = note._replace(content="<p>pwned</p>", updated_at=post.published_at + 1000)
    assert run(arrivals.receive_edit, late, dan, arrivals.html_of(late, str)) is None
    run(arrivals.receive_removal, note.id, dan)
    assert db.read(make.fresh, post) == post
    assert run(arrivals.receive, note._replace(attributed_to=dan.uri), dan, arrivals.html_of(note, str)) is None, (
        "an id belongs to one author"
    )


def test_an_older_edit_does_not_undo_a_newer_one(db: Database, run: Run, carol: Account) -> None:
    note = make.note(carol, "first", published_at=1_000_000)
    post = run(make.arrive, note)

    def edit(text: str, at: int) -> Post | None:
        changed = note._replace(content=f"<p>{text}</p>", updated_at=at)
        made: Post | None = run(arrivals.receive_edit, changed, carol, arrivals.html_of(changed, str))
        return made

    assert edit("newer", 3_000_000)
    assert edit("older", 2_000_000) is None
    assert edit("newer again", 3_000_000) is None
    assert edit("before it was written", 500_000) is None
    assert "newer" in db.read(make.fresh, post).content_html
    assert [e.edited_at for e in db.read(post_rows.list_edits, post.id)] == [1_000_000]


def test_an_edit_without_a_date_counts_when_it_reads_otherwise_and_none_came_before(run: Run, carol: Account) -> None:
    post = run(make.post, carol, "first")
    note = run(lambda tx: make.note(carol, "first")._replace(id=post.uri, published_at=post.published_at))
    assert run(arrivals.receive_edit, note, carol, make.html.Html("<p>first</p>")) is None
    changed = run(arrivals.receive_edit, note, carol, make.html.Html("<p>second</p>"))
    assert changed is not None and changed.content_html == "<p>second</p>" and changed.edited_at is not None
    # It may have been sent before the other: for a note the first word counts, until one comes with a date.
    assert run(arrivals.receive_edit, note, carol, make.html.Html("<p>first</p>")) is None


def test_what_is_never_dated_can_be_edited_again(run: Run, carol: Account) -> None:
    post = run(make.post, carol, "first", type="Audio")
    note = run(lambda tx: make.note(carol, "first", type="Audio")._replace(id=post.uri, published_at=post.published_at))
    for text in ("<p>second</p>", "<p>third</p>"):
        changed = run(arrivals.receive_edit, note, carol, make.html.Html(text))
        assert changed is not None and changed.content_html == text


def test_an_edit_of_what_is_not_known_is_nothing(run: Run, carol: Account) -> None:
    note = make.note(carol, updated_at=1)
    assert run(arrivals.receive_edit, note, carol, arrivals.html_of(note, str)) is None


def test_files_of_an_edited_post_are_kept_added_and_dropped(db: Database, run: Run, carol: Account) -> None:
    def file(name: str, alt: str = "") -> parse.Attachment:
        return parse.Attachment(f"https://peer.test/{name}", "image/png", "image", alt or name, 10, 10, "")

    note = make.note(carol, attachments=(file("a"), file("b")), published_at=1)
    post = run(make.arrive, note)
    before = {item.alt: item.media_id for item in db.read(post_rows.list_media, [post.id])[post.id]}
    edited = note._replace(attachments=(file("b", "better said"), file("c")), updated_at=5)
    run(arrivals.receive_edit, edited, carol, arrivals.html_of(edited, str))
    after = db.read(post_rows.list_media, [post.id])[post.id]
    assert [item.alt for item in after] == ["better said", "c"]
    assert after[0].media_id == before["b"], "fetched bytes stay"
    assert db.read(media_rows.find, before["a"]) is None


def test_answers_that_came_first_are_tied_to_what_they_answer(db: Database, run: Run, carol: Account, dan: Account) -> None:
    asked = make.note(carol)
    public = run(make.post, dan, "early", in_reply_to=asked.id)
    run(make.post, dan, "early, for friends", "followers", in_reply_to=asked.id)
    assert public.in_reply_to_id is None
    parent = run(make.arrive, asked)
    assert db.read(make.fresh, public).in_reply_to_id == parent.id
    assert db.read(make.fresh, parent).replies_count == 1


def test_a_post_that_says_it_answers_itself_counts_for_nothing(db: Database, run: Run, carol: Account, dan: Account) -> None:
    odd = make.note(carol)
    odd = odd._replace(in_reply_to=odd.id)
    run(make.post, dan, "early", in_reply_to=odd.id)
    post = run(make.arrive, odd)
    assert post.in_reply_to_id is None
    assert db.read(make.fresh, post).replies_count == 1


def test_posts_that_answer_each_other_in_a_circle_are_listed_once(db: Database, run: Run, carol: Account) -> None:
    one, other = make.note(carol), make.note(carol)
    first = run(make.arrive, one._replace(in_reply_to=other.id))
    second = run(make.arrive, other._replace(in_reply_to=one.id))
    for post, peer in ((first, second), (second, first)):
        assert [p.id for p in db.read(thread_rows.list_ancestors, 0, post.id, 20)] == [peer.id]
        assert [p.id for p in db.read(thread_rows.list_descendants, 0, post.id, 20)] == [peer.id]


def test_a_post_fetched_later_is_counted_but_told_to_nobody(db: Database, run: Run, alice: Account, carol: Account) -> None:
    run(make.follow, alice, carol)
    post = run(make.arrive, make.note(carol, mentions=(alice,)), quiet=True)
    assert db.read(make.again, carol).posts_count == 1
    assert db.read(kinds, alice) == []
    assert db.read(lambda tx: tx.query("SELECT 1 FROM home WHERE post_id = ?", (post.id,))) == []


def test_a_time_in_the_future_is_now(run: Run, frozen: Any, carol: Account) -> None:
    post = run(make.post, carol, published_at=9_000_000_000_000)
    assert post.published_at == post.received_at


def test_posts_sort_by_when_they_were_written(run: Run, carol: Account) -> None:
    old = run(make.post, carol, published_at=1_600_000_000_000)
    assert old.id < run(make.post, carol).id


def test_posts_of_one_past_millisecond_get_ids_of_their_own(run: Run, carol: Account) -> None:
    made = {run(make.post, carol, published_at=1_600_000_000_000).id for _ in range(50)}
    assert len(made) == 50


def test_a_late_delete_removes_what_is_here_with_its_files(
    db: Database, run: Run, dump: Callable[[], str], bob: Account, carol: Account
) -> None:
    run(make.follow, bob, carol)
    note = make.note(carol, "xyzzy", mentions=(bob,))
    run(make.arrive, note)
    run(arrivals.receive_removal, note.id, carol)
    assert "xyzzy" not in dump()
    assert db.read(kinds, bob) == []
    assert run(make.arrive, note) is None, "and it does not come back"


# -- forgetting --


def test_pruning_keeps_counters_right_and_lets_posts_come_again(db: Database, run: Run, carol: Account, dan: Account) -> None:
    note = make.note(carol)
    asked = run(make.arrive, note)
    answer = run(make.post, dan, "a", reply_to=asked)
    boost = run(make.boost, dan, asked)
    run(arrivals.prune, [answer.id])
    assert db.read(make.fresh, asked).replies_count == 0
    run(arrivals.prune, [asked.id, boost.id])
    assert [db.read(make.again, who).posts_count for who in (carol, dan)] == [0, 0]
    assert run(make.arrive, note) is not None


def test_fanout_of_a_removed_post_can_be_quiet(run: Run, heard: Callable[[str], list[Any]], carol: Account) -> None:
    removed = heard("post_removed")
    run(arrivals.prune, [run(make.post, carol).id])
    assert removed == []
    run(fanout.post_removed, run(make.post, carol))
    assert len(removed) == 1
