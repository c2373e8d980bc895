"""Conditional requests: what has not changed is skipped, and is no failure."""

import pytest

import web
from client import counts_sum
from origins import response

ETAG = '"v1"'
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"


@pytest.fixture
def site(tmp_path, authority):
    folder = tmp_path / "nginx"
    root = folder / "root"
    root.mkdir(parents=True)
    folder.chmod(0o755)
    for name in ("one.txt", "two.txt"):
        (root / name).write_text(f"this is {name}\n")
    with web.nginx(folder, root, *authority.issue("nginx", "IP:127.0.0.1")) as addresses:
        yield root, addresses["http"]


def headers_of(service, job: str, index: int) -> dict:
    return service.get(f"/v1/jobs/{job}/results/{index}").json["headers"]


def test_nginx_says_not_modified(service, site):
    root, base = site
    urls = [f"{base}/one.txt", f"{base}/two.txt"]
    first = service.submit(urls)
    assert service.wait_done(first)["counts"]["succeeded"] == 2
    one, two = headers_of(service, first, 0), headers_of(service, first, 1)
    (root / "two.txt").write_text("another text\n")

    requests = [
        {"url": urls[0], "conditional": {"etag": one["etag"]}},
        {"url": urls[0], "conditional": {"last_modified": one["last-modified"]}},
        {"url": urls[1], "conditional": {"etag": two["etag"], "last_modified": two["last-modified"]}},
    ]
    job = service.post("/v1/jobs", {"requests": requests, "options": {"on_error": "stop"}}).json["id"]
    done = service.wait_done(job)

    assert (done["state"], done["counts"]["skipped"], done["counts"]["succeeded"]) == ("completed", 2, 1)
    assert counts_sum(done)
    assert done["failures_by_code"] == {} and done["statuses"] == {"304": 2, "200": 1}
    skipped, _, changed = service.results(job)
    assert (skipped["state"], skipped["status"]) == ("skipped", 304)
    assert (skipped["error"]["code"], skipped["error"]["retryable"]) == ("http.not_modified", False)
    assert (skipped["attempts_made"], skipped["sha256"], skipped["links"]) == (1, None, {})
    assert changed["state"] == "succeeded" and changed["size"] == len("another text\n")
    assert headers_of(service, job, 0)["etag"] == one["etag"]


def test_fields_of_the_request(service, origin):
    url = origin.answer("/", response(304, ETag=ETAG))
    options = {"conditional": {"etag": ETAG, "last_modified": DATE}, "headers": {"if-none-match": '"old"'}}

    job = service.submit([url], **options)

    assert service.wait_done(job)["counts"]["skipped"] == 1
    sent = origin.requests[0].headers
    assert (sent["if-none-match"], sent["if-modified-since"]) == (ETAG, DATE)


def test_an_items_condition_replaces_the_jobs(service, origin):
    requests = [
        {"url": origin.url("/item"), "conditional": {"etag": '"mine"'}},
        {"url": origin.url("/none"), "conditional": {}},
        origin.url("/job"),
    ]
    options = {"conditional": {"last_modified": DATE}, "concurrency": 1}
    service.wait_done(service.post("/v1/jobs", {"requests": requests, "options": options}).json["id"])

    sent = {request.target: request.headers for request in origin.requests}
    assert sent["/item"]["if-none-match"] == '"mine"' and "if-modified-since" not in sent["/item"]
    assert "if-modified-since" not in sent["/none"]
    assert sent["/job"]["if-modified-since"] == DATE


def test_a_condition_in_the_headers_counts(service, origin):
    url = origin.answer("/", response(304))

    job = service.submit([url], headers={"If-None-Match": ETAG})

    assert service.wait_done(job)["counts"]["skipped"] == 1


def test_a_304_that_nobody_asked_for_is_a_failure(service, origin):
    job = service.submit([origin.answer("/", response(304))])

    done = service.wait_done(job)

    assert done["failures_by_code"] == {"http.status_304": 1}


def test_a_condition_holds_over_a_redirect(service, origin):
    url = origin.redirect("/", "/there")
    origin.answer("/there", response(304))

    job = service.submit([url], conditional={"etag": ETAG})

    assert service.wait_done(job)["counts"]["skipped"] == 1
    assert origin.asked("/there")[0].headers["if-none-match"] == ETAG


@pytest.mark.parametrize("conditional", [{"etag": "abc"}, {"etag": "*"}, {"last_modified": "yesterday"},
                                         {"since": DATE}, "abc", {"etag": 1}])
def test_what_is_no_validator_is_refused(service, conditional):
    body = {"urls": ["http://a.test/"], "options": {"conditional": conditional}}

    reply = service.post("/v1/jobs", body)

    assert reply.status == 422
    assert reply.json["errors"][0]["pointer"].startswith("/options/conditional")
