"""What a job can be told: pause and resume, items of an open job, PATCH, retry; also over a kill."""

import contextlib
import datetime
import json
import socket
import threading
import time

import pytest

import hooks
from client import counts_sum, eventually
from origins import response


def act(service, job: str, verb: str, body=None):
    return service.post(f"/v1/jobs/{job}/{verb}", body)


def items_of(service, job: str) -> list[dict]:
    """What a job that goes on has so far."""
    return service.get(f"/v1/jobs/{job}/results?page_size=1000").json["results"]


def asked_of(origin) -> int:
    return len(origin.requests)


# Pausing.


def test_a_paused_job_starts_nothing_and_what_is_in_flight_ends(service, origin):
    hanging = [origin.hang(f"/hangs/{n}") for n in range(2)]
    job = service.submit(hanging + [origin.url(f"/{n}") for n in range(20)], concurrency=2)
    eventually(lambda: len(origin.requests) == 2, "both that hang are in flight")

    paused = act(service, job, "pause")
    again = act(service, job, "pause")
    origin.release()

    assert (paused.status, paused.json["state"]) == (200, "paused")
    assert (again.status, again.json["state"]) == (200, "paused")
    done = eventually(lambda: service.job(job)["counts"]["succeeded"] == 2, "the two in flight")
    assert done and service.job(job)["state"] == "paused"
    assert {one["state"] for one in items_of(service, job)} == {"succeeded", "queued"}
    assert asked_of(origin) == 2
    other = service.submit([origin.url("/other")])
    assert service.wait_done(other)["counts"]["succeeded"] == 1, "others go on"
    assert asked_of(origin) == 3

    resumed = act(service, job, "resume")

    assert (resumed.status, resumed.json["state"]) == (200, "running")
    assert act(service, job, "resume").status in (200, 409), "it may be done by now"
    assert service.wait_done(job)["counts"]["succeeded"] == 22


def test_a_pause_before_anything_started_and_a_wait_for_it(service, origin, closed_port):
    job = service.post("/v1/jobs?sealed=false", {}).json["id"]
    assert act(service, job, "pause").json["state"] == "paused"
    appended = service.post(f"/v1/jobs/{job}/items", {"urls": [origin.url("/a")]})
    assert (appended.status, appended.json["counts"]["queued"]) == (202, 1)

    waited = service.get(f"/v1/jobs/{job}?wait=200ms")

    assert (waited.status, waited.json["state"]) == (200, "paused")
    assert asked_of(origin) == 0
    assert act(service, job, "resume").json["state"] in ("pending", "running")
    act(service, job, "seal")
    assert service.wait_done(job)["counts"]["succeeded"] == 1


def test_a_retry_that_comes_due_while_paused_waits_for_the_resume(service, origin):
    url = origin.answer("/flaky", response(503, Retry_After="2"), response(200, b"fine"))
    job = service.submit([url])
    eventually(lambda: asked_of(origin) == 1, "the first attempt")
    act(service, job, "pause")
    eventually(lambda: items_of(service, job)[0]["state"] == "queued", "the retry came due")
    assert asked_of(origin) == 1

    act(service, job, "resume")

    assert service.wait_done(job)["counts"]["succeeded"] == 1
    assert service.get(f"/v1/jobs/{job}/results/0").json["attempts_made"] == 2


def test_a_paused_job_can_be_cancelled_and_its_deadline_holds(service, origin):
    urls = [origin.hang(f"/{n}") for n in range(5)]
    paused = service.submit(urls, concurrency=1)
    act(service, paused, "pause")
    service.post(f"/v1/jobs/{paused}/cancel")
    assert service.wait_done(paused)["state"] == "cancelled"

    late = service.submit(urls, concurrency=1, deadline="400ms")
    act(service, late, "pause")
    done = service.wait_done(late)

    assert (done["state"], done["state_reason"]) == ("expired", "deadline")
    assert counts_sum(done)


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_a_done_or_unknown_job_cannot_be_paused(service, origin, verb):
    job = service.submit([origin.url("/a")])
    service.wait_done(job)

    done = act(service, job, verb)
    unknown = act(service, "job_" + "0" * 32, verb)

    assert (done.status, done.json["code"]) == (409, "job.done")
    assert (unknown.status, unknown.json["code"]) == (404, "job.not_found")


