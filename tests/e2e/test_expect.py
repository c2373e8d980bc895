"""`Expect: 100-continue`: what a long body waits for, and what becomes of it."""

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
import time

import pytest

import client
import h2
import squid
import web
from chaos import PACE
from origins import response

MIB = 1 << 20
LONG = "x" * (2 * MIB)
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
WAIT_S = 1  # that a body waits at most


class Told:
    """One connection: the bytes of a request as they come, and when."""

    def __init__(self, link: socket.socket):
        self.link = link
        self.head = b""
        self.body = b""
        while b"\r\n\r\n" not in self.head:
            more = link.recv(65536)
            if not more:
                raise OSError("the client left")
            self.head += more
        self.head, _, self.body = self.head.partition(b"\r\n\r\n")
        self.announced_at = time.monotonic()

    @property
    def expects(self) -> bool:
        return b"\r\nExpect: 100-continue" in self.head

    def length(self) -> int:
        fields = dict(line.split(b": ", 1) for line in self.head.split(b"\r\n")[1:])
        return int(fields.get(b"Content-Length", 0))

    def quiet_for(self, seconds: float) -> bool:
        """Whether nothing comes in this time, not even the end."""
        self.link.settimeout(seconds)
        try:
            self.body += self.link.recv(65536)
            return False
        except TimeoutError:
            return not self.body
        finally:
            self.link.settimeout(None)

    def read_body(self) -> None:
        while len(self.body) < self.length():
            more = self.link.recv(65536)
            if not more:
                raise OSError("the client left")
            self.body += more

    def rest(self) -> bytes:
        """Everything until the client closes."""
        with contextlib.suppress(ConnectionResetError):
            while more := self.link.recv(65536):
                self.body += more
        return self.body


class Scripted:
    """Gives each request to the next of `acts`, the last one for ever; keeps what the acts were told."""

    def __init__(self, *acts, context: ssl.SSLContext | None = None):
        self.told: list[Told] = []
        self.faults: list[BaseException] = []
        self._acts = list(acts)
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        scheme = "https" if context else "http"
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}/"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                link, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        try:
            if self._context:
                link = self._context.wrap_socket(link, server_side=True)
            with link:
                while True:
                    told = Told(link)
                    self.told.append(told)
                    act = self._acts.pop(0) if len(self._acts) > 1 else self._acts[0]
                    act(told)
        except OSError:
            pass
        except AssertionError as fault:
            self.faults.append(fault)
            link.close()


@pytest.fixture
def scripted():
    running = []

    def starter(*acts, context=None) -> Scripted:
        running.append(Scripted(*acts, context=context))
        return running[-1]

    yield starter
    for one in running:
        one.close()
        assert one.faults == []


def posted(service, url: str, body: str = LONG, **options) -> dict:
    reply = service.post("/v1/jobs", {
        "requests": [{"url": url, "method": "POST", "body": body}],
        "options": {"retry": {"max_attempts": 1}} | options,
    })  # fmt: skip
    assert reply.status == 202, reply
    service.wait_done(reply.json["id"])
    return service.results(reply.json["id"], "include=attempts")[0]


def ask_for_it(told: Told) -> None:
    assert told.expects and told.quiet_for(0.3), "the body waits"
    told.link.sendall(CONTINUE)
    told.read_body()
    told.link.sendall(response(200, b"got it"))


def take_it(told: Told) -> None:
    told.read_body()
    told.link.sendall(response(200, b"got it"))


@pytest.fixture(params=["http", "https"])
def context(request, authority):
    return authority.context("expecting", "IP:127.0.0.1") if request.param == "https" else None


@pytest.fixture
def trusting(start, authority):
    return start(fetch__ca_file=str(authority.ca))


def test_the_body_comes_when_it_is_asked_for(trusting, scripted, context):
    origin = scripted(ask_for_it, context=context)

    one = posted(trusting, origin.url)
    again = posted(trusting, origin.url)

    assert (one["state"], one["status"], again["state"]) == ("succeeded", 200, "succeeded")
    assert [told.body for told in origin.told] == [LONG.encode()] * 2
    assert again["attempts"][0]["reused_connection"], "all of it was sent and read"
    assert origin.told[0].head.endswith(b"\r\nContent-Length: 2097152\r\nExpect: 100-continue")


