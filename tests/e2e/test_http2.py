"""HTTP/2 to origins: what it is good for, and what hostile frames come to."""

import random
import shutil
import socket
import subprocess
import threading

import pytest

import h2
import origins
import web
from client import eventually


@pytest.fixture
def trusting(start, authority):
    return start(fetch__ca_file=str(authority.ca))


@pytest.fixture
def speaking(authority):
    """Starts origins that run this script on each connection."""
    running = []

    def starter(script) -> h2.Http2Origin:
        running.append(h2.Http2Origin(authority.context("h2", "IP:127.0.0.1"), script))
        return running[-1]

    yield starter
    for one in running:
        one.close()


def polite(link: h2.Link) -> None:
    link.begin()
    for stream in link.whole_requests():
        link.send(h2.reply(stream, b"ok"))


def fetched(service, urls, **options) -> list[dict]:
    job = service.submit(urls, **({"retry": {"max_attempts": 1}} | options))
    service.wait_done(job)
    return service.results(job, "include=attempts,headers")


def ending(service, url: str, **options) -> dict:
    return fetched(service, [url], **options)[0]


def code(result: dict) -> str | None:
    return result["error"] and result["error"]["code"]


# What it is good for.


def test_many_requests_share_one_connection(trusting, speaking):
    origin = speaking(polite)

    results = fetched(trusting, origin.urls(200))

    assert all(one["state"] == "succeeded" and one["http_version"] == "2" for one in results)
    assert len(origin.links) == 1, "those who come while the first one dials wait for it"
    reused = [one["attempts"][0]["reused_connection"] for one in results]
    assert reused.count(False) == 1


def test_concurrent_streams_are_what_the_origin_allows(trusting, speaking):
    most = []

    def script(link):
        link.begin(MAX_CONCURRENT_STREAMS=3)
        waiting = []
        for one in link.frames():
            if one.kind == h2.HEADERS:
                waiting.append(one.stream)
                most.append(len(waiting))
                link.send(h2.frame(h2.PING, 0, 0, b"any more"))
            elif one.kind == h2.PING:  # the client has said what it had to say
                link.send(*(h2.reply(stream) for stream in waiting))
                waiting = []

    origin = speaking(script)
    results = fetched(trusting, origin.urls(144), concurrency=48, per_host={"concurrency": 48})

    assert [code(one) for one in results] == [None] * 144
    assert max(most) == 3
    assert len(origin.links) <= 16


def test_old_origins_are_spoken_to_in_http_1_1(trusting, authority):
    origin = origins.Origin(tls=authority.context("old", "IP:127.0.0.1"))
    try:
        results = fetched(trusting, [origin.url(f"/{n}") for n in range(50)])
        assert all(one["http_version"] == "1.1" for one in results)
        assert origin.accepts <= 31

        one = ending(trusting, origin.url("/"), http_version="2")
        assert code(one) == "http.h2_error"
    finally:
        origin.close()


def test_http_version_of_a_job(trusting, site):
    for asked, spoken in (("auto", "2"), ("2", "2"), ("1.1", "1.1"), ("h2", "2")):
        one = ending(trusting, f"{site['h2']}/a.txt", http_version=asked)
        assert one["http_version"] == spoken, one

    plain = ending(trusting, f"{site['http']}/a.txt", http_version="2")
    assert code(plain) == "http.h2_error"
    auto = ending(trusting, f"{site['http']}/a.txt")
    assert auto["http_version"] == "1.1"


def test_connections_are_closed_politely(start, authority, speaking):
    origin = speaking(polite)
    service = start(fetch__ca_file=str(authority.ca))
    fetched(service, origin.urls(3))

    assert service.stop() == 0

    assert origin.links[0].goodbye.wait(5), "GOAWAY"


def test_a_fetch_from_the_command_line(authority, speaking, tmp_path):
    from client import run

    origin = speaking(polite)

    done = run("get", origin.url("/a"), origin.url("/b"), "-o", str(tmp_path / "out"),
               "--ca-file", str(authority.ca))  # fmt: skip

    assert done.returncode == 0, done
    assert (tmp_path / "out" / "a").read_bytes() == b"ok"


# Real servers.

LARGE = 20_000_000

