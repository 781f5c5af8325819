"""Here people live in the bare database `db`, as in tests/conftest.py."""

import pytest

from fedi.storage.accounts import Account
from fedi.storage.db import Database
from tests import cast, make


@pytest.fixture
def alice(db: Database) -> Account:
    return db.transact(make.person, cast.ALICE)


@pytest.fixture
def bob(db: Database) -> Account:
    return db.transact(make.person, cast.BOB)


@pytest.fixture
def carol(db: Database) -> Account:
    return db.transact(make.person, cast.CAROL)
