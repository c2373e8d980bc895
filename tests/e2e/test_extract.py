"""Jobs with `extract`: HTML taken apart in sandboxed processes, also when it means harm."""

import contextlib
import os
import pathlib
import signal
import time

import pytest

from client import AT_ONCE_S, Service, eventually
from origins import response

PAGE = """<!DOCTYPE html><title>A page</title><meta name=description content="what it says">
<h1>Head</h1><p>One <a href="/next?x=1" rel=next>link</a>.</p><img src=i.png alt=picture>"""


def html(origin, target: str, text: str, charset: str = "utf-8") -> str:
    body = text.encode(charset)
    return origin.answer(target, response(200, body, Content_Type=f"text/html; charset={charset}"))


def workers(service: Service) -> list[int]:
    """The processes that the service has started."""
    pids: list[int] = []
    for task in pathlib.Path(f"/proc/{service.process.pid}/task").iterdir():
        with contextlib.suppress(OSError):  # a thread that has just ended
            pids += map(int, (task / "children").read_text().split())
    return pids


def endless() -> str:
    """Each element looks through all it stands in: little memory, and minutes."""
    return "<div>" * 100_000


def test_what_was_asked_for_stands_in_the_result(service, origin):
    urls = [
        html(origin, "/page", PAGE),
        html(origin, "/old", "<title>grüß</title>", "iso-8859-1"),
        origin.answer("/data", response(200, b"<title>no page</title>", Content_Type="text/plain")),
        origin.answer("/missing", response(404, PAGE.encode(), Content_Type="text/html")),
    ]
    job = service.submit(urls, extract=["title", "links", "text", "meta"])
    assert service.wait_done(job)["counts"]["succeeded"] == 3

    page, old, data, missing = service.results(job)

    assert page["extract"] == {
        "encoding": "UTF-8",
        "title": "A page",
        "links": [
            {"tag": "a", "url": origin.url("/next?x=1"), "text": "link", "rel": "next"},
            {"tag": "img", "url": origin.url("/i.png"), "text": "picture"},
        ],
        "text": "Head\nOne link.",
        "meta": [{"name": "description", "content": "what it says"}],
    }
    assert old["extract"]["encoding"] == "windows-1252"
    assert old["extract"]["title"] == "grüß"
    assert "extract" not in data, "it is no HTML"
    assert "extract" not in missing and missing["error"]["code"] == "http.status_404"
    assert service.get(page["links"]["body"]).body == PAGE.encode(), "the body is kept as it came"
    single = service.get(f"/v1/jobs/{job}/results/0?fields=extract").json
    assert single == {"index": 0, "extract": page["extract"]}


def test_only_what_was_asked_for(service, origin):
    job = service.submit([html(origin, "/", PAGE)], extract=["title"])
    service.wait_done(job)

    assert service.results(job)[0]["extract"] == {"encoding": "UTF-8", "title": "A page"}

    job = service.submit([html(origin, "/", PAGE)], extract=[])
    service.wait_done(job)

    assert "extract" not in service.results(job)[0]


def test_gather_extracts_too(service, origin):
    reply = service.post(
        "/v1/gather", {"urls": [html(origin, "/", PAGE)], "options": {"extract": ["title"]}}
    )

    assert reply.json["results"][0]["extract"]["title"] == "A page"


def test_a_document_that_is_not_stored_is_taken_apart_all_the_same(service, origin):
    long = "<title>long</title>" + "<p>word" * 300_000  # more than is held in memory
    urls = [html(origin, "/short", PAGE), html(origin, "/long", long)]
    job = service.submit(urls, extract=["title", "text"], store_body="never")
    service.wait_done(job)

    short, long_one = service.results(job)

    assert short["extract"]["title"] == "A page"
    assert short["sha256"] and "body" not in short["links"]
    assert long_one["extract"]["title"] == "long"
    assert long_one["extract"]["truncated"] is True, "a MiB of text is taken"
    assert len(long_one["extract"]["text"]) == 1 << 20


