"""Results: pages in both orders, streams that follow and resume, single results, bodies."""

import base64
import hashlib
import json
import re
import threading

import pytest

from client import Service, eventually
from origins import response

BODY = b"<svg>flag</svg>" * 100


@pytest.fixture
def fetched(service, origin):
    """(job, origin) of one finished item with BODY."""
    url = origin.answer("/flag", response(200, BODY, Content_Type="image/svg+xml", X_Mine="yes"))
    job = service.submit([url])
    service.wait_done(job)
    return job


def read_pages(service: Service, path: str) -> list[list[dict]]:
    pages, token = [], ""
    while token is not None:
        reply = service.get(path + (f"&page_token={token}" if token else ""))
        assert reply.status == 200, reply
        pages.append(reply.json["results"])
        token = reply.json["next_page_token"]
        assert ('rel="next"' in (reply.headers["Link"] or "")) == (token is not None)
    return [page for page in pages if page]


def test_pages_in_submission_order(service, origin):
    urls = [origin.late(f"/{n}", 0.1 if n % 3 == 0 else 0.0) for n in range(25)]
    job = service.submit(urls)
    service.wait_done(job)

    pages = read_pages(service, f"/v1/jobs/{job}/results?page_size=10")

    assert [len(page) for page in pages] == [10, 10, 5]
    listed = [one for page in pages for one in page]
    assert [one["index"] for one in listed] == list(range(25))
    assert [one["url"] for one in listed] == urls


def test_pages_in_completion_order(service, origin):
    urls = [origin.hang(f"/{n}") if n < 5 else origin.url(f"/{n}") for n in range(25)]
    job = service.submit(urls)
    service.get(f"/v1/jobs/{job}?wait=60s&return_when=count:20")
    origin.release()
    service.wait_done(job)

    pages = read_pages(service, f"/v1/jobs/{job}/results?page_size=10&order=completed")

    listed = [one for page in pages for one in page]
    assert [one["seq"] for one in listed] == list(range(1, 26))
    assert sorted(one["index"] for one in listed) == list(range(25))
    assert {one["index"] for one in listed[-5:]} == set(range(5)), "the slow ones come last"


def test_token_stays_valid_while_the_job_grows(service, origin):
    quick = [origin.url(f"/{n}") for n in range(3)]
    job = service.submit([*quick, origin.hang("/slow")])
    service.get(f"/v1/jobs/{job}?wait=60s&return_when=count:3")
    first = service.get(f"/v1/jobs/{job}/results?order=completed").json
    origin.release()
    service.wait_done(job)

    path = f"/v1/jobs/{job}/results?order=completed&page_token={first['next_page_token']}"
    rest = service.get(path).json["results"]

    assert [one["seq"] for one in first["results"]] == [1, 2, 3]
    assert [one["seq"] for one in rest] == [4]


def test_submission_order_shows_unfinished_items(service, origin):
    job = service.submit([origin.hang("/slow"), origin.url("/quick")])
    service.get(f"/v1/jobs/{job}?wait=60s&return_when=first_completed")

    slow, quick = service.get(f"/v1/jobs/{job}/results").json["results"]

    assert slow["state"] in ("queued", "running")
    assert quick["state"] == "succeeded"
    completed = service.get(f"/v1/jobs/{job}/results?order=completed").json["results"]
    assert [one["index"] for one in completed] == [1]
    service.post(f"/v1/jobs/{job}/cancel")


def test_filters(service, origin, closed_port):
    gone = origin.answer("/gone", response(404))
    busy = origin.answer("/busy", response(418))
    refused = f"http://127.0.0.1:{closed_port}/"
    job = service.submit([origin.url("/a"), gone, busy, refused], retry={"max_attempts": 1})
    service.wait_done(job)

    def found(query):
        return [one["index"] for one in service.results(job, query)]

    assert found("state=succeeded") == [0]
    assert found("state=failed") == [1, 2, 3]
    assert found("state=failed,succeeded") == [0, 1, 2, 3]
    assert found("code=http.*") == [1, 2]
    assert found("code=http.status_404,connect.refused") == [1, 3]
    assert found("host=127.0.0.1") == [0, 1, 2, 3]
    assert found(f"host=127.0.0.1:{origin.port}") == [0, 1, 2]
    assert found("host=elsewhere.example") == []


def test_fields_choose_members_and_index_stays(service, fetched):
    only, = service.results(fetched, "fields=url,status")

    assert set(only) == {"index", "url", "status"}


def test_lists_leave_out_headers_and_attempts_unless_asked(service, fetched):
    plain, = service.results(fetched)
    full, = service.results(fetched, "include=headers,attempts")

    assert "headers" not in plain and "attempts" not in plain
    assert full["headers"] and len(full["attempts"]) == 1


