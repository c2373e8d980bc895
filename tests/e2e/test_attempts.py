"""What became of each attempt is told whatever it came to: how far it got, where, and how long each step took."""

import gzip
import socket

import pytest

import origins
from chaos import PACE
from origins import response


@pytest.fixture
def trusting(start, authority):
    return start(fetch__ca_file=str(authority.ca))


def ending(service, request, **options) -> dict:
    options.setdefault("retry", {"max_attempts": 1})
    reply = service.post("/v1/jobs", {"requests": [request], "options": options})
    assert reply.status == 202, reply
    service.wait_done(reply.json["id"])
    return service.get(f"/v1/jobs/{reply.json['id']}/results/0").json | {"job": reply.json["id"]}


def only_attempt(result: dict) -> dict:
    (attempt,) = result["attempts"]
    return attempt


def test_a_refused_connection_has_an_address_and_its_time(service, closed_port):
    attempt = only_attempt(ending(service, f"http://127.0.0.1:{closed_port}/"))

    assert attempt["outcome"] == "connect.refused"
    assert attempt["remote_address"] == f"127.0.0.1:{closed_port}"
    assert 0 < attempt["timing"]["connect_us"] <= attempt["timing"]["total_us"]
    assert (attempt["tls"], attempt["reused_connection"]) == (None, False)