def test_a_paused_job_is_paused_after_a_kill(start, origin):
    service = start()
    job = service.submit([origin.hang("/first")] + [origin.url(f"/{n}") for n in range(5)], concurrency=1)
    eventually(lambda: asked_of(origin) == 1, "the first")
    assert act(service, job, "pause").status == 200
    service.kill()
    origin.release()

    again = start()

    assert again.job(job)["state"] == "paused"
    assert again.get(f"/v1/jobs/{job}?wait=300ms").json["state"] == "paused"
    assert asked_of(origin) == 1
    act(again, job, "resume")
    assert again.wait_done(job)["counts"]["succeeded"] == 6


# Open jobs.


def test_an_open_job_takes_items_until_it_is_sealed(service, origin):
    created = service.post("/v1/jobs?sealed=false", {"urls": [origin.url("/first")]})
    job = created.json["id"]
    assert (created.status, created.json["sealed"]) == (202, False)
    eventually(lambda: service.job(job)["counts"]["succeeded"] == 1, "the first item")
    assert service.job(job)["state"] == "running", "nothing left to do, but it is not over"

    for kind, text in {
        "text/plain": origin.url("/text") + "\n",
        "application/x-ndjson": json.dumps({"url": origin.url("/ndjson"), "id": "n"}),
        "text/csv": "url\n" + origin.url("/csv") + "\n",
        "text/tab-separated-values": "TsvHttpData-1.0\n" + origin.url("/tsv") + "\n",
    }.items():
        reply = service.post(f"/v1/jobs/{job}/items", text, kind=kind)
        assert reply.status == 202, reply
    more = service.post(f"/v1/jobs/{job}/items", {"requests": [{"url": origin.url("/json"), "id": "j"}]})
    assert more.json["counts"]["total"] == 6
    assert service.post(f"/v1/jobs/{job}/items", {"urls": []}).status == 202, "nothing is fine, too"

    sealed = act(service, job, "seal")
    again = act(service, job, "seal")

    assert (sealed.status, sealed.json["sealed"]) == (200, True)
    assert again.status == 200
    done = service.wait_done(job)
    assert (done["state"], done["counts"]["succeeded"]) == ("completed", 6)
    assert [one["url"].rsplit("/", 1)[1] for one in service.results(job)] == [
        "first", "text", "ndjson", "csv", "tsv", "json",
    ]  # fmt: skip
    late = service.post(f"/v1/jobs/{job}/items", {"urls": [origin.url("/late")]})
    assert (late.status, late.json["code"]) == (409, "job.done")
    assert act(service, job, "seal").status == 200, "the answer may have been lost"


def test_a_sealed_job_takes_no_items_and_options_are_the_jobs(service, origin):
    job = service.submit([origin.hang("/a")])
    late = service.post(f"/v1/jobs/{job}/items", {"urls": [origin.url("/late")]})
    assert (late.status, late.json["code"]) == (409, "job.sealed")
    service.post(f"/v1/jobs/{job}/cancel")

    opened = service.post("/v1/jobs?sealed=false", {"urls": [origin.url("/b")]}).json["id"]
    body = {"urls": [origin.url("/c")], "options": {"concurrency": 1}}
    refused = service.post(f"/v1/jobs/{opened}/items", body)
    line = json.dumps({"options": {"concurrency": 1}})
    refused_line = service.post(f"/v1/jobs/{opened}/items", line, kind="application/x-ndjson")

    assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "/options")
    assert refused_line.status == 422
    assert service.job(opened)["counts"]["total"] == 1
    service.post(f"/v1/jobs/{opened}/cancel")


def test_an_empty_job_is_refused_unless_it_is_open(service):
    assert service.post("/v1/jobs", {"urls": []}).json["code"] == "job.empty"
    for kind, text in {"text/plain": "", "application/x-ndjson": "\n", "text/csv": "url\n"}.items():
        assert service.post("/v1/jobs", text, kind=kind).json["code"] == "job.empty"
        opened = service.post("/v1/jobs?sealed=false", text, kind=kind)
        assert (opened.status, opened.json["counts"]["total"]) == (202, 0)
        assert act(service, opened.json["id"], "seal").status == 200
        assert service.wait_done(opened.json["id"])["state"] == "completed"


