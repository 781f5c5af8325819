"""Somebody's public posts by letter, for readers who have no account anywhere: off until the person offers it, and nobody gets a letter
they have not asked for, twice: on the page, and by the link in the first letter.

What is said to who asks is the same whether or not the address is known, so that nobody learns who reads whom.
"""

import re
import secrets
from typing import Final

import orjson

from fedi import clock, ids, letters, limits, logins, plaintext, quotelines, signups
from fedi.config import Config
from fedi.errors import Invalid, NotFound, TooMany
from fedi.letters import Letter
from fedi.storage import accounts as account_rows
from fedi.storage import email_subscriptions as rows
from fedi.storage import jobs as job_rows
from fedi.storage import posts as post_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.email_subscriptions import Subscription
from fedi.storage.posts import Post
from fedi.streaming import Event

JOB: Final = "newsletter"
SETTING: Final = "newsletter"
NO_MAIL: Final = "This server sends no e-mail."
NOT_OFFERED: Final = "There is nobody here who sends posts by e-mail under that address."
_USELESS: Final = "This link is of no use any more: perhaps it was used before."
_ACCOUNTS: Final = 3  # letters that ask one mailbox in a day, whoever's posts they are about
_NAME_CHARS: Final = 80
_LOCALE: Final = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}", re.ASCII)


# -- offering --


def switch(tx: Tx, config: Config, account_id: int, on: bool) -> None:
    """Offer letters, or no more: then none leave, and who reads is kept for another time. Raises Invalid where no letters are sent."""
    if on and not config.mail.host:
        raise Invalid(NO_MAIL)
    user = user_rows.get(tx, account_id)
    chosen = {name: value for name, value in orjson.loads(user.settings).items() if name != SETTING}
    user_rows.set_settings(tx, account_id, chosen | ({SETTING: True} if on else {}))
    tx.emit(Event("account", account_id))


def forget_all(tx: Tx, account_id: int) -> None:
    """Nobody reads by letter any more; their addresses are gone."""
    rows.delete_of(tx, account_id)


def is_offered(tx: Tx, config: Config, account: Account) -> bool:
    if not config.mail.host or not account.is_local or account.is_hidden:
        return False
    user = user_rows.find(tx, account.id)
    return user is not None and not user.waiting and bool(user.setting(SETTING, False))


# -- asking for letters --


def check(tx: Tx, config: Config, account_id: int, email: str) -> str:
    """The address as it is kept. Raises NotFound where nobody offers letters, Invalid without a mail server, signups.Unfit."""
    account = account_rows.find(tx, account_id)
    if account is None or not account.is_local or account.is_hidden:
        raise NotFound(NOT_OFFERED)
    if not config.mail.host:
        raise Invalid(NO_MAIL)
    if not is_offered(tx, config, account):
        raise NotFound(NOT_OFFERED)
    email = email.strip().lower()
    if not email:
        raise signups.Unfit({"email": [("blank", "can't be blank")]})
    if not letters.is_address(email):
        raise signups.Unfit({"email": [("invalid", "is invalid")]})
    return email


def subscribe(tx: Tx, config: Config, account_id: int, email: str, locale: str = "") -> None:
    """Ask an address whether it wants somebody's posts. Says the same whether or not it has them already, or is asked often.

    Raises as `check`, and TooMany.
    """
    email = check(tx, config, account_id, email)
    _check_room(tx, account_id)
    known, mailbox = rows.find_of(tx, account_id, email), _mailbox(email)
    if known is not None and (known.confirmed_at is not None or known.asked_at > tx.now - clock.DAY):
        return
    if rows.count_mailbox(tx, mailbox, tx.now - clock.DAY) >= _ACCOUNTS:
        return
    row_id = known.id if known is not None else ids.new(tx.now)
    if known is not None:
        rows.ask_again(tx, row_id)
    else:
        rows.insert(tx, row_id, account_id, email, mailbox, locale if _LOCALE.fullmatch(locale) else "")
    payload = orjson.dumps({"kind": "confirm", "subscription": row_id})
    tx.emit(Event("job", job_rows.insert(tx, JOB, payload, lane=f"newsletter {row_id}")))