def test_what_was_extracted_survives_a_kill(start, origin):
    service = start()
    job = service.submit([html(origin, "/", PAGE)], extract=["title", "links"])
    service.wait_done(job)
    before = service.results(job)
    service.kill()

    service = start()

    assert service.results(job) == before
    assert before[0]["extract"]["title"] == "A page"


def test_crs13_hostile_documents_cost_themselves_only(start, origin):
    service = start(extract__time_limit="4s", extract__memory="256MiB", extract__workers="2")
    bomb = "<p>x" * 4_000_000
    urls = [html(origin, f"/{n}", f"<title>{n}</title>") for n in range(40)]
    urls[10] = html(origin, "/endless", endless())
    urls[20] = html(origin, "/bomb", bomb)
    urls[30] = html(origin, "/deep", "<span>" * 20_000 + "<title>deep</title>")

    job = service.submit(urls, extract=["title"])
    counts = service.wait_done(job)["counts"]
    results = service.results(job)

    assert counts["failed"] == 2 and counts["succeeded"] == 38
    assert results[10]["error"]["code"] == "extract.failed"
    assert results[20]["error"]["code"] in ("extract.failed", "extract.crashed")
    assert service.get(results[20]["links"]["body"]).body == bomb.encode(), "the body is there"
    for n, one in enumerate(results):
        if n not in (10, 20, 30):
            assert one["extract"]["title"] == str(n)
    assert service.get("/readyz").status == 200


def test_crs13_workers_that_are_killed_are_replaced(start, origin):
    service = start(extract__workers="2")
    urls = [html(origin, f"/{n}", f"<title>{n}</title>") for n in range(300)]
    job = service.submit(urls[:1], extract=["title"])
    service.wait_done(job)
    killed = 0

    job = service.submit(urls, extract=["title"], concurrency=2)
    while not service.job(job)["done"]:
        for pid in workers(service)[:1] if killed < 20 else []:
            with contextlib.suppress(ProcessLookupError):  # it was being replaced
                os.kill(pid, signal.SIGKILL)
                killed += 1
    results = service.results(job)

    assert killed > 0
    crashed = [one for one in results if one["state"] != "succeeded"]
    assert len(results) == 300 and len(crashed) <= killed / 3
    assert all(one["error"]["code"] == "extract.crashed" for one in crashed)
    assert all(one["extract"]["title"] == str(n) for n, one in enumerate(results) if not one["error"])
    assert service.get("/readyz").status == 200


def test_an_aborted_job_waits_for_no_parser(start, origin):
    service = start(extract__time_limit="10m")
    job = service.submit([html(origin, "/", endless()), origin.hang("/slow")], extract=["title"])
    eventually(lambda: workers(service), "a worker")

    service.post(f"/v1/jobs/{job}/cancel")
    began = time.monotonic()
    ended = service.wait_done(job)

    assert time.monotonic() - began < AT_ONCE_S
    assert ended["state"] == "cancelled" and ended["counts"]["cancelled"] == 2


def test_a_stopping_service_waits_for_no_parser(start, origin):
    service = start(extract__time_limit="10m", shutdown__grace="100ms")
    job = service.submit([html(origin, "/", endless())], extract=["title"])
    eventually(lambda: workers(service), "a worker")

    began = time.monotonic()
    assert service.stop() == 0

    assert time.monotonic() - began < AT_ONCE_S
    service = start()
    assert service.job(job)["state"] == "running", "it is fetched again"
    service.post(f"/v1/jobs/{job}/cancel")


def test_workers_end_with_the_service(start, origin):
    service = start()
    service.wait_done(service.submit([html(origin, "/", PAGE)], extract=["title"]))
    pids = workers(service)
    assert pids

    service.kill()

    def gone():
        return not any(pathlib.Path(f"/proc/{pid}").exists() for pid in pids)

    eventually(gone, "the end of the workers")


@pytest.mark.parametrize("extract", ["title", ["images"], [1], {"title": True}])
def test_bad_options_are_pointed_at(service, origin, extract):
    reply = service.post("/v1/jobs", {"urls": [origin.url()], "options": {"extract": extract}})

    assert reply.status in (400, 422)
    assert reply.json["errors"][0]["pointer"].startswith("/options/extract")
