"""The built program as a client sees it: a process, a port and the REST API of spec section by section."""

import contextlib
import copy
import http.client
import json
import os
import pathlib
import signal
import subprocess
import threading
import time

BINARY = os.environ.get(
    "FANFETCH_BINARY", str(pathlib.Path(__file__).parents[2] / "build" / "release" / "fanfetch")
)

# Far beyond what anything here takes: sanitizer builds on a busy machine are slow, not wrong.
LIMIT_S = 120

# What has to happen at once has happened by then, also on a machine that has other things to do.
# Nothing the program waits for otherwise (an item's time limit, a shutdown's grace) ends so soon.
AT_ONCE_S = 8

# Tests that have more to do when there is time: see `./dev soak`.
SOAK = os.environ.get("FANFETCH_SOAK") == "1"

# Slow, and particular about what else is loaded into its process.
SANITIZED = any(part in ("asan", "tsan") for part in pathlib.Path(BINARY).parts)

COUNTED_STATES = ("queued", "waiting", "running", "succeeded", "failed", "skipped", "cancelled")


def eventually(condition, what: str, limit_s: float = LIMIT_S):
    """The first true value of `condition()`; it is asked again until then."""
    end = time.monotonic() + limit_s
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"still waiting for: {what}"
        pause.wait(0.01)


class Reply:
    """One HTTP response, read to its end."""

    def __init__(self, response: http.client.HTTPResponse):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.body.splitlines()]

    def __repr__(self):
        return f"{self.status} {dict(self.headers)} {self.body[:2000]!r}"


class Service:
    """A running `fanfetch serve`."""

    def __init__(self, data: pathlib.Path, settings: dict | None = None, key: str | None = None,
                 prefix=(), environment: dict | None = None):  # fmt: skip
        self.key = key  # shown with every request, unless the request shows another
        values = {
            "listen.port": "0",
            "data.dir": str(data),
            "log.level": "warn",
            "egress.allow": "127.0.0.0/8",
        }
        values.update(settings or {})
        command = [*prefix, BINARY, "serve"]
        for key, value in values.items():
            command += ["--set", f"{key}={value}"]
        data.mkdir(parents=True, exist_ok=True)
        self.data = data
        self.log = data.parent / (data.name + ".log")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, env=os.environ | (environment or {})
            )
        first = self.process.stdout.readline()
        if not first:
            code = self.process.wait(timeout=LIMIT_S)
            raise AssertionError(f"it did not start, exit {code}: {self.log.read_text(errors='replace')}")
        self.ready = json.loads(first)
        self.port = self.ready["port"]

    # Ending it.

    def stop(self) -> int:
        """Asks it to end; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.ended()

    def kill(self) -> None:
        self.process.kill()
        self.ended()

    def ended(self) -> int:
        code = self.process.wait(timeout=LIMIT_S)
        self.process.stdout.close()
        return code

    def complaints(self) -> list[str]:
        """What a sanitizer wrote, or a debug build about a handler that blocked its loop."""
        text = self.log.read_text(errors="replace")
        marks = ("Sanitizer:", "runtime error:", "blocking on a loop thread")
        return [line for line in text.splitlines() if any(mark in line for mark in marks)]

    def asked_with(self, key: str) -> "Service":
        """The same service, as the owner of that key talks to it."""
        other = copy.copy(self)
        other.key = key
        return other

    # Talking to it.

    def connect(self, timeout: float = LIMIT_S) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def call(self, method: str, path: str, body=None, headers=None, kind=None) -> Reply:
        """One request on a connection of its own; a body that is no text or bytes is sent as JSON."""
        fields = dict(headers or {})
        if self.key:
            fields = {"Authorization": f"Bearer {self.key}"} | fields
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
            kind = kind or "application/json"
        if isinstance(body, str):
            body = body.encode()
        if kind:
            fields["Content-Type"] = kind
        with contextlib.closing(self.connect()) as link:
            link.request(method, path, body=body, headers=fields)
            return Reply(link.getresponse())

    def get(self, path: str, **headers) -> Reply:
        return self.call("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def post(self, path: str, body=None, kind=None, **headers) -> Reply:
        fields = {k.replace("_", "-"): v for k, v in headers.items()}
        return self.call("POST", path, body=body, headers=fields, kind=kind)

    def submit_reply(self, urls, **options) -> Reply:
        """What is answered to a new job, whatever that is."""
        body = {"urls": list(urls)}
        if options:
            body["options"] = options
        return self.post("/v1/jobs", body)

    def submit(self, urls, **options) -> str:
        """The id of a new job."""
        reply = self.submit_reply(urls, **options)
        assert reply.status == 202, reply
        return reply.json["id"]

    def job(self, job: str) -> dict:
        reply = self.get(f"/v1/jobs/{job}")
        assert reply.status == 200, reply
        return reply.json

    def wait_done(self, job: str) -> dict:
        def ended():
            reply = self.get(f"/v1/jobs/{job}?wait=20s")
            assert reply.status == 200, reply
            return reply.json if reply.json["done"] else None

        return eventually(ended, f"the end of {job}")

    def results(self, job: str, query: str = "") -> list[dict]:
        """All results, over as many pages as there are."""
        found, token = [], ""
        while True:
            page = f"/v1/jobs/{job}/results?page_size=1000&{query}"
            reply = self.get(page + (f"&page_token={token}" if token else ""))
            assert reply.status == 200, reply
            found += reply.json["results"]
            token = reply.json["next_page_token"]
            if not token:
                return found

    @contextlib.contextmanager
    def stream(self, path: str, **headers):
        """Yields an iterator over the lines of an NDJSON answer while it arrives."""
        fields = {"Accept": "application/x-ndjson"} | headers
        if self.key:
            fields = {"Authorization": f"Bearer {self.key}"} | fields
        with contextlib.closing(self.connect()) as link:
            link.request("GET", path, headers=fields)
            response = link.getresponse()
            assert response.status == 200, Reply(response)
            yield (json.loads(line) for line in iter(response.readline, b""))


def cpu_s(pid: int) -> float:
    """The CPU time that a process has used."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(*arguments) -> subprocess.CompletedProcess:
    """The program with other arguments, to its end."""
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=LIMIT_S)


def add_key(data: pathlib.Path, name: str, *scopes: str, tenant: str = "default", terms=()) -> str:
    """A new key in the data directory's file; `terms` are options of `keys add`."""
    done = run(
        "keys", "--set", f"data.dir={data}", "add", "--id", name, "--tenant", tenant,
        "--scopes", ",".join(scopes or ("submit", "read", "control", "admin")), *terms,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def revoke_key(data: pathlib.Path, name: str) -> None:
    done = run("keys", "--set", f"data.dir={data}", "revoke", name)
    assert done.returncode == 0, done.stderr


def counts_sum(job: dict) -> bool:
    counts = job["counts"]
    return sum(counts[state] for state in COUNTED_STATES) == counts["total"]
