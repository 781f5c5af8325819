"""S10: quotes and the consent to them, with a Mastodon, a Misskey and a forger over HTTPS, and between two of ours over sockets."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fedi import decisions, moderation, posts
from fedi.errors import Forbidden
from fedi.storage import approvals as approval_rows
from fedi.storage import posts as post_rows
from fedi.storage import quotes as quote_rows
from fedi.storage.accounts import Account
from fedi.storage.posts import Post
from fedi.storage.quotes import Quote
from tests import make, remote
from tests.federation.test_two_instances import Pair, side
from tests.remote import PUBLIC, Actor, World

ANYBODY = {"interactionPolicy": {"canQuote": {"automaticApproval": PUBLIC}}}


@pytest.fixture
async def w(tmp_path: Path, quick_keys: None) -> AsyncIterator[World]:
    async with remote.world(tmp_path) as there:
        yield there


@pytest.fixture
async def pair(tmp_path: Path, quick_keys: None) -> AsyncIterator[Pair]:
    async with side(tmp_path, "alice") as a, side(tmp_path, "bob") as b:
        yield Pair(a, b)


def quote_of(w: World, post: Post | None) -> Quote:
    assert post is not None
    found = w.db.read(quote_rows.find, post.id)
    assert found is not None
    return found


def state(w: World, note: dict[str, Any]) -> str:
    return quote_of(w, w.find(note["id"])).state


async def stamp(w: World, uri: str) -> tuple[int, dict[str, Any]]:
    """What anybody gets at the address of a stamp of ours."""
    answer = await w.client.get(uri.removeprefix(w.base), headers={"Accept": remote.AP, "Host": w.instance.uris.host})
    return answer.status, await answer.json(content_type=None) if answer.status == 200 else {}


def quote_request(who: Actor, note: dict[str, Any], post: Post) -> dict[str, Any]:
    return who.activity("QuoteRequest", post.uri, instrument=note, to=[post.uri])


def quoting(who: Actor, uri: str, **more: Any) -> dict[str, Any]:
    """As Mastodon writes it."""
    return who.note("look", quote=uri, quoteUri=uri, _misskey_quote=uri, **more)


# -- others quote us: Mastodon --


async def test_S10_a_mastodon_asks_to_quote_and_gets_a_stamp_that_everybody_can_read(w: World) -> None:
    carol = w.peer().actor("carol")
    post = w.publish(w.alice, "quote me")
    note = quoting(carol, post.uri, cc=[w.alice.uri])

    await w.accepted(carol, quote_request(carol, note, post))
    accept = w.peer().received("Accept")[-1]
    status, found = await stamp(w, accept["result"])
    assert status == 200 and accept["object"]["type"] == "QuoteRequest" and accept["object"]["instrument"] == note["id"]
    assert found["type"] == "QuoteAuthorization" and found["attributedTo"] == w.alice.uri
    assert (found["interactingObject"], found["interactionTarget"]) == (note["id"], post.uri)

    await w.accepted(carol, carol.create(note | {"quoteAuthorization": accept["result"]}))
    assert state(w, note) == "accepted" and w.told(w.alice) == ["quote"]
    assert w.db.read(post_rows.get, post.id).quotes_count == 1


async def test_S10_a_quote_that_is_taken_back_is_told_and_its_stamp_is_gone(w: World) -> None:
    carol = w.peer().actor("carol")
    await w.befriend(carol, w.alice)
    post = w.publish(w.alice, "quote me")
    note = quoting(carol, post.uri, cc=[w.alice.uri])
    await w.accepted(carol, carol.create(note))
    await w.accepted(carol, quote_request(carol, note, post))
    uri = w.peer().received("Accept")[-1]["result"]
    w.forget()

    w.db.transact(decisions.revoke_quote, w.alice, post.id, quote_of(w, w.find(note["id"])).post_id)
    await w.settle()

    assert [found["object"] for found in w.peer().received("Delete")] == [uri]
    assert (await stamp(w, uri))[0] == 410 and state(w, note) == "revoked"
    assert w.db.read(post_rows.get, post.id).quotes_count == 0
    w.forget()
    await w.accepted(carol, quote_request(carol, note, post))
    assert [found["type"] for found in w.peer().received()] == ["Reject"]


async def test_S10_a_post_whose_author_wants_no_quotes_is_not_quoted(w: World) -> None:
    carol = w.peer().actor("carol")
    post = w.publish(w.alice, "not me", policy=(("quote", "nobody"),))
    note = quoting(carol, post.uri, cc=[w.alice.uri])
    await w.accepted(carol, quote_request(carol, note, post))
    assert [found["type"] for found in w.peer().received()] == ["Reject"]

    await w.accepted(carol, carol.create(note))
    assert state(w, note) == "rejected" and "quote" not in w.told(w.alice)


async def test_S10_an_author_who_wants_to_be_asked_is_asked(w: World) -> None:
    carol = w.peer().actor("carol")
    post = w.publish(w.alice, "ask me", policy=(("quote", "ask"),))
    note = quoting(carol, post.uri, cc=[w.alice.uri])
    await w.accepted(carol, quote_request(carol, note, post))
    await w.accepted(carol, carol.create(note))
    assert w.peer().received() == [] and w.told(w.alice) == ["approval"] and state(w, note) == "pending"

    waiting = w.db.read(approval_rows.find_about, post.id, note["id"], "quote")
    assert waiting is not None
    w.db.transact(decisions.authorize, w.alice, waiting.id)
    await w.settle()
    accept = w.peer().received("Accept")[-1]
    assert (await stamp(w, accept["result"]))[1]["interactingObject"] == note["id"] and state(w, note) == "accepted"
    assert "quote" in w.told(w.alice)


async def test_S10_a_misskey_quote_of_ours_follows_the_policy_though_nobody_asked(w: World) -> None:
    dan = w.peer().actor("dan")
    for policy, expected in ((), "accepted"), ((("quote", "nobody"),), "rejected"), ((("quote", "ask"),), "pending"):
        post = w.publish(w.alice, "hello", policy=policy)
        note = dan.note("RE", _misskey_quote=post.uri, quoteUrl=post.uri, cc=[w.alice.uri])
        await w.accepted(dan, dan.create(note))
        assert state(w, note) == expected, policy


async def test_AUZ_10_somebody_blocked_gets_no_stamp(w: World) -> None:
    carol = w.peer().actor("carol")
    post = w.publish(w.alice, "quote me")
    account = await w.know(carol)
    w.db.transact(make.block, w.alice, account)
    await w.settle()
    w.forget()
    await w.accepted(carol, quote_request(carol, quoting(carol, post.uri), post))
    assert w.peer().received() == [] and w.told(w.alice) == []


async def test_S10_nobody_asks_for_somebody_else(w: World) -> None:
    carol, mallory = w.peer().actor("carol"), w.peer("evil.test").actor("mallory")
    post = w.publish(w.alice, "quote me")
    theirs = quoting(carol, post.uri)
    for instrument in (theirs, theirs["id"], quoting(mallory, post.uri) | {"attributedTo": carol.uri}):
        await w.accepted(mallory, mallory.activity("QuoteRequest", post.uri, instrument=instrument))
    assert w.peer("evil.test").received() == []


# -- we quote others --


async def quoted(w: World, who: Actor, **more: Any) -> Post:
    """A post of somebody elsewhere, known here."""
    note = who.note("quote me", **more)
    return await w.remote.post(note["id"])


def quote(w: World, post: Post, by: Account | None = None) -> Post:
    return w.publish(by or w.alice, "look at this", quote_of_id=post.id)


async def test_S10_we_ask_and_show_the_quote_to_everybody_once_they_agree(w: World) -> None:
    carol, dan = w.peer().actor("carol"), w.peer("third.test").actor("dan")
    await w.befriend(dan, w.alice)
    target = await quoted(w, carol, **ANYBODY)
    post = quote(w, target)
    await w.settle()

    asked = w.peer().received("QuoteRequest")[0]
    assert asked["object"] == target.uri and asked["instrument"]["id"] == post.uri and quote_of(w, post).state == "pending"
    sent = w.peer("third.test").received("Create")[0]["object"]
    assert {sent[name] for name in ("quote", "quoteUri", "quoteUrl", "_misskey_quote")} == {target.uri}
    assert [tag["href"] for tag in sent["tag"] if tag["type"] == "Link"] == [target.uri] and carol.uri in sent["cc"]
    assert '<p class="quote-inline">RE: ' in sent["content"] and "quoteAuthorization" not in sent

    mine = f"{carol.uri}/stamps/1"
    await w.accepted(carol, carol.activity("Accept", {**asked, "instrument": post.uri}, result=mine))
    assert quote_of(w, post).state == "accepted"
    update = w.peer("third.test").received("Update")[0]["object"]
    assert update["quoteAuthorization"] == mine and "updated" not in update

    await w.accepted(carol, carol.activity("Delete", mine))
    assert quote_of(w, post).state == "revoked"
    assert mine in [found["object"] for seen in w.peer("third.test").posts if (found := seen.json)["type"] == "Delete"]
    assert "quote" not in w.peer("third.test").received("Update")[-1]["object"]


async def test_S10_a_no_ends_the_quote(w: World) -> None:
    carol = w.peer().actor("carol")
    post = quote(w, await quoted(w, carol, **ANYBODY))
    await w.settle()
    asked = w.peer().received("QuoteRequest")[0]

    await w.accepted(carol, carol.activity("Reject", asked["id"]))
    assert quote_of(w, post).state == "rejected"
    assert "quote" not in w.peer().received("Update")[-1]["object"]


async def test_S10_only_the_quoted_author_answers_and_with_a_stamp_of_their_own_server(w: World) -> None:
    carol, mallory = w.peer().actor("carol"), w.peer("evil.test").actor("mallory")
    post = quote(w, await quoted(w, carol, **ANYBODY))
    await w.settle()
    asked = w.peer().received("QuoteRequest")[0]

    await w.accepted(mallory, mallory.activity("Accept", asked, result=f"{mallory.uri}/stamps/1"))
    await w.accepted(mallory, mallory.activity("Reject", asked))
    await w.accepted(carol, carol.activity("Accept", asked, result=f"{mallory.uri}/stamps/1"))
    assert quote_of(w, post).state == "pending"


async def test_S10_what_they_do_not_want_quoted_is_not(w: World) -> None:
    carol = w.peer().actor("carol")
    for policy in ({"automaticApproval": carol.uri}, {"automaticApproval": [carol.followers]}, {}):
        target = await quoted(w, carol, interactionPolicy={"canQuote": policy})
        with pytest.raises(Forbidden):
            quote(w, target)
    secret = await quoted(w, carol, to=[w.alice.uri])
    with pytest.raises(Forbidden):
        quote(w, secret)


# -- third parties --


async def third(w: World, **more: Any) -> tuple[Actor, Actor, dict[str, Any], dict[str, Any]]:
    """Carol is followed here and quotes dan, of another server; dan's stamp for it."""
    carol, dan = w.peer().actor("carol"), w.peer("third.test").actor("dan")
    await w.befriend(w.alice, carol)
    target = dan.note("quote me", **ANYBODY)
    note = quoting(carol, target["id"])
    made = {
        "@context": remote.AS2, "id": f"{dan.uri}/stamps/1", "type": "QuoteAuthorization", "attributedTo": dan.uri,
        "interactingObject": note["id"], "interactionTarget": target["id"], **more,
    }  # fmt: skip
    w.peer("third.test").documents["/users/dan/stamps/1"] = made
    return carol, dan, note, made


