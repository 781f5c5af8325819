"""What staff decide: servers blocked or limited, accounts suspended, reports resolved. Every decision leaves a trace in `audit`."""

import json
from collections.abc import Collection

from fedi import follows, ids, limits, plaintext, purges, reports, severances, uris
from fedi.errors import Conflict, Forbidden, Invalid, Malformed, NotFound, TooMany
from fedi.storage import accounts as account_rows
from fedi.storage import allows as allow_rows
from fedi.storage import apps as app_rows
from fedi.storage import cards as card_rows
from fedi.storage import deliveries as delivery_rows
from fedi.storage import domains as domain_rows
from fedi.storage import follows as follow_rows
from fedi.storage import list_posts as list_post_rows
from fedi.storage import media as media_rows
from fedi.storage import reports as report_rows
from fedi.storage import settings as setting_rows
from fedi.storage import timelines as timeline_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.domains import Policy
from fedi.storage.reports import Report
from fedi.streaming import Event

SEVERITIES = ("block", "limit", "none")
REJECTABLE = ("media", "reports")


def block_domain(
    tx: Tx, host: str, *, severity: str = "block", reason: str = "", rejects: Collection[str] = (), by_id: int | None = None
) -> None:
    """Have nothing to do with a server and its sub-domains, or (`limit`) keep it out of lists for everybody, or (`none`) only reject
    some of what it sends: `rejects` may hold `media` and `reports`.

    A block ends every follow with it (its server is told that, and nothing after), empties homes of it and drops what waits to be sent
    to it. Files that are rejected go. Raises Invalid, Conflict for our own.
    """
    host = _host(host)
    if severity not in SEVERITIES:
        raise Invalid(f"`{severity}` is not a severity. There are {', '.join(SEVERITIES)}.", "severity")
    if not set(rejects) <= set(REJECTABLE) or (severity == "none" and not rejects):
        raise Invalid("Say what is rejected: media, reports or both.", "rejects")
    if any(tx.uris.is_our_host(name) for name in (host, *(our for our in (tx.uris.domain, tx.uris.host) if host in uris.parents(our)))):
        raise Conflict("That is this server, or a domain it is part of.")
    policy = Policy(host, severity, int("media" in rejects), int("reports" in rejects), plaintext.line(reason, 500), tx.now)
    domain_rows.put(tx, policy)
    _mark_accounts(tx)
    if severity == "block":
        _end_traffic(tx, host)
        card_rows.delete_of_host(tx, host)
    if policy.reject_media:
        _forget_files(tx, host)
    setting_rows.audit(tx, by_id, f"domain.{severity}", host)
    tx.emit(Event("domain", 0, host))


def rejected(policy: Policy) -> list[str]:
    """What a policy rejects besides, as `rejects` has it, sorted."""
    return [name for name, is_so in (("media", policy.reject_media), ("reports", policy.reject_reports)) if is_so]


def _end_traffic(tx: Tx, host: str) -> None:
    """What waits for a server is dropped; then the last thing it hears: that follows are over."""
    timeline_rows.empty_homes_of_blocked(tx)
    list_post_rows.empty_of_blocked(tx)
    for name, _ in delivery_rows.list_queued_hosts(tx):
        if host in uris.parents(name):
            delivery_rows.drop(tx, host=name, answer="the domain was blocked")
    ended, here = follow_rows.list_with_blocked(tx), set()
    for made in ended:
        one, other = account_rows.get(tx, made.follower_id), account_rows.get(tx, made.followed_id)
        follows.sever(tx, one._replace(host_blocked=0), other._replace(host_blocked=0))
        here |= {account.id for account in (one, other) if account.is_local}
    severances.domain_blocked(tx, host, ended, frozenset(here))


def _forget_files(tx: Tx, host: str) -> None:
    """Pictures of people there and files of their posts go: the rows now, the bytes by a job."""
    files: list[str] = []
    for pair in account_rows.list_hosts(tx):
        if any(host in uris.parents(name) for name in (pair[0], _authority(pair[1]))):
            files += media_rows.delete_of_host(tx, pair[0])
    if files:
        purges.erase(tx, files)


def unblock_domain(tx: Tx, host: str, *, by_id: int | None = None) -> None:
    """Lift a block or limit. Follows that it ended stay ended. Raises NotFound."""
    host = _host(host)
    if not domain_rows.delete(tx, host):
        raise NotFound(f"There is no policy for {host}.")
    _mark_accounts(tx)
    setting_rows.audit(tx, by_id, "domain.unblock", host)
    tx.emit(Event("domain", 0, host))


