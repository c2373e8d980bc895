"""Idempotency-Key: the first answer again, however often and whatever happens in between."""

import contextlib
import gzip
import http.client
import json
import threading

import pytest

from client import add_key, eventually


def jobs_of(service) -> list[str]:
    return [job["id"] for job in service.get("/v1/jobs?page_size=1000").json["jobs"]]


def test_the_same_request_is_answered_as_the_first_one_was(start, origin):
    service = start()
    body = {"urls": [origin.url("/a")]}
    first = service.post("/v1/jobs", body, Idempotency_Key='"one"')
    service.wait_done(first.json["id"])

    again = service.post("/v1/jobs", body, Idempotency_Key='"one"')
    bare = service.post("/v1/jobs", body, Idempotency_Key="one")

    for reply in (again, bare):
        assert (reply.status, reply.body) == (first.status, first.body)
        assert reply.headers["Location"] == first.headers["Location"]
        assert reply.headers["Content-Type"] == "application/json"
    assert jobs_of(service) == [first.json["id"]]
    assert len(origin.requests) == 1


def test_another_request_with_the_key_is_refused(start, origin):
    service = start()
    service.post("/v1/jobs", {"urls": [origin.url("/a")]}, Idempotency_Key="k")

    other = service.post("/v1/jobs", {"urls": [origin.url("/b")]}, Idempotency_Key="k")
    other_path = service.post("/v1/gather", {"urls": [origin.url("/a")]}, Idempotency_Key="k")
    other_query = service.post("/v1/jobs?sealed=false", {"urls": [origin.url("/a")]}, Idempotency_Key="k")

    for reply in (other, other_path, other_query):
        assert (reply.status, reply.json["code"]) == (422, "idempotency.mismatch")
    assert len(jobs_of(service)) == 1


@pytest.mark.parametrize("key", ["", '""', "a b", '"open', 'a"b', "x" * 256, '"\\n"', "a,b"])
def test_a_key_that_cannot_be_read_is_refused(service, origin, key):
    reply = service.post("/v1/jobs", {"urls": [origin.url("/a")]}, Idempotency_Key=key)
    assert (reply.status, reply.json["code"]) == (400, "idempotency.key_invalid")


def test_a_refused_request_leaves_the_key_free(service, origin):
    assert service.post("/v1/jobs", {"urls": []}, Idempotency_Key="later").status == 422
    fine = service.post("/v1/jobs", {"urls": [origin.url("/a")]}, Idempotency_Key="later")
    assert fine.status == 202


def test_a_streamed_upload_is_digested_as_it_comes(start, origin):
    service = start()
    lines = "".join(f"{origin.url(f'/{n}')}\n" for n in range(5000))

    def send(text, **headers):
        return service.post("/v1/jobs", text, kind="text/plain", Idempotency_Key="s", **headers)

    first = send(lines)
    again = send(lines)
    other = send(lines + origin.url("/more"))

    assert first.status == 202
    assert again.body == first.body
    assert other.status == 422
    assert len(jobs_of(service)) == 1


def test_a_repetition_is_told_to_wait_while_the_first_runs(start, origin):
    service = start()
    body = json.dumps({"urls": [origin.hang("/a")]})
    replies = []
    first = threading.Thread(
        target=lambda: replies.append(
            service.post("/v1/jobs", body, kind="application/json", Prefer="wait=30", Idempotency_Key="r")
        )
    )
    first.start()
    eventually(lambda: origin.requests, "the first request is under way")

    early = service.post("/v1/jobs", body, kind="application/json", Prefer="wait=30", Idempotency_Key="r")
    origin.release()
    first.join()
    late = service.post("/v1/jobs", body, kind="application/json", Prefer="wait=30", Idempotency_Key="r")

    assert (early.status, early.json["code"]) == (409, "idempotency.in_progress")
    assert early.headers["Retry-After"]
    assert (replies[0].status, replies[0].json["done"]) == (200, True)
    assert (late.status, late.body) == (200, replies[0].body)
    assert late.headers["Preference-Applied"] == "wait=30"


def test_a_gather_is_answered_again_from_what_is_stored(start, origin):
    service = start()
    body = {"urls": [origin.url("/a"), origin.url("/b")]}
    first = service.post("/v1/gather", body, Idempotency_Key="g")

    again = service.post("/v1/gather", body, Idempotency_Key="g")
    other = service.post("/v1/gather", {"urls": [origin.url("/c")]}, Idempotency_Key="g")

    assert (first.status, again.status) == (200, 200)
    assert again.json["results"] == first.json["results"]
    assert len(origin.requests) == 2
    assert other.status == 422


