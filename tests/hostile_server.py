"""A raw TCP server on loopback that records what it was sent and answers bytes, well-formed or not; and certificates for its TLS."""

import asyncio
import atexit
import datetime
import ipaddress
import shutil
import ssl
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from fedi import config

GOOD = "127.0.1.10"  # inside the allowed network of the tests
OTHER = "127.0.1.11"
CANARIES = ("127.0.0.1", "127.9.9.9", "::1")  # outside of it: nobody may ever connect there

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """Counts connections and keeps requests (head and body as received)."""

    def __init__(self, answer: "bytes | list[bytes] | Script") -> None:
        self.answer = answer
        self.connects = 0
        self.requests: list[bytes] = []
        self.host = ""
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"

    @property
    def targets(self) -> list[str]:
        return [request.split(b" ", 2)[1].decode("ascii") for request in self.requests]

    def header(self, name: str, request: int = -1) -> list[str]:
        head = self.requests[request].split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
        return [line.partition(":")[2].strip() for line in head if line.partition(":")[0].lower() == name.lower()]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connects += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            if callable(self.answer):
                await self.answer(reader, writer)
            else:
                await self._answer_all(reader, writer)
        writer.close()

    async def _answer_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            self.requests.append(await read_request(reader))
            assert not callable(self.answer)
            writer.write(self.answer.pop(0) if isinstance(self.answer, list) else self.answer)
            await writer.drain()


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """One request, head and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    return head + await reader.readexactly(length)


def after_request(*steps: "bytes | float | Callable[[asyncio.StreamWriter], None]") -> Script:
    """A script: read the request, then write bytes, sleep seconds or do something to the connection, then close."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        for step in steps:
            if isinstance(step, bytes):
                writer.write(step)
                await writer.drain()
            elif isinstance(step, float):
                await asyncio.sleep(step)
            else:
                step(writer)

    return script


def endless(head: bytes, part: bytes, pause_s: float = 0.0) -> Script:
    """A script: read the request, answer a head, then the same part for ever."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(head)
        while True:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause_s)

    return script


@asynccontextmanager
async def serving(
    answer: "bytes | list[bytes] | Script" = b"", host: str = GOOD, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    """A running server on a free port."""
    server = Server(answer)
    running: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        task.add_done_callback(running.discard)
        await server.serve(reader, writer)

    listening = await asyncio.start_server(connected, host, 0, ssl=tls, ssl_handshake_timeout=5 if tls else None)
    server.host, server.port = host, listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for task in list(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await asyncio.sleep(0)


def answer(body: bytes = b"{}", content_type: str = "application/activity+json", status: str = "200 OK", *more: str) -> bytes:
    """A well-formed HTTP answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *more]
    if content_type:
        lines.append(f"Content-Type: {content_type}")
    return "\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + body


def redirect(place: str, status: str = "302 Found") -> bytes:
    return answer(b"", "", status, f"Location: {place}")


def settings(tmp_path: Path, **federation: Any) -> config.Config:
    """A configuration whose only allowed network is 127.0.1.0/24."""
    federation = {"allow_networks": ["127.0.1.0/24"], "timeout_s": 8, **federation}
    return config.parse({"instance": {"domain": "us.test"}, "federation": federation}, tmp_path)


class Authority:
    """A certificate authority of a test, and the server contexts it vouches for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test authority")])
        own = self._builder(self.name, self.name, self.key, 1).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        own = own.add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
        self.file = folder / "ca.pem"
        self.file.write_bytes(own.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def context(self, host: str, *, days: int = 1, self_signed: bool = False) -> ssl.SSLContext:
        """A server's TLS with a certificate for one name or address. `days` < 0: it has expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "peer")])
        signer = key if self_signed else self.key
        builder = self._builder(name, name if self_signed else self.name, key, days)
        builder = builder.add_extension(x509.SubjectAlternativeName([_san(host)]), critical=False)
        builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        file = self.folder / f"{key.private_numbers().private_value:x}.pem"
        file.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            + builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    @staticmethod
    def _builder(name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int) -> x509.CertificateBuilder:
        now = datetime.datetime.fromtimestamp(time.clock_gettime(time.CLOCK_REALTIME), datetime.UTC)  # TLS knows no frozen time
        return (
            x509.CertificateBuilder(subject_name=name, issuer_name=issuer, public_key=key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=10))
            .not_valid_after(now + datetime.timedelta(days=days))
        )


@cache
def authority() -> Authority:
    """The one of all peers of a run; certificates are made once for each name."""
    folder = tempfile.mkdtemp(prefix="fedi-authority-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Authority(Path(folder))


@cache
def trusted(host: str) -> ssl.SSLContext:
    """A server's TLS for a name, which `authority` vouches for."""
    return authority().context(host)


def _san(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
