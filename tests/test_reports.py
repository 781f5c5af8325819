import json
from collections.abc import Callable
from typing import Any

import pytest

from fedi import accounts, limits, reports
from fedi.errors import Invalid, NotFound, TooMany
from fedi.reports import Complaint
from fedi.storage import notifications as notification_rows
from fedi.storage import posts as post_rows
from fedi.storage import reports as rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database
from tests import cast, make

Run = Callable[..., Any]


@pytest.fixture
def server(run: Run) -> Account:
    """The server's own actor."""
    found: Account = run(accounts.create_instance_actor, cast.rsa_pem("extra"), cast.ed25519_pem("extra"))
    return found


def test_a_report_is_kept_and_staff_hear_of_each(db: Database, run: Run, alice: Account, bob: Account) -> None:
    captain = run(make.account, "captain", "owner")
    post, other = run(make.post, bob, "rude"), run(make.post, alice, "not theirs")
    secret = run(make.post, bob, "not for alice", "followers")
    made = run(reports.make, alice, Complaint(bob.id, "rude\x00", "spam", (post.id, other.id, secret.id)))
    again = run(reports.make, alice, Complaint(bob.id, rule_ids=("1",), category="violation"))

    assert (made.comment, made.category, json.loads(made.post_uris), made.rule_ids) == ("rude", "spam", [post.uri], "[]")
    assert json.loads(again.rule_ids) == ["1"]
    assert [n.kind for n in db.read(notification_rows.list_of, captain.id)] == ["report", "report"]
    assert db.read(notification_rows.list_of, bob.id) == [] and db.read(make.activities) == []
    assert {report.id for report in db.read(rows.list_open)} == {made.id, again.id} and db.read(rows.count_open) == 2


def test_a_forwarded_report_is_the_servers_and_names_nobody(
    db: Database, run: Run, server: Account, alice: Account, carol: Account, dan: Account
) -> None:
    post = run(make.post, carol, "rude")
    made = run(reports.make, alice, Complaint(carol.id, "too rude", post_ids=(post.id,), forward=True))

    [flag] = db.read(make.activities, "Flag")
    document = json.loads(flag.body)
    assert made.forwarded and flag.account_id == server.id and not flag.public
    assert (document["actor"], document["object"], document["to"]) == (server.uri, [carol.uri, post.uri], [carol.uri])
    assert document["content"] == "too rude" and "alice" not in flag.body.decode() and "cc" not in document
    assert db.read(make.inboxes, "Flag") == {carol.inbox_uri}


def test_without_being_asked_nothing_is_forwarded(
    db: Database, run: Run, server: Account, alice: Account, bob: Account, carol: Account
) -> None:
    run(reports.make, alice, Complaint(carol.id))
    assert run(reports.make, alice, Complaint(bob.id, forward=True)).forwarded == 0, "they are here"
    assert db.read(make.activities) == []


def test_a_community_hears_of_posts_in_it(db: Database, run: Run, server: Account, alice: Account, carol: Account) -> None:
    group = run(make.remote, "cats", "third.test", kind="Group", shared_inbox_uri="")
    post = run(make.post, carol, "spam")
    run(post_rows.update, post.id, group_id=group.id)
    run(reports.make, alice, Complaint(carol.id, "spam", post_ids=(post.id,), forward=True))

    flags = [json.loads(flag.body) for flag in db.read(make.activities, "Flag")]
    assert [(flag["to"], flag["object"]) for flag in flags] == [([carol.uri], [carol.uri, post.uri]), ([group.uri], post.uri)]
    assert flags[1]["summary"] == "spam"
    assert db.read(make.inboxes, "Flag") == {carol.inbox_uri, group.inbox_uri}


@pytest.mark.parametrize(
    "wrong", [{"category": "boring"}, {"comment": "x" * (limits.COMPLAINT_CHARS + 1)}, {"rule_ids": ("x" * 100,), "category": "violation"}]
)
def test_what_is_no_report_is_refused(db: Database, run: Run, alice: Account, bob: Account, wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        run(reports.make, alice, Complaint(bob.id, **wrong))
    assert db.read(rows.list_open) == []


def test_nobody_reports_themselves_or_who_is_not_there(db: Database, run: Run, server: Account, alice: Account, bob: Account) -> None:
    with pytest.raises(Invalid):
        run(reports.make, alice, Complaint(alice.id))
    run(accounts.delete_local, bob)
    for nobody in (12345, server.id, bob.id):
        with pytest.raises(NotFound):
            run(reports.make, alice, Complaint(nobody))


def test_one_person_reports_so_much_in_an_hour_and_no_more(db: Database, run: Run, frozen: Any, alice: Account, bob: Account) -> None:
    for _ in range(limits.REPORTS_PER_PERSON):
        run(reports.make, alice, Complaint(bob.id))
    with pytest.raises(TooMany):
        run(reports.make, alice, Complaint(bob.id))
    run(reports.make, bob, Complaint(alice.id))
    frozen.tick(3601)
    run(reports.make, alice, Complaint(bob.id))


def test_who_leaves_leaves_their_reports_without_their_name(db: Database, run: Run, alice: Account, bob: Account) -> None:
    run(reports.make, alice, Complaint(bob.id, "rude"))
    run(accounts.delete_local, alice)
    [report] = db.read(rows.list_open)
    assert (report.reporter_id, report.comment) == (None, "rude")
