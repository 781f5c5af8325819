"""Lists that people take along: whom they follow, block and mute, what they bookmarked, as the files Mastodon reads and writes.

A list that is brought is gone through by a job, slowly: every line may mean asking another server. Source: Mastodon documentation; DOS-27.
"""

import csv
import io
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import orjson

from fedi import blocks, clock, follows, interactions, limits
from fedi.errors import Conflict, Invalid
from fedi.storage import accounts as account_rows
from fedi.storage import jobs as job_rows
from fedi.storage import settings as setting_rows
from fedi.storage import transfers as rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.streaming import Event

JOB: Final = "import"
NAMES: Final = {
    "follows": "following_accounts.csv",
    "blocks": "blocked_accounts.csv",
    "mutes": "muted_accounts.csv",
    "bookmarks": "bookmarks.csv",
    "domains": "blocked_domains.csv",
}
SLICE: Final = 10  # lines in one go
PAUSE_MS: Final = SLICE * clock.SECOND  # so that it is one line a second
_TRUE: Final = frozenset({"true", "1", "t", "yes"})


class Progress(NamedTuple):
    """How far a list has got; `at` counts its lines from the first."""

    kind: str
    total: int
    at: int
    failed: int
    begun_at: int

    @property
    def is_over(self) -> bool:
        return self.at >= self.total


# -- taking along --


def export(tx: Tx, account: Account, kind: str) -> str:
    """A list as CSV. Raises Invalid for a kind there is not."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows(_lines(tx, account, _known(kind)))
    return out.getvalue()


def _known(kind: str) -> str:
    if kind not in NAMES:
        raise Invalid(f"`{kind[:40]}` is no list. There are {', '.join(NAMES)}.", "kind")
    return kind


def _lines(tx: Tx, account: Account, kind: str) -> Iterable[tuple[object, ...]]:
    if kind == "follows":
        yield "Account address", "Show boosts", "Notify on new posts", "Languages"
        for username, host, boosts, notify in rows.list_follows(tx, account.id):
            yield f"{username}@{host or tx.uris.domain}", _word(boosts), _word(notify), ""
    elif kind == "mutes":
        yield "Account address", "Hide notifications"
        for username, host, quiet in rows.list_mutes(tx, account.id):
            yield f"{username}@{host or tx.uris.domain}", _word(quiet)
    elif kind == "blocks":
        for username, host in rows.list_blocks(tx, account.id):
            yield (f"{username}@{host or tx.uris.domain}",)
    elif kind == "bookmarks":
        for uri in rows.list_bookmarks(tx, account.id):
            yield (uri,)
    else:
        for host in rows.list_domains(tx, account.id):
            yield (host,)


def _word(flag: int) -> str:
    return "true" if flag else "false"


# -- bringing --


def read(kind: str, text: str) -> list[list[Any]]:
    """The lines of a list, each once: [what, first flag, second flag]. Raises Invalid for what is no such list, or too long."""
    _known(kind)
    found: dict[str, list[Any]] = {}
    try:
        for cells in csv.reader(io.StringIO(text.lstrip("\ufeff"))):
            line = _line(kind, [cell.strip() for cell in cells])
            if line is not None:
                found.setdefault(line[0], line)
            if len(found) > limits.IMPORT_LINES:
                raise Invalid(f"A list has up to {limits.IMPORT_LINES:,} lines. Split it.", "file")
    except csv.Error:
        raise Invalid("That file is not a list (CSV in UTF-8).", "file") from None
    if not found:
        raise Invalid("There is nothing in that file that could be brought here.", "file")
    return list(found.values())


def _line(kind: str, cells: list[str]) -> list[Any] | None:
    what = cells[0].lstrip("@") if cells else ""
    if not what or what.lower() in ("account address", "#domain", "#uri") or len(what) > limits.URI_CHARS or "\x00" in what:
        return None
    if kind in ("follows", "blocks", "mutes") and not 0 < what.find("@") < len(what) - 1:
        return None
    if kind == "bookmarks" and not what.startswith(("https://", "http://")):
        return None
    flags = [cell.lower() in _TRUE if cell else default for cell, default in zip([*cells[1:3], "", ""], (True, False), strict=False)]
    return [what, *flags]


def begin(tx: Tx, account: Account, kind: str, lines: list[list[Any]]) -> Progress:
    """Take a list; a job goes through it. Raises Conflict while another one is under way."""
    present = progress(tx, account.id)
    if present is not None and not present.is_over:
        raise Conflict("A list is being gone through already. Wait until that is done.")
    made = Progress(_known(kind), len(lines), 0, 0, tx.now)
    setting_rows.put(tx, _lines_key(account.id), lines)
    _keep(tx, account.id, made, 0)
    return made


def progress(tx: Tx, account_id: int) -> Progress | None:
    """How far the latest list of somebody has got."""
    found = setting_rows.find(tx, _key(account_id))
    return Progress(**found) if found else None


def due(tx: Tx, account_id: int, at: int) -> tuple[Account, Progress, list[list[Any]]] | None:
    """What a job is to go through now; None when somebody has left, or another run was there already."""
    account, present = account_rows.find(tx, account_id), progress(tx, account_id)
    if account is None or account.is_hidden or present is None or present.at != at or present.is_over:
        return None
    return account, present, setting_rows.find(tx, _lines_key(account_id), [])[at : at + SLICE]


def advance(tx: Tx, account_id: int, present: Progress, lines: int, failed: int) -> None:
    """Lines are done: the next ones are due after a pause."""
    changed = present._replace(at=present.at + lines, failed=present.failed + failed)
    if changed.is_over or not lines:
        setting_rows.delete(tx, _lines_key(account_id))
    _keep(tx, account_id, changed._replace(at=changed.at if lines else changed.total), PAUSE_MS)


def _keep(tx: Tx, account_id: int, present: Progress, pause_ms: int) -> None:
    setting_rows.put(tx, _key(account_id), present._asdict())
    if not present.is_over:
        payload = orjson.dumps({"account": account_id, "at": present.at})
        job_rows.insert(tx, JOB, payload, lane=f"import {account_id}", run_at=tx.now + pause_ms)
        tx.emit(Event("job"))


def apply(tx: Tx, account: Account, kind: str, line: list[Any], target_id: int) -> None:
    """One line: `target_id` is the account or post it means, 0 for a domain. Raises what doing it by hand would."""
    _, first, second = line
    if kind == "follows":
        follows.follow(tx, account, target_id, boosts=bool(first), notify=bool(second))
    elif kind == "blocks":
        blocks.block(tx, account, target_id)
    elif kind == "mutes":
        blocks.mute(tx, account, target_id, notifications=bool(first))
    elif kind == "bookmarks":
        interactions.bookmark(tx, account, target_id)
    else:
        blocks.block_domain(tx, account, line[0])


def _key(account_id: int) -> str:
    return f"import.{account_id}"


def _lines_key(account_id: int) -> str:
    return f"import.lines.{account_id}"