def test_bodies_inline(service, origin):
    text = origin.answer("/text", response(200, "café".encode(), Content_Type="text/plain"))
    blob = origin.answer("/blob", response(200, b"\xff\0", Content_Type="image/png"))
    job = service.submit([text, blob])
    service.wait_done(job)

    first, second = service.results(job, "include=body")

    assert first["body"] == {"text": "café"}
    assert second["body"] == {"base64": base64.b64encode(b"\xff\0").decode()}


def test_follow_streams_each_result_as_it_comes(service, origin):
    job = service.submit([origin.url("/quick"), origin.hang("/slow")])
    with service.stream(f"/v1/jobs/{job}/results?follow=true") as lines:
        first = next(lines)
        origin.release()
        second = next(lines)
        end = next(lines)
        rest = list(lines)

    assert (first["index"], first["seq"]) == (0, 1)
    assert (second["index"], second["seq"]) == (1, 2)
    assert (end["end"], end["state"]) == (True, "completed")
    assert end["counts"]["succeeded"] == 2
    assert rest == []


def test_follow_resumes_after_a_seq(service, origin):
    job = service.submit([origin.url(f"/{n}") for n in range(50)])
    with service.stream(f"/v1/jobs/{job}/results?follow=true") as lines:
        whole = list(lines)

    for after in (0, 1, 25, 49, 50):
        with service.stream(f"/v1/jobs/{job}/results?follow=true&after={after}") as lines:
            assert list(lines) == whole[after:]


def test_rst04_submission_order_holds_back(service, origin):
    job = service.submit([origin.hang("/slow"), origin.url("/quick")])
    service.get(f"/v1/jobs/{job}?wait=60s&return_when=first_completed")
    with service.stream(f"/v1/jobs/{job}/results?follow=true&order=submitted") as lines:
        origin.release()
        seen = list(lines)

    assert [one.get("index") for one in seen] == [0, 1, None]
    assert seen[-1]["end"] is True


def test_rst03_follow_ends_when_its_timeout_passes(service, origin):
    job = service.submit([origin.url("/quick"), origin.hang("/slow")])
    service.get(f"/v1/jobs/{job}?wait=60s&return_when=first_completed")

    with service.stream(f"/v1/jobs/{job}/results?follow=true&timeout=200ms") as lines:
        seen = list(lines)

    assert [one.get("index") for one in seen] == [0, None]
    assert seen[-1]["end"] is True
    assert seen[-1]["state"] == "running"
    service.post(f"/v1/jobs/{job}/cancel")


def test_rst03_many_followers_see_the_same(service, origin):
    job = service.submit([origin.late(f"/{n}", 0.01) for n in range(100)], concurrency=5)
    seen = [[] for _ in range(8)]

    def follow(into):
        with service.stream(f"/v1/jobs/{job}/results?follow=true") as lines:
            into += list(lines)

    threads = [threading.Thread(target=follow, args=(into,)) for into in seen]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [one.get("seq") for one in seen[0]] == [*range(1, 101), None]
    assert all(one == seen[0] for one in seen)


def test_lines_without_follow_are_what_there_is(service, fetched):
    reply = service.get(f"/v1/jobs/{fetched}/results", Accept="application/x-ndjson")

    assert reply.headers["Content-Type"] == "application/x-ndjson"
    assert [one["index"] for one in reply.lines] == [0]


def test_single_result_has_headers_and_attempts(service, fetched):
    one = service.get(f"/v1/jobs/{fetched}/results/0").json

    assert (one["index"], one["seq"], one["state"], one["status"]) == (0, 1, "succeeded", 200)
    assert one["content_type"] == "image/svg+xml"
    assert one["size"] == len(BODY)
    assert one["sha256"] == hashlib.sha256(BODY).hexdigest()
    assert one["http_version"] == "1.1" or one["http_version"] == "HTTP/1.1"
    assert "yes" in json.dumps(one["headers"])
    assert one["attempts_made"] == 1
    assert one["error"] is None
    attempt, = one["attempts"]
    assert "127.0.0.1" in attempt["remote_address"]
    assert attempt["redirects"] == []
    assert one["links"]["body"] == f"/v1/jobs/{fetched}/results/0/body"
    stages = ("queued_us", "dns_us", "connect_us", "tls_us", "first_byte_us", "download_us")
    assert all(one["timing"][stage] >= 0 for stage in stages)
    assert one["timing"]["total_us"] > 0


def test_each_attempt_is_kept(service, origin):
    url = origin.answer("/", response(503), response(502), response(200, b"at last"))
    job = service.submit([url], retry={"backoff": {"base": "1ms", "max": "2ms"}})
    service.wait_done(job)

    one = service.get(f"/v1/jobs/{job}/results/0").json

    assert (one["state"], one["attempts_made"], len(one["attempts"])) == ("succeeded", 3, 3)


