"""People ask for an account: what they may ask for, the letter that proves their address, the yes of those who look after the server.

Until both are there, the account is hidden like a suspended one, and nobody else learns that it exists.
"""

import re
from datetime import date
from typing import Final, NamedTuple

from fedi import accounts, clock, letters, limits, logins, notifications, plaintext
from fedi.config import Config
from fedi.errors import Conflict, Forbidden, Invalid, NotFound
from fedi.storage import accounts as account_rows
from fedi.storage import confirmations as rows
from fedi.storage import settings as setting_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.streaming import Event

_USERNAME: Final = re.compile(limits.USERNAME, re.ASCII)
_LOCALE: Final = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*", re.ASCII)
_ALIKE: Final = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "3": "e", "4": "a", "_": ""})
CLOSED: Final = "Registrations are closed: accounts are made by those who run this server."
NO_MAIL: Final = "This server sends no e-mail. Those who run it confirm accounts by hand."

Faults = dict[str, list[tuple[str, str]]]  # by field: (what kind of fault, in words)


class Form(NamedTuple):
    """What somebody who signs up has said. `birthday` is None when it was not given or is no date."""

    username: str
    email: str
    password: str
    agreement: bool
    locale: str = ""
    reason: str = ""
    birthday: date | None = None


class Made(NamedTuple):
    """Made before, because it costs CPU: see logins.py and activitypub/keys.py."""

    password_hash: str
    rsa_pem: str
    ed25519_pem: str


class Unfit(Invalid):
    """A form that cannot become an account. `faults` has everything that is wrong with it."""

    def __init__(self, faults: Faults) -> None:
        texts = [f"{field.replace('_', ' ').capitalize()} {said}" for field, found in faults.items() for _, said in found]
        super().__init__(f"Validation failed: {', '.join(texts)}")
        self.faults = faults


# -- asking --


def check(tx: Tx, config: Config, form: Form) -> None:
    """Raises Forbidden where nobody may sign up, Unfit with everything that is wrong. Source: AUT-26."""
    if config.instance.registrations == "closed":
        raise Forbidden(CLOSED)
    low, high = limits.PASSWORD_CHARS
    found: Faults = {
        "username": _name_faults(tx, form.username),
        "email": _email_faults(tx, form.email),
        "password": _length_faults(form.password, low, high),
        "agreement": [] if form.agreement else [("accepted", "must be accepted")],
        "locale": [] if not form.locale or _LOCALE.fullmatch(form.locale) else [("inclusion", "is not a language")],
        "reason": _length_faults(form.reason, int(config.instance.registrations == "approval"), limits.SIGN_UP_REASON_CHARS),
        "date_of_birth": _age_faults(config.instance.min_age, form.birthday, clock.rfc3339(tx.now)[:10]),
    }
    if faults := {field: said for field, said in found.items() if said}:
        raise Unfit(faults)


def _length_faults(text: str, low: int, high: int) -> list[tuple[str, str]]:
    if low and not text.strip():
        return [("blank", "can't be blank")]
    if len(text) < low:
        return [("too_short", f"is too short (minimum is {low} characters)")]
    return [("too_long", f"is too long (maximum is {high} characters)")] if len(text) > high else []


def _name_faults(tx: Tx, name: str) -> list[tuple[str, str]]:
    if not name:
        return [("blank", "can't be blank")]
    if len(name) > limits.USERNAME_LOCAL_CHARS:
        return [("too_long", f"is too long (maximum is {limits.USERNAME_LOCAL_CHARS} characters)")]
    if not _USERNAME.fullmatch(name):
        return [("invalid", "must contain only letters, numbers and underscores")]
    if account_rows.find_by_handle(tx, name, "") is not None:
        return [("taken", "has already been taken")]
    kept = {_skeleton(word) for word in (*accounts.RESERVED, *_staff(tx))}
    return [("reserved", "is reserved")] if _skeleton(name) in kept else []


def _staff(tx: Tx) -> list[str]:
    return [account_rows.get(tx, account_id).username for account_id in user_rows.list_staff(tx)]


def _skeleton(name: str) -> str:
    """What a name looks like at a glance: `Adm1n_` is `admln`, as `admin` is."""
    return name.lower().translate(_ALIKE).replace("rn", "m").replace("vv", "w")


