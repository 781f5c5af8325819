"""Polls: asking, voting once, counting, the end, and who learns of it. Nobody reads who voted for what."""

import json

import pytest

from fedi import arrivals, clock, follows, interactions, limits, polls, posts
from fedi.activitypub import parse
from fedi.errors import Invalid, NotFound
from fedi.posts import Draft
from fedi.storage import polls as rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database, Tx
from fedi.storage.polls import Poll
from fedi.storage.posts import Post
from tests import make

TEA = polls.NewPoll(("tea", "coffee", "water"))


@pytest.fixture
def db() -> Database:
    return make.database()


def ask(tx: Tx, by: Account, new: polls.NewPoll = TEA, **more: object) -> Post:
    return make.post(tx, by, "what to drink?", poll=new, **more)


def poll_of(tx: Tx, post: Post) -> Poll:
    found = rows.find(tx, post.id)
    assert found is not None
    return found


def counts(tx: Tx, post: Post) -> list[int]:
    return [option.votes_count for option in poll_of(tx, post).options]


def told(tx: Tx, who: Account) -> list[str]:
    return [row[0] for row in tx.query("SELECT kind FROM notifications WHERE account_id = ? ORDER BY id", (who.id,))]


def question(by: Account, *names: str, **more: object) -> parse.Note:
    """A poll of somebody elsewhere."""
    votes = dict(zip(names, more.pop("votes", [0] * len(names)), strict=True))  # type: ignore[call-overload]
    said = {"multiple": False, "ends_at": None, "closed": False, "voters": 0} | {
        name: more.pop(name) for name in ("multiple", "ends_at", "closed", "voters") if name in more
    }
    options = tuple(parse.Option(name, number) for name, number in votes.items())
    return make.note(by, "what to drink?", type="Question", poll=parse.Poll(options=options, **said), **more)  # type: ignore[arg-type]


def end_now(tx: Tx, post: Post) -> None:
    """The clock has passed its end."""
    tx.execute("UPDATE polls SET ends_at = ? WHERE post_id = ?", (tx.now - 1, post.id))


# -- asking --


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("only one",),
        ("a", "a"),
        ("a", " "),
        ("a", "b" * (limits.POLL_OPTION_CHARS + 1)),
        tuple(str(n) for n in range(limits.POLL_OPTIONS + 1)),
    ],
)
def test_a_poll_has_two_or_more_different_answers_of_bounded_length(db: Database, options: tuple[str, ...]) -> None:
    with pytest.raises(Invalid):
        polls.check(polls.NewPoll(options))


@pytest.mark.parametrize("seconds", [0, -5, limits.POLL_SECONDS[0] - 1, limits.POLL_SECONDS[1] + 1, 10**18])
def test_a_poll_runs_neither_too_short_nor_too_long(seconds: int) -> None:
    with pytest.raises(Invalid):
        polls.check(TEA._replace(expires_in_s=seconds))


def test_a_post_with_a_poll_is_a_question_that_ends(db: Database) -> None:
    def given(tx: Tx) -> None:
        post = ask(tx, make.account(tx, "alice"))
        poll = poll_of(tx, post)
        assert post.kind == "Question" and poll.ends_at == tx.now + clock.DAY
        assert [option.title for option in poll.options] == ["tea", "coffee", "water"]

    db.transact(given)


# -- voting --


def test_a_vote_counts_once_and_is_told_the_author_elsewhere_alone(db: Database) -> None:
    def given(tx: Tx) -> None:
        alice, carol, erin = make.account(tx, "alice"), make.remote(tx, "carol"), make.remote(tx, "erin", "other.test")
        make.follow(tx, erin, alice)
        tx.execute("DELETE FROM deliveries")
        post = make.arrive(tx, question(carol, "tea", "coffee", multiple=True))
        assert post is not None
        polls.vote(tx, alice, post.id, [1, 0, 1])
        assert counts(tx, post) == [1, 1] and poll_of(tx, post).voters_count == 1
        with pytest.raises(Invalid):
            polls.vote(tx, alice, post.id, [0])
        said = [json.loads(activity.body) for activity in make.activities(tx, "Create")]
        assert [one["object"]["name"] for one in said] == ["coffee", "tea"]
        for one in said:
            assert one["to"] == one["object"]["to"] == [carol.uri] and "cc" not in one and "content" not in one["object"]
            assert one["object"]["inReplyTo"] == post.uri and one["object"]["type"] == "Note"
        assert make.inboxes(tx, "Create") == {carol.inbox_uri}

    db.transact(given)


