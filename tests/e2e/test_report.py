"""`GET /v1/jobs/{id}/report`: what failed, to be posted back as it is."""

import json

import pytest


@pytest.fixture
def mixed(service, origin, closed_port):
    """A job of which three items failed, each for a reason of its own."""
    origin.answer("/gone", b"HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n")
    secret = {"Authorization": "Bearer hush", "X-Marked": {"secret": "hush too"}, "X-Other": "seen"}
    requests = [
        {"url": origin.url("/fine")},
        {"url": origin.url("/gone"), "id": "second", "metadata": {"n": [1, {"a": "b"}]}, "headers": secret},
        {"url": f"http://127.0.0.1:{closed_port}/", "retry": {"max_attempts": 1}},
        {"url": "http://bad host/"},
        origin.url("/also-fine"),
    ]
    reply = service.post("/v1/jobs", {"requests": requests})
    assert reply.status == 202, reply
    service.wait_done(reply.json["id"])
    return reply.json["id"]


def test_a_report_lists_what_failed_and_why(service, mixed):
    reply = service.get(f"/v1/jobs/{mixed}/report")

    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/x-ndjson")
    second, third, fourth = reply.lines
    assert (second["id"], second["metadata"]) == ("second", {"n": [1, {"a": "b"}]})
    assert second["last_error"]["code"] == "http.status_404"
    assert third["last_error"]["code"] == "connect.refused"
    assert third["last_error"]["retryable"] is True
    assert third["retry"] == {"max_attempts": 1}
    assert (fourth["url"], fourth["last_error"]["code"]) == ("http://bad host/", "url.invalid")


def test_a_report_keeps_credentials_to_itself(service, mixed):
    reply = service.get(f"/v1/jobs/{mixed}/report")

    assert b"hush" not in reply.body
    assert reply.lines[0]["headers"] == {"X-Other": "seen"}


@pytest.mark.parametrize("kind", ["application/x-ndjson", "application/json"])
def test_a_report_can_be_posted_back_as_it_is(service, origin, mixed, kind):
    report = service.get(f"/v1/jobs/{mixed}/report", Accept=kind)
    assert report.headers["Content-Type"] == kind
    origin.answer("/gone", b"HTTP/1.1 200 Back\r\nContent-Length: 0\r\n\r\n")

    again = service.post("/v1/jobs", report.body, kind=kind)

    assert again.status == 202, again
    done = service.wait_done(again.json["id"])
    assert (done["counts"]["total"], done["counts"]["succeeded"]) == (3, 1)
    first = service.results(again.json["id"])[0]
    assert (first["id"], first["metadata"]) == ("second", {"n": [1, {"a": "b"}]})
    report = service.get(f"/v1/jobs/{again.json['id']}/report").lines
    assert [line["last_error"]["code"] for line in report] == ["connect.refused", "url.invalid"]


def test_a_report_takes_filters(service, mixed):
    def urls(query, **headers):
        reply = service.get(f"/v1/jobs/{mixed}/report?{query}", **headers)
        return [line["url"].rpartition("/")[2] for line in reply.lines]

    assert urls("code=http.*") == ["gone"]
    assert urls("state=succeeded") == ["fine", "also-fine"]
    assert urls("state=failed,succeeded&code=*") == ["gone", "", ""]
    assert urls("host=127.0.0.1&code=http.*,url.*") == ["gone"]


def test_nothing_failed(service, origin):
    job = service.submit([origin.url("/a")])
    service.wait_done(job)

    assert service.get(f"/v1/jobs/{job}/report").body == b""
    assert service.get(f"/v1/jobs/{job}/report", Accept="application/json").json == {"requests": []}


def test_bad_requests_for_a_report(service, mixed):
    assert service.get(f"/v1/jobs/{mixed}/report?nope=1").status == 400
    assert service.get(f"/v1/jobs/{mixed}/report", Accept="text/csv").status == 406
    assert service.get("/v1/jobs/job_" + "0" * 32 + "/report").status == 404


def test_a_long_report(service):
    total = 5_000
    job = service.submit([f"http://bad host/{n}" for n in range(total)])
    service.wait_done(job)

    assert [line["url"] for line in service.get(f"/v1/jobs/{job}/report").lines] == [
        f"http://bad host/{n}" for n in range(total)
    ]
    document = service.get(f"/v1/jobs/{job}/report", Accept="application/json")
    assert len(json.loads(document.body)["requests"]) == total