def _email_faults(tx: Tx, email: str) -> list[tuple[str, str]]:
    if not email:
        return [("blank", "can't be blank")]
    if not letters.is_address(email):
        return [("invalid", "is invalid")]
    return [("taken", "has already been taken")] if user_rows.find_by_login(tx, email) is not None else []


def _age_faults(min_age: int, birthday: date | None, today: str) -> list[tuple[str, str]]:
    if not min_age:
        return []
    if birthday is None:
        return [("blank", "can't be blank")]
    now = date.fromisoformat(today)
    age = now.year - birthday.year - ((now.month, now.day) < (birthday.month, birthday.day))
    if age < 0 or age > 150:
        return [("invalid", "is invalid")]
    return [("below_limit", f"is below the age limit ({min_age})")] if age < min_age else []


def create(tx: Tx, config: Config, form: Form, made: Made) -> Account:
    """Somebody who waits: for the letter, and where sign-ups are looked at, for a yes. Raises as `check`; the date of birth is not kept."""
    check(tx, config, form)
    account = accounts.create(
        tx, accounts.NewAccount(form.username, form.email, made.password_hash, "user", made.rsa_pem, made.ed25519_pem)
    )  # fmt: skip
    approved_at = tx.now if config.instance.registrations == "open" else None
    reason = plaintext.plain(form.reason, limits.SIGN_UP_REASON_CHARS)
    user = user_rows.get(tx, account.id)
    user_rows.set_waiting(
        tx, user._replace(confirmed_at=None, approved_at=approved_at, reason=reason, locale=form.locale[:20], terms_at=tx.now)
    )  # fmt: skip
    account = account_rows.update(tx, account.id, suspended_at=tx.now)
    if config.mail.host:
        _send_link(tx, account.id, form.email)
    elif approved_at is None:
        _tell_staff(tx, account.id)
    return account


def _send_link(tx: Tx, account_id: int, email: str) -> None:
    rows.put(tx, account_id, email)
    letters.ask(tx, "confirm", account_id)


def _tell_staff(tx: Tx, account_id: int) -> None:
    for staff_id in user_rows.list_staff(tx):
        letters.ask(tx, "waiting", staff_id, account_id)


def resend(tx: Tx, config: Config, account_id: int, email: str = "") -> None:
    """Another letter, to another address if one is given. Raises Forbidden when nothing waits for one, Invalid, Conflict."""
    user, wanted = user_rows.get(tx, account_id), rows.find_of(tx, account_id)
    if user.confirmed_at is not None and wanted is None:
        raise Forbidden("This method is only available while the e-mail is awaiting confirmation")
    if not config.mail.host:
        raise Invalid(NO_MAIL)
    if user.confirmed_at is not None and wanted is not None and email.lower() not in ("", wanted.email.lower()):
        raise Forbidden("Another address is chosen with the password: under Settings, Security.")  # or a program could take the account
    if email and email.lower() != user.email.lower() and (faults := _email_faults(tx, email)):
        raise Unfit({"email": faults})
    if email and user.confirmed_at is None:
        user_rows.set_email(tx, account_id, email)
    _send_link(tx, account_id, email or (wanted.email if wanted is not None else user.email))


def check_new_email(tx: Tx, config: Config, account_id: int, email: str) -> None:
    """Raises Invalid for what cannot become somebody's address."""
    if not config.mail.host:
        raise Invalid(NO_MAIL)
    _check_other_email(tx, account_id, email)


def _check_other_email(tx: Tx, account_id: int, email: str) -> None:
    if email.lower() == user_rows.get(tx, account_id).email.lower():
        raise Invalid("That is the present address.", "email")
    if faults := _email_faults(tx, email):
        raise Unfit({"email": faults})


def change_email(tx: Tx, config: Config, account_id: int, email: str) -> None:
    """Somebody wants another address; it is theirs once they open the link. The present one is told. Raises Invalid."""
    check_new_email(tx, config, account_id, email)
    letters.warn_of_change(tx, account_id, user_rows.get(tx, account_id).email, email)
    _send_link(tx, account_id, email)


def keep_email(tx: Tx, account_id: int) -> None:
    """Somebody wants no other address any more: the link they were sent is of no use."""
    if user_rows.get(tx, account_id).confirmed_at is not None:
        rows.delete(tx, account_id)


def set_email(tx: Tx, account: Account, email: str) -> None:
    """Somebody who runs the server knows that it is theirs. Raises Invalid."""
    _check_other_email(tx, account.id, email)
    rows.delete(tx, account.id)
    user_rows.set_email(tx, account.id, email)
    setting_rows.audit(tx, None, "account.email", account.handle)


