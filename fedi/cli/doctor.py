"""`fedi doctor`: looks at an instance the way its owner, its machine and other servers see it; each finding says what to do."""

import asyncio
import ctypes
import shutil
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from fedi import __version__, clock, letters, mail, netguard, uris
from fedi.activitypub import parse, webfinger
from fedi.cli import ask, show
from fedi.config import Config, is_loopback
from fedi.control import wire
from fedi.errors import FediError, RemoteError
from fedi.http import NOT_ALLOWED, Client
from fedi.plaintext import terminal
from fedi.storage import connection, db, migrate, private

_LITTLE_BYTES: Final = 1_000_000_000
_TOO_LITTLE_BYTES: Final = 100_000_000
_CERTIFICATE_DAYS: Final = 14
_TIMEOUT_S: Final = 10
_CLOCK_ERROR: Final = 5  # TIME_ERROR of adjtimex(2)
_WORDS: Final = {"ok": "ok   ", "look": "look ", "wrong": "wrong", "skipped": "-    "}
_COLOURS: Final = {"ok": "green", "look": "yellow", "wrong": "red", "skipped": "bright_black"}


class Finding(NamedTuple):
    """`state`: ok, look (may be meant), wrong, skipped. `remedy` says what to do where that is not ok."""

    check: str
    state: str
    message: str
    remedy: str = ""


class Patient(NamedTuple):
    """What is looked at. `status` is what the running server says of itself, None when none runs; `person` somebody here, or ''."""

    config: Config
    status: dict[str, Any] | None
    person: str


@click.command()
@click.option("--send-to", metavar="ADDRESS", default="", help="Send a letter there too, to see how it arrives.")
@show.json_option
@ask.config_option
def doctor(send_to: str, as_json: bool, config: Path) -> None:
    """Look at the configuration, clock, name service, certificate, WebFinger and actor as seen from outside, database, disk and mail.

    Exits with 1 when something is wrong. No letter is sent unless you say where to.

    \b
    Example:
      fedi doctor
      fedi doctor --json
      fedi doctor --send-to you@example.org
    """
    found: list[Finding] = []
    for finding in examine(config, send_to):
        found.append(finding)
        if not as_json:
            _print(finding)
    if as_json:
        show.as_json([finding._asdict() for finding in found])
    if any(finding.state == "wrong" for finding in found):
        sys.exit(1)


def _print(finding: Finding) -> None:
    word = click.style(_WORDS[finding.state], fg=_COLOURS[finding.state])
    click.echo(f"{word} {finding.check:<13} {terminal(finding.message)}")
    if finding.remedy:
        click.echo(f"{'':20}{terminal(finding.remedy)}")


def examine(path: Path, send_to: str = "") -> Iterator[Finding]:
    """All findings, in the order in which one thing needs another."""
    try:
        settings = ask.load(path)
    except FediError as error:
        yield Finding("configuration", "wrong", error.message, "Correct it in the file, or name another file with --config.")
        return
    yield Finding("configuration", "ok", f"{settings.instance.domain} at {settings.instance.base_url}")
    yield _guarded("clock", _clock)
    yield _guarded("files", lambda: _files(settings))
    yield _guarded("disk", lambda: _disk(settings))
    yield _guarded("database", lambda: _database(settings))
    try:
        patient = _meet(settings)
    except FediError as error:
        patient = Patient(settings, None, "")
        yield Finding("server", "wrong", error.message, "Restart the server.")
    else:
        yield _server(patient)
    yield _federation(patient)
    yield _proxies(settings)
    yield _mail(settings, send_to)
    yield _guarded("name service", lambda: _names(settings))
    yield _guarded("certificate", lambda: _certificate(settings))
    yield from asyncio.run(_outside(patient))


