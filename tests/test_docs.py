"""Documents that can rot are compared with what they speak of."""

import http.server
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_type_hints

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bench.server import free_port
from fedi import __version__, config, limits
from tests.test_architecture import FLOORS, NOUNS

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def code(page: str) -> list[str]:
    """What a page sets in code: spans, and the lines of blocks (without prompts and indentation)."""
    blocks = re.findall(r"^ *```[a-z]*\n(.*?)^ *```", page, re.MULTILINE | re.DOTALL)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^ *```.*?^ *```", "", page, flags=re.MULTILINE | re.DOTALL))
    return spans + [line.strip() for block in blocks for line in block.splitlines()]


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE))


def fedi(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "fedi", *arguments], capture_output=True, text=True, timeout=300, check=False)


# -- commands --


def test_the_readme_names_the_two_commands():
    assert {"make run", "make test"} <= set(code(text("README.md")))


def test_every_make_command_in_the_documents_exists():
    said = {match[1] for page in PAGES for line in code(page.read_text("utf-8")) if (match := re.match(r"make ([a-z-]+)", line))}

    assert said <= targets()


def test_ci_runs_what_contributors_run():
    assert "make lint test" in text(".ci/run")
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


def commands() -> dict[tuple[str, ...], set[str]]:
    """(`account`, `create`) -> the options shown with it, of every `fedi ...` in the documents but the generated help."""
    found: dict[tuple[str, ...], set[str]] = {}
    for page in PAGES:
        body = re.sub(r"<!-- commands: begin -->.*?<!-- commands: end -->", "", page.read_text("utf-8"), flags=re.DOTALL)
        for line in code(body):
            words = re.sub(r"^(\S*/)?fedi(?= )", "fedi", line).split()
            if words[:1] == ["fedi"] and len(words) > 1 and re.fullmatch(r"[a-z-]+", words[1]):
                groups = {"account", "token", "queue", "domain", "post", "follow", "page", "rule"}
                two = len(words) > 2 and words[1] in groups and words[2].isalpha()
                path = tuple(words[1 : 3 if two else 2])
                found.setdefault(path, set()).update(word for word in words if word.startswith("--"))
    return found


def test_the_documents_show_the_commands_of_the_first_hour():
    assert {("init",), ("serve",), ("account", "create"), ("doctor",), ("backup",), ("queue", "list"), ("domain", "block")} <= set(
        commands()
    )


@pytest.mark.parametrize("path", sorted(commands()), ids=" ".join)
def test_every_fedi_command_in_the_documents_exists(path: tuple[str, ...]):
    shown = fedi(*path, "--help")

    assert shown.returncode == 0, shown.stderr
    assert shown.stdout
    for option in commands()[path]:
        assert option in shown.stdout


def test_a_command_that_does_not_exist_is_refused():
    assert fedi("no-such-command", "--help").returncode == 2


# -- pages and what they speak of --


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(page: Path):
    for link in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8")):
        if not link.startswith("http"):
            assert (page.parent / link).exists(), link


def test_every_setting_the_documents_name_exists():
    sections = {name: {f.name for f in fields(kind)} for name, kind in get_type_hints(config.Config).items() if name != "dir"}
    files = (".py", ".md", ".toml", ".sql")

    for page in PAGES:
        for span in code(page.read_text("utf-8")):
            match = re.fullmatch(r"(\w+)\.(\w+)", span)
            if match and match[1] in sections and not span.endswith(files):
                assert match[2] in sections[match[1]], f"{page.name}: {span}"
        for variable in re.findall(r"FEDI_([A-Z]+)_(\w+)", page.read_text("utf-8")):
            if variable[0].lower() in sections:
                assert variable[1].lower() in sections[variable[0].lower()], f"{page.name}: {variable}"


def test_the_table_of_floors_is_the_one_that_is_enforced():
    table: dict[str, int] = {}
    for line in text("docs/architecture.md").splitlines():
        if not (row := re.match(r"\| (\d) \| (.+) \|$", line)):
            continue
        for span in re.findall(r"`([^`]+)`", re.sub(r"\(.*?\)", "", row[2])):
            stem, _, group = span.rstrip("}").partition("{")
            for name in (part.strip() for part in group.split(",")) if group else [""]:
                table[f"fedi.{stem}{name}".removesuffix(".*")] = int(row[1])

    enforced = {name: floor for name, floor in FLOORS.items() if name not in ("fedi", "fedi.__main__") and floor != NOUNS}
    assert table == enforced


