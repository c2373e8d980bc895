"""Idempotency-Key: the first answer again, however often and whatever happens in between."""

import contextlib
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


def test_appending_does_not_take_a_key(service, origin):
    job = service.post("/v1/jobs?sealed=false", {}).json["id"]
    reply = service.post(f"/v1/jobs/{job}/items", {"urls": [origin.url("/a")]}, Idempotency_Key="k")
    assert (reply.status, reply.json["code"]) == (501, "request.not_implemented")
    service.post(f"/v1/jobs/{job}/seal")


@pytest.mark.parametrize("pause_s", [0.0, 0.005, 0.02, 0.05, 0.2])
def test_a_kill_makes_no_second_job_of_a_repeated_request(start, origin, pause_s):
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