def _guarded(check: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except FediError as error:
        return Finding(check, "wrong", error.message)


# -- this machine --


def _clock() -> Finding:
    """Signatures carry the time: other servers refuse what is an hour off."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError):
        state = -1
    now = clock.rfc3339(clock.now())[:19].replace("T", " ")
    if state == _CLOCK_ERROR:
        remedy = "Turn on time synchronisation (`timedatectl set-ntp true`): a clock that is off makes every signature invalid."
        return Finding("clock", "look", f"{now} UTC, but nothing keeps it right", remedy)
    return Finding("clock", "ok", f"{now} UTC" + ("" if state < 0 else ", kept right by the system"))


def _files(settings: Config) -> Finding:
    private.check(settings.dir)
    return Finding("files", "ok", f"{settings.dir} is readable by its owner only where it holds secrets")


def _disk(settings: Config) -> Finding:
    try:
        free = shutil.disk_usage(settings.dir).free
    except OSError as error:
        return Finding("disk", "wrong", f"{settings.dir}: {error.strerror}", "`fedi init` makes the folder.")
    remedy = "Make room: `fedi media prune`, smaller storage.remote_media_mb, or a larger disk."
    state = "wrong" if free < _TOO_LITTLE_BYTES else "look" if free < _LITTLE_BYTES else "ok"
    return Finding("disk", state, f"{show.size(free)} free", "" if state == "ok" else remedy)


def _database(settings: Config) -> Finding:
    path = settings.dir / db.NAME
    if not path.exists():
        return Finding("database", "wrong", f"{path}: there is none", "`fedi init` makes one; `fedi restore FILE` brings one back.")
    reader = connection.open_reader(path)
    try:
        found = connection.problems(reader)
        applied = migrate.applied(reader)
    finally:
        reader.close()
    if found:
        return Finding(
            "database", "wrong", f"damaged: {found[0]}", "Stop the server and restore the newest backup with `fedi restore FILE`."
        )
    names = [file.stem for file in migrate.found(migrate.folder())]
    if applied[: len(names)] != names[: len(applied)] or len(applied) > len(names):
        return Finding("database", "wrong", "made by another version of fedi", "Install that version, or restore an older backup.")
    later = "" if applied == names else "; the next start brings it up to date"
    return Finding("database", "ok", f"{show.size(path.stat().st_size)}, whole{later}")


def _meet(settings: Config) -> Patient:
    def say(verb: str) -> Any:
        line = wire.connect(settings.dir)
        return None if line is None else wire.ask(line, verb, {})

    status = say("status")
    people = say("account.list") or []
    return Patient(settings, status, people[0]["name"] if people else "")


def _server(patient: Patient) -> Finding:
    status = patient.status
    if status is None:
        return Finding("server", "look", "not running", "Start it: `fedi serve`, or `systemctl start fedi`.")
    running = f"running as process {status['pid']}"
    if status["writes"] != "ok":
        return Finding("server", "wrong", f"{running}, cannot write", "Its log says why: most often the disk is full.")
    if status["version"] != __version__:
        return Finding("server", "look", f"{running}, version {status['version']}, this is {__version__}", "Restart it.")
    parked = status["jobs_by_state"].get("parked", 0)
    if parked:
        return Finding(
            "server", "look", f"{running}; {parked} jobs failed", "`fedi queue list` says why; `fedi queue retry --all` tries again."
        )
    return Finding("server", "ok", f"{running}; {status['deliveries_by_state'].get('queued', 0)} deliveries wait")


def _federation(patient: Patient) -> Finding:
    """With whom this server talks, and what it is subscribed to."""
    settings, status = patient.config.federation, patient.status or {}
    words = ["with servers that are allowed" if settings.mode == "allowlist" else "with every server that is not blocked"]
    words += ["signed requests only"] * settings.secure
    states = status.get("relays", [])
    if states:
        words.append(f"{states.count('accepted')} of {len(states)} relays have agreed")
    if settings.mode == "allowlist" and status.get("allowed") == 0:
        return Finding("federation", "look", f"{', '.join(words)}: none is", "Name them: `fedi domain allow example.net`.")
    if "rejected" in states:
        return Finding("federation", "look", ", ".join(words), "`fedi relay list` shows which refuse; `fedi relay remove` ends the asking.")
    return Finding("federation", "ok", ", ".join(words))


def _proxies(settings: Config) -> Finding:
    """Whose word for a client's address is taken: rate limits count by it."""
    server = settings.server
    everybody = [network for network in server.trusted_proxies if network.endswith("/0")]
    if everybody:
        remedy = "Name only your web server's address in server.trusted_proxies."
        return Finding("proxies", "wrong", f"server.trusted_proxies has {everybody[0]}: anybody can pretend to be anybody", remedy)
    if settings.instance.base_url.startswith("https:") and not is_loopback(server.host) and not server.unix_socket:
        remedy = 'If the web server is on this machine, write server.host = "127.0.0.1"; else let a firewall keep all others out.'
        return Finding("proxies", "look", f"it listens on {server.host}, where it can be reached without TLS", remedy)
    return Finding("proxies", "ok", f"trusted: {', '.join(server.trusted_proxies) or 'none'}")


# -- letters --


def _mail(settings: Config, send_to: str = "") -> Finding:
    """Whether letters leave, as far as can be seen from here."""
    if not settings.mail.host:
        if send_to:
            return Finding("mail", "wrong", "no letter can be sent: there is no mail.host", "Name a mail server in [mail].")
        return Finding("mail", "skipped", "no mail server is named: no letters are sent")
    if send_to and not letters.is_address(send_to):
        return Finding("mail", "wrong", f"`{send_to[:100]}` is no e-mail address", "Write one address: --send-to you@example.org")
    try:
        said = mail.check(settings.mail)
        if send_to:
            mail.send(settings.mail, settings.instance.domain, _trial(settings, send_to))
            said += f"; a letter to {send_to} is on its way"
    except RemoteError as error:
        remedy = "Look at mail.host, mail.port, mail.security, mail.user and FEDI_MAIL_PASSWORD (docs/operations.md, Letters)."
        return Finding("mail", "wrong", error.message, remedy)
    if settings.mail.security == "none" and not is_loopback(settings.mail.host):
        return Finding("mail", "look", said, 'Everybody between can read the letters: write mail.security = "starttls" or "tls".')
    return Finding("mail", "ok", said)


def _trial(settings: Config, send_to: str) -> letters.Letter:
    title, domain = settings.instance.title, settings.instance.domain
    text = f"Hello,\n\nthis letter was sent by `fedi doctor` of {domain}. It came from {settings.mail.sender}.\n"
    return letters.Letter(send_to, f"A trial of {title}", text)


# -- the way to it --


def _is_local(settings: Config) -> bool:
    return is_loopback(uris.origin(settings.instance.base_url).host)


def _names(settings: Config) -> Finding:
    if _is_local(settings):
        return Finding("name service", "skipped", "this instance is for this machine only")
    hosts = dict.fromkeys((uris.origin(settings.instance.base_url).host, uris.origin(f"https://{settings.instance.domain}").host))
    seen = []
    for host in hosts:
        try:
            addresses = sorted({str(place[0]) for *_, place in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)})
        except OSError as error:
            return Finding(
                "name service", "wrong", f"{host} has no address: {error.strerror or error}", f"Add an A or AAAA record for {host}."
            )
        guard = netguard.Guard(settings.federation)
        if not any(guard.allows(address, 443) for address in addresses):
            remedy = f"Let {host} point to the public address. If it does so for others, this machine's name service answers otherwise."
            return Finding("name service", "look", f"{host} is {', '.join(addresses)}: not reachable from the internet", remedy)
        seen.append(f"{host} is {', '.join(addresses)}")
    return Finding("name service", "ok", "; ".join(seen))


