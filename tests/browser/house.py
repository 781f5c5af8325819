"""A whole instance as `fedi serve` runs it: a database on disk, workers, a socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from bench.server import free_port
from fedi import accounts, config, logins
from fedi.activitypub import keys
from fedi.instance import Instance
from fedi.storage.accounts import Account
from fedi.web.app import make_app, server_options

PASSWORD = "correct horse"


class House:
    def __init__(self, instance: Instance, account: Account) -> None:
        self.instance = instance
        self.account = account
        self.url = instance.config.instance.base_url
        self.handle = f"@{account.username}@{instance.config.instance.domain}"


@asynccontextmanager
async def opened(folder: Path, name: str) -> AsyncIterator[House]:
    host = f"localhost:{free_port()}"
    document = {
        "instance": {"domain": host, "base_url": f"http://{host}", "title": f"The house of {name}"},
        "server": {"port": int(host.partition(":")[2])},
        "federation": {"allow_networks": ["127.0.0.0/8", "::1/128"]},
    }
    made = config.parse(document, folder)
    instance = await Instance.open(made)
    runner = web.AppRunner(make_app(instance), **server_options(made))
    try:
        new = accounts.NewAccount(
            name, f"{name}@mail.test", logins.hash_password(PASSWORD), "owner", keys.generate_rsa(), keys.generate_ed25519()
        )
        account = await instance.db.write(accounts.create, new)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", made.server.port).start()
        instance.start()
        yield House(instance, account)
    finally:
        await runner.cleanup()
        await instance.close()