def test_the_decisions_are_numbered_without_gaps():
    numbers = re.findall(r"^## (\d+)\. ", text("docs/decisions.md"), re.MULTILINE)

    assert [int(number) for number in numbers] == list(range(1, len(numbers) + 1))


def test_every_source_is_listed_once():
    names = re.findall(r"^\| \*\*(.+?)\*\*", text("docs/sources.md"), re.MULTILINE)

    assert len(names) == len(set(names))


def test_the_change_log_knows_this_version():
    assert f"## {__version__}" in text("CHANGELOG.md")


def test_the_activities_of_federation_md_are_those_handled():
    from fedi.activitypub.inbox import HANDLERS

    section = re.search(r"<!-- activities: begin -->(.*?)<!-- activities: end -->", text("FEDERATION.md"), re.DOTALL)
    assert section

    assert set(re.findall(r"^\| `(\w+)`", section[1], re.MULTILINE)) == set(HANDLERS)


def test_what_is_undone_and_passed_on_by_groups_stands_in_federation_md():
    from fedi.activitypub import receive_forwarded, receive_wrapped

    page = text("FEDERATION.md")
    passed_on = re.search(r"may announce whole activities \((.*?)\)", page, re.DOTALL)
    proven = re.search(r"at most 14 days old: (.*?)\. For", page, re.DOTALL)
    assert passed_on and proven

    assert set(re.findall(r"`(\w+)`", passed_on[1])) == receive_wrapped.TYPES
    assert set(re.findall(r"`(\w+)`", proven[1])) == receive_forwarded._PROVEN


def test_the_types_of_posts_in_federation_md_are_those_read():
    from fedi.activitypub.parse_files import FILE_TYPES
    from fedi.activitypub.parse_objects import POST_TYPES, post_type

    page = text("FEDERATION.md")
    table = re.search(r"^\| type \| what is read besides the text \|\n(.*?)\n\n", page, re.MULTILINE | re.DOTALL)
    assert table
    rows = [re.findall(r"`(\w+)`", line.split("|")[1]) for line in table[1].splitlines()[1:]]

    assert sorted(name for row in rows for name in row if name != "url") == sorted(POST_TYPES)
    assert set(rows[2]) == set(FILE_TYPES)
    assert post_type({"type": "Recipe", "url": "https://a.test/1"}) == "Recipe", "any other type with a text, a name or a url"


def test_the_types_of_actors_in_federation_md_are_those_read():
    from fedi.activitypub import vocab

    (line,) = re.findall(r"^Read are actors of the types (.*?)\.$", text("FEDERATION.md"), re.MULTILINE)

    assert set(re.findall(r"`(\w+)`", line)) == vocab.ACTOR_TYPES


def test_the_activities_sent_are_those_that_federation_md_says_are_sent():
    """What stands in the code as a type of an activity that this server makes."""
    from fedi.activitypub.parse_objects import ACTIVITY_TYPES

    section = re.search(r"<!-- sent: begin -->(.*?)<!-- sent: end -->", text("FEDERATION.md"), re.DOTALL)
    assert section
    doors = [*(ROOT / "fedi/activitypub").glob("outbox*.py"), *(ROOT / "fedi/activitypub").glob("render*.py")]
    doors += [ROOT / "fedi" / name for name in ("hosting.py", "relays.py", "follows.py", "blocks.py")]
    code = "\n".join(path.read_text("utf-8") for path in doors)
    made = set(re.findall(r'"(\w+)"', re.sub(r'"""(?:.|\n)*?"""', "", code)))

    told = {name for line in section[1].splitlines() for name in re.findall(r"`(\w+)`", line.split("|")[1] if "|" in line else "")}
    assert made & ACTIVITY_TYPES == told


def test_the_feps_of_federation_md_are_those_the_code_speaks_of_and_announces():
    from fedi.activitypub import vocab

    page = text("FEDERATION.md")
    place = r"https://codeberg\.org/fediverse/fep/src/branch/main/fep/(\w{4})/fep-(\w{4})\.md"
    listed = re.findall(rf"^- \[FEP-([0-9a-f]{{4}}): .*?\]\({place}\)", page, re.MULTILINE)
    assert all(number == folder == file for number, folder, file in listed)
    numbers = [number for number, _, _ in listed]
    sources = [path.read_text("utf-8") for path in (ROOT / "fedi").rglob("*.py")]
    spoken = {number for source in sources for number in re.findall(r"(?:FEP-|/fep/)([0-9a-f]{4})", source)}
    announced = {number for href, _ in vocab.IMPLEMENTED for number in re.findall(r"/fep/([0-9a-f]{4})", href)}

    assert len(numbers) == len(set(numbers))
    assert announced <= set(numbers)
    assert spoken <= set(numbers)
    assert set(numbers) - spoken <= {"67ff", "f1d5", "2677", "d556"}, "of pages and documents, not of activities"


