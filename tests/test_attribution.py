"""Who may be named as the author of a page: only who agrees (ORG-23)."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from fedi import accounts, attribution
from fedi.activitypub import parse, render
from fedi.errors import Invalid
from fedi.storage import accounts as account_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database
from tests import make

Run = Callable[..., Any]


@pytest.fixture
def writer(run: Run, carol: Account) -> Account:
    """carol, on whose profile two sites stand."""
    return run(account_rows.update, carol.id, attribution_domains=json.dumps(["blog.test", "xn--mnchen-3ya.test"]))


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://blog.test/1", True), ("https://www.blog.test/1?a=b#c", True), ("http://blog.test:8080/", True),
        ("https://BLOG.test/", True), ("https://münchen.test/1", True), ("https://evilblog.test/", False),
        ("https://blog.test.evil.test/", False), ("https://test/", False),
        ("https://peer.test/", False), ("blog.test", False), ("javascript:alert(1)//blog.test", False), ("", False),
    ],
)  # fmt: skip
def test_a_page_names_an_author_whose_profile_names_its_site_ORG_23(writer: Account, url: str, allowed: bool) -> None:
    assert attribution.is_allowed(writer, url) is allowed


def test_who_names_no_site_is_named_by_none_ORG_23(carol: Account) -> None:
    assert not attribution.is_allowed(carol, "https://blog.test/1")


def test_both_sides_are_looked_at_ORG_23(db: Database, run: Run, writer: Account, mallory: Account) -> None:
    find = lambda creator, url="https://blog.test/1": db.read(attribution.find_author, url, creator)  # noqa: E731
    assert find("@carol@peer.test").id == writer.id == find(" carol@peer.test ").id
    assert find("@mallory@evil.test") is None, "she does not agree"
    assert find("@carol@peer.test", "https://evil.test/1") is None, "not on that page"
    assert find("@nobody@peer.test") is find("") is find("<script>") is find("@" * 5000) is None
    run(account_rows.update, writer.id, suspended_at=1)
    assert find("@carol@peer.test") is None


def test_somebody_here_is_found_by_their_whole_handle(db: Database, run: Run, alice: Account) -> None:
    run(accounts.update_profile, alice, accounts.Profile(attribution_domains=("https://alice.test/about", " Blog.Alice.test ")))
    assert attribution.domains(run(make.again, alice)) == ["alice.test", "blog.alice.test"]
    found = db.read(attribution.find_author, "https://alice.test/1", "@alice@fedi.test")
    assert found is not None and found.id == alice.id


@pytest.mark.parametrize("text", ["a b", "https://", "example.org/path", "@alice", "x" * 300])
def test_what_is_no_site_is_refused_with_its_name(run: Run, alice: Account, text: str) -> None:
    with pytest.raises(Invalid, match="is no site"):
        run(accounts.update_profile, alice, accounts.Profile(attribution_domains=(text,)))


def test_there_is_an_end_to_sites(run: Run, alice: Account) -> None:
    with pytest.raises(Invalid, match="100"):
        run(accounts.update_profile, alice, accounts.Profile(attribution_domains=tuple(f"s{n}.test" for n in range(101))))


def test_a_profile_that_says_nothing_of_sites_leaves_them(run: Run, alice: Account) -> None:
    run(accounts.update_profile, alice, accounts.Profile(attribution_domains=("alice.test",), hide_network=True))
    changed = run(accounts.update_profile, alice, accounts.Profile("Alice"))
    assert attribution.domains(changed) == ["alice.test"]


def test_the_actor_says_them_and_others_are_read(db: Database, run: Run, alice: Account) -> None:
    changed = run(accounts.update_profile, alice, accounts.Profile(attribution_domains=("alice.test",)))
    document = db.read(render.actor, changed)
    assert document["attributionDomains"] == ["alice.test"]
    assert parse.actor(document).attribution_domains == ("alice.test",)
    assert "attributionDomains" not in db.read(render.actor, run(accounts.update_profile, alice, accounts.Profile(attribution_domains=())))


@pytest.mark.parametrize(
    "given", [None, 5, "blog.test", ["Blog.Test", 7, None, "", {}, "no site", "blog.test"], ["x" * 9999, "blog.test"]], ids=str
)
def test_whatever_a_stranger_lists_only_sites_are_kept(run: Run, given: Any) -> None:
    document = {
        "id": "https://peer.test/users/x",
        "type": "Person",
        "inbox": "https://peer.test/users/x/inbox",
        "attributionDomains": given,
    }
    actor = parse.actor(document)
    kept = json.loads(attribution.column(actor.attribution_domains))
    assert kept == (["blog.test"] if given not in (None, 5) else [])
    made = run(
        lambda tx: accounts.receive(tx, make.actor("x", attribution_domains=actor.attribution_domains), "peer.test", make.html.Html(""))
    )
    assert attribution.domains(made) == kept
