"""What holds for every request: CORS, tracing, ids, methods, content types, coding."""

import gzip
import json
import re
import socket

import pytest

import client

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
PAGE = "https://console.example"


def traced(service) -> list[dict]:
    lines = [json.loads(line) for line in service.log.read_text().splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == "traced_request"]


def test_a_trace_is_logged_and_never_forwarded(start, origin):
    service = start(log__level="info", log__format="json")
    reply = service.post("/v1/jobs", {"urls": [origin.url("/a")]}, traceparent=PARENT, tracestate="a=b",
                         X_Request_Id="mine")  # fmt: skip
    service.wait_done(reply.json["id"])

    (line,) = traced(service)
    assert (line["trace_id"], line["parent_id"]) == (TRACE, "00f067aa0ba902b7")
    assert (line["request_id"], line["method"], line["path"], line["status"]) == ("mine", "POST", "/v1/jobs", 202)
    assert line["location"] == f"/v1/jobs/{reply.json['id']}"
    assert not {"traceparent", "tracestate", "x-request-id"} & set(origin.requests[0].headers)


@pytest.mark.parametrize("bad", ["x", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", PARENT + "-x", PARENT.upper()])
def test_a_bad_trace_is_as_good_as_none(start, bad):
    service = start(log__level="info", log__format="json")

    assert service.get("/v1/jobs", traceparent=bad).status == 200
    assert traced(service) == []


def test_every_answer_has_a_request_id(service):
    given = service.get("/livez", X_Request_Id="a-b_c.1")
    assert given.headers["X-Request-Id"] == "a-b_c.1"
    ids = {service.get(path).headers["X-Request-Id"] for path in ("/livez", "/nope", "/v1/jobs")}
    assert len(ids) == 3
    for bad in ("a b", "ä", "x" * 200, "a\"b"):
        assert service.call("GET", "/livez", headers={"X-Request-Id": bad.encode()}).headers["X-Request-Id"] != bad


def test_auth13_cors_is_off_by_default(service):
    for method in ("GET", "OPTIONS"):
        reply = service.call(method, "/v1/jobs", headers={"Origin": PAGE, "Access-Control-Request-Method": "GET"})
        assert not [name for name in reply.headers if name.lower().startswith("access-control")]


def test_cors_for_the_origins_of_the_operator(start):
    service = start(listen__cors_origins=PAGE)

    asked = service.call("OPTIONS", "/v1/jobs", headers={"Origin": PAGE, "Access-Control-Request-Method": "POST",
                                                          "Access-Control-Request-Headers": "authorization"})  # fmt: skip
    assert asked.status == 204
    assert asked.headers["Access-Control-Allow-Origin"] == PAGE
    assert {"GET", "POST"} <= set(asked.headers["Access-Control-Allow-Methods"].split(", "))
    assert "authorization" in asked.headers["Access-Control-Allow-Headers"].lower()
    assert int(asked.headers["Access-Control-Max-Age"]) > 0

    for path, status in (("/v1/jobs", 200), ("/nope", 404), ("/v1/jobs?nope=1", 400)):
        reply = service.get(path, Origin=PAGE)
        assert reply.status == status
        assert reply.headers["Access-Control-Allow-Origin"] == PAGE
        assert "Location" in reply.headers["Access-Control-Expose-Headers"]
        assert "Origin" in reply.headers.get_all("Vary")
        assert "Access-Control-Allow-Credentials" not in reply.headers, "no cookies"

    for other in ("https://evil.example", PAGE + ".evil.example", "null", PAGE + ":8443", PAGE.upper()):
        reply = service.get("/v1/jobs", Origin=other)
        assert "Access-Control-Allow-Origin" not in reply.headers
        assert "Origin" in reply.headers.get_all("Vary")


def test_auth13_a_browser_asks_without_the_key(start, tmp_path):
    """What it asks beforehand carries no key; the request itself does, and a refusal can be read too."""
    key = client.add_key(tmp_path / "data", "page")
    service = start(listen__cors_origins=PAGE)
    asked = service.call("OPTIONS", "/v1/jobs", headers={"Origin": PAGE, "Access-Control-Request-Method": "GET"})
    assert (asked.status, asked.headers["Access-Control-Allow-Origin"]) == (204, PAGE)
    refused = service.get("/v1/jobs", Origin=PAGE)
    assert (refused.status, refused.headers["Access-Control-Allow-Origin"]) == (401, PAGE)
    got = service.get("/v1/jobs", Origin=PAGE, Authorization=f"Bearer {key}")
    assert (got.status, got.headers["Access-Control-Allow-Origin"]) == (200, PAGE)
    assert "Set-Cookie" not in got.headers


def test_cors_for_everybody(start):
    service = start(listen__cors_origins="*")

    assert service.get("/v1/jobs", Origin=PAGE).headers["Access-Control-Allow-Origin"] == PAGE


def test_cors_origins_are_checked_at_the_start(tmp_path):
    for bad in ("https://a.example/", "a.example", "https://A.example", "https://a.example:443", "null"):
        done = client.run("check-config", "--set", f"listen.cors_origins={bad}", "--set", f"data.dir={tmp_path}")
        assert done.returncode != 0, bad
        assert "listen.cors_origins" in done.stdout + done.stderr


@pytest.mark.parametrize("path", ["/livez", "/v1/jobs", "/v1/capabilities", "/openapi.json", "/docs", "/metrics"])
def test_head_is_get_without_the_body(service, path):
    got, asked = service.get(path), service.call("HEAD", path)

    assert (asked.status, asked.body) == (got.status, b"")
    assert asked.headers["Content-Type"] == got.headers["Content-Type"]


@pytest.mark.parametrize("path, accept", [
    ("/v1/jobs/{}/events", "application/json"), ("/v1/jobs/{}/report", "text/html"), ("/v1/jobs/{}", "text/html"),
    ("/v1/jobs", "image/png"), ("/v1/jobs/{}/results", "text/csv"), ("/v1/jobs/{}/results/0", "application/x-ndjson"),
    ("/v1/jobs/{}/export?format=csv", "application/json"), ("/v1/hosts", "text/plain"),
    ("/v1/capabilities", "text/*"), ("/livez", "text/html"), ("/metrics", "application/json"), ("/docs", "image/*"),
    ("/openapi.json", "application/yaml"),
])  # fmt: skip
def test_cli_16_what_cannot_be_given_is_406(service, origin, path, accept):
    job = service.submit([origin.url("/a")])
    service.wait_done(job)
    reply = service.get(path.format(job), Accept=accept)

    assert (reply.status, reply.json["code"]) == (406, "not_acceptable")
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert service.get(path.format(job), Accept=accept + ", */*;q=0.1").status == 200


def test_cli_16_what_cannot_be_answered_is_not_done(service, origin):
    url = origin.url("/never")
    for path in ("/v1/jobs", "/v1/gather"):
        reply = service.post(path, {"urls": [url]}, Accept="text/html")
        assert (reply.status, reply.json["code"]) == (406, "not_acceptable")
    job = service.submit([origin.hang("/held")])
    assert service.post(f"/v1/jobs/{job}/cancel", Accept="text/html").status == 406
    assert service.job(job)["state"] != "cancelled"
    origin.release()
    assert service.get(f"/v1/jobs/{job}", Accept="text/*, application/json").status == 200
    assert service.call("DELETE", f"/v1/jobs/{job}?cancel=true", headers={"Accept": "text/html"}).status == 204
    assert origin.asked("/never") == []


def test_a_body_has_the_type_it_has(service, origin):
    job = service.submit([origin.url("/a")])
    service.wait_done(job)
    assert service.get(f"/v1/jobs/{job}/results/0/body", Accept="image/png").status == 200


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/gather", "/v1/wait"])
@pytest.mark.parametrize("kind", ["text/html", "application/xml", "multipart/form-data; boundary=x", "nonsense"])
def test_what_cannot_be_read_is_415(service, path, kind):
    reply = service.post(path, b"<x/>", kind=kind)

    assert (reply.status, reply.headers["Content-Type"]) == (415, "application/problem+json")


def test_long_answers_are_coded_when_asked(service):
    plain = service.get("/openapi.json")
    coded = service.get("/openapi.json", Accept_Encoding="gzip")

    assert coded.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(coded.body) == plain.body
    assert len(coded.body) < len(plain.body) / 3
    assert "Content-Encoding" not in service.get("/livez", Accept_Encoding="gzip").headers, "too short"
    assert "Content-Encoding" not in service.get("/openapi.json", Accept_Encoding="gzip;q=0").headers


def raw(service, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", service.port), timeout=60) as link:
        link.sendall(data)
        link.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: link.recv(65536), b""))


def test_expect_is_answered_before_the_body(service):
    with socket.create_connection(("127.0.0.1", service.port), timeout=60) as link:
        link.sendall(b"POST /v1/wait HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                     b"Content-Length: 11\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n")  # fmt: skip
        assert link.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        link.sendall(b'{"jobs":[]}')
        assert link.makefile("rb").read().startswith(b"HTTP/1.1 200 OK\r\n")


def test_pipelined_requests_are_answered_in_order(service):
    paths = ["/livez", "/nope", "/v1/capabilities"] * 20
    said = raw(service, b"".join(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for path in paths))

    statuses = re.findall(rb"HTTP/1\.1 (\d+) ", said)
    assert statuses == [b"404" if path == "/nope" else b"200" for path in paths]
