"""`fedi domain`: other servers as a whole."""

import csv
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import click

from fedi.cli import ask, show

# The columns in which servers exchange such lists. Source: Mastodon documentation, domain blocks.
_COLUMNS = ("#domain", "#severity", "#reject_media", "#reject_reports", "#public_comment", "#obfuscate")
_THEIRS = {"block": "suspend", "limit": "silence", "none": "noop"}
_OURS = {"suspend": "block", "silence": "limit", "noop": "none", "block": "block", "limit": "limit", "none": "none", "": "block"}
_YES = frozenset({"true", "1", "t", "yes"})
_SLICE = 200


@click.group()
def domain() -> None:
    """Other servers: blocked (nothing of them comes in, nothing goes out), limited (kept out of public timelines), or restricted.

    What holds for a domain holds for everything under it.

    \b
    Example:
      fedi domain block example.net --reason spam
      fedi domain list
    """


def _reason_option(command: Any) -> Any:
    return click.option("--reason", default="", help="Why, for those who look at the list later.")(command)


def _reject_options(command: Any) -> Any:
    command = click.option("--reject-reports", is_flag=True, help="Take no reports from it.")(command)
    return click.option("--reject-media", is_flag=True, help="Fetch and show none of its pictures and other files.")(command)


def _rejects(reject_media: bool, reject_reports: bool) -> list[str]:
    return ["media"] * reject_media + ["reports"] * reject_reports


@domain.command()
@click.argument("host")
@_reason_option
@ask.config_option
def block(host: str, reason: str, config: Path) -> None:
    """End all traffic with a server. Follows between it and this one end, and do not come back by themselves.

    \b
    Example:
      fedi domain block example.net --reason spam
    """
    ask.ask(config, "domain.set", sends=True, domain=host, severity="block", reason=reason, rejects=[])
    click.echo(f"{host} is blocked.")


@domain.command()
@click.argument("host")
@_reject_options
@_reason_option
@ask.config_option
def limit(host: str, reason: str, reject_media: bool, reject_reports: bool, config: Path) -> None:
    """Keep a server out of public timelines; who follows somebody there still reads them. Lifts a block.

    \b
    Example:
      fedi domain limit example.net
    """
    ask.ask(config, "domain.set", domain=host, severity="limit", reason=reason, rejects=_rejects(reject_media, reject_reports))
    click.echo(f"{host} is limited.")


@domain.command()
@click.argument("host")
@_reject_options
@_reason_option
@ask.config_option
def restrict(host: str, reason: str, reject_media: bool, reject_reports: bool, config: Path) -> None:
    """Take no files or no reports from a server, and treat it like any other in everything else. Lifts a block or a limit.

    \b
    Example:
      fedi domain restrict example.net --reject-media
    """
    rejects = _rejects(reject_media, reject_reports)
    if not rejects:
        raise click.UsageError("Say what is not taken: --reject-media, --reject-reports or both.")
    ask.ask(config, "domain.set", domain=host, severity="none", reason=reason, rejects=rejects)
    click.echo(f"No {' and no '.join(rejects)} of {host} are taken.")


@domain.command()
@click.argument("host")
@ask.config_option
def unblock(host: str, config: Path) -> None:
    """Lift whatever holds for a server. Follows that a block ended stay ended.

    \b
    Example:
      fedi domain unblock example.net
    """
    ask.ask(config, "domain.unblock", domain=host)
    click.echo(f"{host} is neither blocked nor limited nor restricted.")


@domain.command()
@click.argument("host")
@ask.config_option
def allow(host: str, config: Path) -> None:
    """Talk to a server where the configuration says `[federation] mode = "allowlist"`; otherwise kept for the day it does.

    \b
    Example:
      fedi domain allow example.net
    """
    ask.ask(config, "domain.allow", domain=host)
    click.echo(f"{host} is allowed.")


@domain.command()
@click.argument("host")
@ask.config_option
def disallow(host: str, config: Path) -> None:
    """Take a server off the list of allowed ones. Follows are kept, and rest until it is allowed again.

    \b
    Example:
      fedi domain disallow example.net
    """
    ask.ask(config, "domain.disallow", domain=host)
    click.echo(f"{host} is not on the list of allowed servers any more.")


@domain.command("list")
@click.option("--allowed", is_flag=True, help="The servers that are allowed, instead.")
@show.json_option
@ask.config_option
def list_all(allowed: bool, as_json: bool, config: Path) -> None:
    """Which servers are blocked or limited, and why; or which are allowed.

    \b
    Example:
      fedi domain list --json
    """
    if allowed:
        names = ask.ask(config, "domain.allowed")
        if as_json:
            show.as_json(names)
        else:
            show.table(names, {"domain": "Domain", "created_at": "Since"}, "No server is on the list of allowed ones.")
        return
    found = ask.ask(config, "domain.list")
    if as_json:
        show.as_json(found)
        return
    for one in found:
        one["rejects"] = ", ".join(name for name in ("media", "reports") if one[f"reject_{name}"])
    columns = {"domain": "Domain", "severity": "Severity", "rejects": "Rejected", "reason": "Reason", "created_at": "Since"}
    show.table(found, columns, "No server is blocked or limited.")


@domain.command("import")
@click.argument("file", type=click.File("r", encoding="utf-8-sig"))
@show.json_option
@ask.config_option
def import_all(file: IO[str], as_json: bool, config: Path) -> None:
    """Add the blocks and limits of a CSV file as Mastodon and others export it; plain lists of domains work too. - is standard input.

    \b
    Example:
      fedi domain import blocks.csv
    """
    total: dict[str, Any] = {"added": 0, "unchanged": 0, "refused": []}
    for policies in _slices(_read(file)):
        done = ask.ask(config, "domain.import", policies=policies)
        total = {key: total[key] + done[key] for key in total}
    if as_json:
        show.as_json(total)
        return
    click.echo(f"{total['added']} added, {total['unchanged']} there already.")
    show.table(total["refused"], {"domain": "Not added", "why": "Why"}, "None was refused.")


@domain.command()
@ask.config_option
def export(config: Path) -> None:
    """Print all blocks and limits as CSV that this and other servers import.

    \b
    Example:
      fedi domain export > blocks.csv
    """
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(_COLUMNS)
    for policy in ask.ask(config, "domain.list"):
        out.writerow(
            (policy["domain"], _THEIRS[policy["severity"]], policy["reject_media"], policy["reject_reports"], policy["reason"], False)
        )


def _read(file: Iterable[str]) -> Iterator[list[Any]]:
    """[domain, severity, reason, rejects] of each line that has a policy; those of no effect are left out."""
    columns = ["domain"]
    try:
        for cells in csv.reader(file):
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                continue
            if cells[0].lower().lstrip("#") == "domain":
                columns = [cell.lower().lstrip("#") for cell in cells]
                continue
            row = dict(zip(columns, cells, strict=False))
            severity = _OURS.get(row.get("severity", "").lower())
            rejects = [name for name in ("media", "reports") if row.get(f"reject_{name}", "").lower() in _YES]
            if row.get("domain") and not row["domain"].startswith("#") and severity and (severity != "none" or rejects):
                yield [row["domain"][:300], severity, row.get("public_comment", row.get("comment", ""))[:500], rejects]
    except (csv.Error, UnicodeDecodeError):
        raise click.UsageError("That file is not a list of domains (CSV in UTF-8).") from None


def _slices(policies: Iterator[list[Any]]) -> Iterator[list[list[Any]]]:
    part: list[list[Any]] = []
    for policy in policies:
        part.append(policy)
        if len(part) == _SLICE:
            yield part
            part = []
    if part:
        yield part