def test_it_comes_unasked_after_a_second(trusting, scripted, context):
    came_after = []

    def say_nothing(told: Told) -> None:
        while told.quiet_for(0.1):
            pass
        came_after.append(time.monotonic() - told.announced_at)
        take_it(told)

    origin = scripted(say_nothing, context=context)

    one = posted(trusting, origin.url)

    assert one["state"] == "succeeded"
    assert origin.told[0].body == LONG.encode()
    assert WAIT_S * 0.8 <= came_after[0] < client.AT_ONCE_S


@pytest.mark.parametrize("status", [401, 413, 500, 200])
def test_a_response_before_the_body_spares_it(trusting, scripted, context, status):
    rests = []

    def refuse(told: Told) -> None:
        told.link.sendall(response(status, b"no need"))
        rests.append(told.rest())

    origin = scripted(refuse, context=context)

    ones = [posted(trusting, origin.url) for _ in range(2)]

    assert [one["status"] for one in ones] == [status] * 2
    client.eventually(lambda: len(rests) == 2, "both connections to be closed")
    assert rests == [b"", b""], "nothing of the body, nor of another request"


def test_other_interim_responses_are_no_leave(trusting, scripted):
    def hint_first(told: Told) -> None:
        told.link.sendall(HINTS)
        ask_for_it(told)

    def hint_only(told: Told) -> None:
        told.link.sendall(HINTS)
        assert told.quiet_for(0.5)
        take_it(told)

    origin = scripted(hint_first, hint_only)

    assert posted(trusting, origin.url)["state"] == "succeeded"
    assert posted(trusting, origin.url)["state"] == "succeeded"


def test_leave_in_pieces(trusting, scripted):
    def drip(told: Told) -> None:
        for byte in CONTINUE[:-1]:
            told.link.sendall(bytes([byte]))
        assert told.quiet_for(0.2)
        told.link.sendall(CONTINUE[-1:])
        take_it(told)

    assert posted(trusting, scripted(drip).url)["state"] == "succeeded"


@pytest.mark.parametrize("after_the_body", [False, True])
def test_417_is_asked_again_without_it(trusting, scripted, context, after_the_body):
    def refuse(told: Told) -> None:
        assert told.expects
        if after_the_body:
            told.read_body()
        told.link.sendall(response(417))
        told.rest()

    def accept(told: Told) -> None:
        assert not told.expects
        take_it(told)

    origin = scripted(refuse, accept, context=context)

    one = posted(trusting, origin.url)

    assert (one["state"], one["status"], one["attempts_made"]) == ("succeeded", 200, 1)
    assert origin.told[1].body == LONG.encode()
    assert len(origin.told) == 2


def test_417_twice_is_the_response(trusting, scripted):
    def refuse(told: Told) -> None:
        if not told.expects:
            told.read_body()
        told.link.sendall(response(417, b"never"))

    origin = scripted(refuse)

    one = posted(trusting, origin.url)

    assert (one["error"]["code"], one["attempts_made"]) == ("http.status_417", 1)
    assert [told.expects for told in origin.told] == [True, False]


def test_only_bodies_of_more_than_a_mebibyte_wait(trusting, scripted):
    origin = scripted(lambda told: ask_for_it(told) if told.expects else take_it(told))

    for size in (0, 1, MIB, MIB + 1):
        assert posted(trusting, origin.url, "x" * size)["state"] == "succeeded"

    assert [told.expects for told in origin.told] == [False, False, False, True]


def test_a_redirect_before_the_body_spares_it_one_way(trusting, scripted):
    there = scripted(ask_for_it)
    rests = []

    def move(told: Told) -> None:
        told.link.sendall(response(307, b"", Location=there.url))
        rests.append(told.rest())

    here = scripted(move)

    one = posted(trusting, here.url)

    assert (one["state"], one["final_url"]) == ("succeeded", there.url)
    client.eventually(lambda: rests, "the connection to be closed")
    assert rests == [b""]
    assert there.told[0].body == LONG.encode()


@pytest.mark.skipif(client.SANITIZED, reason="the wait is a second at any pace")
def test_the_wait_is_not_the_time_for_the_response(trusting, scripted):
    def take_a_while(told: Told) -> None:
        assert told.quiet_for(0.6 * PACE)
        ask_for_it(told)

    def swallow(told: Told) -> None:
        told.read_body()
        told.rest()

    origin = scripted(take_a_while, swallow)
    limits = {"first_byte": f"{int(400 * PACE)}ms", "total": 30}

    assert posted(trusting, origin.url, timeouts=limits)["state"] == "succeeded"
    one = posted(trusting, origin.url, timeouts=limits)
    assert one["error"]["code"] == "timeout.first_byte"
    assert one["attempts"][0]["timing"]["total_us"] >= (WAIT_S * 0.8 + 0.4) * 1e6


