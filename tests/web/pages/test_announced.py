"""Announcements at the top of home; what is kept apart, and the choice of whom that concerns; kinds of activity one by one."""

import pytest

from fedi import announcements, interactions, moderation, warnings
from fedi.storage import notification_policies as policy_rows
from fedi.storage.accounts import Account
from tests import make
from tests.web.pages.reading import Visitor
from tests.web.rig import Rig


@pytest.fixture
def alice(rig: Rig) -> Account:
    return rig.person("alice", "owner")


@pytest.fixture
def bob(rig: Rig) -> Account:
    return rig.person("bob")


async def test_an_announcement_stands_on_top_of_home_until_it_is_read_away(rig: Rig, alice: Account, bob: Account) -> None:
    run = rig.instance.db.transact
    made = run(announcements.create, "On **Sunday** <script>alert(1)</script>", starts_at=4_000_000_000_000, all_day=True)
    visitor = Visitor(rig, alice)
    page = await visitor.read("/home")
    assert "On Sunday" in page.main
    assert "From 2 October 2096" in page.main
    await visitor.press(f"/announcements/{made.id}/dismiss")
    assert "On Sunday" not in (await visitor.read("/home")).main
    assert "On Sunday" in (await Visitor(rig, bob).read("/home")).main


async def test_whom_one_hears_of_only_when_one_looks_is_chosen_and_let_through(rig: Rig, alice: Account, bob: Account) -> None:
    run = rig.instance.db.transact
    visitor = Visitor(rig, alice)
    await visitor.read("/settings/notifications")
    await visitor.press("/settings/notifications", {"not_following": "filter", "new_accounts": "nonsense"})
    policy = rig.instance.db.read(policy_rows.get, alice.id)
    assert (policy.not_following, policy.new_accounts) == ("filter", "accept")

    run(make.post, bob, "hello there", mentions=(alice,))
    assert "Kept apart" in (await visitor.read("/notifications")).main
    assert "hello there" not in (await visitor.read("/notifications")).main
    page = await visitor.read("/notifications/requests")
    assert "hello there" in page.main
    [request] = rig.instance.db.read(lambda tx: tx.query("SELECT id FROM notification_requests"))
    await visitor.press(f"/notifications/requests/{request[0]}/accept")
    assert "hello there" in (await visitor.read("/notifications")).main
    assert "hello there" not in (await visitor.read("/notifications/requests")).main


async def test_activity_is_shown_kind_by_kind_with_what_staff_did(rig: Rig, alice: Account, bob: Account) -> None:
    run = rig.instance.db.transact
    carol = run(make.remote, "carol")
    post = run(make.post, alice, "mine")
    run(interactions.favourite, bob, post.id)
    run(make.follow, alice, carol)
    run(moderation.block_domain, "peer.test")
    run(warnings.give, alice, "Please be kind.")
    visitor = Visitor(rig, alice)

    likes, rest = (await visitor.read("/notifications?show=likes")).main, (await visitor.read("/notifications?show=rest")).main
    assert "liked your post" in likes
    assert "Please be kind." not in likes
    assert "Please be kind." in rest
    assert "peer.test is blocked on this server. Gone with it: 1 whom you followed." in rest
    assert "liked your post" not in rest
    assert "Nothing of this kind" in (await visitor.read("/notifications?show=boosts")).main
    assert "liked your post" in (await visitor.read("/notifications?show=nonsense")).main
