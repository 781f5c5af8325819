"""Reports that people here make: kept for staff, and without their name forwarded to the other server where they ask for that.

Those that other servers send, and settling them, are moderation.py's.
"""

import json
from typing import NamedTuple

from fedi import groups, ids, limits, notifications, plaintext
from fedi.activitypub import outbox
from fedi.errors import Invalid, NotFound, TooMany
from fedi.storage import accounts as account_rows
from fedi.storage import posts as post_rows
from fedi.storage import reports as rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.storage.reports import Report

CATEGORIES = ("spam", "legal", "violation", "other")


class Complaint(NamedTuple):
    """What somebody says about somebody. `post_ids` may hold ids of boosts; `rule_ids` go with the category `violation`."""

    target_id: int
    comment: str = ""
    category: str = "other"
    post_ids: tuple[int, ...] = ()
    rule_ids: tuple[str, ...] = ()
    forward: bool = False


def make(tx: Tx, reporter: Account, complaint: Complaint) -> Report:
    """Keep it, tell staff, and forward it where that is asked for. Posts of others, or that the reporter may not see, are left out.

    Raises NotFound for an account that is not there, Invalid for oneself, a long comment or an unknown category, TooMany.
    """
    target = account_rows.get(tx, complaint.target_id)
    if target.is_hidden or target.kind == "Application":
        raise NotFound("There is no such account.")
    _check(tx, reporter, target, complaint)
    posts = _posts(tx, reporter, target, complaint.post_ids)
    report = Report(
        id=ids.new(tx.now),
        uri="",
        reporter_id=reporter.id,
        target_id=target.id,
        host="",
        comment=plaintext.plain(complaint.comment, limits.COMPLAINT_CHARS),
        post_uris=json.dumps([post.uri for post in posts]),
        created_at=tx.now,
        category=complaint.category,
        rule_ids=json.dumps(list(complaint.rule_ids)) if complaint.category == "violation" else "[]",
        forwarded=int(complaint.forward and not target.is_local),
    )
    rows.insert(tx, report)
    tell_staff(tx, reporter, report.id)
    groups.tell_moderators(tx, reporter, posts)
    if report.forwarded:
        _forward(tx, target, report, posts)
    return report


def _check(tx: Tx, reporter: Account, target: Account, complaint: Complaint) -> None:
    if target.id == reporter.id:
        raise Invalid("That is you.", "account_id")
    if complaint.category not in CATEGORIES:
        raise Invalid(f"`{plaintext.line(complaint.category, 40)}` is not a category. There are {', '.join(CATEGORIES)}.", "category")
    if len(complaint.comment) > limits.COMPLAINT_CHARS:
        raise Invalid(f"A comment has up to {limits.COMPLAINT_CHARS} characters.", "comment")
    if len(complaint.rule_ids) > limits.PAGE_MAX or any(len(rule) > limits.USERNAME_CHARS for rule in complaint.rule_ids):
        raise Invalid("Those are no rules of this server.", "rule_ids")
    if rows.count_by(tx, reporter.id, tx.now - 3_600_000) >= limits.REPORTS_PER_PERSON:
        raise TooMany("You have sent many reports. Staff will look at them; try again in an hour.", 3600)


def _posts(tx: Tx, reporter: Account, target: Account, post_ids: tuple[int, ...]) -> list[Post]:
    seen = post_rows.list_visible(tx, reporter.id, post_ids[: limits.REPORTED_OBJECTS])
    return [post for post in seen.values() if post.account_id == target.id and post.boost_of_id is None]


def tell_staff(tx: Tx, reporter: Account, report_id: int) -> None:
    """Those who look after this server hear of each report, also of another one by the same."""
    for account_id in user_rows.list_staff(tx):
        notifications.tell(tx, account_id, "report", reporter, about_id=report_id)


def _forward(tx: Tx, target: Account, report: Report, posts: list[Post]) -> None:
    """The server's own actor says it: nobody learns who has complained. Communities hear of the posts in them."""
    sender = account_rows.find_by_uri(tx, tx.uris.instance_actor())
    if sender is None:
        return
    outbox.flagged(tx, sender, target, report.comment, [target.uri, *(post.uri for post in posts)])
    for post in [post for post in posts if post.group_id is not None][: limits.GROUPS_TOLD]:
        group = account_rows.find(tx, post.group_id or 0)
        if group is not None and not group.is_local and not group.is_hidden:
            outbox.flagged(tx, sender, group, report.comment, [post.uri])