def test_of_a_connection_that_is_not_answered_the_address_tried_last(start):
    """A listener whose backlog is full drops what comes."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        waiting = []
        for _ in range(4):
            link = socket.socket()
            link.setblocking(False)
            link.connect_ex(("127.0.0.1", port))
            waiting.append(link)
        attempt = only_attempt(
            ending(start(), f"http://127.0.0.1:{port}/", timeouts={"connect": "500ms"})
        )
        for link in waiting:
            link.close()

    assert attempt["outcome"] == "connect.timeout"
    assert attempt["remote_address"] == f"127.0.0.1:{port}"
    assert 450_000 <= attempt["timing"]["connect_us"] <= attempt["timing"]["total_us"]


@pytest.mark.parametrize(
    "subject, days, code", [("IP:127.0.0.1", -1, "tls.expired"), ("DNS:elsewhere.example", 7, "tls.hostname")]
)
def test_a_certificate_that_is_refused_has_its_verdict(trusting, authority, subject, days, code):
    origin = origins.Origin(tls=authority.context(code, subject, days=days))
    try:
        attempt = only_attempt(ending(trusting, origin.url("/a")))
    finally:
        origin.close()

    assert attempt["outcome"] == code
    assert attempt["remote_address"] == f"127.0.0.1:{origin.port}"
    assert (attempt["tls"]["verified"], attempt["tls"]["verdict"]) == (False, code)
    assert attempt["tls"]["version"] in ("TLSv1.2", "TLSv1.3") and attempt["tls"]["cipher"]
    assert attempt["timing"]["connect_us"] > 0 and attempt["timing"]["tls_us"] > 0


def test_what_speaks_no_tls_has_a_handshake_that_took_its_time(service):
    peer = origins.Peer(lambda link: link.sendall(b"HTTP/1.1 400 Speak plainly\r\n\r\n") or link.recv(4096))
    try:
        attempt = only_attempt(ending(service, f"https://127.0.0.1:{peer.port}/a"))
    finally:
        peer.close()

    assert attempt["outcome"] == "tls.handshake"
    assert attempt["tls"] is None, "nothing was agreed on"
    assert attempt["timing"]["tls_us"] > 0


def test_a_name_that_is_refused_shows_no_address(start):
    attempt = only_attempt(ending(start(), "http://10.0.0.1/"))

    assert attempt["outcome"] == "policy.address"
    assert attempt["remote_address"] is None


LIMIT_S = 0.5 * PACE


@pytest.mark.parametrize("limit", ["first_byte", "total"])
def test_a_response_that_does_not_come_has_its_time_as_the_first_byte(service, origin, limit):
    attempt = only_attempt(ending(service, origin.hang("/h"), timeouts={limit: f"{LIMIT_S}s"}))

    assert attempt["outcome"] == f"timeout.{limit}"
    assert attempt["remote_address"] == f"127.0.0.1:{origin.port}"
    assert LIMIT_S * 0.9e6 <= attempt["timing"]["first_byte_us"] <= attempt["timing"]["total_us"]
    assert attempt["timing"]["download_us"] == 0


@pytest.mark.parametrize(
    "path, timeouts, code, said",
    [
        ("hang", {"first_byte": f"{LIMIT_S}s"}, "timeout.first_byte", "not begun within"),
        ("hang", {"total": f"{LIMIT_S}s"}, "timeout.total", "not over within"),
        ("half", {"idle": f"{LIMIT_S}s"}, "timeout.idle", "nothing came for"),
        ("half", {"total": f"{LIMIT_S}s"}, "timeout.total", "not over within"),
        ("half", {"low_speed": {"bytes_per_s": 1000, "for": f"{LIMIT_S}s"}}, "timeout.low_speed",
         "less than 1000 bytes a second for"),
    ],
)  # fmt: skip
def test_each_limit_says_which_it_is(service, origin, path, timeouts, code, said):
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"

    def answer(link):
        link.recv(4096)
        link.sendall(half if path == "half" else b"")
        link.recv(1)  # until it is given up

    peer = origins.Peer(answer)
    try:
        one = ending(service, f"http://127.0.0.1:{peer.port}/", timeouts=timeouts)
    finally:
        peer.close()

    limit = f"{LIMIT_S:g}s" if LIMIT_S >= 1 else f"{LIMIT_S * 1000:g}ms"
    assert one["error"]["code"] == code
    assert said in one["error"]["detail"] and limit in one["error"]["detail"], one["error"]
    assert (only_attempt(one)["timing"]["download_us"] > 0) == (path == "half")


def test_a_hop_that_fails_shows_its_own_address(service, origin, closed_port):
    url = origin.redirect("/", f"http://127.0.0.1:{closed_port}/there")

    attempt = only_attempt(ending(service, url))

    assert attempt["outcome"] == "connect.refused"
    assert attempt["remote_address"] == f"127.0.0.1:{closed_port}"
    assert [hop["location"] for hop in attempt["redirects"]] == [f"http://127.0.0.1:{closed_port}/there"]


def test_a_hop_that_is_refused_shows_none(start, origin):
    attempt = only_attempt(ending(start(), origin.redirect("/", "http://10.0.0.1/secret?token=x")))

    assert attempt["outcome"] == "policy.address"
    assert attempt["remote_address"] is None
    assert len(attempt["redirects"]) == 1
    assert "token" not in attempt["detail"]


def test_a_redirect_that_is_not_followed_is_in_the_chain(service, origin, other_origin):
    url = origin.redirect("/", other_origin.url("/there"))

    one = ending(service, url, redirects={"cross_origin": False})

    assert one["error"]["code"] == "http.redirect_cross_origin"
    assert f"127.0.0.1:{other_origin.port}" in one["error"]["detail"]
    assert only_attempt(one)["redirects"] == [{"status": 302, "location": other_origin.url("/there")}]
    assert other_origin.requests == []


@pytest.mark.parametrize(
    "location, code, shown",
    [("ftp://u:pass@files.test/x?token=t", "url.scheme", "ftp://files.test/x"),
     ("http://a b/?token=t", "http.redirect_invalid", "http://a b/")],
)  # fmt: skip
def test_a_redirect_that_leads_nowhere_names_where_without_its_secrets(service, origin, location, code, shown):
    one = ending(service, origin.redirect("/", location))

    assert one["error"]["code"] == code
    assert f'"{shown}"' in one["error"]["detail"]
    assert "pass" not in one["error"]["detail"] and "token" not in one["error"]["detail"]


def test_a_head_keeps_what_the_origin_says_of_the_body(service, origin):
    told = b"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\nContent-Type: image/png\r\n\r\n"
    url = origin.answer("/big", told)

    one = ending(service, {"url": url, "method": "HEAD"})

    assert (one["state"], one["size"]) == ("succeeded", 0)
    assert one["headers"]["content-length"] == "12345"


@pytest.mark.parametrize(
    "fields, size, code",
    [({"Content-Length": "77"}, 77, None), ({"Content-Length": "77"}, 78, "integrity.size"),
     ({}, 77, "integrity.size"), ({"Content-Length": "77", "Content-Encoding": "gzip"}, 77, "integrity.size")],
)  # fmt: skip
def test_the_size_expected_of_a_head_is_the_one_told(service, origin, fields, size, code):
    head = "HTTP/1.1 200 OK\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n"
    url = origin.answer("/sized", head.encode())

    one = ending(service, {"url": url, "method": "HEAD", "expect": {"size": size}})

    assert (one["error"] and one["error"]["code"]) == code


def test_a_304_keeps_what_the_origin_says_of_the_body(service, origin):
    url = origin.answer("/same", b"HTTP/1.1 304 Same\r\nContent-Length: 777\r\nETag: \"x\"\r\n\r\n")

    one = ending(service, {"url": url, "conditional": {"etag": '"x"'}})

    assert one["error"]["code"] == "http.not_modified"
    assert one["headers"]["content-length"] == "777"


def test_a_body_that_is_not_stored_has_its_length_all_the_same(service, origin):
    one = ending(service, origin.answer("/x", response(200, b"x" * 2000)), store_body="never")

    assert one["headers"]["content-length"] == "2000"


@pytest.mark.parametrize("status", [401, 407])
def test_what_asks_for_credentials_is_not_decoded(service, origin, status):
    """Neither a damaged body nor a bomb has anything to do with the status."""
    damaged = gzip.compress(b"who are you?" * 10)[:-6]
    url = origin.answer("/who", response(status, damaged, Content_Encoding="gzip"))

    one = ending(service, url)

    assert one["error"]["code"] == f"http.status_{status}"
    assert one["headers"]["content-encoding"] == "gzip"
    assert (one["size"], one["wire_size"]) == (len(damaged), len(damaged))
    assert service.get(f"/v1/jobs/{one['job']}/results/0/body").body == damaged


def test_other_errors_are_decoded(service, origin):
    url = origin.answer("/gone", response(404, gzip.compress(b"gone"), Content_Encoding="gzip"))

    one = ending(service, url)

    assert (one["size"], one["error"]["code"]) == (4, "http.status_404")
    assert "content-encoding" not in one["headers"]
