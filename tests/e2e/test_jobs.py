"""Jobs: submitting in every form, waiting, cancelling, erasing."""

import json
import socket
import time

import pytest

from client import AT_ONCE_S, COUNTED_STATES, counts_sum, eventually


def test_submit_answers_202_and_where_the_job_is(service, origin):
    reply = service.post("/v1/jobs", {"urls": [origin.url("/a")]})

    assert reply.status == 202
    job = reply.json["id"]
    assert job.startswith("job_")
    assert reply.headers["Location"] == f"/v1/jobs/{job}"
    assert reply.headers["X-Request-Id"]
    assert service.wait_done(job)["state"] == "completed"


def test_submit_counts_what_it_accepted(service, origin):
    reply = service.post("/v1/jobs", {"urls": [origin.url(f"/{n}") for n in range(5)]})

    assert reply.json["counts"]["total"] == 5


def test_json_requests_carry_id_and_metadata(service, origin):
    requests = [
        origin.url("/plain"),
        {"url": origin.url("/mine"), "id": "mine", "metadata": {"row": 7}},
    ]

    job = service.post("/v1/jobs", {"requests": requests}).json["id"]

    service.wait_done(job)
    plain, mine = service.results(job)
    assert (plain["id"], plain["metadata"]) == (None, None)
    assert (mine["id"], mine["metadata"]) == ("mine", {"row": 7})


def test_ndjson_with_a_line_of_options(service, origin):
    lines = [
        json.dumps({"options": {"concurrency": 3, "tags": ["lines"]}}),
        json.dumps(origin.url("/text")),
        json.dumps({"url": origin.url("/object"), "id": "o"}),
    ]

    reply = service.post("/v1/jobs", "\n".join(lines), kind="application/x-ndjson")

    assert reply.status == 202, reply
    done = service.wait_done(reply.json["id"])
    assert done["counts"]["succeeded"] == 2
    assert (done["concurrency"], done["tags"]) == (3, ["lines"])
    assert [one["id"] for one in service.results(done["id"])] == [None, "o"]


def test_text_is_one_url_a_line_with_comments(service, origin):
    text = f"# flags\n{origin.url('/1')}\r\n\n   {origin.url('/2')}  \n{origin.url('/3')}"

    reply = service.post("/v1/jobs", text, kind="text/plain")

    assert reply.status == 202, reply
    service.wait_done(reply.json["id"])
    urls = [one["url"] for one in service.results(reply.json["id"])]
    assert urls == [origin.url("/1"), origin.url("/2"), origin.url("/3")]


@pytest.mark.parametrize("first_lines", [10, 5000], ids=["a few lines", "many lines"])
def test_results_are_there_before_the_upload_ends(start, origin, first_lines):
    service = start()
    first = "".join(f"{origin.url(f'/{n}')}\n" for n in range(first_lines)).encode()
    last = (origin.url("/last") + "\n").encode()
    with socket.create_connection(("127.0.0.1", service.port)) as link:
        head = "POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
        link.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        link.sendall(f"{len(first):x}\r\n".encode() + first + b"\r\n")

        def first_result():
            jobs = service.get("/v1/jobs").json["jobs"]
            page = f"/v1/jobs/{jobs[0]['id']}/results?order=completed" if jobs else None
            return page and service.get(page).json["results"]

        seen = eventually(first_result, "a result of an unfinished upload", 20)
        link.sendall(f"{len(last):x}\r\n".encode() + last + b"\r\n0\r\n\r\n")
        answer = link.recv(65536)

    assert seen[0]["seq"] == 1
    assert answer.startswith(b"HTTP/1.1 202 ")
    job = service.get("/v1/jobs").json["jobs"][0]["id"]
    assert service.wait_done(job)["counts"]["succeeded"] == first_lines + 1


