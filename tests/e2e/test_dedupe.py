"""Identical requests of a job are fetched once when it asks for that, and every item has its result."""

import collections

from client import counts_sum, eventually
from origins import response


def submit(service, requests, **options) -> str:
    reply = service.post("/v1/jobs", {"requests": requests, "options": {"dedupe": True, **options}})
    assert reply.status == 202, reply
    return reply.json["id"]


def test_each_item_has_the_result_as_its_own(service, origin):
    url = origin.answer("/page", response(200, b"one page", Content_Type="text/plain"))
    requests = [
        url,
        {"url": url, "id": "second", "metadata": {"n": 2}},
        origin.url("/other"),
        url + "#part",
    ]

    job = submit(service, requests)
    done = service.wait_done(job)

    assert (done["counts"]["succeeded"], done["counts"]["total"]) == (4, 4)
    assert done["statuses"] == {"200": 4} and done["bytes_received"] == len("one page/other")
    assert len(origin.asked("/page")) == 1
    first, second, other, fourth = service.results(job)
    assert "reused" not in first and "reused" not in other
    for index, one in ((1, second), (3, fourth)):
        assert (one["index"], one["state"], one["reused"]) == (index, "succeeded", True)
        assert (one["sha256"], one["size"], one["attempts_made"]) == (first["sha256"], 8, 0)
        assert service.get(one["links"]["body"]).body == b"one page"
        assert service.get(f"/v1/jobs/{job}/results/{index}").json["headers"]["content-type"] == "text/plain"
    assert (second["id"], second["metadata"]) == ("second", {"n": 2})
    assert sorted(one["seq"] for one in (first, second, other, fourth)) == [1, 2, 3, 4]


def test_what_differs_is_fetched(service, origin):
    url = origin.url("/")
    requests = [
        url,
        {"url": url, "headers": {"Accept": "text/html"}},
        {"url": url, "method": "HEAD"},
        {"url": url, "method": "POST", "body": "x"},
        {"url": url, "method": "POST", "body": "y"},
        {"url": url, "accept_status": "200-399"},
        url + "?",
    ]

    service.wait_done(submit(service, requests))

    assert len(origin.requests) == len(requests)


def test_a_failure_is_everybodys(service, origin):
    url = origin.answer("/", response(404, b"no such page"))

    job = submit(service, [url] * 3)

    done = service.wait_done(job)
    assert done["failures_by_code"] == {"http.status_404": 3}
    assert len(origin.requests) == 1
    assert all(service.get(one["links"]["body"]).body == b"no such page" for one in service.results(job))


def test_large_bodies_are_shared(service, origin):
    body = b"0123456789abcdef" * (200 << 10)
    url = origin.answer("/", response(200, body))

    job = submit(service, [url] * 5)

    assert service.wait_done(job)["counts"]["succeeded"] == 5
    assert len(origin.requests) == 1
    assert service.get(f"/v1/jobs/{job}/results/4/body").body == body


def test_an_upload_is_compared_from_end_to_end(service, origin):
    """Far more lines than a job has in memory; the last ones are like the first."""
    lines = ['{"options": {"dedupe": true, "concurrency": 100}}']
    lines += [f'"{origin.url(f"/{number % 500}")}"' for number in range(10_000)]

    job = service.post("/v1/jobs", "\n".join(lines), kind="application/x-ndjson").json["id"]
    done = service.wait_done(job)

    assert counts_sum(done) and done["counts"]["succeeded"] == 10_000
    asked = collections.Counter(request.target for request in origin.requests)
    assert len(asked) == 500 and set(asked.values()) == {1}
    results = service.results(job, "order=completed")
    assert [one["seq"] for one in results] == list(range(1, 10_001))
    assert len({one["index"] for one in results}) == 10_000
    assert sum(one.get("reused", False) for one in results) == 9_500


def test_gather_takes_it(service, origin):
    body = {"urls": [origin.url("/")] * 10, "options": {"dedupe": True}}

    reply = service.post("/v1/gather", body)

    assert [one["state"] for one in reply.json["results"]] == ["succeeded"] * 10
    assert len(origin.requests) == 1


def test_a_restart_does_not_fetch_again(start, origin):
    origin.hang("/slow")
    service = start()
    urls = [origin.url("/quick"), origin.url("/slow"), origin.url("/quick"), origin.url("/slow")]
    job = submit(service, urls)
    eventually(lambda: service.job(job)["counts"]["succeeded"] == 2, "what can be fetched")
    service.kill()
    origin.release()

    service = start()
    done = service.wait_done(job)

    assert counts_sum(done) and done["counts"]["succeeded"] == 4
    assert len(origin.asked("/quick")) == 1
    assert [one.get("reused", False) for one in service.results(job)] == [False, False, True, True]


def test_erasing_takes_everything(start, origin, tmp_path):
    service = start()
    job = submit(service, [origin.url("/")] * 100)
    service.wait_done(job)

    assert service.call("DELETE", f"/v1/jobs/{job}").status == 204
    assert service.get(f"/v1/jobs/{job}").status == 404
    service.stop()
    service = start()

    segments = tmp_path / "data" / "segments"
    eventually(lambda: not list(segments.iterdir()), "the segments to go")
