"""`fanfetch origin`: the server that ships for tests, and what its list says of the zoo."""

import json
import signal
import subprocess

import client

# The limits that the bar is stated for, with its times at a tenth, so that nobody waits for long.
PROFILE = {
    "timeouts": {
        "connect": "2s", "first_byte": "700ms", "idle": "500ms", "total": "4s",
        "low_speed": {"bytes_per_s": 500, "for": "1s"},
    },
    "redirects": {"max": 5},
    "retry": {"max_attempts": 2, "statuses": [503], "on": [], "backoff": {"base": "1ms", "max": "2ms"}},
    "max_body_bytes": 8 << 20,
    "store_body": "never",
}  # fmt: skip


class Chaos:
    """A running `fanfetch origin`."""

    def __init__(self, *arguments: str):
        self.process = subprocess.Popen(
            [client.BINARY, "origin", "--port", "0", *arguments], stdout=subprocess.PIPE
        )
        self.ready = json.loads(self.process.stdout.readline())
        self.port = self.ready["port"]

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=client.LIMIT_S)
        self.process.stdout.close()
        return code


def zoo() -> list[dict]:
    """Its animals: name, argument, what it does, what a careful client makes of it."""
    return json.loads(client.run("origin", "--list", "--json").stdout)


def ending(result: dict) -> str:
    """`succeeded`, or the code of what went wrong."""
    return result["error"]["code"] if result["error"] else result["state"]
