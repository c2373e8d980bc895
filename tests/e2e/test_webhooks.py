"""Webhooks: whoever asked is told how a job or an item ended, signed, at least once, and nobody waits for him."""

import json
import subprocess
import threading
import time

import pytest

import conftest
import hooks
import origins
from client import AT_ONCE_S, Service, add_key, eventually
from origins import response

# A day of retries in some ten seconds.
QUICK = {"webhooks.retry_span": "10s"}
SECRET, OTHER_SECRET = hooks.secret_of(b"s" * 32), hooks.secret_of(bytes(range(24)))


def told(receiver, target: str = "/hook", times: int = 1) -> list[origins.Request]:
    return eventually(
        lambda: len(receiver.asked(target)) >= times and receiver.asked(target), f"{times} deliveries"
    )


@pytest.fixture
def quick(start):
    return start(**QUICK)


# Registering.


def test_whk_01_the_end_of_a_job_is_told_and_signed(service, origin, other_origin):
    receiver = other_origin
    urls = [origin.url("/a"), origin.answer("/b", response(404))]
    job = service.submit(urls, callbacks=[{"url": receiver.url("/hook"), "secret": SECRET}])
    service.wait_done(job)

    (request,) = told(receiver)
    assert hooks.signed_by(request, SECRET)
    assert not hooks.signed_by(request, OTHER_SECRET)
    said = hooks.message(request)
    assert said["type"] == "job.completed"
    data = said["data"]
    assert data["job_id"] == job and data["state"] == "completed" and data["run"] == 1
    assert data["counts"] == {"total": 2, "succeeded": 1, "failed": 1, "skipped": 0, "cancelled": 0}
    assert request.headers["user-agent"].startswith("fanfetch/")

    seen = eventually(
        lambda: (one := hooks.delivery_of(service, job))["state"] == "delivered" and one, "the log"
    )
    assert seen["id"] == request.headers["webhook-id"]
    assert (seen["event"], seen["attempts"], seen["next_attempt_at"]) == ("job.completed", 1, None)
    assert seen["last_attempt"]["status"] == 200 and seen["last_attempt"]["error"] is None


@pytest.fixture(scope="session")
def reference(tmp_path_factory):
    """The npm package of the standard's own authors."""
    folder = tmp_path_factory.mktemp("standardwebhooks")
    conftest.install("standardwebhooks", folder / "kept" / "standardwebhooks", folder)
    return folder


def test_whk_01_the_reference_verifier_accepts_it(service, origin, other_origin, reference):
    job = service.submit([origin.url("/")], callbacks=[{"url": other_origin.url("/hook"), "secret": SECRET}])
    service.wait_done(job)
    (request,) = told(other_origin)
    script = """
        const { Webhook } = require("./kept/standardwebhooks");
        const { secret, headers, body } = JSON.parse(require("fs").readFileSync(0));
        console.log(JSON.stringify(new Webhook(secret).verify(body, headers)));
    """
    given = {"secret": SECRET, "headers": request.headers, "body": request.body.decode()}
    done = subprocess.run(["node", "-e", script], input=json.dumps(given), text=True, capture_output=True, cwd=reference)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["data"]["job_id"] == job


def test_whk_02_every_secret_signs(service, origin, other_origin):
    job = service.submit(
        [origin.url("/")], callbacks=[{"url": other_origin.url("/hook"), "secret": [SECRET, OTHER_SECRET]}]
    )
    service.wait_done(job)
    (request,) = told(other_origin)
    assert len(request.headers["webhook-signature"].split(" ")) == 2
    assert hooks.signed_by(request, SECRET) and hooks.signed_by(request, OTHER_SECRET)