async def test_S10_a_quote_between_others_is_shown_when_the_stamp_is_good(w: World) -> None:
    carol, dan, note, made = await third(w)
    note["quoteAuthorization"] = made["id"]
    await w.accepted(carol, carol.create(note))
    assert state(w, note) == "accepted" and w.find(note["quote"]) is not None

    await w.accepted(dan, dan.activity("Delete", made["id"]))
    assert state(w, note) == "revoked"


async def test_S10_a_stamp_may_come_later_with_an_update(w: World) -> None:
    carol, _, note, made = await third(w)
    await w.accepted(carol, carol.create(note))
    assert state(w, note) == "unauthorized"

    await w.accepted(carol, carol.activity("Update", note | {"quoteAuthorization": made["id"]}, to=note["to"]))
    assert state(w, note) == "accepted"


@pytest.mark.parametrize(
    "forged",
    [
        {"type": "Note"},
        {"attributedTo": "https://evil.test/users/mallory"},
        {"interactingObject": "https://peer.test/users/carol/notes/other"},
        {"interactionTarget": "https://third.test/users/dan/notes/other"},
        {"interactingObject": None},
        {"type": "LikeAuthorization"},
    ],
)
async def test_ORG_22_a_stamp_that_says_something_else_shows_nothing(w: World, forged: dict[str, Any]) -> None:
    carol, _, note, made = await third(w, **forged)
    await w.accepted(carol, carol.create(note | {"quoteAuthorization": made["id"]}))
    assert state(w, note) == "unauthorized"