def _check_room(tx: Tx, account_id: int) -> None:
    """Before the address is looked at, so that what is said does not depend on it. Raises TooMany."""
    if rows.count_of(tx, account_id) >= limits.SUBSCRIBERS:
        raise TooMany("They send letters to as many readers as this server can.", clock.DAY // clock.SECOND)
    if rows.count_asked(tx, tx.now - clock.HOUR) >= limits.SUBSCRIBERS_ASKED:
        raise TooMany("Too many ask for letters just now. Try again in an hour.", clock.HOUR // clock.SECOND)


def _mailbox(email: str) -> str:
    """Whose letters they are: most providers drop what stands behind a `+`."""
    name, _, host = email.rpartition("@")
    return f"{name.partition('+')[0]}@{host}"


def find_link(tx: Tx, config: Config, link: str) -> tuple[Subscription, Account]:
    """Raises NotFound for a link that is none, was used, is too old, was replaced, or is about somebody who offers nothing."""
    found = rows.find_by_link(tx, logins.secret_hash(link)) if link else None
    account = account_rows.find(tx, found.account_id) if found is not None else None
    if found is None or account is None or found.asked_at < tx.now - limits.CONFIRMATION_S * clock.SECOND:
        raise NotFound(_USELESS)
    if not is_offered(tx, config, account):
        raise NotFound(NOT_OFFERED)
    return found, account


def confirm(tx: Tx, config: Config, link: str) -> Account:
    """They want the letters: from the next post on. Good once. Raises NotFound."""
    found, account = find_link(tx, config, link)
    rows.confirm(tx, found.id, ids.first_at(tx.now))
    return account


def find_end(tx: Tx, token: str) -> tuple[Subscription, Account]:
    """Raises NotFound for a link that is in no letter, or whose subscription has ended."""
    found = rows.find_by_end(tx, logins.secret_hash(token)) if token else None
    account = account_rows.find(tx, found.account_id) if found is not None else None
    if found is None or account is None:
        raise NotFound(_USELESS)
    return found, account


def unsubscribe(tx: Tx, token: str) -> Account:
    """No letter any more; the address is forgotten. Raises NotFound."""
    found, account = find_end(tx, token)
    rows.delete(tx, found.id)
    return account


# -- letters --


def claim(tx: Tx) -> int:
    """Have the letters written that are due, at most one a day each, spread over the time until the next look; how many."""
    before, until = tx.now - clock.DAY, ids.first_at(tx.now - limits.NEWSLETTER_WAIT_S * clock.SECOND)
    due = rows.list_due(tx, before, until, limits.NEWSLETTERS)
    for number, one in enumerate(due):
        rows.mark_sent(tx, one.id, until)
        payload = orjson.dumps({"kind": "posts", "subscription": one.id, "after": one.after, "until": until})
        job_rows.insert(tx, JOB, payload, lane=f"newsletter {one.id}", run_at=tx.now + number * limits.NEWSLETTER_GAP_S * clock.SECOND)
    tx.emit(Event("job"))
    return len(due)


def write(tx: Tx, config: Config, payload: bytes) -> Letter | None:
    """The letter a job asks for; None when it has become pointless. Its links are new each time, and nowhere else."""
    given = orjson.loads(payload)
    found = rows.find(tx, given["subscription"])
    account = account_rows.find(tx, found.account_id) if found is not None else None
    if found is None or account is None or not is_offered(tx, config, account):
        return None
    if given["kind"] == "confirm":
        return _ask(tx, config, found, account) if found.confirmed_at is None else None
    if found.confirmed_at is None:
        return None
    posts = rows.list_posts(tx, account.id, given["after"], given["until"], limits.NEWSLETTER_POSTS)
    return _tell(tx, config, found, account, posts) if posts else None


def refused(tx: Tx, payload: bytes) -> None:
    """The mail server knows no such mailbox: after some letters in a row the subscription ends, and an unconfirmed one at once."""
    found = rows.find(tx, orjson.loads(payload)["subscription"])
    if found is None:
        return
    if found.confirmed_at is not None and found.refusals + 1 < limits.NEWSLETTER_REFUSALS:
        rows.set_refusals(tx, found.id, found.refusals + 1)
    elif found.confirmed_at is not None:
        rows.delete(tx, found.id)


def taken(tx: Tx, payload: bytes) -> None:
    """The letter has gone: refusals begin anew."""
    found = rows.find(tx, orjson.loads(payload)["subscription"])
    if found is not None and found.refusals:
        rows.set_refusals(tx, found.id, 0)


def _who(tx: Tx, account: Account) -> str:
    return f"{plaintext.line(account.name, _NAME_CHARS)} (@{account.username}@{tx.uris.domain})"


def _ask(tx: Tx, config: Config, found: Subscription, account: Account) -> Letter:
    link = secrets.token_urlsafe(32)
    rows.set_link(tx, found.id, logins.secret_hash(link))
    who, title = _who(tx, account), config.instance.title
    text = (
        f"Hello,\n\nsomebody, hopefully you, asked {title} to send the public posts of {who} to this address, in one letter a day at most."
        f" If you want that, open this page within two days and press the button:\n\n{tx.uris.base_url}/newsletter/confirm?token={link}\n\n"
        "If that was not you, do nothing: no further letter comes.\n"
    )
    return Letter(found.email, f"Posts of {who} by e-mail?", text)


def _tell(tx: Tx, config: Config, found: Subscription, account: Account, posts: list[Post]) -> Letter:
    token = secrets.token_urlsafe(32)
    rows.insert_end(tx, logins.secret_hash(token), found.id)
    end = f"{tx.uris.base_url}/newsletter/unsubscribe?token={token}"
    files = post_rows.list_media(tx, [post.id for post in posts])
    parts = [_post(post, len(files.get(post.id, []))) for post in posts]
    more = f"Everything is at {account.url}\n\n" if len(posts) == limits.NEWSLETTER_POSTS else ""
    who = _who(tx, account)
    foot = f"-- \nYou get this because you asked {config.instance.title} for the posts of {who}. No more of them:\n{end}\n"
    headers = (  # Source: RFC 8058; RFC 2919
        ("List-Id", f"<{account.username}.newsletter.{tx.uris.domain.partition(':')[0]}>"),
        ("List-Unsubscribe", f"<{end}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    )
    return Letter(found.email, f"New from {who}", "\n\n".join(parts) + f"\n\n{more}{foot}", headers)


def _post(post: Post, files: int) -> str:
    """One post in words. What carries a warning is not shown to who has not asked for it."""
    when = clock.rfc3339(post.published_at)[:16].replace("T", " ")
    lines = [f"{when} UTC"]
    if post.title:
        lines.append(plaintext.line(post.title, _NAME_CHARS * 4))
    if post.warning:
        lines.append(f"[{plaintext.line(post.warning, _NAME_CHARS * 4)}]")
    else:
        words = plaintext.text(quotelines.without(post.content_html), limits.NEWSLETTER_CHARS)
        lines += [words] if words else []
        lines += [f"({files} {'file' if files == 1 else 'files'})"] if files else []
    return "\n".join([*lines, post.url or post.uri])


def prune(tx: Tx) -> int:
    """Forget who has not confirmed, and links of letters nobody has any more."""
    return rows.prune(tx, tx.now - limits.CONFIRMATION_S * clock.SECOND, tx.now - limits.UNSUBSCRIBE_S * clock.SECOND)
