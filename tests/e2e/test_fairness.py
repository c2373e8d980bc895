"""What one tenant does costs the others no more than their share.

With FANFETCH_SOAK=1 at the figures of the bar; else shorter, on a machine that other tests use too.
"""

import contextlib
import socket
import threading
import time

import pytest

from chaos import PACE, SANITIZED, Chaos, Names
from client import eventually
from rivals import NOISE_S, SOAK, done, flood, jain, job_time, rates, times, worst

pytestmark = pytest.mark.soak

SECONDS = 30 if SOAK else 4 * PACE
timed = pytest.mark.skipif(SANITIZED, reason="a matter of speed")


@pytest.fixture(scope="module")
def sleepy():
    """An origin whose /delay/ takes 50 ms."""
    one = Chaos("--delay", "50ms")
    yield one
    assert one.stop() == 0


def pages(sleepy, count: int, who: str, host: str = "127.0.0.1"):
    return (sleepy.url(f"/delay/{who}{number}?bytes=64", host) for number in range(count))


@timed
def test_fair_01_a_million_urls_of_one_do_not_delay_ten_of_another(tenants, sleepy):
    by = tenants({"host.max_concurrency": "64"}, a=[], b=[])
    ten = list(pages(sleepy, 10, "b"))
    rounds = 60 if SOAK else 8
    alone = times(by["b"], ten, rounds)

    job = flood(by["a"], pages(sleepy, 1_000_000 if SOAK else 30_000, "a"), concurrency=64)
    eventually(lambda: done(by["a"], job) > 0, "the flood")
    solo = rates({"a": (by["a"], job)}, SECONDS)["a"]
    beside, pause = [], threading.Event()
    before, began = done(by["a"], job), time.monotonic()
    for _ in range(rounds):
        beside.append(job_time(by["b"], ten))
        pause.wait(1 if SOAK else 0.2)
    took = time.monotonic() - began
    meanwhile = (done(by["a"], job) - before) / took
    assert not by["a"].job(job)["done"], "it was to last longer"

    assert worst(beside) <= 2 * worst(alone) + 0.25 * PACE and worst(beside) <= 2 * PACE, (alone, beside)
    assert meanwhile >= 0.7 * solo


@timed
@pytest.mark.parametrize("hosts", ["one host", "a host each"])
def test_fair_02_equal_tenants_get_the_same(tenants, sleepy, hosts, names):
    settings = {"host.max_concurrency": "64", "dns.servers": names.address, "shards": "1"}
    if hosts == "a host each":
        settings["egress.max_connections"] = "68"
    by = tenants(settings, **{f"t{number}": [] for number in range(20)})
    host = "127.0.0.1" if hosts == "one host" else "{}.test"
    jobs = {
        name: (service, flood(service, pages(sleepy, 20_000 if SOAK else 6_000, name, host.format(name))))
        for name, service in by.items()
    }
    eventually(lambda: all(done(*job) > 0 for job in jobs.values()), "everybody's first result")

    shares = rates(jobs, SECONDS)

    assert jain(list(shares.values())) >= 0.95, shares


@timed
@pytest.mark.parametrize("hosts", ["one host", "a host each"])
def test_fair_02_what_tenants_get_is_as_they_weigh(tenants, sleepy, hosts, names):
    settings = {"host.max_concurrency": "56", "dns.servers": names.address, "shards": "1"}
    if hosts == "a host each":
        settings["egress.max_connections"] = "59"  # three of which are the interactive lane's
    by = tenants(settings, one=["--weight", "1"], two=["--weight", "2"], four=["--weight", "4"])
    host = "127.0.0.1" if hosts == "one host" else "{}.test"
    jobs = {
        name: (service, flood(service, pages(sleepy, 60_000 if SOAK else 20_000, name, host.format(name))))
        for name, service in by.items()
    }
    eventually(lambda: all(done(*job) > 50 for job in jobs.values()), "everybody's first results")

    share = rates(jobs, SECONDS)

    unit = sum(share.values()) / 7
    for name, weight in {"one": 1, "two": 2, "four": 4}.items():
        assert share[name] == pytest.approx(weight * unit, rel=0.1), share


@timed
@pytest.mark.parametrize("connections", [10_000, 256])
def test_fair_03_black_holes_are_their_tenants_trouble(tenants, sleepy, names, connections):
    settings = {"dns.servers": names.address, "egress.max_connections": connections}
    by = tenants(settings, a=[], b=[])
    urls = list(pages(sleepy, 40, "b"))
    alone = times(by["b"], urls, 20, concurrency=10)

    holes = (sleepy.url("/zoo/silent", f"hole{number}.test") for number in range(2_000))
    job = flood(by["a"], holes, timeouts={"total": 2 * PACE}, retry={"max_attempts": 1})
    eventually(lambda: by["a"].job(job)["counts"]["running"] > 50, "the black holes")
    beside = times(by["b"], urls, 20, concurrency=10)

    assert worst(beside) <= 1.5 * worst(alone) + NOISE_S, (alone, beside)


@timed
def test_fair_04_slow_names_are_their_tenants_trouble(tenants, sleepy):
    with contextlib.closing(Names(2 * PACE, b"slow")) as names:
        by = tenants({"dns.servers": names.address, "dns.timeout": f"{5 * PACE}s"}, a=[], b=[])
        urls = list(pages(sleepy, 40, "b"))
        alone = times(by["b"], urls, 20, concurrency=10)
        slow = (sleepy.url("/local/", f"slow{number}.test") for number in range(2_000))
        job = flood(by["a"], slow)
        eventually(lambda: by["a"].job(job)["counts"]["running"] > 50, "the slow names")
        beside = times(by["b"], urls, 20, concurrency=10)

    assert worst(beside) <= 1.5 * worst(alone) + NOISE_S, (alone, beside)