@pytest.mark.parametrize("choices", [[], [3], [-1], [0, 1]])
def test_one_answer_that_is_there_must_be_chosen(db: Database, choices: list[int]) -> None:
    def given(tx: Tx) -> None:
        post = ask(tx, make.account(tx, "alice"))
        with pytest.raises(Invalid):
            polls.vote(tx, make.account(tx, "bob"), post.id, choices)
        assert counts(tx, post) == [0, 0, 0]

    db.transact(given)


def test_nobody_votes_in_their_own_poll_nor_after_its_end_nor_unseen(db: Database) -> None:
    def given(tx: Tx) -> None:
        alice, bob = make.account(tx, "alice"), make.account(tx, "bob")
        post, closed = ask(tx, alice), ask(tx, alice, visibility="followers")
        with pytest.raises(Invalid):
            polls.vote(tx, alice, post.id, [0])
        with pytest.raises(NotFound):
            polls.vote(tx, bob, closed.id, [0])
        with pytest.raises(NotFound):
            polls.vote(tx, bob, make.post(tx, alice).id, [0])
        end_now(tx, post)
        with pytest.raises(Invalid):
            polls.vote(tx, bob, post.id, [0])
        assert counts(tx, post) == [0, 0, 0]

    db.transact(given)


def test_a_boost_of_a_poll_stands_for_the_poll(db: Database) -> None:
    def given(tx: Tx) -> None:
        post = ask(tx, make.account(tx, "alice"))
        boost = interactions.boost(tx, make.account(tx, "carla"), post.id)
        assert polls.vote(tx, make.account(tx, "bob"), boost.id, [2]).id == post.id
        assert counts(tx, post) == [0, 0, 1]

    db.transact(given)


# -- votes that arrive --


def test_org_21_a_vote_from_elsewhere_counts_once_per_person(db: Database) -> None:
    def given(tx: Tx) -> None:
        alice, carol = make.account(tx, "alice"), make.remote(tx, "carol")
        post = ask(tx, alice)
        assert polls.receive_vote(tx, carol, post, "tea", f"{carol.uri}#votes/1")
        for name, uri in [("tea", "1"), ("tea", "2"), ("coffee", "3")]:
            assert not polls.receive_vote(tx, carol, post, name, f"{carol.uri}#votes/{uri}")
        assert counts(tx, post) == [1, 0, 0] and poll_of(tx, post).voters_count == 1
        assert told(tx, alice) == []

    db.transact(given)


def test_org_21_several_choices_of_one_person_are_one_voter(db: Database) -> None:
    def given(tx: Tx) -> None:
        carol = make.remote(tx, "carol")
        post = ask(tx, make.account(tx, "alice"), TEA._replace(multiple=True))
        for name in ("tea", "water", "tea"):
            polls.receive_vote(tx, carol, post, name, "")
        assert counts(tx, post) == [1, 0, 1] and poll_of(tx, post).voters_count == 1

    db.transact(given)


