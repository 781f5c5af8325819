from collections.abc import Callable
from typing import Any

import pytest

from fedi import accounts, limits, logins, moderation
from fedi.activitypub import parse
from fedi.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from fedi.html import Html
from fedi.storage import accounts as account_rows
from fedi.storage import domains as domain_rows
from fedi.storage import follows as follow_rows
from fedi.storage import jobs as job_rows
from fedi.storage import media as media_rows
from fedi.storage import notifications as notification_rows
from fedi.storage import posts as post_rows
from fedi.storage import reports as report_rows
from fedi.storage import settings as setting_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database
from tests import make

Run = Callable[..., Any]
_EMPTY_FILE: dict[str, Any] = {"kind": "image", "url": "https://peer.test/b.png", "width": 0, "height": 0, "duration_ms": 0}


def flags(db: Database, who: Account) -> tuple[int, int]:
    now = db.read(make.again, who)
    return now.host_blocked, now.host_limited


def test_blocking_a_server_ends_follows_empties_homes_and_drops_what_waits(
    db: Database, run: Run, alice: Account, bob: Account, carol: Account, mallory: Account
) -> None:
    run(make.follow, alice, mallory)
    run(make.follow, mallory, alice)
    run(make.follow, bob, carol)
    theirs = run(make.post, mallory)
    boost = run(make.boost, carol, run(make.post, mallory))
    run(make.post, alice)
    assert "https://evil.test/inbox" in db.read(make.inboxes)
    run(moderation.block_domain, "Evil.Test", reason="spam\nand more", by_id=alice.id)
    assert db.read(follow_rows.list_all_of, mallory.id) == []
    assert (db.read(make.again, alice).followers_count, db.read(make.again, alice).following_count) == (0, 0)
    assert db.read(lambda tx: tx.query("SELECT 1 FROM home WHERE post_id IN (?, ?)", (theirs.id, boost.id))) == []
    waiting = [delivery.type for delivery in db.read(make.deliveries) if "evil" in delivery.inbox_uri]
    assert sorted(waiting) == ["Reject", "Undo"], "the last thing it hears is that follows are over"
    policy = db.read(domain_rows.find, "evil.test")
    assert policy is not None and (policy.severity, policy.reason) == ("block", "spam and more")
    assert db.read(setting_rows.list_audit)[0][:3] == (alice.id, "domain.block", "evil.test")
    run(moderation.block_domain, "evil.test")


def test_a_policy_holds_for_sub_domains_and_ports_and_for_no_neighbours(db: Database, run: Run) -> None:
    hosts = [
        "evil.test",
        "a.evil.test",
        "b.a.evil.test",
        "evil.test:8443",
        "a.evil.test:8443",
        "notevil.test",
        "evil.test.org",
        "exil.test",
    ]
    people = {host: run(make.remote, "m", host) for host in hosts}
    alice = run(make.account, "alice")
    for who in people.values():
        run(make.follow, who, alice)
    run(make.post, alice)
    run(moderation.block_domain, "evil.test")
    blocked = {host for host, who in people.items() if flags(db, who) == (1, 0)}
    assert blocked == set(hosts[:5]) == {host for host in hosts if db.read(domain_rows.is_blocked, host)}
    assert {d.host for d in db.read(make.deliveries) if d.type == "Create"} == set(hosts[5:]), "nothing waits for a blocked one"


def test_an_underscore_in_a_domain_is_itself(db: Database, run: Run) -> None:
    near = run(make.remote, "m", "axb.test:8443")
    run(moderation.block_domain, "a_b.test")
    assert flags(db, near) == (0, 0)


