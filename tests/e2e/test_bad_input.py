"""Bad input is refused by name, never with a 5xx, and costs no good URL its result."""

import json
import socket

import pytest

from client import Reply, eventually

URL = "http://192.0.2.1/"
JSON = "application/json"


def refused(reply: Reply, status: int) -> dict:
    """The problem of a refusal, checked for what every problem has."""
    assert reply.status == status, reply
    assert reply.headers["Content-Type"] == "application/problem+json"
    problem = reply.json
    assert problem["status"] == status
    for member in ("type", "title", "detail", "instance", "code", "request_id"):
        assert problem[member], member
    assert problem["request_id"] == reply.headers["X-Request-Id"]
    return problem


# Bytes that are no JSON: 400.
UNREADABLE = [
    b"", b" ", b"{", b"[", b"{]", b"nope", b"'urls'", b'{"urls":[}', b'{"urls":["x",]}',
    b'{"urls":["x"]} trailing', b'{"urls":["x"]}{}', b"{'urls':[]}", b'{"urls":["\xff\xfe"]}',
    b'{"urls":["\\ud800"]}', b'{"urls":["a\nb"]}', b'{"urls":["\\x41"]}', b'{"a":01}', b'{"a":+1}',
    b'{"a":.5}', b'{"a":1.}', b'{"a":0x10}', b'{"a":NaN}', b'{"a":Infinity}', b'{"a":-}', b"\0",
    b'\xff\xfe{\0', b'{"a":' * 5000, b"[" * 100_000, b'{"urls":["x"', b'{"urls" ["x"]}', b"/**/{}",
    b'{"urls":["\xc0\xaf"]}', b'{"urls":["\xed\xa0\x80"]}',
]  # fmt: skip


@pytest.mark.parametrize("body", UNREADABLE, ids=range(len(UNREADABLE)))
def test_body_that_is_no_json_is_400(service, body):
    refused(service.post("/v1/jobs", body, kind=JSON), 400)


# JSON that makes no sense: 422 with a pointer to the member at fault.
SENSELESS = [
    ("[]", ""),
    ("3", ""),
    ("null", ""),
    ('"http://192.0.2.1/"', ""),
    ('{"urls":3}', "/urls"),
    ('{"urls":null}', "/urls"),
    ('{"urls":"http://192.0.2.1/"}', "/urls"),
    ('{"urls":{}}', "/urls"),
    ('{"urls":[3]}', "/urls/0"),
    ('{"urls":["http://192.0.2.1/",null]}', "/urls/1"),
    ('{"urls":["http://192.0.2.1/",["x"]]}', "/urls/1"),
    ('{"requests":[{}]}', "/requests/0"),
    ('{"requests":[{"url":3}]}', "/requests/0/url"),
    ('{"requests":[{"url":"http://192.0.2.1/","nope":1}]}', "/requests/0/nope"),
    ('{"requests":[{"url":"http://192.0.2.1/"},{"uri":"x"}]}', "/requests/1"),
    ('{"requests":[{"url":"http://192.0.2.1/","id":3}]}', "/requests/0/id"),
    ('{"urls":["http://192.0.2.1/"],"nope":1}', "/nope"),
    ('{"urls":["http://192.0.2.1/"],"urls":["http://192.0.2.1/"]}', "/urls"),
    ('{"urls":["http://192.0.2.1/"],"options":[]}', "/options"),
    ('{"urls":["http://192.0.2.1/"],"options":3}', "/options"),
    ('{"urls":["http://192.0.2.1/"],"options":{"concurrency":1,"concurrency":2}}',
     "/options/concurrency"),
]  # fmt: skip


@pytest.mark.parametrize("body, pointer", SENSELESS, ids=range(len(SENSELESS)))
def test_senseless_body_is_422_and_pointed_at(service, body, pointer):
    problem = refused(service.post("/v1/jobs", body, kind=JSON), 422)

    # The pointer of the whole document is empty, and may as well be left out.
    assert pointer in [error["pointer"] for error in problem.get("errors", [{"pointer": ""}])]