def slow_reader(service, job: str) -> socket.socket:
    """A client that asks for a long stream and does not read it."""
    link = socket.socket()
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    link.connect(("127.0.0.1", service.port))
    link.sendall(
        f"GET /v1/jobs/{job}/results?include=headers&follow=true HTTP/1.1\r\nHost: x\r\n"
        f"Accept: application/x-ndjson\r\nAuthorization: Bearer {service.key}\r\n\r\n".encode()
    )
    return link


@timed
def test_fair_05_slow_readers_and_slow_webhooks_are_their_tenants_trouble(tenants, sleepy, origin):
    by = tenants({}, a=[], b=[])
    urls = list(pages(sleepy, 40, "b"))
    many = flood(by["a"], (sleepy.url(f"/local/{number}") for number in range(3_000)))
    by["a"].wait_done(many)
    alone = times(by["b"], urls, 20, concurrency=10)

    with contextlib.ExitStack() as readers:
        for _ in range(200):
            readers.enter_context(slow_reader(by["a"], many))
        for number in range(40):
            callbacks = [{"url": origin.hang(f"/hook/{number}-{one}")} for one in range(5)]
            by["a"].submit([sleepy.url("/local/")], callbacks=callbacks)
        eventually(lambda: origin.accepts > 0, "a webhook under way")
        beside = times(by["b"], urls, 20, concurrency=10)
        quick = by["b"].submit([sleepy.url("/local/")], callbacks=[{"url": origin.url("/quick")}])
        eventually(lambda: origin.asked("/quick"), f"the webhook of {quick}")

    assert worst(beside) <= 1.5 * worst(alone) + NOISE_S, (alone, beside)


def test_fair_06_a_tenant_at_its_storage_quota_waits_and_others_do_not(tenants, origin):
    by = tenants({}, a=["--max-stored-bytes", "200000"], b=[])
    large = "x" * 10_000
    for number in range(60):
        origin.answer(f"/{number}", b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n" + large.encode())
    first = by["a"].submit([origin.url(f"/{number}") for number in range(10)])
    by["a"].wait_done(first)
    job = by["a"].submit([origin.url(f"/{number}") for number in range(60)], concurrency=2)

    def waits():
        page = by["a"].get(f"/v1/jobs/{job}/results?page_size=1000").json["results"]
        return [row for row in page if row.get("waiting_for") == "quota"]

    eventually(waits, "the quota")
    eventually(lambda: by["a"].job(job)["counts"]["waiting"], "what is shown")
    counts = by["a"].job(job)["counts"]
    assert not counts["failed"] and not counts["cancelled"]
    # Quotas are weighed when a loop turn ends: what was in flight may end in one turn, and be followed.
    assert counts["succeeded"] <= 10 + 2 * 2, "what fits, and what was in flight"
    reply = by["a"].post("/v1/jobs", {"urls": [origin.url("/1")]})
    assert (reply.status, reply.json["code"]) == (429, "quota.exceeded")
    assert reply.headers["Retry-After"] and '"stored_bytes";q=200000' in reply.headers["RateLimit-Policy"]
    by["b"].wait_done(by["b"].submit([origin.url(f"/{number}") for number in range(60)]))

    done_before = done(by["a"], job)
    assert by["a"].call("DELETE", f"/v1/jobs/{first}").status == 204
    eventually(lambda: done(by["a"], job) > done_before, "room for more")
    assert by["a"].post(f"/v1/jobs/{job}/cancel").status == 200
    by["a"].wait_done(job)
    assert by["a"].call("DELETE", f"/v1/jobs/{job}").status == 204
    by["a"].wait_done(by["a"].submit([origin.url("/1")]))


@timed
def test_fair_07_a_flood_leaves_others_their_share_of_a_host(tenants, sleepy):
    by = tenants({"host.max_concurrency": "32"}, a=[], b=[])
    jobs = [flood(by["a"], pages(sleepy, 20_000, f"a{number}-")) for number in range(5)]
    eventually(lambda: sum(done(by["a"], job) for job in jobs) > 50, "the flood")
    job = flood(by["b"], pages(sleepy, 20_000, "b"))
    eventually(lambda: done(by["b"], job) > 20, "the other one's turn")

    slots = [by["b"].job(job)["counts"]["running"] for _ in range(200)]

    assert sum(slots) / len(slots) >= 0.4 * 32, slots


@timed
def test_fair_08_many_jobs_are_no_more_than_one(tenants, sleepy):
    by = tenants({"host.max_concurrency": "32"}, a=[], b=[])
    count = 10_000 if SOAK else 300
    with contextlib.closing(by["a"].connect()) as link:
        fields = {"Authorization": f"Bearer {by['a'].key}", "Content-Type": "text/plain"}
        body = "".join(url + "\n" for url in pages(sleepy, 50, "a"))
        for _ in range(count):
            link.request("POST", "/v1/jobs", body=body, headers=fields)
            reply = link.getresponse()
            reply.read()
            assert reply.status == 202
    job = flood(by["b"], pages(sleepy, 20_000, "b"))
    eventually(lambda: done(by["b"], job) > 20, "the other one's turn")

    slots = [by["b"].job(job)["counts"]["running"] for _ in range(200)]

    assert sum(slots) / len(slots) >= 0.4 * 32, slots