def test_a_secret_that_we_make_is_shown_once(service, origin, other_origin):
    asked = {"urls": [origin.url("/")], "options": {"callbacks": [{"url": other_origin.url("/hook")}]}}
    reply = service.post("/v1/jobs", asked)
    assert reply.status == 202
    (callback,) = reply.json["callbacks"]
    job = reply.json["id"]
    service.wait_done(job)
    (request,) = told(other_origin)
    assert hooks.signed_by(request, callback["secret"])

    listed = service.get(f"/v1/jobs/{job}/callbacks").json["callbacks"]
    assert [one["id"] for one in listed] == [callback["id"]]
    assert "secret" not in listed[0] and listed[0]["secrets"] == 1
    assert "callbacks" not in service.job(job)
    given = hooks.add(service, job, other_origin.url("/given"), secret=SECRET)
    assert "secret" not in given


def test_a_job_that_is_done_tells_at_once_and_in_order(service, origin):
    job = service.submit([origin.url("/")])
    service.wait_done(job)
    receivers = [origins.Origin() for _ in range(3)]
    try:
        for number, receiver in enumerate(receivers):
            hooks.add(service, job, receiver.url(f"/{number}"))
            told(receiver, f"/{number}")
        times = [receiver.requests[0].at for receiver in receivers]
        assert times == sorted(times)
        listed = service.get(f"/v1/jobs/{job}/callbacks").json["callbacks"]
        assert [one["url"] for one in listed] == [r.url(f"/{n}") for n, r in enumerate(receivers)]
    finally:
        for receiver in receivers:
            receiver.close()


def test_first_attempts_come_in_the_order_of_registration(service, origin, other_origin):
    """Four at a time, each four answered together: among four the connections race."""
    four = threading.Barrier(4)
    hooks_of_job = [{"url": other_origin.meet(f"/{number}", four)} for number in range(12)]
    job = service.submit([origin.url("/")], callbacks=hooks_of_job)
    service.wait_done(job)
    eventually(lambda: len(other_origin.requests) == 12, "all of them")
    order = [int(request.target[1:]) for request in other_origin.requests]
    fours = [sorted(order[begin : begin + 4]) for begin in (0, 4, 8)]
    assert fours == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]], order


def test_only_the_events_asked_for_are_told(service, origin, other_origin):
    job = service.submit([origin.hang("/never")], callbacks=[
        {"url": other_origin.url("/done"), "events": ["job.completed"]},
        {"url": other_origin.url("/cancelled"), "events": ["job.cancelled"]},
    ])  # fmt: skip
    assert service.post(f"/v1/jobs/{job}/cancel").status == 200
    service.wait_done(job)
    (request,) = told(other_origin, "/cancelled")
    said = hooks.message(request)
    assert said["type"] == "job.cancelled" and said["data"]["state_reason"] == "by_user"
    assert said["data"]["counts"]["cancelled"] == 1
    assert other_origin.asked("/done") == []


def test_a_deadline_is_told_as_expired(service, origin, other_origin):
    job = service.submit([origin.hang("/")], deadline="100ms", callbacks=[{"url": other_origin.url("/hook")}])
    service.wait_done(job)
    assert hooks.message(told(other_origin)[0])["type"] == "job.expired"


def test_events_of_items_are_told_one_by_one(service, origin, other_origin):
    count = 300
    urls = [origin.url(f"/{number}") for number in range(count)] + [origin.answer("/no", response(404))]
    requests = [{"url": url, "id": f"own-{number}"} for number, url in enumerate(urls)]
    wanted = {"url": other_origin.url("/hook"), "secret": SECRET, "events": ["item.succeeded", "item.failed"]}
    reply = service.post("/v1/jobs", {"requests": requests, "options": {"callbacks": [wanted]}})
    assert reply.status == 202, reply
    service.wait_done(reply.json["id"])
    seen = told(other_origin, times=count + 1)
    said = [hooks.message(one)["data"] for one in seen]
    assert sorted({one["index"] for one in said}) == list(range(count + 1))
    assert all(hooks.signed_by(one, SECRET) for one in seen[:20])
    failed = next(one for one in said if one["index"] == count)
    assert failed["error"] == {"code": "http.status_404"} and failed["id"] == f"own-{count}"
    assert {one["seq"] for one in said} == set(range(1, count + 2))