async def test_ORG_22_a_stamp_of_another_server_is_not_even_fetched(w: World) -> None:
    carol, _, note, made = await third(w)
    for host in ("peer.test", "evil.test"):
        w.peer(host).documents["/stamps/1"] = made | {"id": f"https://{host}/stamps/1"}
        mine = note | {"id": f"{note['id']}-{host[0]}", "quoteAuthorization": f"https://{host}/stamps/1"}
        await w.accepted(carol, carol.create(mine))
        assert state(w, mine) == "unauthorized" and "GET" not in {line.split()[0] for line in w.asked if "/stamps" in line}


async def test_ORG_22_a_stamp_that_is_not_there_shows_nothing(w: World) -> None:
    carol, dan, note, _ = await third(w)
    await w.accepted(carol, carol.create(note | {"quoteAuthorization": f"{dan.uri}/stamps/2"}))
    assert state(w, note) == "unauthorized"


async def test_ORG_22_only_the_quoted_author_takes_a_stamp_back(w: World) -> None:
    carol, _, note, made = await third(w)
    await w.accepted(carol, carol.create(note | {"quoteAuthorization": made["id"]}))
    erin = w.peer("third.test").actor("erin")
    await w.accepted(erin, erin.activity("Delete", made["id"]))
    assert state(w, note) == "accepted"


