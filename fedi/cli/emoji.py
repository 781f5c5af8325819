"""`fedi emoji`: the custom emoji of this server."""

import base64
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from fedi.cli import ask, show

_BYTES = 512 * 1024  # of one picture: it is sent to the server in one line
_LINE_BYTES = 700 * 1024
_MOST = 5_000
_ENDINGS = frozenset({".png", ".gif", ".webp", ".jpg", ".jpeg", ".avif"})


@click.group()
def emoji() -> None:
    """Custom emoji: small pictures that people here write as :name:, and that other servers show.

    \b
    Example:
      fedi emoji add blobcat blobcat.png
      fedi emoji list
    """


@emoji.command()
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--category", default="", help="Under which heading programs show it.")
@click.option("--replace", is_flag=True, help="Give one that there is this picture.")
@ask.config_option
def add(name: str, file: Path, category: str, replace: bool, config: Path) -> None:
    """Add one. The picture is made anew, at most 128 pixels a side; animations stay so if they are small.

    \b
    Example:
      fedi emoji add blobcat blobcat.png --category Blobs
    """
    name = name.strip(":")
    _require_size(file.stat().st_size)
    picture = base64.b64encode(file.read_bytes()).decode()
    done = ask.ask(config, "emoji.add", emojis=[[name, picture]], category=category, replace=replace)
    if done["refused"]:
        raise click.ClickException(done["refused"][0]["why"])
    click.echo(f":{name}: is there.")


@emoji.command()
@click.argument("name")
@ask.config_option
def remove(name: str, config: Path) -> None:
    """Remove one. Posts that use it show its name.

    \b
    Example:
      fedi emoji remove blobcat
    """
    ask.ask(config, "emoji.remove", shortcode=name.strip(":"))
    click.echo(f":{name.strip(':')}: is gone.")


@emoji.command("list")
@show.json_option
@ask.config_option
def list_all(as_json: bool, config: Path) -> None:
    """Which there are.

    \b
    Example:
      fedi emoji list
    """
    found = ask.ask(config, "emoji.list")
    if as_json:
        show.as_json(found)
        return
    show.table(found, {"shortcode": "Name", "category": "Category", "updated_at": "Since"}, "There is none.")


@emoji.command("import")
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@click.option("--category", default="", help="Under which heading programs show them.")
@click.option("--replace", is_flag=True, help="Give those that there are the pictures found.")
@show.json_option
@ask.config_option
def import_all(source: Path, category: str, replace: bool, as_json: bool, config: Path) -> None:
    """Add all pictures of a folder or a .zip file; the names of the files are the names.

    \b
    Example:
      fedi emoji import blobcats.zip --category Blobcats
    """
    total: dict[str, Any] = {"added": [], "refused": []}
    for part in _parts(source, total["refused"]):
        done = ask.ask(config, "emoji.add", emojis=part, category=category, replace=replace)
        total = {key: total[key] + done[key] for key in total}
    if as_json:
        show.as_json(total)
        return
    click.echo(f"{len(total['added'])} added.")
    show.table(total["refused"], {"shortcode": "Not added", "why": "Why"}, "None was refused.")


def _require_size(size: int) -> None:
    if size > _BYTES:
        raise click.ClickException(f"A picture for an emoji has up to {_BYTES // 1024} KiB.")


def _parts(source: Path, refused: list[dict[str, str]]) -> Iterator[list[list[str]]]:
    """Name and picture of each, as many at a time as fit into a line."""
    part: list[list[str]] = []
    size = 0
    for name, data in _pictures(source, refused):
        picture = base64.b64encode(data).decode()
        if part and size + len(picture) > _LINE_BYTES:
            yield part
            part, size = [], 0
        part.append([name, picture])
        size += len(picture)
    if part:
        yield part


def _pictures(source: Path, refused: list[dict[str, str]]) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of the pictures of a folder or archive. Sizes are those the archive says, and what is read is held to them."""
    if source.is_dir():
        for path in sorted(source.iterdir())[:_MOST]:
            if path.suffix.lower() in _ENDINGS and path.is_file():
                if path.stat().st_size > _BYTES:
                    refused.append({"shortcode": path.stem, "why": f"It has more than {_BYTES // 1024} KiB."})
                else:
                    yield path.stem, path.read_bytes()
        return
    try:
        with zipfile.ZipFile(source) as archive:
            for entry in archive.infolist()[:_MOST]:
                name = Path(entry.filename)
                if name.suffix.lower() in _ENDINGS and not name.name.startswith("."):
                    if entry.file_size > _BYTES:
                        refused.append({"shortcode": name.stem, "why": f"It has more than {_BYTES // 1024} KiB."})
                        continue
                    with archive.open(entry) as file:
                        yield name.stem, file.read(_BYTES)
    except (zipfile.BadZipFile, RuntimeError, EOFError):  # the second: locked, or packed in a way that is not known here
        raise click.ClickException("That is neither a folder nor a .zip file that can be read.") from None
