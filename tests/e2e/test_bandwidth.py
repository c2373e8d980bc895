"""egress.bandwidth: what all bodies together may come with, whichever protocol brings them."""

import hashlib
import random
import time

import pytest

import servers

RATE = 1 << 20
SLACK = 0.1  # seconds that may come at once
LARGE = random.Random(7).randbytes(2 << 20)
SMALL = random.Random(8).randbytes(16 << 10)


@pytest.fixture(scope="module")
def site(tmp_path_factory, authority):
    root = tmp_path_factory.mktemp("site")
    (root / "large.bin").write_bytes(LARGE)
    for n in range(128):
        (root / f"{n}.bin").write_bytes(SMALL)
    certificate, key = authority.issue("bandwidth", "IP:127.0.0.1,IP:::1")
    with servers.caddy(servers.Stage(tmp_path_factory.mktemp("caddy"), root, certificate, key)) as one:
        yield one


@pytest.fixture
def narrow(start, authority):
    return start(fetch__ca_file=str(authority.ca), egress__bandwidth=f"{RATE}B")


def took(service, urls, **options) -> tuple[float, list[dict]]:
    begun = time.monotonic()
    job = service.submit(urls, **options)
    service.wait_done(job)
    return time.monotonic() - begun, service.results(job)


@pytest.mark.parametrize("version", ["1.1", "2"])
def test_large_and_small_bodies_come_as_fast_as_they_may(narrow, site, version):
    large = [f"{site.tls13}/large.bin"]
    small = [f"{site.tls13}/{n}.bin" for n in range(128)]
    for urls, body in ((large, LARGE), (small, SMALL)):
        due = len(body) * len(urls) / RATE - SLACK
        taken = []
        while len(taken) < 3 and min(taken, default=due * 9) > due * 1.5 + 1:  # a machine may be busy
            seconds, results = took(narrow, urls, http_version=version)
            taken.append(seconds)
            assert {one["http_version"] for one in results} == {version}
            assert {one["sha256"] for one in results} == {hashlib.sha256(body).hexdigest()}
        assert due * 0.95 <= min(taken) <= due * 1.5 + 1, (taken, due)


def test_bodies_share_it(narrow, site):
    seconds, results = took(narrow, [f"{site.plain}/large.bin"] * 3)
    assert seconds >= 0.95 * (6 - SLACK), seconds
    ends = sorted(one["finished_at"] for one in results)
    starts = [one["timing"]["total_us"] / 1e6 for one in results]
    assert min(starts) > seconds / 2, (starts, ends)  # none of them had to wait for another's end


def test_the_time_of_an_attempt_holds_while_it_rests(narrow, site):
    seconds, results = took(
        narrow, [f"{site.plain}/large.bin"] * 3, timeouts={"total": "2s"}, retry={"max_attempts": 1}
    )
    assert {one["error"]["code"] for one in results} == {"timeout.total"}
    assert seconds < 4, seconds


def test_a_cancelled_job_does_not_rest(narrow, site):
    job = narrow.submit([f"{site.plain}/large.bin"] * 8)
    time.sleep(0.5)
    begun = time.monotonic()
    narrow.post(f"/v1/jobs/{job}/cancel", {})
    assert narrow.wait_done(job)["state"] == "cancelled"
    assert time.monotonic() - begun < 1
