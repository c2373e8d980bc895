"""Ending the service: what runs gets its grace, what is left goes on after the next start."""

import concurrent.futures
import contextlib
import os
import random
import signal
import subprocess
import threading
import time

import pytest

import web
from client import AT_ONCE_S, BINARY, SANITIZED, counts_sum, eventually


def refuses(service) -> bool:
    """Not ready, or already gone."""
    try:
        return service.get("/readyz").status == 503
    except OSError:
        return True


def test_sigterm_lets_running_items_end(start, origin):
    service = start()
    job = service.submit([origin.hang("/slow")])
    eventually(lambda: origin.requests, "the request")

    service.process.send_signal(signal.SIGTERM)
    eventually(lambda: refuses(service), "no readiness", AT_ONCE_S)
    origin.release()

    assert service.ended() == 0
    done = start().job(job)
    assert (done["state"], done["counts"]["succeeded"]) == ("completed", 1)


def test_rst07_no_new_work_while_it_ends(start, origin):
    service = start()
    service.submit([origin.hang("/slow")])
    eventually(lambda: origin.requests, "the request")

    service.process.send_signal(signal.SIGTERM)
    eventually(lambda: refuses(service), "no readiness", AT_ONCE_S)

    try:
        reply = service.post("/v1/jobs", {"urls": [origin.url("/late")]})
        assert reply.status == 503
        assert reply.headers["Retry-After"]
        assert reply.headers["Content-Type"] == "application/problem+json"
    except OSError:
        pass  # it does not even accept
    assert not origin.asked("/late")


def test_interrupted_items_go_on_after_the_next_start(start, origin):
    service = start(shutdown__grace="300ms")
    job = service.submit([origin.hang(f"/{n}") for n in range(30)], concurrency=10)
    eventually(lambda: len(origin.requests) == 10, "ten requests")

    assert service.stop() == 0
    origin.release()

    again = start()
    done = again.wait_done(job)
    assert (done["state"], done["counts"]["succeeded"]) == ("completed", 30)
    assert [one["seq"] for one in again.results(job, "order=completed")] == list(range(1, 31))


def test_followers_get_what_is_finished_and_resume(start, origin):
    service = start(shutdown__grace="300ms")
    job = service.submit([origin.url("/quick"), origin.hang("/slow")])
    seen = []
    with service.stream(f"/v1/jobs/{job}/results?follow=true") as lines:
        seen.append(next(lines))
        service.process.send_signal(signal.SIGTERM)
        try:
            seen += [line for line in lines if "end" not in line]
        except (OSError, ValueError):
            pass  # cut off is fine: nothing said it was over
    assert service.ended() == 0
    origin.release()

    with start().stream(f"/v1/jobs/{job}/results?follow=true&after={len(seen)}") as lines:
        rest = list(lines)

    assert [one["seq"] for one in seen + rest[:-1]] == [1, 2]
    assert rest[-1]["state"] == "completed"


def test_rst07_who_waits_hears_of_the_end(start, origin):
    grace_s = 0.3
    service = start(shutdown__grace=f"{grace_s}s")
    job = service.submit([origin.hang("/slow")])
    waits = {
        "job": lambda: service.get(f"/v1/jobs/{job}?wait=60s"),
        "jobs": lambda: service.post("/v1/wait", {"jobs": [job], "timeout": "60s"}),
        "submit": lambda: service.post("/v1/jobs", {"urls": [origin.hang("/other")]}, Prefer="wait=60"),
        "gather": lambda: service.post("/v1/gather", origin.hang("/gathered"), kind="text/plain"),
        "lines": lambda: service.post(
            "/v1/gather", origin.hang("/lines"), kind="text/plain", Accept="application/x-ndjson"
        ),
    }
    with concurrent.futures.ThreadPoolExecutor(len(waits)) as pool:
        replies = {name: pool.submit(wait) for name, wait in waits.items()}
        eventually(lambda: len(origin.requests) == 4, "all jobs under way")

        started = time.monotonic()
        assert service.stop() == 0
        took = time.monotonic() - started
    replies = {name: reply.result() for name, reply in replies.items()}

    if not SANITIZED:  # the second and a half for those who do not read what they are told
        assert took < grace_s + 1, "nobody had to be cut off"
    assert (replies["job"].status, replies["job"].json["done"]) == (200, False)
    assert (replies["jobs"].status, replies["jobs"].json["not_done"]) == (200, [job])
    assert (replies["submit"].status, replies["submit"].json["done"]) == (202, False)
    assert (replies["gather"].status, replies["gather"].json["code"]) == (503, "service.draining")
    assert replies["gather"].headers["Retry-After"]
    assert [(line["end"], line["state"]) for line in replies["lines"].lines] == [(True, "running")]
    again = start()
    origin.release()
    jobs = [one["id"] for one in again.get("/v1/jobs").json["jobs"]]
    assert len(jobs) == 4
    assert all(again.wait_done(one)["counts"]["succeeded"] == 1 for one in jobs)