def test_appends_at_the_same_time_all_count_and_none_beyond_the_limit(start, origin):
    service = start(limits__max_items_per_job="100")
    job = service.post("/v1/jobs?sealed=false", {}).json["id"]
    statuses = []

    def append(number):
        urls = [origin.url(f"/{number}-{item}") for item in range(10)]
        statuses.append(service.post(f"/v1/jobs/{job}/items", {"urls": urls}).status)

    threads = [threading.Thread(target=append, args=(number,)) for number in range(14)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [202] * 10 + [413] * 4
    act(service, job, "seal")
    done = service.wait_done(job)
    assert (done["state"], done["counts"]["succeeded"]) == ("completed", 100)
    assert len({one["url"] for one in service.results(job)}) == 100


def test_an_append_that_broke_off_leaves_what_it_brought_and_the_job_goes_on(service, origin):
    job = service.post("/v1/jobs?sealed=false", {}).json["id"]
    lines = "".join(f"{origin.url(f'/{n}')}\n" for n in range(5000)).encode()
    with contextlib.closing(service.connect()) as link:
        link.connect()
        head = f"POST /v1/jobs/{job}/items HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
        link.sock.sendall(f"{head}Content-Length: {len(lines) + 100}\r\n\r\n".encode() + lines)
        eventually(lambda: service.job(job)["counts"]["total"] == 5000, "all that came")

    assert service.post(f"/v1/jobs/{job}/items", {"urls": [origin.url("/more")]}).status == 202
    act(service, job, "seal")
    done = service.wait_done(job)
    assert (done["state"], done["counts"]["succeeded"]) == ("completed", 5001)


def test_nothing_is_appended_while_the_upload_goes_on(start, origin):
    service = start()
    with socket.create_connection(("127.0.0.1", service.port)) as link:
        head = "POST /v1/jobs?sealed=false HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
        line = origin.url("/first").encode() + b"\n"
        link.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n{len(line):x}\r\n".encode() + line + b"\r\n")
        job = eventually(lambda: service.get("/v1/jobs").json["jobs"], "the job")[0]["id"]

        early = service.post(f"/v1/jobs/{job}/items", {"urls": [origin.url("/early")]})
        seal = act(service, job, "seal")

        assert (early.status, early.json["code"]) == (409, "job.uploading")
        assert (seal.status, seal.json["code"]) == (409, "job.uploading")
        link.sendall(b"0\r\n\r\n")
        assert link.recv(65536).startswith(b"HTTP/1.1 202 ")
    assert service.post(f"/v1/jobs/{job}/items", {"urls": [origin.url("/late")]}).status == 202


def test_an_open_job_goes_on_after_a_kill_and_a_broken_upload_does_not(start, origin):
    service = start()
    opened = service.post("/v1/jobs?sealed=false", {"urls": [origin.url("/first")]}).json["id"]
    service.post(f"/v1/jobs/{opened}/items", {"urls": [origin.hang("/second")]})
    with contextlib.closing(service.connect()) as link:
        link.connect()
        head = "POST /v1/jobs?sealed=false HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
        line = origin.url("/broken").encode() + b"\n"
        link.sock.sendall(f"{head}Content-Length: 1000\r\n\r\n".encode() + line)
        eventually(lambda: len(service.get("/v1/jobs").json["jobs"]) == 2, "the second job")
        broken = service.get("/v1/jobs").json["jobs"][0]["id"]
        service.kill()
    origin.release()

    again = start()

    cancelled = again.wait_done(broken)
    assert (cancelled["state"], cancelled["state_reason"]) == ("cancelled", "upload_aborted")
    eventually(lambda: again.job(opened)["counts"]["succeeded"] == 2, "both items of the open job")
    assert not again.job(opened)["done"]
    assert again.post(f"/v1/jobs/{opened}/items", {"urls": [origin.url("/third")]}).status == 202
    act(again, opened, "seal")
    done = again.wait_done(opened)
    assert (done["state"], done["counts"]["succeeded"]) == ("completed", 3)


# PATCH.


def test_concurrency_changes_while_the_job_runs(service, origin):
    urls = [origin.hang(f"/{n}") for n in range(30)]
    job = service.submit(urls, concurrency=2)
    eventually(lambda: asked_of(origin) == 2, "two in flight")

    raised = service.call("PATCH", f"/v1/jobs/{job}", {"concurrency": 7})

    assert (raised.status, raised.json["concurrency"]) == (200, 7)
    eventually(lambda: asked_of(origin) == 7, "seven in flight")
    lowered = service.call("PATCH", f"/v1/jobs/{job}", {"concurrency": 1})
    assert lowered.json["concurrency"] == 1
    assert asked_of(origin) == 7
    service.post(f"/v1/jobs/{job}/cancel")
    service.wait_done(job)


def test_lowered_concurrency_holds_from_then_on(service, origin):
    surplus = [origin.hang(f"/{n}") for n in range(8)]
    job = service.submit(surplus + [origin.late(f"/{n}", 0.03) for n in range(8, 40)], concurrency=8)
    eventually(lambda: asked_of(origin) == 8, "eight in flight")

    assert service.call("PATCH", f"/v1/jobs/{job}", {"concurrency": 2}).status == 200
    origin.release()

    assert service.wait_done(job)["counts"]["succeeded"] == 40
    assert max(origin.at_once(request) for request in origin.requests[8:]) == 2


def test_per_host_limits_change_while_the_job_runs(service, origin):
    job = service.submit([origin.hang(f"/{n}") for n in range(20)], per_host={"concurrency": 1})
    eventually(lambda: asked_of(origin) == 1, "one in flight")

    reply = service.call("PATCH", f"/v1/jobs/{job}", {"per_host": {"concurrency": 5}})

    assert reply.status == 200
    eventually(lambda: asked_of(origin) == 5, "five in flight")
    service.post(f"/v1/jobs/{job}/cancel")
    service.wait_done(job)


def test_a_rate_is_set_and_taken_away_while_the_job_runs(service, origin):
    job = service.submit([origin.url(f"/{n}") for n in range(50)], per_host={"rate": 1})
    eventually(lambda: asked_of(origin) >= 1, "the first")

    reply = service.call("PATCH", f"/v1/jobs/{job}", {"per_host": {"rate": None}})

    assert reply.status == 200
    started = time.monotonic()
    assert service.wait_done(job)["counts"]["succeeded"] == 50
    assert time.monotonic() - started < 40, "at one a second it would have been 49 s"


def test_a_deadline_is_set_moved_and_taken_away(service, origin):
    job = service.submit([origin.hang("/a")], deadline="1h")
    assert service.call("PATCH", f"/v1/jobs/{job}", {"deadline": None}).status == 200
    assert service.call("PATCH", f"/v1/jobs/{job}", {"deadline": "300ms"}).status == 200
    done = service.wait_done(job)
    assert (done["state"], done["state_reason"]) == ("expired", "deadline")


def test_patch_is_judged_like_options_and_unknown_members_are_refused(service, origin):
    job = service.submit([origin.hang("/a")])
    for body, pointer in [
        ({"concurrency": 0}, "/concurrency"),
        ({"concurrency": "many"}, "/concurrency"),
        ({"per_host": {"speed": 1}}, "/per_host/speed"),
        ({"timeouts": {"idle": 1}}, "/timeouts"),
        ({"tags": ["x"]}, "/tags"),
        ({"priority": 1000}, "/priority"),
        ({"ttl": None}, "/ttl"),
    ]:
        reply = service.call("PATCH", f"/v1/jobs/{job}", body)
        assert (reply.status, reply.json["errors"][0]["pointer"]) == (422, pointer), reply
    assert service.call("PATCH", f"/v1/jobs/{job}", "[", kind="application/json").status == 400
    assert service.job(job)["concurrency"] == 30
    service.post(f"/v1/jobs/{job}/cancel")
    service.wait_done(job)


def test_what_was_patched_holds_after_a_kill(start, origin):
    service = start()
    job = service.submit([origin.hang(f"/{n}") for n in range(9)], concurrency=1)
    change = {"concurrency": 4, "priority": 9, "metadata": {"owner": "me"}, "ttl": "2h"}
    changed = service.call("PATCH", f"/v1/jobs/{job}", change)
    assert changed.status == 200
    eventually(lambda: asked_of(origin) == 4, "four at a time")
    service.kill()

    again = start()

    state = again.job(job)
    assert (state["concurrency"], state["priority"], state["metadata"]) == (4, 9, {"owner": "me"})
    eventually(lambda: asked_of(origin) == 8, "four at a time again")
    origin.release()
    assert again.wait_done(job)["counts"]["succeeded"] == 9


def test_the_ttl_of_a_done_job_moves_its_end_and_nothing_else_changes(service, origin):
    job = service.submit([origin.url("/a")], ttl="1h")
    before = service.wait_done(job)

    longer = service.call("PATCH", f"/v1/jobs/{job}", {"ttl": "3h", "metadata": {"kept": True}})
    refused = service.call("PATCH", f"/v1/jobs/{job}", {"concurrency": 3})

    assert longer.status == 200
    assert longer.json["expires_at"] > before["expires_at"]
    after = service.job(job)
    assert (after["expires_at"], after["metadata"]) == (longer.json["expires_at"], {"kept": True})
    assert after["finished_at"] == before["finished_at"]
    assert (refused.status, refused.json["code"]) == (409, "job.done")


def test_a_ttl_changed_while_it_runs_counts_from_the_end(service, origin):
    job = service.submit([origin.hang("/a")], ttl="1h")
    service.call("PATCH", f"/v1/jobs/{job}", {"ttl": "5h"})
    origin.release()
    done = service.wait_done(job)
    at = lambda text: datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))  # noqa: E731
    assert (at(done["expires_at"]) - at(done["finished_at"])).total_seconds() == 5 * 3600
    assert service.job(job)["expires_at"] == done["expires_at"]


