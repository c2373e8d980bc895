"""kill -9 between what is asked of a job and its effect: what was acknowledged holds, anything else is whole or not there."""

import contextlib
import http.client
import os
import random
import threading

import pytest

from client import SANITIZED, SOAK, counts_sum
from origins import response

ROUNDS = 40 if SOAK else 2 if SANITIZED else 8


@pytest.fixture
def chance():
    seed = int(os.environ.get("FANFETCH_SEED", random.randrange(2**32)))
    print(f"FANFETCH_SEED={seed}")
    return random.Random(seed)


def asked_and_killed(service, chance, ask):
    """The reply, if there was one before the process died; the kill comes about when the reply does."""
    killer = threading.Timer(chance.uniform(0.0, 0.008), service.process.kill)
    killer.start()
    reply = None
    with contextlib.suppress(OSError, http.client.HTTPException):
        reply = ask()
    killer.join()
    service.ended()
    return reply


@pytest.mark.soak
def test_crs_01_a_kill_within_patch(start, origin, chance):
    service = start()
    job = service.submit([origin.hang("/a")], metadata={"round": -1})
    may_be = [-1]
    for n in range(ROUNDS):
        change = {"metadata": {"round": n}, "priority": n % 10, "ttl": f"{n + 1}h"}
        reply = asked_and_killed(service, chance, lambda: service.call("PATCH", f"/v1/jobs/{job}", change))
        may_be = [n] if reply is not None and reply.status == 200 else [*may_be, n]
        service = start()
        found = service.job(job)["metadata"]["round"]
        assert found in may_be
        may_be = [found]
    origin.release()
    assert service.wait_done(job)["counts"]["succeeded"] == 1


@pytest.mark.soak
def test_crs_01_a_kill_within_append_and_seal(start, origin, chance):
    service = start()
    job = service.post("/v1/jobs?sealed=false", {}).json["id"]
    least = 0
    for n in range(ROUNDS):
        urls = [origin.url(f"/{n}/{item}") for item in range(10)]
        reply = asked_and_killed(service, chance, lambda: service.post(f"/v1/jobs/{job}/items", {"urls": urls}))
        service = start()
        status = service.job(job)
        total = status["counts"]["total"]
        if reply is not None and reply.status == 202:
            assert total == least + 10
        assert total in (least, least + 10), "whole or not at all"
        assert counts_sum(status) and not status["done"]
        least = total

    reply = asked_and_killed(service, chance, lambda: service.post(f"/v1/jobs/{job}/seal"))
    service = start()
    if reply is None or reply.status != 200:
        assert service.post(f"/v1/jobs/{job}/seal").status in (200, 409)
    if least == 0:
        return
    done = service.wait_done(job)
    assert (done["state"], done["counts"]["succeeded"]) == ("completed", least)
    results = service.results(job, "order=completed")
    assert [one["seq"] for one in results] == list(range(1, least + 1))
    assert sorted(one["index"] for one in results) == list(range(least))


@pytest.mark.soak
def test_crs_01_a_kill_within_retry(start, origin, chance):
    service = start()
    urls = [origin.answer(f"/{n}", *[response(404)] * (ROUNDS * 4 + 40)) for n in range(20)]
    job = service.submit(urls + [origin.url("/fine")])
    service.wait_done(job)
    seen: dict[int, dict] = {}
    for _ in range(ROUNDS):
        before = service.results(job, "order=completed")
        asked_and_killed(service, chance, lambda: service.post(f"/v1/jobs/{job}/retry"))
        service = start()
        done = service.wait_done(job)
        assert counts_sum(done)
        assert (done["counts"]["failed"], done["counts"]["succeeded"]) == (20, 1)
        after = service.results(job, "order=completed")
        assert sorted(one["index"] for one in after) == list(range(21))
        for one in before + after:
            known = seen.setdefault(one["seq"], one)
            assert known == one, "a seq is never used twice"
        assert max(one["seq"] for one in after) >= max(one["seq"] for one in before)
    assert len(origin.asked("/fine")) == 1
