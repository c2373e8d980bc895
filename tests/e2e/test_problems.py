"""API-01, API-02: every error is a problem document with a stable code, and tells nothing of the inside."""

import json
import re
import socket

import pytest

import client

UNKNOWN = "/v1/jobs/job_" + "0" * 32
JSON = {"Content-Type": "application/json"}

# method, path, fields, body, status, code. {job}: a done job with one good and one failed item.
CASES = [
    ("GET", "/nope", {}, None, 404, "not_found"),
    ("GET", "/v1", {}, None, 404, "not_found"),
    ("GET", "/v1/jobs/", {}, None, 404, "not_found"),
    ("GET", "/v1//jobs", {}, None, 404, "not_found"),
    ("GET", "/v1/jobs/..%2f..%2fetc%2fpasswd", {}, None, 404, "not_found"),
    ("GET", "/v1/jobs/%2e%2e/x", {}, None, 404, "not_found"),
    ("GET", "/v1/jobs/a%00b", {}, None, 400, "request.malformed"),
    ("GET", "/v1/jobs/%c0%ae", {}, None, 400, "request.malformed"),
    ("GET", "/v1/jobs/%zz", {}, None, 400, "request.malformed"),
    ("PUT", "/v1/jobs", {}, None, 405, "method_not_allowed"),
    ("PATCH", "/v1/wait", {}, None, 405, "method_not_allowed"),
    ("POST", "/livez", {}, None, 405, "method_not_allowed"),
    ("DELETE", "/v1/gather", {}, None, 405, "method_not_allowed"),
    ("BREW", "/v1/jobs", {}, None, 405, "method_not_allowed"),
    ("GET", "/v1/jobs?nope=1", {}, None, 400, "request.parameter"),
    ("GET", "/v1/jobs?state=nope", {}, None, 400, "request.parameter"),
    ("GET", "/v1/jobs?page_size=0", {}, None, 400, "request.parameter"),
    ("GET", "/v1/jobs?page_size=1001", {}, None, 400, "request.parameter"),
    ("GET", "/v1/jobs?page_size=1&page_size=2", {}, None, 400, "request.parameter"),
    ("GET", "/v1/jobs?page_token=%27%3b--", {}, None, 400, "request.parameter"),
    ("GET", "/v1/jobs?created_after=yesterday", {}, None, 400, "request.parameter"),
    ("GET", UNKNOWN, {}, None, 404, "job.not_found"),
    ("GET", "/v1/jobs/x%27%3B%20drop%20table%20jobs", {}, None, 404, "job.not_found"),
    ("GET", UNKNOWN + "?wait=1s", {}, None, 404, "job.not_found"),
    ("GET", UNKNOWN + "/results", {}, None, 404, "job.not_found"),
    ("GET", UNKNOWN + "/results/0", {}, None, 404, "job.not_found"),
    ("GET", UNKNOWN + "/results/0/body", {}, None, 404, "job.not_found"),
    ("GET", UNKNOWN + "/events", {}, None, 404, "job.not_found"),
    ("GET", UNKNOWN + "/report", {}, None, 404, "job.not_found"),
    ("GET", UNKNOWN + "/export", {}, None, 404, "job.not_found"),
    ("POST", UNKNOWN + "/cancel", {}, None, 404, "job.not_found"),
    ("DELETE", UNKNOWN, {}, None, 404, "job.not_found"),
    ("GET", "{job}?wait=soon", {}, None, 400, "request.parameter"),
    ("GET", "{job}?return_when=never", {}, None, 400, "request.parameter"),
    ("GET", "{job}/results?order=random", {}, None, 400, "request.parameter"),
    ("GET", "{job}/results?fields=secrets", {}, None, 400, "request.parameter"),
    ("GET", "{job}/results?include=everything", {}, None, 400, "request.parameter"),
    ("GET", "{job}/results?page_token=zz", {}, None, 400, "request.parameter"),
    ("GET", "{job}/results?after=-1", {}, None, 400, "request.parameter"),
    ("GET", "{job}/results?follow=true", {}, None, 400, "request.parameter"),
    ("GET", "{job}/results/9", {}, None, 404, "result.not_found"),
    ("GET", "{job}/results/x", {}, None, 404, "result.not_found"),
    ("GET", "{job}/results/1/body", {}, None, 404, "body.not_stored"),
    ("GET", "{job}/results/0/body", {"Range": "bytes=999999-"}, None, 416, None),
    ("GET", "{job}/results/0/body", {"If-Match": '"x"'}, None, 412, None),
    ("GET", "{job}/events", {"Accept": "image/png"}, None, 406, "not_acceptable"),
    ("GET", "{job}/events", {"Last-Event-ID": "x"}, None, 400, "request.parameter"),
    ("GET", "{job}/export?format=rar", {}, None, 400, "request.parameter"),
    ("GET", "{job}/report?state=nope", {}, None, 400, "request.parameter"),
    ("POST", "/v1/jobs", {}, b"{}", 415, "unsupported_media_type"),
    ("POST", "/v1/jobs", {"Content-Type": "text/html"}, b"{}", 415, "unsupported_media_type"),
    ("POST", "/v1/jobs", JSON, b"{", 400, "request.malformed"),
    ("POST", "/v1/jobs", JSON, b'{"urls":["http://a.test/"],"urls":[]}', 422, "request.invalid_member"),
    ("POST", "/v1/jobs", JSON, b'{"urls":[]}', 422, "job.empty"),
    ("POST", "/v1/jobs", JSON, b'{"urls":["http://a.test/"],"x":1}', 422, "request.invalid_member"),
    ("POST", "/v1/jobs", JSON, b'{"urls":[1]}', 422, "request.invalid_member"),
    ("POST", "/v1/jobs", JSON, b"[" * 100 + b"]" * 100, 400, "request.malformed"),
    ("POST", "/v1/wait", JSON, b'{"jobs":["x"]}', 404, "job.not_found"),
    ("POST", "/v1/wait", JSON, b'{"jobs":"x"}', 422, "request.invalid_member"),
    ("POST", "/v1/wait", {"Content-Type": "text/plain"}, b"x", 415, "unsupported_media_type"),
    ("POST", "/v1/gather?detach=perhaps", JSON, b'{"urls":["http://a.test/"]}', 400, "request.parameter"),
    ("GET", "/v1/hosts/nowhere", {}, None, 400, "request.parameter"),
    ("GET", "/v1/hosts/nowhere.test:80", {}, None, 404, "host.not_found"),
    ("PATCH", "/v1/hosts/a.test:80", JSON, b'{"max_concurrency":0}', 422, "request.invalid_member"),
]

