"""Server-sent events: `GET /v1/jobs/{id}/events`."""

import signal
import socket
import threading
import time

import pytest

import client
from client import AT_ONCE_S, eventually
from events import heard, items, listen


def test_events_end_with_the_job(service, origin):
    job = service.submit([origin.url(f"/{n}") for n in range(5)])

    events = heard(service, job)

    assert [event.id for event in items(events)] == ["1", "2", "3", "4", "5"]
    assert {event.json["index"] for event in items(events)} == {0, 1, 2, 3, 4}
    assert {event.json["seq"] for event in items(events)} == {1, 2, 3, 4, 5}
    assert (events[-1].name, events[-1].id) == ("job", "5.end")
    assert events[-1].json["state"] == "completed"
    assert {event.name for event in events} == {"item", "progress", "job"}


def test_an_item_event_is_the_result_as_a_list_shows_it(service, origin):
    job = service.submit([origin.url("/a")])

    events = heard(service, job)

    assert items(events)[0].json == service.results(job, "order=completed")[0]


def test_progress_says_how_far_it_is(service, origin):
    job = service.submit([origin.url("/a"), origin.hang("/b")])
    eventually(lambda: service.job(job)["counts"]["succeeded"] == 1, "the first result")

    with listen(service, job, "?items=false") as events:
        first = next(events)
        origin.release()
        rest = list(events)

    assert first.name == "progress"
    assert set(first.json) == {"counts", "bytes_received", "rate_per_s", "elapsed_ms", "eta_ms"}
    assert first.json["counts"]["total"] == 2
    assert sum(first.json["counts"].values()) == 4, "the states sum to the total"
    assert first.id == "", "progress has no id"
    assert not items(rest)
    assert rest[-1].id == "2.end"


def test_progress_comes_ten_times_a_second_at_most(service, origin):
    urls = [origin.late(f"/{n}", 0.03) for n in range(100)]
    job = service.submit(urls, concurrency=2)

    started = time.monotonic()
    with listen(service, job) as events:
        seen = list(events)
    took = time.monotonic() - started

    progress = [event for event in seen if event.name == "progress"]
    assert 2 <= len(progress) <= took * 10 + 2
    assert len(items(seen)) == 100


@pytest.mark.parametrize("how", ["Last-Event-ID", "after"])
def test_resume_misses_nothing(service, origin, how):
    job = service.submit([origin.url(f"/{n}") for n in range(20)])
    whole = [event.data for event in items(heard(service, job))]

    for seen in (0, 1, 7, 19, 20):
        if how == "after":
            rest = heard(service, job, f"?after={seen}")
        else:
            rest = heard(service, job, "?after=3", last_id=str(seen))
        assert [event.data for event in items(rest)] == whole[seen:]
        assert rest[-1].id == "20.end"


def test_after_the_final_event_there_is_nothing_more(service, origin):
    job = service.submit([origin.url("/a")])
    last = heard(service, job)[-1]

    reply = service.get(f"/v1/jobs/{job}/events", Last_Event_ID=last.id)

    assert (reply.status, reply.body) == (204, b"")
    assert service.get(f"/v1/jobs/{job}/events?items=false", Last_Event_ID=last.id).status == 204


def test_an_end_of_an_unfinished_job_is_no_end(service, origin):
    job = service.submit([origin.url("/a"), origin.hang("/b")])
    eventually(lambda: service.job(job)["counts"]["succeeded"] == 1, "the first result")

    with listen(service, job, last_id="1.end") as events:
        origin.release()
        seen = list(events)

    assert [event.id for event in items(seen)] == ["2"]


@pytest.mark.parametrize("given", ["x", "-1", "1.2", "end", ".end", "1.end.end", "1 ", "9" * 40])
def test_foreign_event_id_is_refused(service, origin, given):
    job = service.submit([origin.url("/a")])

    reply = service.call("GET", f"/v1/jobs/{job}/events", headers={"Last-Event-ID": given.strip() or "x"})

    if given == "1 ":
        return  # white space around a field's value is no part of it
    assert (reply.status, reply.json["code"]) == (400, "request.parameter")


def test_bad_requests_for_events(service, origin):
    job = service.submit([origin.url("/a")])

    def status(query="", **headers):
        return service.get(f"/v1/jobs/{job}/events{query}", **headers).status

    assert status("?after=x") == status("?items=1") == status("?nope=1") == 400
    assert status(Accept="application/json") == 406
    assert service.get("/v1/jobs/job_" + "0" * 32 + "/events").status == 404
    assert service.post(f"/v1/jobs/{job}/events").status == 405