@pytest.mark.parametrize("callback, pointer", [
    ({}, ""),
    ({"url": "ftp://a.test/"}, "/url"),
    ({"url": "http://user:pass@a.test/"}, "/url"),
    ({"url": 5}, "/url"),
    ({"url": "http://a.test/", "more": 1}, "/more"),
    ({"url": "http://a.test/", "events": []}, "/events"),
    ({"url": "http://a.test/", "events": ["job.done"]}, "/events/0"),
    ({"url": "http://a.test/", "secret": "sesame"}, "/secret"),
    ({"url": "http://a.test/", "secret": "whsec_c2hvcnQ="}, "/secret"),
    ({"url": "http://a.test/", "secret": []}, "/secret"),
    ({"url": "http://a.test/", "secret": [SECRET, "whsec_"]}, "/secret/1"),
])  # fmt: skip
def test_a_callback_that_makes_no_sense_is_refused(service, origin, callback, pointer):
    job = service.submit([origin.url("/")])
    direct = service.post(f"/v1/jobs/{job}/callbacks", callback)
    assert direct.status == 422, direct
    assert [one["pointer"] for one in direct.json.get("errors", [])] == ([pointer] if pointer else [])
    submitted = service.post("/v1/jobs", {"urls": [origin.url("/")], "options": {"callbacks": [callback]}})
    assert submitted.status == 422
    assert submitted.json["errors"][0]["pointer"] == "/options/callbacks/0" + pointer


@pytest.mark.parametrize("name, value", [
    ("X-Ok\r\nEvil", "1"), ("X Space", "1"), (":first", "1"), ("", "1"), ("X-Value", "a\r\nEvil: 1"), ("X-Value", "\x00"),
    ("Host", "a"), ("Content-Length", "1"), ("Transfer-Encoding", "chunked"), ("Connection", "close"), ("TE", "trailers"),
    ("Proxy-Authorization", "a"), ("webhook-id", "a"), ("Webhook-Signature", "v1,"), ("webhook_timestamp", "1"),
    ("Content-Type", "text/plain"), ("content_type", "text/plain"), ("Content-Encoding", "gzip"), ("Accept-Encoding", "br"),
    ("User-Agent", "me"), ("Expect", "100-continue"), ("X-Long", "a" * 5000),
])  # fmt: skip
def test_whk_08_headers_that_are_not_theirs_to_set(service, origin, name, value):
    job = service.submit([origin.url("/")])
    reply = service.post(f"/v1/jobs/{job}/callbacks", {"url": origin.url("/hook"), "headers": {name: value}})
    assert reply.status == 422, reply
    assert reply.json["errors"][0]["pointer"].startswith("/headers")


def test_whk_08_headers_of_the_callers_own_are_sent_and_not_shown(service, origin, other_origin):
    job = service.submit([origin.url("/")])
    fields = {"X-Hook-Token": "canary-secret", "Authorization": "Bearer canary-secret"}
    made = hooks.add(service, job, other_origin.url("/hook"), headers=fields)
    assert made["headers"] == dict.fromkeys(fields, "***")
    service.wait_done(job)
    (request,) = told(other_origin)
    assert request.headers["x-hook-token"] == "canary-secret"
    assert request.headers["authorization"] == "Bearer canary-secret"
    assert b"canary-secret" not in service.get(f"/v1/jobs/{job}/callbacks").body
    assert "canary-secret" not in service.log.read_text()


def test_a_job_has_so_many_callbacks_and_no_more(service, origin):
    job = service.submit([origin.url("/")])
    for _ in range(16):
        hooks.add(service, job, origin.url("/hook"))
    reply = service.post(f"/v1/jobs/{job}/callbacks", {"url": origin.url("/hook")})
    assert (reply.status, reply.json["code"]) == (409, "callback.limit")


