"""CRS-09: the wall clock jumps about; what waits, waits as long as it should, and ids stay in order."""

import pathlib
import struct
import time

import pytest

import origins
import power
from client import SANITIZED, counts_sum, eventually

DAY_S = 86_400
SWEPT_S = 12  # within this time what has expired is looked for

pytestmark = pytest.mark.skipif(SANITIZED, reason="a sanitizer wants to be the first that is loaded")


class WallClock:
    """What the service takes for the time of day, while the time that passes is left alone."""

    def __init__(self, folder: pathlib.Path):
        self._file = folder / "offset"
        self._file.write_bytes(bytes(8))
        self.environment = {
            "LD_PRELOAD": str(power.build_shim(folder, "clock")),
            "CLOCK_OFFSET": str(self._file),
        }

    def set(self, seconds: int) -> None:
        with self._file.open("r+b") as file:
            file.write(struct.pack("=q", seconds))


@pytest.fixture
def clock(tmp_path):
    return WallClock(tmp_path)


def negative(value, path: str = "") -> list[str]:
    """Durations below zero anywhere in a document."""
    if isinstance(value, dict):
        return [one for name, inner in value.items() for one in negative(inner, f"{path}/{name}")]
    if isinstance(value, list):
        return [one for number, inner in enumerate(value) for one in negative(inner, f"{path}/{number}")]
    timed = path.endswith(("_ms", "_us"))
    return [f"{path} = {value}"] if timed and isinstance(value, (int, float)) and value < 0 else []


def running(service, origin, name: str) -> str:
    """A job with an item that gets no answer for two seconds."""
    before = len(origin.requests)
    job = service.submit([origin.hang(f"/{name}")], timeouts={"first_byte": "2s"}, retry={"max_attempts": 1})
    eventually(lambda: len(origin.requests) > before, "the request")
    return job


@pytest.mark.parametrize(
    "jump_s", [DAY_S, -DAY_S, 3652 * DAY_S], ids=["a day on", "a day back", "ten years on"]
)
def test_crs_09_a_clock_that_jumps_moves_no_limit(start, origin, clock, jump_s):
    service = start(environment=clock.environment)
    kept = [service.submit([origin.url(f"/{ttl}")], ttl=ttl) for ttl in ("1h", "30d")]
    for one in kept:
        service.wait_done(one)
    began = time.monotonic()
    job = running(service, origin, "slow")
    clock.set(jump_s)

    done = service.wait_done(job)
    took = time.monotonic() - began

    (result,) = service.results(job, "include=attempts")
    assert result["error"]["code"] == "timeout.first_byte"
    assert 1.8 <= result["timing"]["total_us"] / 1e6 <= 2.2
    assert took >= 1.8
    assert negative(done) + negative(service.get(f"/v1/jobs/{job}/results/0").json) == []
    assert counts_sum(done)
    if jump_s > DAY_S:
        time.sleep(max(0.0, began + SWEPT_S - time.monotonic()))
    for one in kept:
        assert service.job(one)["state"] == "completed", "no storm of retention"
        assert service.get(f"/v1/jobs/{one}/results/0/body").status == 200
    assert service.wait_done(service.submit([origin.url("/after")]))["counts"]["succeeded"] == 1
    assert service.get("/readyz").status == 200


def test_crs_09_a_clock_that_goes_back_again_and_again(start, origin, clock):
    service = start(environment=clock.environment)
    jobs = []
    for second in range(12):
        clock.set(-second)
        jobs.append(service.submit([origin.url(f"/{second}")]))

    done = [service.wait_done(job) for job in jobs]

    assert jobs == sorted(jobs) and len(set(jobs)) == len(jobs), "ids are unique and in order"
    assert [one["id"] for one in service.get("/v1/jobs").json["jobs"]] == jobs[::-1]
    for job, status in zip(jobs, done):
        assert negative(status) + negative(service.get(f"/v1/jobs/{job}/results/0").json) == []


def test_crs_09_what_is_stored_is_taken_up_under_an_earlier_clock(start, origin, clock):
    clock.set(DAY_S)
    service = start(environment=clock.environment)
    job = service.submit([origin.hang("/slow"), origin.url("/quick")])
    service.get(f"/v1/jobs/{job}?wait=60s&return_when=first_completed")
    service.kill()
    clock.set(0)
    origin.release()

    again = start(environment=clock.environment)

    done = again.wait_done(job)
    assert done["counts"]["succeeded"] == 2
    assert negative(done) == []
    later = again.submit([origin.url("/later")])
    assert again.wait_done(later)["state"] == "completed"


def test_crs_09_a_webhook_goes_out_whatever_the_time(start, origin, clock):
    receiver = origins.Origin()
    try:
        service = start(environment=clock.environment, webhooks__retry_span="10s")
        receiver.answer("/hook", origins.response(500), origins.response(200))
        job = service.submit([origin.url("/a")], callbacks=[{"url": receiver.url("/hook")}], ttl="30d")
        eventually(lambda: receiver.asked("/hook"), "the first attempt")
        clock.set(DAY_S)
        eventually(lambda: len(receiver.asked("/hook")) == 2, "the second attempt")
        assert service.job(job)["done"]
    finally:
        receiver.close()
