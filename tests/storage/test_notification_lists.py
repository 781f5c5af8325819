from fedi.storage import notification_lists as lists
from fedi.storage.accounts import Account
from fedi.storage.db import Database
from fedi.storage.notification_lists import Wanted
from fedi.storage.timelines import Page
from tests import make

LAST = (1 << 63) - 1


def test_a_notification_is_found_by_its_owner_and_id_only(db: Database, alice: Account, bob: Account) -> None:
    db.transact(lambda tx: [make.post(tx, bob, "hello", mentions=(alice,)) for _ in range(3)])
    first, second, third = db.read(lists.list_notifications, alice.id, Page(), Wanted(["mention"]))

    assert db.read(lists.find_notification, alice.id, second.id, ["mention"]) == second
    assert db.read(lists.find_notification, alice.id, second.id, ["follow"]) is None
    assert db.read(lists.find_notification, bob.id, second.id, ["mention"]) is None
    for number in (0, 1, first.id + 1, LAST):
        assert db.read(lists.find_notification, alice.id, number, ["mention"]) is None
    assert db.read(lists.list_notifications, alice.id, Page(after=third.id, limit=1, forward=True), Wanted(["mention"])) == [second]
    assert db.read(lists.list_notifications, alice.id, Page(), Wanted([])) == []