def test_a_callback_that_was_removed_is_not_called(service, origin, other_origin):
    job = service.submit([origin.hang("/")])
    gone = hooks.add(service, job, other_origin.url("/gone"))
    hooks.add(service, job, other_origin.url("/hook"))
    path = f"/v1/jobs/{job}/callbacks/{gone['id']}"
    assert service.call("DELETE", path).status == 204
    again = service.call("DELETE", path)
    assert (again.status, again.json["code"]) == (404, "callback.not_found")
    origin.release()
    service.wait_done(job)
    told(other_origin)
    assert other_origin.asked("/gone") == []


# Sending.


def test_whk_03_the_id_stays_and_the_timestamp_is_fresh(quick, origin, other_origin):
    other_origin.answer("/hook", response(500), response(503), response(200))
    job = quick.submit([origin.url("/")], callbacks=[{"url": other_origin.url("/hook"), "secret": SECRET}])
    quick.wait_done(job)
    requests = told(other_origin, times=3)
    assert len({one.headers["webhook-id"] for one in requests}) == 1
    assert len({one.body for one in requests}) == 1
    now = time.time() - time.monotonic()
    for one in requests:
        assert abs(int(one.headers["webhook-timestamp"]) - (now + one.at)) < 5
        assert hooks.signed_by(one, SECRET)
    seen = eventually(
        lambda: (one := hooks.delivery_of(quick, job))["state"] == "delivered" and one, "the log"
    )
    assert seen["attempts"] == 3


def test_whk_04_the_schedule_and_its_jitter(start, origin, other_origin):
    """A day in 864 s: the first pauses of the schedule, a hundredth each. The seventh attempt comes later."""
    service = start(webhooks__retry_span="86400ms", host__max_retry_after="1s")
    other_origin.answer("/hook", response(500))
    job = service.submit([origin.url("/")], callbacks=[{"url": other_origin.url("/hook")}])
    service.wait_done(job)
    requests = told(other_origin, times=6)
    wanted = [0.005, 0.06, 0.3, 1.8, 7.2]
    slack = 2.0  # of this machine; what is too soon is never excused
    for before, after, pause in zip(requests, requests[1:], wanted):
        assert 0.8 * pause - 0.002 <= after.at - before.at <= 1.2 * pause + slack
    seen = hooks.delivery_of(service, job)
    assert seen["state"] == "pending" and seen["attempts"] >= 5 and seen["next_attempt_at"]
    assert seen["last_attempt"]["error"] == {"code": "http.status_500"}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 400, 404, 500])
def test_whk_04_all_but_2xx_is_failure_and_no_redirect_is_followed(service, origin, other_origin, status):
    other_origin.answer("/hook", response(status, Location=origin.url("/evil")))
    job = service.submit([origin.url("/")], callbacks=[{"url": other_origin.url("/hook")}])
    service.wait_done(job)
    told(other_origin)
    seen = eventually(lambda: (one := hooks.delivery_of(service, job))["attempts"] and one, "the verdict")
    assert seen["state"] == "pending" and seen["last_attempt"]["status"] == status
    assert origin.asked("/evil") == []


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_whk_04_2xx_is_success(service, origin, other_origin, status):
    other_origin.answer("/hook", response(status) if status != 204 else b"HTTP/1.1 204 No\r\n\r\n")
    job = service.submit([origin.url("/")], callbacks=[{"url": other_origin.url("/hook")}])
    service.wait_done(job)
    eventually(lambda: hooks.delivery_of(service, job)["state"] == "delivered", "the delivery")


def test_whk_04_a_receiver_has_so_long(start, origin, other_origin):
    service = start(webhooks__timeout="500ms", **{key.replace(".", "__"): value for key, value in QUICK.items()})
    other_origin.hang("/hook")
    job = service.submit([origin.url("/")], callbacks=[{"url": other_origin.url("/hook")}])
    service.wait_done(job)
    seen = eventually(lambda: (one := hooks.delivery_of(service, job))["attempts"] and one, "the first verdict")
    assert seen["last_attempt"]["status"] is None
    assert seen["last_attempt"]["error"]["code"].startswith("timeout.")


