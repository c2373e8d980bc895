"""A large body whose transfer broke off goes on where it was, if the origin still has the same one."""

import hashlib
import os
import random
import socket
import threading

import pytest

import web
from origins import response

QUICK = {"backoff": {"base": "1ms", "max": "2ms"}}
SIZE = 6 << 20


class CuttingProxy:
    """Passes bytes on to a server, and cuts each connection after so many bytes of its answer.

    `cuts` is for the first connections, one number each; the rest are left alone.
    """

    def __init__(self, port: int, cuts: list[int], before_next=None):
        self._to = port
        self._cuts = list(cuts)
        self._before_next = before_next
        self.requests: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, target: str) -> str:
        return f"http://127.0.0.1:{self.port}{target}"

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            cut = self._cuts.pop(0) if self._cuts else None
            threading.Thread(target=self._pass, args=(client, cut), daemon=True).start()

    def _pass(self, client: socket.socket, cut: int | None) -> None:
        server = socket.create_connection(("127.0.0.1", self._to))
        threading.Thread(target=self._pass_requests, args=(client, server), daemon=True).start()
        passed = 0
        try:
            while cut is None or passed < cut:
                some = server.recv(65536 if cut is None else min(65536, cut - passed))
                if not some:
                    break
                client.sendall(some)
                passed += len(some)
        except OSError:
            pass
        if cut is not None and self._before_next:
            self._before_next()
        for link in (client, server):
            try:
                link.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _pass_requests(self, client: socket.socket, server: socket.socket) -> None:
        try:
            while some := client.recv(65536):
                self.requests.append(some)
                server.sendall(some)
        except OSError:
            pass


def fields(request: bytes) -> dict[str, str]:
    lines = request.decode("latin-1").split("\r\n")[1:]
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}


@pytest.fixture
def site(tmp_path, authority):
    folder = tmp_path / "nginx"
    root = folder / "root"
    root.mkdir(parents=True)
    folder.chmod(0o755)
    body = random.Random(5).randbytes(SIZE)
    (root / "large.bin").write_bytes(body)
    os.utime(root / "large.bin", (1_000_000_000, 1_000_000_000))
    with web.nginx(folder, root, *authority.issue("nginx", "IP:127.0.0.1")) as addresses:
        yield root / "large.bin", body, int(addresses["http"].rsplit(":", 1)[1])


def result_of(service, request, **options) -> dict:
    options.setdefault("retry", QUICK)
    reply = service.post("/v1/jobs", {"requests": [request], "options": options})
    service.wait_done(reply.json["id"])
    return service.get(f"/v1/jobs/{reply.json['id']}/results/0").json


def check_whole(service, one: dict, body: bytes) -> None:
    assert (one["state"], one["status"], one["size"]) == ("succeeded", 200, len(body)), one["error"]
    assert one["sha256"] == hashlib.sha256(body).hexdigest()
    assert service.get(one["links"]["body"]).body == body
    assert one["headers"]["content-length"] == str(len(body))
    assert "content-range" not in one["headers"]


def test_nginx_goes_on_where_it_was_cut(service, site):
    _, body, port = site
    proxy = CuttingProxy(port, cuts=[3 << 20, 2 << 20])
    md5 = hashlib.md5(body).hexdigest()

    one = result_of(service, {"url": proxy.url("/large.bin"), "expect": {"md5": md5}})
    proxy.close()

    check_whole(service, one, body)
    assert one["attempts_made"] == 3
    assert one["wire_size"] == len(body)
    first, second, third = (fields(request) for request in proxy.requests)
    assert "range" not in first
    assert second["if-range"] == third["if-range"] == one["headers"]["etag"]
    starts = [int(one["range"].removeprefix("bytes=").removesuffix("-")) for one in (second, third)]
    assert 2 << 20 < starts[0] < 3 << 20 and starts[0] + (1 << 20) < starts[1] < 5 << 20


def test_a_file_that_changed_is_fetched_anew(service, site):
    path, body, port = site
    other = body[::-1] + b"and more"
    proxy = CuttingProxy(port, cuts=[3 << 20], before_next=lambda: path.write_bytes(other))

    one = result_of(service, proxy.url("/large.bin"))
    proxy.close()

    check_whole(service, one, other)
    assert one["attempts_made"] == 2
    assert "range" in fields(proxy.requests[1])