def test_result_that_is_not_there_is_404(service, fetched):
    for index in ("1", "-1", "x", "99999999999999999999"):
        reply = service.get(f"/v1/jobs/{fetched}/results/{index}")
        assert reply.status == 404, reply
        assert reply.headers["Content-Type"] == "application/problem+json"


def test_body_has_its_type_and_safe_headers(service, fetched):
    reply = service.get(f"/v1/jobs/{fetched}/results/0/body")

    assert (reply.status, reply.body) == (200, BODY)
    assert reply.headers["Content-Type"] == "image/svg+xml"
    assert reply.headers["Content-Length"] == str(len(BODY))
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in reply.headers["Content-Security-Policy"]
    assert reply.headers["Content-Disposition"].startswith("attachment")
    digest = base64.b64encode(hashlib.sha256(BODY).digest()).decode()
    assert reply.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    assert reply.headers["ETag"].startswith('"')


@pytest.mark.parametrize("name", [
    'attachment; filename="a\\"; filename=\\"b.html"', "inline", 'attachment; filename="../../etc/cron.d/x"',
    "attachment; filename*=UTF-8''%0d%0aSet-Cookie:%20a=b", 'attachment; filename="C:\\\\con"',
])  # fmt: skip
def test_inj_10_what_the_origin_says_of_itself_stays_data(service, origin, name):
    """A body from anywhere, opened in a browser, is a file of ours: no page, no cookie, no redirect."""
    url = origin.answer("/it", response(200, b"<script>alert(1)</script>", Content_Type="text/html", Set_Cookie="a=b",
                                        Location="https://elsewhere.example/", Content_Disposition=name,
                                        Refresh="0; url=https://elsewhere.example/", Clear_Site_Data='"*"'))  # fmt: skip
    job = service.submit([url])
    service.wait_done(job)

    reply = service.get(f"/v1/jobs/{job}/results/0/body")
    row = service.get(f"/v1/jobs/{job}/results/0?include=headers").json

    assert (reply.status, reply.body) == (200, b"<script>alert(1)</script>")
    for field in ("Set-Cookie", "Location", "Refresh", "Clear-Site-Data"):
        assert field not in reply.headers
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert {"sandbox", "default-src 'none'"} <= set(reply.headers["Content-Security-Policy"].split("; "))
    assert re.fullmatch(r'attachment(; filename="[A-Za-z0-9._-]+")?', reply.headers["Content-Disposition"])
    assert row["headers"]["set-cookie"] == "a=b"


@pytest.mark.parametrize(
    "asked, first, last",
    [("bytes=0-9", 0, 9), ("bytes=10-", 10, 1499), ("bytes=-5", 1495, 1499),
     ("bytes=1490-99999", 1490, 1499), ("bytes=0-0", 0, 0)],
)
def test_body_range(service, fetched, asked, first, last):
    reply = service.get(f"/v1/jobs/{fetched}/results/0/body", Range=asked)

    assert reply.status == 206
    assert reply.body == BODY[first:last + 1]
    assert reply.headers["Content-Range"] == f"bytes {first}-{last}/1500"
    assert reply.headers["Repr-Digest"], "the digest is of the whole representation"


def test_body_range_beyond_the_end(service, fetched):
    reply = service.get(f"/v1/jobs/{fetched}/results/0/body", Range="bytes=1500-")

    assert reply.status == 416
    assert reply.headers["Content-Range"] == "bytes */1500"


def test_body_is_not_sent_twice(service, fetched):
    path = f"/v1/jobs/{fetched}/results/0/body"
    tag = service.get(path).headers["ETag"]

    same = service.get(path, If_None_Match=tag)
    other = service.get(path, If_None_Match='"other"')
    stale = service.get(path, Range="bytes=0-9", If_Range='"other"')

    assert (same.status, same.body) == (304, b"")
    assert (other.status, other.body) == (200, BODY)
    assert (stale.status, stale.body) == (200, BODY), "a range of something else is no use"


def test_head_has_the_headers_of_get(service, fetched):
    for path in ("", "/results", "/results/0", "/results/0/body"):
        whole = service.get(f"/v1/jobs/{fetched}{path}")
        head = service.call("HEAD", f"/v1/jobs/{fetched}{path}")
        assert (head.status, head.body) == (whole.status, b"")
        for name in ("Content-Type", "Content-Length", "ETag", "Repr-Digest"):
            assert head.headers[name] == whole.headers[name], (path, name)