def test_whk_06_410_disables_the_callback(service, origin, other_origin):
    other_origin.answer("/hook", response(410))
    job = service.submit([origin.url("/")], callbacks=[{"url": other_origin.url("/hook")}])
    service.wait_done(job)
    told(other_origin)
    seen = eventually(lambda: (one := hooks.delivery_of(service, job))["state"] == "failed" and one, "the end of it")
    (callback,) = service.get(f"/v1/jobs/{job}/callbacks").json["callbacks"]
    assert callback["state"] == "disabled"

    # Who replays says that the receiver has been seen to.
    other_origin.answer("/hook", response(200))
    again = service.post(f"/v1/webhook_deliveries/{seen['id']}/replay")
    assert again.status == 202 and again.json["state"] == "pending"
    requests = told(other_origin, times=2)
    assert requests[1].headers["webhook-id"] == seen["id"]
    (callback,) = service.get(f"/v1/jobs/{job}/callbacks").json["callbacks"]
    assert callback["state"] == "active"


@pytest.mark.parametrize("status", [429, 503])
def test_whk_06_retry_after_is_honoured(quick, origin, other_origin, status):
    other_origin.answer("/hook", response(status, Retry_After="2"), response(200))
    job = quick.submit([origin.url("/")], callbacks=[{"url": other_origin.url("/hook")}])
    quick.wait_done(job)
    first, second = told(other_origin, times=2)
    assert second.at - first.at >= 2


def test_whk_06_and_capped(start, origin, other_origin):
    service = start(host__max_retry_after="1s", webhooks__retry_span="10s")
    other_origin.answer("/hook", response(429, Retry_After="86400"), response(200))
    job = service.submit([origin.url("/")], callbacks=[{"url": other_origin.url("/hook")}])
    service.wait_done(job)
    first, second = told(other_origin, times=2)
    assert second.at - first.at >= 1


ENDLESS = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n" + b"x" * 300_000
BOMB = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n" + b"\x1f\x8b\x08" + b"\0" * 200_000
HEADERS = b"HTTP/1.1 200 OK\r\n" + b"X-A: " + b"y" * 200_000


@pytest.mark.parametrize("answer, delivered", [
    (ENDLESS, True), (BOMB, True), (HEADERS, False), (b"HTTP/1.1 100 Go on\r\n\r\n" * 100, False), (b"\x16\x03\x01", False),
], ids=["endless", "bomb", "header", "100-storm", "noise"])  # fmt: skip
def test_whk_07_a_hostile_answer_costs_little(service, origin, other_origin, answer, delivered):
    """2xx is heard, whatever follows; without a status there was no answer."""
    other_origin.cut("/hook", answer)
    job = service.submit([origin.url("/")], callbacks=[{"url": other_origin.url("/hook")}])
    service.wait_done(job)
    seen = eventually(lambda: (one := hooks.delivery_of(service, job))["attempts"] and one, "the verdict")
    assert seen["state"] == ("delivered" if delivered else "pending")
    assert seen["last_attempt"]["size"] <= 64 * 1024


def test_whk_09_a_kill_between_event_and_delivery_loses_nothing(start, origin, other_origin):
    service = start()
    other_origin.hang("/hook")
    job = service.submit([origin.url("/")], callbacks=[{"url": other_origin.url("/hook"), "secret": SECRET}])
    service.wait_done(job)
    (first,) = told(other_origin)
    service.kill()
    other_origin.answer("/hook", response(200))

    again = start()
    second = told(other_origin, times=2)[1]
    assert second.headers["webhook-id"] == first.headers["webhook-id"]
    assert second.body == first.body and hooks.signed_by(second, SECRET)
    eventually(lambda: hooks.delivery_of(again, job)["state"] == "delivered", "the delivery")