def test_inj_05_nothing_in_a_result_breaks_the_framing(service, origin):
    nasty = "a\r\ndata: x\n\nevent: job\nid: 77\r\n\r\n\u2028\u2029\u0085\0 :"
    requests = [
        {"url": origin.url("/ok"), "id": nasty, "metadata": {nasty: [nasty]}},
        {"url": "http://bad host/\n\ndata: {}\n\n", "id": "data: 1\n\n"},
        {"url": origin.url("/\u2028?q=%0a%0ddata:"), "metadata": {"id": "1\n\n"}},
    ]
    reply = service.post("/v1/jobs", {"requests": requests})
    assert reply.status == 202, reply

    events = heard(service, reply.json["id"])

    assert [event.id for event in items(events)] == ["1", "2", "3"]
    assert [event.name for event in events if event.name != "progress"] == ["item"] * 3 + ["job"]
    by_index = {event.json["index"]: event.json for event in items(events)}
    assert by_index[0]["id"] == nasty
    assert by_index[0]["metadata"] == {nasty: [nasty]}
    assert by_index[2]["metadata"] == {"id": "1\n\n"}


def test_inj_05_lines_have_one_result_each(service, origin):
    nasty = "a\r\n\n{\"end\":true}\n\u2028\u2029\u0085"
    requests = [{"url": origin.url(f"/{n}"), "id": nasty, "metadata": {nasty: nasty}} for n in range(5)]
    job = service.post("/v1/jobs", {"requests": requests}).json["id"]

    with service.stream(f"/v1/jobs/{job}/results?follow=true") as lines:
        seen = list(lines)

    assert [line.get("seq") for line in seen] == [1, 2, 3, 4, 5, None]
    assert {line["id"] for line in seen[:-1]} == {nasty}


def test_a_result_is_heard_while_the_job_runs(service, origin):
    job = service.submit([origin.url("/quick"), origin.hang("/slow")])

    with listen(service, job) as events:
        first = next(event for event in events if event.name == "item")
        assert not service.job(job)["done"]
        origin.release()
        assert list(events)[-1].json["done"]

    assert first.json["url"].endswith("/quick")


def test_a_quiet_stream_has_heartbeats(service, origin):
    job = service.submit([origin.hang("/slow")])
    comments = []

    def beat():
        return comments

    with listen(service, job, comments=comments) as events:
        reader = threading.Thread(target=lambda: list(events))
        reader.start()
        eventually(beat, "a heartbeat", 15 + AT_ONCE_S)
        origin.release()
        reader.join(client.LIMIT_S)


def test_shd_03_a_stream_ends_with_where_to_go_on(start, origin):
    service = start(shutdown__grace="300ms")
    job = service.submit([origin.url("/quick"), origin.hang("/slow")])
    eventually(lambda: service.job(job)["counts"]["succeeded"] == 1, "the first result")

    with listen(service, job) as events:
        next(event for event in events if event.name == "item")
        service.process.send_signal(signal.SIGTERM)
        last = list(events)[-1]  # the stream has an end: it was not cut off
    assert service.ended() == 0
    assert (last.name, last.id, last.json) == ("interrupted", "1", {"after": 1})
    origin.release()

    rest = heard(start(), job, last_id=last.id)
    assert [event.id for event in items(rest)] == ["2"]
    assert rest[-1].id == "2.end"


def test_a_reader_that_leaves_is_noticed_at_once(start, origin):
    service = start()
    job = service.submit([origin.hang("/slow")])
    with listen(service, job) as events:
        next(events)

    def connections():
        lines = service.get("/metrics").body.decode().splitlines()
        return [float(line.split()[1]) for line in lines if line.startswith("fanfetch_api_connections ")]

    eventually(lambda: connections() == [1.0], "its connection to be closed", AT_ONCE_S)
    origin.release()


def resident_kib(service) -> int:
    with open(f"/proc/{service.process.pid}/smaps_rollup") as rollup:
        return next(int(line.split()[1]) for line in rollup if line.startswith("Rss:"))


def slow_readers(service, job: str, what: str, how_many: int) -> list[socket.socket]:
    """Connections that ask for all there is of a job and take ten bytes a second of it."""
    links = []
    for _ in range(how_many):
        link = socket.socket()
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        link.connect(("127.0.0.1", service.port))
        accept = "text/event-stream" if what == "events" else "application/x-ndjson"
        head = f"GET /v1/jobs/{job}/{what} HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\n\r\n"
        link.sendall(head.encode())
        links.append(link)
    for _ in range(5):
        for link in links:
            assert link.recv(10)
        time.sleep(1)
    return links


@pytest.mark.skipif(client.SANITIZED, reason="a sanitizer's memory is its own")
@pytest.mark.parametrize("what", ["events", "results?follow=true", "results"])
def test_slow_readers_cost_little_and_hold_nobody_up(start, what):
    readers, most_kib = 100, 256
    service = start()
    # Items that fail before anything is fetched: many results at once, of about 700 bytes each.
    job = service.submit([f"http://bad host/{n}" for n in range(20_000)])
    service.wait_done(job)
    # What the first ones cost is the database's caches, filled once. They stay, so that what they
    # hold is not there for the others.
    links = slow_readers(service, job, what, readers // 2)
    before = resident_kib(service)

    links += slow_readers(service, job, what, readers)

    assert (resident_kib(service) - before) / readers < most_kib
    assert len(items(heard(service, job))) == 20_000
    for link in links:
        link.close()
