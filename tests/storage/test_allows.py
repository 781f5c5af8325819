from pathlib import Path

import pytest

from fedi import config, uris
from fedi.errors import Invalid
from fedi.storage import allows as rows
from fedi.storage import domains as domain_rows
from fedi.storage.db import Database, House
from fedi.streaming import Hub
from tests import cast, make


def database(mode: str) -> Database:
    house = House(uris.Uris(f"https://{cast.DOMAIN}", cast.DOMAIN), config.LimitSettings(), mode)
    return Database.memory(publish=Hub().publish, house=house)


@pytest.mark.parametrize(
    ("host", "out"),
    [("friend.test", 0), ("sub.friend.test", 0), ("friend.test:8443", 0), ("peer.test", 1), ("evilfriend.test", 1), ("test", 1)],
)
def test_only_listed_hosts_and_what_is_under_them_are_let_in(host: str, out: int) -> None:
    with database("allowlist") as db:
        db.transact(rows.put, "friend.test")
        assert db.read(rows.is_shut_out, host) is bool(out)
        assert db.read(domain_rows.is_blocked, host) is bool(out)
        assert db.read(domain_rows.severity_of, host) == ("block" if out else "")


def test_an_account_with_one_foot_outside_is_outside() -> None:
    with database("allowlist") as db:
        db.transact(rows.put, "friend.test")
        assert db.read(domain_rows.severity_of, "friend.test", "peer.test") == "block"


def test_where_everybody_is_talked_to_the_list_means_nothing() -> None:
    with database("open") as db:
        db.transact(rows.put, "friend.test")
        assert not db.read(domain_rows.is_blocked, "peer.test")


def test_a_block_holds_for_who_is_listed() -> None:
    with database("allowlist") as db:
        db.transact(rows.put, "friend.test")
        db.transact(domain_rows.put, domain_rows.Policy("bad.friend.test", "block", 0, 0, "", 0))
        assert db.read(domain_rows.is_blocked, "bad.friend.test") and not db.read(domain_rows.is_blocked, "friend.test")


def test_the_modes_are_known(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"federation\.mode"):
        make.settings(tmp_path, federation={"mode": "closed"})
