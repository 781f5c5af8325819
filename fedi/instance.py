"""The composition root: Config -> Instance. Opens and closes what an instance is made of; `start` and `stop` run its workers."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from fedi import accounts, moderation, polls, push, webpush
from fedi.activitypub import keys, synchronization
from fedi.activitypub.delivery import Sender
from fedi.activitypub.remote import Remote
from fedi.cardreader import Desk
from fedi.config import Config
from fedi.errors import Invalid
from fedi.filtering import Filtering
from fedi.http import Client
from fedi.jobs import Runner
from fedi.mediacache import MediaCache
from fedi.previews import Previews
from fedi.storage import accounts as account_rows
from fedi.storage import db, lock, private
from fedi.storage import keys as key_rows
from fedi.storage import media as media_rows
from fedi.storage import settings as setting_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database, House, Tx
from fedi.storage.files import Files
from fedi.storage.lock import Lock
from fedi.storage.posts import Post
from fedi.streaming import Hub
from fedi.translator import Translator
from fedi.uploads import Uploads

P = ParamSpec("P")
T = TypeVar("T")


class Instance:
    """One server's state. `actor` is its own account, which signs what nobody in particular does. Made by `open`, ended by `close`."""

    def __init__(self, config: Config, database: Database, hub: Hub, lock: Lock | None) -> None:
        self.config = config
        self.uris = config.uris
        self.db = database
        self.hub = hub
        self.filtering = Filtering(hub)
        self._lock = lock
        self._threads = ThreadPoolExecutor(2, "fedi-cpu")
        self._running = False
        self.files = Files(config.dir / "media")
        self.http = Client(config)
        self.translator = Translator(config.translation, self.http)
        self.remote = Remote(config, database, self.http, self.cpu)
        self.remote.keyring.listen(hub)
        pictures = asyncio.Semaphore(1)
        self.mediacache = MediaCache(database, self.http, self.files, self.cpu, pictures)
        self.mediacache.set_budget(config.storage)
        self.uploads = Uploads(database, self.files, self.cpu, pictures, config.limits.upload_mb * 1024 * 1024)
        self.sender = Sender(self.remote, self.http, database, hub)
        self.followers = synchronization.Listener(self.remote, self.sender.digests)
        self.jobs = Runner(self)
        desk = Desk(database, self.http, self.remote, self.mediacache, self.cpu)
        self.previews = Previews(desk, hub, is_wanted=config.instance.previews)
        self.actor: Account
        self.vapid: webpush.Sender

    @classmethod
    async def open(cls, config: Config) -> "Instance":
        """Take the folder's lock and open everything. Raises Conflict naming the pid of who has it, Invalid for foreign data."""
        private.folder(config.dir)
        held = lock.acquire(config.dir)
        try:
            hub = Hub()
            database = Database.open(config.dir / db.NAME, publish=hub.publish, house=House.of(config))
        except BaseException:
            held.release()
            raise
        instance = cls(config, database, hub, held)
        try:
            await instance._begin()
        except BaseException:
            await instance.close()
            raise
        return instance

    @classmethod
    async def in_memory(cls, config: Config) -> "Instance":
        """The same with a database in memory, for tests: files and everything else are real."""
        hub = Hub()
        instance = cls(config, Database.memory(publish=hub.publish, house=House.of(config)), hub, None)
        await instance._begin()
        return instance

    async def _begin(self) -> None:
        self.db.read(_refuse_foreign_data, self.config)
        self.files.clear_arriving()
        await self.db.write(media_rows.fail_unfinished)
        found = self.db.read(account_rows.find_by_uri, self.uris.instance_actor())
        if found is None:
            rsa_pem, ed25519_pem = await self.cpu(keys.generate_rsa), await self.cpu(keys.generate_ed25519)
            found = await self.db.write(_first_time, self.config, rsa_pem, ed25519_pem)
        self.actor = found
        if self.db.read(moderation.talked_to) != self.config.federation.mode:
            await self.db.write(moderation.set_mode)
        key = self.db.read(key_rows.get_rsa, found.id)
        secret = self.db.read(push.find_secret)
        if secret is None:
            secret = await self.db.write(push.keep_secret, webpush.new_secret())
        self.vapid = webpush.Sender(secret)
        self.remote.use_key(key.uri, key.private_pem or "")

    def start(self) -> None:
        """Begin to work: deliveries, jobs, chores."""
        self._running = True
        self.sender.start()
        self.jobs.start()
        self.previews.start()

    async def settle(self) -> None:
        """Until every job and delivery that is due now is done: for tests."""
        for _ in range(2):
            await self.jobs.settle()
            await self.sender.settle()
            await self.previews.settle()

    async def look_at_poll(self, post: Post) -> None:
        """Somebody here looks at a post: if it is a poll of another server, its counts are read again in the background when old."""
        if post.kind == polls.KIND and self.db.read(polls.is_stale, post):
            await self.db.write(polls.refresh, post.id)

    async def cpu(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run what costs CPU (or waits for the disk) in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: fn(*args, **kwargs))

    async def close(self) -> None:
        """Stop working, write what is to be written, let go of everything. May be called once."""
        if self._running:
            await self.sender.stop()
            await self.jobs.stop()
            await self.previews.stop()
        await self.uploads.close()
        await self.http.close()
        await self.db.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._lock is not None:
            self._lock.release()


def _refuse_foreign_data(tx: Tx, config: Config) -> None:
    """Ids never change: data of one domain cannot be served under another."""
    for key, ours in (("domain", config.instance.domain), ("base_url", config.instance.base_url)):
        theirs = setting_rows.find(tx, f"instance.{key}")
        if theirs is not None and theirs != ours:
            raise Invalid(
                f"instance.{key}: this data belongs to `{theirs}`, and the configuration says `{ours}`. Addresses of accounts and posts"
                f" never change: write `{theirs}`, or use another storage.dir.",
                f"instance.{key}",
            )


def _first_time(tx: Tx, config: Config, rsa_pem: str, ed25519_pem: str) -> Account:
    setting_rows.put(tx, "instance.domain", config.instance.domain)
    setting_rows.put(tx, "instance.base_url", config.instance.base_url)
    return accounts.create_instance_actor(tx, rsa_pem, ed25519_pem)