def _certificate(settings: Config) -> Finding:
    origin = uris.origin(settings.instance.base_url)
    if origin.scheme == "http":
        return Finding("certificate", "skipped", "plain http on this machine")
    context = ssl.create_default_context(cafile=settings.federation.ca_file or None)
    try:
        with (
            socket.create_connection((origin.host, origin.port), _TIMEOUT_S) as plain,
            context.wrap_socket(plain, server_hostname=origin.host) as secure,
        ):
            until = int(ssl.cert_time_to_seconds(str((secure.getpeercert() or {})["notAfter"]))) * clock.SECOND
    except ssl.SSLCertVerificationError as error:
        remedy = f"Get a certificate for {origin.host} (Caddy does by itself, certbot for nginx), with its whole chain."
        return Finding("certificate", "wrong", f"not acceptable: {error.verify_message}", remedy)
    except socket.gaierror:
        return Finding("certificate", "skipped", f"{origin.host} has no address")
    except (OSError, KeyError) as error:
        remedy = f"Let your web server listen on port {origin.port} with TLS, and let the firewall pass it (docs/operations.md)."
        return Finding("certificate", "wrong", f"no secure connection to {origin.authority}: {error}", remedy)
    days = (until - clock.now()) // clock.DAY
    if days < _CERTIFICATE_DAYS:
        return Finding("certificate", "look", f"ends in {days} days", "See why it was not renewed.")
    return Finding("certificate", "ok", f"good for {days} days")


