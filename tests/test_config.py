"""Settings: the example file and Config are the same list, and every mistake is answered with its key and what to write."""

import ast
import itertools
import re
import tomllib
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from fedi import config, limits
from fedi.errors import Invalid

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "config.example.toml"
BASE = Path("/srv/fedi")
SECTIONS = {name: kind for name, kind in get_type_hints(config.Config).items() if name != "dir"}


def parse(environ: dict[str, str] | None = None, **sections: Any) -> config.Config:
    sections.setdefault("instance", {"domain": "example.org"})
    return config.parse(sections, BASE, environ or {})


def refusal(environ: dict[str, str] | None = None, **sections: Any) -> Invalid:
    with pytest.raises(Invalid) as caught:
        parse(environ, **sections)
    return caught.value


# -- the example file --


def test_the_example_names_every_setting_and_no_other():
    document = tomllib.loads(EXAMPLE.read_text("utf-8"))

    assert {name: list(section) for name, section in document.items()} == {
        name: [f.name for f in fields(kind)] for name, kind in SECTIONS.items()
    }


def test_the_example_shows_the_defaults():
    document = tomllib.loads(EXAMPLE.read_text("utf-8"))

    for name, kind in SECTIONS.items():
        for f in fields(kind):
            default = f.default_factory() if f.default_factory is not MISSING else f.default
            if default is not MISSING:
                shown = document[name][f.name]
                assert (tuple(shown) if isinstance(shown, list) else shown) == default, f"{name}.{f.name}"


def test_the_example_is_a_working_configuration_equal_to_saying_nothing():
    domain = tomllib.loads(EXAMPLE.read_text("utf-8"))["instance"]["domain"]

    assert config.parse(tomllib.loads(EXAMPLE.read_text("utf-8")), BASE) == config.parse({"instance": {"domain": domain}}, BASE)


def test_the_example_gives_a_reason_above_every_setting():
    lines = EXAMPLE.read_text("utf-8").splitlines()

    bare = [line for above, line in itertools.pairwise(lines) if " = " in line and line[0] != "#" and not above.startswith("# ")]
    assert bare == []


def test_the_domain_is_the_only_setting_without_a_default():
    needed = [
        f"{name}.{f.name}" for name, kind in SECTIONS.items() for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING
    ]

    assert needed == ["instance.domain"]


def test_every_setting_is_used_somewhere():
    modules = [path for path in (ROOT / "fedi").rglob("*.py") if path.name != "config.py"]
    said = {node.attr for path in modules for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Attribute)}
    unused = [f"{name}.{f.name}" for name, kind in SECTIONS.items() for f in fields(kind) if f.name not in said]

    assert unused == [], "a setting that does nothing is a lie: use it or take it out of Config and the example"


# -- reading --


def test_a_file_is_read_and_its_folder_is_where_relative_paths_start(tmp_path: Path):
    path = tmp_path / "fedi.toml"
    path.write_text('[instance]\ndomain = "Example.ORG"\n[storage]\ndir = "data"\n[federation]\nca_file = "ca.pem"\n')

    found = config.load(path, {})

    assert found.instance.domain == "example.org"
    assert found.instance.base_url == "https://example.org"
    assert found.dir == (tmp_path / "data").resolve()
    assert found.federation.ca_file == str((tmp_path / "ca.pem").resolve())
    assert found.server.unix_socket == ""
    assert found.limits.post_chars == limits.POST_CHARS


def test_an_absolute_folder_and_a_home_folder_are_taken_as_they_are(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", "/home/ada")

    assert parse(storage={"dir": "/var/lib/fedi"}).dir == Path("/var/lib/fedi")
    assert parse(storage={"dir": "~/fedi"}).dir == Path("/home/ada/fedi").resolve()


def test_the_environment_wins_over_the_file():
    found = parse(
        {
            "FEDI_SERVER_PORT": "9000",
            "FEDI_INSTANCE_LANGUAGES": "de, en ,",
            "FEDI_LOG_REQUESTS": "True",
            "FEDI_FEDERATION_HOST_MAP": "peer.test=127.0.0.1:1, other.test = 127.0.0.1:2",
            "FEDI_INSTANCE_TITLE": "A, B",
        },
        server={"port": 8000},
    )

    assert found.server.port == 9000
    assert found.instance.languages == ("de", "en")
    assert found.log.requests is True
    assert found.federation.host_map == {"peer.test": "127.0.0.1:1", "other.test": "127.0.0.1:2"}
    assert found.instance.title == "A, B"


def test_the_environment_alone_can_give_the_domain():
    assert config.parse({}, BASE, {"FEDI_INSTANCE_DOMAIN": "example.org"}).instance.domain == "example.org"


def test_load_reads_the_real_environment_unless_told_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "fedi.toml").write_text('[instance]\ndomain = "example.org"\n')
    monkeypatch.setenv("FEDI_SERVER_PORT", "9000")

    assert config.load(tmp_path / "fedi.toml").server.port == 9000
    assert config.load(tmp_path / "fedi.toml", {}).server.port == 8080


