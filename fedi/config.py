"""Settings: frozen dataclasses from a TOML file and `FEDI_*` environment variables.

What an admin changes while the server runs is not here but in storage/settings.py. Every key of `config.example.toml` is a field
here and the reverse (tests/test_config.py). An environment variable names its section and key: `FEDI_SERVER_PORT=8080` is
`[server] port = 8080`; lists are separated by commas.
"""

import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, get_origin, get_type_hints

from fedi import limits, uris
from fedi.errors import Invalid, Malformed


@dataclass(frozen=True)
class InstanceSettings:
    """Who this server is. `domain` ends the handles, `base_url` is where it is served (another host = split domain)."""

    domain: str
    base_url: str = ""
    title: str = "fedi"
    description: str = ""
    contact: str = ""
    registrations: str = "closed"
    min_age: int = 0
    languages: tuple[str, ...] = ("en",)
    suggested: tuple[str, ...] = ()
    show_peers: str = "all"
    show_blocks: str = "users"
    previews: bool = True


@dataclass(frozen=True)
class ServerSettings:
    """Where it listens. Proxies named here may say who the client is."""

    host: str = "127.0.0.1"
    port: int = 8080
    trusted_proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    unix_socket: str = ""


@dataclass(frozen=True)
class StorageSettings:
    """Where everything is kept. Relative paths in a configuration file start from its folder."""

    dir: str = "."
    remote_posts_days: int = 90
    remote_media_days: int = 7
    remote_media_mb: int = 2048


@dataclass(frozen=True)
class FederationSettings:
    """How it talks to others, and to whom: `mode` is open or allowlist. `host_map` and `ca_file` let tests stand in for the internet."""

    secure: bool = False
    mode: str = "open"
    allow_networks: tuple[str, ...] = ()
    timeout_s: int = limits.TIMEOUT_S
    host_map: Mapping[str, str] = field(default_factory=dict)
    ca_file: str = ""


@dataclass(frozen=True)
class MailSettings:
    """How letters leave. Without `host` none do. `security` is starttls, tls or none."""

    host: str = ""
    port: int = 587
    user: str = ""
    password: str = ""
    sender: str = ""
    security: str = "starttls"


@dataclass(frozen=True)
class LimitSettings:
    """What people and other servers may do here."""

    inbox_per_host: int = limits.INBOX_PER_HOST
    connections_per_address: int = limits.CONNECTIONS_PER_ADDRESS
    requests_per_token: int = limits.REQUESTS
    requests_per_address: int = limits.REQUESTS
    post_chars: int = limits.POST_CHARS
    upload_mb: int = limits.FILM_BYTES // (1024 * 1024)
    trend_people: int = limits.TREND_PEOPLE


@dataclass(frozen=True)
class TranslationSettings:
    """Who translates posts, for whoever asks: `provider` is libretranslate, deepl, or '' for nobody."""

    provider: str = ""
    url: str = ""
    api_key: str = ""


@dataclass(frozen=True)
class LogSettings:
    """What is written to standard error."""

    level: str = "info"
    requests: bool = False


@dataclass(frozen=True)
class Config:
    """One instance's settings, checked. `dir` is absolute."""

    instance: InstanceSettings
    server: ServerSettings
    storage: StorageSettings
    federation: FederationSettings
    mail: MailSettings
    limits: LimitSettings
    translation: TranslationSettings
    log: LogSettings
    dir: Path

    @property
    def uris(self) -> uris.Uris:
        return uris.Uris(self.instance.base_url, self.instance.domain)


_SECTIONS = {name: kind for name, kind in get_type_hints(Config).items() if name != "dir"}


