"""Origins that do what a test tells them, over plain sockets, so that they can misbehave as well."""

import collections
import contextlib
import socket
import ssl
import threading
import time


class Request:
    """What a client asked for, as it was written."""

    def __init__(self, head: bytes, body: bytes):
        first, *fields = head.decode("latin-1").split("\r\n")
        self.method, self.target, _ = first.split(" ", 2)
        pairs = [field.split(":", 1) for field in fields if field]
        self.headers = {name.lower(): value.strip() for name, value in pairs}
        self.body = body
        self.at = time.monotonic()
        self.answered: float | None = None  # when its answer begins


def response(status: int, body: bytes = b"", **headers) -> bytes:
    fields = {"Content-Length": str(len(body))}
    fields.update({name.replace("_", "-"): value for name, value in headers.items()})
    head = f"HTTP/1.1 {status} Whatever\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return head.encode() + b"\r\n" + body


class Peer:
    """A server that does the same with every connection: `handle(socket)`."""

    def __init__(self, handle):
        self._handle = handle
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link) -> None:
        with contextlib.suppress(OSError, ValueError), link:
            self._handle(link)

    def close(self) -> None:
        self._listener.close()


class Origin:
    """Answers `/…` with what was scripted for that target; everything else is 200 and its own name.

    `accepts` counts connections, `requests` keeps what was asked, both for ever.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, address: str = "127.0.0.1"):
        self.address = address
        self.accepts = 0
        self.requests: list[Request] = []
        self._tls = tls
        self._scripts: dict[str, collections.deque] = {}
        self._released = threading.Event()
        self._closed = threading.Event()
        self._links: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server((address, 0), backlog=1024)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, target: str = "/") -> str:
        scheme = "https" if self._tls else "http"
        return f"{scheme}://{self.address}:{self.port}{target}"

    # Scripting.

    def answer(self, target: str, *responses: bytes) -> str:
        """Sends these one after the other, the last one for ever; the URL."""
        self._scripts[target] = collections.deque(responses)
        return self.url(target)

    def redirect(self, target: str, to: str, status: int = 302) -> str:
        return self.answer(target, response(status, Location=to))

    def hang(self, target: str) -> str:
        """Never answers, until `release()`."""
        return self.answer(target, None)

    def late(self, target: str, seconds: float) -> str:
        """Answers after this time."""
        return self.answer(target, seconds)

    def meet(self, target: str, barrier: threading.Barrier) -> str:
        """Answers when as many requests as the barrier is for are here."""
        return self.answer(target, barrier)

    def cut(self, target: str, sent: bytes) -> str:
        """Sends these bytes, then closes the connection."""
        return self.answer(target, (sent,))

    def release(self) -> None:
        """What hangs is answered from now on."""
        self._released.set()

    # Looking.

    def asked(self, target: str) -> list[Request]:
        with self._lock:
            return [request for request in self.requests if request.target == target]

    def at_once(self, request: Request) -> int:
        """How many requests had no answer yet when this one came, itself included."""
        with self._lock:
            earlier = self.requests[: self.requests.index(request) + 1]
            return sum(one.answered is None or one.answered > request.at for one in earlier)

    def close(self) -> None:
        self._released.set()
        self._closed.set()
        self._listener.close()
        with self._lock:
            links = list(self._links)
        for link in links:
            try:
                link.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it went first

    # Serving.

    def _accept(self) -> None:
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.accepts += 1
                self._links.add(link)
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        plain = link
        try:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls:
                link = self._tls.wrap_socket(link, server_side=True)
            with link, link.makefile("rb") as reader:
                while self._exchange(link, reader):
                    pass
        except (OSError, ValueError):
            pass  # the client left, or did not like our certificate
        finally:
            plain.close()
            with self._lock:
                self._links.discard(plain)

    def _exchange(self, link, reader) -> bool:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = reader.readline()
            if not line:
                return False
            head += line
        length = 0
        for field in head.lower().split(b"\r\n"):
            if field.startswith(b"content-length:"):
                length = int(field.split(b":")[1])
        request = Request(head, reader.read(length))
        with self._lock:
            self.requests.append(request)
            script = self._scripts.get(request.target)
            told = None
            if script:
                told = script.popleft() if len(script) > 1 else script[0]
        default = response(200, request.target.encode(), Content_Type="text/plain")
        if script is None:
            told = default
        if told is None:
            self._released.wait()
            told = default
        if isinstance(told, threading.Barrier):
            told.wait()
            told = default
        if isinstance(told, float):
            self._closed.wait(told)
            told = default
        request.answered = time.monotonic()
        if isinstance(told, tuple):
            link.sendall(told[0])
            return False
        link.sendall(told)
        return True