def test_the_attempts_time_goes_on(trusting, scripted):
    origin = scripted(lambda told: told.rest())

    one = posted(trusting, origin.url, timeouts={"total": "500ms"})

    assert one["error"]["code"] == "timeout.total"
    assert origin.told[0].body == b""


def test_it_ends_when_the_origin_leaves(trusting, scripted):
    origin = scripted(lambda told: told.link.close())

    one = posted(trusting, origin.url)

    assert one["error"]["code"] == "http.truncated"
    assert len(origin.told) == 1, "a POST is not repeated"


def test_it_ends_when_it_is_cancelled(trusting, scripted):
    origin = scripted(lambda told: told.rest())
    reply = trusting.post("/v1/jobs", {"requests": [{"url": origin.url, "method": "POST", "body": LONG}]})
    client.eventually(lambda: origin.told, "the request")

    assert trusting.post(f"/v1/jobs/{reply.json['id']}/cancel").status == 200

    trusting.wait_done(reply.json["id"])
    assert trusting.results(reply.json["id"])[0]["state"] == "cancelled"
    assert origin.told[0].body == b""


def test_http_2_has_no_need_of_it(trusting, authority):
    def window(link):
        # Enough for all of it: a stream's, and the connection's.
        link.begin(INITIAL_WINDOW_SIZE=4 * MIB)
        link.send(h2.frame(h2.WINDOW_UPDATE, 0, 0, (4 * MIB).to_bytes(4, "big")))
        for stream in link.whole_requests():
            link.send(h2.reply(stream, str(len(link.bodies[stream])).encode()))

    with contextlib.closing(h2.Http2Origin(authority.context("h2long", "IP:127.0.0.1"), window)) as origin:
        begun = time.monotonic()
        one = posted(trusting, origin.url("/"))
        took = time.monotonic() - begun

    assert (one["state"], one["http_version"]) == ("succeeded", "2")
    assert took < client.AT_ONCE_S


@pytest.mark.parametrize("resolve", ["local", "proxy"])
def test_through_a_proxy(start, scripted, resolve):
    if not shutil.which("squid", path="/usr/sbin:/usr/bin"):
        pytest.skip("not installed: squid")
    proxy = squid.Squid()
    service = start(egress__proxy=f"http://127.0.0.1:{proxy.port}", egress__proxy_resolve=resolve)
    origin = scripted(ask_for_it)

    one = posted(service, origin.url)

    assert one["state"] == "succeeded", one
    assert origin.told[0].body == LONG.encode()
    service.stop()
    proxy.stop()


NGINX = """
daemon off;
master_process off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
events {{ worker_connections 64; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    log_format sizes "$status $request_length";
    access_log {folder}/sizes.log sizes;
    server {{
        listen 127.0.0.1:{port};
        location = /small {{ client_max_body_size 1m; proxy_pass http://127.0.0.1:{behind}/taken; }}
        location = /large {{ client_max_body_size 8m; proxy_pass http://127.0.0.1:{behind}/taken; }}
    }}
    server {{
        listen 127.0.0.1:{behind};
        client_max_body_size 8m;
        location = /taken {{ return 200 "$content_length"; }}
    }}
}}
"""


def test_nginx(trusting, tmp_path):
    for parent in [tmp_path, *tmp_path.parents[:2]]:
        parent.chmod(parent.stat().st_mode | 0o011)  # its worker is somebody else
    port, behind = web.free_ports(2)
    config = tmp_path / "nginx.conf"
    config.write_text(NGINX.format(folder=tmp_path, port=port, behind=behind))
    process = subprocess.Popen(["/usr/sbin/nginx", "-c", str(config), "-p", str(tmp_path)])
    try:
        client.eventually(lambda: web.answers(port), "nginx")
        begun = time.monotonic()
        large = posted(trusting, f"http://127.0.0.1:{port}/large")
        small = posted(trusting, f"http://127.0.0.1:{port}/small")
        took = time.monotonic() - begun
    finally:
        process.terminate()
        process.wait()

    assert (large["state"], large["size"]) == ("succeeded", len(str(len(LONG))))
    assert small["error"]["code"] == "http.status_413"
    assert took < client.AT_ONCE_S
    refused = [line.split() for line in (tmp_path / "sizes.log").read_text().splitlines() if line.startswith("413")]
    assert len(refused) == 1 and int(refused[0][1]) < 1000, "the head alone"