def test_other_variables_that_begin_with_fedi_are_none_of_its_business():
    assert parse({"FEDI_WIRE_FIXTURES": "x", "FEDI_CHROMIUM": "x", "FEDI": "x"}) == parse()


@pytest.mark.parametrize(
    ("domain", "base_url", "expected"),
    [
        ("example.org", "", "https://example.org"),
        ("example.org", "https://social.example.org/", "https://social.example.org"),
        ("example.org:8443", "", "https://example.org:8443"),
        ("localhost:3000", "http://localhost:3000", "http://localhost:3000"),
        ("127.0.0.1:3000", "http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("[::1]:3000", "http://[::1]:3000", "http://[::1]:3000"),
        ("a.localhost:3000", "http://a.localhost:3000", "http://a.localhost:3000"),
        ("bücher.example", "", "https://xn--bcher-kva.example"),
    ],
)
def test_the_base_url_follows_the_domain_or_is_said(domain: str, base_url: str, expected: str):
    found = parse(instance={"domain": domain, "base_url": base_url})

    assert found.instance.base_url == expected
    assert found.uris.base_url == expected
    assert found.uris.domain == found.instance.domain


def test_a_configuration_cannot_be_changed_once_made():
    with pytest.raises(AttributeError):
        parse().server.port = 1  # type: ignore[misc]


# -- mistakes --


@pytest.mark.parametrize(
    ("text", "part"),
    [("domain = ", "TOML"), ("[instance]\n[instance]", "TOML"), ("x = " + "[" * 5000, "TOML")],
)
def test_a_file_that_is_not_toml_says_so(tmp_path: Path, text: str, part: str):
    (tmp_path / "fedi.toml").write_text(text)

    with pytest.raises(Invalid, match=part):
        config.load(tmp_path / "fedi.toml", {})


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path):
    with pytest.raises(Invalid, match="fedi init"):
        config.load(tmp_path / "missing.toml", {})
    with pytest.raises(Invalid, match="cannot be read"):
        config.load(tmp_path, {})
    (tmp_path / "latin.toml").write_bytes(b'[instance]\ntitle = "\xe9"\n')
    with pytest.raises(Invalid, match="TOML"):
        config.load(tmp_path / "latin.toml", {})