def test_rst07_streams_end_at_once_whatever_they_are_at(start, origin):
    """A result that comes just before the end finds each stream reading, not waiting."""
    service = start()
    job = service.submit([origin.hang(f"/{n}") for n in range(8)], concurrency=8)
    eventually(lambda: len(origin.requests) == 8, "all under way")

    def followed(path: str) -> bytes:
        with contextlib.closing(service.connect()) as link:
            link.request("GET", path, headers={"Accept": "text/event-stream, application/x-ndjson"})
            reply = link.getresponse()
            following.release()
            return reply.read()

    paths = (f"/v1/jobs/{job}/results?follow=true", f"/v1/jobs/{job}/events")
    following = threading.Semaphore(0)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        readers = [pool.submit(followed, path) for path in paths * 8]
        assert all(following.acquire(timeout=AT_ONCE_S) for _ in readers)
        origin.release()

        started = time.monotonic()
        assert service.stop() == 0
        took = time.monotonic() - started
        ends = [reader.result() for reader in readers]

    assert took < (1 if not SANITIZED else AT_ONCE_S), "no stream slept on"
    for end in ends:
        assert b'"end":true' in end or b"event: interrupted" in end or b"event: job" in end


def test_a_used_service_ends_at_once(start, origin):
    service = start()
    done = service.wait_done(service.submit([origin.url(f"/{n}") for n in range(20)]))
    service.get(f"/v1/jobs/{done['id']}/results")
    open_job = service.post("/v1/jobs?sealed=false", {"urls": [origin.url("/open")]}).json["id"]
    for path in (f"/v1/jobs/{open_job}/results?follow=true", f"/v1/jobs/{open_job}/events"):
        with contextlib.closing(service.connect()) as link:  # and leaves in mid-stream
            link.request("GET", path, headers={"Accept": "text/event-stream, application/x-ndjson"})
            assert link.getresponse().readline()

    started = time.monotonic()
    assert service.stop() == 0

    assert time.monotonic() - started < (1 if not SANITIZED else AT_ONCE_S), "no client is left"


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_shd_02_second_signal_ends_it_at_once(start, origin, second, monkeypatch):
    # Leaving at once is leaving threads as they are, which a sanitizer would find careless.
    others = os.environ.get("TSAN_OPTIONS", "")
    monkeypatch.setenv("TSAN_OPTIONS", f"{others} report_thread_leaks=0")
    service = start()
    job = service.submit([origin.hang(f"/{n}") for n in range(20)])
    eventually(lambda: origin.requests, "a request")
    service.process.send_signal(signal.SIGTERM)
    eventually(lambda: refuses(service), "no readiness", AT_ONCE_S)
    assert service.process.poll() is None, "it waits for what runs"

    started = time.monotonic()
    service.process.send_signal(second)
    service.ended()
    took = time.monotonic() - started

    assert took < AT_ONCE_S
    origin.release()
    assert start().wait_done(job)["counts"]["succeeded"] == 20


def test_idle_service_ends_at_once(start):
    service = start()
    idle = service.connect()
    idle.request("GET", "/livez")
    idle.getresponse().read()

    started = time.monotonic()
    assert service.stop() == 0

    assert time.monotonic() - started < AT_ONCE_S
    idle.close()


@pytest.mark.parametrize("sent", [signal.SIGHUP, signal.SIGPIPE])
def test_shd_02_harmless_signals(start, sent):
    service = start()

    service.process.send_signal(sent)

    assert service.get("/livez").status == 200
    assert service.stop() == 0