def allow_domain(tx: Tx, host: str, *, by_id: int | None = None) -> None:
    """Let a server and its sub-domains in where only listed ones are talked to. Raises Invalid."""
    host = _host(host)
    if allow_rows.put(tx, host):
        _allowed_changed(tx, by_id, "domain.allow", host)


def disallow_domain(tx: Tx, host: str, *, by_id: int | None = None) -> None:
    """Take a server off that list. What is between it and people here is kept, and rests until it is allowed again. Raises NotFound."""
    host = _host(host)
    if not allow_rows.delete(tx, host):
        raise NotFound(f"{host} is not on the list of allowed servers.")
    _allowed_changed(tx, by_id, "domain.disallow", host)


def _allowed_changed(tx: Tx, by_id: int | None, action: str, host: str) -> None:
    if tx.mode == "allowlist":
        _mark_accounts(tx)
    setting_rows.audit(tx, by_id, action, host)
    tx.emit(Event("domain", 0, host))


def talked_to(tx: Tx) -> str:
    """The mode that accounts are marked for: see `set_mode`."""
    return str(setting_rows.find(tx, "federation.mode", "open"))


def set_mode(tx: Tx) -> None:
    """The configuration names another mode than at the last start: accounts of servers that are not talked to any more are hidden."""
    _mark_accounts(tx)
    setting_rows.put(tx, "federation.mode", tx.mode)
    setting_rows.audit(tx, None, "federation.mode", tx.mode)
    tx.emit(Event("domain"))


def _mark_accounts(tx: Tx) -> None:
    """Policies have changed: each account's marks say again what holds for its handle's host and its id's, of which the heavier counts."""
    for pair in account_rows.list_hosts(tx):
        account_rows.set_host_policy(tx, pair, domain_rows.severity_of(tx, pair[0], _authority(pair[1])))


def _authority(text: str) -> str:
    try:
        return uris.normal_host(text)
    except Malformed:
        return text


def _host(text: str) -> str:
    try:
        return uris.normal_host(text)
    except Malformed:
        raise Invalid(f"`{text}` is not a domain. Write like `example.org`.", "domain") from None


def suspend(tx: Tx, account: Account, *, by_id: int | None = None) -> None:
    """Show nothing of an account and take nothing from it. Somebody here is signed out everywhere."""
    if account.is_local:
        user = user_rows.find(tx, account.id)
        if user is None or user.role in ("owner", "admin"):
            raise Forbidden("Owners and admins cannot be suspended; change the role first.")
        user_rows.delete_sessions(tx, account.id)
        user_rows.delete_tokens(tx, account.id)
        app_rows.delete_codes(tx, account.id)
        tx.emit(Event("auth", account.id))
    severances.suspended(tx, account)
    account_rows.update(tx, account.id, suspended_at=tx.now)
    setting_rows.audit(tx, by_id, "account.suspend", account.handle)
    tx.emit(Event("account", account.id))


def unsuspend(tx: Tx, account: Account, *, by_id: int | None = None) -> None:
    user = user_rows.find(tx, account.id) if account.is_local else None
    if user is not None and user.waiting:
        raise Forbidden("That account waits for its confirmation or for a yes, and is not suspended.")
    account_rows.update(tx, account.id, suspended_at=None)
    setting_rows.audit(tx, by_id, "account.unsuspend", account.handle)
    tx.emit(Event("account", account.id))


def resolve_report(tx: Tx, report_id: int, *, by_id: int | None = None) -> None:
    """Raises NotFound when there is no such open report."""
    if not report_rows.resolve(tx, report_id, by_id):
        raise NotFound("There is no open report with that id.")
    setting_rows.audit(tx, by_id, "report.resolve", str(report_id))


def receive_report(tx: Tx, reporter: Account, target: Account, comment: str, post_uris: list[str], uri: str) -> None:
    """A server complains about somebody here: kept, and staff are told. Raises TooMany beyond what one server may send in an hour."""
    host = uris.host(reporter.uri)
    if domain_rows.rejects_reports(tx, host):
        return
    if report_rows.count_since(tx, host, tx.now - 3_600_000) >= limits.FLAGS_PER_HOST:
        raise TooMany("Too many reports from your server.", 3600)
    text, listed = plaintext.plain(comment, limits.REPORT_CHARS), json.dumps(post_uris[: limits.REPORTED_OBJECTS])
    report = Report(ids.new(tx.now), uri, reporter.id, target.id, host, text, listed, tx.now)
    report_rows.insert(tx, report)
    reports.tell_staff(tx, reporter, report.id)
