"""Who may be named as the author of a page elsewhere: only who says so on their profile. A page can claim anybody.

Source: Mastodon documentation, `fediverse:creator`; FEDERATION.md, Actors; ORG-23.
"""

import json
from collections.abc import Iterable

from fedi import limits, uris
from fedi.activitypub import webfinger
from fedi.errors import Invalid, Malformed
from fedi.storage import accounts as account_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx


def domains(account: Account) -> list[str]:
    """The sites that may name an account as author, as it says itself."""
    return [str(host) for host in json.loads(account.attribution_domains)]


def column(hosts: Iterable[str]) -> str:
    """What a row holds of what a stranger lists: hosts in our spelling, once each, those left out that are none."""
    found: dict[str, None] = {}
    for text in list(hosts)[: limits.ATTRIBUTION_DOMAINS]:
        try:
            found[_host(text)] = None
        except Malformed:
            continue
    return json.dumps(list(found))


def checked(texts: Iterable[str]) -> list[str]:
    """The same of what somebody here has written: a site per text, with or without `https://`. Raises Invalid naming what is none."""
    found: dict[str, None] = {}
    for text in texts:
        try:
            found[_host(text)] = None
        except Malformed:
            raise Invalid(f"`{text[:100]}` is no site. Write like `example.org`.", "attribution_domains") from None
    if len(found) > limits.ATTRIBUTION_DOMAINS:
        raise Invalid(f"Up to {limits.ATTRIBUTION_DOMAINS} sites may name you.", "attribution_domains")
    return list(found)


def _host(text: str) -> str:
    text = text.strip()
    return uris.host(text) if "://" in text else uris.normal_host(text)


def is_allowed(account: Account, page_url: str) -> bool:
    """Whether a page may name this account as its author: its site, or a domain above it, stands on the account's profile."""
    try:
        names = uris.parents(uris.host(page_url))
    except Malformed:
        return False
    return not account.is_hidden and not set(names).isdisjoint(domains(account))


def find_author(tx: Tx, page_url: str, creator: str) -> Account | None:
    """The account that a page names in `fediverse:creator` (`@name@host`), when both sides agree; as far as it is known here."""
    handle = webfinger.handle(creator.strip()[: limits.URI_CHARS])
    if handle is None:
        return None
    name, host = handle
    account = account_rows.find_by_handle(tx, name, "" if not host or tx.uris.is_our_host(host) else host)
    return account if account is not None and is_allowed(account, page_url) else None
