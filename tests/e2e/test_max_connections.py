"""`egress.max_connections`: one cap for the whole service, however its hosts fall on its shards."""

import contextlib

import pytest

from chaos import PACE
from client import eventually
from origins import Origin
from rivals import done, flood, job_time

HOSTS = [f"127.0.0.{number}" for number in range(1, 25)]  # of both shards, as chance would have it


@pytest.fixture
def everywhere():
    """An origin that all of HOSTS lead to, so that it sees everything that is under way."""
    with contextlib.closing(Origin(address="0.0.0.0")) as one:
        yield one


def pages(origin, hosts, each: int, seconds: float, who: str = "") -> list[str]:
    targets = [f"/{who}{number}" for number in range(each)]
    for target in targets:
        origin.late(target, seconds)
    return [f"http://{host}:{origin.port}{target}" for target in targets for host in hosts]


def most_at_once(origin) -> int:
    return max(origin.at_once(request) for request in list(origin.requests))


@pytest.mark.parametrize("shards", [2, 3])
def test_a_cap_of_one_is_one_exchange_over_all_shards(start, everywhere, shards):
    service = start(shards=shards, egress__max_connections=1)
    jobs = [service.submit(pages(everywhere, HOSTS, 3, 0.002, who)) for who in ("a", "b")]

    for job in jobs:
        assert service.wait_done(job)["counts"]["succeeded"] == 3 * len(HOSTS)
    assert most_at_once(everywhere) == 1


@pytest.mark.parametrize("most", [8, 9])
def test_all_shards_together_have_as_many_as_there_may_be(start, everywhere, most):
    service = start(shards=2, egress__max_connections=most)
    job = service.submit(pages(everywhere, HOSTS, 4, 0.02), concurrency=100)

    assert service.wait_done(job)["counts"]["succeeded"] == 4 * len(HOSTS)
    assert most_at_once(everywhere) == most


def test_a_host_has_them_all_whichever_shard_it_belongs_to(start, everywhere):
    service = start(shards=2, egress__max_connections=8)
    for host in HOSTS[:4]:
        before = len(everywhere.requests)
        job = service.submit(
            pages(everywhere, [host], 60, 0.02), concurrency=100, per_host={"concurrency": 100}
        )
        assert service.wait_done(job)["counts"]["succeeded"] == 60
        assert max(everywhere.at_once(request) for request in everywhere.requests[before:]) == 8


def test_a_tenant_that_is_alone_has_five_sixths_on_one_shard(start, everywhere):
    service = start(shards=2, egress__max_connections=60)
    job = service.submit(
        pages(everywhere, HOSTS[:1], 120, 0.3 * PACE), concurrency=100, per_host={"concurrency": 100}
    )

    eventually(lambda: service.job(job)["counts"]["running"] >= 50, "five sixths")
    assert service.wait_done(job)["counts"]["succeeded"] == 120
    assert most_at_once(everywhere) <= 60


@pytest.mark.parametrize("most", [1, 4, 60])
def test_ten_of_another_tenant_go_on_beside_a_flood_of_one_host(tenants, everywhere, most):
    by = tenants({"shards": 2, "egress.max_connections": most}, a=[], b=[])
    large = flood(by["a"], pages(everywhere, HOSTS[:1], 3_000, 0.02))
    eventually(lambda: done(by["a"], large) > 20, "the flood")

    for host in HOSTS[1:5]:
        ten = pages(everywhere, [host], 10, 0.02, "ten")
        assert job_time(by["b"], ten) < (3 if most == 1 else 1.5) * PACE
    assert not by["a"].job(large)["done"]
    assert by["a"].post(f"/v1/jobs/{large}/cancel").status == 200
    by["a"].wait_done(large)
    assert most_at_once(everywhere) <= most


def test_a_job_without_a_connection_can_be_paused_and_cancelled(start, everywhere):
    service = start(shards=2, egress__max_connections=1)
    everywhere.hang("/held")
    held = service.submit([f"http://{HOSTS[0]}:{everywhere.port}/held"])
    eventually(lambda: everywhere.asked("/held"), "what holds the only connection")
    jobs = [service.submit(pages(everywhere, [host], 3, 0.0, "x")) for host in HOSTS[1:9]]
    for job in jobs[:4]:
        assert service.post(f"/v1/jobs/{job}/pause").status == 200
    for job in jobs[2:6]:
        assert service.post(f"/v1/jobs/{job}/cancel").status == 200
        assert service.wait_done(job)["counts"]["cancelled"] == 3

    everywhere.release()
    for job in jobs[6:]:
        assert service.wait_done(job)["counts"]["succeeded"] == 3
    for job in jobs[:2]:
        assert service.post(f"/v1/jobs/{job}/resume").status == 200
        assert service.wait_done(job)["counts"]["succeeded"] == 3
    assert service.wait_done(held)["counts"]["succeeded"] == 1
    assert most_at_once(everywhere) == 1
