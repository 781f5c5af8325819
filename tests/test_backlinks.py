from pathlib import Path

import pytest

from fedi import accounts, backlinks
from fedi.accounts import Profile
from fedi.storage.accounts import Account
from tests import cast, make, remote
from tests.remote import World

ME = "https://fedi.test/@alice"


@pytest.mark.parametrize(
    "page",
    [
        f'<a rel="me" href="{ME}">me</a>', f"<link href='{ME}/' rel='noopener ME'>", f"<A HREF={ME} REL=me>",
        '<a href="https://fedi.test/users/alice" rel="me nofollow">', f'<p>x<a\nclass="b"\n rel="me"\n href="{ME}">',
    ],
)  # fmt: skip
def test_a_page_links_back_in_many_spellings(page: str) -> None:
    database = make.database()
    alice = database.transact(make.person, cast.ALICE)
    assert backlinks.links_back(page.encode(), alice)


@pytest.mark.parametrize(
    "page",
    [
        "", f'<a href="{ME}">', f'<a rel="meat" href="{ME}">', f'<a rel="me" href="{ME}x">', f'<p rel="me" href="{ME}">', f"rel=me {ME}",
        f'<a rel="me" href="https://evil.test/?{ME}">', "<a " * 200_000, '<a rel="me"' * 50_000,
    ],
)  # fmt: skip
def test_other_pages_do_not(page: str) -> None:
    database = make.database()
    alice = database.transact(make.person, cast.ALICE)
    assert not backlinks.links_back(page.encode(), alice)


def _proofs(w: World, alice: Account) -> list[bool]:
    return [at is not None for at in w.again(alice).field_proofs()]


async def test_links_on_a_profile_are_proven_by_their_pages_until_they_change(tmp_path: Path) -> None:
    async with remote.world(tmp_path) as w:
        alice = w.alice
        peer = w.peer("peer.test")
        peer.behave("/mine", remote.answers(f'<a rel="me" href="{alice.url}">'.encode(), content_type="text/html"))
        peer.behave("/other", remote.answers(b"<a href=x>", content_type="text/html"))
        peer.behave("/picture", remote.answers(f'<a rel="me" href="{alice.url}">'.encode(), content_type="image/png"))
        fields = tuple((name, f"https://peer.test/{name}") for name in ("mine", "other", "picture", "gone"))
        w.instance.db.transact(accounts.update_profile, alice, Profile(fields=(*fields, ("words", "no page"))))
        await w.settle()
        assert _proofs(w, alice) == [True, False, False, False, False]

        w.instance.db.transact(accounts.update_profile, w.again(alice), Profile(fields=(("home", "https://peer.test/mine"),)))
        assert _proofs(w, alice) == [True], "the same page under another name is the same page"
        w.instance.db.transact(accounts.update_profile, w.again(alice), Profile(fields=(("mine", "https://peer.test/other"),)))
        await w.settle()
        assert _proofs(w, alice) == [False]


async def test_a_server_of_ones_own_network_is_not_asked(tmp_path: Path) -> None:
    async with remote.world(tmp_path) as w:
        alice = w.alice
        w.instance.db.transact(accounts.update_profile, alice, Profile(fields=(("in", "https://10.0.0.1/"), ("us", ME))))
        await w.settle()
        assert _proofs(w, alice) == [False, False]
