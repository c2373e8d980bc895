"""The built program as a benchmark or a test starts it: a fresh data directory, a free port."""

import contextlib
import http.client
import json
import os
import pathlib
import signal
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")


class Service:
    """A running `fanfetch serve` and its figures."""

    def __init__(self, process: subprocess.Popen, port: int, ready_s: float):
        self.process = process
        self.port = port
        self.ready_s = ready_s

    def cpu_s(self) -> float:
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_kib(self, what: str) -> int:
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(what + ":"):
                return int(line.split()[1])
        raise KeyError(what)

    def connect(self, timeout: float = 300) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def call(self, method: str, path: str, body=None, content_type="application/json", connection=None):
        """(status, parsed JSON) of one request."""
        link = connection or self.connect()
        headers = {"Content-Type": content_type} if body is not None else {}
        link.request(method, path, body=body, headers=headers)
        response = link.getresponse()
        text = response.read()
        if connection is None:
            link.close()
        return response.status, json.loads(text) if text else None

    def wait_done(self, job: str) -> dict:
        link = self.connect()
        while True:
            status, state = self.call("GET", f"/v1/jobs/{job}?wait=30s", connection=link)
            assert status == 200, (status, state)
            if state["done"]:
                link.close()
                return state


@contextlib.contextmanager
def serve(binary, data: pathlib.Path, core: int | None = None, **settings):
    """Starts the program; `settings` are its keys with dots written as double underscores."""
    command = [str(binary), "serve"]
    values = {"listen.port": "0", "data.dir": str(data), "log.level": "warn",
              "egress.allow": "127.0.0.0/8"}
    values.update({key.replace("__", "."): str(value) for key, value in settings.items()})
    for key, value in values.items():
        command += ["--set", f"{key}={value}"]
    if core is not None:
        command = ["taskset", "-c", str(core)] + command
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        ready = json.loads(process.stdout.readline())
        yield Service(process, ready["port"], time.monotonic() - started)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)
        process.stdout.close()