# Bytes that are no request at all, or one that cannot be framed; status and code.
RAW = [
    (b"GET / HTTP/1.1\r\n\r\n", 400, "request.malformed"),
    (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "request.malformed"),
    (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, None),
    (b"G\x00T / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request.malformed"),
    (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414, None),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", 431, None),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400, "request.malformed"),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501, None),
    (b"GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", 400, "request.malformed"),
    (b"POST /v1/jobs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
     b"Content-Length: 99999999\r\n\r\n", 413, "request.too_large"),
    (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, "request.malformed"),
]

# Nothing of the inside: files, statements, sources, addresses of memory or of machines.
INSIDE = re.compile(r"/(tmp|home|root|usr|work|lib)/|\.(cpp|hpp|sqlite|db)\b|SELECT |INSERT |sqlite|0x[0-9a-f]{6,}|\b10\.\d+\.\d+\.\d+")


@pytest.fixture(scope="module")
def path(service):
    import origins

    origin = origins.Origin()
    job = service.submit([origin.url("/a"), "http://bad host/"])
    service.wait_done(job)
    origin.close()
    return f"/v1/jobs/{job}"


def check(status: int, headers, body: bytes, wanted: int, code: str | None) -> None:
    assert headers["Content-Type"] == "application/problem+json"
    problem = json.loads(body)
    assert (status, problem["status"]) == (wanted, wanted), problem
    assert {"type", "title", "status", "code", "request_id"} <= set(problem)
    assert problem["request_id"] == headers["X-Request-Id"]
    assert re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)*", problem["code"])
    assert problem["type"].startswith("/docs#")
    assert code is None or problem["code"] == code
    assert not INSIDE.search(body.decode()), body
    for fault in problem.get("errors", []):
        assert set(fault) <= {"pointer", "detail"}


def test_api01_the_list_is_long_enough():
    assert len(CASES) + len(RAW) >= 60


@pytest.mark.parametrize("method, target, fields, body, status, code", CASES)
def test_api01_every_error_is_a_problem(service, path, method, target, fields, body, status, code):
    reply = service.call(method, target.replace("{job}", path), body, fields)

    check(reply.status, reply.headers, reply.body, status, code)
    if status == 405:
        assert reply.headers["Allow"]
    if status == 404 and code == "job.not_found":
        assert "job_" not in reply.json.get("detail", ""), "the same words for every id"


@pytest.mark.parametrize("data, status, code", RAW)
def test_api01_what_is_no_request_gets_a_problem(service, data, status, code):
    with socket.create_connection(("127.0.0.1", service.port), timeout=client.LIMIT_S) as link:
        link.sendall(data)
        said = b"".join(iter(lambda: link.recv(65536), b""))
    head, _, body = said.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)

    check(int(first.split()[1]), headers, body, status, code)
    assert headers["Connection"] == "close"


def test_inj07_what_was_sent_comes_back_as_json_only(service):
    nasty = "/%3Cscript%3Ealert(1)%3C/script%3E?%22%3E%3Cb%3E=1"
    reply = service.get(nasty)

    assert reply.headers["Content-Type"] == "application/problem+json"
    reply = service.get("/v1/jobs?%3Cscript%3E%22=1")
    assert reply.status == 400
    assert "<script>" in reply.json["detail"], "as data of a document that is no page"


def test_api02_an_items_error_tells_nothing_of_the_inside(service, closed_port):
    job = service.submit(
        ["http://10.1.2.3/", "http://169.254.169.254/x", "http://bad host/", f"http://127.0.0.1:{closed_port}/",
         "ftp://a.test/", "http://nowhere.invalid/"],
        retry={"max_attempts": 1},
    )  # fmt: skip
    service.wait_done(job)

    for result in service.results(job, "include=attempts"):
        said = json.dumps([result["error"], [attempt["detail"] for attempt in result["attempts"]]])
        assert not INSIDE.search(said), said
        assert {"type", "title", "status", "code", "detail", "retryable"} == set(result["error"])
