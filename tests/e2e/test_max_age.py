"""max_age: a stored response to the same request stands for a new one, while it is fresh and not too old."""

import csv
import io
import json
import time

import pytest

import hooks
from client import counts_sum, eventually
from origins import response

LASTING = {"Cache_Control": "max-age=3600", "Content_Type": "text/plain"}


def submit(service, requests, max_age="1h", **options) -> str:
    options = {"max_age": max_age, **options}
    reply = service.post("/v1/jobs", {"requests": requests, "options": options})
    assert reply.status == 202, reply
    return reply.json["id"]


def fetch(service, *requests, **options) -> list[dict]:
    """The results of a job that is done."""
    job = submit(service, list(requests), **options)
    done = service.wait_done(job)
    assert counts_sum(done) and done["counts"]["succeeded"] == len(requests), done
    return service.results(job, "include=headers,attempts")


def test_what_is_fresh_is_not_fetched_again(service, origin):
    url = origin.answer("/page", response(200, b"one page", ETag='"v1"', **LASTING))
    (first,) = fetch(service, url)

    job = submit(service, [{"url": url + "#part", "id": "mine", "metadata": {"n": 1}}, origin.url("/other")])
    done = service.wait_done(job)

    assert len(origin.asked("/page")) == 1 and len(origin.asked("/other")) == 1
    assert done["counts"]["succeeded"] == 2 and done["statuses"] == {"200": 2}
    assert done["bytes_received"] == len("/other")
    second, other = service.results(job, "include=headers,attempts")
    assert "reused" not in first and "reused" not in other
    assert (second["reused"], second["attempts_made"], second["attempts"]) == (True, 0, [])
    assert (second["id"], second["metadata"], second["seq"] > 0) == ("mine", {"n": 1}, True)
    for member in ("status", "headers", "content_type", "size", "sha256", "http_version"):
        assert second[member] == first[member], member
    assert second["headers"]["etag"] == '"v1"'
    assert service.get(second["links"]["body"]).body == b"one page"
    assert second["links"]["body"].startswith(f"/v1/jobs/{job}/")


def test_not_after_its_age(service, origin):
    url = origin.answer("/", response(200, b"x", Age="100", **LASTING))
    fetch(service, url)

    assert fetch(service, url, max_age="50s")[0]["attempts_made"] == 1
    assert fetch(service, url, max_age=1000)[0]["reused"]
    assert len(origin.requests) == 2


def test_not_when_it_is_stale(service, origin):
    url = origin.answer("/", response(200, b"x", Cache_Control="max-age=2"))
    fetch(service, url)
    began = time.monotonic()

    eventually(lambda: "reused" not in fetch(service, url)[0], "a second request")

    assert time.monotonic() - began > 0.5
    assert len(origin.requests) == 2


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"Cache_Control": "no-store, max-age=3600"},
        {"Cache_Control": "no-cache, max-age=3600"},
        {"Cache_Control": "max-age=0"},
        {"Expires": "0"},
        {"Cache_Control": "max-age=3600", "Vary": "*"},
    ],
    ids=lambda fields: ",".join(fields.values()) or "nothing",
)
def test_what_may_not_be_kept_is_fetched(service, origin, fields):
    url = origin.answer("/", response(200, b"x", **fields))

    fetch(service, url)
    fetch(service, url)

    assert len(origin.requests) == 2


def test_other_requests_are_others(service, origin):
    url = origin.answer("/", response(200, b"x", **LASTING))
    requests = [
        url,
        {"url": url, "headers": {"Accept": "text/html"}},
        {"url": url, "headers": {"Authorization": "Bearer one"}},
        {"url": url, "headers": {"Authorization": "Bearer two"}},
        {"url": url, "method": "HEAD"},
    ]
    never = [
        {"url": url, "headers": {"Cache-Control": "no-cache"}},
        {"url": url, "headers": {"Range": "bytes=0-0"}},
        {"url": url, "method": "POST", "body": "x"},
    ]
    for one in requests + never:
        assert "reused" not in fetch(service, one)[0], one
    assert len(origin.requests) == 8

    for one in requests:
        assert fetch(service, one)[0]["reused"], one
    for one in never:
        assert "reused" not in fetch(service, one)[0], one
    service.wait_done(service.submit([url]))
    assert len(origin.requests) == 8 + len(never) + 1


def test_tenants_have_their_own(tenants, origin):
    by = tenants(one=[], two=[])
    url = origin.answer("/", response(200, b"x", **LASTING))

    fetch(by["one"], url)
    assert "reused" not in fetch(by["two"], url)[0]
    assert fetch(by["one"], url)[0]["reused"] and fetch(by["two"], url)[0]["reused"]
    assert len(origin.requests) == 2