def test_whk_09_item_events_go_on_where_they_were(start, origin, other_origin):
    count = 200
    service = start()
    wanted = {"url": other_origin.url("/hook"), "events": ["item.succeeded"]}
    job = service.submit([origin.url(f"/{number}") for number in range(count)], callbacks=[wanted])
    eventually(lambda: len(other_origin.requests) > 20, "some of them")
    service.kill()
    again = start()
    again.wait_done(job)
    eventually(
        lambda: {hooks.message(one)["data"]["index"] for one in other_origin.asked("/hook")} == set(range(count)),
        "an event of each item",
    )


def test_whk_10_a_dead_receiver_keeps_nobody_waiting(start, origin, other_origin):
    service = start()
    dead = origins.Origin()
    try:
        dead.hang("/hook")
        many = [{"url": dead.url("/hook")}] * 16
        for _ in range(13):  # 208 deliveries that all hang
            service.wait_done(service.submit([origin.url("/")], callbacks=many))
        eventually(lambda: dead.accepts >= 4, "the first of them")
        started = time.monotonic()
        job = service.submit([origin.url("/")], callbacks=[{"url": other_origin.url("/hook")}])
        told(other_origin)
        assert time.monotonic() - started < AT_ONCE_S
        assert dead.accepts <= 4, "more than one receiver's share"
        assert service.job(job)["state"] == "completed"
    finally:
        dead.close()


def test_whk_11_the_payload_is_thin(service, origin, other_origin):
    """Whatever the request looked like."""
    url = origin.url("/" + "%22" * 2600)  # as long as a URL may be, nearly
    request = {"url": url, "id": '"\\\u2028é' * 20, "metadata": {"much": "m" * 10_000}}
    wanted = {"url": other_origin.url("/hook"), "events": ["job.completed", "item.succeeded", "item.failed"]}
    options = {"callbacks": [wanted], "metadata": {"much": "m" * 10_000}, "tags": ["t" * 100] * 20}
    reply = service.post("/v1/jobs", {"requests": [request], "options": options})
    assert reply.status == 202, reply
    service.wait_done(reply.json["id"])
    for one in told(other_origin, times=2):
        said = hooks.message(one)  # which looks at its length and spelling
        assert b"mmmm" not in one.body
        if said["type"].startswith("item."):
            assert said["data"]["id"] == request["id"]


def test_whk_12_of_an_answer_status_and_size_are_shown(service, origin, other_origin):
    other_origin.answer("/hook", response(500, b"canary-of-the-receiver", X_Canary="canary-of-the-receiver"))
    job = service.submit([origin.url("/")], callbacks=[{"url": other_origin.url("/hook")}])
    service.wait_done(job)
    seen = eventually(lambda: (one := hooks.delivery_of(service, job))["attempts"] and one, "the verdict")
    assert set(seen["last_attempt"]) == {"at", "status", "size", "error"}
    assert seen["last_attempt"]["size"] == len("canary-of-the-receiver")
    assert b"canary" not in service.get(f"/v1/webhook_deliveries?job_id={job}").body
    assert "canary-of-the-receiver" not in service.log.read_text()


def test_a_delivery_outlives_its_job(quick, origin, other_origin):
    other_origin.answer("/hook", response(500), response(200))
    job = quick.submit([origin.url("/")], ttl="1s", callbacks=[{"url": other_origin.url("/hook")}])
    quick.wait_done(job)
    assert quick.call("DELETE", f"/v1/jobs/{job}").status == 204
    told(other_origin, times=2)
    eventually(lambda: hooks.delivery_of(quick, job)["state"] == "delivered", "the delivery")
    assert quick.get(f"/v1/jobs/{job}/callbacks").status == 404


# The log.