def test_org_21_invented_late_own_and_uninvited_votes_do_not_count(db: Database) -> None:
    def given(tx: Tx) -> None:
        alice, carol, mallory = make.account(tx, "alice"), make.remote(tx, "carol"), make.remote(tx, "mallory", "evil.test")
        make.follow(tx, carol, alice)
        public, private = ask(tx, alice), ask(tx, alice, visibility="followers")
        assert not polls.receive_vote(tx, carol, public, "Tea", "")
        assert not polls.receive_vote(tx, carol, public, "whisky", "")
        assert not polls.receive_vote(tx, alice, public, "tea", "")
        assert not polls.receive_vote(tx, mallory, private, "tea", "")
        assert polls.receive_vote(tx, carol, private, "tea", "")
        make.block(tx, alice, mallory)
        assert not polls.receive_vote(tx, mallory, public, "tea", "")
        end_now(tx, public)
        assert not polls.receive_vote(tx, carol, public, "tea", "")
        assert counts(tx, public) == [0, 0, 0] and counts(tx, private) == [1, 0, 0]

    db.transact(given)


def test_votes_in_a_poll_of_another_server_are_not_ours_to_count(db: Database) -> None:
    def given(tx: Tx) -> None:
        carol, dan = make.remote(tx, "carol"), make.remote(tx, "dan")
        post = make.arrive(tx, question(carol, "tea", "coffee"))
        assert post is not None and not polls.receive_vote(tx, dan, post, "tea", "")

    db.transact(given)


# -- counts --


def jobs(tx: Tx) -> list[str]:
    return sorted(row[0] for row in tx.query("SELECT name FROM jobs"))


def test_counts_are_told_some_minutes_after_votes_in_one_go_without_calling_it_an_edit(db: Database) -> None:
    def given(tx: Tx) -> None:
        alice, carol, dan = make.account(tx, "alice"), make.remote(tx, "carol"), make.remote(tx, "dan", "other.test")
        make.follow(tx, carol, alice)
        post = ask(tx, alice)
        for voter in (carol, dan):
            polls.receive_vote(tx, voter, post, "tea", "")
        assert jobs(tx) == ["poll-count", "poll-end"]
        assert make.activities(tx, "Update") == []
        polls.tell_counts(tx, post.id)
        (update,) = make.activities(tx, "Update")
        said = json.loads(update.body)["object"]
        assert said["type"] == "Question" and "updated" not in said and said["votersCount"] == 2
        assert [one["replies"]["totalItems"] for one in said["oneOf"]] == [2, 0, 0]
        assert make.inboxes(tx, "Update") == {carol.shared_inbox_uri, dan.shared_inbox_uri}
        assert "carol" not in json.dumps(said["oneOf"])

    db.transact(given)


def test_counts_of_a_poll_for_followers_reach_nobody_who_follows_no_more(db: Database) -> None:
    def given(tx: Tx) -> None:
        alice, carol, dan = make.account(tx, "alice"), make.remote(tx, "carol"), make.remote(tx, "dan", "other.test")
        for who in (carol, dan):
            make.follow(tx, who, alice)
        post = ask(tx, alice, visibility="followers")
        tx.execute("UPDATE deliveries SET state = 'delivered'")
        for who in (carol, dan):
            assert polls.receive_vote(tx, who, post, "tea", "")
        follows.remove_follower(tx, alice, dan.id)
        polls.tell_counts(tx, post.id)
        assert make.inboxes(tx, "Update") == {carol.shared_inbox_uri}

    db.transact(given)


def test_counts_that_are_hidden_are_not_told_before_the_end(db: Database) -> None:
    def given(tx: Tx) -> None:
        alice, carol = make.account(tx, "alice"), make.remote(tx, "carol")
        make.follow(tx, carol, alice)
        post = ask(tx, alice, TEA._replace(hide_totals=True))
        polls.receive_vote(tx, carol, post, "tea", "")
        assert jobs(tx) == ["poll-end"]
        end_now(tx, post)
        polls.end(tx, post.id)
        said = json.loads(make.activities(tx, "Update")[0].body)["object"]
        assert said["oneOf"][0]["replies"]["totalItems"] == 1 and said["closed"]

    db.transact(given)