# (option, its bad value, the pointer below /options)
BAD_OPTIONS = [
    ("concurrency", 0, "concurrency"),
    ("concurrency", -1, "concurrency"),
    ("concurrency", 1.5, "concurrency"),
    ("concurrency", 1001, "concurrency"),
    ("concurrency", 2**53 + 1, "concurrency"),
    ("concurrency", 1e300, "concurrency"),
    ("concurrency", "5", "concurrency"),
    ("concurrency", None, "concurrency"),
    ("concurrency", True, "concurrency"),
    ("concurrency", [], "concurrency"),
    ("per_host", 3, "per_host"),
    ("per_host", {"concurrency": 0}, "per_host/concurrency"),
    ("per_host", {"rate": 0}, "per_host/rate"),
    ("per_host", {"rate": -1}, "per_host/rate"),
    ("per_host", {"rate": "30/fortnight"}, "per_host/rate"),
    ("per_host", {"rat": 1}, "per_host/rat"),
    ("method", "", "method"),
    ("method", "GE T", "method"),
    ("method", "GET\r\nX: y", "method"),
    ("method", "CONNECT", "method"),
    ("method", 3, "method"),
    ("headers", [], "headers"),
    ("headers", {"Host": "x"}, "headers/Host"),
    ("headers", {"Connection": "close"}, "headers/Connection"),
    ("headers", {"Transfer-Encoding": "chunked"}, "headers/Transfer-Encoding"),
    ("headers", {"Content-Length": "3"}, "headers/Content-Length"),
    ("headers", {"X": "a\r\nY: b"}, "headers/X"),
    ("headers", {"X": "a\nb"}, "headers/X"),
    ("headers", {"X": "a\0b"}, "headers/X"),
    ("headers", {"X Y": "a"}, "headers/X Y"),
    ("headers", {"": "a"}, "headers/"),
    ("headers", {"X:": "a"}, "headers/X:"),
    ("headers", {"X": 3}, "headers/X"),
    ("body", 3, "body"),
    ("body", {"base64": "!!!"}, "body/base64"),
    ("body", {"nope": "x"}, "body"),
    ("timeouts", 3, "timeouts"),
    ("timeouts", {"total": "-1s"}, "timeouts/total"),
    ("timeouts", {"total": -1}, "timeouts/total"),
    ("timeouts", {"total": 0}, "timeouts/total"),
    ("timeouts", {"total": "soon"}, "timeouts/total"),
    ("timeouts", {"total": 1e300}, "timeouts/total"),
    ("timeouts", {"total": "999999h"}, "timeouts/total"),
    ("timeouts", {"connect": None}, "timeouts/connect"),
    ("timeouts", {"connec": "1s"}, "timeouts/connec"),
    ("retry", 3, "retry"),
    ("retry", {"max_attempts": 0}, "retry/max_attempts"),
    ("retry", {"max_attempts": 10**9}, "retry/max_attempts"),
    ("retry", {"statuses": [99]}, "retry/statuses"),
    ("retry", {"statuses": ["500"]}, "retry/statuses"),
    ("retry", {"on": ["weather"]}, "retry/on"),
    ("retry", {"backoff": {"base": "x"}}, "retry/backoff/base"),
    ("redirects", {"max": -1}, "redirects/max"),
    ("redirects", {"max": 1000}, "redirects/max"),
    ("redirects", {"cross_origin": "yes"}, "redirects/cross_origin"),
    ("accept_status", "x", "accept_status"),
    ("accept_status", "299-200", "accept_status"),
    ("max_body_bytes", -1, "max_body_bytes"),
    ("max_body_bytes", 2**62, "max_body_bytes"),
    ("max_decoded_ratio", 0, "max_decoded_ratio"),
    ("timeouts", {"low_speed": {"bytes_per_s": 1}}, "timeouts/low_speed"),
    ("timeouts", {"low_speed": {"bytes_per_s": 0, "for": "1s"}}, "timeouts/low_speed/bytes_per_s"),
    ("expect", {"sha256": "abc"}, "expect/sha256"),
    ("expect", {"md5": "zz"}, "expect/md5"),
    ("expect", {"size": -1}, "expect/size"),
    ("store_body", "perhaps", "store_body"),
    ("store_body", True, "store_body"),
    ("tls", {"verify": "maybe"}, "tls/verify"),
    ("tls", {"verify": "off"}, "tls/verify"),
    ("on_error", "explode", "on_error"),
    ("on_error", "stop_after:0", "on_error"),
    ("on_error", "stop_after:101%", "on_error"),
    ("deadline", "yesterday", "deadline"),
    ("deadline", -1, "deadline"),
    ("ttl", "-1h", "ttl"),
    ("item_deadline", "x", "item_deadline"),
    ("tags", "one", "tags"),
    ("tags", [3], "tags"),
    ("nope", 1, "nope"),
    ("__proto__", {}, "__proto__"),
]