# -- as seen from outside --


async def _outside(patient: Patient) -> list[Finding]:
    """Ask as a stranger does. Our own client refuses to ask ourselves, so this one does not know who it is."""
    if patient.status is None:
        return [Finding("from outside", "skipped", "the server does not run")]
    settings = patient.config
    stranger = replace(settings.instance, domain="doctor.invalid", base_url="https://doctor.invalid")
    client = Client(replace(settings, instance=stranger))
    found = []
    try:
        found.append(await _seen("actor", client, settings, _actor(settings, client, settings.uris.instance_actor())))
        if patient.person:
            found.append(await _seen("WebFinger", client, settings, _handle(settings, client, patient.person)))
        else:
            found.append(Finding("WebFinger", "skipped", "nobody has an account yet"))
    finally:
        await client.close()
    return found


async def _seen(check: str, client: Client, settings: Config, look: Any) -> Finding:
    try:
        said: str = await look
    except RemoteError as error:
        return Finding(check, "wrong", f"from outside: {error.message}", _remedy(error, settings))
    return Finding(check, "ok", said)


def _remedy(error: RemoteError, settings: Config) -> str:
    if error.message == NOT_ALLOWED:
        return "From here the domain leads to this machine's own network. Ask from another machine, or correct the name service."
    if getattr(error, "status", 0) == 421:
        return "The web server must pass the Host header on as it came (`proxy_set_header Host $http_host;`)."
    if getattr(error, "status", 0) == 404 and settings.instance.domain != settings.uris.host:
        return f"{settings.instance.domain} must redirect /.well-known/webfinger to {settings.instance.base_url} (docs/operations.md)."
    return f"Look whether {settings.instance.base_url}/healthz answers, and at the web server's log (docs/operations.md has examples)."


async def _actor(settings: Config, client: Client, uri: str) -> str:
    fetched = await client.get_document(uri, sign=None)
    actor = parse.actor(parse.document(fetched.body))
    if actor.id != uri:
        raise RemoteError(f"{uri} says that it is {actor.id}.")
    return f"{uri} is there"


async def _handle(settings: Config, client: Client, name: str) -> str:
    scheme = uris.origin(settings.instance.base_url).scheme
    domain = settings.instance.domain
    url = f"{scheme}://{domain}/.well-known/webfinger?resource=acct:{name}@{domain}"
    fetched = await client.get(url, accept="application/jrd+json", types=webfinger.JRD_TYPES, max_bytes=64 * 1024)
    subject = webfinger.read(fetched.body)
    if subject.actor_uri != settings.uris.actor(name) or subject.host != domain:
        raise RemoteError(f"@{name}@{domain} leads to {subject.actor_uri}.")
    await _actor(settings, client, subject.actor_uri)
    return f"@{name}@{domain} leads to {subject.actor_uri}"