# -- answering --


def find_link(tx: Tx, link: str) -> rows.Confirmation:
    """Raises NotFound for a link that is none, is too old, or was replaced by another. Source: AUT-27."""
    found = rows.find(tx, logins.secret_hash(link)) if link else None
    if found is None or found.created_at < tx.now - limits.CONFIRMATION_S * clock.SECOND:
        raise NotFound("This link is of no use any more. Ask for a new one, or sign in: perhaps it was used before.")
    return found


def confirm(tx: Tx, link: str) -> Account:
    """The address is theirs: once. Raises NotFound, Conflict when the address became somebody else's meanwhile."""
    found = find_link(tx, link)
    rows.delete(tx, found.account_id)
    return _confirmed(tx, found.account_id, found.email)


def confirm_by_hand(tx: Tx, account: Account) -> Account:
    """Somebody who runs the server knows them. Raises Conflict when there is nothing to confirm."""
    user = user_rows.get(tx, account.id)
    if user.confirmed_at is not None:
        raise Conflict("That account is confirmed.")
    rows.delete(tx, account.id)
    setting_rows.audit(tx, None, "account.confirm", account.handle)
    return _confirmed(tx, account.id, user.email)


def _confirmed(tx: Tx, account_id: int, email: str) -> Account:
    was_waiting = user_rows.get(tx, account_id).confirmed_at is None
    try:
        user_rows.confirm(tx, account_id, email)
    except Conflict:
        raise Conflict("Somebody here has that e-mail address already.") from None
    if was_waiting and user_rows.get(tx, account_id).approved_at is None:
        _tell_staff(tx, account_id)
    return _settle(tx, account_id)


def approve(tx: Tx, config: Config, account: Account, by: Account | None = None) -> Account:
    """Say yes. Where no letters are sent, that is also a yes to their address. Raises Conflict when nobody waits."""
    user = user_rows.get(tx, account.id)
    if user.approved_at is not None and (user.confirmed_at is not None or config.mail.host):
        raise Conflict("That account does not wait for a yes.")
    user_rows.approve(tx, account.id)
    if not config.mail.host:
        user_rows.confirm(tx, account.id, user.email)
    elif user.confirmed_at is not None:
        letters.ask(tx, "approved", account.id)
    setting_rows.audit(tx, by.id if by is not None else None, "account.approve", account.handle)
    return _settle(tx, account.id)


def reject(tx: Tx, account: Account, by: Account | None = None) -> None:
    """Say no: nothing of it stays, and the name is free. Raises Conflict for an account that does not wait."""
    if not is_waiting(tx, account):
        raise Conflict("That account does not wait for a yes.")
    setting_rows.audit(tx, by.id if by is not None else None, "account.reject", account.handle)
    _erase(tx, account)


def _settle(tx: Tx, account_id: int) -> Account:
    """Show the account once nothing is missing, and tell those who look after the server."""
    account, user = account_rows.get(tx, account_id), user_rows.get(tx, account_id)
    if not user.waiting and account.suspended_at is not None:
        account = account_rows.update(tx, account_id, suspended_at=None)
        tx.emit(Event("account", account_id))
        notifications.signed_up(tx, account)
    tx.emit(Event("auth", account_id))
    return account


def is_waiting(tx: Tx, account: Account) -> bool:
    """Whether an account is hidden because nobody has confirmed or approved it."""
    user = user_rows.find(tx, account.id) if account.is_local and account.suspended_at is not None else None
    return user is not None and user.waiting != ""


def prune(tx: Tx) -> int:
    """Forget who never opened the letter, some at a time; how many that were. Who waits for a yes is kept."""
    late = [user for user in user_rows.list_waiting(tx, tx.now - limits.UNCONFIRMED_S * clock.SECOND) if user.waiting == "unconfirmed"]
    forgotten = [account for user in late if is_waiting(tx, account := account_rows.get(tx, user.account_id))]
    for account in forgotten:
        _erase(tx, account)
    return len(forgotten)


def _erase(tx: Tx, account: Account) -> None:
    """Nobody ever saw it: unlike a deleted account it leaves no tombstone."""
    user_rows.delete(tx, account.id)
    account_rows.erase(tx, account.id)
    tx.emit(Event("auth", account.id))
    tx.emit(Event("account", account.id))
