"""`fedi media`: files on disk."""

from pathlib import Path

import click

from fedi.cli import ask, show


@click.group()
def media() -> None:
    """Files on disk: what people here uploaded, and copies of other servers' pictures.

    \b
    Example:
      fedi media usage
    """


@media.command()
@show.json_option
@ask.config_option
def usage(as_json: bool, config: Path) -> None:
    """How much room files take.

    \b
    Example:
      fedi media usage
    """
    found = ask.ask(config, "media.usage")
    if as_json:
        show.as_json(found)
        return
    known = f"of {found['remote_known']} known, fetched on demand"
    click.echo(f"From here:   {found['local_files']} files, {show.size(found['local_bytes'])}")
    click.echo(f"From others: {found['remote_files']} files, {show.size(found['remote_bytes'])} ({known})")


@media.command()
@show.json_option
@ask.config_option
def prune(as_json: bool, config: Path) -> None:
    """Remove now what is removed by the clock: copies nobody looked at for `storage.remote_media_days`, and files nothing shows.

    \b
    Example:
      fedi media prune
    """
    done = ask.ask(config, "media.prune")
    if as_json:
        show.as_json(done)
    else:
        click.echo(f"{done['files']} files removed, {show.size(done['bytes'])}.")