def test_the_log_is_paged_and_filtered(service, origin, other_origin):
    other_origin.answer("/bad", response(500))
    jobs = [
        service.submit([origin.url("/")], callbacks=[{"url": other_origin.url("/good")}, {"url": other_origin.url("/bad")}])
        for _ in range(3)
    ]
    for job in jobs:
        service.wait_done(job)
    for job in jobs:
        eventually(lambda job=job: all(one["attempts"] for one in hooks.deliveries(service, f"job_id={job}")), "verdicts")
    mine = [one for one in hooks.deliveries(service) if one["job_id"] in jobs]
    assert [one["id"] for one in mine] == sorted((one["id"] for one in mine), reverse=True)
    assert len(mine) == 6
    bad = hooks.deliveries(service, f"state=pending&job_id={jobs[0]}")
    assert len(bad) == 1
    assert hooks.deliveries(service, f"callback_id={bad[0]['callback_id']}") == bad
    assert len(hooks.deliveries(service, f"event=job.completed&job_id={jobs[1]}")) == 2
    assert hooks.deliveries(service, f"event=job.failed&job_id={jobs[1]}") == []

    page = service.get(f"/v1/webhook_deliveries?page_size=1&job_id={jobs[2]}")
    assert len(page.json["deliveries"]) == 1 and page.json["next_page_token"]
    follow = page.headers["Link"].split(">")[0].removeprefix("<")
    rest = service.get(follow).json
    assert len(rest["deliveries"]) == 1 and rest["next_page_token"] is None
    assert rest["deliveries"] != page.json["deliveries"]


@pytest.mark.parametrize("query", ["state=lost", "event=job.done", "page_size=0", "page_token=x", "more=1", "state=pending&state=failed"])
def test_a_wrong_query_is_refused(service, query):
    assert service.get(f"/v1/webhook_deliveries?{query}").status == 400


def test_replay_of_what_is_not_there(service):
    reply = service.post("/v1/webhook_deliveries/msg_0/replay")
    assert (reply.status, reply.json["code"]) == (404, "delivery.not_found")


def test_auth_03_webhooks_of_others_do_not_exist(tmp_path, origin, other_origin):
    data = tmp_path / "data"
    data.mkdir()
    mine, theirs = add_key(data, "mine", tenant="mine"), add_key(data, "theirs", tenant="theirs")
    service = Service(data, key=mine)
    try:
        job = service.submit([origin.url("/")], callbacks=[{"url": other_origin.url("/hook")}])
        service.wait_done(job)
        seen = eventually(lambda: hooks.deliveries(service), "my delivery")[0]
        callback = service.get(f"/v1/jobs/{job}/callbacks").json["callbacks"][0]["id"]
        service.key = theirs
        assert hooks.deliveries(service) == []
        for method, path, body in [
            ("GET", f"/v1/jobs/{job}/callbacks", None),
            ("POST", f"/v1/jobs/{job}/callbacks", {"url": origin.url("/")}),
            ("DELETE", f"/v1/jobs/{job}/callbacks/{callback}", None),
            ("POST", f"/v1/webhook_deliveries/{seen['id']}/replay", None),
        ]:
            there, nowhere = (
                service.call(method, path.replace(job, name).replace(seen["id"], message), body)
                for name, message in ((job, seen["id"]), ("job_" + "0" * 32, "msg_" + "0" * 32))
            )
            assert there.status == nowhere.status == 404
            assert there.json["code"] == nowhere.json["code"] and there.json["detail"] == nowhere.json["detail"]
        service.key = mine
        assert len(service.get(f"/v1/jobs/{job}/callbacks").json["callbacks"]) == 1
    finally:
        assert service.stop() == 0


def test_a_stop_waits_for_no_receiver_for_long(start, origin, other_origin):
    service = start()
    other_origin.hang("/hook")
    job = service.submit([origin.url("/")], callbacks=[{"url": other_origin.url("/hook")}])
    service.wait_done(job)
    told(other_origin)
    started = time.monotonic()
    assert service.stop() == 0
    assert time.monotonic() - started < AT_ONCE_S + 2
