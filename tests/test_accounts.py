import json
from collections.abc import Callable
from typing import Any

import pytest

from fedi import accounts, blocks, interactions, logins, moderation
from fedi.accounts import NewAccount, Profile
from fedi.activitypub import parse
from fedi.errors import Conflict, Gone, Invalid, NotFound
from fedi.html import Html
from fedi.storage import accounts as rows
from fedi.storage import census as census_rows
from fedi.storage import deliveries as delivery_rows
from fedi.storage import keys as key_rows
from fedi.storage import media as media_rows
from fedi.storage import tombstones as tombstone_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database
from tests import cast, make

Run = Callable[..., Any]


def new(username: str = "zoe", email: str = "zoe@mail.test", role: str = "user") -> NewAccount:
    return NewAccount(username, email, logins.DUMMY_HASH, role, cast.rsa_pem(username), cast.ed25519_pem(username))


# -- making --


def test_a_new_account_has_its_addresses_its_keys_and_a_sign_in(db: Database, run: Run) -> None:
    zoe = run(accounts.create, new())
    assert (zoe.uri, zoe.url) == ("https://fedi.test/users/zoe", "https://fedi.test/@zoe")
    assert zoe.inbox_uri == "https://fedi.test/users/zoe/inbox" and zoe.shared_inbox_uri == "https://fedi.test/inbox"
    assert zoe.is_local and not zoe.is_hidden and zoe.handle == "zoe" and zoe.name == "zoe"
    assert {key.uri for key in db.read(key_rows.list_of, zoe.id)} == {f"{zoe.uri}#main-key", f"{zoe.uri}#ed25519-key"}
    assert "BEGIN PRIVATE KEY" in (db.read(key_rows.get_rsa, zoe.id).private_pem or "")
    assert db.read(user_rows.find_by_login, "ZOE").account_id == zoe.id
    assert db.read(user_rows.find_by_login, "Zoe@Mail.test").account_id == zoe.id
    assert db.read(user_rows.find_by_login, "nobody") is None