def test_a_gather_whose_client_had_gone_is_carried_out_anew(start, origin):
    service = start()
    body = json.dumps({"urls": [origin.hang("/a")]})
    fields = {"Content-Type": "application/json", "Idempotency-Key": "gone"}
    with contextlib.closing(service.connect()) as link:
        link.request("POST", "/v1/gather", body=body, headers=fields)
        eventually(lambda: origin.requests, "the request")
    first = eventually(lambda: jobs_of(service), "its job")[0]
    assert service.wait_done(first)["state_reason"] == "client_gone"
    origin.release()

    again = eventually(
        lambda: (reply := service.post("/v1/gather", body, kind="application/json", Idempotency_Key="gone"))
        and reply.status != 409
        and reply,
        "an answer",
    )

    assert (again.status, again.json["job"]["state"]) == (200, "completed")
    assert again.json["job"]["id"] != first
    other = service.post("/v1/gather", {"urls": [origin.url("/z")]}, Idempotency_Key="gone")
    assert other.status == 422


def test_keys_belong_to_their_tenant(tmp_path, start, origin):
    one = add_key(tmp_path / "data", "one", tenant="one")
    two = add_key(tmp_path / "data", "two", tenant="two")
    service = start()
    body = {"urls": [origin.url("/a")]}

    def submit(key):
        return service.call(
            "POST", "/v1/jobs", body, {"Authorization": f"Bearer {key}", "Idempotency-Key": "same"}
        )

    assert submit(one).json["id"] != submit(two).json["id"]
    assert submit(one).json["id"] == submit(one).json["id"]


@pytest.mark.parametrize("pause_s", [0.0, 0.005, 0.02, 0.05, 0.2])
def test_crs_04_a_kill_makes_no_second_job_of_a_repeated_request(start, origin, pause_s):
    service = start()
    lines = "".join(f"{origin.url(f'/{n}')}\n" for n in range(300))
    first = []

    def submit():
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            first.append(service.post("/v1/jobs", lines, kind="text/plain", Idempotency_Key="crash"))

    asking = threading.Thread(target=submit)
    asking.start()
    threading.Event().wait(pause_s)
    service.kill()
    asking.join()

    again = start()
    second = again.post("/v1/jobs", lines, kind="text/plain", Idempotency_Key="crash")
    third = again.post("/v1/jobs", lines, kind="text/plain", Idempotency_Key="crash")

    assert second.status == 202
    if first:
        assert second.body == first[0].body, "what was answered is answered again"
    assert third.body == second.body
    kept = [job for job in jobs_of(again) if again.wait_done(job)["state"] == "completed"]
    assert kept == [second.json["id"]], "any other is an upload that was cut off"


# Appending with a key: all of it once, or nothing.


def open_job(service) -> str:
    return service.post("/v1/jobs?sealed=false", {}).json["id"]


def append(service, job, lines, key, kind="text/plain", **headers):
    return service.post(f"/v1/jobs/{job}/items", lines, kind=kind, Idempotency_Key=key, **headers)


def total_of(service, job) -> int:
    return service.get(f"/v1/jobs/{job}").json["counts"]["total"]


def test_a_repeated_append_appends_once(start, origin):
    service = start()
    job = open_job(service)
    lines = "".join(f"{origin.url(f'/{n}')}\n" for n in range(3000))

    first = append(service, job, lines, "a")
    again = append(service, job, lines, "a")

    assert (first.status, again.status, again.body) == (202, 202, first.body)
    assert "Location" not in again.headers
    assert total_of(service, job) == 3000
    assert service.post(f"/v1/jobs/{job}/seal").status == 200
    assert append(service, job, lines, "a").body == first.body, "also once the job takes no more"
    service.wait_done(job)
    assert len(origin.requests) == 3000


def test_an_append_and_its_key_belong_together(start, origin):
    service = start()
    job, other_job = open_job(service), open_job(service)
    append(service, job, origin.url("/a"), "k")

    other_body = append(service, job, origin.url("/b"), "k")
    other_target = append(service, other_job, origin.url("/a"), "k")
    other_key = append(service, job, origin.url("/a"), "l")

    for reply in (other_body, other_target):
        assert (reply.status, reply.json["code"]) == (422, "idempotency.mismatch")
    assert other_key.status == 202
    assert (total_of(service, job), total_of(service, other_job)) == (2, 0)


def test_an_empty_append_takes_its_key(service, origin):
    job = open_job(service)
    assert append(service, job, "", "none").status == 202
    assert append(service, job, origin.url("/a"), "none").status == 422


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/csv", "url,url\nhttp://origin.test/a,http://origin.test/b\n"),
        ("application/json", '{"urls": ["http://origin.test/a"], "concurrency": 4}'),
        ("image/png", "x"),
    ],
)
def test_a_refused_append_leaves_nothing_and_its_key_free(service, origin, kind, body):
    job = open_job(service)
    refused = append(service, job, body, f"later-{kind}", kind=kind)
    assert refused.status in (400, 415, 422)
    assert total_of(service, job) == 0

    assert append(service, job, origin.url("/a"), f"later-{kind}").status == 202
    assert total_of(service, job) == 1


