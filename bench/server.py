"""A `fedi serve` in a process of its own, with what it has cost so far."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_START_S = 120.0  # it takes under one; tests start theirs where ten other things run, too


def free_port(neighbours: int = 1) -> int:
    """The first of some free ports next to each other, below those that the system gives away by itself: it stays free until it is used."""
    for port in random.SystemRandom().sample(range(20_000, 32_000), 500):
        with ExitStack() as stack:
            try:
                for number in range(neighbours):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", port + number))
            except OSError:
                continue
        return port
    raise SystemExit("no port is free")


def fedi(*words: str, given: str = "") -> str:
    """Run a command of the installed program; what it printed. Raises CalledProcessError with its words."""
    command = [str(Path(sys.executable).with_name("fedi")), *words]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed ({done.returncode}):\n{done.stdout}{done.stderr}")
    return done.stdout


class Server:
    """One server in a folder of its own, made if need be. Use as a context manager."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.domain = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.domain}"
        self.config = folder / "config.toml"
        self.start_s = 0.0
        self.wrapper: list[str] = []  # a command to run it under
        self._process: subprocess.Popen[bytes] | None = None
        if not self.config.exists():
            fedi("init", "--dir", str(folder), "--domain", self.domain, "--base-url", self.url, "--yes")

    def account(self, name: str) -> str:
        """Make a person; their bearer token."""
        words = ("account", "create", name, "--email", f"{name}@bench.test", "--password-stdin", "--config", str(self.config))
        fedi(*words, given="a long password\n")
        return self.token(name)

    def token(self, name: str) -> str:
        """One more token of a person."""
        return fedi("token", "create", name, "--scopes", "read write follow", "--config", str(self.config)).split()[-1]

    def __enter__(self) -> "Server":
        began = time.perf_counter()
        command = [*self.wrapper, str(Path(sys.executable).with_name("fedi")), "serve", "--config", str(self.config)]
        if os.environ.get("FEDI_BENCH_CORE"):
            command = ["taskset", "-c", os.environ["FEDI_BENCH_CORE"], *command]
        free = {f"FEDI_LIMITS_REQUESTS_PER_{who}": "1000000000" for who in ("TOKEN", "ADDRESS")}
        with (self.folder / "serve.log").open("ab") as log:
            self._process = subprocess.Popen([*command, "--port", str(self.port)], stdout=log, stderr=log, env=os.environ | free)
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=5):
                    break
            except OSError:
                if self._process.poll() is not None or time.perf_counter() - began > _START_S:
                    raise SystemExit((self.folder / "serve.log").read_text()) from None
                time.sleep(0.01)
        self.start_s = time.perf_counter() - began
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ask it to end and wait until it has; nothing when it does not run."""
        for pid in _tree(self.pid)[::-1][:1] if self._process is not None and self._process.poll() is None else ():
            os.kill(pid, signal.SIGTERM)
        if self._process is not None:
            self._process.wait(30)

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def cpu_s(self) -> float:
        """Processor time of the server and all processes below it, seconds."""
        return sum(spent_s(pid) for pid in _tree(self.pid))

    def rss_mb(self) -> float:
        """Resident memory of the same, MB."""
        return sum(_rss_mb(pid) for pid in _tree(self.pid))

    def get(self, path: str, token: str = "") -> object:
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {token}"} if token else {})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


def _tree(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        try:
            children = Path(f"/proc/{one}/task/{one}/children").read_text().split()
        except OSError:
            continue
        found += [int(child) for child in children]
    return found


def spent_s(pid: int) -> float:
    """Processor time of one process so far, seconds; 0 when there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICK


def _rss_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().split("\n")
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))