def test_the_nearest_policy_holds_and_lifting_one_shows_the_one_above(db: Database, run: Run) -> None:
    top, sub = run(make.remote, "m", "evil.test"), run(make.remote, "m", "a.evil.test")
    run(moderation.block_domain, "evil.test")
    run(moderation.block_domain, "a.evil.test", severity="limit")
    assert (flags(db, top), flags(db, sub)) == ((1, 0), (0, 1))
    run(moderation.block_domain, "evil.test")
    assert flags(db, sub) == (0, 1), "the same in whatever order they were made"
    run(moderation.unblock_domain, "a.evil.test")
    assert flags(db, sub) == (1, 0)
    run(moderation.unblock_domain, "evil.test")
    assert (flags(db, top), flags(db, sub)) == ((0, 0), (0, 0))
    with pytest.raises(NotFound):
        run(moderation.unblock_domain, "evil.test")


def test_a_block_holds_where_the_id_lives_too(db: Database, run: Run) -> None:
    """On a split domain the handle says nothing of the server."""
    split = run(accounts.receive, make.actor("m", "social.evil.test"), "nice.test", Html(""))
    other = run(accounts.receive, make.actor("n", "social.nice.test"), "nice.test", Html(""))
    run(moderation.block_domain, "evil.test")
    assert (flags(db, split), flags(db, other)) == ((1, 0), (0, 0))


def test_a_limit_ends_nothing(db: Database, run: Run, alice: Account, mallory: Account) -> None:
    run(make.follow, alice, mallory)
    post = run(make.post, mallory)
    run(moderation.block_domain, "evil.test", severity="limit")
    assert db.read(follow_rows.is_follower, alice.id, mallory.id)
    assert db.read(lambda tx: tx.query("SELECT 1 FROM home WHERE post_id = ?", (post.id,)))
    run(moderation.block_domain, "evil.test", severity="block")
    assert not db.read(follow_rows.is_follower, alice.id, mallory.id)


@pytest.mark.parametrize(
    ("host", "error"), [("fedi.test", Conflict), ("test", Conflict), ("", Invalid), ("no host", Invalid), ("https://x.test/", Invalid)]
)
def test_what_is_no_other_server_cannot_be_blocked(run: Run, host: str, error: Any) -> None:
    with pytest.raises(error):
        run(moderation.block_domain, host)