def test_an_append_that_does_not_decode_to_its_end_leaves_nothing(service, origin):
    job = open_job(service)
    lines = "".join(f"{origin.url(f'/{n}')}\n" for n in range(3000)).encode()
    coded = gzip.compress(lines)
    fields = {"Content-Encoding": "gzip"}

    assert append(service, job, coded[:-9], "coded", **fields).status == 400
    assert total_of(service, job) == 0
    assert append(service, job, coded, "coded", **fields).status == 202
    assert total_of(service, job) == 3000


def test_an_append_that_breaks_off_leaves_nothing_and_its_key_free(start, origin):
    service = start()
    job = open_job(service)
    lines = "".join(f"{origin.url(f'/{n}')}\n" for n in range(5000))
    with contextlib.closing(service.connect()) as link:
        link.putrequest("POST", f"/v1/jobs/{job}/items")
        link.putheader("Content-Type", "text/plain")
        link.putheader("Idempotency-Key", "broken")
        link.putheader("Content-Length", str(len(lines)))
        link.endheaders()
        link.send(lines[: len(lines) // 2].encode())

    whole = eventually(
        lambda: (reply := append(service, job, lines, "broken")).status != 409 and reply, "an answer"
    )

    assert whole.status == 202
    assert total_of(service, job) == 5000


def test_what_may_be_appended_with_a_key_is_bounded(start, origin):
    service = start(**{"limits.max_json_body": "4MiB"})
    job = open_job(service)
    line = origin.url("/a") + "\n"

    too_many = append(service, job, line * 100_001, "many")
    too_long = append(service, job, line + "#" + "x" * (4 << 20), "long")

    for reply in (too_many, too_long):
        assert (reply.status, reply.json["code"]) == (413, "request.too_large")
    assert total_of(service, job) == 0
    service.post(f"/v1/jobs/{job}/pause")
    assert append(service, job, line * 100_000, "many").status == 202
    short = "#" + "x" * ((4 << 20) - len(line) - 2) + "\n"
    assert append(service, job, line + short, "long").status == 202
    assert total_of(service, job) == 100_001
    service.post(f"/v1/jobs/{job}/cancel")


@pytest.mark.parametrize("pause_s", [0.0, 0.005, 0.01, 0.02, 0.05, 0.2])
def test_a_kill_makes_a_repeated_append_neither_twice_nor_half(start, origin, pause_s):
    service = start()
    job = open_job(service)
    lines = "".join(f"{origin.url(f'/{n}')}\n" for n in range(3000))
    first = []

    def ask():
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            first.append(append(service, job, lines, "crash"))

    asking = threading.Thread(target=ask)
    asking.start()
    threading.Event().wait(pause_s)
    service.kill()
    asking.join()

    again = start()
    assert total_of(again, job) in (0, 3000), "all or nothing"
    second = append(again, job, lines, "crash")
    third = append(again, job, lines, "crash")

    assert second.status == 202
    if first:
        assert second.body == first[0].body, "what was answered is answered again"
    assert third.body == second.body
    assert total_of(again, job) == 3000


# Adding a callback with a key.


def test_a_repeated_callback_is_added_once(start, origin, other_origin):
    service = start()
    job = open_job(service)

    def add(service, key="cb", url=other_origin.url("/hook")):
        return service.post(f"/v1/jobs/{job}/callbacks", {"url": url}, Idempotency_Key=key)

    first, again = add(service), add(service)
    assert (first.status, again.status, again.body) == (201, 201, first.body)
    assert again.headers["Location"] == first.headers["Location"]
    assert first.json["secret"].startswith("whsec_"), "a secret that was made is told again"
    mismatch = add(service, url=other_origin.url("/elsewhere"))
    assert (mismatch.status, mismatch.json["code"]) == (422, "idempotency.mismatch")

    service.kill()
    service = start()
    assert add(service).body == first.body
    assert add(service, key="another").json["id"] != first.json["id"]
    assert len(service.get(f"/v1/jobs/{job}/callbacks").json["callbacks"]) == 2


def test_a_refused_callback_leaves_its_key_free(service, other_origin):
    job = open_job(service)
    path = f"/v1/jobs/{job}/callbacks"
    assert service.post(path, {"url": "ftp://x"}, Idempotency_Key="free").status == 422
    fine = service.post(path, {"url": other_origin.url("/hook")}, Idempotency_Key="free")
    assert fine.status == 201
    assert service.post(path, {"url": other_origin.url("/hook")}, Idempotency_Key=",").status == 400
