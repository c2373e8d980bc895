"""Retries, redirects, and transfers that end too soon."""

import gzip

import pytest

from origins import response

QUICK = {"backoff": {"base": "1ms", "max": "2ms"}}


def ending(service, request, **options) -> dict:
    options.setdefault("retry", QUICK)
    reply = service.post("/v1/jobs", {"requests": [request], "options": options})
    assert reply.status == 202, reply
    service.wait_done(reply.json["id"])
    return service.get(f"/v1/jobs/{reply.json['id']}/results/0").json


def test_ups_15_retry_after_is_waited_out(service, origin):
    url = origin.answer("/", response(503, Retry_After="1"), response(200, b"now"))
    job = service.submit([url], retry=QUICK)

    assert service.wait_done(job)["counts"]["succeeded"] == 1
    first, second = origin.requests
    assert second.at - first.at >= 1


def test_attempts_are_spent_then_it_fails(service, origin):
    one = ending(service, origin.answer("/", response(500)))

    assert (one["attempts_made"], one["error"]["code"]) == (3, "http.status_500")
    assert len(origin.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418, 501])
def test_other_statuses_are_final(service, origin, status):
    one = ending(service, origin.answer("/", response(status)))

    assert (one["attempts_made"], one["error"]["code"]) == (1, f"http.status_{status}")
    assert one["error"]["retryable"] is False


def test_post_is_not_repeated_unless_asked(service, origin):
    request = {"url": origin.answer("/", response(503)), "method": "POST", "body": "x"}

    assert ending(service, request)["attempts_made"] == 1
    assert ending(service, request, retry={**QUICK, "unsafe_methods": True})["attempts_made"] == 3


@pytest.mark.parametrize(
    "sent",
    [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
     b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"flag" * 100)[:-6],
     b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 2", b""],
    ids=range(8),
)  # fmt: skip
def test_ups_03_truncated_transfer_is_never_a_success(service, origin, sent):
    one = ending(service, origin.cut("/", sent), retry={"max_attempts": 1})

    assert one["state"] == "failed"
    assert one["error"]["code"] in {
        "http.truncated", "connect.reset", "http.malformed", "decode.failed",
    }  # fmt: skip


def test_ups_03_truncated_transfer_is_tried_again(service, origin):
    cut = (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nha",)
    one = ending(service, origin.answer("/", cut, response(200, b"whole")))

    assert (one["state"], one["attempts_made"], one["size"]) == ("succeeded", 2, 5)


SECRETS = {"Authorization": "Bearer x", "Cookie": "a=b", "X-Plain": "yes"}


def test_ups_13_credentials_stay_with_their_origin(service, origin, other_origin):
    url = origin.redirect("/", other_origin.url("/there"))

    one = ending(service, {"url": url, "headers": SECRETS})

    assert one["state"] == "succeeded"
    first, second = origin.requests[0].headers, other_origin.requests[0].headers
    assert (first["authorization"], first["cookie"], first["x-plain"]) == ("Bearer x", "a=b", "yes")
    assert "authorization" not in second and "cookie" not in second
    assert second["x-plain"] == "yes"


MARKED = {"X-Token": {"secret": "hush"}, "X-Two": {"secret": ["hush 1", "hush 2"]}, "X-Plain": "yes"}


@pytest.mark.parametrize("whose", ["job", "item"])
def test_ups_13_headers_that_are_marked_as_secret_stay_too(service, origin, other_origin, whose):
    url = origin.redirect("/", other_origin.url("/there"))

    if whose == "job":
        one = ending(service, url, headers=MARKED)
    else:
        one = ending(service, {"url": url, "headers": MARKED})

    assert one["state"] == "succeeded"
    first, second = origin.requests[0].headers, other_origin.requests[0].headers
    assert (first["x-token"], first["x-two"], first["x-plain"]) == ("hush", "hush 2", "yes")
    assert "x-token" not in second and "x-two" not in second and second["x-plain"] == "yes"


def test_ups_13_an_items_marked_header_takes_the_place_of_the_jobs_plain_one(service, origin, other_origin):
    url = origin.redirect("/", other_origin.url("/there"))

    ending(service, {"url": url, "headers": {"x-token": {"secret": "own"}}}, headers={"X-Token": "plain"})

    assert origin.requests[0].headers["x-token"] == "own"
    assert "x-token" not in other_origin.requests[0].headers


@pytest.mark.parametrize(
    "value", [{}, {"secret": {"secret": "x"}}, {"secret": 1}, {"secret": "x", "more": "y"}, {"hidden": "x"}, {"secret": [1]}]
)
def test_a_malformed_mark_is_refused(service, value):
    body = {"urls": ["http://a.test/"], "options": {"headers": {"X-Token": value}}}

    refused = service.post("/v1/jobs", body)

    assert refused.status == 422, refused
    assert refused.json["errors"][0]["pointer"].startswith("/options/headers/X-Token")


def test_ups_13_credentials_go_on_within_their_origin(service, origin):
    ending(service, {"url": origin.redirect("/", "/there"), "headers": SECRETS})

    assert origin.asked("/there")[0].headers["authorization"] == "Bearer x"


@pytest.mark.parametrize(
    "status, method, kept",
    [(301, "POST", "GET"), (302, "POST", "GET"), (303, "POST", "GET"), (303, "PUT", "GET"),
     (307, "POST", "POST"), (308, "POST", "POST"), (301, "PUT", "PUT"), (302, "HEAD", "HEAD"),
     (303, "HEAD", "HEAD")],
)  # fmt: skip
def test_ups_13_method_and_body_across_a_redirect(service, origin, status, method, kept):
    request = {"url": origin.redirect("/", "/there", status), "method": method}
    if method != "HEAD":
        request["body"] = "text"

    ending(service, request, retry={"max_attempts": 1})

    asked = origin.asked("/there")[0]
    assert asked.method == kept
    assert asked.body == (b"text" if kept in ("POST", "PUT") else b"")


def test_ups_13_redirects_are_bounded_and_recorded(service, origin):
    loop = ending(service, origin.redirect("/", "/"))
    none = ending(service, origin.redirect("/r", "/x"), redirects={"max": 0}, accept_status="302")
    cross = ending(service, origin.redirect("/c", "http://192.0.2.1/"), redirects={"cross_origin": False})
    fine = ending(service, origin.redirect("/f", "/g"))

    assert loop["error"]["code"] == "http.redirect_limit"
    assert len(origin.asked("/")) == 11
    assert (none["state"], none["status"]) == ("succeeded", 302)
    assert cross["error"]["code"] == "http.redirect_cross_origin"
    assert fine["final_url"] == origin.url("/g")
    assert len(fine["attempts"][0]["redirects"]) == 1
