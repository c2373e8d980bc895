"""What ends a job and what comes first: deadlines, error budgets, time to live, priority, lanes."""

import datetime
import threading

import pytest

from client import counts_sum, eventually
from origins import response


def segments(service_folder) -> list:
    return sorted((service_folder / "segments").iterdir())


@pytest.mark.parametrize("form", ["duration", "time"])
def test_a_deadline_expires_the_job(service, origin, form):
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)
    deadline = "500ms" if form == "duration" else soon.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    job = service.submit([origin.url("/fine"), origin.hang("/a"), origin.hang("/b")], deadline=deadline)

    done = service.wait_done(job)

    assert (done["state"], done["state_reason"]) == ("expired", "deadline")
    assert counts_sum(done) and done["counts"]["cancelled"] == 2
    codes = [one["error"] and one["error"]["code"] for one in service.results(job)]
    assert codes == [None, "cancelled.deadline", "cancelled.deadline"]


def test_a_deadline_that_passed_while_nobody_ran_expires_the_job(start, origin):
    service = start()
    job = service.submit([origin.hang("/a")], deadline="800ms")
    service.kill()
    threading.Event().wait(0.9)

    done = start().wait_done(job)

    assert (done["state"], done["state_reason"]) == ("expired", "deadline")


@pytest.mark.parametrize(
    "budget, failed_first, ends",
    [("stop", 1, True), ("stop_after:3", 2, False), ("stop_after:3", 3, True), ("continue", 9, False),
     ("stop_after:50%", 4, False), ("stop_after:50%", 9, True)],
)  # fmt: skip
def test_an_error_budget_ends_the_job(service, origin, budget, failed_first, ends):
    bad = [origin.answer(f"/bad/{n}", response(404)) for n in range(failed_first)]
    good = [origin.url(f"/good/{n}") for n in range(200)]
    job = service.submit(bad + good, on_error=budget, concurrency=1)

    done = service.wait_done(job)

    assert counts_sum(done) and done["counts"]["total"] == failed_first + 200
    if ends:
        assert (done["state"], done["state_reason"]) == ("cancelled", "error_budget")
        cancelled = service.results(job, "state=cancelled")
        assert {one["error"]["code"] for one in cancelled} == {"cancelled.error_budget"}
        assert done["counts"]["cancelled"] == len(cancelled) > 0
    else:
        assert (done["state"], done["counts"]["succeeded"]) == ("completed", 200)


@pytest.mark.parametrize("concurrency", [1, 8])
@pytest.mark.parametrize("budget, allowed", [("stop", 1), ("stop_after:5", 5), ("stop_after:50%", 10)])
def test_no_more_fail_than_the_error_budget_and_what_was_in_flight(
    service, chaotic, budget, allowed, concurrency
):
    """However fast answers come: results are on their way to the disk while others would start."""
    urls = [chaotic.url(f"/local/{n}?bytes=1") for n in range(2000)]
    job = service.submit(urls, on_error=budget, concurrency=concurrency, accept_status=[204])

    done = service.wait_done(job)

    assert (done["state"], done["state_reason"]) == ("cancelled", "error_budget")
    assert counts_sum(done)
    assert allowed <= done["counts"]["failed"] < allowed + concurrency


def test_a_run_again_has_an_error_budget_of_its_own(service, chaotic):
    urls = [chaotic.url(f"/local/{n}?bytes=1") for n in range(20)]
    job = service.submit(urls, on_error="stop_after:3", concurrency=1, accept_status=[204])
    assert service.wait_done(job)["counts"]["failed"] == 3

    for failed in (6, 9):
        again = service.post(f"/v1/jobs/{job}/retry", {"state": ["cancelled"]})
        assert again.status == 200, again
        done = service.wait_done(job)
        assert (done["state_reason"], done["counts"]["failed"]) == ("error_budget", failed)
        assert counts_sum(done)


def test_after_its_time_to_live_a_job_is_gone_and_its_segments_with_it(start, tmp_path, origin):
    service = start()
    url = origin.answer("/big", response(200, b"x" * 2_000_000))  # so long that it has its own
    job = service.submit([url] * 3, ttl="1s")
    kept = service.submit([origin.url("/kept")], ttl="1h")
    done = service.wait_done(job)
    service.wait_done(kept)
    assert done["expires_at"] > done["finished_at"]
    assert len(segments(tmp_path / "data")) == 4

    eventually(lambda: service.get(f"/v1/jobs/{job}").status == 404, "its time to pass")
    listed = lambda: [one["id"] for one in service.get("/v1/jobs").json["jobs"]]  # noqa: E731
    eventually(lambda: job not in listed(), "the sweep")
    assert service.get(f"/v1/jobs/{job}/results").status == 404
    assert service.get(f"/v1/jobs/{job}/results/0/body").status == 404
    assert service.call("PATCH", f"/v1/jobs/{job}", {"ttl": "1h"}).status == 404
    assert service.get(f"/v1/jobs/{kept}/results/0/body").body == b"/kept"

    eventually(lambda: len(segments(tmp_path / "data")) == 1, "its segments to go")


def test_of_a_tenants_jobs_the_urgent_one_goes_first(start, origin):
    service = start(host__max_concurrency="1")
    patient = service.submit([origin.late(f"/patient/{n}", 0.01) for n in range(300)])
    urgent = service.submit([origin.late(f"/urgent/{n}", 0.01) for n in range(20)], priority=10)

    service.wait_done(urgent)

    assert service.job(patient)["counts"]["succeeded"] < 200
    service.post(f"/v1/jobs/{patient}/cancel")
    assert service.wait_done(patient)["state"] == "cancelled"


def test_the_interactive_lane_goes_before_a_flood(start, origin):
    service = start(host__max_concurrency="1")
    flood = service.submit([origin.late(f"/flood/{n}", 0.01) for n in range(300)], priority=100)
    quick = service.submit([origin.url("/quick")], lane="interactive")

    service.wait_done(quick)

    assert service.job(flood)["counts"]["succeeded"] < 200
    service.post(f"/v1/jobs/{flood}/cancel")
    service.wait_done(flood)
