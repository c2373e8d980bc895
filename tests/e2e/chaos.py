"""`fanfetch origin`: the server that ships for tests, and what its list says of the zoo."""

import collections
import contextlib
import json
import select
import signal
import socket
import subprocess
import threading
import time

import client

# A sanitizer build takes its time, and on the same machine as everybody else.
SANITIZED = "asan" in client.BINARY or "tsan" in client.BINARY
PACE = 4 if SANITIZED else 1

# The limits that the bar is stated for, with times that nobody has to wait for long.
# A pause is noticed before a span of low speed is over, however the pieces come.
FIRST_BYTE_S, IDLE_S, LOW_SPEED_S, TOTAL_S = 1.5 * PACE, 1 * PACE, 1.5 * PACE, 5 * PACE
PROFILE = {
    "timeouts": {
        "connect": 2 * PACE, "first_byte": FIRST_BYTE_S, "idle": IDLE_S, "total": TOTAL_S,
        "low_speed": {"bytes_per_s": 500, "for": LOW_SPEED_S},
    },
    "redirects": {"max": 5},
    "retry": {"max_attempts": 2, "statuses": [503], "on": [], "backoff": {"base": "1ms", "max": "2ms"}},
    "max_body_bytes": 8 << 20,
    "store_body": "never",
}  # fmt: skip


class Names:
    """A name server that finds every name at 127.0.0.1, so that each URL can have a host of its own.

    The service treats a host that misbehaves with caution, which is not what is tested with it.
    """

    def __init__(self, late_s: float = 0, late: bytes = b""):
        self._late_s = late_s
        self._late = late  # names that these bytes are in; all of them, when there are none
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        # Questions come faster than Python answers them; those that do not fit are lost.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        """All by one thread: one for each late answer would hold up who measures in this process."""
        late: collections.deque = collections.deque()  # each as late as the others: in order
        with contextlib.suppress(OSError, ValueError):  # closed
            while True:
                patience = max(0, late[0][0] - time.monotonic()) if late else None
                if select.select([self._socket], [], [], patience)[0]:
                    query, peer = self._socket.recvfrom(512)
                    reply = self._reply(query)
                    if self._late_s and self._late in query:
                        late.append((time.monotonic() + self._late_s, reply, peer))
                    else:
                        self._answer(reply, peer)
                while late and late[0][0] <= time.monotonic():
                    self._answer(*late.popleft()[1:])

    @staticmethod
    def _reply(query: bytes) -> bytes:
        end = query.index(b"\0", 12) + 5  # of the question: its name, type and class
        address = query[end - 4 : end - 2] == b"\0\1"
        answer = b"\xc0\x0c\0\1\0\1\0\0\x0e\x10\0\4\x7f\0\0\1" if address else b""
        counts = bytes([0, 1, 0, int(address), 0, 0, 0, 0])
        return query[:2] + b"\x81\x80" + counts + query[12:end] + answer

    def _answer(self, reply: bytes, peer) -> None:
        with contextlib.suppress(OSError):  # closed meanwhile
            self._socket.sendto(reply, peer)


class Chaos:
    """A running `fanfetch origin`."""

    def __init__(self, *arguments: str):
        self.process = subprocess.Popen(
            [client.BINARY, "origin", "--port", "0", *arguments], stdout=subprocess.PIPE
        )
        self.ready = json.loads(self.process.stdout.readline())
        self.port = self.ready["port"]

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=client.LIMIT_S)
        self.process.stdout.close()
        return code


def zoo() -> list[dict]:
    """Its animals: name, argument, what it does, what a careful client makes of it.

    But for the one whose second response may come just when the connection has been used again:
    then it is the answer to that request for all that any client can know.
    """
    listed = json.loads(client.run("origin", "--list", "--json").stdout)
    return [animal for animal in listed if animal["name"] != "unsolicited"]


def ending(result: dict) -> str:
    """`succeeded`, or the code of what went wrong."""
    return result["error"]["code"] if result["error"] else result["state"]
