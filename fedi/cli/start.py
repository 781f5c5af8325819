"""`fedi serve`: what can be refused is refused here, before the half second of imports that the server itself takes (serve.py)."""

import gc
from dataclasses import replace
from pathlib import Path

import click

from fedi.cli import ask


@click.command()
@click.option("--host", help="The address to listen on, instead of server.host.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port, instead of server.port. 0 takes any free one and says which.")
@ask.config_option
def serve(host: str | None, port: int | None, config: Path) -> None:
    """Run the server until it is told to stop (Ctrl-C, SIGTERM). It finishes what it was asked; a second Ctrl-C ends it at once.

    \b
    Example:
      fedi serve
      fedi serve --config /srv/fedi/data/config.toml --port 8081
    """
    from fedi.cli import logs  # lazy: so that help is quick
    from fedi.storage import lock, private

    settings = ask.load(config)
    server = replace(settings.server, host=host or settings.server.host, port=settings.server.port if port is None else port)
    settings = replace(settings, server=server)
    logs.begin(settings.log.level)
    private.folder(settings.dir)
    private.check(settings.dir)
    lock.acquire(settings.dir).release()  # the server takes it again, and then for good
    gc.disable()  # a fifth of the time that imports take; nothing of what they make is garbage
    from fedi.cli import serve as server_side  # lazy: aiohttp, cryptography, templates

    gc.enable()
    server_side.serve(settings, config)