NGINX = """
daemon off;
master_process off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    default_type text/plain;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    gzip on; gzip_types *; gzip_min_length 1;
    keepalive_requests 100;
    http2_max_concurrent_streams 16;
    server {{
        listen 127.0.0.1:{plain};
        listen 127.0.0.1:{h2} ssl http2;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        root {root};
        client_max_body_size 100m;
        location = /moved {{ return 302 /a.txt; }}
        location = /posted {{ return 200 "$request_method $content_length"; }}
    }}
}}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory, authority):
    folder = tmp_path_factory.mktemp("nginx")
    root = folder / "www"
    root.mkdir(mode=0o755)
    (root / "a.txt").write_text("hello " * 1000)
    (root / "large").write_bytes(random.Random(1).randbytes(LARGE))
    for parent in [root, *folder.parents[:3]]:
        parent.chmod(parent.stat().st_mode | 0o011)  # its worker is somebody else
    plain, secure = web.free_ports(2)
    certificate, key = authority.issue("nginx2", "IP:127.0.0.1")
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(
        folder=folder, plain=plain, h2=secure, root=root, certificate=certificate, key=key
    ))  # fmt: skip
    process = subprocess.Popen(["/usr/sbin/nginx", "-c", str(config), "-p", str(folder)])
    try:
        eventually(lambda: web.answers(plain) and web.answers(secure), "nginx")
        yield {"http": f"http://127.0.0.1:{plain}", "h2": f"https://127.0.0.1:{secure}", "root": root}
    finally:
        process.terminate()
        process.wait()


def test_nginx(trusting, site):
    """It ends a connection after a hundred requests: GOAWAY in the midst of them."""
    base = site["h2"]
    results = fetched(trusting, [f"{base}/a.txt?{n}" for n in range(1000)], http_version="2")

    assert [code(one) for one in results] == [None] * 1000
    assert {one["size"] for one in results} == {6000}
    assert all(one["wire_size"] < 6000 for one in results), "compressed"
    assert sum(not one["attempts"][0]["reused_connection"] for one in results) <= 40
    assert all(len(one["attempts"]) == 1 for one in results)


def test_nginx_methods_redirects_and_long_bodies(trusting, site):
    base = site["h2"]

    moved = ending(trusting, f"{base}/moved")
    assert (code(moved), moved["size"], moved["http_version"]) == (None, 6000, "2")
    empty = ending(trusting, f"{base}/a.txt", method="HEAD")
    assert (code(empty), empty["size"]) == (None, 0)
    posted = ending(trusting, f"{base}/posted", method="POST", body="x" * 300_000)
    assert (code(posted), posted["size"]) == (None, len("POST 300000"))
    missing = ending(trusting, f"{base}/nothing")
    assert code(missing) == "http.status_404"
    large = ending(trusting, f"{base}/large")
    assert (code(large), large["size"]) == (None, LARGE)
    limited = ending(trusting, f"{base}/large", max_body_bytes=1_000_000)
    assert code(limited) == "limit.body_size"


def test_records_say_that_it_was_http_2(trusting, site):
    job = trusting.submit([f"{site['h2']}/a.txt"])
    trusting.wait_done(job)

    stored = b"".join(
        file.read_bytes() for file in (trusting.log.parent / "data").rglob("*.warc")
    )

    assert b"WARC-Protocol: h2" in stored
    assert b"HTTP/1.1 200" in stored


@pytest.mark.skipif(not shutil.which("caddy"), reason="no caddy")
def test_caddy(trusting, site, authority, tmp_path):
    certificate, key = authority.issue("caddy", "IP:127.0.0.1")
    (port,) = web.free_ports(1)
    (tmp_path / "Caddyfile").write_text(f"""
{{
    admin off
    auto_https off
    storage file_system {tmp_path}/state
}}
https://127.0.0.1:{port} {{
    tls {certificate} {key}
    root * {site["root"]}
    encode gzip zstd
    respond /posted "{{method}}"
    file_server
}}
""")
    process = subprocess.Popen(
        ["caddy", "run", "--config", str(tmp_path / "Caddyfile"), "--adapter", "caddyfile"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    try:
        eventually(lambda: web.answers(port), "caddy")
        base = f"https://127.0.0.1:{port}"
        results = fetched(trusting, [f"{base}/a.txt?{n}" for n in range(200)], http_version="2")
        assert [code(one) for one in results] == [None] * 200
        assert {one["size"] for one in results} == {6000}
        large = ending(trusting, f"{base}/large")
        assert (code(large), large["size"]) == (None, LARGE)
        posted = ending(trusting, f"{base}/posted", method="POST", body="x" * 100_000)
        assert code(posted) is None
    finally:
        process.terminate()
        process.wait()


@pytest.mark.skipif(not shutil.which("nghttpd"), reason="no nghttpd")
def test_nghttpd(trusting, site, authority):
    certificate, key = authority.issue("nghttpd", "IP:127.0.0.1")
    (port,) = web.free_ports(1)
    process = subprocess.Popen(
        ["nghttpd", "-a", "127.0.0.1", "-d", str(site["root"]), "--echo-upload", "-m", "7",
         "--trailer", "x: y", str(port), str(key), str(certificate)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        eventually(lambda: web.answers(port), "nghttpd")
        base = f"https://127.0.0.1:{port}"
        results = fetched(trusting, [f"{base}/a.txt?{n}" for n in range(200)], http_version="2")
        assert [code(one) for one in results] == [None] * 200
        assert {one["size"] for one in results} == {6000}
        echoed = ending(trusting, f"{base}/echo", method="PUT", body="x" * 200_000)
        assert (code(echoed), echoed["size"]) == (None, 200_000)
    finally:
        process.terminate()
        process.wait()


# What origins take back.


def test_goaway_is_no_failed_attempt(trusting, speaking):
    def script(link):
        link.begin()
        for stream in link.whole_requests():
            if link.number < 2:
                link.send(h2.goaway(0))
            else:
                link.send(h2.reply(stream, link.bodies.get(stream, b"")))

    origin = speaking(script)

    one = ending(trusting, origin.url(), method="POST", body="once")

    assert code(one) is None, one
    assert one["size"] == len("once")
    assert len(one["attempts"]) == 1
    assert len(origin.links) == 3


def test_refused_streams_are_sent_again(trusting, speaking):
    refused = []

    def script(link):
        link.begin()
        for stream in link.whole_requests():
            if len(refused) < 10:
                refused.append(stream)
                link.send(h2.reset(stream, h2.REFUSED_STREAM))
            else:
                link.send(h2.reply(stream))

    origin = speaking(script)

    results = fetched(trusting, origin.urls(30), method="POST", body="x")

    assert [code(one) for one in results] == [None] * 30
    assert all(len(one["attempts"]) == 1 for one in results)


def test_refusing_for_ever_is_a_failure(trusting, speaking):
    def script(link):
        link.begin()
        for _ in link.whole_requests():
            link.send(h2.goaway(0))

    origin = speaking(script)

    one = ending(trusting, origin.url(), method="POST", body="x")

    assert code(one) == "http.h2_error"
    assert len(origin.links) == 4


def test_a_safe_request_on_a_connection_that_closes_is_sent_again(trusting, speaking):
    def script(link):
        link.begin()
        for stream in link.whole_requests():
            if link.number == 0 and len(link.requests) == 2:
                return
            link.send(h2.reply(stream))

    origin = speaking(script)

    ending(trusting, origin.url("/1"))
    one = ending(trusting, origin.url("/2"))

    assert (code(one), len(one["attempts"]), len(origin.links)) == (None, 1, 2)


# What hostile frames come to.

VALUE = "v" * 15_000


def broken(*parts: bytes):
    """A script that says this about each request, in place of an answer."""

    def script(link):
        link.begin()
        for stream in link.whole_requests():
            here = [part(stream) if callable(part) else part for part in parts]
            link.send(*here)

    return script


STREAM_FAULTS = {
    "rst_mid_body": (
        "http.h2_error",
        lambda s: h2.head(s, 200) + h2.data(s, b"half") + h2.reset(s, h2.INTERNAL_ERROR),
    ),
    "too_few_bytes": (
        "http.truncated",
        lambda s: h2.head(s, 200, ("content-length", "9")) + h2.data(s, b"x", end=True),
    ),
    "too_many_bytes": (
        "http.h2_error",
        lambda s: h2.head(s, 200, ("content-length", "1")) + h2.data(s, b"xyz", end=True),
    ),
    "no_status": ("http.h2_error", lambda s: h2.frame(h2.HEADERS, 5, s, h2.block(("a", "b")))),
    "forbidden_field": (
        "http.h2_error",
        lambda s: h2.head(s, 200, ("transfer-encoding", "chunked"), end=True),
    ),
    "header_bomb": (
        "http.header_limit",
        lambda s: h2.frame(h2.HEADERS, 0, s, h2.block((":status", "200")))
        + b"".join(h2.frame(h2.CONTINUATION, 0, s, h2.block((f"a{n}", VALUE))) for n in range(6))
        + h2.frame(h2.CONTINUATION, h2.END_HEADERS, s, h2.block(("b", VALUE))),
    ),
    "hpack_bomb": (
        "http.header_limit",
        lambda s: h2.frame(
            h2.HEADERS, 5, s,
            h2.block((":status", "200")) + b"\x40\x01a" + h2._text(b"v" * 3_900) + b"\xbe" * 9_000,
        ),
    ),
    "interim_storm": ("limit.interim", lambda s: h2.head(s, 103) * 20 + h2.reply(s)),
    "decode_bomb": (
        "decode.failed",
        lambda s: h2.head(s, 200, ("content-encoding", "gzip")) + h2.data(s, b"no", end=True),
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", STREAM_FAULTS)
def test_a_broken_response_spares_the_others(trusting, speaking, fault):
    expected, answer = STREAM_FAULTS[fault]

    def script(link):
        link.begin()
        for number, stream in enumerate(link.whole_requests()):
            link.send(answer(stream) if number == 3 else h2.reply(stream))

    origin = speaking(script)

    results = fetched(trusting, origin.urls(20))

    assert sorted(filter(None, map(code, results))) == [expected]
    assert len(origin.links) == 1


CONNECTION_FAULTS = {
    "push": lambda s: h2.frame(
        h2.PUSH_PROMISE, h2.END_HEADERS, s, b"\0\0\0\x02" + h2.block((":method", "GET"))
    ),
    "settings_flood": lambda s: h2.settings() * 20_000,
    "ping_flood": lambda s: h2.frame(h2.PING, 0, 0, b"12345678") * 20_000,
    "continuation_flood": lambda s: h2.frame(h2.HEADERS, 0, s, h2.block((":status", "200")))
    + h2.frame(h2.CONTINUATION, 0, s) * 20_000,
    "empty_data_flood": lambda s: h2.head(s, 200) + h2.data(s, b"") * 20_000,
    "beyond_the_window": lambda s: h2.head(s, 200)
    + h2.frame(h2.WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff") * 2,
    "not_http2": lambda s: b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "bad_hpack": lambda s: h2.frame(h2.HEADERS, 5, s, b"\xff" * 20),
    "goaway_with_error": lambda s: h2.goaway(s, h2.INTERNAL_ERROR) + h2.reset(s, 2),
}


@pytest.mark.parametrize("fault", CONNECTION_FAULTS)
def test_a_broken_connection_fails_and_is_replaced(trusting, speaking, fault):
    def script(link):
        link.begin()
        for stream in link.whole_requests():
            link.send(CONNECTION_FAULTS[fault](stream) if link.number == 0 else h2.reply(stream))

    origin = speaking(script)

    first = ending(trusting, origin.url("/1"))
    second = ending(trusting, origin.url("/2"))

    assert code(first) == "http.h2_error", first
    assert code(second) is None
    assert len(origin.links) == 2


def test_trailers_are_dropped(trusting, speaking):
    def script(link):
        link.begin()
        for stream in link.whole_requests():
            trailers = h2.frame(h2.HEADERS, 5, stream, h2.block(("authorization", "evil")))
            link.send(h2.head(stream, 200), h2.data(stream, b"ok"), trailers)

    one = ending(trusting, speaking(script).url())

    assert code(one) is None
    assert "evil" not in str(one["headers"])


# Time, one stream at a time.


def test_a_stalled_stream_times_out_alone(trusting, speaking):
    def script(link):
        link.begin()
        stalled = None
        for stream in link.whole_requests():
            if stalled is None:
                stalled = stream
                link.send(h2.head(stream, 200), h2.data(stream, b"some"))
            else:
                link.send(h2.reply(stream))

    origin = speaking(script)

    results = fetched(trusting, origin.urls(20), timeouts={"idle": "500ms"})

    assert sorted(filter(None, map(code, results))) == ["timeout.idle"]
    assert len(origin.links) == 1
    eventually(lambda: list(origin.links[0].resets.values()) == [h2.CANCEL], "CANCEL")


def test_a_silent_connection_is_not_used_again(trusting, speaking):
    def script(link):
        link.begin()
        for stream in link.whole_requests():
            if link.number > 0:
                link.send(h2.reply(stream))

    origin = speaking(script)

    retry = {"max_attempts": 2, "backoff": {"base": "1ms", "max": "1ms"}}
    one = ending(trusting, origin.url(), timeouts={"first_byte": "1s"}, retry=retry)

    assert code(one) is None
    assert one["attempts"][0]["outcome"] == "timeout.first_byte"
    assert len(origin.links) == 2


def test_cancelling_resets_the_streams_and_no_more(trusting, speaking):
    asked = threading.Event()

    def script(link):
        link.begin()
        for _ in link.whole_requests():
            if len(link.requests) == 5:
                asked.set()

    origin = speaking(script)
    job = trusting.submit(origin.urls(5))
    assert asked.wait(20)

    trusting.post(f"/v1/jobs/{job}/cancel", {})

    assert trusting.wait_done(job)["state"] == "cancelled"
    eventually(lambda: len(origin.links[0].resets) == 5, "five resets")
    assert set(origin.links[0].resets.values()) == {h2.CANCEL}


def test_whoever_is_not_answered_waits_no_longer_than_his_time(trusting, speaking):
    """An origin that shakes hands and says nothing at all, not even its settings."""

    def script(link):
        for _ in link.frames():
            pass

    origin = speaking(script)

    timeouts = {"connect": "1s", "first_byte": "1s", "total": "3s"}
    results = fetched(trusting, origin.urls(10), timeouts=timeouts)

    assert {code(one) for one in results} <= {
        "timeout.first_byte", "timeout.total", "connect.timeout",
    }  # fmt: skip


def test_no_listener_refuses_everyone(trusting):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        results = fetched(trusting, [f"https://127.0.0.1:{port}/{n}" for n in range(20)])

    assert {code(one) for one in results} == {"connect.refused"}
