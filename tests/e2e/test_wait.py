"""Waiting: for one job in every form, and for many at once with `POST /v1/wait`."""

import threading
import time

import pytest

from client import AT_ONCE_S, eventually

UNKNOWN = "job_" + "0" * 32


def wait(service, jobs, **order):
    reply = service.post("/v1/wait", {"jobs": jobs} | order)
    assert reply.status == 200, reply
    return reply.json


# One job.


def test_return_when_count(service, origin):
    job = service.submit([origin.url("/a"), origin.url("/b"), origin.hang("/c")])

    state = service.get(f"/v1/jobs/{job}?wait=30s&return_when=count:2").json

    assert (state["counts"]["succeeded"], state["done"]) == (2, False)
    assert state["waited_ms"] < 30_000
    origin.release()
    assert service.get(f"/v1/jobs/{job}?wait=30s&return_when=count:1000").json["done"]


def test_return_when_first_exception(service, origin, closed_port):
    hung = origin.hang("/c")
    job = service.submit([origin.url("/a"), hung, f"http://127.0.0.1:{closed_port}/"], retry={"max_attempts": 1})

    state = service.get(f"/v1/jobs/{job}?wait=30s&return_when=first_exception").json

    assert (state["counts"]["failed"], state["done"]) == (1, False)
    origin.release()


def test_first_exception_without_one_is_the_end(service, origin):
    job = service.submit([origin.url("/a"), origin.late("/b", 0.2)])

    state = service.get(f"/v1/jobs/{job}?wait=30s&return_when=first_exception").json

    assert state["done"]


def test_return_when_first_completed(service, origin):
    job = service.submit([origin.hang("/a"), origin.url("/b")])

    state = service.get(f"/v1/jobs/{job}?wait=30s&return_when=first_completed").json

    assert (state["counts"]["succeeded"], state["done"]) == (1, False)
    origin.release()


@pytest.mark.parametrize("form", ["", "never", "count", "count:", "count:0", "count:-1", "count:x", "ALL_COMPLETED"])
def test_bad_return_when(service, origin, form):
    job = service.submit([origin.url("/a")])

    assert service.get(f"/v1/jobs/{job}?wait=1s&return_when={form}").status == 400
    assert service.post("/v1/wait", {"jobs": [job], "return_when": form}).status == 422


def test_poll_hints(service, origin):
    job = service.submit([origin.hang("/a")])

    running = service.get(f"/v1/jobs/{job}")
    assert int(running.headers["Retry-After"]) >= 1
    origin.release()
    service.wait_done(job)
    assert "Retry-After" not in service.get(f"/v1/jobs/{job}").headers


def test_status_has_a_tag_of_its_state(service, origin):
    job = service.submit([origin.url("/a"), origin.hang("/b")])
    eventually(lambda: service.job(job)["counts"]["succeeded"] == 1, "the first result")
    # The pace still falls for a moment; then nothing happens any more.
    tag = eventually(
        lambda: (first := service.get(f"/v1/jobs/{job}")).headers["ETag"]
        == service.get(f"/v1/jobs/{job}").headers["ETag"]
        and first.headers["ETag"],
        "two equal tags",
    )
    assert not tag.startswith("W/")

    again = service.get(f"/v1/jobs/{job}", If_None_Match=f'"other", {tag}')
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
    assert int(again.headers["Retry-After"]) >= 1, "it says when to ask again, too"
    coded = tag[:-1] + '-gzip"'
    assert service.get(f"/v1/jobs/{job}", If_None_Match=coded).headers["ETag"] == coded
    assert service.get(f"/v1/jobs/{job}", If_None_Match="*").status == 304
    assert service.get(f"/v1/jobs/{job}", If_Match='"other"').status == 412

    origin.release()
    service.wait_done(job)
    done = service.get(f"/v1/jobs/{job}", If_None_Match=tag)
    assert (done.status, done.json["done"]) == (200, True)
    assert done.headers["ETag"] != tag


def test_each_coding_of_a_status_has_a_tag_of_its_own(service, origin):
    reply = service.post("/v1/jobs", {"urls": [origin.url("/a")], "options": {"tags": ["x" * 60] * 20}})
    job = reply.json["id"]
    service.wait_done(job)

    plain = service.get(f"/v1/jobs/{job}")
    coded = service.get(f"/v1/jobs/{job}", Accept_Encoding="gzip")

    assert coded.headers["Content-Encoding"] == "gzip"
    assert coded.headers["ETag"] == plain.headers["ETag"][:-1] + '-gzip"'
    for tag in (plain.headers["ETag"], coded.headers["ETag"]):
        assert service.get(f"/v1/jobs/{job}", If_None_Match=tag).status == 304


# Many jobs.