def test_the_numbers_in_the_words_of_federation_md_are_those_enforced():
    page = " ".join(text("FEDERATION.md").split())
    mb = limits.REMOTE_FILM_BYTES >> 20
    for words in (
        f"Videos and recordings over {mb} MB stay where they are",
        f"Up to {limits.ATTACHMENTS_LOCAL}: Mastodon shows no more",
        f"at most once in {limits.MOVE_DAYS} days",
        f"at most {limits.FORWARDED_FETCHES} a minute",
        f"one or up to {limits.WRAPPED}, one level deep",
        f"At most {limits.WRAPPED_FETCHES} such questions a minute and group",
        f"At most {limits.GROUP_POSTS} posts an hour and person, {limits.GROUP_PASSED_ON:,} activities an hour",
        f"votes only as long as these are fewer than {limits.GROUP_VOTES:,}",
        f"at most 128 pixels a side and {limits.EMOJI_BYTES >> 10} KiB",
        f"nesting over {limits.JSON_DEPTH} levels",
        f"over {limits.BODY_BYTES >> 20} MiB",
    ):
        assert words in page, words
    assert (limits.REACTIONS_EACH, limits.REACTIONS, limits.QUOTE_HOPS) == (5, 60, 3)
    assert "Five different reactions of one person and sixty in all" in page and "At most three quoted posts in a row" in page
    assert limits.SYNCHRONIZED_S == 600 and "at most once in ten minutes for an actor" in page
    assert limits.KEY_REFETCH_S == 300 and "at most every five minutes" in page
    assert limits.INBOX_WINDOW_S == 300 and "Too many activities from one host in five minutes" in page


def test_the_times_of_delivery_in_federation_md_are_those_kept():
    from fedi import clock
    from fedi.activitypub import backoff

    steps = "1 min, 5 min, 15 min, 1 h, 3 h, 6 h, 12 h and then daily, for 7 days"
    units = {"min": clock.MINUTE, "h": clock.HOUR}
    spelt = [int(number) * units[unit] for number, unit in re.findall(r"(\d+) (min|h)", steps)]

    assert steps in text("FEDERATION.md")
    assert list(backoff.STEPS_MS) == [0, *spelt, *[clock.DAY] * 6] and backoff.GIVE_UP_MS == 7 * clock.DAY


def test_the_limits_of_federation_md_are_those_enforced():
    from fedi.activitypub import parse_objects

    page = text("FEDERATION.md")
    rows = dict(re.findall(r"^\| ([^|`]+?) \| ([^|]+?) \|$", page[page.index("## Limits") :], re.MULTILINE))

    assert rows["an inbox body, a fetched document"] == f"{limits.BODY_BYTES >> 20} MiB"
    assert rows["depth of JSON"] == str(limits.JSON_DEPTH)
    assert rows["HTML of a post"].startswith(f"{limits.HTML_BYTES >> 10} KiB")
    assert rows["recipients"] == f"{limits.RECIPIENTS:,}"
    assert rows["mentions, hashtags"] == f"{limits.MENTIONS} each" == f"{limits.TAGS} each"
    assert rows["attachments"].split(",")[0] == str(limits.ATTACHMENTS)
    assert rows["an id"] == f"{limits.URI_CHARS:,} characters"
    assert rows["redirects"] == str(limits.REDIRECTS)
    assert rows["waiting for an answer"] == f"{limits.TIMEOUT_S} s"
    assert rows["links among the attachments"] == str(limits.LINKS)
    assert rows["an abstract"] == f"{limits.ABSTRACT_CHARS:,} characters"
    asked = f"{parse_objects.POLL_OPTIONS} accepted, {limits.POLL_OPTIONS} written here, of {limits.POLL_OPTION_CHARS} characters"
    assert rows["answers of a poll"] == asked
    shortest, longest = limits.POLL_SECONDS
    assert rows["how long a poll runs that is made here"] == f"{shortest // 60} minutes to {longest // 86_400} days"
    assert rows["entries of one list of an interaction policy"] == str(limits.POLICY_ENTRIES)
    assert rows["requests that wait for one person's answer"] == str(limits.REQUESTS_PENDING)
    each = f"{limits.REQUESTS_EACH}, {limits.REQUESTS_PENDING_EACH}"
    assert rows["requests of one person elsewhere: about one post, waiting anywhere"] == each
    assert rows["steps up from an answer to the first post"] == str(limits.THREAD_HOPS)
    assert rows["documents read to complete a thread"] == str(limits.THREAD_FETCHES)
    assert rows["answers looked at in one collection, in one thread"] == f"{limits.THREAD_ITEMS_PER_POST}, {limits.THREAD_ITEMS:,}"
    assert rows["earlier posts of an account, pages of its outbox"] == f"{limits.FILL_POSTS}, {limits.FILL_PAGES}"
    assert rows["posts of others fetched because an account boosted them before"] == str(limits.FILL_BOOSTS)
    assert rows["time for a thread, or for earlier posts"] == f"{limits.BACKFILL_S // 60} minutes"
    assert len(rows) == 22 + 1, "every row is compared here; one is the head"