def test_a_redirect_is_followed_each_time(service, origin):
    target = origin.answer("/new", response(200, b"x", **LASTING))
    url = origin.redirect("/old", target, status=301)

    fetch(service, url)
    fetch(service, url)

    assert len(origin.asked("/old")) == 2


def test_it_is_there_after_a_kill(start, origin):
    url = origin.answer("/", response(200, b"x", **LASTING))
    service = start()
    fetch(service, url)
    service.kill()

    service = start()

    assert fetch(service, url)[0]["reused"]
    assert len(origin.requests) == 1


def test_who_reused_keeps_it_when_the_first_job_goes(start, origin):
    """A record of its own, whose room comes back when its job is erased, too."""
    body = b"0123456789abcdef" * (16 << 10)
    long_body = b"fedcba9876543210" * (200 << 10)
    urls = [
        origin.answer("/short", response(200, body, **LASTING)),
        origin.answer("/long", response(200, long_body, **LASTING)),
    ]
    service = start()
    first = submit(service, urls)
    service.wait_done(first)
    second = submit(service, urls)
    service.wait_done(second)

    assert service.call("DELETE", f"/v1/jobs/{first}").status == 204
    third = submit(service, urls)
    service.wait_done(third)

    assert len(origin.requests) == 2
    for job in (second, third):
        for index, whole in enumerate((body, long_body)):
            assert service.get(f"/v1/jobs/{job}/results/{index}/body").body == whole
    for job in (second, third):
        assert service.call("DELETE", f"/v1/jobs/{job}").status == 204

    def disk_used() -> int:
        return sum(one.stat().st_blocks * 512 for one in (service.data / "segments").iterdir())

    eventually(lambda: disk_used() < 200 << 10, "room on the disk")
    fetch(service, *urls)
    assert len(origin.requests) == 4


def test_counts_webhooks_and_exports_show_it(service, origin, other_origin):
    url = origin.answer("/", response(200, b"<title>Ours</title>", Cache_Control="max-age=99", Content_Type="text/html"))
    fetch(service, url)
    callback = {"url": other_origin.url("/hook"), "events": ["item.succeeded", "job.completed"]}

    job = submit(service, [url], extract=["title"], callbacks=[callback])
    done = service.wait_done(job)

    assert len(origin.requests) == 1
    assert done["counts"]["succeeded"] == 1 and done["started_at"]
    (result,) = service.results(job)
    assert result["reused"] and result["extract"]["title"] == "Ours"
    told = eventually(lambda: len(other_origin.asked("/hook")) == 2 and other_origin.asked("/hook"), "both events")
    assert {hooks.message(one)["type"] for one in told} == {"item.succeeded", "job.completed"}
    (line,) = service.get(f"/v1/jobs/{job}/export?format=ndjson").body.splitlines()[:1]
    assert json.loads(line)["reused"] is True
    rows = list(csv.DictReader(io.StringIO(service.get(f"/v1/jobs/{job}/export?format=csv").body.decode())))
    assert rows[0]["status"] == "200"
    assert b"<title>Ours</title>" in service.get(f"/v1/jobs/{job}/export?format=warc").body
    events = service.get(f"/v1/jobs/{job}/events").body.decode()
    assert '"reused":true' in events


def test_many_copies_wait_for_no_host(service, origin):
    """At one request in ten seconds they would take an hour and a half."""
    urls = [origin.answer(f"/{number}", response(200, b"x" * 2000, **LASTING)) for number in range(500)]
    fetch(service, *urls)

    results = fetch(service, *urls, per_host={"rate": 0.1}, concurrency=1)

    assert all(one["reused"] for one in results) and len(origin.requests) == 500


def test_a_host_that_is_denied_since_has_no_copies(start, origin):
    url = origin.answer("/", response(200, b"x", **LASTING))
    service = start()
    fetch(service, url)
    service.kill()

    service = start(egress__deny="127.0.0.1")
    job = submit(service, [url])
    done = service.wait_done(job)

    assert done["counts"]["failed"] == 1
    assert service.results(job)[0]["error"]["code"] == "policy.address"


@pytest.mark.parametrize("value", ["soon", "0s", 0, -1, "-1s", "400d", True, None, [], {"max": "1h"}])
def test_nonsense_is_refused(service, value):
    reply = service.post("/v1/jobs", {"urls": ["http://a.test/"], "options": {"max_age": value}})

    assert reply.status == 422, reply
    assert [one["pointer"] for one in reply.json["errors"]] == ["/options/max_age"]


def test_capabilities_tell_of_it(service):
    assert "max_age" in service.get("/v1/capabilities").json["reuse"]


def test_it_is_the_jobs_to_say(service):
    reply = service.post("/v1/jobs", {"requests": [{"url": "http://a.test/", "max_age": "1h"}]})

    assert reply.status == 422, reply
    assert [one["pointer"] for one in reply.json["errors"]] == ["/requests/0/max_age"]