async def test_S10_a_legacy_quote_of_somebody_else_is_a_link_and_one_of_oneself_is_shown(w: World) -> None:
    carol, _, note, _ = await third(w)
    legacy = carol.note("look", _misskey_quote=note["quote"], quoteUrl=note["quote"])
    await w.accepted(carol, carol.create(legacy))
    own = carol.note("again", _misskey_quote=legacy["id"])
    await w.accepted(carol, carol.create(own))
    assert (state(w, legacy), state(w, own)) == ("unauthorized", "accepted")


async def test_S10_a_quoted_post_that_is_deleted_is_gone_from_its_quotes(w: World) -> None:
    carol, dan, note, made = await third(w)
    await w.accepted(carol, carol.create(note | {"quoteAuthorization": made["id"]}))
    await w.accepted(dan, dan.activity("Delete", note["quote"]))
    assert state(w, note) == "deleted" and w.find(note["quote"]) is None


async def test_DOS_08_a_chain_of_a_thousand_quotes_costs_some_requests(w: World) -> None:
    carol = w.peer().actor("carol")
    await w.befriend(w.alice, carol)
    uri = f"{carol.uri}/chain/0"
    for n in range(30):
        before, uri = uri, f"{carol.uri}/chain/{n}"
        carol.note("again", id=uri, quote=before)
        w.peer().documents[uri.removeprefix(w.peer().base)] = carol.note("again", serve=False, quote=before) | {"id": uri}
    w.forget()
    await w.accepted(carol, carol.create(carol.note("the last", quote=uri)))
    assert 0 < len([line for line in w.asked if "/chain/" in line]) <= 5


async def test_AUZ_11_what_is_quoted_of_a_blocked_server_is_not_fetched(w: World) -> None:
    carol, _, note, made = await third(w)
    w.db.transact(moderation.block_domain, "third.test")
    w.forget()
    await w.accepted(carol, carol.create(note | {"quoteAuthorization": made["id"]}))
    assert state(w, note) == "unauthorized" and [line for line in w.asked if "third.test" in line] == []