def test_the_dates_federation_md_promises_are_those_accepted():
    assert f"{limits.DATE_PAST_S // 3600} hours old and {limits.DATE_FUTURE_S // 3600} hour ahead" in text("FEDERATION.md")


# -- the examples for an owner's machine, read by the programs they are for --


def example(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", text("docs/operations.md"), re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if not found:
        pytest.skip(f"{name} is not installed")
    return found


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with the request line and the headers it got."""

    def do_GET(self) -> None:
        body = f"{self.requestline}\n{self.headers}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "example.org")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
    (folder / "fullchain.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def ask(port: int, request: bytes) -> str:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for _ in range(1000):
        try:
            plain = socket.create_connection(("127.0.0.1", port), timeout=60)
            break
        except ConnectionRefusedError:
            threading.Event().wait(0.05)
    with plain, context.wrap_socket(plain, server_hostname="example.org") as one:
        one.sendall(request)
        answer = b""
        while part := one.recv(65536):
            answer += part
    return answer.decode()


def test_the_nginx_example_passes_requests_on_as_they_were_sent(tmp_path: Path):
    nginx = program("nginx")
    certificate(tmp_path)
    backend = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=backend.serve_forever, daemon=True).start()
    port, plain = free_port(), free_port()
    body = example("nginx").replace("/etc/letsencrypt/live/example.org", str(tmp_path))
    body = re.sub(r"^ *listen \[::\].*\n", "", body, flags=re.MULTILINE)
    body = body.replace("listen 443", f"listen 127.0.0.1:{port}").replace("listen 80;", f"listen 127.0.0.1:{plain};")
    body = body.replace("127.0.0.1:8080", f"127.0.0.1:{backend.server_address[1]}")
    temporary = "\n".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; {temporary}\n{body} }}"
    )
    arguments = [nginx, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
    checked = subprocess.run([*arguments, "-t"], capture_output=True, text=True, timeout=120, check=False)
    assert checked.returncode == 0, checked.stderr

    running = subprocess.Popen(arguments, stderr=subprocess.DEVNULL)
    try:
        target = "/users/alice?q=%2Fa%20b&x=%C3%A9;y"
        answer = ask(port, f"GET {target} HTTP/1.1\r\nHost: example.org\r\nX-Forwarded-For: 6.6.6.6\r\nConnection: close\r\n\r\n".encode())
    finally:
        running.terminate()
        running.wait(60)
        backend.shutdown()
        backend.server_close()

    assert f"GET {target} HTTP/1.1" in answer
    assert "Host: example.org\n" in answer
    assert "X-Forwarded-For: 6.6.6.6, 127.0.0.1\n" in answer
    assert "X-Forwarded-Proto: https\n" in answer


def test_the_caddy_example_is_understood_by_caddy(tmp_path: Path):
    (tmp_path / "Caddyfile").write_text(example("caddyfile"))

    checked = subprocess.run(
        [program("caddy"), "adapt", "--config", str(tmp_path / "Caddyfile")], capture_output=True, text=True, timeout=120, check=False
    )

    assert checked.returncode == 0, checked.stderr
    assert '"dial":"127.0.0.1:8080"' in checked.stdout


def test_the_systemd_example_is_understood_by_systemd(tmp_path: Path):
    unit = example("ini").replace("ExecStart=/srv/fedi/venv/bin/fedi serve", f"ExecStart={sys.executable} -m fedi serve")
    (tmp_path / "fedi.service").write_text(unit)

    checked = subprocess.run(
        [program("systemd-analyze"), "verify", str(tmp_path / "fedi.service")], capture_output=True, text=True, timeout=120, check=False
    )

    assert "fedi.service:" not in checked.stderr
