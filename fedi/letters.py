"""Letters to people here: written inside a transaction, when they are about to be sent. `mail.py` sends them."""

import re
import secrets
from typing import Final, NamedTuple

import orjson

from fedi import limits, logins
from fedi.storage import accounts as account_rows
from fedi.storage import confirmations as rows
from fedi.storage import jobs as job_rows
from fedi.storage import users as user_rows
from fedi.storage.db import Tx
from fedi.streaming import Event

JOB: Final = "letter"
_ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+", re.ASCII)
KINDS: Final = ("confirm", "approved", "waiting", "changing")


class Letter(NamedTuple):
    """To one address, in plain text. `headers` are what its kind has besides."""

    to: str
    subject: str
    text: str
    headers: tuple[tuple[str, str], ...] = ()


def is_address(text: str) -> bool:
    """Whether letters can go there. What could end a line of a header, or name a second address, is none."""
    return len(text) <= limits.EMAIL_CHARS and _ADDRESS.fullmatch(text) is not None


def ask(tx: Tx, kind: str, account_id: int, about_id: int = 0) -> None:
    """Have a letter written and sent. What is in the queue holds no link: that is made when the letter is."""
    payload = orjson.dumps({"kind": kind, "account": account_id, "about": about_id})
    tx.emit(Event("job", job_rows.insert(tx, JOB, payload, lane=f"letter {account_id}")))


def warn_of_change(tx: Tx, account_id: int, present: str, wanted: str) -> None:
    """Tell the present address that another one is to take its place: it may have done so when the letter is written."""
    payload = orjson.dumps({"kind": "changing", "account": account_id, "about": 0, "to": present, "wanted": wanted})
    tx.emit(Event("job", job_rows.insert(tx, JOB, payload, lane=f"letter {account_id}")))


def write(tx: Tx, payload: bytes, title: str) -> Letter | None:
    """The letter a job asks for; None when it has become pointless. A confirmation's link is new each time, and only the last is good."""
    given = orjson.loads(payload)
    account, user = account_rows.find(tx, given["account"]), user_rows.find(tx, given["account"])
    if account is None or user is None or account.deleted_at is not None:
        return None
    if given["kind"] == "confirm":
        return _confirm(tx, account.id, account.username, title)
    if given["kind"] == "changing":
        return _changing(given["to"], given["wanted"], account.username, title, tx.uris.base_url)
    if given["kind"] == "approved":
        text = f"Hello {account.username},\n\nYour account at {title} is ready. Sign in here:\n\n{tx.uris.base_url}/login\n"
        return Letter(user.email, f"Your account at {title} is ready", text)
    newcomer, said = account_rows.find(tx, given["about"]), user_rows.find(tx, given["about"])
    if newcomer is None or said is None or said.waiting != "pending":
        return None
    text = (
        f"@{newcomer.username} ({said.email}) wants to have an account at {title}:\n\n{said.reason or '(no reason given)'}\n\n"
        f"Say yes with `fedi account approve {newcomer.username}`, or no with `fedi account reject {newcomer.username}`,"
        f" or on {tx.uris.base_url}/moderation/sign-ups\n"
    )
    return Letter(user.email, f"@{newcomer.username} wants to join {title}", text)


def _confirm(tx: Tx, account_id: int, username: str, title: str) -> Letter | None:
    wanted = rows.find_of(tx, account_id)
    if wanted is None:
        return None
    link = secrets.token_urlsafe(32)
    rows.set_link(tx, account_id, logins.secret_hash(link))
    text = (
        f"Hello {username},\n\nSomebody, hopefully you, gave this address for @{username} at {title}. To say that it is yours, open"
        f" this page within two days and press the button:\n\n{tx.uris.base_url}/confirm?token={link}\n\nIf that was not you, do nothing.\n"
    )
    return Letter(wanted.email, f"Is this your address? {title}", text)


def _changing(to: str, wanted: str, username: str, title: str, base_url: str) -> Letter:
    text = (
        f"Hello {username},\n\nSomebody, hopefully you, wants {wanted} to be the address of @{username} at {title}. It is that once the"
        f" link in a letter to it is opened; until then it is this one.\n\nIf that was not you, somebody knows your password. Choose"
        f" another one, and keep your address:\n\n{base_url}/settings/security\n{base_url}/settings/email\n"
    )
    return Letter(to, f"Another address for @{username} at {title}", text)