@pytest.mark.parametrize("name, value, pointer", BAD_OPTIONS)
def test_bad_option_is_422_and_pointed_at(service, name, value, pointer):
    body = {"urls": [URL], "options": {name: value}}

    problem = refused(service.post("/v1/jobs", body), 422)

    pointers = [error["pointer"] for error in problem["errors"]]
    assert any(one.startswith("/options/" + pointer) for one in pointers), problem


def test_every_fault_of_a_document_is_told_at_once(service):
    body = {
        "urls": [URL, 1],
        "options": {"concurrency": 0, "timeouts": {"total": "soon"}, "tags": ["x"]},
        "extra": True,
    }

    problem = refused(service.post("/v1/jobs", body), 422)

    assert sorted(error["pointer"] for error in problem["errors"]) == [
        "/extra",
        "/options/concurrency",
        "/options/timeouts/total",
        "/urls/1",
    ]
    assert problem["detail"].endswith("(the first of 4 faults)"), problem


def test_bad_option_in_the_first_line_refuses_the_upload(service):
    lines = f'{{"options":{{"concurrency":0}}}}\n"{URL}"\n'

    problem = refused(service.post("/v1/jobs", lines, kind="application/x-ndjson"), 422)

    assert "/options/concurrency" in [error["pointer"] for error in problem["errors"]]


# URLs that are none: the item fails, and its neighbours do not notice.
BAD_URLS = [
    "", " ", "nope", "//host/x", "/path", "http:", "http://", "http:///", "http://?q", "http://#f",
    "http://:80/", "http://@/", "http://user@/", "http://[::1/", "http://[::1]]/", "http://[::g]/",
    "http://[]/", "http://[1:2:3]/", "http://host:99999/", "http://host:-1/", "http://host:8a/",
    "http://a b/", "http://a<b/", "http://a>b/", "http://a^b/", "http://a|b/", "http://%zz/",
    "http://a%00b/", "http://a%20b/", "http://1.2.3.4.5/", "http://256.256.256.256/",
    "http://0x1ffffffff/", "http://09.1.1.1/", "http://xn--/", "http://a..b/ x", "ht!tp://x/",
    "http//x", "://x", "http://\u0000/", "http://a\u200bb\u0000/", "http://" + "a" * 70_000,
]  # fmt: skip
BAD_SCHEMES = [
    "ftp://host/", "file:///etc/passwd", "gopher://host:70/_x", "javascript:alert(1)",
    "data:text/plain,x", "about:blank", "ws://host/", "unix:/run/x", "mailto:a@b", "blob:x", "dict://x:1/",
]  # fmt: skip


@pytest.mark.parametrize("form", ["urls", "requests", "ndjson"])
def test_bad_urls_fail_and_spare_the_good_ones_between_them(service, origin, form):
    urls = []
    for bad in (*BAD_URLS, *BAD_SCHEMES):
        urls += [bad, origin.url(f"/{len(urls)}")]
    if form == "ndjson":
        body, kind = "\n".join(json.dumps({"url": url}) for url in urls), "application/x-ndjson"
    else:
        body, kind = json.dumps({form: urls}), JSON

    reply = service.post("/v1/jobs", body, kind=kind)

    assert reply.status == 202, reply
    done = service.wait_done(reply.json["id"])
    results = service.results(done["id"])
    assert [one["index"] for one in results] == list(range(len(urls)))
    surprising = [
        (one["url"], one["state"], one["error"])
        for number, one in enumerate(results)
        if (one["state"] == "failed") != (number % 2 == 0)
    ]
    assert surprising == []
    assert {one["error"]["code"] for one in results[0::2]} <= {
        "url.invalid", "url.scheme", "policy.address", "policy.host", "dns.nxdomain", "dns.failure",
    }  # fmt: skip
    schemes = results[2 * len(BAD_URLS)::2]
    assert {one["error"]["code"] for one in schemes} == {"url.scheme"}
    assert len(origin.requests) == len(urls) // 2


