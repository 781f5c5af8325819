"""`fedi backup` and `fedi restore`: everything one instance is, in one file."""

import json
import re
import sys
from pathlib import Path

import click

from fedi.cli import ask, show
from fedi.errors import Invalid


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@show.json_option
@ask.config_option
def backup(file: Path, as_json: bool, config: Path) -> None:
    """Copy the database, the media written here and the configuration into FILE (.tar or .tar.gz), also while the server runs.

    The file holds private keys, password hashes and direct messages: keep it as safe as the server.

    \b
    Example:
      fedi backup /backups/fedi-$(date +%F).tar.gz
    """
    from fedi.storage import backup as backups  # lazy: tar and gzip

    settings = ask.load(config)
    if not file.absolute().parent.is_dir():
        raise Invalid(f"{file.absolute().parent}: there is no such folder.")
    with click.progressbar(length=100, label="Copying", file=sys.stderr) as bar:
        manifest = backups.backup(settings.dir, config.resolve(), file.absolute(), lambda share: bar.update(int(share * 100) - bar.pos))
    if as_json:
        show.as_json(manifest._asdict())
    else:
        click.echo(f"{file}: {show.size(file.stat().st_size)}")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("."),
    show_default="this folder",
    help="Where the database, the media and the configuration go.",
)
@show.json_option
def restore(file: Path, directory: Path, as_json: bool) -> None:
    """Unpack a backup into a folder that has no database yet. A config.toml that is there already is kept.

    Run the server on one copy only: two with the same keys confuse every other server.

    \b
    Example:
      fedi restore /backups/fedi-2026-11-22.tar.gz --dir /srv/fedi/data
    """
    from fedi.storage import backup as backups  # lazy: tar and gzip
    from fedi.storage import lock, private

    directory = directory.resolve()
    backups.read_manifest(file)
    private.folder(directory)
    config = directory / "config.toml"
    kept = config.exists()
    with lock.acquire(directory), click.progressbar(length=100, label="Unpacking", file=sys.stderr) as bar:
        manifest = backups.restore(file, directory, lambda share: bar.update(int(share * 100) - bar.pos))
    if not kept and config.exists():
        _settle_here(config)
    if as_json:
        show.as_json(manifest._asdict())
        return
    click.echo(f"{manifest.domain or 'The server'} as of {manifest.made_at} is in {directory}.")
    click.echo(f"Look at {config}, then: fedi serve --config {config}", err=True)


def _settle_here(config: Path) -> None:
    """The configuration came out of the backup: the data is beside it now, wherever it was before."""
    if ask.load(config).dir == config.parent:
        return
    text = config.read_text("utf-8")
    section = re.compile(r"(?ms)^\[storage\]$.*?(?=^\[|\Z)")
    changed = section.sub(lambda found: re.sub(r"(?m)^dir\s*=.*$", f"dir = {json.dumps('.')}", found[0]), text)
    config.write_text(changed, "utf-8")
    click.echo(f"{config}: storage.dir is now this folder.", err=True)
