"""Gather: submit, wait and read in one call."""

import contextlib
import http.client
import json
import socket
import threading

from client import eventually
from origins import response


def test_results_come_in_input_order(service, origin):
    urls = [origin.late("/slow", 0.2), origin.url("/b"), origin.url("/c")]

    reply = service.post("/v1/gather", {"urls": urls})

    assert reply.status == 200
    assert reply.json["job"]["state"] == "completed"
    assert reply.json["job"]["counts"]["succeeded"] == 3
    assert [one["url"] for one in reply.json["results"]] == urls
    assert [one["index"] for one in reply.json["results"]] == [0, 1, 2]


def test_lines_come_in_completion_order(service, origin):
    body = json.dumps({"urls": [origin.hang("/slow"), origin.url("/b"), origin.url("/c")]})
    fields = {"Content-Type": "application/json", "Accept": "application/x-ndjson"}
    with contextlib.closing(service.connect()) as link:
        link.request("POST", "/v1/gather", body, fields)
        answer = link.getresponse()
        quick = [json.loads(answer.readline()) for _ in range(2)]
        origin.release()
        slow, end = (json.loads(answer.readline()) for _ in range(2))

    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert {one["index"] for one in quick} == {1, 2}
    assert slow["index"] == 0
    assert [one["seq"] for one in (*quick, slow)] == [1, 2, 3]
    assert (end["end"], end["state"]) == (True, "completed")


def test_failures_are_results_like_any_other(service, origin, closed_port):
    urls = [
        origin.url("/a"),
        origin.answer("/gone", response(404)),
        f"http://127.0.0.1:{closed_port}/",
        "no url at all",
    ]

    reply = service.post("/v1/gather", {"urls": urls, "options": {"retry": {"max_attempts": 1}}})

    assert reply.status == 200
    errors = [one["error"] and one["error"]["code"] for one in reply.json["results"]]
    assert errors == [None, "http.status_404", "connect.refused", "url.invalid"]


def test_items_that_end_before_the_next_step_of_the_upload_are_not_lost(start, origin, closed_port):
    service = start(shards=2)
    urls = [origin.url("/a"), f"http://127.0.0.1:{closed_port}/"]

    for _ in range(300):
        reply = service.post("/v1/gather", {"urls": urls, "options": {"retry": {"max_attempts": 1}}})
        assert [one["state"] for one in reply.json["results"]] == ["succeeded", "failed"]


def test_include_and_fields(service, origin):
    path = "/v1/gather?include=body&fields=body"

    reply = service.post(path, {"urls": [origin.url("/a")]})

    assert reply.json["results"] == [{"index": 0, "body": {"text": "/a"}}]


def test_text_and_lines_are_taken_too(service, origin):
    text = service.post("/v1/gather", f"{origin.url('/1')}\n# no\n{origin.url('/2')}", "text/plain")
    lines = service.post("/v1/gather", json.dumps(origin.url("/3")), "application/x-ndjson")

    assert [one["url"] for one in text.json["results"]] == [origin.url("/1"), origin.url("/2")]
    assert [one["url"] for one in lines.json["results"]] == [origin.url("/3")]


def test_twenty_slow_answers_are_awaited_together(service, origin):
    urls = [origin.hang(f"/{n}") for n in range(20)]

    def release_when_all_are_asked():
        eventually(lambda: len(origin.requests) == 20, "twenty requests that hang")
        origin.release()

    origin_at_work = threading.Thread(target=release_when_all_are_asked)
    origin_at_work.start()
    reply = service.post("/v1/gather", {"urls": urls})
    origin_at_work.join()

    assert reply.json["job"]["counts"]["succeeded"] == 20


def gather_and_leave(service, query: str, url: str) -> None:
    link = http.client.HTTPConnection("127.0.0.1", service.port)
    body = json.dumps({"urls": [url], "options": {"tags": ["left"]}})
    link.request("POST", f"/v1/gather{query}", body, {"Content-Type": "application/json"})
    eventually(lambda: service.get("/v1/jobs?tag=left").json["jobs"], "the job of the gather")
    link.sock.shutdown(socket.SHUT_RDWR)
    link.close()


def test_client_gone_cancels_the_job(start, origin):
    service = start()

    gather_and_leave(service, "", origin.hang("/"))

    job = service.get("/v1/jobs?tag=left").json["jobs"][0]["id"]
    done = service.wait_done(job)
    assert (done["state"], done["state_reason"]) == ("cancelled", "client_gone")
    one, = service.results(job)
    assert one["error"]["code"] == "cancelled.client_gone"


def test_detached_job_goes_on(start, origin):
    service = start()

    gather_and_leave(service, "?detach=true", origin.hang("/"))

    eventually(lambda: origin.requests, "the request")
    origin.release()
    job = service.get("/v1/jobs?tag=left").json["jobs"][0]["id"]
    assert service.wait_done(job)["state"] == "completed"


def test_ten_thousand_items_are_the_most(service):
    urls = ["about:blank"] * 10_001

    reply = service.post("/v1/gather", {"urls": urls})

    assert (reply.status, reply.json["code"]) == (413, "job.too_many_items")


def test_many_results_arrive_whole(service, origin):
    urls = [origin.url(f"/{n}") for n in range(2500)]

    reply = service.post("/v1/gather?fields=url,state", {"urls": urls})

    assert [one["url"] for one in reply.json["results"]] == urls
    assert {one["state"] for one in reply.json["results"]} == {"succeeded"}