BAD_LINES = [
    b"{", b"[]", b"3", b"null", b"true", b'{"uri":"x"}', b'{"url":3}', b'{"url":null}', b"nope",
    b'{"url":"http://192.0.2.1/","nope":1}', b'{"url":"http://192.0.2.1/"} x', b"\xff\xfe",
    b'{"url":"http://192.0.2.1/","headers":{"Host":"x"}}', b'{"url":"\xc3"}', b"\0", b"{}" * 3,
    b'{"url":"http://192.0.2.1/","timeouts":{"total":-1}}', b'{"options":{"concurrency":2}}',
    b'{"url":"http://192.0.2.1/","url":"http://192.0.2.1/"}', b"[" * 5000, b'"' + b"x" * 3_000_000,
]  # fmt: skip


def test_bad_lines_fail_with_their_number_and_spare_the_others(service, origin):
    lines = []
    for bad in BAD_LINES:
        lines += [json.dumps(origin.url(f"/{len(lines)}")).encode(), bad]

    reply = service.post("/v1/jobs", b"\n".join(lines), kind="application/x-ndjson")

    assert reply.status == 202, reply
    done = service.wait_done(reply.json["id"])
    assert done["counts"]["succeeded"] == len(BAD_LINES)
    results = service.results(done["id"])
    assert {one["state"] for one in results[0::2]} == {"succeeded"}
    for number, one in enumerate(results):
        if number % 2:
            assert one["error"]["code"] == "request.invalid", (lines[number][:80], one)
            assert f"line {number + 1}" in one["error"]["detail"]


BAD_QUERIES = [
    ("GET", "/v1/jobs?nope=1", "nope"),
    ("GET", "/v1/jobs?page_size=0", "page_size"),
    ("GET", "/v1/jobs?page_size=1001", "page_size"),
    ("GET", "/v1/jobs?page_size=-1", "page_size"),
    ("GET", "/v1/jobs?page_size=ten", "page_size"),
    ("GET", "/v1/jobs?page_size=", "page_size"),
    ("GET", "/v1/jobs?page_size=99999999999999999999", "page_size"),
    ("GET", "/v1/jobs?page_size=1&page_size=2", "page_size"),
    ("GET", "/v1/jobs?page_token=nope", "page_token"),
    ("GET", "/v1/jobs?state=asleep", "state"),
    ("GET", "/v1/jobs?created_after=yesterday", "created_after"),
    ("GET", "/v1/jobs?created_after=2026-13-01T00:00:00Z", "created_after"),
    ("GET", "/v1/jobs/{job}?wait=soon", "wait"),
    ("GET", "/v1/jobs/{job}?wait=-1s", "wait"),
    ("GET", "/v1/jobs/{job}?return_when=never", "return_when"),
    ("GET", "/v1/jobs/{job}?return_when=count:0", "return_when"),
    ("GET", "/v1/jobs/{job}?return_when=count:x", "return_when"),
    ("GET", "/v1/jobs/{job}?return_when=count:", "return_when"),
    ("GET", "/v1/jobs/{job}?wiat=1s", "wiat"),
    ("GET", "/v1/jobs/{job}/results?order=random", "order"),
    ("GET", "/v1/jobs/{job}/results?state=asleep", "state"),
    ("GET", "/v1/jobs/{job}/results?fields=nope", "fields"),
    ("GET", "/v1/jobs/{job}/results?include=nope", "include"),
    ("GET", "/v1/jobs/{job}/results?page_token=x", "page_token"),
    ("GET", "/v1/jobs/{job}/results?page_token=i-1", "page_token"),
    ("GET", "/v1/jobs/{job}/results?after=-1&order=completed", "after"),
    ("GET", "/v1/jobs/{job}/results?after=x&order=completed", "after"),
    ("GET", "/v1/jobs/{job}/results?nope=1", "nope"),
    ("GET", "/v1/jobs/{job}/results/0?nope=1", "nope"),
    ("GET", "/v1/jobs/{job}/results/0/body?nope=1", "nope"),
    ("DELETE", "/v1/jobs/{job}?cancel=perhaps", "cancel"),
    ("DELETE", "/v1/jobs/{job}?force=true", "force"),
    ("POST", "/v1/jobs?nope=1", "nope"),
    ("POST", "/v1/gather?detach=perhaps", "detach"),
    ("POST", "/v1/gather?fields=nope", "fields"),
    ("POST", "/v1/jobs/{job}/cancel?nope=1", "nope"),
]