@pytest.mark.parametrize(
    ("made", "field"),
    [
        (new(""), "username"),
        (new("a b"), "username"),
        (new("é"), "username"),
        (new("a" * 31), "username"),
        (new("a\n"), "username"),
        (new("Admin"), "username"),
        (new("inbox"), "username"),
        (new(email="nowhere"), "email"),
        (new(email="a@b@c"), "email"),
        (new(role="king"), "role"),
    ],
)
def test_what_cannot_be_an_account_is_refused_by_name(run: Run, made: NewAccount, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        run(accounts.create, made)
    assert caught.value.field == field


def test_names_and_addresses_are_given_out_once_in_any_case(run: Run, alice: Account) -> None:
    with pytest.raises(Conflict, match="is taken"):
        run(accounts.create, new("ALICE"))
    with pytest.raises(Conflict, match="e-mail"):
        run(accounts.create, new("zoe", "ALICE@mail.test"))
    run(accounts.delete_local, alice)
    with pytest.raises(Conflict, match="never given out twice"):
        run(accounts.create, new("Alice"))


def test_a_refused_account_leaves_nothing(db: Database, run: Run, dump: Any, alice: Account) -> None:
    before = dump()
    with pytest.raises(Conflict):
        run(accounts.create, new("zoe", "alice@mail.test"))
    assert dump() == before


def test_the_instance_actor_signs_and_is_nobody(db: Database, run: Run, alice: Account) -> None:
    actor = run(accounts.create_instance_actor, cast.rsa_pem("x"), cast.ed25519_pem("x"))
    assert (actor.uri, actor.kind, actor.username) == ("https://fedi.test/actor", "Application", "fedi.test")
    assert db.read(key_rows.get_rsa, actor.id).uri == "https://fedi.test/actor#main-key"
    assert [a.username for a in db.read(rows.list_local)] == ["alice"]
    assert db.read(rows.list_matching, "fedi", 10) == []


# -- profiles --


def test_a_profile_is_tidied_and_made_safe(db: Database, run: Run, alice: Account) -> None:
    fields = (("Site", "https://alice.test/"), ("<b>", "<script>x</script>"), ("", "no name"), ("no value", " "))
    changed = run(
        accounts.update_profile, alice, Profile(" Al\u202eice ", "I <b>am</b> https://a.test", fields, locked=True, discoverable=True)
    )
    assert changed.display_name == "Alice"
    assert "<b>" not in changed.bio_html and "&lt;b&gt;" in changed.bio_html and 'href="https://a.test' in changed.bio_html
    assert (changed.locked, changed.discoverable, changed.indexable) == (1, 1, 0)
    site, other = changed.field_rows()
    assert 'rel="me' in site[1] and ">alice.test</a>" in site[1] and site[2] == "https://alice.test/"
    assert other[1] == "&lt;script&gt;x&lt;/script&gt;"
    assert changed.version > alice.version


@pytest.mark.parametrize(
    "profile",
    [
        Profile("x" * 61),
        Profile("", "x" * 501),
        Profile(fields=tuple((str(n), "v") for n in range(9))),
        Profile(avatar_id=1),
        Profile(header_id=1),
    ],
)
def test_what_cannot_be_a_profile_is_refused(db: Database, run: Run, alice: Account, profile: Profile) -> None:
    with pytest.raises(Invalid):
        run(accounts.update_profile, alice, profile)
    assert db.read(make.again, alice) == alice


def test_somebody_elses_picture_is_not_ones_own(run: Run, alice: Account, bob: Account) -> None:
    theirs = run(media_rows.insert, kind="avatar", account_id=bob.id, sha256="ab")
    header = run(media_rows.insert, kind="header", account_id=alice.id, sha256="ab")
    for profile in (Profile(avatar_id=theirs.id), Profile(avatar_id=header.id)):
        with pytest.raises(Invalid):
            run(accounts.update_profile, alice, profile)
    assert run(accounts.update_profile, alice, Profile(header_id=header.id)).header_id == header.id


# -- ending --


def test_the_end_of_an_account_leaves_a_name_and_nothing_else(
    db: Database, run: Run, dump: Callable[[], str], alice: Account, bob: Account, carol: Account
) -> None:
    run(make.follow, carol, alice)
    run(make.follow, alice, bob)
    profile = run(accounts.update_profile, alice, Profile("xyzzy-name", "xyzzy-bio", (("xyzzy-field", "xyzzy"),)))
    picture = run(media_rows.insert, kind="avatar", account_id=alice.id, sha256="ab", alt="xyzzy-alt")
    post = run(make.post, profile, "xyzzy-post", "public", (bob, carol))
    run(make.post, alice, "xyzzy-letter", "direct", (carol,))
    theirs = run(make.post, bob)
    run(interactions.favourite, alice, theirs.id)
    run(interactions.boost, alice, theirs.id)
    run(make.post, alice, "xyzzy-answer", reply_to=theirs)
    run(make.post, alice, "xyzzy-answer here", reply_to=theirs, local_only=True)
    run(make.post, carol, "yes, on its own", reply_to=theirs)
    run(logins.start_session, alice.id, "xyzzy-agent")
    run(make.token, alice)
    run(accounts.delete_local, alice)
    assert "xyzzy" not in dump()
    assert "alice@mail.test" not in dump()
    gone = db.read(make.again, alice)
    assert gone.deleted_at is not None and gone.is_hidden
    assert (gone.posts_count, gone.followers_count, gone.following_count, gone.last_post_at) == (0, 0, 0, None)
    now = db.read(make.fresh, theirs)
    assert (now.favourites_count, now.boosts_count, now.replies_count) == (0, 0, 1)
    assert db.read(make.again, bob).followers_count == 0
    assert db.read(media_rows.find, picture.id) is None
    stone = db.read(tombstone_rows.find, post.uri)
    assert stone is not None and stone.former_type == "Note"
    assert db.read(tombstone_rows.find, alice.uri)
    assert db.read(lambda tx: tx.query("PRAGMA foreign_key_check")) == []
    with pytest.raises(NotFound):
        db.read(rows.get_local, "alice")
    with pytest.raises(Gone):
        run(accounts.delete_local, gone)


def test_only_the_delete_of_an_ended_account_is_still_sent(db: Database, run: Run, alice: Account, carol: Account) -> None:
    run(make.follow, carol, alice)
    run(make.post, alice)
    run(make.follow, alice, carol)
    run(accounts.delete_local, alice)
    assert [d.type for d in db.read(make.deliveries)] == ["Delete"]


def test_keys_outlive_an_account_until_its_delete_is_delivered(db: Database, run: Run, alice: Account, carol: Account) -> None:
    run(accounts.delete_local, alice)
    assert db.read(key_rows.list_of_deleted) == [alice.id]
    assert run(accounts.forget_keys, alice.id) is False
    assert db.read(key_rows.get_rsa, alice.id)
    run(lambda tx: tx.execute("UPDATE deliveries SET state = 'delivered'"))
    assert run(accounts.forget_keys, alice.id) is True
    assert db.read(key_rows.list_of, alice.id) == []


def test_the_last_owner_stays(db: Database, run: Run) -> None:
    owner = run(make.account, "captain", "owner")
    with pytest.raises(Conflict):
        run(accounts.delete_local, owner)
    run(make.account, "mate", "owner")
    run(accounts.delete_local, owner)
    assert db.read(user_rows.count_owners) == 1


def test_an_account_elsewhere_ends_with_all_it_did(db: Database, run: Run, dump: Any, alice: Account, bob: Account, carol: Account) -> None:
    run(make.follow, alice, carol)
    run(make.follow, carol, alice)
    post = run(make.post, carol, "xyzzy", "public", (alice,))
    run(make.boost, bob, post)
    mine = run(make.post, alice)
    run(interactions.receive_favourite, carol, mine, "https://peer.test/l")
    run(make.boost, carol, mine)
    run(blocks.mute, bob, carol.id)
    run(accounts.delete_remote, carol)
    assert "xyzzy" not in dump()
    assert db.read(rows.find, carol.id) is None
    assert db.read(tombstone_rows.is_taken_back, carol.uri, carol.uri)
    now = db.read(make.fresh, mine)
    assert (now.favourites_count, now.boosts_count) == (0, 0)
    assert (db.read(make.again, alice).followers_count, db.read(make.again, alice).following_count) == (0, 0)
    assert db.read(make.again, bob).posts_count == 0, "the boost went with what it boosted"


# -- from the wire --


def receive(run: Run, actor: parse.Actor, host: str = "peer.test", bio: str = "") -> Account:
    made: Account = run(accounts.receive, actor, host, Html(bio))
    return made


def test_what_an_actor_says_is_written_once_and_then_changed(db: Database, run: Run) -> None:
    actor = make.actor(
        "carol", name="Carol", fields=(("Site", "<a href='javascript:x'>x</a>"),), locked=True, also_known_as=("https://old.test/c",)
    )
    first = receive(run, actor, bio="<p>hi</p>")
    assert (first.handle, first.display_name, first.locked, first.bio_html) == ("carol@peer.test", "Carol", 1, "<p>hi</p>")
    assert "javascript" not in first.fields
    assert first.aliases() == ["https://old.test/c"]
    again = receive(run, actor._replace(name="New\nname", username="renamed"))
    assert again.id == first.id and (again.display_name, again.username) == ("New name", "renamed")
    assert again.created_at == first.created_at and again.version > first.version


def test_counters_and_suspension_survive_a_new_reading(db: Database, run: Run, alice: Account, carol: Account) -> None:
    run(make.follow, alice, carol)
    run(moderation.suspend, carol)
    again = receive(run, make.actor("carol"))
    assert again.followers_count == 1 and again.suspended_at is not None


def test_keys_that_a_document_lists_no_more_are_forgotten(db: Database, run: Run, carol: Account) -> None:
    old = db.read(make.key, carol)
    key = parse.ActorKey(f"{carol.uri}#new", carol.uri, old.public_pem)
    receive(run, make.actor("carol", keys=(key,)))
    assert [k.uri for k in db.read(key_rows.list_of, carol.id)] == [f"{carol.uri}#new"]


def test_pictures_become_rows_that_stay_while_their_address_does(db: Database, run: Run) -> None:
    actor = make.actor("carol", icon_url="https://peer.test/a.png", icon_alt="me")
    first = receive(run, actor)
    assert first.avatar_id and db.read(media_rows.find, first.avatar_id).alt == "me"
    assert receive(run, actor).avatar_id == first.avatar_id
    other = receive(run, actor._replace(icon_url="https://peer.test/b.png"))
    assert other.avatar_id != first.avatar_id
    assert db.read(media_rows.find, first.avatar_id) is None
    assert receive(run, actor._replace(icon_url="")).avatar_id is None


def test_a_new_account_of_a_blocked_or_limited_server_is_marked(run: Run) -> None:
    run(moderation.block_domain, "evil.test")
    run(moderation.block_domain, "loud.test", severity="limit")
    assert receive(run, make.actor("m", "sub.evil.test"), "sub.evil.test").host_blocked == 1
    assert receive(run, make.actor("n", "loud.test"), "loud.test").host_limited == 1
    split = receive(run, make.actor("o", "evil.test"), "loud.test")
    assert split.host_blocked == 1, "where the id lives counts as much as what the handle ends in"
    assert json.loads(split.emojis) == []


def test_two_accounts_of_one_handle_the_one_read_last_is_meant(db: Database, run: Run, frozen: Any) -> None:
    receive(run, make.actor("carol"))
    frozen.tick(10)
    new = receive(run, make.actor("carol", id="https://peer.test/u/2"))
    assert db.read(rows.find_by_handle, "CAROL", "peer.test").id == new.id


def test_a_forgotten_inbox_is_used_no_more(db: Database, run: Run, alice: Account, carol: Account) -> None:
    run(make.follow, carol, alice)
    run(rows.forget_inbox, "https://peer.test/inbox")
    now = db.read(make.again, carol)
    assert (now.shared_inbox_uri, now.fetched_at) == ("", 0)
    run(rows.forget_inbox, carol.inbox_uri)
    run(make.post, alice)
    assert db.read(make.inboxes, "Create") == set()
    assert db.read(delivery_rows.has_queued, alice.id)


# -- finding --


def test_people_are_found_by_the_beginning_of_their_names(db: Database, run: Run, alice: Account, carol: Account, mallory: Account) -> None:
    run(rows.update, carol.id, display_name="Al from peer")
    run(rows.update, mallory.id, display_name="Al", suspended_at=1)
    run(make.account, "a_b")
    assert [a.username for a in db.read(rows.list_matching, "AL", 10)] == ["alice", "carol"]
    assert [a.username for a in db.read(rows.list_matching, "a_", 10)] == ["a_b"], "_ is itself"
    assert db.read(rows.list_matching, "%", 10) == []
    assert [a.username for a in db.read(rows.list_matching, "al", 1)] == ["alice"]


def test_those_to_be_read_anew_are_those_somebody_here_has_to_do_with(
    db: Database, run: Run, alice: Account, carol: Account, dan: Account, mallory: Account
) -> None:
    run(make.follow, alice, carol)
    run(make.follow, dan, alice)
    later = db.read(lambda tx: tx.now) + 10_000
    assert {a.username for a in db.read(rows.list_stale, later, 10)} == {"carol", "dan"}
    assert db.read(rows.list_stale, 0, 10) == []
    run(moderation.suspend, dan)
    assert {a.username for a in db.read(rows.list_stale, later, 10)} == {"carol"}


def test_people_of_this_server_are_counted(db: Database, run: Run, frozen: Any, alice: Account, bob: Account, carol: Account) -> None:
    assert db.read(rows.count_local) == 2
    since = db.read(lambda tx: tx.now)
    assert db.read(rows.count_local, since) == 0
    run(make.post, alice)
    run(logins.start_session, bob.id, "x")
    assert db.read(rows.count_local, since) == 2
    run(make.post, alice, "re", reply_to=run(make.post, carol))
    assert db.read(census_rows.count_local_posts) == (1, 1)
