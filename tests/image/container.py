"""A container of the image and the service in it, by way of docker or podman."""

import json
import os
import re
import socket
import subprocess
import threading
import time
import urllib.request
import uuid

ENGINE = os.environ.get("FANFETCH_ENGINE", "podman")

# Far beyond what anything here takes.
LIMIT_S = 120

# Podman would mount writable /tmp and /run on a read-only root; docker does not.
READ_ONLY = ["--read-only"] + (["--read-only-tmpfs=false"] if ENGINE == "podman" else [])

# What engines give by default is more than a test machine may be allowed to give.
ULIMITS = ["--ulimit=nofile=4096:4096", "--ulimit=nproc=1000:1000"]


def engine(*arguments: str) -> str:
    done = subprocess.run([ENGINE, *arguments], capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 0, f"{ENGINE} {' '.join(arguments)}: {done.stderr}"
    return done.stdout.strip()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(condition, what):
    """The first true value of `condition()`; it is asked again until then."""
    end = time.monotonic() + LIMIT_S
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"still waiting for: {what()}"
        pause.wait(0.1)


class Container:
    """`docker run` with everything taken away that the service does not need."""

    def __init__(self, volume: str, settings: dict):
        self.port = free_port()
        self.name = f"fanfetch-test-{uuid.uuid4().hex[:12]}"
        # The host's network, so that the origin of the tests can be on its loopback.
        settings = {"LISTEN_PORT": self.port, **settings}
        variables = [f"--env=FANFETCH_{key}={value}" for key, value in settings.items()]
        engine(
            "run", "--detach", "--name", self.name, *READ_ONLY, *ULIMITS, "--cap-drop=ALL",
            "--security-opt=no-new-privileges", "--network=host", "--memory=512m",
            f"--volume={volume}:/data", *variables, "fanfetch",
        )  # fmt: skip
        eventually(lambda: '"event":"ready"' in self.said(), self.said)

    def said(self) -> str:
        """All its log lines and its ready line."""
        done = subprocess.run([ENGINE, "logs", self.name], capture_output=True, text=True)
        return done.stdout + done.stderr

    def printed_key(self) -> str | None:
        found = re.search(r"admin API key.*: (\S+)$", self.said(), re.M)
        return found and found[1]

    def run(self, *command: str) -> subprocess.CompletedProcess:
        """A command inside, as the service's user."""
        return subprocess.run(
            [ENGINE, "exec", self.name, *command], capture_output=True, text=True, timeout=LIMIT_S
        )

    def call(self, path: str, key: str, body: dict | None = None) -> bytes:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=LIMIT_S) as reply:
            return reply.read()

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        engine("stop", "--time=60", self.name)
        return int(engine("inspect", "--format={{.State.ExitCode}}", self.name))