def test_body_of_an_unfinished_item(service, origin):
    job = service.submit([origin.hang("/slow")])

    reply = service.get(f"/v1/jobs/{job}/results/0/body")

    assert (reply.status, reply.json["code"]) == (409, "result.not_ready")
    service.post(f"/v1/jobs/{job}/cancel")


def test_body_that_was_not_kept(service, origin):
    job = service.submit([origin.url("/a")], store_body="never")
    service.wait_done(job)

    reply = service.get(f"/v1/jobs/{job}/results/0/body")

    assert (reply.status, reply.json["code"]) == (404, "body.not_stored")
    one, = service.results(job)
    assert one["sha256"] == hashlib.sha256(b"/a").hexdigest(), "its digest is"
    assert one["size"] == 2


def test_empty_body(service, origin):
    job = service.submit([origin.answer("/", response(200))])
    service.wait_done(job)

    reply = service.get(f"/v1/jobs/{job}/results/0/body")

    assert (reply.status, reply.body) == (200, b"")
    assert reply.headers["Content-Length"] == "0"


def test_body_of_a_failed_status_is_kept(service, origin):
    job = service.submit([origin.answer("/", response(404, b"not here"))])
    service.wait_done(job)

    one, = service.results(job)

    assert (one["state"], one["error"]["code"]) == ("failed", "http.status_404")
    assert service.get(f"/v1/jobs/{job}/results/0/body").body == b"not here"


def test_large_body_streams_both_ways(service, origin):
    large = bytes(range(256)) * 40_000
    job = service.submit([origin.answer("/", response(200, large))])
    service.wait_done(job)

    reply = service.get(f"/v1/jobs/{job}/results/0/body")

    assert hashlib.sha256(reply.body).digest() == hashlib.sha256(large).digest()


def test_slow_reader_of_a_stream_does_not_hold_others_up(service, origin):
    job = service.submit([origin.url(f"/{n}") for n in range(500)])
    with service.stream(f"/v1/jobs/{job}/results?follow=true"):
        assert service.wait_done(job)["counts"]["succeeded"] == 500
    eventually(lambda: service.get("/livez").status == 200, "an answer")


def linked(reply) -> str:
    return reply.headers["Link"].removeprefix("<").partition(">; rel=\"next\"")[0]


@pytest.mark.parametrize("query", ["order=submitted", "order=completed", "after=3", "host=127.0.0.1&order=completed",
                                   "code=http.*,url.*&state=failed", "fields=index,url&include=attempts"])  # fmt: skip
def test_link_leads_through_all_pages(service, origin, query):
    origin.answer("/bad", b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
    job = service.submit([origin.url(f"/{n}" if n % 2 else "/bad") for n in range(11)])
    service.wait_done(job)
    whole = service.get(f"/v1/jobs/{job}/results?{query}").json["results"]

    path, seen = f"/v1/jobs/{job}/results?page_size=2&{query}", []
    while path:
        reply = service.get(path)
        assert reply.status == 200, reply
        seen += reply.json["results"]
        path = linked(reply) if reply.json["next_page_token"] else ""

    assert seen == whole
    assert whole


@pytest.mark.parametrize("value", ["a%0d%0aX:%201", "%22%3e;%20rel=prev", "%00", "%c3%a4%20%26x=1", "a'%3b--"])
def test_inj_11_filters_are_data(service, origin, value):
    job = service.submit([origin.hang("/a")])  # unfinished, so every page has a Link

    for name in ("host", "code"):
        reply = service.get(f"/v1/jobs/{job}/results?{name}={value}&page_size=1")
        assert reply.status in (200, 400), reply
        if reply.status == 200:
            assert reply.json["results"] == []
            assert service.get(linked(reply)).status == 200
    for name in ("state", "order", "fields", "include", "page_token", "after", "page_size"):
        assert service.get(f"/v1/jobs/{job}/results?{name}={value}").status == 400
    origin.release()


def test_inj_11_a_pattern_of_many_stars_is_no_trap(service, origin):
    origin.answer("/bad", b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
    job = service.submit([origin.url("/bad")])
    service.wait_done(job)

    assert service.results(job, "code=" + "*s*t" * 500 + "x") == []


def test_jobs_link_keeps_its_filters(service, origin):
    tag = "linkedé"
    jobs = [
        service.post("/v1/jobs", {"urls": [origin.url("/a")], "options": {"tags": [tag]}}).json["id"] for _ in range(3)
    ]
    seen, path = [], "/v1/jobs?page_size=1&tag=linked%C3%A9"
    while path:
        reply = service.get(path)
        seen += [job["id"] for job in reply.json["jobs"]]
        path = linked(reply) if reply.json["next_page_token"] else ""
    assert seen == jobs[::-1]