def test_upload_cut_off_cancels_the_job(start, origin):
    service = start()
    hanging = "".join(f"{origin.hang(f'/{n}')}\n" for n in range(5000)).encode()
    with socket.create_connection(("127.0.0.1", service.port)) as link:
        head = "POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
        link.sendall(f"{head}Content-Length: {len(hanging) + 100}\r\n\r\n".encode() + hanging)
        eventually(lambda: any(job["counts"]["running"] for job in service.get("/v1/jobs").json["jobs"]), "its first")

    job = service.get("/v1/jobs").json["jobs"][0]["id"]
    done = service.wait_done(job)
    assert (done["state"], done["state_reason"]) == ("cancelled", "upload_aborted")
    assert counts_sum(done)
    assert {one["error"]["code"] for one in service.results(job)} == {"cancelled.upload_aborted"}


def test_a_limit_met_in_an_upload_cancels_what_it_brought(start, origin):
    service = start(limits__max_items_per_job="4000")
    hanging = "".join(f"{origin.hang(f'/{n}')}\n" for n in range(5000))

    refusal = service.post("/v1/jobs", hanging, kind="text/plain")

    assert (refusal.status, refusal.json["code"]) == (413, "job.too_many_items")
    done = service.wait_done(service.get("/v1/jobs").json["jobs"][0]["id"])
    assert (done["state"], done["state_reason"]) == ("cancelled", "quota")
    assert 0 < done["counts"]["total"] <= 4000 and counts_sum(done)
    assert {one["error"]["code"] for one in service.results(done["id"])} == {"cancelled.quota"}


def test_status_waits_for_the_end(service, origin):
    job = service.submit([origin.late(f"/{n}", 0.2) for n in range(4)])

    reply = service.get(f"/v1/jobs/{job}?wait=60s")

    assert reply.json["done"] is True
    assert reply.json["state"] == "completed"
    assert reply.json["counts"]["succeeded"] == 4
    assert reply.json["waited_ms"] < 60_000


def test_rst01_a_wait_that_times_out_is_200_with_the_state(service, origin):
    job = service.submit([origin.hang("/")])

    reply = service.get(f"/v1/jobs/{job}?wait=100ms")

    assert reply.status == 200
    assert reply.json["done"] is False
    assert reply.json["waited_ms"] >= 100
    assert reply.headers["Retry-After"]
    service.post(f"/v1/jobs/{job}/cancel")


def open_connections(service) -> int:
    line, = [line for line in service.get("/metrics").body.decode().splitlines()
             if line.startswith("fanfetch_api_connections ")]
    return int(float(line.split()[1]))


def test_rst02_a_client_that_goes_ends_its_wait_and_not_the_job(start, origin):
    service = start()
    job = service.submit([origin.hang("/")])
    before = open_connections(service)
    waiting = [service.connect() for _ in range(5)]
    for link in waiting:
        link.request("GET", f"/v1/jobs/{job}?wait=60")
    eventually(lambda: open_connections(service) == before + 5, "five that wait")

    for link in waiting:
        link.close()

    eventually(lambda: open_connections(service) == before, "nobody who waits")
    origin.release()
    assert service.wait_done(job)["state"] == "completed"


def test_rst09_waiting_clients_hold_no_loop_up(start, origin):
    service = start(shards=1)
    job = service.submit([origin.hang("/")])
    links = [service.connect() for _ in range(20)]
    for link in links[:10]:
        link.request("GET", f"/v1/jobs/{job}?wait=60")
    for link in links[10:]:
        link.request("GET", f"/v1/jobs/{job}/results?follow=true",
                     headers={"Accept": "application/x-ndjson"})

    started = time.monotonic()
    assert service.get("/livez").status == 200
    assert time.monotonic() - started < AT_ONCE_S

    origin.release()
    for link in links:
        assert link.getresponse().status == 200
        link.close()


