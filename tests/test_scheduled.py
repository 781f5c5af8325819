"""Posts to come: published once when their time has come, whatever is interrupted, and what keeps them from it is said."""

import pytest
from freezegun.api import FrozenDateTimeFactory

from fedi import clock, jobs, limits, media, moderation, posts, scheduled
from fedi.errors import Invalid, NotFound
from fedi.instance import Instance
from fedi.polls import NewPoll
from fedi.posts import Draft
from fedi.storage import jobs as job_rows
from fedi.storage import media as media_rows
from fedi.storage import posts as post_rows
from fedi.storage import scheduled as rows
from fedi.storage.accounts import Account
from fedi.storage.scheduled import Scheduled
from fedi.storage.timelines import Page
from tests import cast, make

LATER = 2 * clock.HOUR


@pytest.fixture
def ann(instance: Instance, frozen: FrozenDateTimeFactory) -> Account:
    made: Account = instance.db.transact(make.person, cast.ALICE)
    return made


def plan(instance: Instance, who: Account, draft: Draft | None = None, at: int = LATER) -> Scheduled:
    made: Scheduled = instance.db.transact(scheduled.plan, who, draft or Draft("later"), clock.now() + at)
    return made


def said(instance: Instance, who: Account) -> list[str]:
    found = instance.db.read(lambda tx: [post_rows.get(tx, post_id) for post_id in post_rows.list_ids_of(tx, who.id, 50)])
    return [post.content_source for post in found]


async def test_it_is_published_when_its_time_has_come_and_not_before(
    instance: Instance, ann: Account, frozen: FrozenDateTimeFactory
) -> None:
    row = plan(instance, ann, Draft("later #topic", warning="careful", visibility="unlisted", poll=NewPoll(("one", "two"))))

    frozen.tick(LATER / 1000 - 60)
    await instance.settle()
    assert said(instance, ann) == []
    frozen.tick(61)
    await instance.settle()

    (post_id,) = instance.db.read(post_rows.list_ids_of, ann.id, 50)
    post = instance.db.read(post_rows.get, post_id)
    assert (post.content_source, post.warning, post.visibility, post.kind) == ("later #topic", "careful", "unlisted", "Question")
    assert post.published_at >= row.scheduled_at and instance.db.read(rows.find, row.id) is None
    assert instance.db.read(post_rows.list_tags, [post.id]) == {post.id: ["topic"]}


async def test_it_comes_once_though_the_server_ends_before_the_job_is_forgotten(
    instance: Instance, ann: Account, frozen: FrozenDateTimeFactory
) -> None:
    """What a crash after the commit leaves is a job whose work is done."""
    row = plan(instance, ann)
    frozen.tick(LATER / 1000 + 1)
    for _ in range(3):
        await jobs.JOBS[scheduled.JOB](instance, b"%d" % row.id)
    await instance.settle()

    assert said(instance, ann) == ["later"]


