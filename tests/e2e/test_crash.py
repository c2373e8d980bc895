"""A killed process loses nothing that it acknowledged, and nothing that a client saw changes."""

import contextlib
import http.client
import os
import random
import threading

import pytest

from client import LIMIT_S, SOAK, counts_sum, eventually

ITEMS = 40
MOST_JOBS = 40

# What a client sees when the process dies under it.
DEATH = (OSError, http.client.HTTPException, ValueError)


class Load:
    """Clients that submit, poll and follow until the service dies."""

    def __init__(self, service, origin, number: int):
        self.service = service
        self.origin = origin
        self.number = number
        self.acknowledged: list[str] = []
        self.followed: dict[str, list[dict]] = {}
        self.unbalanced: list[dict] = []
        self._pause = threading.Event()
        self._threads = [
            threading.Thread(target=work) for work in (self._submit, self._poll, self._follow)
        ]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(LIMIT_S)
            assert not thread.is_alive()

    def _submit(self) -> None:
        with contextlib.suppress(*DEATH):
            while len(self.acknowledged) < MOST_JOBS:
                name = f"/{self.number}-{len(self.acknowledged)}-"
                urls = [self.origin.url(name + str(item)) for item in range(ITEMS)]
                reply = self.service.post("/v1/jobs", {"urls": urls, "options": {"concurrency": 5}})
                if reply.status == 202:
                    self.acknowledged.append(reply.json["id"])

    def _poll(self) -> None:
        with contextlib.suppress(*DEATH):
            while True:
                jobs = self.service.get("/v1/jobs").json["jobs"]
                self.unbalanced += [job for job in jobs if not counts_sum(job)]

    def _follow(self) -> None:
        with contextlib.suppress(*DEATH):
            followed = 0
            while self.service.process.poll() is None:
                if followed == len(self.acknowledged):
                    self._pause.wait(0.005)  # gives way to the one that submits
                    continue
                job = self.acknowledged[followed]
                followed += 1
                seen = self.followed[job] = []
                path = f"/v1/jobs/{job}/results?follow=true"
                with self.service.stream(path) as lines:
                    for line in lines:
                        seen.append(line)


def without_end(lines: list[dict]) -> list[dict]:
    return [line for line in lines if "end" not in line]


def kill_and_look(start, origin, number: int, pause_s: float, at_work: bool = False) -> int:
    """One life of the service, ended by force, and what its successor says; jobs looked at.

    The force comes `pause_s` after the start, or after the first job if it is to be `at_work`.
    """
    service = start()
    load = Load(service, origin, number)
    if at_work:
        eventually(lambda: load.acknowledged, "a job")
    threading.Event().wait(pause_s)
    service.kill()
    load.join()
    assert load.unbalanced == []

    again = start()
    for job in load.acknowledged:
        done = again.wait_done(job)
        assert done["state"] == "completed", done
        assert counts_sum(done)
        assert (done["counts"]["total"], done["counts"]["succeeded"]) == (ITEMS, ITEMS)

        with again.stream(f"/v1/jobs/{job}/results?follow=true") as lines:
            after = without_end(list(lines))
        assert [one["seq"] for one in after] == list(range(1, ITEMS + 1))
        assert sorted(one["index"] for one in after) == list(range(ITEMS))
        before = without_end(load.followed.get(job, []))
        assert before == after[: len(before)], "what a follower saw stays as it was"

        sample = after[number % ITEMS]
        body = again.get(sample["links"]["body"])
        assert body.body == sample["url"].removeprefix(origin.url("")).encode()
    assert again.stop() == 0
    return len(load.acknowledged)


@pytest.mark.soak
@pytest.mark.parametrize("number", range(100 if SOAK else 5))
def test_kill_9_loses_nothing(start, origin, number):
    seed = int(os.environ.get("FANFETCH_SEED", random.randrange(2**32)))
    print(f"FANFETCH_SEED={seed}")
    pause_s = random.Random(seed).uniform(0.05, 1.0)

    kill_and_look(start, origin, number, pause_s)


def test_kill_9_again_and_again_on_one_directory(start, origin):
    seed = int(os.environ.get("FANFETCH_SEED", random.randrange(2**32)))
    print(f"FANFETCH_SEED={seed}")
    moments = random.Random(seed)

    looked_at = sum(
        kill_and_look(start, origin, life, moments.uniform(0.0, 1.0), at_work=True)
        for life in range(3)
    )

    assert looked_at > 0
    service = start()
    jobs, token = [], ""
    while token is not None:
        page = service.get("/v1/jobs?page_size=1000" + (f"&page_token={token}" if token else "")).json
        jobs += page["jobs"]
        token = page["next_page_token"]
    assert len({job["id"] for job in jobs}) == len(jobs) >= looked_at
    assert all(job["done"] and counts_sum(job) for job in jobs)


def test_items_in_flight_when_it_dies_are_fetched_again(start, origin):
    service = start()
    job = service.submit([origin.url("/done"), origin.hang("/hangs")])
    service.get(f"/v1/jobs/{job}?wait=60s&return_when=first_completed")
    before = service.get(f"/v1/jobs/{job}/results?order=completed").json["results"]
    eventually(lambda: origin.asked("/hangs"), "the request that hangs")
    service.kill()
    origin.release()

    again = start()
    done = again.wait_done(job)

    assert done["counts"]["succeeded"] == 2
    after = again.results(job, "order=completed")
    assert [(one["seq"], one["index"]) for one in after] == [(1, 0), (2, 1)]
    assert before == after[:1]
    assert len(origin.asked("/done")) == 1, "what has a result is not fetched again"
    assert len(origin.asked("/hangs")) == 2


def test_cancelled_job_stays_cancelled(start, origin):
    service = start()
    job = service.submit([origin.hang(f"/{n}") for n in range(5)])
    service.post(f"/v1/jobs/{job}/cancel")
    before = service.wait_done(job)
    service.kill()

    again = start()

    after = again.wait_done(job)
    assert {**before, "waited_ms": 0} == {**after, "waited_ms": 0}


def test_erased_job_stays_erased(start, origin):
    service = start()
    job = service.submit([origin.url("/a")])
    service.wait_done(job)
    assert service.call("DELETE", f"/v1/jobs/{job}").status == 204
    service.kill()

    assert start().get(f"/v1/jobs/{job}").status == 404


def test_half_an_upload_is_not_left_running(start, origin):
    service = start()
    lines = "".join(f"{origin.url(f'/{n}')}\n" for n in range(5000)).encode()
    head = "POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
    with contextlib.closing(service.connect()) as link:
        link.connect()
        link.sock.sendall(f"{head}Content-Length: {len(lines) + 100}\r\n\r\n".encode() + lines)
        eventually(lambda: service.get("/v1/jobs").json["jobs"], "the job of the upload")
        service.kill()

    again = start()

    job = again.get("/v1/jobs").json["jobs"][0]["id"]
    done = again.wait_done(job)
    assert (done["state"], done["state_reason"]) == ("cancelled", "upload_aborted")
    assert counts_sum(done)