@pytest.mark.parametrize("condition", ["first_completed", "count:2", "first_exception"])
def test_return_when_ends_a_wait_early(service, origin, condition):
    urls = [origin.answer("/gone", b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"), origin.url("/a")]
    job = service.submit([origin.hang("/never"), *urls])

    reply = service.get(f"/v1/jobs/{job}?wait=60s&return_when={condition}")

    assert reply.status == 200
    assert reply.json["done"] is False
    counts = reply.json["counts"]
    assert counts["succeeded"] + counts["failed"] >= (2 if condition == "count:2" else 1)
    assert condition != "first_exception" or counts["failed"] == 1
    service.post(f"/v1/jobs/{job}/cancel")


def test_prefer_wait_answers_200_with_the_finished_job(service, origin):
    reply = service.post("/v1/jobs", {"urls": [origin.url("/a")]}, Prefer="wait=60")

    assert reply.status == 200
    assert reply.json["done"] is True
    assert reply.headers["Preference-Applied"] == "wait=60"


def test_status_is_tagged_and_not_sent_twice(service, origin):
    job = service.submit([origin.url("/a")])
    service.wait_done(job)
    tag = service.get(f"/v1/jobs/{job}").headers["ETag"]

    again = service.get(f"/v1/jobs/{job}", If_None_Match=tag)

    assert tag.startswith('"')
    assert (again.status, again.body) == (304, b"")


def test_counts_always_sum_to_the_total(service, origin):
    urls = [origin.late(f"/{n}", 0.02) for n in range(300)]
    job = service.submit(urls, concurrency=20)

    seen = []
    while not seen or not seen[-1]["done"]:
        seen.append(service.job(job))

    assert all(counts_sum(one) for one in seen)
    assert seen[-1]["counts"]["succeeded"] == 300
    finished = [sum(one["counts"][s] for s in COUNTED_STATES[3:]) for one in seen]
    assert finished == sorted(finished), "what has ended stays ended"


def test_concurrency_bounds_what_is_in_flight(service, origin):
    job = service.submit([origin.hang(f"/{n}") for n in range(40)], concurrency=7)

    eventually(lambda: service.job(job)["counts"]["running"] == 7, "seven running items")

    assert len(origin.requests) <= 7
    service.post(f"/v1/jobs/{job}/cancel")
    service.wait_done(job)
    assert len(origin.requests) <= 7


def test_abort_stops_hanging_items_at_once(service, origin):
    job = service.submit([origin.hang(f"/{n}") for n in range(50)], concurrency=20)
    eventually(lambda: len(origin.requests) == 20, "twenty requests that hang")

    started = time.monotonic()
    reply = service.post(f"/v1/jobs/{job}/cancel", {"mode": "abort"})
    done = service.wait_done(job)
    took = time.monotonic() - started

    assert reply.status == 200
    assert reply.json["cancelled"] + reply.json["left_running"] == 50
    assert (done["state"], done["state_reason"]) == ("cancelled", "by_user")
    assert done["counts"]["cancelled"] == 50
    assert took < AT_ONCE_S
    assert {one["error"]["code"] for one in service.results(job)} == {"cancelled.by_user"}
    assert len(origin.requests) == 20, "queued items never start"


def test_rst05_drain_lets_running_items_end(service, origin):
    job = service.submit([origin.hang(f"/{n}") for n in range(10)], concurrency=4)
    eventually(lambda: len(origin.requests) == 4, "four requests that hang")

    reply = service.post(f"/v1/jobs/{job}/cancel", {"mode": "drain"})
    state = service.job(job)
    origin.release()
    done = service.wait_done(job)

    assert reply.json == {"state": "cancelling", "cancelled": 6, "left_running": 4}
    assert (state["state"], state["done"]) == ("cancelling", False)
    assert done["state"] == "cancelled"
    assert (done["counts"]["succeeded"], done["counts"]["cancelled"]) == (4, 6)


def test_abort_after_drain_stops_the_rest(service, origin):
    job = service.submit([origin.hang(f"/{n}") for n in range(5)], concurrency=2)
    eventually(lambda: len(origin.requests) == 2, "two requests that hang")
    service.post(f"/v1/jobs/{job}/cancel", {"mode": "drain"})

    service.post(f"/v1/jobs/{job}/cancel", {"mode": "abort"})

    assert service.wait_done(job)["counts"]["cancelled"] == 5


def test_rst05_cancel_is_idempotent(service, origin):
    job = service.submit([origin.hang("/")])
    eventually(lambda: origin.requests, "a request that hangs")
    service.post(f"/v1/jobs/{job}/cancel")
    service.wait_done(job)
    first = service.job(job)

    again = service.post(f"/v1/jobs/{job}/cancel")

    assert again.status == 200
    assert again.json == {"state": "cancelled", "cancelled": 0, "left_running": 0}
    assert service.job(job) == first


def test_cancel_of_a_completed_job_changes_nothing(service, origin):
    job = service.submit([origin.url("/a")])
    service.wait_done(job)

    reply = service.post(f"/v1/jobs/{job}/cancel")

    assert reply.json == {"state": "completed", "cancelled": 0, "left_running": 0}


def test_delete_erases_a_done_job(service, origin):
    job = service.submit([origin.url("/a")])
    service.wait_done(job)

    reply = service.call("DELETE", f"/v1/jobs/{job}")

    assert (reply.status, reply.body) == (204, b"")
    for path in ("", "/results", "/results/0", "/results/0/body"):
        assert service.get(f"/v1/jobs/{job}{path}").status == 404
    assert job not in [one["id"] for one in service.get("/v1/jobs").json["jobs"]]


def test_delete_refuses_a_running_job_unless_it_is_cancelled(service, origin):
    job = service.submit([origin.hang("/")])

    refused = service.call("DELETE", f"/v1/jobs/{job}")
    erased = service.call("DELETE", f"/v1/jobs/{job}?cancel=true")

    assert refused.status == 409
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert erased.status == 204
    assert service.get(f"/v1/jobs/{job}").status == 404


def test_list_is_newest_first_and_pages(start, origin):
    service = start()
    jobs = [service.submit([origin.url("/a")], tags=["odd"] if n % 2 else []) for n in range(5)]
    for job in jobs:
        service.wait_done(job)

    seen, token, pages = [], "", 0
    while token is not None:
        reply = service.get("/v1/jobs?page_size=2" + (f"&page_token={token}" if token else ""))
        seen += [one["id"] for one in reply.json["jobs"]]
        token = reply.json["next_page_token"]
        pages += 1
        assert ("rel=\"next\"" in (reply.headers["Link"] or "")) == (token is not None)

    assert (seen, pages) == (jobs[::-1], 3)
    tagged = service.get("/v1/jobs?tag=odd").json["jobs"]
    assert [one["id"] for one in tagged] == [jobs[3], jobs[1]]
    assert len(service.get("/v1/jobs?state=completed").json["jobs"]) == 5
    assert service.get("/v1/jobs?state=running").json["jobs"] == []


def test_job_that_nobody_submitted_is_404(service):
    for path in ("/v1/jobs/job_00000000000000000000000000000000", "/v1/jobs/x"):
        reply = service.get(path)
        assert reply.status == 404, reply
        assert reply.headers["Content-Type"] == "application/problem+json"


def test_failures_and_statuses_are_counted(service, origin, closed_port):
    gone = origin.answer("/gone", b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
    job = service.submit([gone, origin.url("/a"), origin.url("/b"), f"http://127.0.0.1:{closed_port}/"],
                         retry={"max_attempts": 1})

    done = service.wait_done(job)

    assert done["failures_by_code"] == {"http.status_404": 1, "connect.refused": 1}
    assert done["statuses"] == {"200": 2, "404": 1}
    assert (done["counts"]["succeeded"], done["counts"]["failed"]) == (2, 2)
    assert done["started_at"] <= done["finished_at"] < done["expires_at"]


def test_requests_on_one_connection_may_be_pipelined(service):
    with socket.create_connection(("127.0.0.1", service.port)) as link:
        one = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
        link.sendall(one * 2 + one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        received = b"".join(iter(lambda: link.recv(65536), b""))

    assert received.count(b"HTTP/1.1 200 OK") == 3
