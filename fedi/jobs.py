"""Queued work by name, and the loop that runs it, in order within a lane, and the chores by the clock."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable

import orjson

from fedi import (
    annual_reports,
    approvals,
    backfill,
    backlinks,
    clock,
    groups,
    letters,
    limits,
    mail,
    newsletters,
    polls,
    purges,
    push,
    pushing,
    quotes,
    scheduled,
    transfers,
    uris,
)
from fedi.activitypub import communities, profiles, receive, stamps, synchronization, threads
from fedi.chores import CHORES
from fedi.errors import FediError, RemoteError, TooMany, Unavailable, Unreachable
from fedi.storage import accounts as account_rows
from fedi.storage import jobs as rows
from fedi.storage import media as media_rows
from fedi.storage import posts as post_rows
from fedi.storage import settings as setting_rows
from fedi.storage.jobs import Job
from fedi.streaming import Event
from fedi.workplace import Workplace

log = logging.getLogger(__name__)


_AT_ONCE = 16
# How many of these places a kind of work may have at most: where somebody chooses whom it waits for, the rest must not wait with it.
_SHARES = {push.JOB: 4, scheduled.JOB: 4, letters.JOB: 2, newsletters.JOB: 2, transfers.JOB: 4, annual_reports.JOB: 1}
_TRIES = 8
_PAGES = frozenset({"text/html", "application/xhtml+xml"})


async def _inbox(instance: Workplace, payload: bytes) -> None:
    await receive.process(instance.remote, payload)


async def _purge(instance: Workplace, payload: bytes) -> None:
    """What an account has left that ended: posts in slices, and then the bytes of its files."""
    left = orjson.loads(payload)
    while await instance.db.write(purges.some, left["account"]):
        pass  # others write in between
    for sha256 in left["files"]:
        if not instance.db.read(media_rows.is_kept, sha256):
            await instance.cpu(instance.files.delete, sha256)


async def _count_poll(instance: Workplace, payload: bytes) -> None:
    await instance.db.write(polls.tell_counts, orjson.loads(payload)["post"])


async def _end_poll(instance: Workplace, payload: bytes) -> None:
    await instance.db.write(polls.end, orjson.loads(payload)["post"])


async def _refresh_poll(instance: Workplace, payload: bytes) -> None:
    """Its counts as its own server has them now; its text stays, edits come by themselves."""
    post = instance.db.read(post_rows.find, orjson.loads(payload)["post"])
    if post is not None:
        try:
            note, author = await instance.remote.note(post.uri)
        except RemoteError:
            return  # whoever looks at it next asks again
        if author.id == post.account_id:
            await instance.db.write(polls.receive, post, note.poll, newer=False)


async def _quote(instance: Workplace, payload: bytes) -> None:
    await stamps.check_quote(instance.remote, payload)


async def _approval(instance: Workplace, payload: bytes) -> None:
    await stamps.check_approval(instance.remote, payload)


async def _moderators(instance: Workplace, payload: bytes) -> None:
    await communities.read_moderators(instance.remote, int(payload))


async def _synchronize(instance: Workplace, payload: bytes) -> None:
    await synchronization.process(instance.remote, payload)


async def _profile(instance: Workplace, payload: bytes) -> None:
    await profiles.fill(instance.remote, int(payload))


async def _thread(instance: Workplace, payload: bytes) -> None:
    await threads.complete(instance.remote, int(payload))


async def _thread_above(instance: Workplace, payload: bytes) -> None:
    await threads.climb(instance.remote, int(payload))


async def _import(instance: Workplace, payload: bytes) -> None:
    """Some lines of a list that somebody has brought. A line that cannot be done is counted, and the next one is tried."""
    given = orjson.loads(payload)
    found = instance.db.read(transfers.due, given["account"], given["at"])
    if found is None:
        return
    account, present, lines = found
    failed = 0
    for line in lines:
        try:
            await instance.db.write(transfers.apply, account, present.kind, line, await _meant(instance, present.kind, line[0]))
        except Unavailable:
            raise
        except FediError:
            failed += 1
    await instance.db.write(transfers.advance, account.id, present, len(lines), failed)


async def _meant(instance: Workplace, kind: str, text: str) -> int:
    """The account or post that a line of a list means, asked of its server; 0 for a domain."""
    if kind == "domains":
        return 0
    if kind == "bookmarks":
        return (await instance.remote.post(text)).id
    name, _, host = text.partition("@")
    return (await instance.remote.account_of(name, uris.normal_host(host))).id


async def _publish(instance: Workplace, payload: bytes) -> None:
    """A post whose time has come; its author is told why it could not be published, and nobody tries again."""
    row_id = int(payload)
    draft = instance.db.read(scheduled.due, row_id)
    if draft is None:
        return
    try:
        found = await instance.remote.mentions(draft.text)
        await instance.db.write(scheduled.publish, row_id, found)
    except Unavailable:
        raise
    except FediError as error:
        await instance.db.write(scheduled.fail, row_id, error.message)


async def _backlinks(instance: Workplace, payload: bytes) -> None:
    """The pages on a profile, each asked once; one that cannot be had is not proven."""
    account = instance.db.read(account_rows.find, int(payload))
    if account is None:
        return
    proven = []
    for url in backlinks.unproven(account):
        try:
            page = await instance.http.get(url, accept="text/html", types=_PAGES, max_bytes=limits.BODY_BYTES)
        except RemoteError:
            continue
        if await instance.cpu(backlinks.links_back, page.body, account):
            proven.append(url)
    await instance.db.write(backlinks.prove, account.id, proven)


async def _annual_report(instance: Workplace, payload: bytes) -> None:
    asked = orjson.loads(payload)
    made = await instance.db.scan(annual_reports.made, asked["account"], asked["year"], deadline_s=60)
    await instance.db.write(annual_reports.finish, asked["account"], asked["year"], made)


async def _push(instance: Workplace, payload: bytes) -> None:
    settings = instance.config.instance
    address = settings.contact.removeprefix("mailto:")
    contact = f"mailto:{address}" if "@" in address[1:] and "/" not in address else f"{settings.base_url}/"
    await pushing.send(pushing.Way(instance.db, instance.http, instance.cpu, instance.vapid, contact), payload)


async def _letter(instance: Workplace, payload: bytes) -> None:
    """Write a letter and take it to the mail server; without one, nobody asks for letters any more."""
    if not instance.config.mail.host:
        return
    letter = await instance.db.write(letters.write, payload, instance.config.instance.title)
    if letter is not None:
        await _post_letter(instance, letter)


async def _newsletter(instance: Workplace, payload: bytes) -> None:
    """Ask a reader whether they want letters, or send them what is new; who can be reached no more gets none."""
    letter = await instance.db.write(newsletters.write, instance.config, payload)
    if letter is None:
        return
    try:
        await _post_letter(instance, letter)
    except mail.NoMailbox:
        await instance.db.write(newsletters.refused, payload)
        raise
    await instance.db.write(newsletters.taken, payload)


async def _post_letter(instance: Workplace, letter: letters.Letter) -> None:
    """In a thread of its own: a mail server that hangs is not to keep passwords and pictures waiting."""
    await asyncio.to_thread(mail.send, instance.config.mail, instance.config.instance.domain, letter)


JOBS: dict[str, Callable[[Workplace, bytes], Awaitable[None]]] = {
    receive.JOB: _inbox,
    synchronization.JOB: _synchronize,
    purges.JOB: _purge,
    polls.COUNT_JOB: _count_poll,
    polls.END_JOB: _end_poll,
    polls.REFRESH_JOB: _refresh_poll,
    quotes.JOB: _quote,
    approvals.JOB: _approval,
    groups.JOB: _moderators,
    backfill.PROFILE: _profile,
    backfill.THREAD: _thread,
    backfill.ABOVE: _thread_above,
    transfers.JOB: _import,
    letters.JOB: _letter,
    newsletters.JOB: _newsletter,
    scheduled.JOB: _publish,
    backlinks.JOB: _backlinks,
    annual_reports.JOB: _annual_report,
    push.JOB: _push,
}


# -- the loop --


class Runner:
    """Runs queued jobs and chores of one instance between `start` and `stop`. `settle` waits until no job is due."""

    def __init__(self, instance: Workplace) -> None:
        self._instance = instance
        self._busy: dict[int, str] = {}  # job id -> lane
        self._kinds: Counter[str] = Counter()  # of the jobs at work
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._looks_at = 1 << 62  # ms: until then nothing is due, as far as is known
        self._stopping = False
        self._loop_tasks: list[asyncio.Task[None]] = []
        self.dropped: dict[str, int] = {}  # by the name of the error
        instance.hub.subscribe("job", self._heard)
        instance.hub.subscribe("storage.reopened", lambda _: self._wake.set())

    def _heard(self, event: Event) -> None:
        """There is a job. One that says when it is due, and is not before the queue is looked at anyway, wakes nobody."""
        if not isinstance(event.data, int) or event.data < self._looks_at:
            self._wake.set()

    def start(self) -> None:
        self._loop_tasks = [asyncio.create_task(self._run(), name="jobs"), asyncio.create_task(self._run_chores(), name="chores")]

    async def stop(self) -> None:
        """Begin nothing more; what is at work gets a moment, and otherwise runs again after the next start."""
        self._stopping = True
        self._wake.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)
        for task in (*self._tasks, *self._loop_tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._loop_tasks, return_exceptions=True)

    async def settle(self) -> None:
        """Do what is due until nothing is; also without `start`."""
        self._claim()
        while self._tasks:
            await asyncio.wait(tuple(self._tasks))
            self._claim()

    async def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                wait_s = self._claim()
            except Exception:
                log.exception("the job queue could not be read")
                wait_s = 1.0
            self._looks_at = clock.now() + int(wait_s * clock.SECOND)
            try:
                await asyncio.wait_for(self._wake.wait(), wait_s)
            except TimeoutError:
                continue

    def _claim(self) -> float:
        """Start what is due; how long until something else is."""
        while self._begin():
            pass
        if len(self._tasks) >= _AT_ONCE:
            return 60.0
        next_at = self._instance.db.read(rows.next_run_at)
        return 60.0 if next_at is None else min(max((next_at - clock.now()) / 1000, 0.05), 60.0)

    def _begin(self) -> bool:
        """Start some of what is due; whether there may be more, behind work that has all the places it gets."""
        free = _AT_ONCE - len(self._tasks)
        if free <= 0:
            return False
        lanes, passed_over = {lane for lane in self._busy.values() if lane}, False
        full = [name for name, most in _SHARES.items() if self._kinds[name] >= most]
        for job in self._instance.db.read(rows.list_due, free, tuple(self._busy), tuple(lanes), full):
            if job.lane and job.lane in lanes:
                continue
            if self._kinds[job.name] >= _SHARES.get(job.name, _AT_ONCE):
                passed_over = True
                continue
            lanes.add(job.lane)
            self._busy[job.id] = job.lane
            self._kinds[job.name] += 1
            task = asyncio.create_task(self._work(job))
            self._tasks.add(task)
            task.add_done_callback(self._done)
        return passed_over

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._wake.set()

    async def _work(self, job: Job) -> None:
        try:
            await JOBS[job.name](self._instance, job.payload)
        except (Unreachable, TooMany, Unavailable) as error:
            await self._again(job, error)
        except (RemoteError, FediError) as error:
            name = type(error).__name__
            self.dropped[name] = self.dropped.get(name, 0) + 1
            log.info("job %d (%s) has no effect: %s", job.id, job.name, error.message)
            await self._settle_row(rows.delete, job.id)
        except Exception as error:
            log.exception("job %d (%s) failed", job.id, job.name)
            await self._again(job, error)
        else:
            await self._settle_row(rows.delete, job.id)
        finally:
            self._busy.pop(job.id, None)
            self._kinds[job.name] -= 1

    async def _again(self, job: Job, error: Exception) -> None:
        """Later, at growing distance; after eight tries a peer's failure is dropped and one of ours parked, where people see it."""
        reason = error.message if isinstance(error, FediError) else f"{type(error).__name__}: {error}"
        if isinstance(error, Unavailable):
            await asyncio.sleep(1)
            return
        if job.attempts + 1 < _TRIES:
            wait = 1 << min(job.attempts, 7) if not isinstance(error, Unreachable) else 30 << min(job.attempts, 10)
            hint = getattr(error, "retry_after_s", None)
            await self._settle_row(rows.delay, job.id, clock.now() + max(wait, min(hint or 0, 3600)) * clock.SECOND, reason[:500])
        elif isinstance(error, FediError):
            await self._settle_row(rows.delete, job.id)
        else:
            await self._settle_row(rows.park, job.id, reason[:500])

    async def _settle_row(self, write: Callable[..., None], *args: object) -> None:
        try:
            await self._instance.db.write(write, *args)
        except FediError:
            log.exception("a job's outcome could not be written; it will run again")
            await asyncio.sleep(1)

    # -- chores --

    async def _run_chores(self) -> None:
        while not self._stopping:
            await asyncio.sleep(60)
            for name, (every, _) in CHORES.items():
                if clock.now() - self._instance.db.read(setting_rows.find, f"chore.{name}", 0) >= every:
                    await self.run_chore(name)

    async def run_chore(self, name: str) -> None:
        """Do one chore now; a failure is logged and waits for its next time."""
        try:
            await CHORES[name][1](self._instance)
            await self._instance.db.write(setting_rows.put, f"chore.{name}", clock.now())
        except Exception:
            log.exception("the chore %s failed", name)