def test_wait_for_all(service, origin):
    jobs = [service.submit([origin.url(f"/{n}")]) for n in range(3)]

    said = wait(service, [jobs[0], jobs[1], jobs[0], jobs[2]], timeout="30s")

    assert said["done"] == jobs, "in the order given, each once"
    assert said["not_done"] == []
    assert said["waited_ms"] < 30_000


def test_wait_that_times_out_tells_the_state(service, origin):
    ended, hung = service.submit([origin.url("/a")]), service.submit([origin.hang("/b")])
    service.wait_done(ended)

    said = wait(service, [hung, ended], timeout="100ms")

    assert (said["done"], said["not_done"]) == ([ended], [hung])
    assert 100 <= said["waited_ms"] < 30_000
    assert wait(service, [hung, ended], timeout=0)["done"] == [ended]
    origin.release()


@pytest.mark.parametrize("form", ["first_completed", "count:1"])
def test_wait_for_the_first(service, origin, form):
    hung = service.submit([origin.hang("/b")])
    slow = service.submit([origin.late("/a", 0.2)])

    said = wait(service, [hung, slow], timeout="30s", return_when=form)

    assert (said["done"], said["not_done"]) == ([slow], [hung])
    origin.release()


def test_wait_for_a_count_beyond_the_total_is_for_all(service, origin):
    jobs = [service.submit([origin.late(f"/{n}", 0.1)]) for n in range(2)]

    assert wait(service, jobs, timeout="30s", return_when="count:50")["done"] == jobs


def test_wait_for_the_first_exception(service, origin, closed_port):
    hung = service.submit([origin.hang("/b")])
    fine = service.submit([origin.url("/a")])
    cancelled = service.submit([origin.hang("/c")])
    service.post(f"/v1/jobs/{cancelled}/cancel")
    service.wait_done(cancelled)
    jobs = [hung, fine, cancelled]

    # Neither success nor cancellation is one.
    assert wait(service, jobs, timeout="300ms", return_when="first_exception")["not_done"] == [hung]

    failing = service.submit([f"http://127.0.0.1:{closed_port}/"], retry={"max_attempts": 1})
    said = wait(service, [*jobs, failing], timeout="30s", return_when="first_exception")
    assert failing in said["done"]
    assert said["waited_ms"] < 30_000
    origin.release()


def test_an_expired_job_is_an_exception(service, origin):
    expiring = service.submit([origin.hang("/a")], deadline="300ms")
    hung = service.submit([origin.hang("/b")])

    said = wait(service, [expiring, hung], timeout="30s", return_when="first_exception")

    assert (said["done"], said["not_done"]) == ([expiring], [hung])
    origin.release()


def test_unknown_jobs_refuse_the_wait_and_are_listed(service, origin):
    job = service.submit([origin.url("/a")])

    reply = service.post("/v1/wait", {"jobs": [job, UNKNOWN, "nonsense"]})

    assert (reply.status, reply.json["code"]) == (404, "job.not_found")
    assert [(one["pointer"], one["detail"]) for one in reply.json["errors"]] == [
        ("/jobs/1", UNKNOWN),
        ("/jobs/2", "nonsense"),
    ]


def test_no_jobs_are_done_at_once(service):
    assert wait(service, []) == {"done": [], "not_done": [], "waited_ms": 0}


@pytest.mark.parametrize(
    "body, status",
    [({}, 422), ({"jobs": "x"}, 422), ({"jobs": [1]}, 422), ({"jobs": [""]}, 422), ([], 422),
     ({"jobs": [], "timeout": -1}, 422), ({"jobs": [], "nope": 1}, 422),
     ({"jobs": [UNKNOWN] * 1001}, 422), ("{", 400), ({"jobs": ["x" * 65]}, 422)],
)  # fmt: skip
def test_bad_wait(service, body, status):
    kind = "application/json"
    reply = service.post("/v1/wait", body, kind=kind)

    assert (reply.status, reply.headers["Content-Type"]) == (status, "application/problem+json")


def test_wait_wants_json(service):
    assert service.post("/v1/wait", "jobs=1", kind="application/x-www-form-urlencoded").status == 415


def test_a_wait_wakes_up_when_the_job_ends(service, origin):
    job = service.submit([origin.hang("/a")])
    said = []
    waiter = threading.Thread(target=lambda: said.append(wait(service, [job], timeout="60s")))
    waiter.start()
    eventually(lambda: origin.requests, "the request")

    origin.release()
    released = time.monotonic()
    waiter.join(AT_ONCE_S)

    assert said and said[0]["done"] == [job]
    assert time.monotonic() - released < AT_ONCE_S


def test_a_wait_beyond_the_longest_is_shortened(start, origin):
    service = start(limits__max_wait="200ms")
    job = service.submit([origin.hang("/a")])

    said = wait(service, [job], timeout="1h")

    assert said["not_done"] == [job]
    assert 200 <= said["waited_ms"] < 30_000
    origin.release()
