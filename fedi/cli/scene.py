"""What there is to look at on the two servers of `fedi dev`: two people, and one of each thing they can make, brought over by
federation."""

import asyncio
from importlib.resources import files
from typing import Any, Final, NamedTuple

from fedi import accounts, polls, posts, reactions
from fedi.control import verbs
from fedi.errors import Unreachable
from fedi.instance import Instance
from fedi.posts import Draft
from fedi.storage import accounts as account_rows
from fedi.storage import follows as follow_rows
from fedi.storage import posts as post_rows
from fedi.storage import settings as setting_rows
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.uploads import Upload

_WAIT_S: Final = 15
_SEEDED: Final = "dev.seeded"
_PARAGRAPHS: Final = 5


class Person(NamedTuple):
    """Who lives on one of the two."""

    name: str
    shown: str
    bio: str
    post: str

    @property
    def password(self) -> str:
        return f"{self.name}-password"


ALICE: Final = Person(
    "alice", "Alice", "I live on the first server. #introduction", "Hello from the first server! This post went over a socket, **signed**."
)
BOB: Final = Person(
    "bob",
    "Bob",
    "I live on the second server.",
    "Good to be here. Whoever follows me on the first server reads this at once. #introduction",
)
PEOPLE: Final = (ALICE, BOB)

_ARTICLE: Final = """Out of the door before seven, down the lane, and *left* at the mill.

# By the water

The path keeps to the bank for an hour. What there was to see:

- two herons
- a boat without anybody
- fog, and then none

> Take bread along.
"""
_PARAGRAPH: Final = (
    "\nAfter the second bridge the path climbs, and the wood begins. There is a bench where it ends, from which one sees both villages and"
    " the road between them, and most days the sea. Nobody was there but the baker's dog, who knows the way and came along for the rest.\n"
)
_GROUP: Final = {
    "name": "gardening",
    "title": "Gardening",
    "description": "What grows, and what does not. Everybody may join.",
    "rules": "Be kind to beginners.\nNo selling.",
    "posting": "members",
    "approves": False,
    "moderator": ALICE.name,
}


async def make(one: Instance, two: Instance) -> None:
    """Once: ALICE on the first and BOB on the second follow each other, have posted, and answered what the other posted."""
    if two.db.read(setting_rows.find, _SEEDED):
        return
    for instance, person in zip((one, two), PEOPLE, strict=True):
        await _settle_in(instance, person)
    await asyncio.gather(_follow(one, ALICE, _handle(two, BOB.name)), _follow(two, BOB, _handle(one, ALICE.name)))
    greeting = await _post(two, BOB, Draft(BOB.post))
    hello = await _post(one, ALICE, Draft(ALICE.post))
    await _arrived(one, greeting)
    greeted = await _arrived(two, hello)
    await _post(two, BOB, Draft(f"{_handle(one, ALICE.name)} And this is an answer.", in_reply_to_id=greeted.id))
    await _post(two, BOB, Draft("Who is new here: this is how it began.", quote_of_id=greeted.id))
    await _answer(two, await _arrived(two, await _show(one)))
    await _meet(one, two)
    await two.db.write(setting_rows.put, _SEEDED, True)


async def _show(one: Instance) -> Post:
    """An article, a picture and a question of ALICE's; the question."""
    await _post(one, ALICE, Draft(_ARTICLE + _PARAGRAPH * _PARAGRAPHS, title="A walk along the river"))
    picture = (files("fedi.web") / "static" / "header.png").read_bytes()
    shot = await one.uploads.add(one.db.read(account_rows.get_local, ALICE.name).id, Upload(picture, alt="Hills, drawn in three greens."))
    await _post(one, ALICE, Draft("What it looks like from the bench. #walking", media_ids=(shot.id,)))
    return await _post(one, ALICE, Draft("Where shall we walk next?", poll=polls.NewPoll(("Along the river", "Up the hill", "Into town"))))


async def _answer(two: Instance, question: Post) -> None:
    bob = two.db.read(account_rows.get_local, BOB.name)
    await two.db.write(polls.vote, bob, question.id, [1])
    await two.db.write(reactions.react, bob, question.id, "🥾")


async def _meet(one: Instance, two: Instance) -> None:
    """A group on the first server, which BOB joins and posts to."""
    made = await verbs.perform(one, "group.create", _GROUP)
    await _follow(two, BOB, f"@{made['name']}@{one.config.instance.domain}")
    group = two.db.read(account_rows.find_by_uri, made["uri"])
    assert group is not None
    await _post(
        two, BOB, Draft("Mine hang there as they did in August. What do you do with yours?", title="Green tomatoes", group_id=group.id)
    )


def _handle(instance: Instance, name: str) -> str:
    return f"@{name}@{instance.config.instance.domain}"


async def _settle_in(instance: Instance, person: Person) -> None:
    if any(known.username == person.name for known in instance.db.read(account_rows.list_local)):
        return  # it was stopped half way the last time
    email = f"{person.name}@example.org"
    await verbs.perform(instance, "account.create", {"name": person.name, "email": email, "password": person.password, "role": "owner"})
    await instance.db.write(_introduce, person)


def _introduce(tx: Tx, person: Person) -> None:
    account = account_rows.get_local(tx, person.name)
    accounts.update_profile(tx, account, accounts.Profile(person.shown, person.bio, discoverable=True, indexable=True))


async def _follow(instance: Instance, person: Person, handle: str) -> None:
    done = await verbs.perform(instance, "follow", {"name": person.name, "handle": handle})

    def is_accepted(tx: Tx) -> bool:
        follower, followed = account_rows.get_local(tx, person.name), account_rows.find_by_uri(tx, done["uri"])
        return followed is not None and follow_rows.is_follower(tx, follower.id, followed.id)

    await _until(instance, is_accepted)


async def _post(instance: Instance, person: Person, draft: Draft) -> Post:
    author = instance.db.read(account_rows.get_local, person.name)
    found = await instance.remote.mentions(draft.text)
    return await instance.db.write(posts.publish, author, draft._replace(language="en"), found)


async def _arrived(instance: Instance, post: Post) -> Post:
    """The same post, as the other server has it."""
    await _until(instance, lambda tx: post_rows.find_by_uri(tx, post.uri) is not None)
    found = instance.db.read(post_rows.find_by_uri, post.uri)
    assert found is not None
    return found


async def _until(instance: Instance, is_so: Any) -> None:
    for _ in range(_WAIT_S * 50):
        if instance.db.read(is_so):
            return
        await asyncio.sleep(0.02)
    raise Unreachable("The two servers do not hear each other on this machine. Is something between programs on localhost?")