def test_a_poll_that_stays_here_is_told_nobody(db: Database) -> None:
    def given(tx: Tx) -> None:
        alice, bob = make.account(tx, "alice"), make.account(tx, "bob")
        make.follow(tx, make.remote(tx), alice)
        post = ask(tx, alice, local_only=True)
        polls.vote(tx, bob, post.id, [0])
        end_now(tx, post)
        polls.end(tx, post.id)
        assert make.activities(tx, "Create") == make.activities(tx, "Update") == [] and told(tx, bob) == ["poll"]

    db.transact(given)


def test_the_end_is_told_the_author_and_voters_here_once_and_the_last_counts_go_out(db: Database) -> None:
    def given(tx: Tx) -> None:
        alice, bob, carol = make.account(tx, "alice"), make.account(tx, "bob"), make.remote(tx, "carol")
        make.follow(tx, carol, alice)
        post = ask(tx, alice)
        polls.vote(tx, bob, post.id, [0])
        polls.end(tx, post.id)
        assert told(tx, bob) == []
        end_now(tx, post)
        polls.end(tx, post.id)
        polls.end(tx, post.id)
        assert told(tx, alice).count("poll") == told(tx, bob).count("poll") == 1
        assert len(make.activities(tx, "Update")) == 1 and poll_of(tx, post).closed_at is not None

    db.transact(given)


def test_the_end_of_a_poll_elsewhere_is_told_who_voted_here(db: Database) -> None:
    def given(tx: Tx) -> None:
        alice, bob, carol = make.account(tx, "alice"), make.account(tx, "bob"), make.remote(tx, "carol")
        post = make.arrive(tx, question(carol, "tea", "coffee", ends_at=tx.now + clock.HOUR))
        assert post is not None and jobs(tx) == []
        polls.vote(tx, alice, post.id, [0])
        assert jobs(tx) == ["poll-end"]
        end_now(tx, post)
        polls.end(tx, post.id)
        assert told(tx, alice) == ["poll"] and told(tx, bob) == [] and make.activities(tx, "Update") == []

    db.transact(given)


# -- polls of others --


def test_org_21_counts_of_others_are_taken_over_without_an_edit_and_clamped(db: Database) -> None:
    def given(tx: Tx) -> None:
        carol = make.remote(tx, "carol")
        note = question(carol, "tea", "coffee")
        post = make.arrive(tx, note)
        assert post is not None
        said = question(carol, "tea", "coffee", votes=[5, 2], voters=2**31 - 1).poll
        arrivals.receive_edit(tx, note._replace(poll=said), carol, make.html.Html("<p>other</p>"))
        assert counts(tx, post) == [5, 2] and poll_of(tx, post).voters_count == 2**31 - 1
        assert make.fresh(tx, post).content_html == post.content_html and post_rows.list_edits(tx, post.id) == []

    db.transact(given)


def test_an_earlier_revision_of_a_poll_keeps_what_it_offered(db: Database) -> None:
    def given(tx: Tx) -> None:
        carol = make.remote(tx, "carol")
        note = question(carol, "tea", "coffee")
        post = make.arrive(tx, note)
        assert post is not None
        changed = note._replace(poll=question(carol, "tea", "milk").poll, updated_at=tx.now + 1)
        assert arrivals.receive_edit(tx, changed, carol, make.html.Html("<p>other</p>")) is not None
        assert [json.loads(edit.poll_options) for edit in post_rows.list_edits(tx, post.id)] == [["tea", "coffee"]]

    db.transact(given)


def test_counts_by_somebody_else_change_nothing(db: Database) -> None:
    def given(tx: Tx) -> None:
        carol, mallory = make.remote(tx, "carol"), make.remote(tx, "mallory", "evil.test")
        note = question(carol, "tea", "coffee")
        post = make.arrive(tx, note)
        assert post is not None
        forged = question(carol, "tea", "coffee", votes=[500, 0]).poll
        assert arrivals.receive_edit(tx, note._replace(poll=forged), mallory, make.html.Html("")) is None
        assert counts(tx, post) == [0, 0]

    db.transact(given)


