"""An HTTP/2 origin made of single frames, so that it can misbehave as well."""

import socket
import ssl
import struct
import threading
import typing

DATA, HEADERS, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = (
    0, 1, 3, 4, 5, 6, 7, 8, 9)  # fmt: skip
END_STREAM = ACK = 1
END_HEADERS = 4
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, REFUSED_STREAM, CANCEL = 0, 1, 2, 7, 8
MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE = 3, 4

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


class Frame(typing.NamedTuple):
    kind: int
    flags: int
    stream: int
    payload: bytes


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _text(text: bytes) -> bytes:
    if len(text) < 127:
        return bytes([len(text)]) + text
    rest, size = len(text) - 127, b"\x7f"
    while rest >= 128:
        size += bytes([rest % 128 + 128])
        rest //= 128
    return size + bytes([rest]) + text


def block(*fields: tuple[str, str]) -> bytes:
    """Literal fields that nobody remembers."""
    return b"".join(b"\0" + _text(name.encode()) + _text(value.encode()) for name, value in fields)


def head(stream: int, status: int, *fields: tuple[str, str], end: bool = False) -> bytes:
    flags = END_HEADERS | (END_STREAM if end else 0)
    return frame(HEADERS, flags, stream, block((":status", str(status)), *fields))


def data(stream: int, body: bytes, end: bool = False) -> bytes:
    return frame(DATA, END_STREAM if end else 0, stream, body)


def reply(stream: int, body: bytes = b"ok", status: int = 200, *fields: tuple[str, str]) -> bytes:
    length = ("content-length", str(len(body)))
    return head(stream, status, length, *fields) + data(stream, body, end=True)


def settings(**values: int) -> bytes:
    payload = b"".join(struct.pack(">HI", globals()[key], value) for key, value in values.items())
    return frame(SETTINGS, 0, 0, payload)


def reset(stream: int, error: int) -> bytes:
    return frame(RST_STREAM, 0, stream, struct.pack(">I", error))


def goaway(last_stream: int, error: int = NO_ERROR) -> bytes:
    return frame(GOAWAY, 0, 0, struct.pack(">II", last_stream, error))


class Link:
    """One connection: what the client said on it, and whatever is to be said back."""

    def __init__(self, number: int, link: ssl.SSLSocket):
        self.number = number  # from 0, in the order they were accepted
        self.requests: list[int] = []  # streams
        self.resets: dict[int, int] = {}
        self.bodies: dict[int, bytes] = {}
        self.goodbye = threading.Event()
        self._link = link
        self._reader = link.makefile("rb")

    def begin(self, **values: int) -> None:
        assert self._reader.read(len(PREFACE)) == PREFACE
        self.send(settings(**values))

    def send(self, *parts: bytes) -> None:
        self._link.sendall(b"".join(parts))

    def close(self) -> None:
        self._reader.close()
        self._link.close()

    def frames(self):
        """What the client says, until it leaves."""
        while True:
            start = self._reader.read(9)
            if len(start) < 9:
                return
            size = int.from_bytes(start[:3], "big")
            kind, flags, stream = struct.unpack(">BBI", start[3:])
            one = Frame(kind, flags, stream, self._reader.read(size))
            if kind == SETTINGS and not flags & ACK:
                self.send(frame(SETTINGS, ACK, 0))
            elif kind == HEADERS:
                self.requests.append(stream)
            elif kind == DATA:
                self.bodies[stream] = self.bodies.get(stream, b"") + one.payload
            elif kind == RST_STREAM:
                self.resets[stream] = int.from_bytes(one.payload, "big")
            elif kind == GOAWAY:
                self.goodbye.set()
            yield one

    def whole_requests(self):
        """The streams whose request has come to its end."""
        for one in self.frames():
            if one.kind in (HEADERS, DATA) and one.flags & END_STREAM:
                yield one.stream


class Http2Origin:
    """Runs `script(link)` for each connection; ALPN agrees on h2."""

    def __init__(self, context: ssl.SSLContext, script):
        context.set_alpn_protocols(["h2"])
        self.links: list[Link] = []
        self.ended = threading.Event()
        self._context, self._script = context, script
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, target: str = "/") -> str:
        return f"https://127.0.0.1:{self.port}{target}"

    def urls(self, count: int) -> list[str]:
        return [self.url(f"/{number}") for number in range(count)]

    def close(self) -> None:
        self.ended.set()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        try:
            with self._context.wrap_socket(plain, server_side=True) as secure:
                link = Link(len(self.links), secure)
                self.links.append(link)
                try:
                    self._script(link)
                finally:
                    link.close()
        except (OSError, ValueError):
            pass  # the client left