async def test_what_breaks_the_transaction_publishes_nothing_and_loses_nothing(
    instance: Instance, ann: Account, frozen: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = plan(instance, ann)
    frozen.tick(LATER / 1000 + 1)

    def broken(*args: object) -> None:
        posts_publish(*args)  # type: ignore[arg-type]
        raise ZeroDivisionError

    posts_publish = posts.publish
    monkeypatch.setattr(posts, "publish", broken)
    with pytest.raises(ZeroDivisionError):
        await jobs.JOBS[scheduled.JOB](instance, b"%d" % row.id)
    assert said(instance, ann) == [] and instance.db.read(rows.find, row.id) == row

    monkeypatch.undo()
    await instance.settle()
    assert said(instance, ann) == ["later"]


async def test_another_time_counts_whichever_is_earlier(instance: Instance, ann: Account, frozen: FrozenDateTimeFactory) -> None:
    later, sooner = plan(instance, ann, Draft("put off")), plan(instance, ann, Draft("brought forward"))
    instance.db.transact(scheduled.move, ann, later.id, clock.now() + 2 * LATER)
    instance.db.transact(scheduled.move, ann, sooner.id, clock.now() + LATER // 2)

    frozen.tick(LATER / 2000 + 1)
    await instance.settle()
    assert said(instance, ann) == ["brought forward"]
    frozen.tick(LATER / 1000)
    await instance.settle()
    assert said(instance, ann) == ["brought forward"]
    frozen.tick(LATER / 1000)
    await instance.settle()
    assert said(instance, ann) == ["brought forward", "put off"]


async def test_what_was_taken_back_is_not_published(instance: Instance, ann: Account, frozen: FrozenDateTimeFactory) -> None:
    row = plan(instance, ann)
    instance.db.transact(scheduled.cancel, ann, row.id)

    frozen.tick(LATER / 1000 + 1)
    await instance.settle()

    assert said(instance, ann) == [] and instance.db.read(job_rows.count_by_state) == {}


async def test_why_it_could_not_be_published_is_kept_with_it(instance: Instance, ann: Account, frozen: FrozenDateTimeFactory) -> None:
    question = instance.db.transact(make.post, ann, "question")
    row = plan(instance, ann, Draft("answer", in_reply_to_id=question.id))
    instance.db.transact(posts.remove, ann, question.id)

    frozen.tick(LATER / 1000 + 1)
    await instance.settle()

    assert said(instance, ann) == []
    kept = instance.db.read(rows.get_own, ann.id, row.id)
    assert kept.error == "There is no such post." and scheduled.draft_of(kept).text == "answer"
    moved = instance.db.transact(scheduled.move, ann, row.id, clock.now() + LATER)
    assert moved.error == ""


async def test_who_is_suspended_then_says_nothing_then_nor_later_unasked(
    instance: Instance, ann: Account, frozen: FrozenDateTimeFactory
) -> None:
    row = plan(instance, ann)
    instance.db.transact(moderation.suspend, ann)
    frozen.tick(LATER / 1000 + 1)
    await instance.settle()
    instance.db.transact(moderation.unsuspend, instance.db.read(make.again, ann))
    await instance.settle()

    assert said(instance, ann) == [] and "suspended" in instance.db.read(rows.get_own, ann.id, row.id).error
    instance.db.transact(scheduled.move, ann, row.id, clock.now() + LATER)
    frozen.tick(LATER / 1000 + 1)
    await instance.settle()
    assert said(instance, ann) == ["later"]


async def test_its_files_are_kept_for_it_and_for_nothing_else(instance: Instance, ann: Account, frozen: FrozenDateTimeFactory) -> None:
    picture = instance.db.transact(make.picture, ann)
    row = plan(instance, ann, Draft("look", media_ids=(picture.id,)), at=3 * clock.DAY)

    post = Draft("mine", media_ids=(picture.id,))
    for take in (lambda tx: posts.publish(tx, ann, post, {}), lambda tx: media.discard(tx, ann.id, picture.id)):
        with pytest.raises(Invalid):
            instance.db.transact(take)
    with pytest.raises(Invalid):
        plan(instance, ann, Draft("mine", media_ids=(picture.id,)))
    frozen.tick(2 * 24 * 3600)
    await instance.jobs.run_chore("prune-media")
    assert instance.db.read(media_rows.count_unused, ann.id) == 0
    assert [file.id for file in instance.db.read(rows.list_media, [row.id])[row.id]] == [picture.id]
    frozen.tick(24 * 3600 + 1)
    await instance.settle()
    (post_id,) = instance.db.read(post_rows.list_ids_of, ann.id, 50)
    assert [file.media_id for file in instance.db.read(post_rows.list_media, [post_id])[post_id]] == [picture.id]


def test_so_many_wait_and_so_many_are_for_one_day(instance: Instance, ann: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SCHEDULED", 30)
    day = 3 * clock.DAY
    made = [plan(instance, ann, at=day + number * clock.MINUTE) for number in range(limits.SCHEDULED_PER_DAY)]
    with pytest.raises(Invalid, match="one day"):
        plan(instance, ann, at=day)
    instance.db.transact(scheduled.move, ann, made[0].id, clock.now() + day + clock.HOUR)
    for number in range(5):
        plan(instance, ann, at=day + (number + 1) * clock.DAY)
    with pytest.raises(Invalid, match="30 posts"):
        plan(instance, ann, at=20 * clock.DAY)


@pytest.mark.parametrize(
    ("draft", "at"),
    [
        (Draft(""), LATER),
        (Draft("x" * 5001), LATER),
        (Draft("x", visibility="friends"), LATER),
        (Draft("x", media_ids=(1,)), LATER),
        (Draft("x", in_reply_to_id=1), LATER),
        (Draft("x", quote_of_id=1), LATER),
        (Draft("x", poll=NewPoll(("one",))), LATER),
        (Draft("x"), 4 * clock.MINUTE),
        (Draft("x"), -clock.DAY),
        (Draft("x"), 20 * 365 * clock.DAY),
    ],
)
def test_what_could_not_be_published_cannot_be_scheduled(instance: Instance, ann: Account, draft: Draft, at: int) -> None:
    with pytest.raises((Invalid, NotFound)):
        plan(instance, ann, draft, at)
    assert instance.db.read(rows.list_own, ann.id, Page()) == []


def test_what_somebody_may_not_see_cannot_be_answered_later_either_VIS_01(instance: Instance, ann: Account) -> None:
    bob = instance.db.transact(make.person, cast.BOB)
    secret = instance.db.transact(make.post, bob, "secret", "direct")

    with pytest.raises(NotFound):
        plan(instance, ann, Draft("and?", in_reply_to_id=secret.id))


def test_others_have_no_part_in_it_VIS_21(instance: Instance, ann: Account) -> None:
    row, bob = plan(instance, ann), instance.db.transact(make.person, cast.BOB)

    for act in (
        lambda tx: scheduled.move(tx, bob, row.id, tx.now + LATER),
        lambda tx: scheduled.cancel(tx, bob, row.id),
        lambda tx: rows.get_own(tx, bob.id, row.id),
    ):
        with pytest.raises(NotFound):
            instance.db.transact(act)
    assert instance.db.read(rows.list_own, bob.id, Page()) == []


def test_the_same_key_makes_one(instance: Instance, ann: Account) -> None:
    assert plan(instance, ann, Draft("x", idempotency_key="k")) == plan(instance, ann, Draft("x", idempotency_key="k"))
    assert plan(instance, ann, Draft("x", idempotency_key="l")).id != 0
    assert len(instance.db.read(rows.list_own, ann.id, Page())) == 2


async def test_another_time_leaves_no_job_behind_and_neither_does_an_end_DOS(instance: Instance, ann: Account) -> None:
    def waiting() -> int:
        return len([job for job in instance.db.read(job_rows.list_waiting) if job.name == scheduled.JOB])

    row = plan(instance, ann)
    for number in range(5):
        instance.db.transact(scheduled.move, ann, row.id, clock.now() + LATER + number * clock.HOUR)
    assert waiting() == 1
    instance.db.transact(scheduled.cancel, ann, row.id)
    assert waiting() == 0