def test_an_edit_keeps_votes_unless_the_answers_change(db: Database) -> None:
    def given(tx: Tx) -> None:
        alice, carol = make.account(tx, "alice"), make.remote(tx, "carol")
        note = question(carol, "tea", "coffee", published_at=tx.now - clock.HOUR)
        post = make.arrive(tx, note)
        assert post is not None
        polls.vote(tx, alice, post.id, [0])
        arrivals.receive_edit(tx, note._replace(updated_at=tx.now - 60), carol, make.html.Html("<p>x</p>"))
        assert rows.list_choices(tx, alice.id, [post.id]) == {post.id: [0]}
        other = note._replace(updated_at=tx.now, poll=question(carol, "tea", "mate").poll)
        arrivals.receive_edit(tx, other, carol, make.html.Html("<p>x</p>"))
        assert rows.list_choices(tx, alice.id, [post.id]) == {} and poll_of(tx, post).options[1].title == "mate"

    db.transact(given)


def test_own_edits_keep_votes_unless_the_answers_change(db: Database) -> None:
    def given(tx: Tx) -> None:
        alice, bob = make.account(tx, "alice"), make.account(tx, "bob")
        post = ask(tx, alice)
        polls.vote(tx, bob, post.id, [0])
        posts.edit(tx, alice, post.id, Draft("again: what to drink?"), {})
        posts.edit(tx, alice, post.id, Draft("again: what to drink?", poll=TEA._replace(expires_in_s=7200)), {})
        assert counts(tx, post) == [1, 0, 0] and poll_of(tx, post).ends_at == tx.now + 2 * clock.HOUR
        assert jobs(tx).count("poll-end") == 1
        posts.edit(tx, alice, post.id, Draft("again: what to drink?", poll=polls.NewPoll(("tea", "mate"))), {})
        assert counts(tx, post) == [0, 0] and rows.list_choices(tx, bob.id, [post.id]) == {}
        assert posts.edit(tx, alice, post.id, Draft("nothing", poll=polls.NewPoll(())), {}).kind == "Note"
        assert rows.find(tx, post.id) is None

    db.transact(given)


def test_a_poll_without_an_end_never_ends_until_its_server_says_so(db: Database) -> None:
    def given(tx: Tx) -> None:
        alice, carol = make.account(tx, "alice"), make.remote(tx, "carol")
        note = question(carol, "tea", "coffee")
        post = make.arrive(tx, note)
        assert post is not None
        polls.vote(tx, alice, post.id, [0])
        closed = question(carol, "tea", "coffee", votes=[1, 0], closed=True).poll
        arrivals.receive_edit(tx, note._replace(poll=closed), carol, make.html.Html(""))
        assert poll_of(tx, post).is_over(tx.now) and told(tx, alice) == ["poll"]

    db.transact(given)


def test_an_end_that_is_written_as_closed_from_the_start_is_still_to_come(db: Database) -> None:
    def given(tx: Tx) -> None:  # Observed: Pleroma
        carol = make.remote(tx, "carol")
        post = make.arrive(tx, question(carol, "tea", "coffee", ends_at=tx.now + clock.HOUR, closed=True))
        assert post is not None and not poll_of(tx, post).is_over(tx.now)

    db.transact(given)


def test_a_poll_elsewhere_is_read_again_when_it_is_looked_at_and_old_and_not_more_often(db: Database) -> None:
    def given(tx: Tx) -> None:
        carol = make.remote(tx, "carol")
        post = make.arrive(tx, question(carol, "tea", "coffee", ends_at=tx.now + clock.HOUR))
        assert post is not None and not polls.is_stale(tx, post)
        tx.execute("UPDATE polls SET fetched_at = ?", (tx.now - clock.HOUR,))
        assert polls.is_stale(tx, post)
        polls.refresh(tx, post.id)
        polls.refresh(tx, post.id)
        assert jobs(tx) == ["poll-refresh"] and not polls.is_stale(tx, ask(tx, make.account(tx)))

    db.transact(given)