def test_two_services_do_not_share_a_directory(start):
    start()

    with pytest.raises(AssertionError, match="did not start"):
        start()


def test_shd_01_what_runs_gets_its_time_and_the_rest_goes_on_later(start, origin):
    grace_s = 4
    service = start(shutdown__grace=f"{grace_s}s", host__max_concurrency="300")
    slow = [origin.late(f"/slow/{n}", 2.5) for n in range(100)] + [origin.hang(f"/hangs/{n}") for n in range(100)]
    urls = slow + [origin.url(f"/queued/{n}") for n in range(50)]
    job = service.submit(urls, concurrency=200, per_host={"concurrency": 200})
    eventually(lambda: len(origin.requests) >= 200, "200 in flight")
    links = []
    for n in range(50):
        link = service.connect()
        kind = "events" if n % 2 else "results?follow=true"
        link.request("GET", f"/v1/jobs/{job}/{kind}", headers={"Accept": "text/event-stream, application/x-ndjson"})
        links.append((link, link.getresponse()))
        assert links[-1][1].status == 200
    polling = service.connect()
    polling.request("GET", "/readyz")
    assert polling.getresponse().read()

    began = time.monotonic()
    service.process.send_signal(signal.SIGTERM)
    polling.request("GET", "/readyz")
    answer = polling.getresponse()
    if answer.status == 200:  # it was there before the signal was
        answer.read()
        eventually(lambda: refuses(service), "no readiness", 0.1 if not SANITIZED else AT_ONCE_S)
    asked = len(origin.requests)
    code = service.ended()
    took = time.monotonic() - began

    assert code == 0
    assert took <= grace_s + (2 if not SANITIZED else 20)
    assert len(origin.requests) - asked <= 1, "no new work"
    for link, response in links:
        with contextlib.suppress(OSError):
            response.read()
        link.close()
    origin.release()
    again = start()
    done = again.wait_done(job)
    assert (done["counts"]["succeeded"], done["counts"]["total"]) == (250, 250)
    seqs = [one["seq"] for one in again.results(job, "order=completed")]
    assert seqs == list(range(1, 251))


@pytest.mark.parametrize("pause_s", [0.0, 0.005, 0.02, 0.05, 0.1, 0.3])
def test_shd_02_a_signal_during_the_start_ends_it(tmp_path, pause_s):
    process = subprocess.Popen(
        [BINARY, "serve", "--set", "listen.port=0", "--set", f"data.dir={tmp_path / 'data'}"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    time.sleep(pause_s)
    process.send_signal(signal.SIGTERM)

    process.communicate(timeout=60)

    # Before main() has begun the signal does what it does to every program.
    assert process.returncode in (0, -signal.SIGTERM)


def test_shd_04_ten_restarts_that_no_client_notices(start, origin):
    """A client that polls, and asks once more when nobody is there, is always answered."""
    (port,) = web.free_ports(1)
    services = [start(listen__port=str(port), shutdown__grace="500ms")]
    jobs = [services[0].submit([origin.late(f"/{n}", random.uniform(0, 0.2)) for n in range(100)], concurrency=4)]
    stop, failures, polls = threading.Event(), [], []

    def poll() -> None:
        while not stop.is_set():
            for attempt in (1, 2):
                try:
                    reply = services[0].get(f"/v1/jobs/{jobs[0]}")
                    assert reply.status == 200 and counts_sum(reply.json), reply
                    polls.append(attempt)
                    break
                except (OSError, AssertionError) as error:
                    if attempt == 2:
                        failures.append(error)
                    stop.wait(5 if not SANITIZED else 20)  # the old one's grace and the new one's start
            stop.wait(0.005)

    clients = [threading.Thread(target=poll) for _ in range(4)]
    for one in clients:
        one.start()
    for n in range(10):
        jobs.append(services[-1].submit([origin.url(f"/{n}/{m}") for m in range(20)]))
        assert services[-1].stop() == 0
        services.append(start(listen__port=str(port), shutdown__grace="500ms"))
    stop.set()
    for one in clients:
        one.join()

    assert failures == []
    assert len(polls) > 10
    for job in jobs:
        done = services[-1].wait_done(job)
        assert done["counts"]["succeeded"] == done["counts"]["total"]