@pytest.mark.parametrize(
    ("sections", "key", "hint"),
    [
        ({"instance": {}}, "instance.domain", 'domain = "example.org"'),
        ({"instance": {"domain": ""}}, "instance.domain", 'domain = "example.org"'),
        ({"instance": {"domain": "https://example.org"}}, "instance.domain", 'domain = "example.org"'),
        ({"instance": {"domain": "example.org/social"}}, "instance.domain", "only the name"),
        ({"instance": {"domain": "alice@example.org"}}, "instance.domain", "only the name"),
        ({"instance": {"domain": "example.org", "base_url": "example.org"}}, "instance.base_url", "https://example.org"),
        ({"instance": {"domain": "example.org", "base_url": "https://example.org/social"}}, "instance.base_url", "without a path"),
        ({"instance": {"domain": "example.org", "base_url": "https://example.org?x"}}, "instance.base_url", "https://example.org"),
        ({"instance": {"domain": "example.org", "base_url": "http://example.org"}}, "instance.base_url", "`https://example.org`"),
        ({"instance": {"domain": "example.org", "base_url": "http://10.0.0.1"}}, "instance.base_url", "loopback"),
        ({"instance": {"domain": "example.org", "registrations": "everybody"}}, "instance.registrations", "closed"),
        ({"instance": {"domain": "example.org", "languages": []}}, "instance.languages", '["en", "pt-BR"]'),
        ({"instance": {"domain": "example.org", "languages": ["English"]}}, "instance.languages", '["en", "pt-BR"]'),
        ({"instance": {"domain": "example.org", "languages": "en"}}, "instance.languages", '["...", "..."]'),
        ({"instance": {"domain": "example.org", "titel": "x"}}, "instance.titel", "title"),
        ({"sever": {}}, "sever", "server"),
        ({"server": 8080}, "server", "[server]"),
        ({"server": {"port": "8080"}}, "server.port", "without quotes"),
        ({"server": {"port": True}}, "server.port", "whole number"),
        ({"server": {"port": 80.5}}, "server.port", "whole number"),
        ({"server": {"port": 65536}}, "server.port", "from 0 to 65535"),
        ({"server": {"host": ""}}, "server.host", "127.0.0.1"),
        ({"server": {"host": "http://x"}}, "server.host", "127.0.0.1"),
        ({"server": {"trusted_proxies": ["localhost"]}}, "server.trusted_proxies", '"127.0.0.0/8"'),
        ({"server": {"trusted_proxies": [1]}}, "server.trusted_proxies", "a list of texts"),
        ({"storage": {"dir": "a\x00b"}}, "storage.dir", "not a path"),
        ({"storage": {"remote_posts_days": 0}}, "storage.remote_posts_days", "from 1"),
        ({"storage": {"remote_media_mb": -1}}, "storage.remote_media_mb", "from 1"),
        ({"federation": {"timeout_s": 0}}, "federation.timeout_s", "from 1 to 60"),
        ({"federation": {"allow_networks": ["10.0.0.0/33"]}}, "federation.allow_networks", '"127.0.0.0/8"'),
        ({"federation": {"host_map": ["peer.test"]}}, "federation.host_map", "a table of texts"),
        ({"federation": {"host_map": {"peer.test": 1}}}, "federation.host_map", "a table of texts"),
        ({"limits": {"inbox_per_host": 0}}, "limits.inbox_per_host", "from 1"),
        ({"limits": {"post_chars": 0}}, "limits.post_chars", "from 1"),
        ({"limits": {"upload_mb": 5000}}, "limits.upload_mb", "1024"),
        ({"log": {"level": "verbose"}}, "log.level", "debug, info, warning, error"),
        ({"log": {"requests": "no"}}, "log.requests", "`true` or `false`"),
    ],
)
def test_a_mistake_in_the_file_is_answered_with_its_key_and_what_to_write(sections: dict[str, Any], key: str, hint: str):
    error = refusal(**sections)

    assert error.field == key
    assert error.message.startswith(f"{key}: ")
    assert hint in error.message


@pytest.mark.parametrize(
    ("variable", "text", "key"),
    [
        ("FEDI_SERVER_PORT", "", "server.port"),
        ("FEDI_SERVER_PORT", "80a", "server.port"),
        ("FEDI_SERVER_PORT", "--5", "server.port"),
        ("FEDI_SERVER_PORT", "²", "server.port"),
        ("FEDI_SERVER_PORT", "9" * 5000, "server.port"),
        ("FEDI_LOG_REQUESTS", "yes", "log.requests"),
        ("FEDI_FEDERATION_HOST_MAP", "peer.test", "federation.host_map"),
        ("FEDI_SERVER_TRUSTED_PROXIES", "127.0.0.1,nowhere", "server.trusted_proxies"),
        ("FEDI_SERVER_PROT", "8080", "server.prot"),
        ("FEDI_INSTANCE_DOMAIN", "https://example.org", "instance.domain"),
    ],
)
def test_a_mistake_in_the_environment_is_answered_with_its_key(variable: str, text: str, key: str):
    error = refusal({variable: text})

    assert error.field == key
    assert error.message.startswith(f"{key}: ")


@pytest.mark.parametrize("key", [f"{name}.{f.name}" for name, kind in SECTIONS.items() for f in fields(kind)])
@pytest.mark.parametrize("value", [None, 1.5, [1], {"a": 1}, b"x", object()])
def test_no_value_of_any_setting_raises_anything_but_invalid(key: str, value: Any):
    name, _, setting = key.partition(".")
    document: dict[str, dict[str, Any]] = {"instance": {"domain": "example.org"}}
    document.setdefault(name, {})[setting] = value

    with pytest.raises(Invalid, match=re.escape(key)):
        config.parse(document, BASE)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("a.localhost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("example.org", False),
        ("localhost.example.org", False),
        ("notlocalhost", False),
    ],
)
def test_only_names_that_can_only_mean_this_machine_are_loopback(host: str, loopback: bool):
    assert config.is_loopback(host) is loopback
