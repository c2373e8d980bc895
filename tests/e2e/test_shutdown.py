"""Ending the service: what runs gets its grace, what is left goes on after the next start."""

import signal
import time

import pytest

from client import AT_ONCE_S, eventually


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


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_second_signal_ends_it_at_once(start, origin, second, monkeypatch):
    # Leaving at once is leaving threads as they are, which a sanitizer would find careless.
    monkeypatch.setenv("TSAN_OPTIONS", "report_thread_leaks=0")
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
def test_harmless_signals(start, sent):
    service = start()

    service.process.send_signal(sent)

    assert service.get("/livez").status == 200
    assert service.stop() == 0


def test_two_services_do_not_share_a_directory(start):
    start()

    with pytest.raises(AssertionError, match="did not start"):
        start()