# Retry.


def half_failed(service, origin, items: int = 6):
    """A done job of which every second item failed, and would not fail a second time."""
    urls = []
    for n in range(items):
        answers = [response(404, b"no")] if n % 2 else []
        urls.append(origin.answer(f"/{n}", *answers, response(200, b"yes")))
    job = service.submit(urls)
    done = service.wait_done(job)
    assert (done["counts"]["failed"], done["run"]) == (items // 2, 1)
    return job, done


def test_retry_runs_what_failed_again_in_place(service, origin):
    job, before = half_failed(service, origin)
    old = {one["index"]: one for one in service.results(job)}

    reply = act(service, job, "retry")

    assert (reply.status, reply.json["run"]) == (200, 2)
    done = service.wait_done(job)
    assert (done["state"], done["run"]) == ("completed", 2)
    assert (done["counts"]["succeeded"], done["counts"]["total"]) == (6, 6)
    assert done["failures_by_code"] == {} and done["statuses"] == {"200": 6}
    assert done["last_seq"] == 9 and done["finished_at"] > before["finished_at"]
    for one in service.results(job):
        assert one["state"] == "succeeded"
        if one["index"] % 2 == 0:
            assert one == old[one["index"]], "what succeeded stays as it was"
        else:
            assert one["seq"] > 6
            whole = service.get(f"/v1/jobs/{job}/results/{one['index']}").json
            assert [a["outcome"] for a in whole["attempts"]] == ["http.status_404", "succeeded"] or (
                whole["attempts_made"] == len(whole["attempts"]) == 2
            )
            assert service.get(whole["links"]["body"]).body == b"yes"
    completed = service.results(job, "order=completed")
    assert len(completed) == 6 and len({one["index"] for one in completed}) == 6
    assert [one["seq"] for one in completed] == sorted(one["seq"] for one in completed)
    assert service.results(job, "state=failed") == []


def test_a_follower_sees_one_more_line_for_what_is_run_again(service, origin):
    job, before = half_failed(service, origin)
    act(service, job, "retry")

    with service.stream(f"/v1/jobs/{job}/results?follow=true&after={before['last_seq']}") as lines:
        seen = list(lines)

    assert sorted(one["index"] for one in seen[:-1]) == [1, 3, 5]
    assert (seen[-1]["end"], seen[-1]["counts"]["succeeded"]) == (True, 6)


def test_retry_takes_states_codes_and_indexes(service, origin, closed_port):
    urls = [
        origin.answer("/404", response(404)),
        origin.answer("/500", response(500)),
        f"http://127.0.0.1:{closed_port}/",
        origin.url("/fine"),
        "not a url",
    ]
    job = service.submit(urls, retry={"max_attempts": 1})
    service.wait_done(job)

    def rerun(body) -> list[int]:
        before = service.job(job)["last_seq"]
        reply = act(service, job, "retry", body)
        assert reply.status == 200, reply
        service.wait_done(job)
        return sorted(one["index"] for one in service.results(job, "order=completed") if one["seq"] > before)

    assert rerun({"code": ["http.*"]}) == [0, 1]
    assert rerun({"code": ["*.status_404", "connect.refused"]}) == [0, 2]
    assert rerun({"index": [3, 1, 1]}) == [1, 3]
    assert rerun({"state": ["failed"], "index": [2, 3]}) == [2]
    assert rerun({"state": ["succeeded"]}) == [3]
    assert rerun({}) == [0, 1, 2], "the URL that cannot be read would fail the same"
    run = service.job(job)["run"]
    assert rerun({"code": ["dns.*"]}) == []
    assert service.job(job)["run"] == run, "nothing was run again"
    for body, pointer in [
        ({"state": ["queued"]}, "/state/0"), ({"state": "failed"}, "/state"), ({"index": []}, "/index"),
        ({"index": [-1]}, "/index/0"), ({"codes": ["x"]}, "/codes"), ({"index": [4, 5]}, "/index"),
        ({"code": ["http.*", "http.stauts_404"]}, "/code/1"), ({"code": ["dns.* "]}, "/code/0"),
    ]:  # fmt: skip
        reply = act(service, job, "retry", body)
        assert (reply.status, reply.json["errors"][0]["pointer"]) == (422, pointer), reply


def test_retry_of_a_cancelled_job_runs_what_was_cancelled(service, origin):
    job = service.submit([origin.hang(f"/{n}") for n in range(5)], concurrency=2)
    service.post(f"/v1/jobs/{job}/cancel")
    assert service.wait_done(job)["counts"]["cancelled"] == 5
    origin.release()

    assert act(service, job, "retry", {"state": ["cancelled"]}).status == 200

    done = service.wait_done(job)
    assert (done["state"], done["state_reason"], done["counts"]["succeeded"]) == ("completed", None, 5)


def test_an_expired_job_can_be_retried_its_deadline_is_over(service, origin):
    job = service.submit([origin.hang("/a")], deadline="300ms")
    assert service.wait_done(job)["state"] == "expired"
    origin.release()

    act(service, job, "retry", {"state": ["cancelled"]})

    assert service.wait_done(job)["state"] == "completed"


def test_a_job_that_is_not_done_is_not_retried(service, origin):
    job = service.submit([origin.hang("/a")])
    running = act(service, job, "retry")
    assert (running.status, running.json["code"]) == (409, "job.running")
    service.post(f"/v1/jobs/{job}/cancel", {"mode": "drain"})
    cancelling = act(service, job, "retry")
    assert (cancelling.status, cancelling.json["code"]) == (409, "job.running")
    origin.release()
    service.wait_done(job)
    assert act(service, "job_" + "0" * 32, "retry").status == 404


def test_a_retried_job_is_erased_with_everything(service, origin):
    job, _ = half_failed(service, origin)
    act(service, job, "retry")
    service.wait_done(job)
    assert service.call("DELETE", f"/v1/jobs/{job}").status == 204
    assert service.get(f"/v1/jobs/{job}").status == 404


def test_a_retried_job_tells_its_callbacks_again(service, origin, other_origin):
    url = origin.answer("/flaky", response(404), response(200, b"fine"))
    hook = {"url": other_origin.url("/hook"), "events": ["job.completed", "item.succeeded"]}
    job = service.submit([url], callbacks=[hook])
    service.wait_done(job)
    eventually(lambda: len(other_origin.asked("/hook")) == 1, "the end of the first run")

    act(service, job, "retry")

    eventually(lambda: len(other_origin.asked("/hook")) == 3, "the second run")
    said = [hooks.message(one) for one in other_origin.asked("/hook")]
    assert sorted(one["type"] for one in said) == ["item.succeeded", "job.completed", "job.completed"]
    runs = [one["data"]["run"] for one in said if one["type"] == "job.completed"]
    assert sorted(runs) == [1, 2]


def test_a_kill_in_the_middle_of_a_retry_loses_nothing(start, origin):
    """Wherever the kill hits: a retry that was answered is carried out, and the counts sum."""
    items = 3000
    service = start(log__level="error")
    urls = "\n".join(f"{origin.url(f'/{n}')}" for n in range(items))
    job = service.post("/v1/jobs", urls, kind="text/plain").json["id"]
    assert service.wait_done(job)["counts"]["succeeded"] == items

    for pause_s in (0.0, 0.01, 0.05, 0.2):
        run = service.job(job)["run"]
        last_seq = service.job(job)["last_seq"]
        answered = []
        asking = threading.Thread(
            target=lambda service=service, answered=answered: answered.append(
                answer_or_none(service, job)
            )
        )
        asking.start()
        threading.Event().wait(pause_s)
        service.kill()
        asking.join()
        service = start(log__level="error")
        state = service.job(job)
        assert counts_sum(state), state
        done = service.wait_done(job)
        assert counts_sum(done)
        assert (done["counts"]["succeeded"], done["counts"]["total"]) == (items, items)
        if answered[0] == 200:
            assert done["run"] == run + 1
        if done["run"] > run:
            assert done["last_seq"] >= last_seq + items, "all or nothing is put back"
        results = service.results(job, "order=completed")
        assert len(results) == items == len({one["index"] for one in results})
        assert all(one["seq"] > last_seq for one in results) == (done["run"] > run)


def answer_or_none(service, job):
    try:
        return act(service, job, "retry", {"state": ["succeeded"]}).status
    except Exception:  # it died
        return None
