"""A post that stays here: nothing of it, neither text nor id, is in anything that is sent, whatever is done to it.

Who reads it over HTTP is tests/web/test_visibility_surfaces.py's.
"""

from collections.abc import Callable
from typing import Any

from fedi import accounts, blocks, interactions, moves, posts, reports
from fedi.errors import FediError
from fedi.storage.accounts import Account
from fedi.storage.db import Database, Tx
from tests import cast, make

Run = Callable[..., Any]


def sent(tx: Tx) -> str:
    return "\n".join(f"{activity.object_uri} {activity.body.decode()}" for activity in make.activities(tx))


def test_nothing_that_is_done_to_a_local_only_post_is_sent(
    db: Database, run: Run, alice: Account, bob: Account, carol: Account, dan: Account
) -> None:
    run(accounts.create_instance_actor, cast.rsa_pem("extra"), cast.ed25519_pem("extra"))
    for who in (carol, bob):
        run(make.follow, who, alice)
    run(make.follow, carol, bob)
    theirs = run(make.post, carol, "hello from elsewhere")
    post = run(make.post, alice, "xyzzy #topic @carol@peer.test", mentions=(dan,), reply_to=theirs, local_only=True)
    unlisted = run(make.post, alice, "xyzzy too", "unlisted", local_only=True)

    acts: list[tuple[Any, ...]] = [
        (posts.edit, alice, post.id, posts.Draft("xyzzy again @carol@peer.test"), {}),
        (interactions.pin, alice, unlisted.id),
        (interactions.favourite, bob, post.id),
        (interactions.boost, bob, post.id),
        (interactions.boost, alice, post.id),
        (interactions.bookmark, bob, post.id),
        (reports.make, bob, reports.Complaint(alice.id, "look", post_ids=(post.id,), forward=True)),
        (accounts.update_profile, alice, accounts.Profile(display_name="Alice")),
        (interactions.unfavourite, bob, post.id),
        (interactions.unpin, alice, unlisted.id),
        (moves.add_alias, alice, bob),
        (blocks.block, alice, dan.id),
    ]
    for act, *arguments in acts:
        try:
            run(act, *arguments)
        except FediError:
            continue
    answer = run(make.post, bob, "an answer for everybody", reply_to=post)
    run(posts.edit, bob, answer.id, posts.Draft("a changed answer for everybody"), {})
    before = db.read(sent)
    run(posts.remove, alice, post.id)
    run(accounts.delete_local, db.read(make.again, alice))

    for text in (before, db.read(sent)):
        assert text and "xyzzy" not in text
        assert str(post.id) not in text and str(unlisted.id) not in text
    assert "an answer for everybody" in before


def test_an_answer_to_it_leaves_without_saying_what_it_answers(
    db: Database, run: Run, alice: Account, bob: Account, carol: Account
) -> None:
    run(make.follow, carol, bob)
    kept, open_ = run(make.post, alice, "here", local_only=True), run(make.post, alice, "everywhere")
    for parent, expected in ((kept, b'"inReplyTo":null'), (open_, open_.uri.encode())):
        run(make.post, bob, "answer", reply_to=parent)
        assert expected in db.read(make.activities, "Create")[-1].body