def cut_response(body: bytes, at: int, **headers) -> tuple[bytes]:
    whole = response(200, body, **headers)
    return (whole[: len(whole) - len(body) + at],)


BODY = random.Random(7).randbytes(2 << 20)
AT = 3 << 19


def rest(**headers) -> bytes:
    """The part that is missing if nothing was lost on the way, which a test cannot know."""
    return response(206, BODY[AT:], Content_Range=f"bytes {AT}-{len(BODY) - 1}/{len(BODY)}", **headers)


def test_the_rest_is_put_to_what_there_was(service, origin):
    url = origin.answer("/", cut_response(BODY, AT, ETag='"a"', Content_Type="text/x"), rest())

    one = result_of(service, url)

    check_whole(service, one, BODY)
    assert (one["attempts_made"], one["content_type"], one["wire_size"]) == (2, "text/x", len(BODY))
    sent = origin.asked("/")[1].headers
    assert (sent["range"], sent["if-range"], sent["accept-encoding"]) == (f"bytes={AT}-", '"a"', "identity")


@pytest.mark.parametrize(
    "second",
    [
        response(206, BODY[AT:], Content_Range=f"bytes {AT - 1}-{len(BODY) - 2}/{len(BODY)}"),
        response(206, BODY[AT:], Content_Range=f"bytes {AT}-{len(BODY) - 1}/{len(BODY) + 1}"),
        response(206, BODY[AT:], Content_Range=f"bytes {AT}-{len(BODY) - 1}/*"),
        response(206, BODY[AT:]),
        response(206, BODY[AT:], Content_Range=f"bytes {2**63}-{2**63}/{2**63 + 1}"),
        response(206, BODY[AT:-1], Content_Range=f"bytes {AT}-{len(BODY) - 1}/{len(BODY)}"),
        rest(Content_Encoding="gzip"),
        response(206, b"--x\r\n\r\n--x--\r\n", Content_Type="multipart/byteranges; boundary=x"),
        response(416, b"", Content_Range=f"bytes */{AT}"),
    ],
    ids=range(9),
)
def test_a_part_that_does_not_fit_is_not_put_together(service, origin, second):
    url = origin.answer("/", cut_response(BODY, AT, ETag='"a"'), second, response(200, BODY, ETag='"a"'))

    check_whole(service, result_of(service, url), BODY)

    asked = origin.asked("/")
    assert [("range" in one.headers) for one in asked] == [False, True, False]


@pytest.mark.parametrize(
    "headers",
    [{}, {"ETag": 'W/"a"'}, {"ETag": '"a"', "Accept_Ranges": "none"},
     {"Last_Modified": "Sun, 06 Nov 1994 08:49:37 GMT"}],
)  # fmt: skip
def test_without_a_strong_validator_it_begins_anew(service, origin, headers):
    url = origin.answer("/", cut_response(BODY, AT, **headers), response(200, BODY))

    check_whole(service, result_of(service, url), BODY)

    assert "range" not in origin.asked("/")[1].headers


def test_a_small_body_begins_anew(service, origin):
    url = origin.answer("/", cut_response(b"x" * 1000, 500, ETag='"a"'), response(200, b"x" * 1000))

    check_whole(service, result_of(service, url), b"x" * 1000)

    assert "range" not in origin.asked("/")[1].headers


def test_a_callers_own_range_is_left_alone(service, origin):
    url = origin.answer("/", cut_response(BODY, AT, ETag='"a"'), response(200, BODY))

    one = result_of(service, {"url": url, "headers": {"Range": "bytes=0-"}})

    assert one["state"] == "succeeded"
    assert [request.headers["range"] for request in origin.asked("/")] == ["bytes=0-"] * 2


def test_what_was_kept_goes_with_its_item(start, origin, tmp_path):
    service = start()
    url = origin.answer("/", cut_response(BODY, AT, ETag='"a"'), response(404, b"gone"))

    one = result_of(service, url)

    assert (one["error"]["code"], one["size"]) == ("http.status_404", 4)
    segments = [path.stat().st_size for path in (tmp_path / "data" / "segments").iterdir()]
    assert sum(segments) < AT