@pytest.mark.parametrize("given", [{"severity": "silence"}, {"severity": "none"}, {"rejects": ["posts"]}])
def test_what_is_no_policy_is_refused(run: Run, given: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        run(moderation.block_domain, "x.test", **given)


def test_rejected_files_go_and_come_no_more_and_the_rest_stays(
    db: Database, run: Run, alice: Account, carol: Account, dan: Account
) -> None:
    """Given a server whose files are not wanted: nothing else about it changes."""
    run(make.follow, alice, carol)
    files = {"icon_url": "https://sub.peer.test/a.png"}
    there = run(accounts.receive, make.actor("erin", "sub.peer.test", **files), "sub.peer.test", Html(""))
    picture = run(media_rows.insert, kind="image", account_id=carol.id, remote_url="https://peer.test/p", sha256="ab" * 32)
    run(moderation.block_domain, "peer.test", severity="none", rejects=["media"])

    assert db.read(media_rows.find, picture.id) is None and db.read(make.again, there).avatar_id is None
    assert "purge" in {job.name for job in db.read(job_rows.list_waiting)}
    attachment = parse.Attachment(**{name: _EMPTY_FILE.get(name, "") for name in parse.Attachment._fields})
    post = run(make.post, carol, attachments=(attachment,))
    assert db.read(post_rows.list_media, [post.id]) == {}
    again = run(accounts.receive, make.actor("erin", "sub.peer.test", **files), "sub.peer.test", Html(""))
    assert again.avatar_id is None
    assert flags(db, carol) == (0, 0) and db.read(follow_rows.is_follower, alice.id, carol.id)


def test_rejected_reports_leave_no_trace(db: Database, run: Run, alice: Account, carol: Account, mallory: Account) -> None:
    run(make.account, "captain", "owner")
    run(moderation.block_domain, "evil.test", severity="limit", rejects=["reports"])
    run(moderation.receive_report, mallory, alice, "x", [], "1")
    assert db.read(report_rows.list_open) == [] and flags(db, mallory) == (0, 1)
    run(moderation.receive_report, carol, alice, "x", [], "2")
    assert len(db.read(report_rows.list_open)) == 1


# -- people --


def test_a_suspended_person_is_signed_out_and_hidden_until_it_is_lifted(db: Database, run: Run, alice: Account) -> None:
    session, token = run(logins.start_session, alice.id, "x"), run(make.token, alice)
    run(moderation.suspend, alice)
    assert db.read(logins.find_session, session) is None and db.read(logins.find_token, token) is None
    assert db.read(make.again, alice).is_hidden
    run(moderation.unsuspend, alice)
    assert not db.read(make.again, alice).is_hidden
    assert [a[1] for a in db.read(setting_rows.list_audit)] == ["account.unsuspend", "account.suspend"]


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_those_in_charge_are_not_suspended(db: Database, run: Run, role: str) -> None:
    captain = run(make.account, "captain", role)
    with pytest.raises(Forbidden):
        run(moderation.suspend, captain)
    assert not db.read(make.again, captain).is_hidden


# -- reports --


def test_a_report_is_kept_and_staff_are_told(db: Database, run: Run, alice: Account, carol: Account) -> None:
    captain, mod = run(make.account, "captain", "owner"), run(make.account, "mod", "moderator")
    run(moderation.receive_report, carol, alice, "rude\x00", ["https://fedi.test/users/alice/posts/1"] * 200, "https://peer.test/flag/1")
    (report,) = db.read(report_rows.list_open)
    assert (report.target_id, report.host, report.comment) == (alice.id, "peer.test", "rude")
    assert report.post_uris.count("https://") == limits.REPORTED_OBJECTS
    assert [n.kind for who in (captain, mod) for n in db.read(notification_rows.list_of, who.id)] == ["report", "report"]
    assert db.read(notification_rows.list_of, alice.id) == []
    run(moderation.resolve_report, report.id, by_id=mod.id)
    assert db.read(report_rows.list_open) == []
    assert db.read(report_rows.list_open, resolved=True)[0].resolved_by_id == mod.id
    with pytest.raises(NotFound):
        run(moderation.resolve_report, report.id)


def test_one_server_reports_so_much_in_an_hour_and_no_more(
    db: Database, run: Run, frozen: Any, alice: Account, carol: Account, mallory: Account
) -> None:
    for n in range(limits.FLAGS_PER_HOST):
        run(moderation.receive_report, mallory, alice, "x", [], str(n))
    with pytest.raises(TooMany):
        run(moderation.receive_report, mallory, alice, "x", [], "one more")
    run(moderation.receive_report, carol, alice, "x", [], "another server")
    frozen.tick(3601)
    run(moderation.receive_report, mallory, alice, "x", [], "later")
    assert len(db.read(report_rows.list_open)) == limits.FLAGS_PER_HOST + 2


def test_marks_follow_policies_for_every_account(db: Database, run: Run) -> None:
    """`host_blocked` and `host_limited` say what `domains.find` says, whatever was done in whatever order."""
    hosts = ["a.test", "x.a.test", "y.x.a.test", "b.test", "x.b.test:81"]
    people = {host: run(make.remote, "m", host) for host in hosts}
    for host, severity in (("a.test", "limit"), ("x.a.test", "block"), ("b.test", "block"), ("y.x.a.test", "limit"), ("b.test", "limit")):
        run(moderation.block_domain, host, severity=severity)
        for name, who in people.items():
            policy = db.read(domain_rows.find, name)
            expected = (int(policy is not None and policy.severity == "block"), int(policy is not None and policy.severity == "limit"))
            assert flags(db, who) == expected
    assert [p.host for p in db.read(domain_rows.list_all)] == ["a.test", "b.test", "x.a.test", "y.x.a.test"]
    assert db.read(account_rows.list_hosts)