@pytest.fixture(scope="module")
def done_job(service):
    job = service.submit(["about:blank"])
    service.wait_done(job)
    return job


@pytest.mark.parametrize("method, path, name", BAD_QUERIES)
def test_bad_parameter_is_400_and_named(service, done_job, method, path, name):
    body = {"urls": ["about:blank"]} if method == "POST" else None

    reply = service.call(method, path.format(job=done_job), body)

    assert name in refused(reply, 400)["detail"]
    assert service.job(done_job)["done"]


@pytest.mark.parametrize(
    "body, status",
    [("{", 400), ("[]", 422), ('{"mode":"softly"}', 422), ('{"mode":3}', 422), ('{"mod":"abort"}', 422)],
)
def test_bad_cancel(service, done_job, body, status):
    refused(service.post(f"/v1/jobs/{done_job}/cancel", body, kind=JSON), status)


@pytest.mark.parametrize(
    "body, kind",
    [('{"urls":[]}', JSON), ('{"requests":[]}', JSON), ("", "text/plain"),
     ("# nothing\n\n", "text/plain"), ("\n", "application/x-ndjson"),
     ('{"options":{}}', "application/x-ndjson")],
)  # fmt: skip
def test_job_without_items_is_refused(service, body, kind):
    assert refused(service.post("/v1/jobs", body, kind=kind), 422)["code"] == "job.empty"


@pytest.mark.parametrize("kind", ["application/xml", "multipart/form-data", "text/html", "x", ""])
def test_other_media_types_are_415(service, kind):
    refused(service.post("/v1/jobs", b"x", kind=kind or None), 415)


def test_too_large_a_json_body_is_413(start):
    service = start(limits__max_json_body="64KiB")

    refused(service.post("/v1/jobs", json.dumps({"urls": [URL] * 10_000}), kind=JSON), 413)


def test_too_many_items_are_413(start):
    service = start(limits__max_items_per_job="10")

    for body, kind in ((json.dumps({"urls": [URL] * 11}), JSON), (f"{URL}\n" * 11, "text/plain")):
        problem = refused(service.post("/v1/jobs", body, kind=kind), 413)
        assert problem["code"] == "job.too_many_items"


# Bytes that are no HTTP: a problem where an answer is possible, then the connection is closed.
BAD_REQUESTS = [
    (b"nonsense\r\n\r\n", {400}),
    (b"GET\r\n\r\n", {400}),
    (b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", {400, 505}),
    (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", {400}),
    (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", {400}),
    (b"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", {400}),
    (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n", {400}),
    (b"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", {400, 404}),
    (b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n", {400, 404}),
    (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", {414, 431}),
    (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 200_000 + b"\r\n\r\n", {431}),
    (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 20_000 + b"\r\n", {431}),
    (b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", {400}),
    (b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", {400}),
    (b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
     {400}),
    (b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
     b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
    (b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: cow\r\n\r\n", {400, 501}),
    (b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
     b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", {400}),
]  # fmt: skip


@pytest.mark.parametrize("sent, statuses", BAD_REQUESTS, ids=range(len(BAD_REQUESTS)))
def test_malformed_request_is_a_problem_too(service, sent, statuses):
    with socket.create_connection(("127.0.0.1", service.port), timeout=60) as link:
        received = b""
        try:
            link.sendall(sent)
            link.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has answered already
        try:
            while piece := link.recv(65536):
                received += piece
        except ConnectionResetError:
            pass  # closed with our bytes unread

    head, _, body = received.partition(b"\r\n\r\n")
    status = int(head.split()[1])
    assert status in statuses, received
    assert b"application/problem+json" in head
    assert json.loads(body)["status"] == status
    assert json.loads(body)["code"]


def test_service_is_unharmed(service):
    eventually(lambda: service.get("/readyz").status == 200, "readiness")