def load(path: Path, environ: Mapping[str, str] | None = None) -> Config:
    """Read a configuration file. Raises Invalid naming the key and what to write instead."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise Invalid(f"{path}: there is no such file. `fedi init` makes one.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"{path}: not valid TOML: {error}") from None
    except OSError as error:
        raise Invalid(f"{path}: cannot be read: {error.strerror}") from None
    return parse(document, path.resolve().parent, os.environ if environ is None else environ)


def parse(document: Mapping[str, Any], base: Path, environ: Mapping[str, str] | None = None) -> Config:
    """Check a parsed document. `base` is the folder that relative paths start from. Raises Invalid."""
    for name in document:
        if name not in _SECTIONS:
            raise Invalid(f"{name}: unknown section. There are {', '.join(_SECTIONS)}.", name)
    sections = {name: _section(name, kind, document.get(name, {}), environ or {}) for name, kind in _SECTIONS.items()}
    sections["server"] = _with_path("server.unix_socket", base, sections["server"])
    sections["federation"] = _with_path("federation.ca_file", base, sections["federation"])
    return _checked(Config(**sections, dir=_path("storage.dir", base, sections["storage"].dir)))


def _with_path(key: str, base: Path, section: Any) -> Any:
    name = key.partition(".")[2]
    text = getattr(section, name)
    return replace(section, **{name: str(_path(key, base, text))}) if text else section


def _path(key: str, base: Path, text: str) -> Path:
    try:
        return (base / Path(text).expanduser()).resolve()
    except (ValueError, OSError, RuntimeError):  # a NUL, a loop of links, no home folder
        raise Invalid(f"{key}: `{text}` is not a path.", key) from None


def _section(name: str, kind: type, values: object, environ: Mapping[str, str]) -> Any:
    if not isinstance(values, dict):
        raise Invalid(f"{name}: write it as a section, `[{name}]`.", name)
    hints = get_type_hints(kind)
    prefix = f"FEDI_{name}_".upper()
    for key in [*values, *(variable.removeprefix(prefix).lower() for variable in environ if variable.startswith(prefix))]:
        if key not in hints:
            raise Invalid(f"{name}.{key}: unknown setting. [{name}] has {', '.join(hints)}.", f"{name}.{key}")
    found = {}
    for key, hint in hints.items():
        variable = prefix + key.upper()
        if variable in environ:
            found[key] = _from_text(f"{name}.{key}", hint, environ[variable])
        elif key in values:
            found[key] = _typed(f"{name}.{key}", hint, values[key])
    missing = [f.name for f in fields(kind) if f.name not in found and f.name == "domain"]
    if missing:
        raise Invalid(f'{name}.domain: missing. Write the domain of your handles, `domain = "example.org"`.', f"{name}.domain")
    return kind(**found)


def _typed(key: str, hint: Any, value: Any) -> Any:
    kind = get_origin(hint) or hint
    if kind is tuple and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if kind is Mapping and isinstance(value, dict) and all(isinstance(item, str) for item in value.values()):
        return dict(value)
    if kind is int and isinstance(value, int) and not isinstance(value, bool):
        return value
    if kind in (str, bool) and isinstance(value, kind):
        return value
    raise Invalid(f"{key}: write {_EXAMPLES[kind]}, not `{value}`.", key)


def _from_text(key: str, hint: Any, text: str) -> Any:
    kind = get_origin(hint) or hint
    if kind is int and re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    if kind is bool and text.lower() in ("true", "false", "1", "0"):
        return text.lower() in ("true", "1")
    if kind is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if kind is Mapping and all("=" in part for part in text.split(",") if part.strip()):
        pairs = (part.partition("=") for part in text.split(",") if part.strip())
        return {name.strip(): value.strip() for name, _, value in pairs}
    if kind is str:
        return text
    raise Invalid(f"{key}: write {_EXAMPLES[kind]}, not `{text}`.", key)


_HANDLE = re.compile(r"@?[A-Za-z0-9_.-]{1,64}(@[^@/\s]{1,255})?")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_EXAMPLES = {
    str: 'a text in quotes, `"..."`',
    int: "a whole number without quotes, `10`",
    bool: "`true` or `false`",
    tuple: 'a list of texts, `["...", "..."]`',
    Mapping: 'a table of texts, `{ "name" = "address:port" }`',
}


def _checked(config: Config) -> Config:
    instance = _checked_instance(config.instance)
    _one_of("instance.registrations", instance.registrations, ("closed", "approval", "open"))
    _between("instance.min_age", instance.min_age, 0, 120)
    if not config.server.host or any(c.isspace() or c == "/" for c in config.server.host):
        raise Invalid(f'server.host: `{config.server.host}` is not an address to listen on. Write `"127.0.0.1"`.', "server.host")
    if not config.instance.languages or not all(_LANGUAGE.fullmatch(tag) for tag in config.instance.languages):
        raise Invalid('instance.languages: write language codes, `["en", "pt-BR"]`, the main one first.', "instance.languages")
    if not all(_HANDLE.fullmatch(handle) for handle in config.instance.suggested):
        raise Invalid('instance.suggested: write handles, `["alice", "@carol@example.org"]`.', "instance.suggested")
    _one_of("instance.show_peers", instance.show_peers, ("all", "users", "nobody"))
    _one_of("instance.show_blocks", instance.show_blocks, ("all", "users", "nobody"))
    _check_mail(config.mail)
    _one_of("federation.mode", config.federation.mode, ("open", "allowlist"))
    _one_of("translation.provider", config.translation.provider, ("", "libretranslate", "deepl"))
    if config.translation.provider == "libretranslate" and not config.translation.url.startswith(("https://", "http://")):
        raise Invalid('translation.url: write where it is, `url = "https://translate.example.org"`.', "translation.url")
    if config.translation.provider == "deepl" and not config.translation.api_key:
        raise Invalid("translation.api_key: DeepL gives one to its customers. Write it here.", "translation.api_key")
    _one_of("log.level", config.log.level, ("debug", "info", "warning", "error"))
    _between("server.port", config.server.port, 0, 65535)
    _between("federation.timeout_s", config.federation.timeout_s, 1, 60)
    _between("limits.inbox_per_host", config.limits.inbox_per_host, 1, 10_000_000)
    _between("limits.connections_per_address", config.limits.connections_per_address, 1, 100_000)
    _between("limits.requests_per_token", config.limits.requests_per_token, 1, 1_000_000_000)
    _between("limits.requests_per_address", config.limits.requests_per_address, 1, 1_000_000_000)
    _between("limits.post_chars", config.limits.post_chars, 1, 100_000)
    _between("limits.upload_mb", config.limits.upload_mb, 1, 1024)
    _between("limits.trend_people", config.limits.trend_people, 1, 10_000)
    for key in ("remote_posts_days", "remote_media_days", "remote_media_mb"):
        _between(f"storage.{key}", getattr(config.storage, key), 1, 10_000_000)
    _networks("federation.allow_networks", config.federation.allow_networks)
    _networks("server.trusted_proxies", config.server.trusted_proxies)
    return Config(**{**vars(config), "instance": instance})


def _check_mail(mail: MailSettings) -> None:
    _one_of("mail.security", mail.security, ("starttls", "tls", "none"))
    _between("mail.port", mail.port, 1, 65535)
    if any(not c.isprintable() or c.isspace() for c in mail.host):
        raise Invalid('mail.host: write the name of a mail server, `host = "mail.example.org"`.', "mail.host")
    if not mail.sender.isprintable() or (mail.host and "@" not in mail.sender):
        raise Invalid('mail.sender: say from whom letters come, `sender = "fedi@example.org"`.', "mail.sender")


def _checked_instance(instance: InstanceSettings) -> InstanceSettings:
    try:
        domain = uris.normal_host(instance.domain)
    except Malformed:
        raise Invalid(
            f'instance.domain: `{instance.domain}` is not a domain. Write only the name, `domain = "example.org"`.', "instance.domain"
        ) from None
    base_url = (instance.base_url or f"https://{domain}").rstrip("/")
    try:
        origin = uris.origin(base_url)
    except Malformed:
        raise Invalid(f'instance.base_url: `{base_url}` is not an address like `"https://{domain}"`.', "instance.base_url") from None
    base_url = f"{origin.scheme}://{origin.authority}"
    if base_url != (instance.base_url or base_url).rstrip("/").lower():
        raise Invalid(f"instance.base_url: write only scheme and host, `{base_url}`, without a path.", "instance.base_url")
    if origin.scheme == "http" and not is_loopback(origin.host):
        raise Invalid(
            f"instance.base_url: plain http works on a loopback address only; write `https://{origin.authority}`.", "instance.base_url"
        )
    return InstanceSettings(**{**vars(instance), "domain": domain, "base_url": base_url})


def is_loopback(hostname: str) -> bool:
    """Whether a host name can only mean this machine."""
    if hostname == "localhost" or hostname.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(hostname).is_loopback
    except ValueError:
        return False


def _one_of(key: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise Invalid(f"{key}: `{value}` is not known here. Write one of {', '.join(allowed)}.", key)


def _between(key: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise Invalid(f"{key}: {value} is out of range. Write a number from {low} to {high}.", key)


def _networks(key: str, values: tuple[str, ...]) -> None:
    for value in values:
        try:
            ipaddress.ip_network(value, strict=False)
        except ValueError:
            raise Invalid(f'{key}: `{value}` is not a network. Write like `"127.0.0.0/8"` or `"::1"`.', key) from None