async def test_AUZ_11_what_was_quoted_is_shown_no_more_once_its_server_is_blocked(w: World) -> None:
    carol, _, note, made = await third(w)
    await w.accepted(carol, carol.create(note | {"quoteAuthorization": made["id"]}))
    post = w.find(note["id"])
    assert post is not None and state(w, note) == "accepted"
    assert w.db.read(quote_rows.list_seen, w.alice.id, [post.id])[post.id].quoted_id is not None
    w.db.transact(moderation.block_domain, "third.test")
    w.forget()
    w.db.transact(lambda tx: tx.execute("UPDATE quotes SET checked_at = checked_at - 8 * 86400000"))
    await w.instance.jobs.run_chore("recheck-quotes")
    await w.settle()
    quoted_id = quote_of(w, post).quoted_id
    assert w.db.read(post_rows.find_visible, w.alice.id, quoted_id or 0) is None
    assert [line for line in w.asked if "third.test" in line] == []


async def test_VIS_a_request_to_quote_what_stays_here_gets_no_answer_and_no_stamp(w: World) -> None:
    carol = w.peer().actor("carol")
    await w.befriend(carol, w.alice)
    kept = w.publish(w.alice, "xyzzy", local_only=True)
    note = quoting(carol, kept.uri, cc=[w.alice.uri])
    await w.accepted(carol, quote_request(carol, note, kept))
    await w.accepted(carol, carol.create(note))
    assert w.peer().received() == [] and state(w, note) != "accepted" and w.told(w.alice).count("quote") == 0
    assert w.db.read(approval_rows.find_about, kept.id, note["id"], "quote") is None


async def test_S10_a_stamp_is_asked_for_again_after_a_week(w: World) -> None:
    carol, _, note, made = await third(w)
    await w.accepted(carol, carol.create(note | {"quoteAuthorization": made["id"]}))
    await w.instance.jobs.run_chore("recheck-quotes")
    w.forget()
    await w.settle()
    assert w.asked == [] and state(w, note) == "accepted"

    w.db.transact(lambda tx: tx.execute("UPDATE quotes SET checked_at = checked_at - 8 * 86400000"))
    await w.instance.jobs.run_chore("recheck-quotes")
    await w.settle()
    assert len(w.asked) == 1 and state(w, note) == "accepted"
    del w.peer("third.test").documents["/users/dan/stamps/1"]
    w.db.transact(lambda tx: tx.execute("UPDATE quotes SET checked_at = checked_at - 8 * 86400000"))
    await w.instance.jobs.run_chore("recheck-quotes")
    await w.settle()
    assert state(w, note) == "revoked"


async def test_S10_what_a_post_quotes_may_change_with_an_edit_and_be_said_to_be_gone(w: World) -> None:
    carol, _, note, made = await third(w)
    await w.accepted(carol, carol.create(note | {"quoteAuthorization": made["id"]}))
    own = carol.note("mine")
    for changed, expected in (({"quote": own["id"]}, "accepted"), ({"quote": {"type": "Tombstone", "id": own["id"]}}, "deleted")):
        await w.accepted(carol, carol.activity("Update", note | {"_misskey_quote": None, "quoteUri": None} | changed, to=note["to"]))
        assert state(w, note) == expected
    plain = {name: value for name, value in note.items() if name not in ("quote", "quoteUri", "_misskey_quote")}
    await w.accepted(carol, carol.activity("Update", plain, to=note["to"]))
    found = w.find(note["id"])
    assert found is not None and w.db.read(quote_rows.find, found.id) is None


# -- between two of ours --


async def test_S10_two_of_ours_ask_agree_show_and_take_back(pair: Pair) -> None:
    await pair.befriend(pair.a)
    target = await pair.b.say("quote me")
    await pair.settle()
    post = pair.a.do(posts.publish, posts.Draft("look", quote_of_id=pair.a.get(target.uri).id), {})
    await pair.settle()

    there, here = pair.b.get(post.uri), pair.a.db.read(quote_rows.find, post.id)
    assert here is not None and here.state == "accepted" and here.authorization_uri.startswith(pair.b.person.uri)
    arrived = pair.b.db.read(quote_rows.find, there.id)
    assert arrived is not None and arrived.state == "accepted" and "quote" in pair.b.told()
    assert pair.b.get(target.uri).quotes_count == 1

    pair.b.do(decisions.revoke_quote, target.id, there.id)
    await pair.settle()
    for one, at in ((pair.a, post.id), (pair.b, there.id)):
        found = one.db.read(quote_rows.find, at)
        assert found is None or found.state == "revoked"
    assert "mention" not in pair.b.told()  # the quote is reworded, and its author names nobody
